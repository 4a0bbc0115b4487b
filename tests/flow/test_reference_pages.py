"""The API's reference: every door of the document stands on a page, and says what the document says."""

from __future__ import annotations

import html
import re
import shlex
import subprocess
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from served import ServedHub, new_hub


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedHub]:
    """A hub without content."""
    with ServedHub(new_hub(Path(tmp_path_factory.mktemp("reference")) / "hub")) as served:
        yield served


def test_every_door_of_the_document_stands_in_its_chapter(served: ServedHub) -> None:
    http = served.visitor().http
    document = http.get("/api/openapi.json").json()
    index = http.get("/api-reference").text
    addresses = set(re.findall(r'href="(/api-reference/[^"#]+)"', index))
    pages = {path: html.unescape(re.sub("</?code>", "`", http.get(path).text)) for path in addresses}
    for path, item in document["paths"].items():
        for method, door in item.items():
            name = f"{method.upper()} {path}"
            led = re.search(rf'href="(/api-reference/[^"#]+)#([^"]+)"><code class="wrap">{re.escape(name)}<', index)
            assert led, name
            page = pages[led[1]]
            section = page[page.index(f'id="{led[2]}"') :].partition("</section>")[0]
            for one in door.get("parameters", ()):
                assert f">{one['name']}`" in section and one["description"] in section, name


def test_a_command_of_the_reference_works_as_it_stands(served: ServedHub) -> None:
    party = served.party("Bank")
    chapter = party.http.get("/api-reference/picture").text
    found = re.search(r'id="get-api-search".*?<pre class="recipe"><code>(.*?)</code>', chapter, re.DOTALL)
    assert found
    command = html.unescape(found[1]).replace("$HUB", served.url)
    command = command.replace("Bearer $KEY", party.http.headers["authorization"])
    answer = subprocess.run(shlex.split(command.replace("\\\n", " ")), capture_output=True, text=True, check=True)
    assert answer.stdout.startswith("{"), answer


def test_what_is_no_chapter_is_not_found(served: ServedHub) -> None:
    assert served.visitor().http.get("/api-reference/nothing").status_code == 404


def test_who_finds_a_weakness_is_told_where_to_say_so(tmp_path: Path, served: ServedHub) -> None:
    """RFC 9116; there is no such file where nobody is named."""
    assert served.visitor().http.get("/.well-known/security.txt").status_code == 404
    said = {"security_contact": "security@cert.example, https://cert.example/report",
            "public_url": "https://hub.example"}  # fmt: skip
    with ServedHub(new_hub(tmp_path / "hub", **said)) as hub:
        answer = hub.visitor().http.get("/.well-known/security.txt")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    lines = [line.partition(": ") for line in answer.text.splitlines()]
    assert [text for name, _, text in lines if name == "Contact"] == [
        "mailto:security@cert.example", "https://cert.example/report"]  # fmt: skip
    fields = {name: text for name, _, text in lines}
    assert fields["Canonical"] == "https://hub.example/.well-known/security.txt"
    now = datetime.now(timezone.utc)
    assert now + timedelta(days=30) < datetime.fromisoformat(fields["Expires"]) < now + timedelta(days=366)
