"""What browser tests need: Debian's Chromium, driven by playwright's Python client, and this machine's loopback."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "browser: drives a real Chromium; skipped where none is installed")


# One a module: Playwright's loop stays in the thread while it lives, and other tests of the worker want their own.
@pytest.fixture(scope="module")
def chromium() -> Iterator[object]:
    """One headless Chromium for all browser tests."""
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        pytest.skip("no Chromium is installed: apt-get install chromium")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=program,
            args=[
                "--no-sandbox",
                "--disable-gpu",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
                "--no-first-run",
                "--force-color-profile=srgb",
            ],
        )
        yield browser
        browser.close()
