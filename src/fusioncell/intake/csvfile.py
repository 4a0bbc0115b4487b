"""CSV: lists of indicators and reports on hosts, cut into rows.

Rules kept here:

1. A row is taken with its exact bytes (a quoted cell may hold line breaks, RFC 4180 §2.6); its meta is the table's
   columns and delimiter. Its id is a digest of both; its version the date that it states, else none.
2. The header is the first line if it holds names of ``columns`` and no observable, else the last comment before the
   first row (abuse.ch). Without one, the subject is the first column whose values are observables.
3. A list of indicators speaks of its subject column as the attacker's and malicious, unless the row says otherwise
   (``benign``, ``whitelisted``, ``to_ids``, ``verdict``, of a sinkhole too); other observables in the row are only
   mentioned. Where the subject's cell is empty, the likeliest of the others is it. A CVE is never accused.
4. A report on hosts (Shadowserver's: ``timestamp`` first, an ASN and a country) speaks of the host as compromised, or
   as a victim where it names the targets: context, never evidence against the host.
5. A row's own TLP (column ``tlp``, a tag ``tlp:…``) is its marking; a row whose label cannot be read is a fault, and
   goes to no one.
6. A row without a readable subject is a fault with its line; the others are kept.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence

from fusioncell.intake.columns import EMPTY, Columns, Layout, accuses, is_known, layout_of, normal_name
from fusioncell.intake.instants import any_time
from fusioncell.intake.lines import checked_text, decoded, digest_of
from fusioncell.intake.misp_types import observables_of
from fusioncell.intake.model import Extract, Fault, Item, Limits, Split
from fusioncell.intake.stix_claims import credibility
from fusioncell.kernel.claim import Claim, Role, Stance
from fusioncell.kernel.errors import BadInput, TooLarge
from fusioncell.kernel.marking import Tlp, parse_tlp, strictest
from fusioncell.kernel.observable import BadValue, Observable, ObservableType, canonical, guess, type_named

MAX_ROW_LINES = 64
"""Lines over which one row may run, so that a quotation mark that is never closed costs one row."""
MAX_COLUMNS = 1_000
MAX_TEXT = 20_000
_SAMPLE = 30
_DELIMITERS = ",;\t|"
_SEPARATOR = re.compile(rf'"?sep=([{_DELIMITERS}])"?\s*', re.IGNORECASE)
"""A first line by which Excel is told the delimiter."""
_COMMENT = "#"
_BENIGN = re.compile(r"\b(?:benign|white-?list|allow-?list|clean|legit|false.?positive|good|safe|harmless)",
                     re.IGNORECASE)
_SINKHOLE = re.compile(r"\bsink-?hol(?:e|ed|ing)\b", re.IGNORECASE)
_SUSPICIOUS = re.compile(r"\b(?:suspicious|suspected|unknown|undetermined)", re.IGNORECASE)
_YES = frozenset(("true", "1", "yes", "y"))
_NO = frozenset(("false", "0", "no", "n"))
_NO_INDICATORS = frozenset(("description", "comment", "text", "link", "reference", "ref", "note", "title", "report",
                            "article"))
"""What a row's type names that says something about indicators, and is none."""
_EXPLOITED = frozenset((ObservableType.VULNERABILITY, ObservableType.WEAKNESS))
_PARTS = re.compile(r"[\s,;]+")
MAX_PARTS = 100
_TAG_BREAK = re.compile(r"[,;|]+")


class _RowTooLong(Exception):
    """A quoted cell ran over too many lines."""


class _Lines:
    """Hands lines to the CSV reader one at a time, and knows which of them the row took."""

    def __init__(self, lines: Sequence[str]) -> None:
        self._lines = lines
        self.start = self.next = 0
        self.ran_out = False

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        if self.next - self.start >= MAX_ROW_LINES:
            raise _RowTooLong
        if self.next >= len(self._lines):
            self.ran_out = self.next > self.start
            raise StopIteration
        self.next += 1
        return self._lines[self.next - 1]

    def begin(self) -> bool:
        """Skip blank lines and comments; tell whether a row follows."""
        while self.next < len(self._lines):
            line = self._lines[self.next].lstrip()
            if line and not line.startswith(_COMMENT):
                self.start = self.next
                return True
            self.next += 1
        return False

    def give_up(self) -> None:
        """Leave the row's first line behind and go on with the line after it."""
        self.next = self.start + 1
        self.ran_out = False


def split(body: bytes, *, limits: Limits) -> Split:
    """Cut a table into rows.

    Raises BadInput where no column can be told to hold observables, TooLarge over a limit.
    """
    body = checked_text(body, limits)
    raw = body.split(b"\n")
    if len(raw) > 4 * limits.max_items:
        raise TooLarge(f"the table has {len(raw):,} lines", hint="Send it in parts.")
    faults: list[Fault] = []
    lines = [decoded(line, number, faults) + "\n" for number, line in enumerate(raw, 1)]
    said = _SEPARATOR.fullmatch(lines[0])
    if said:
        lines[0] = "\n"
    delimiter = said[1] if said else _delimiter(lines)
    names, first = _header(lines, delimiter)
    layout = layout_of(names)
    meta: dict[str, object] = {"format": "csv", "columns": list(names), "delimiter": delimiter}
    seed = f"{delimiter}{names}".encode()
    marked = "tlp" in layout.roles or b"tlp:" in body.lower()
    items: list[Item] = []
    for start, end, cells in _rows(lines, delimiter, first, raw, faults):
        row = b"\n".join(raw[start:end]).rstrip(b"\r\n")
        place = f"line {start + 1}"
        reason = _row_fault(cells, row, layout, limits)
        tlp: Tlp | None = None
        if marked and not reason:
            try:
                tlp = marking_of(layout, cells)
            except BadInput as error:
                # Taken with another marking it might go to more readers than its author meant.
                reason = str(error)
        if reason:
            faults.append(Fault(place, reason, row))
            continue
        stated = any_time(layout.first("last_seen", cells) or layout.first("stated", cells))
        items.append(Item("csv.row", digest_of(seed, row), stated or 0, place, row, tlp, meta))
        if len(items) > limits.max_items:
            raise TooLarge(f"the table has over {limits.max_items:,} rows", hint="Send it in parts.")
    return Split(tuple(items), tuple(faults), "a report on hosts" if layout.report else "a list of indicators")


def marking_of(layout: Layout, cells: list[str]) -> Tlp | None:
    """Return the marking of a row: its column's or a tag's (``tlp:amber``), the strictest. Raises BadInput where one
    cannot be read."""
    label = layout.first("tlp", cells)
    said = [label] if label else []
    said += [word for word in _labels(layout, cells) if word[:4].lower() == "tlp:"]
    return strictest([parse_tlp(word) for word in said]) if said else None


def _rows(lines: Sequence[str], delimiter: str, first: int, raw: Sequence[bytes],
          faults: list[Fault]) -> Iterator[tuple[int, int, list[str]]]:
    """Yield the rows' (first line, line after the last, cells)."""
    feed = _Lines(lines)
    feed.next = first
    reader = csv.reader(feed, delimiter=delimiter, skipinitialspace=True)
    while feed.begin():
        reason = ""
        cells: list[str] = []
        try:
            cells = next(reader)
            if feed.ran_out:
                reason = "a quotation mark is not closed"
        except _RowTooLong:
            reason = f"a quotation mark is not closed within {MAX_ROW_LINES} lines"
        except (csv.Error, StopIteration) as error:
            reason = str(error) or "no row"
        if reason:
            faults.append(Fault(f"line {feed.start + 1}", reason, raw[feed.start][:MAX_TEXT]))
            feed.give_up()
            reader = csv.reader(feed, delimiter=delimiter, skipinitialspace=True)
            continue
        yield feed.start, feed.next, [cell.strip() for cell in cells]


def _row_fault(cells: list[str], row: bytes, layout: Layout, limits: Limits) -> str:
    """Return why a row cannot be taken, or ""."""
    if len(row) > limits.max_item:
        return f"{len(row):,} bytes; {limits.max_item:,} are taken for one row"
    if len(cells) > MAX_COLUMNS:
        return f"{len(cells):,} columns; {MAX_COLUMNS:,} are taken"
    faults: list[Fault] = []
    if next(_observables(layout.at(cells).subjects, cells, layout, faults), None) is not None:
        return ""
    return faults[0].reason if faults else "the row names no value"


def _sample(lines: Sequence[str]) -> list[str]:
    """The first lines that are neither blank nor comments."""
    found = []
    for line in lines[:10_000]:
        if line.strip() and not line.lstrip().startswith(_COMMENT):
            found.append(line[:MAX_TEXT])
            if len(found) == _SAMPLE:
                break
    return found


def _cells(line: str, delimiter: str) -> list[str]:
    try:
        return [cell.strip() for cell in next(csv.reader([line], delimiter=delimiter, skipinitialspace=True), [])]
    except csv.Error:
        return []


def _delimiter(lines: Sequence[str]) -> str:
    """Find the delimiter: that which cuts most lines of a sample into as many columns as the first."""
    sample = _sample(lines)
    best, delimiter = (0, 0), ","
    for candidate in _DELIMITERS:
        widths = [len(_cells(line, candidate)) for line in sample]
        if widths and widths[0] > 1:
            score = (sum(width == widths[0] for width in widths), widths[0])
            if score > best:
                best, delimiter = score, candidate
    return delimiter


def _header(lines: Sequence[str], delimiter: str) -> tuple[tuple[str, ...], int]:
    """Return the columns' names and the line at which the rows begin. Raises BadInput where there are none."""
    comment = ""
    for number, line in enumerate(lines):
        text = line.strip()
        if text.startswith(_COMMENT):
            said = text.lstrip("#; ").removeprefix("fields\t")
            if len(text) < MAX_TEXT and layout_of(_names(said, delimiter)).subjects:
                comment = said
            continue
        if not text:
            continue
        cells = _cells(line, delimiter)[:MAX_COLUMNS]
        names = tuple(normal_name(cell) for cell in cells)
        if layout_of(names).subjects and not any(guess(cell) for cell in cells):
            return names, number + 1
        named = _names(comment, delimiter)
        known = sum(map(is_known, named))
        if len(named) == len(cells) and layout_of(named).subjects and known * 2 >= min(len(named), 4):
            return named, number
        return _headless(lines[number:], delimiter), number
    raise BadInput("the table has no rows", hint="Send at least one row.")


def _names(line: str, delimiter: str) -> tuple[str, ...]:
    return tuple(normal_name(cell) for cell in _cells(line, delimiter)[:MAX_COLUMNS])


def _headless(lines: Sequence[str], delimiter: str) -> tuple[str, ...]:
    """Name the columns of a table without a header: the first that holds observables is its subject, the first that
    holds times says when."""
    rows = [_cells(line, delimiter) for line in _sample(lines)]
    width = min(max(map(len, rows), default=0), MAX_COLUMNS)
    columns = [[row[index] for row in rows if index < len(row) and row[index]] for index in range(width)]
    subject = next((index for index, cells in enumerate(columns)
                    if sum(guess(cell) is not None for cell in cells) * 10 >= max(len(cells), 1) * 6), None)
    if subject is not None:
        dated = next((index for index, cells in enumerate(columns)
                      if cells and sum(any_time(cell) is not None for cell in cells) * 10 >= len(cells) * 6), None)
        return tuple("value" if index == subject else "date" if index == dated else "" for index in range(width))
    raise BadInput("no column holds indicators, and the header names none", place="line 1",
                   hint="Name the column \"value\" (with \"type\"), or url, domain, ip, md5, sha1, sha256.")


def _observables(columns: Columns, cells: list[str], layout: Layout,
                 faults: list[Fault]) -> Iterator[tuple[int, Observable]]:
    """Read the observables of some columns of a row."""
    named = layout.first("type", cells)
    for index, type in columns:
        if index >= len(cells) or not cells[index]:
            continue
        try:
            yield index, _read(cells[index], type, named)
        except BadValue as error:
            several = _several(cells[index], type, named)
            yield from [(index, observable) for observable in several]
            if not several and cells[index].lower() not in EMPTY:
                faults.append(Fault(f"column {index + 1}", str(error), cells[index][:1000].encode()))


def _several(value: str, type: ObservableType | None, named: str) -> list[Observable]:
    """Read a cell of MISP's ``a|b``, or of several values between blanks or commas; empty where it is neither."""
    try:
        if "|" in value and (found := observables_of(named.lower(), value)):
            return found
        parts = [part for part in _PARTS.split(value) if part]
        return [_read(part, type, named) for part in parts] if 1 < len(parts) <= MAX_PARTS else []
    except BadValue:
        return []


def _read(value: str, type: ObservableType | None, named: str) -> Observable:
    """Read a value by its column's type, else by the type that the row names, else by what it looks like."""
    if type is not None:
        return canonical(type, value)
    if named:
        try:
            return canonical(type_named(named), value)
        except BadValue:
            pass
    found = guess(value)
    if found is None:
        raise BadValue(f"{ascii(value[:60])} is no indicator that is known here")
    return found


def extract(kind: str, subject: str, version: int, meta: dict[str, object], body: bytes) -> Extract:
    """Read one row. Never raises for what the row holds; what cannot be read is in the faults."""
    columns, delimiter = meta.get("columns"), meta.get("delimiter", ",")
    if not isinstance(columns, (list, tuple)) or not isinstance(delimiter, str):
        return Extract(faults=(Fault("", "the row came without its columns", body[:MAX_TEXT]),))
    text = body.decode("utf-8", "replace")
    try:
        found = next(csv.reader(text.splitlines(keepends=True), delimiter=delimiter, skipinitialspace=True), [])
    except csv.Error as error:
        return Extract(faults=(Fault("", str(error), body[:MAX_TEXT]),))
    return read_row(subject, tuple(str(name) for name in columns), [cell.strip() for cell in found])


def read_row(subject: str, names: tuple[str, ...], cells: list[str]) -> Extract:
    """Say what a row with these (normal) column names claims. Never raises for what it holds."""
    layout = layout_of(names).at(cells)
    faults: list[Fault] = []
    subjects = list(_observables(layout.subjects, cells, layout, faults))
    labels = _labels(layout, cells)
    role, stance = _judgement(layout, cells)
    stated = any_time(layout.first("last_seen", cells) or layout.first("stated", cells))
    until = any_time(layout.first("until", cells))
    grade = _grade(layout.first("confidence", cells))
    keys = tuple(cells[index] for index in layout.roles.get("reference", ()) if index < len(cells) and cells[index])
    creator = "" if layout.report else layout.first("source", cells)[:200]
    if _tells_apart(layout, cells):
        keys = (subject, *keys)
    said = {type: _MENTIONED for type in _EXPLOITED}
    claims = [Claim(observable, *said.get(observable.type, (role, stance)), stated, until, grade, creator, keys, labels)
              for _, observable in subjects]
    claims += [Claim(observable, Role.CONTEXT, Stance.NONE, stated, until, grade, creator, keys, labels)
               for _, observable in _observables(layout.mentions, cells, layout, [])]
    title = cells[subjects[0][0]] if subjects else ""
    return Extract(tuple(claims), title[:500], " ".join(cell for cell in cells if cell)[:MAX_TEXT], labels,
                   tuple(faults))


_MENTIONED = (Role.CONTEXT, Stance.NONE)
"""Of a CVE too: it is what attackers use, not theirs."""
_CODED = ("type", "tlp", "verdict", "confidence", "benign", "compromised", "tags")


def _tells_apart(layout: Layout, cells: list[str]) -> bool:
    """Tell whether a row says enough that the same row from another is a copy: more than a bare value and its codes."""
    common = {index for index, _ in layout.subjects}.union(*(layout.roles.get(role, ()) for role in _CODED))
    return any(cell and index not in common for index, cell in enumerate(cells))


def _labels(layout: Layout, cells: list[str]) -> tuple[str, ...]:
    """The row's tags, in order, each once."""
    found: dict[str, None] = {}
    for index in layout.roles.get("tags", ()):
        if index < len(cells):
            for word in _TAG_BREAK.split(cells[index]):
                if word.strip() and word.strip().lower() not in EMPTY:
                    found[word.strip()[:200]] = None
    return tuple(found)


def _judgement(layout: Layout, cells: list[str]) -> tuple[Role, Stance]:
    """Tell what a row says of its subject (rules 3 and 4)."""
    if layout.report:
        return (Role.VICTIM if layout.victim else Role.COMPROMISED), Stance.NONE
    if layout.first("to_ids", cells).lower() in _NO or layout.first("type", cells).lower() in _NO_INDICATORS:
        return _MENTIONED
    if (kind := layout.first("kind", cells)) and not accuses(kind):
        return Role.COMPROMISED, Stance.NONE
    verdict = layout.first("verdict", cells)
    if _SINKHOLE.search(verdict):
        # Whoever took it over keeps it reachable: it is no attacker's any more (``shield.guards``).
        return Role.SINKHOLE, Stance.NONE
    if layout.first("benign", cells).lower() in _YES or _BENIGN.search(verdict):
        return Role.CONTEXT, Stance.BENIGN
    if layout.first("compromised", cells).lower() in _YES:
        return Role.ABUSED, Stance.MALICIOUS
    if _SUSPICIOUS.search(verdict):
        return Role.ATTACKER, Stance.SUSPICIOUS
    return Role.ATTACKER, Stance.MALICIOUS


def _grade(confidence: str) -> int:
    """Map a confidence (0–100, or low, medium, high) to Admiralty credibility 1–6."""
    words = {"low": 15, "medium": 50, "moderate": 50, "high": 85}
    text = confidence.strip().lower().removesuffix("%")
    if text in words:
        return credibility(words[text])
    return credibility(int(text)) if text.isascii() and text.isdigit() and len(text) <= 3 else 6


def looks_like_table(body: bytes) -> bool:
    """Tell whether a text of no stated type is a table with a header that is known here."""
    lines = [line.decode("utf-8", "replace") for line in body[:200_000].split(b"\n")[:2_000]]
    if _SEPARATOR.fullmatch(lines[0].removeprefix("\ufeff")):
        return True
    sample = _sample(lines)
    delimiter = _delimiter(lines)
    if not sample or (len(sample) < 2 and not any(guess(cell) for cell in _cells(sample[0], delimiter))):
        return False
    widths = {len(_cells(line, delimiter)) for line in sample[:10]}
    if len(widths) > 2 or max(widths) < 2:
        return False
    try:
        names, _ = _header(lines, delimiter)
    except BadInput:
        return False
    if sum("value" == name for name in names) == 1 and set(names) <= {"value", "date", ""}:
        # Without a header: each row must name a value, in the same column.
        rows = [_cells(line, delimiter) for line in sample]
        return len(rows) > 1 and all(len(row) == len(names) and guess(row[names.index("value")]) for row in rows)
    return sum(map(is_known, names)) >= 2
