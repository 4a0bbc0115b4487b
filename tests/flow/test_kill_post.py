"""A post that was answered stands, also where the server is killed in the next instant (issue 3, check 4).

This file is also the served program: ``python test_kill_post.py FOLDER`` prints its address, a key, a session and a
form's token.
"""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from fusioncell.bootstrap import Folder, open_hub
from fusioncell.exchange.talk import NewPost
from fusioncell.fusion.knowngood import KnownGood
from fusioncell.kernel.errors import NotFound
from fusioncell.kernel.marking import Tlp


@pytest.mark.slow
@pytest.mark.timeout(400)
@pytest.mark.parametrize("by", ["program", "page"])
def test_a_post_that_was_answered_outlives_the_server(tmp_path: Path, by: str) -> None:
    folder = tmp_path / "hub"
    for number in range(2):
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
        command = [sys.executable, __file__, str(folder)]
        server = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
        try:
            assert server.stdout is not None
            url, key, session, csrf = server.stdout.readline().split()
            text = f"Before the end, number {number}"
            with httpx.Client(base_url=url, timeout=20) as client:
                if by == "program":
                    sent = client.post("/api/threads", json={"text": text}, headers={"Authorization": f"Bearer {key}"})
                    assert sent.status_code == 202, sent.text
                else:
                    client.cookies.set("fc_session", session)
                    form = {"csrf": csrf, "text": text, "title": text, "tlp": "green", "uses": "analysis"}
                    sent = client.post("/exchange/new", data=form, follow_redirects=False)
                    assert sent.status_code == 303, sent.text
        finally:
            os.kill(server.pid, signal.SIGKILL)
            server.wait(10)
        thread = sent.json()["id"] if by == "program" else sent.headers["location"].split("?")[0].rsplit("/", 1)[-1]
        assert said_after(folder, thread) == text


def said_after(folder: Path, thread: str) -> str:
    """Open the hub again, let it catch up, and read the thread as a member does."""
    hub = open_hub(folder, known_good=KnownGood.nothing())
    try:
        hub.settle()
        viewer = hub.members.operator_viewer("Two")
        assert viewer is not None
        return hub.talk.thread(viewer, thread.partition("#")[0]).posts[0].text
    finally:
        hub.close()


def test_what_was_never_posted_is_not_found(tmp_path: Path) -> None:
    """The test above can fail: a thread that no one began is none after a restart."""
    Folder(tmp_path / "hub").make("hub")
    hub = open_hub(tmp_path / "hub", known_good=KnownGood.nothing())
    one = hub.members.add_organisation("One", "gov", "government").id
    hub.members.add_organisation("Two", "isp", "isp")
    author = hub.members.viewer_of(f"org:{one}")
    assert author is not None
    stands = hub.talk.post(author, NewPost(text="This one stands.", tlp=Tlp.GREEN)).thread
    hub.close()
    assert said_after(tmp_path / "hub", stands) == "This one stands."
    with pytest.raises(NotFound):
        said_after(tmp_path / "hub", stands[::-1])


def main(folder: Path) -> None:
    """Serve until killed."""
    import uvicorn

    from fusioncell.web.app import make_app

    if not Folder(folder).exists:
        Folder(folder).make("hub")
    hub = open_hub(folder, known_good=KnownGood.nothing())
    members = hub.members
    known = {one.name: one.id for one in members.organisations()}
    if not known:
        known = {name: members.add_organisation(name, "test", "industry").id for name in ("One", "Two")}
        members.add_person(known["One"], "Ada", "ada@one.example", ["member"])
    ada = members.people_of(known["One"])[0]
    key = members.make_key(known["One"], role="member")[1].reveal()
    session = members.open_session(ada, "link")
    hub.start()

    async def serve() -> None:
        server = uvicorn.Server(uvicorn.Config(make_app(hub), host="127.0.0.1", port=0, log_level="critical"))
        serving = asyncio.create_task(server.serve())
        while not server.started:
            await asyncio.sleep(0.01)
        port = server.servers[0].sockets[0].getsockname()[1]
        print(f"http://127.0.0.1:{port}", key, session.session.reveal(), session.csrf, flush=True)
        await serving

    asyncio.run(serve())


if __name__ == "__main__":
    main(Path(sys.argv[1]))
