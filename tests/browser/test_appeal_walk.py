"""The appeal walk in a real Chromium (issue 6, acceptance check 9): block, explanation, appeal, lift, free.

Every page on the way is looked at by axe (WCAG 2.2 AA) at 360 and 1280 px, light and dark; the public ones are asked
in a browser that keeps no cookie, in English and in Welsh.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from blocking import block
from browser.test_axe_samples import AXE, VENDOR, find_faults
from hubs import make_hub, served
from resolvers import wait_until

pytestmark = pytest.mark.browser

NAME = "shop.example"
LOOKS = [(width, scheme) for width in (360, 1280) for scheme in ("light", "dark")]


def look(page: Any) -> None:
    """Let axe look at the page as it stands, in each size and colour."""
    for width, scheme in LOOKS:
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=scheme)
        assert find_faults(page, width, scheme) == [], (page.url, width, scheme)


@pytest.mark.parametrize("language", ["en", "cy"])
def test_a_wrong_block_is_appealed_and_freed(chromium: Any, tmp_path: Path, language: str) -> None:
    if not VENDOR.is_file() or not AXE.is_file():
        pytest.skip("the front-end packages are not built: python frontend/build.py")
    made = make_hub(tmp_path / "hub")
    block(made.hub, NAME)
    link = made.link(made.ministry)
    with served(made) as site:
        public = chromium.new_context(locale=language, bypass_csp=True)
        cell = chromium.new_context(bypass_csp=True)
        for context in (public, cell):
            context.add_init_script(path=AXE)
        someone, decider = public.new_page(), cell.new_page()

        # Who cannot reach a name looks it up, and is told why.
        someone.goto(f"{site}/blocked")
        look(someone)
        someone.fill("#name", f"www.{NAME}")
        someone.press("#name", "Enter")
        someone.wait_for_url(f"**/blocked/www.{NAME}")
        assert someone.locator("html").get_attribute("lang") == language
        assert "shop[.]example" in someone.inner_text("main")
        look(someone)

        # They appeal, without an account.
        someone.fill("#text", "We sell shoes. Nothing else.")
        someone.select_option("#role", "owner")
        someone.fill("#contact", "jo@shop.example")
        someone.locator("main form button").click()
        someone.wait_for_selector("#h-code")
        look(someone)
        mine = someone.locator("#h-code").locator("xpath=ancestor::section").locator("a").get_attribute("href")
        assert mine is not None

        # Another person than the approver decides.
        decider.goto(f"{site}{link}")
        if decider.locator("main form button").count():
            decider.locator("main form button").first.click()
            decider.wait_for_load_state()
        decider.goto(f"{site}/shield/appeals")
        assert "We sell shoes." in decider.inner_text("main")
        look(decider)
        decider.fill("main textarea", "It is a shop: we looked.")
        decider.locator("button[value=uphold]").click()
        decider.wait_for_selector("#h-done")
        assert wait_until(lambda: made.hub.shield.zone.image().find(NAME) is None)
        decider.goto(f"{site}/shield/lift")
        assert "It is a shop: we looked." in decider.inner_text("main")
        look(decider)
        decider.goto(f"{site}/shield/fuse")
        look(decider)

        # It is free, and whoever appealed reads why.
        someone.goto(f"{site}/blocked/www.{NAME}")
        assert someone.locator("#text").count() == 0
        look(someone)
        someone.goto(f"{site}{mine}")
        assert "It is a shop: we looked." in someone.inner_text("main")
        look(someone)
        assert public.cookies() == [], "the public pages set no cookie"
        public.close()
        cell.close()
    made.hub.close()
