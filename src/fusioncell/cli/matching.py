"""The command ``match``: logs and lists against what the viewer may see.

1. Tell the format of each file, unpack what is packed, take the values out of its lines.
2. Look the distinct ones up: by sending them; by ranges of hashes, which show four hex digits of each; or offline,
   in a filter that was fetched before.
3. Print the lines that hold something known, with what is said of it.
"""

from __future__ import annotations

import gzip
import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from ipaddress import ip_network
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

import click
import numpy as np

from fusioncell.cli.door import Door, open_door
from fusioncell.cli.logs import FORMATS, Values, reader, told
from fusioncell.cli.options import Where, json_option, note, plain, show, where_options
from fusioncell.exchange.match import Change, asked_of, changed, filter_body, holds, host_of, read_filter
from fusioncell.kernel.errors import BadInput
from fusioncell.kernel.observable import Observable, ObservableType, parents
from fusioncell.kernel.refang import defang

AT_ONCE = 100_000
"""Values that are looked up together."""
MAX_LINE = 65_536
DIGITS = 4
"""Hex digits of a range: one value in 65,536 stands behind a question."""
MANY_RANGES = 5_000
REMEMBERED = 2_000_000
LISTED = 1_000
FOUND = 4
Answer = dict[str, Any]
LookUp = Callable[[list[str]], dict[str, Answer]]


@click.command(
    epilog="""\b
Examples:
  fusioncell match access.log --hub https://hub.example --key-file key
  fusioncell match dns.log.gz eve.json proxy.csv --json
  zcat dns.log.gz | fusioncell match - --format zeek --exit-code
  fusioncell match access.log --private --hub https://hub.example
  fusioncell match access.log --offline filter.bin --fetch --hub https://hub.example
Formats: access (common, combined), json (lines), eve (Suricata), zeek (tab-separated), dnsmasq, bind, unbound,
csv (a column `value`, else the first), list (a value a line), text; .gz of each. auto looks at the first lines.
Of DNS logs the names and answers are looked up, never who asked.
--private finds values, hosts of URLs and names above a name; networks are found by sending or offline.
Exit codes: 0 done; with --exit-code 4 where something known was found; 1 refused, 2 wrong usage, 3 no hub."""
)
@click.argument("files", metavar="FILE|-…", nargs=-1, required=True, type=click.File("rb"))
@click.option("--format", "format", type=click.Choice(FORMATS), default="auto", help="What the files are.")
@click.option("--all", "everything", is_flag=True, help="Answer unknown values too, not only hits.")
@click.option("--lines", is_flag=True, help="Print the answers as JSON lines, as they come.")
@click.option("--private", is_flag=True, help="Show the hub only the beginnings of hashes.")
@click.option("--offline", metavar="FILTER", type=click.Path(dir_okay=False, path_type=Path),
              help="Look up in this file alone; nothing leaves this machine.")  # fmt: skip
@click.option("--fetch", is_flag=True, help="With --offline: fetch the filter first, or bring it up to date.")
@click.option("--exit-code", "by_code", is_flag=True, help="End with 4 where something known was found.")
@click.option("--key-file", metavar="FILE", type=click.Path(exists=True, dir_okay=False, path_type=Path),
              is_eager=True, expose_value=False, callback=lambda _c, _p, file: _take_key(file),
              help="A file that holds the API key for --hub.")  # fmt: skip
@where_options
@json_option
def match(where: Where, files: tuple[BinaryIO, ...], format: str, everything: bool, lines: bool, private: bool,
          offline: Path | None, fetch: bool, by_code: bool, as_json: bool) -> None:  # fmt: skip
    """Look up the values of logs and lists; print the lines that hold what is known."""
    if private and offline:
        raise click.UsageError("give --private or --offline, not both.")
    if fetch and not offline:
        raise click.UsageError("--fetch goes with --offline FILTER.")
    run = _Run(everything, lines, as_json)
    with _way(where, private, offline, fetch, everything) as look_up:
        for file in files:
            run.through(file, format, look_up)
    run.finish()
    if by_code and run.known:
        click.get_current_context().exit(FOUND)


def _take_key(file: Path | None) -> None:
    if file is not None:
        os.environ["FUSIONCELL_KEY"] = file.read_text("utf-8").strip()


@contextmanager
def _way(where: Where, private: bool, offline: Path | None, fetch: bool, everything: bool) -> Iterator[LookUp]:
    """Give the way of looking values up."""
    if offline is None:
        with open_door(where) as door:
            yield _Ranges(door).look_up if private else lambda values: _sent(door, values, everything)
        return
    if fetch:
        with open_door(where) as door:
            _fetch(door, offline)
    if not offline.exists():
        raise BadInput(f"{offline} is not there", hint="Fetch it with --fetch.")
    held = read_filter(offline.read_bytes())
    if isinstance(held, Change):
        raise BadInput(f"{offline} is no whole filter", hint="Fetch it anew with --fetch, under another name.")
    yield lambda values: _offline(held, values)


def _fetch(door: Door, file: Path) -> None:
    """Fetch the filter, or what changed in it; the file is whole at every moment."""
    beside = file.with_name(file.name + ".cursor")
    since = beside.read_text("utf-8").strip() if beside.exists() and file.exists() else ""
    try:
        answer = door.ask("GET", "/api/match/filter", params={"since": since} if since else {})
    except BadInput:
        answer = door.ask("GET", "/api/match/filter")
    body = answer.content
    said = read_filter(body)
    if isinstance(said, Change):
        held = read_filter(file.read_bytes())
        if isinstance(held, Change):
            raise BadInput(f"{file} is no whole filter", hint=f"Remove it and {beside}, and fetch again.")
        body = filter_body(changed(held, said))
    fresh = file.with_name(file.name + ".new")
    fresh.write_bytes(body)
    # The cursor goes first: a delta may be applied twice, and must not be missed.
    beside.unlink(missing_ok=True)
    fresh.replace(file)
    beside.write_text(answer.headers["x-fusioncell-cursor"], "utf-8")


def _sent(door: Door, values: list[str], everything: bool) -> dict[str, Answer]:
    answer = door.ask(
        "POST", "/api/match", content=json.dumps(values).encode(), headers={"Content-Type": "application/json"},
        params={"hits": "all" if everything else "only"},
    )  # fmt: skip
    return {said["value"]: said for said in map(json.loads, answer.content.splitlines())}


def _candidates(text: str) -> list[tuple[str, Observable]]:
    """Return what may answer a value, in order: itself, a URL's host, the names above."""
    o = asked_of(text, "").observable
    if o is None:
        return []
    ways = [("exact", o)]
    inner = host_of(o.value) if o.type is ObservableType.URL else o
    if inner is not None and inner is not o:
        ways.append(("host", inner))
    if inner is not None and inner.type is ObservableType.DOMAIN:
        ways += [("parent", Observable(ObservableType.DOMAIN, name)) for name in parents(inner.value)]
    return ways


def _digest(o: Observable) -> str:
    return sha256(f"{o.type.value}:{o.value}".encode()).hexdigest()


def _answer(text: str, how: str, o: Observable, said: Answer) -> Answer:
    matched = {} if how == "exact" else {"matched": how}
    return {"value": text, "type": o.type.value, "canonical": o.value, "known": True, **said, **matched}


class _Ranges:
    """Looks values up by ranges of hashes."""

    def __init__(self, door: Door) -> None:
        self._door = door
        self._held: dict[str, dict[str, Answer]] = {}
        self._warned = False

    def look_up(self, values: list[str]) -> dict[str, Answer]:
        """Look values up; the hub learns the first digits of their hashes."""
        found: dict[str, Answer] = {}
        for text in values:
            for how, o in _candidates(text):
                digest = _digest(o)
                said = self._range(digest[:DIGITS]).get(digest[DIGITS:])
                if said is not None:
                    found[text] = _answer(text, how, o, said)
                    break
        return found

    def _range(self, prefix: str) -> dict[str, Answer]:
        if prefix not in self._held:
            answer = self._door.json("GET", f"/api/match/range/{prefix}")
            self._held[prefix] = {one.pop("suffix"): one for one in answer["values"]}
            if len(self._held) > MANY_RANGES and not self._warned:
                self._warned = True
                note("so many values ask for nearly every range; --offline is quicker and shows the hub none of them")
        return self._held[prefix]


def _offline(held: Any, values: list[str]) -> dict[str, Answer]:
    ways = [(text, how, o) for text in values for how, o in [*_candidates(text), *_networks(text)]]
    asked = np.array([int(_digest(o)[:16], 16) for _, _, o in ways], np.uint64)
    found: dict[str, Answer] = {}
    for at in np.flatnonzero(holds(held, asked)).tolist():
        text, how, o = ways[at]
        found.setdefault(text, _answer(text, how, o, {"verdict": "known"}))
    return found


def _networks(text: str) -> Iterator[tuple[str, Observable]]:
    """Give the networks that may hold an address (or a URL's), narrowest first."""
    o = asked_of(text, "").observable
    inner = host_of(o.value) if o is not None and o.type is ObservableType.URL else o
    if inner is None or inner.type not in (ObservableType.IPV4, ObservableType.IPV6):
        return
    longest, shortest = (31, 8) if inner.type is ObservableType.IPV4 else (64, 16)
    for length in range(longest, shortest - 1, -1):
        net = ip_network(f"{inner.value}/{length}", strict=False)
        yield "cidr", Observable(ObservableType.CIDR, str(net))


class _Run:
    """What one run came to."""

    def __init__(self, everything: bool, as_lines: bool, as_json: bool) -> None:
        self._everything = everything
        self._as_lines = as_lines
        self._as_json = as_json
        self._answers: dict[str, Answer | None] = {}
        self._listed: dict[str, Answer] = {}
        self._matches: list[dict[str, Any]] = []
        self._lines = self._values = self.known = self._matched_lines = 0

    def through(self, file: BinaryIO, format: str, look_up: LookUp) -> None:
        """Go through one file."""
        name = str(getattr(file, "name", "-"))
        with _progress(file, name) as (source, moved):
            numbered = enumerate(iter(lambda: source.readline(MAX_LINE + 1), b""), 1)
            values: Values | None = None
            while some := list(islice(numbered, AT_ONCE)):
                texts = [(number, line.decode(errors="replace")) for number, line in some]
                if values is None:
                    first = [text for _, text in texts[:50]]
                    values = reader(_told(name, first) if format == "auto" else format)
                self._batch(name, texts, values, look_up)
                moved()

    def _batch(self, name: str, texts: list[tuple[int, str]], values: Values, look_up: LookUp) -> None:
        self._lines += len(texts)
        asked = [(number, text, list(dict.fromkeys(values(text)))) for number, text in texts]
        fresh = [one for one in dict.fromkeys(v for *_, some in asked for v in some) if one not in self._answers]
        if len(self._answers) > REMEMBERED:
            self._answers = {one: None for *_, some in asked for one in some}
            fresh = list(self._answers)
        for at in range(0, len(fresh), AT_ONCE):
            part = fresh[at : at + AT_ONCE]
            found = look_up(part)
            self._values += len(part)
            for one in part:
                said = found.get(one)
                self._answers[one] = said if said is not None and said["known"] else None
                self.known += self._answers[one] is not None
                if said is not None and len(self._listed) < LISTED * 100:
                    self._listed[one] = said
        for number, text, some in asked:
            self._line(name, number, text, [said for one in some if (said := self._answers[one]) is not None])
        if self._as_lines and self._everything:
            for one in fresh:
                if self._answers[one] is None and one in self._listed:
                    click.echo(json.dumps(self._listed[one], ensure_ascii=False))

    def _line(self, name: str, number: int, text: str, found: list[Answer]) -> None:
        if not found:
            return
        self._matched_lines += 1
        if self._as_lines:
            for said in found:
                click.echo(json.dumps({**said, "file": name, "line": number}, ensure_ascii=False))
        elif self._as_json:
            if len(self._matches) < LISTED * 100:
                values = [said["value"] for said in found]
                self._matches.append({"file": name, "line": number, "text": text.strip()[:1000], "values": values})
        else:
            for said in found:
                click.echo(f"{plain(name, 4096)}:{number}: {_words(said)}\n    {plain(text.strip(), 200)}")

    def finish(self) -> None:
        """Print the sums."""
        if self._as_lines:
            return
        shown = [said for said in self._listed.values() if self._everything or said["known"]]
        result = {
            "lines": self._lines, "lines_matched": self._matched_lines, "values": self._values, "known": self.known,
            "answers": shown, "matches": self._matches,
        }  # fmt: skip
        unknown = [defang(plain(said["value"])) for said in shown if not said["known"]]
        text = "".join(f"unknown: {value}\n" for value in unknown)
        sums = f"{self._lines:,} lines, {self._values:,} values, {self.known:,} known in {self._matched_lines:,} lines"
        show(result, self._as_json, text + sums)


def _words(said: Answer) -> str:
    by = f" ({said['matched']} {defang(plain(said['canonical']))})" if "matched" in said else ""
    figures = f", malicious {said['malicious']}, active {said['active']}" if "malicious" in said else ""
    return f"{plain(said['verdict'])}: {defang(plain(said['value']))}{by}{figures}"


def _told(name: str, first: list[str]) -> str:
    bare = name.removesuffix(".gz")
    return "csv" if bare.endswith((".csv", ".tsv")) and not first[0].startswith("#separator") else told(first)


@contextmanager
def _progress(file: BinaryIO, name: str) -> Iterator[tuple[Any, Callable[[], None]]]:
    """Give the file's bytes, unpacked, and what moves the bar on stderr, where that is a terminal."""
    size = Path(name).stat().st_size if name not in ("-", "<stdin>") and Path(name).exists() else None
    raw: Any = file
    packed = name.endswith(".gz")
    source = gzip.open(raw) if packed else raw
    if not sys.stderr.isatty():
        yield source, lambda: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(plain(Path(name).name, 40), total=size)
        yield source, lambda: bar.update(task, completed=raw.tell() if size is not None else None)
