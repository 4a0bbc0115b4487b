"""Make the README's screenshots: start a fresh demonstration, sign in as the people of the tour, take the pictures.

    python docs/make_screenshots.py [--chromium /usr/bin/chromium]

Needs Debian's Chromium and the development packages. The pictures differ a little from run to run (the story moves).
"""

from __future__ import annotations

import argparse
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

HERE = Path(__file__).parent / "screenshots"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
         "--no-first-run"]  # fmt: skip


def free_port() -> int:
    """Find a free port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def signed_in(browser: Browser, base: str, who: str, **options: Any) -> Page:
    """Open a page signed in as one of the demonstration's people."""
    page = browser.new_context(**options).new_page()
    page.goto(f"{base}/sign-in")
    page.locator("li", has_text=who).get_by_role("link").first.click()
    page.wait_for_load_state("load")
    if "/sign-in/link/" in page.url:
        page.locator("main form button").first.click()
        page.wait_for_load_state("load")
    assert "/sign-in" not in page.url, f"{who} could not sign in"
    return page


def take(page: Page, base: str, path: str, name: str, *, whole: bool = False) -> None:
    """Take one picture."""
    page.goto(base + path)
    page.wait_for_timeout(1_500)
    page.screenshot(path=HERE / f"{name}.png", full_page=whole)
    print(f"{name}.png  {page.title()}")


def follow(page: Page, base: str, start: str, text: str) -> str:
    """Return the path to which a page's link with this text leads."""
    page.goto(base + start)
    href = page.locator("main a", has_text=text).first.get_attribute("href")
    assert href, f"{start} has no link {text!r}"
    return href


def pictures(browser: Browser, base: str) -> None:
    """Take all pictures of the tour."""
    desk = {"viewport": {"width": 1280, "height": 860}}
    phone = {"viewport": {"width": 390, "height": 844}, "device_scale_factor": 2}
    bank = signed_in(browser, base, "Priya Raman", color_scheme="light", **desk)
    take(bank, base, "/", "1-picture")
    take(bank, base, follow(bank, base, "/exchange", "Parcel texts this morning"), "2-thread")
    bank.goto(f"{base}/exchange/new")
    bank.fill("#title", "Cards after parcel texts")
    bank.fill("#text", "Nine more since noon. The page is hxxps://landpost-evening-slot[.]example/track")
    bank.wait_for_timeout(2_000)
    bank.screenshot(path=HERE / "3-write.png", full_page=True)
    take(bank, base, follow(bank, base, "/groups", "Landpost redelivery"), "4-room")
    take(bank, base, "/observables/domain-name/landpost-redelivery.example", "5-observable")
    approver = signed_in(browser, base, "Tomas Lindqvist", color_scheme="dark", **desk)
    take(approver, base, "/shield?state=published", "6-shield")
    approver.emulate_media(color_scheme="light")
    take(approver, base, "/shield/impact", "6-impact")
    mobile = signed_in(browser, base, "Joost van Dalen", color_scheme="dark", **phone)
    take(mobile, base, follow(mobile, base, "/exchange", "Parcel texts this morning"), "7-phone")


def main() -> None:
    """Start the demonstration, take the pictures, stop it."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--chromium", default=shutil.which("chromium") or "/usr/bin/chromium")
    parser.add_argument("--wait", type=float, default=45.0, help="seconds that the story runs before the first picture")
    chosen = parser.parse_args()
    HERE.mkdir(exist_ok=True)
    base = f"http://127.0.0.1:{free_port()}"
    with tempfile.TemporaryDirectory() as folder:
        hub = subprocess.Popen(  # noqa: S603 - this interpreter, our command
            [sys.executable, "-m", "fusioncell.cli", "demo", "--data", f"{folder}/demo", "--http",
             base.removeprefix("http://"), "--dns", f"127.0.0.1:{free_port()}", "--fast", "10"],
            stdout=subprocess.DEVNULL)  # fmt: skip
        try:
            for _ in range(120):
                time.sleep(0.5)
                try:
                    urllib.request.urlopen(f"{base}/readyz")  # noqa: S310 - our own address
                    break
                except OSError:
                    continue
            time.sleep(chosen.wait)
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path=chosen.chromium, args=FLAGS)
                pictures(browser, base)
                browser.close()
        finally:
            hub.terminate()
            hub.wait(20)


if __name__ == "__main__":
    main()
