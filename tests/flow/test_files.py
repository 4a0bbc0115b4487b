"""Files of posts, end to end: what is taken out of them, who reaches them, how they are given out, when they go."""

from __future__ import annotations

import hashlib
import io
import struct
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from litestar.testing import TestClient
from pypdf import PdfReader, PdfWriter
from pypdf.generic import NameObject, create_string_object

from fusioncell.bootstrap import read_backup, write_backup
from fusioncell.exchange.files.clean import clean, safe_name
from fusioncell.exchange.files.model import MAX_FILE
from fusioncell.exchange.files.recognise import UNKNOWN, recognise
from fusioncell.exchange.files.service import WAITS
from fusioncell.kernel.clock import ManualClock
from fusioncell.web.app import make_app
from hubs import MadeHub, Party, browser, make_hub

START = 1_767_225_600_000_000
WHO = b"Ada Okafor"
MARK = "macros"

# -- real files --------------------------------------------------------------------------------------------------------


def jpeg(orientation: int = 6) -> bytes:
    """A one-block grey JPEG with EXIF (orientation, camera, GPS), XMP, IPTC and a comment, and a trailer."""

    def segment(marker: int, body: bytes) -> bytes:
        return bytes([0xFF, marker]) + struct.pack(">H", len(body) + 2) + body

    entries = [struct.pack("<HHII", 0x010F, 2, 11, 100), struct.pack("<HHIHH", 0x0112, 3, 1, orientation, 0),
               struct.pack("<HHII", 0x8825, 4, 1, 120)]  # fmt: skip
    ifd = struct.pack("<H", len(entries)) + b"".join(entries) + bytes(4)
    tiff = (b"II*\0" + struct.pack("<I", 8) + ifd).ljust(100, b"\0") + WHO + b"\0" + b"GPS 59.9139 N".ljust(40)
    table = segment(0xDB, b"\0" + bytes([1] * 64))
    frame = segment(0xC0, b"\x08\0\x08\0\x08\x01\x01\x11\0")
    codes = segment(0xC4, b"\0" + bytes([1] + [0] * 15) + b"\0") + segment(
        0xC4, b"\x10" + bytes([1] + [0] * 15) + b"\0"
    )
    scan = segment(0xDA, b"\x01\x01\0\0\x3f\0") + b"\x3f\xff\x00\xd0\x12"
    return b"".join((
        b"\xff\xd8", segment(0xE0, b"JFIF\0\x01\x01\0\0\x01\0\x01\0\0"), segment(0xE1, b"Exif\0\0" + tiff),
        segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0<x>" + WHO + b"</x>"),
        segment(0xED, b"Photoshop 3.0\08BIM" + WHO), segment(0xFE, WHO), table, frame, codes, scan, b"\xff\xd9",
        b"trailer " + WHO,
    ))  # fmt: skip


def png() -> bytes:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    return b"".join((
        b"\x89PNG\r\n\x1a\n", chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)),
        chunk(b"tEXt", b"Author\0" + WHO), chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + WHO),
        chunk(b"eXIf", b"II*\0" + WHO), chunk(b"tIME", b"\x07\xe9\x01\x01\0\0\0"),
        chunk(b"IDAT", zlib.compress(b"\0\x80")), chunk(b"IEND", b""), b"after " + WHO,
    ))  # fmt: skip


def webp() -> bytes:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return kind + struct.pack("<I", len(body)) + body + b"\0" * (len(body) & 1)

    body = b"".join((chunk(b"VP8X", b"\x2c\0\0\0" + bytes(6)), chunk(b"ICCP", WHO),
                     chunk(b"VP8L", b"\x2f\0\0\0\0\x88\x88\x08"),
                     chunk(b"EXIF", b"II*\0" + WHO), chunk(b"XMP ", WHO)))  # fmt: skip
    return b"RIFF" + struct.pack("<I", len(body) + 4) + b"WEBP" + body


def gif() -> bytes:
    return (b"GIF89a\x01\0\x01\0\x80\0\0\0\0\0\xff\xff\xff" + b"\x21\xfe\x0a" + WHO + b"\0"
            + b"\x21\xff\x0bNETSCAPE2.0\x03\x01\0\0\0"
            + b"\x2c\0\0\0\0\x01\0\x01\0\0\x02\x02\x44\x01\0\x3b")  # fmt: skip


def packed(parts: dict[str, bytes], stored: tuple[str, ...] = ()) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        for name, part in parts.items():
            target.writestr(zipfile.ZipInfo(name, (2026, 3, 4, 5, 6, 8)), part,
                            zipfile.ZIP_STORED if name in stored else zipfile.ZIP_DEFLATED)  # fmt: skip
    return out.getvalue()


def docx(**more: bytes) -> bytes:
    word = (
        b'<w:document xmlns:w="w"><w:p><w:ins w:id="1" x="a>b" w:author="Ada Okafor"><w:t>said author="x"</w:t></w:ins>'
    )
    return packed({
        "[Content_Types].xml": b"<Types/>",
        "_rels/.rels": b'<Relationships><Relationship Id="r1" Type="t/thumbnail" Target="docProps/thumbnail.jpeg"/>'
        b'<Relationship Id="r2" Type="t/officeDocument" Target="word/document.xml"/></Relationships>',
        "docProps/core.xml": b"<cp:coreProperties><dc:creator>" + WHO + b"</dc:creator></cp:coreProperties>",
        "docProps/app.xml": b"<Properties><Company>" + WHO + b"</Company></Properties>",
        "docProps/thumbnail.jpeg": jpeg(),
        "word/document.xml": word + b"</w:p></w:document>",
        "word/comments.xml": b"<w:comments><w:comment w:initials='AO' w:author='Ada Okafor'/></w:comments>",
        "word/_rels/settings.xml.rels": b'<Relationship Id="r" Target="file:///C:/Users/Ada%20Okafor/x.dotm"/>',
        "word/media/image1.jpeg": jpeg(),
        **{name.replace("__", "/").replace("_dot_", "."): part for name, part in more.items()},
    })  # fmt: skip


def odt() -> bytes:
    return packed({
        "mimetype": b"application/vnd.oasis.opendocument.text",
        "content.xml": b"<office:annotation><dc:creator>" + WHO + b"</dc:creator></office:annotation>",
        "meta.xml": b"<meta:initial-creator>" + WHO + b"</meta:initial-creator>",
        "Thumbnails/thumbnail.png": png(), "settings.xml":
        b'<config:config-item config:name="PrinterName" config:type="string">' + WHO + b"</config:config-item>",
        "META-INF/manifest.xml": b'<manifest:file-entry manifest:full-path="Thumbnails/thumbnail.png"/>',
    }, ("mimetype",))  # fmt: skip


def xlsx() -> bytes:
    return packed({
        "[Content_Types].xml": b"<Types/>",
        "xl/workbook.xml": b'<workbook><x15ac:absPath url="C:\\Users\\Ada Okafor\\"/></workbook>',
        "xl/comments1.xml": b"<comments><authors><author>" + WHO + b"</author></authors></comments>",
        "xl/persons/person.xml":
        b'<personList><person displayName="Ada Okafor" id="{1}" userId="Ada Okafor"/></personList>',
    })  # fmt: skip


def pdf() -> bytes:
    writer = PdfWriter()
    writer.add_blank_page(72, 72)
    writer.add_metadata({"/Author": WHO.decode(), "/Producer": "p"})
    from pypdf.generic import ArrayObject, DictionaryObject, FloatObject, StreamObject

    note = DictionaryObject({
        NameObject("/Type"): NameObject("/Annot"), NameObject("/Subtype"): NameObject("/Text"),
        NameObject("/T"): create_string_object(WHO.decode()), NameObject("/Contents"): create_string_object("a note"),
        NameObject("/Rect"): ArrayObject([FloatObject(0)] * 4),
    })  # fmt: skip
    writer.pages[0][NameObject("/Annots")] = ArrayObject([writer._add_object(note)])
    xmp = StreamObject()
    xmp.set_data(b"<x>" + WHO + b"</x>")
    writer._root_object[NameObject("/Metadata")] = writer._add_object(xmp)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


MADE = {"jpeg": jpeg, "png": png, "webp": webp, "gif": gif, "docx": docx, "odt": odt, "xlsx": xlsx, "pdf": pdf}


def everything_in(data: bytes) -> bytes:
    """All bytes of a file, unpacked where it is packed."""
    if data[:2] == b"PK":
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return b"\n".join([data, *(everything_in(archive.read(name)) for name in archive.namelist())])
    return data


@pytest.mark.parametrize("kind", MADE)
def test_who_made_a_file_is_taken_out_of_it(kind: str) -> None:
    given = MADE[kind]()
    assert WHO in everything_in(given)
    cleaned = clean(given, f"x.{kind}")
    assert "cleaned" in cleaned.marks and cleaned.kind.ending == {"jpeg": "jpg"}.get(kind, kind)
    said = everything_in(cleaned.data)
    assert WHO not in said and b"Ada" not in said and b"GPS" not in said and b"AO" not in said
    again = clean(cleaned.data)
    assert recognise(again.data) == recognise(given)
    assert again.data == cleaned.data or kind == "pdf", "the same bytes again; a PDF's objects are numbered anew"


def test_what_is_shown_stays_as_it_was() -> None:
    cleaned = clean(jpeg())
    assert cleaned.data.count(b"Exif\0\0") == 1 and b"\x3f\xff\x00\xd0\x12" in cleaned.data, "turned, and its pixels"
    assert b"Exif" not in clean(jpeg(orientation=1)).data
    with zipfile.ZipFile(io.BytesIO(clean(docx()).data)) as archive:
        assert b'<w:t>said author="x"</w:t>' in archive.read("word/document.xml"), "what is written is no attribute"
        assert "docProps/thumbnail.jpeg" not in archive.namelist() and b"thumbnail" not in archive.read("_rels/.rels")
        assert {one.date_time for one in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
    with zipfile.ZipFile(io.BytesIO(clean(odt()).data)) as archive:
        assert archive.infolist()[0].filename == "mimetype" and archive.infolist()[0].compress_type == 0
    read = PdfReader(io.BytesIO(clean(pdf()).data))
    assert len(read.pages) == 1 and read.pages[0]["/Annots"][0].get_object()["/Contents"] == "a note"


HOSTILE = {
    "cut jpeg": jpeg()[:60], "cut png": png()[:40], "cut webp": webp()[:30], "cut gif": gif()[:20],
    "cut docx": docx()[:-40], "cut pdf": pdf()[:200], "empty zip": b"PK\5\6" + bytes(18), "bare jpeg": b"\xff\xd8\xff",
    "jpeg of lengths": b"\xff\xd8\xff\xe1\xff\xff",
    "png of lengths": b"\x89PNG\r\n\x1a\n\xff\xff\xff\xffIDAT" + bytes(8),
    "list of much": docx()[:-10] + b"\xff" * 10, "pdf of nothing": b"%PDF-1.4\n" + b"1 0 obj<<" * 5000,
    "bomb": docx(word__media__z_dot_bin=bytes(65 << 20)), "way out": docx(__etc__passwd=b"x"),
    "way up": docx(word__dotdot=b"x").replace(b"word/dotdot", b"word/../../"),
    "two of a name": docx().replace(b"word/comments.xml", b"word/document.xml"),
    "utf-16": docx(word__s_dot_xml="<a author='Ada'/>".encode("utf-16")),
}  # fmt: skip


@pytest.mark.parametrize("which", HOSTILE)
def test_what_cannot_be_cleaned_is_kept_as_it_is_and_says_so(which: str) -> None:
    cleaned = clean(HOSTILE[which])
    assert cleaned.data == HOSTILE[which] and "whole" in cleaned.marks


KINDS = [
    (b"MZ\x90\0" + bytes(60), "report.pdf", "executable"), (b"\x7fELF" + bytes(60), "x", "executable"),
    (b"#!/bin/sh\nrm -rf /\n", "x.txt", "executable"), (b"@echo off\n", "x.bat", "executable"),
    (b"L\0\0\0\x01\x14\x02\0" + bytes(60), "x", "executable"),
    (docx(word__vbaProject_dot_bin=b"x"), "x.docx", MARK), (b"{\\rtf1\\objdata 1}", "x.doc", MARK),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "_VBA_PROJECT".encode("utf-16-le"), "x.doc", MARK),
    (b"%PDF-1.4 /OpenAction /JavaScript (x)", "x.pdf", MARK),
    (b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>", "x.png", "active"),
    (b"\xef\xbb\xbf <!DOCTYPE html><script>alert(1)</script>", "x.jpg", "active"),
    (packed({"a": b"b"}), "x.txt", "archive"), (b"Rar!\x1a\x07\0", "x", "archive"), (b"\x1f\x8b\x08", "x", "archive"),
]  # fmt: skip


@pytest.mark.parametrize(("data", "name", "mark"), KINDS)
def test_what_may_harm_is_marked_by_its_bytes(data: bytes, name: str, mark: str) -> None:
    assert mark in clean(data, name).marks


@pytest.mark.parametrize(("given", "safe"), [
    ("../../etc/passwd", "passwd"), ("C:\\Users\\ada\\plan.txt", "plan.txt"),
    ("a\r\nSet-Cookie: x=1.txt", "aSet-Cookie_ x=1.txt"),
    ('a".txt; filename="b.exe', "a_.txt; filename=_b.exe"), ("report\u202egpj.exe", "reportgpj.exe"), ("", "file.bin"),
    ("...", "file.bin"), ("x" * 300 + ".pdf", "x" * 116 + ".pdf"), ("<img onerror=x>", "_img onerror=x_"),
    ("\u0000nul\u200b.txt", "nul.txt"), ("Übung 1.pdf", "Übung 1.pdf"),
])  # fmt: skip
def test_a_name_can_do_no_harm(given: str, safe: str) -> None:
    assert safe_name(given, UNKNOWN) == safe


# -- the doors ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def made(tmp_path: Path) -> Iterator[MadeHub]:
    made = make_hub(tmp_path / "hub", clock=ManualClock(START))
    yield made
    made.hub.close()


@pytest.fixture
def app(made: MadeHub) -> Iterator[TestClient[Any]]:
    with TestClient(make_app(made.hub), raise_server_exceptions=False) as client:
        yield client


def by(party: Party) -> dict[str, str]:
    return {"Authorization": f"Bearer {party.key}"}


def upload(app: TestClient[Any], who: Party, data: bytes, name: str = "x.bin") -> dict[str, Any]:
    answer = app.post("/api/files", content=data, params={"filename": name}, headers=by(who))
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def posted(app: TestClient[Any], made: MadeHub, who: Party, digests: list[str], **more: Any) -> str:
    answer = app.post("/api/threads", json={"text": "see the file", "files": digests, **more}, headers=by(who))
    assert answer.status_code == 202, answer.text
    made.hub.settle()
    identifier: str = answer.json()["id"]
    return identifier


def kept_on_disk(made: MadeHub) -> set[str]:
    return {file.name for file in (made.hub.folder.path / "files").rglob("*") if file.is_file()}


def test_a_file_is_uploaded_posted_and_given_out_inertly(made: MadeHub, app: TestClient[Any]) -> None:
    page = b"<html><script>alert(document.cookie)</script>"
    one = upload(app, made.provider, page, 'evil"\r\nX-Evil: 1\u202e.html')
    assert one["marks"] == ["active"] and one["digest"] == hashlib.sha256(page).hexdigest()
    two = upload(app, made.provider, jpeg(), "photo.jpg")
    assert two["digest"] != hashlib.sha256(jpeg()).hexdigest() and "taken out" in two["notice"]
    post = posted(app, made, made.provider, [one["digest"], two["digest"]])
    shown = app.get(f"/api/posts/{post}", headers=by(made.ministry)).json()["files"]
    assert [each["name"] for each in shown] == ["evil_X-Evil_ 1.html", "photo.jpg"]
    for door in ("/api/posts", "/exchange/posts"):
        answer = app.get(f"{door}/{post}/files/{one['digest']}", headers=by(made.ministry) | {"Range": "bytes=0-3"})
        assert answer.status_code == 200 and answer.content == page, "the whole of it"
        headers = answer.headers
        assert headers["content-type"] == "application/octet-stream" and headers["x-content-type-options"] == "nosniff"
        assert (
            headers["content-disposition"].startswith("attachment; ")
            and "sandbox" in headers["content-security-policy"]
        )
        assert "x-evil" not in headers and "no-store" in headers["cache-control"]
    photo = app.get(f"/api/posts/{post}/files/{two['digest']}", headers=by(made.ministry)).content
    assert WHO not in photo and hashlib.sha256(photo).hexdigest() == two["digest"]


def test_a_file_is_reached_through_a_post_that_one_sees_and_no_other_way(made: MadeHub, app: TestClient[Any]) -> None:
    secret = upload(app, made.provider, b"canary of the provider")["digest"]
    hidden = posted(app, made, made.provider, [secret], tlp="amber+strict")
    open_one = posted(app, made, made.provider, [upload(app, made.provider, b"for all")["digest"]])
    for door in ("/api/posts", "/exchange/posts"):
        assert app.get(f"{door}/{hidden}/files/{secret}", headers=by(made.provider)).status_code == 200
        for who in (by(made.ministry), {}):
            ghost = app.get(f"{door}/0b8ad5c2-7d05-4b2f-9c3e-000000000000/files/{secret}", headers=who)
            for post in (hidden, open_one):
                answer = app.get(f"{door}/{post}/files/{secret}", headers=who)
                assert answer.status_code == 404 and b"canary" not in answer.content
            assert app.get(f"{door}/{hidden}/files/{secret}", headers=who).content == ghost.content
            none = app.get(f"{door}/{open_one}/files/{'0' * 64}", headers=who)
            assert app.get(f"{door}/{open_one}/files/{secret}", headers=who).content == none.content
    # Naming the digest of another's file attaches nothing, and says what it says of a digest that nobody has.
    answers = [app.post("/api/threads", json={"text": "x", "files": [digest]}, headers=by(made.ministry))
               for digest in (secret, "0" * 64, "../../hub.key")]  # fmt: skip
    assert {answer.status_code for answer in answers} == {400}
    assert answers[0].text.replace(secret, "0" * 64) == answers[1].text
    # Uploading the same bytes tells nothing of who else has them.
    again = app.post(
        "/api/files", content=b"canary of the provider", params={"filename": "n"}, headers=by(made.ministry)
    )
    other = app.post(
        "/api/files", content=b"canary of the ministry", params={"filename": "n"}, headers=by(made.ministry)
    )
    assert again.json() | {"digest": ""} == other.json() | {"digest": ""}
    assert app.post("/api/files", content=b"x").status_code == 401


def test_withdrawing_the_last_post_removes_the_bytes(made: MadeHub, app: TestClient[Any]) -> None:
    clock = made.hub.clock
    assert isinstance(clock, ManualClock)
    digest = upload(app, made.provider, b"recalled")["digest"]
    clock.advance(1)
    first, second = (posted(app, made, made.provider, [digest]) for _ in range(2))
    edited = app.put(f"/api/posts/{second}", json={"text": "newer"}, headers=by(made.provider))
    assert edited.status_code == 202
    made.hub.settle()
    assert app.get(f"/api/posts/{second}", headers=by(made.provider)).json()["files"][0]["digest"] == digest
    assert app.delete(f"/api/posts/{first}", headers=by(made.provider)).status_code == 202
    made.hub.settle()
    assert app.get(f"/api/posts/{first}/files/{digest}", headers=by(made.provider)).status_code == 404
    assert kept_on_disk(made) == {digest}, "another post refers to it"
    assert app.delete(f"/api/posts/{second}", headers=by(made.provider)).status_code == 202
    made.hub.settle()
    assert kept_on_disk(made) == set()


def test_what_is_never_posted_goes_after_two_days_and_what_is_posted_stays(made: MadeHub, app: TestClient[Any]) -> None:
    clock = made.hub.clock
    assert isinstance(clock, ManualClock)
    lost, kept = (upload(app, made.provider, data)["digest"] for data in (b"never posted", b"posted"))
    posted(app, made, made.provider, [kept])
    assert made.hub.files.tidy() == 0 and kept_on_disk(made) == {lost, kept}
    clock.advance(WAITS + 1)
    assert made.hub.files.tidy() == 1 and kept_on_disk(made) == {kept}


def test_bounds_of_a_file_a_post_and_an_organisation(tmp_path: Path) -> None:
    made = make_hub(tmp_path / "hub", clock=ManualClock(START))
    made.hub.files._most = 100
    with TestClient(make_app(made.hub), raise_server_exceptions=False) as app:
        assert app.post("/api/files", content=b"", headers=by(made.provider)).status_code == 400
        assert app.post("/api/files", content=bytes(MAX_FILE + 1), headers=by(made.provider)).status_code == 413
        digest = upload(app, made.provider, b"a" * 60)["digest"]
        posted(app, made, made.provider, [digest])
        assert upload(app, made.provider, b"a" * 60)["digest"] == digest, "it counts once"
        over = app.post("/api/files", content=b"b" * 60, headers=by(made.provider))
        assert over.status_code == 409 and "quota" not in over.text and "Withdraw" in over.json()["hint"]
        upload(app, made.ministry, b"b" * 60)
        many = [upload(app, made.ministry, bytes([n]))["digest"] for n in range(21)]
        answer = app.post("/api/threads", json={"text": "x", "files": many}, headers=by(made.ministry))
        assert answer.status_code == 413
    made.hub.close()


# -- the form ----------------------------------------------------------------------------------------------------------


def csrf_in(page: str) -> str:
    return page.split('name="csrf" value="')[1].split('"')[0]


def test_files_are_sent_with_the_form_and_stay_where_it_has_to_be_mended(made: MadeHub) -> None:
    with browser(made, made.provider) as jon:
        form = jon.get("/exchange/new").text
        assert 'type="file" multiple' in form and 'hx-params="not file"' in form
        fields = {"csrf": csrf_in(form), "text": "the kit", "title": "T", "tlp": "green"}
        files = [
            ("file", ("kit.svg", b"<svg><script>x</script></svg>", "image/svg+xml")),
            ("file", ("p.png", png(), "image/png")),
        ]
        wrong = jon.post("/exchange/new", data={**fields, "text": "TLP:RED the kit"}, files=files)
        assert wrong.status_code == 400 and wrong.text.count('name="kept"') == 2
        kept = [piece.split('"')[0] for piece in wrong.text.split('name="kept" type="checkbox" value="')[1:]]
        sent = jon.post(
            "/exchange/new", data={**fields, "kept": kept}, files=[("file", ("m.txt", b"more", "text/plain"))]
        )
        assert sent.status_code == 303, sent.text
        page = jon.get(sent.headers["location"]).text
        for name in ("kit.svg", "p.png", "m.txt"):
            assert f"download>{name}</a>" in page
        assert "Careful" in page and "a browser would run it" in page
        href = page.split('<li><a href="/exchange/posts/')[1].split('"')[0]
        assert jon.get(f"/exchange/posts/{href}").headers["content-disposition"].startswith("attachment")
        empty = jon.post("/exchange/new", data=fields, files=[("file", ("e.txt", b"", "text/plain"))])
        assert empty.status_code == 400 and "The file is empty" in empty.text


def test_files_of_an_unnamed_author_tell_of_nobody(made: MadeHub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(made.hub.anonymous), "ready", lambda self: True)
    held = []
    monkeypatch.setattr(
        type(made.hub.anonymous), "hold", lambda self, viewer, one, at_once: held.append(one) or "s" * 48
    )
    with browser(made, made.provider) as jon:
        form = jon.get("/exchange/new").text
        sent = jon.post("/exchange/new", data={"csrf": csrf_in(form), "text": "x", "tlp": "green", "anonymous": "1"},
                        files=[("file", ("jon-berg-photo.jpg", jpeg(), "image/jpeg"))])  # fmt: skip
    assert sent.status_code == 200, sent.text
    assert b"file-1.jpg" in held[0].body and b"jon" not in held[0].body
    with made.hub.databases["vault"].read() as connection:
        rows = connection.rows("SELECT org, at, name FROM exchange_vault_upload")
    assert rows == [("", START // 86_400_000_000 * 86_400_000_000, "file-1.jpg")]
    for file in (made.hub.folder.path / "files").rglob("*"):
        assert file.is_dir() or (file.stat().st_mtime == 0 and WHO not in file.read_bytes())


def test_a_backup_holds_the_files(made: MadeHub, app: TestClient[Any], tmp_path: Path) -> None:
    digest = upload(app, made.provider, b"backed up")["digest"]
    posted(app, made, made.provider, [digest])
    target = tmp_path / "b.tar.zst"
    write_backup(made.hub.folder, target, at="now", version="0", overwrite=False)
    read_backup(target, tmp_path / "again")
    assert (tmp_path / "again" / "files" / digest[:2] / digest).read_bytes() == b"backed up"
