"""Every sample page in Chromium: axe finds nothing (WCAG 2.2 AA), nothing scrolls sideways, the policy is not broken.

At 360 and 1,280 px, light and dark. ``FUSIONCELL_SCREENSHOTS=DIR`` also keeps a picture of each.

All rules run once at each width, light; dark, the rules of colour: the schemes differ in colours alone, which is tested
too. All samples are shown in one tab, one after another: a tab of its own took longer than all else.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from browser.sample_server import serve
from samples import PAGES

pytestmark = pytest.mark.browser

AXE = Path(__file__).resolve().parents[2] / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
VENDOR = Path(__file__).resolve().parents[2] / "src" / "fusioncell" / "web" / "static" / "vendor" / "htmx.min.js"
WEB = VENDOR.parents[2]
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
COLOURS = ["color-contrast", "link-in-text-block"]
"""Those of the rules that look at colours."""
PICTURES = os.environ.get("FUSIONCELL_SCREENSHOTS")


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    if not VENDOR.is_file() or not AXE.is_file():
        pytest.skip("the front-end packages are not built: python frontend/build.py")
    with serve() as address:
        yield address


def open_page(
    chromium: Any, address: str, *, width: int = 1280, scheme: str = "light", **more: Any
) -> tuple[Any, list[str]]:
    """Open a page; returns it with what the console complained of."""
    page = chromium.new_page(
        viewport={"width": width, "height": 900}, color_scheme=scheme, reduced_motion="reduce", **more
    )
    complaints: list[str] = []
    page.on(
        "console", lambda message: complaints.append(message.text) if message.type in ("error", "warning") else None
    )
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(address, wait_until="load")
    page.evaluate("document.fonts.ready")
    return page, complaints


@pytest.fixture(scope="module")
def tab(chromium: Any, site: str) -> Iterator[tuple[Any, list[str]]]:
    """One tab for all samples, and what its console complained of."""
    page, complaints = open_page(chromium, "about:blank", width=360)
    yield page, complaints
    page.close()


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_usable_by_all(tab: tuple[Any, list[str]], site: str, name: str) -> None:
    page, complaints = tab
    # What the page before said while it was left is not this one's, and what it kept neither.
    page.goto("about:blank")
    page.context.clear_cookies()
    complaints.clear()
    page.set_viewport_size({"width": 360, "height": 900})
    page.emulate_media(color_scheme="light", reduced_motion="reduce")
    page.goto(f"{site}/{name}", wait_until="load")
    page.evaluate("document.fonts.ready")
    page.evaluate(AXE.read_text(encoding="utf-8"))
    faults = []
    for width in (360, 1280):
        page.set_viewport_size({"width": width, "height": 900})
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            page.wait_for_function("width => innerWidth === width", arg=width)
            faults += [f"{width} {scheme}: {fault}" for fault in find_faults(page, width, scheme)]
            if PICTURES:
                Path(PICTURES).mkdir(parents=True, exist_ok=True)
                page.screenshot(path=f"{PICTURES}/{name}-{width}-{scheme}.png", full_page=True)
    assert page.evaluate("localStorage.length + sessionStorage.length") == 0
    assert faults + complaints == []


def find_faults(page: Any, width: int, scheme: str = "light") -> list[str]:
    """List what axe finds on the page as it stands, and whether it scrolls sideways. Dark: the rules of colour."""
    only = {"type": "tag", "values": RULES} if scheme == "light" else {"type": "rule", "values": COLOURS}
    # Handing out what was found good took far longer than looking.
    violations = page.evaluate(
        "async only => (await axe.run(document, {runOnly: only, resultTypes: ['violations']})).violations", only
    )
    faults = [f"{one['id']}: {node['target']} {node['failureSummary']}" for one in violations for node in one["nodes"]]
    wide = page.evaluate("document.documentElement.scrollWidth")
    return faults + ([f"scrolls sideways: {wide} px"] if wide > width else [])


def test_the_schemes_differ_in_colours_alone() -> None:
    """``light-dark()`` gives colours only; nothing else asks for the scheme, but for scripts that draw with it."""
    asking = {
        f"{path.name}: {line.strip()}"
        for kind in ("static/*.css", "static/*.svg", "templates/**/*.html")
        for path in WEB.glob(kind)
        for line in path.read_text(encoding="utf-8").splitlines()
        if "prefers-color-scheme" in line or "[data-theme=" in line
    }
    assert asking == {
        'tokens.css: :root[data-theme="light"] { color-scheme: light; }',
        'tokens.css: :root[data-theme="dark"] { color-scheme: dark; }',
    }


def test_the_check_itself_finds_faults(chromium: Any, site: str) -> None:
    page, complaints = open_page(chromium, f"{site}/error", width=360)
    page.evaluate(AXE.read_text(encoding="utf-8"))
    page.evaluate("""() => {
        const wide = document.createElement('img');
        wide.width = 900;
        document.querySelector('main').append(wide);
        const script = document.createElement('script');
        script.textContent = 'window.injected = true';
        document.body.append(script);
    }""")
    faults = find_faults(page, 360)
    assert any(fault.startswith("image-alt") for fault in faults) and "scrolls sideways" in faults[-1]
    assert find_faults(page, 360, "dark") == faults[-1:]
    page.evaluate("document.querySelector('h1').style = 'color: #777; background: #767676'")
    for scheme in ("light", "dark"):
        assert any(fault.startswith("color-contrast") for fault in find_faults(page, 360, scheme))
    of_colour = page.evaluate("axe.getRules(['cat.color']).map(one => [one.ruleId, one.tags])")
    assert sorted(rule for rule, tags in of_colour if set(tags) & set(RULES)) == COLOURS
    assert page.evaluate("window.injected") is None and any("Content Security Policy" in one for one in complaints)
    page.close()


def test_a_new_entry_arrives_on_top_and_does_not_take_the_focus(chromium: Any, site: str) -> None:
    page, complaints = open_page(chromium, f"{site}/home")
    page.wait_for_selector("#live-fresh")
    assert page.evaluate("document.querySelector('[data-live-list]').firstElementChild.id") == "live-fresh"
    assert page.evaluate("document.activeElement.tagName") == "BODY"
    page.click("text=Pause")
    assert page.inner_text("[data-live-pause]") == "Resume"
    assert complaints == []
    page.close()


def test_the_first_entry_takes_the_place_of_the_empty_state(chromium: Any, site: str) -> None:
    page, _ = open_page(chromium, f"{site}/home-empty")
    page.wait_for_selector("#live-fresh")
    assert page.query_selector("[data-live-empty]") is None
    page.close()


def test_the_keyboard_reaches_the_content_and_the_search(chromium: Any, site: str) -> None:
    page, _ = open_page(chromium, f"{site}/home")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "q"
    page.keyboard.type("/a")
    assert page.input_value("#q") == "/a"
    page.close()


def test_the_colours_are_the_readers_choice_and_stay(chromium: Any, site: str) -> None:
    page, complaints = open_page(chromium, f"{site}/home", scheme="light")
    ground = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(ground)
    page.click("[data-theme-toggle]")
    assert page.evaluate(ground) != light
    assert "theme=dark" in page.evaluate("document.cookie")
    assert complaints == []
    page.close()


def test_who_will_see_it_and_the_status_come_by_htmx(chromium: Any, site: str) -> None:
    page, complaints = open_page(chromium, f"{site}/contribute")
    page.check("input[value='amber']")
    page.wait_for_selector("#reach .tag")
    page.goto(f"{site}/contributed-waiting")
    page.wait_for_selector("#status .kpis")
    assert page.get_attribute("#status", "hx-get") is None
    assert complaints == []
    page.close()


def test_pages_do_their_work_without_scripts(chromium: Any, site: str) -> None:
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{site}/home")
    assert page.is_visible("text=Parcel redelivery phishing: new landing pages")
    assert not page.is_visible("[data-theme-toggle]") and not page.is_visible("[data-live-pause]")
    page.click("summary")
    assert page.is_visible("#hours")
    context.close()
