"""Which format a body is; bounds of gzip; and that no bytes at all crash a format."""

from __future__ import annotations

import contextlib
import gzip
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fusioncell.intake.extract import EXTRACTORS, extract_entry
from fusioncell.intake.formats import FORMATS, Limits, detect, gunzip_bounded, split_body
from fusioncell.kernel.entry import Entry
from fusioncell.kernel.errors import BadInput, FusionCellError, TooLarge, UnsupportedMedia

LIMITS = Limits(max_body=1 << 20, max_items=1000)
BUNDLE = b'{"type":"bundle","id":"b","objects":[]}'
EVENT = b'{"Event":{"info":"x"}}'
LIST = b"evil.com\n192.0.2.1\n"
TABLE = b"url,tags\nhttp://evil.com/,x\n"
PROSE = b"Dear all,\nwe saw a wave of mails today.\n"


@pytest.mark.parametrize("media, body, filename, wanted", [
    ("application/stix+json;version=2.1", BUNDLE, "", "stix"),
    ("application/taxii+json; version=2.1", b"{}", "", "stix"),
    ("application/json", BUNDLE, "", "stix"),
    ("application/json; charset=utf-8", b'{"id":"x","objects":[]}', "", "stix"),
    ("application/json", b'[{"id":"x","type":"note"}]', "", "stix"),
    ("application/json", b"\xef\xbb\xbf" + EVENT, "", "misp"),
    ("application/json", b'{"x":1,"response":[]}', "", "misp"),
    ("application/json", b'[{"Event":{}}]', "", "misp"),
    ("application/json", b'{"uuid":"x","info":"bare","Attribute":[]}', "", "misp"),
    ("", b'[{"info":"bare","Object":[]}]', "", "misp"),
    ("application/json", b'{"00000000-0000-4000-8000-000000000000":{}}', "manifest.json", "misp"),
    ("application/vnd.misp+json", EVENT, "", "misp"),
    ("", EVENT, "a.json", "misp"),
    ("", BUNDLE, "", "stix"),
    ("text/csv", TABLE, "", "csv"),
    ("text/csv", b"d41d8cd98f00b204e9800998ecf8427e,00000000-0000-4000-8000-000000000000\n", "hashes.csv", "misp"),
    ("text/plain", TABLE, "", "csv"),
    ("", TABLE, "x.csv", "csv"),
    ("text/plain", LIST, "", "list"),
    ("text/plain", PROSE, "", "text"),
    ("text/plain", b"http://evil[.]example/login is a phishing site", "", "text"),
    ("text/plain", b"https://evil[.]example/a, https://evil[.]example/b", "", "text"),
    ("text/plain", BUNDLE, "", "stix"),
    ("application/octet-stream", PROSE, "", "text"),
])
def test_detect(media: str, body: bytes, filename: str, wanted: str) -> None:
    assert detect(media, body, filename) == wanted


@pytest.mark.parametrize("media, body, error", [
    ("application/pdf", b"%PDF", UnsupportedMedia),
    ("image/png", b"", UnsupportedMedia),
    ("application/json", b'{"a":1}', UnsupportedMedia),
    ("application/json", b'{"info":"no event"}', UnsupportedMedia),
    ("application/json", b"[]", UnsupportedMedia),
    ("application/json", b"[1]", BadInput),
    ("application/json", b"{", BadInput),
])
def test_what_is_none_of_them(media: str, body: bytes, error: type[Exception]) -> None:
    with pytest.raises(error):
        detect(media, body)


ROWS = "url;tags\nhttp://evil.com/;café\n"


@pytest.mark.parametrize("media, body", [
    ("text/csv", ROWS.encode()),
    ("text/csv", ROWS.encode("utf-16")),
    ("text/csv; charset=utf-16", b"\xfe\xff" + ROWS.encode("utf-16-be")),
    ("application/csv", ROWS.replace(";", "\t").encode("utf-16")),
    ("", ROWS.encode("utf-16")),
    ("text/plain; charset=ISO-8859-1", ROWS.encode("latin-1")),
    ("text/plain; charset=ISO-8859-1", ROWS.encode()),
    ('text/csv; header=present; charset="windows-1252"', ROWS.encode("cp1252")),
    ("text/csv", b"sep=;\r\n" + ROWS.encode()), ("", b'\xef\xbb\xbf"sep=;"\n' + ROWS.encode()),
    ("text/csv", ROWS.replace("\n", "\r").encode()), ("text/plain", ROWS.replace("\n", "\r").encode("utf-16")),
], ids=lambda value: str(value)[:30])
def test_a_table_comes_in_the_charset_that_it_says(media: str, body: bytes) -> None:
    name, split = split_body(media, body, "", LIMITS)
    assert (name, len(split.items), split.faults) == ("csv", 1, ())
    assert "café" in split.items[0].body.decode()


@pytest.mark.parametrize("media, body", [
    ("application/json", BUNDLE.decode().encode("utf-16")), ("text/csv", b"\xff\xfed"), ("text/csv", b"\xff\xfe\0\xd8"),
    ("text/csv; charset=utf-16le", ROWS.encode("utf-16-le")),
], ids=lambda value: str(value)[:30])
def test_json_and_broken_utf_16_are_refused(media: str, body: bytes) -> None:
    with pytest.raises(BadInput):
        split_body(media, body, "", LIMITS)


@pytest.mark.parametrize("charset", ["utf-16", "utf-16-be"])
def test_json_in_utf_16_is_told_what_to_do(charset: str) -> None:
    body = ("\ufeff" if charset == "utf-16-be" else "") + BUNDLE.decode()
    with pytest.raises(BadInput) as refused:
        split_body("application/json", body.encode(charset), "", LIMITS)
    assert "UTF-16" in refused.value.detail and "UTF-8" in refused.value.hint


def test_no_media_type_or_ending_names_two_formats() -> None:
    media = [name for row in FORMATS.values() for name in row.media_types]
    endings = [name for row in FORMATS.values() for name in row.endings]
    assert len(set(media)) == len(media) and len(set(endings)) == len(endings)


def test_an_erased_entry_and_another_rooms_entry_say_nothing() -> None:
    for kind in ("stix", "decision.published"):
        entry = Entry(seq=1, commit_seq=1, at=0, org="o", kind=kind, audience=1, contribution="c", digest=b"",
                      chain=b"", payload=None)
        assert extract_entry(entry).claims == ()


EPSS = b"#model_version:v2025.03.14,score_date:2026-11-21T00:00:00+0000\ncve,epss,percentile\nCVE-2024-0001,0.1,0.2\n"


@pytest.mark.parametrize("media, body, filename, said", [
    ("text/csv", EPSS, "epss.csv", "vulns import"), ("", EPSS.partition(b"\n")[2], "", "vulns import"),
    ("", b"\xef\xbb\xbf" + EPSS.replace(b"\n", b"\r\n"), "", "vulns import"),
    ("application/json", b'{"title":"x","catalogVersion":"2025.08.25","vulnerabilities":[]}', "", "vulns import"),
    ("", b'{"namespace":"cisa","decision_points":{}}', "t.json", "vulns import"),
    ("", b"%PDF-1.7\n%\xe2\xe3\n", "report.pdf", "save it as text"), ("", b"PK\x03\x04\x14\0", "a.xlsx", "as CSV"),
    ("application/zip", b"PK\x03\x04\x14\0", "a.zip", "fusioncell import"),
    ("application/json", b"\x1f\x8b\x08\0", "a.json.gz", "fusioncell import"),
    ("", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "a.msg", "as text"), ("", b"\x89PNG\r\n\x1a\n", "a.png", "post"),
])  # fmt: skip
def test_what_is_read_elsewhere_says_where(media: str, body: bytes, filename: str, said: str) -> None:
    with pytest.raises(UnsupportedMedia) as caught:
        split_body(media, body, filename, LIMITS)
    assert said in caught.value.hint


def test_the_objects_of_bundles_in_a_list_are_taken_and_not_the_bundles() -> None:
    one = {"type": "note", "id": "note--00000000-0000-4000-8000-000000000001"}
    bundle = {"type": "bundle", "id": "bundle--00000000-0000-4000-8000-000000000002", "objects": [one, {"type": "x"}]}
    _, split = split_body("application/json", json.dumps([bundle, one, 5, bundle]).encode(), "", LIMITS)
    assert [(item.subject, item.place) for item in split.items] == [
        (one["id"], "list[0]"), (one["id"], "list[2]"), (one["id"], "list[4]")]  # fmt: skip
    assert [fault.place for fault in split.faults] == ["list[1]", "list[3]", "list[5]"]


def test_a_line_that_tells_the_delimiter_keeps_its_number() -> None:
    _, split = split_body("text/csv", b"sep=|\nvalue|type\nevil.com|domain\nno|x\n", "", LIMITS)
    assert [item.place for item in split.items] == ["line 3"]
    assert [fault.place for fault in split.faults] == ["line 4"]


def test_a_table_that_names_scores_beside_its_values_is_a_table() -> None:
    assert detect("text/csv", b"cve,epss,comment\nCVE-2024-0001,0.1,x\n") == "csv"
    assert detect("", b"We saw cve,epss,percentile in a mail.\n") == "text"


def test_gzip_is_undone_within_bounds() -> None:
    assert gunzip_bounded(gzip.compress(b"abc") + gzip.compress(b"def"), 100) == b"abcdef"
    assert gunzip_bounded(b"", 100) == b""
    bomb = gzip.compress(b"\0" * (64 << 20))
    with pytest.raises(TooLarge):
        gunzip_bounded(bomb, 1 << 40)
    with pytest.raises(TooLarge):
        gunzip_bounded(gzip.compress(b"x" * 1000), 999)
    for broken in (b"nonsense", gzip.compress(b"abc")[:-4], gzip.compress(b"abc" * 999)[:20]):
        with pytest.raises(BadInput):
            gunzip_bounded(broken, 1 << 20)


def run(name: str, body: bytes) -> None:
    """Both steps of a format; only errors that a caller can act on may come out."""
    with contextlib.suppress(FusionCellError):
        for item in FORMATS[name].split(body, limits=LIMITS).items:
            EXTRACTORS[item.kind](item.kind, item.subject, item.version, item.meta, item.body)


@settings(deadline=None)
@given(body=st.binary(max_size=300), media=st.sampled_from(["", "application/json", "text/csv", "text/plain"]))
def test_any_bytes(body: bytes, media: str) -> None:
    for name in FORMATS:
        run(name, body)
    with contextlib.suppress(FusionCellError):
        split_body(media, body, "", LIMITS)


SCALARS = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False),
                    st.text(max_size=20), st.sampled_from(["2026-01-01T00:00:00Z", "9999-12-31T23:59:60Z", "1e400",
                                                           "0001-01-01T00:00:00+23:59", "1767300000", "tlp:red"]))
VALUES = st.recursive(SCALARS, lambda inner: st.one_of(
    st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(["name", "value", "x", "tlp"]), inner, max_size=3)),
    max_leaves=6)
UUID = "00000000-0000-4000-8000-000000000001"
STIX_KEYS = ["name", "labels", "pattern", "pattern_type", "modified", "valid_from", "valid_until", "confidence",
             "value", "hashes", "number", "objects", "external_references", "object_marking_refs", "granular_markings",
             "revoked", "created_by_ref", "kill_chain_phases", "sighting_of_ref", "count", "last_seen",
             "definition", "extensions"]
MISP_KEYS = ["uuid", "type", "value", "to_ids", "deleted", "timestamp", "last_seen", "Tag", "Sighting", "distribution",
             "comment", "category", "date", "Orgc", "Attribute", "Object", "EventReport", "info", "published", "name"]


@given(kind=st.sampled_from(["indicator", "sighting", "observed-data", "vulnerability", "file", "ipv4-addr", "note",
                             "marking-definition"]),
       more=st.dictionaries(st.sampled_from(STIX_KEYS), VALUES, max_size=8))
@settings(max_examples=200, deadline=None)
def test_any_stix_object(kind: str, more: dict[str, object]) -> None:
    run("stix", json.dumps({**more, "type": kind, "id": f"{kind}--{UUID}"}).encode())


@given(event=st.dictionaries(st.sampled_from(MISP_KEYS), VALUES, max_size=8),
       attribute=st.dictionaries(st.sampled_from(MISP_KEYS), VALUES, max_size=8))
@settings(max_examples=200, deadline=None)
def test_any_misp_event(event: dict[str, object], attribute: dict[str, object]) -> None:
    run("misp", json.dumps({"Event": event}).encode())
    full = {"uuid": UUID, "type": "domain", "value": "evil.com", **attribute}
    run("misp", json.dumps({"Event": {**event, "uuid": UUID, "Attribute": [full],
                                      "Object": [{**event, "uuid": UUID, "Attribute": [full]}]}}).encode())


@given(cells=st.lists(st.lists(st.text(alphabet='ab.,;"\'\n\r\t |#1', max_size=12), max_size=4), max_size=8),
       header=st.sampled_from(["value,type,last_seen", "domain", "timestamp,ip,asn,geo", "", "# url,tags"]))
@settings(max_examples=200, deadline=None)
def test_any_table(cells: list[list[str]], header: str) -> None:
    run("csv", "\n".join([header, *(",".join(row) for row in cells)]).encode())
