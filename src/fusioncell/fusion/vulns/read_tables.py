"""The step that reads imported tables: CISA's KEV (JSON), FIRST's EPSS (CSV, maybe gzip), SSVC decision tables (JSON).

Pure, and bounded: by bytes, rows and the length of every field. A row that cannot be read is refused with its place,
and nothing is imported: half a table would be read as "not exploited".
"""

from __future__ import annotations

import csv
import io
import re
from typing import Any

import msgspec

from fusioncell.fusion.vulns.model import MAX_FILE, MAX_ROWS, Epss, File, Kev
from fusioncell.intake import gunzip_bounded
from fusioncell.kernel.errors import BadInput, TooLarge

_CVE = re.compile(r"CVE-\d{4}-\d{4,19}\Z")
_DAY = re.compile(r"\d{4}-\d\d-\d\d\Z")
_EPSS_HEAD = re.compile(r"#\s*model_version:([^,]{1,40}),\s*score_date:([^,\s]{1,40})")
_LONGEST = 2000
_MAX_POINTS, _MAX_MAPPING = 20, 20_000


class _KevRow(msgspec.Struct, gc=False):
    cve: str = msgspec.field(name="cveID")
    added: str = msgspec.field(name="dateAdded")
    due: str = msgspec.field(name="dueDate")
    vendor: str = msgspec.field(name="vendorProject", default="")
    product: str = ""
    name: str = msgspec.field(name="vulnerabilityName", default="")
    action: str = msgspec.field(name="requiredAction", default="")
    ransomware: str = msgspec.field(name="knownRansomwareCampaignUse", default="")


class _KevFile(msgspec.Struct, gc=False):
    version: str = msgspec.field(name="catalogVersion")
    vulnerabilities: list[_KevRow]
    released: str = msgspec.field(name="dateReleased", default="")


class Value(msgspec.Struct, frozen=True):
    """A value of a decision point."""

    key: str
    name: str
    definition: str = ""


class Point(msgspec.Struct, frozen=True):
    """A decision point, or the outcome group."""

    name: str
    values: tuple[Value, ...]
    definition: str = ""


class Decide(msgspec.Struct, frozen=True):
    """An SSVC decision table (schema 2.0): ``mapping`` has a row for each combination, the outcome among its keys."""

    namespace: str
    key: str
    version: str
    name: str
    decision_points: dict[str, Point]
    outcome: str
    mapping: tuple[dict[str, str], ...]


_kev = msgspec.json.Decoder(_KevFile).decode
_decide = msgspec.json.Decoder(Decide).decode


def read_file(body: bytes) -> File:
    """Read an imported file by its content. Raises BadInput and TooLarge with the place of what is wrong."""
    if body[:2] == b"\x1f\x8b":
        body = gunzip_bounded(body, MAX_FILE)
    if len(body) > MAX_FILE:
        raise TooLarge(f"a table has at most {MAX_FILE:,} bytes", hint="Import one table at a time.")
    head = body.lstrip()[:1]
    if head == b"{":
        return _read_json(body)
    return _read_epss(body)


def _read_json(body: bytes) -> File:
    try:
        head: Any = msgspec.json.decode(body, type=dict[str, msgspec.Raw])
        if "vulnerabilities" in head:
            return _of_kev(_kev(body))
        if "mapping" in head:
            return _of_ssvc(_decide(body), body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadInput(f"the file cannot be read: {error}", hint="Nothing was imported. Fetch it again.") from None
    raise BadInput("that is neither a KEV catalogue nor an SSVC decision table",
                   hint="KEV: known_exploited_vulnerabilities.json. EPSS: epss_scores-….csv.gz.")  # fmt: skip


def _of_kev(found: _KevFile) -> File:
    rows: dict[str, Kev] = {}
    if len(found.vulnerabilities) > MAX_ROWS:
        raise TooLarge(f"a table has at most {MAX_ROWS:,} rows")
    for at, row in enumerate(found.vulnerabilities):
        place = f"vulnerabilities[{at}]"
        if not _CVE.match(row.cve):
            raise BadInput(f"{row.cve[:40]!r} is no CVE", place=place, hint="Nothing was imported.")
        if not _DAY.match(row.added) or not _DAY.match(row.due):
            raise BadInput(f"{row.cve} has no dates as YYYY-MM-DD", place=place, hint="Nothing was imported.")
        rows[row.cve] = Kev(row.cve, row.added, row.due, row.ransomware.lower() == "known", row.vendor[:200],
                            row.product[:200], row.name[:300], row.action[:_LONGEST])  # fmt: skip
    return File("kev", found.version[:40], found.released[:10] or found.version[:10], kev=rows)


def _of_ssvc(table: Decide, body: bytes) -> File:
    if not (0 < len(table.decision_points) <= _MAX_POINTS and len(table.mapping) <= _MAX_MAPPING):
        raise TooLarge(f"a decision table has at most {_MAX_POINTS} points and {_MAX_MAPPING:,} rows")
    points = set(table.decision_points)
    if table.outcome not in points:
        raise BadInput("the decision table does not say what its outcome is", place="outcome")
    for at, row in enumerate(table.mapping):
        if set(row) != points:
            raise BadInput("a row does not name each decision point once", place=f"mapping[{at}]")
    name = f"{table.namespace}:{table.key}"
    return File("ssvc", f"{name}:{table.version}"[:80], "", decide=msgspec.json.format(body, indent=-1))


def _read_epss(body: bytes) -> File:
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise BadInput("the file is neither JSON nor text", hint="EPSS comes as CSV, or as that in gzip.") from None
    lines = io.StringIO(text)
    first = lines.readline()
    said = _EPSS_HEAD.match(first)
    version, date = (said[1].strip(), said[2][:10]) if said else ("", "")
    reader = csv.reader(lines if first.startswith("#") else io.StringIO(text))
    header = [cell.strip().lower() for cell in next(reader, [])]
    if header[:3] != ["cve", "epss", "percentile"]:
        raise BadInput("the columns are not cve, epss, percentile", place="line 2", hint="Is that an EPSS file?")
    rows: dict[str, Epss] = {}
    for row in reader:
        if not row:
            continue
        if len(rows) >= MAX_ROWS:
            raise TooLarge(f"a table has at most {MAX_ROWS:,} rows")
        try:
            cve, score, percentile = row[0].strip(), float(row[1]), float(row[2])
        except (IndexError, ValueError):
            raise BadInput("a row is no CVE, score and percentile", place=f"line {reader.line_num + 1}",
                           hint="Nothing was imported.") from None  # fmt: skip
        if not _CVE.match(cve) or not 0 <= score <= 1 or not 0 <= percentile <= 1:
            raise BadInput("a row is no CVE, score and percentile", place=f"line {reader.line_num + 1}",
                           hint="Nothing was imported.")  # fmt: skip
        rows[cve] = Epss(cve, round(score * 1000), round(percentile * 100))
    return File("epss", version, date, epss=rows)


def read_decide(body: bytes) -> Decide:
    """Read a decision table that stands here."""
    return _decide(body)
