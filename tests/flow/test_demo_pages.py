"""Every page of the demonstration, walked as a visitor would: by its links, as one person of each kind.

A link that a page shows opens; no page shows a raw id of a person, an organisation or a group, or half a word of ours.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

import pytest
from litestar.testing import TestClient

from flow.test_demo import Notes, Stage
from fusioncell.web.app import make_app

ROLES = ("", "Priya Raman", "Hugh Castellan", "Tomas Lindqvist", "Nia Pryce", "Sam Whitfield", "Ada Okafor",
         "Marta Olsen", "Tess Varga")
MOST = 90
"""Pages of one person's walk: the first of each form of address."""
_LINK = re.compile(r'href="(/[^"#]*)"')
_FORM = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|[\w.%-]+\.(?:example|test)|[0-9a-f]{24,}|(?<==)[^&]+|"
                   r"(?<=-addr/)[^?]+|(?<=files/)\S+")
_NOT_PAGES = ("/static", "/api", "/sign-out", "/live", "/sign-in/link", "/account/data.json")
_AS_HELD = ("/account/data", "/account/audit", "/admin/audit", "/admin/people/")
"""These show what is held as it is held, ids included."""
_RAW = re.compile(r"\banon:[0-9a-f]{8}|\b(?:org|person|group):[0-9a-f]{8}-|\bUndefined\b|\{\{")


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    made = Stage(tmp_path_factory.mktemp("walk") / "demo", Notes())
    made.play_until(620)
    made.hub.follower.follow(made.hub.river.position)
    yield made
    made.hub.close()


@pytest.mark.parametrize("name", ROLES)
def test_every_link_opens(stage: Stage, name: str) -> None:
    faults = []
    with TestClient(make_app(stage.hub), raise_server_exceptions=False) as client:
        client.headers["accept"] = "text/html"
        client.follow_redirects = False
        if name:
            [link] = [one["href"] for one in stage.director.cast.fresh_links() if one["name"] == name]
            assert client.post(link).status_code == 303
        ways, forms, looked = [("/", "")], {"/"}, 0
        while ways and looked < MOST:
            path, source = ways.pop(0)
            answer = client.get(path)
            looked += 1
            if answer.status_code in (302, 303, 307) and answer.headers["location"].startswith(("/terms", "/sign-in")):
                ways += [("/terms", path)] if "/terms" not in forms else []
                forms.add("/terms")
                continue
            if answer.status_code != 200:
                faults.append(f"{source} leads to {path}: {answer.status_code}")
                continue
            if "text/html" not in answer.headers["content-type"]:
                continue
            shown = html.unescape(re.sub(r"<[^>]+>", " ", answer.text))
            if not path.startswith(_AS_HELD) and (raw := _RAW.search(shown)):
                faults.append(f"{path} shows {shown[max(0, raw.start() - 40):raw.end() + 40]!r}")
            for found in _LINK.findall(answer.text):
                way = html.unescape(found)
                form = _FORM.sub("*", way)
                if form not in forms and not way.startswith(_NOT_PAGES):
                    forms.add(form)
                    ways.append((way, path))
    assert not faults, "\n".join(faults)
    assert looked > (20 if name not in ("", "Marta Olsen") else 5)
