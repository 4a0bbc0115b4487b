"""The catalogues of the pages: find all texts, bring the translations up to date, compile them (``make messages``).

1. Texts are found in the templates (``_("…")``, ``{% trans %}``), in ``web`` (``N_("…")``), in the rooms' errors
   (constant details and hints, and each class's title), and in the tables of words named below.
2. ``translations/messages.pot`` lists them; each ``<language>.po`` is updated: what is new stands there empty, what is
   gone moves to its end. Nothing is guessed from a text that resembles another.
3. Each ``.po`` is compiled to the ``.mo`` that the hub reads: at run time it needs no Babel.

``--check`` changes nothing and fails where a catalogue is not up to date.
"""

from __future__ import annotations

import ast
import io
import sys
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from jinja2.ext import babel_extract

import fusioncell

SOURCE = Path(fusioncell.__file__).resolve().parent
TEMPLATES = SOURCE / "web" / "templates"
TRANSLATIONS = SOURCE / "web" / "translations"
_NOISE = (b'"POT-Creation', b'"PO-Revision', b'"Generated-By', b'"Report-Msgid', b'"Last-Translator')
Found = tuple[str, str | tuple[str, str]]
"""Where a text stands, and what it says: one message, or (one, many)."""


def _in_templates() -> Iterator[Found]:
    options = {"extensions": "jinja2.ext.i18n", "newstyle_gettext": "true", "trimmed": "false", "silent": "false",
               "trim_blocks": "true", "lstrip_blocks": "true"}  # fmt: skip
    for path in sorted(TEMPLATES.rglob("*.html")):
        with path.open("rb") as file:
            for _, function, message, _ in babel_extract(file, ("_", "gettext", "ngettext"), [], options):
                if function == "ngettext":
                    yield str(path.relative_to(SOURCE)), (str(message[0]), str(message[1]))
                else:
                    yield str(path.relative_to(SOURCE)), str(message[0] if isinstance(message, tuple) else message)


def _constant(node: ast.AST | None) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def _name(call: ast.Call) -> str:
    return getattr(call.func, "id", None) or getattr(call.func, "attr", "")


def _parsed() -> Iterator[tuple[str, ast.Module]]:
    for path in sorted(SOURCE.rglob("*.py")):
        where = str(path.relative_to(SOURCE))
        if not where.startswith(("cli/", "demo/")):
            yield where, ast.parse(path.read_text(encoding="utf-8"))


def _errors(modules: list[tuple[str, ast.Module]]) -> set[str]:
    """Return the names of our error classes: those that descend from FusionCellError."""
    bases = {
        node.name: {getattr(base, "id", getattr(base, "attr", "")) for base in node.bases}
        for _, module in modules
        for node in ast.walk(module)
        if isinstance(node, ast.ClassDef)
    }
    found = {"FusionCellError"}
    while more := {name for name, above in bases.items() if name not in found and above & found}:
        found |= more
    return found


def _in_python() -> Iterator[Found]:
    modules = list(_parsed())
    errors = _errors(modules)
    for where, module in modules:
        for node in ast.walk(module):
            if isinstance(node, ast.ClassDef) and node.name in errors:
                titles = [each for each in node.body if isinstance(each, ast.Assign)
                          and getattr(each.targets[0], "id", "") == "title"]  # fmt: skip
                yield from ((where, _constant(each.value)) for each in titles)
            elif isinstance(node, ast.Call) and where.startswith("web/") and _name(node) == "N_":
                texts = [_constant(argument) for argument in node.args[:2]]
                if texts and all(texts):
                    yield where, (texts[0], texts[1]) if len(texts) == 2 else texts[0]
            elif isinstance(node, ast.Call) and _name(node) in errors:
                hints = [keyword.value for keyword in node.keywords if keyword.arg == "hint"]
                told = (_constant(node.args[0] if node.args else None), *map(_constant, hints))
                yield from ((where, text) for text in told if text)


def _in_tables() -> Iterator[Found]:
    """Words that rooms keep as data, which pages show (the filter ``told``)."""
    from fusioncell.exchange.receipts.model import WORDS_BEFORE
    from fusioncell.members import KINDS
    from fusioncell.members.joining import TERMS
    from fusioncell.shield import CATEGORIES
    from fusioncell.shield.model import State

    yield from (("members/model.py", kind) for kind in KINDS)
    yield from (("shield/policy.py", words) for words in CATEGORIES.values())
    yield from (("shield/model.py", state.value) for state in State)
    yield from (("exchange/receipts/model.py", words) for words in WORDS_BEFORE.values())
    yield from (("members/joining/terms.py", text) for clause in TERMS[-1].clauses for text in clause)


def extract() -> Catalog:
    """Return the catalogue of all texts."""
    template = Catalog(project="Fusion Cell", version="1", charset="utf-8", creation_date=None)
    for where, message in (*_in_templates(), *_in_python(), *_in_tables()):
        known = template.get(message if isinstance(message, str) else message[0])
        if known is not None and isinstance(known.id, str) and not isinstance(message, str):
            # Once as a single text, once with a plural: the plural holds both.
            template.delete(known.id)
            template.add(message, locations=[*known.locations, (where, 0)])
        else:
            template.add(known.id if known is not None else message, locations=[(where, 0)])
    return template


def _written(catalogue: Catalog) -> bytes:
    out = io.BytesIO()
    write_po(out, catalogue, width=118, sort_output=True, no_location=True)
    # The moment of the extraction says nothing, and would change each time.
    lines = [line for line in out.getvalue().split(b"\n") if not line.startswith(_NOISE)]
    return b"\n".join(lines)


def updated(path: Path, template: Catalog) -> tuple[bytes, bytes]:
    """Return a language's catalogue brought up to date, as ``.po`` and as ``.mo``."""
    with path.open("rb") as file:
        catalogue = read_po(file, locale=path.stem)
    catalogue.update(template, no_fuzzy_matching=True, update_header_comment=False)
    compiled = io.BytesIO()
    write_mo(compiled, catalogue)
    return _written(catalogue), compiled.getvalue()


def main(check: bool = False) -> int:
    """Bring all catalogues up to date, or tell which are not."""
    template = extract()
    wanted = {TRANSLATIONS / "messages.pot": _written(template)}
    for path in sorted(TRANSLATIONS.glob("*.po")):
        text, compiled = updated(path, template)
        wanted |= {path: text, path.with_suffix(".mo"): compiled}
    stale = [path for path, body in wanted.items() if not path.is_file() or path.read_bytes() != body]
    for path in stale:
        if check:
            print(f"{path.name} is not up to date: make messages")
        else:
            path.write_bytes(wanted[path])
    return int(check and bool(stale))


if __name__ == "__main__":
    sys.exit(main("--check" in sys.argv))
