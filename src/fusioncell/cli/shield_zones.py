"""Commands of who takes the zones: ``shield resolver-config``, ``shield subscriber``, ``shield rehearse``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, TextIO

import click

from fusioncell.cli.group import Group
from fusioncell.cli.options import Where, json_option, plain, show, table, where_options

KINDS = ("unbound", "bind", "powerdns", "knot")
STEPS = ("rehearse", "shadow", "canary", "enforce")


@click.command("resolver-config", epilog="""\b
Examples:
  fusioncell shield resolver-config unbound --primary 192.0.2.53
  fusioncell shield resolver-config bind --subscriber ID --primary 192.0.2.53 --out /etc/bind --secret-file key""")
@click.argument("kind", type=click.Choice(KINDS))
@click.option("--subscriber", default="", metavar="ID", help="Whose zones.  [default: the one zone of all]")
@click.option("--primary", default="127.0.0.1", show_default=True, help="Address of the hub, or of the edge agent.")
@click.option("--port", default=5353, show_default=True, type=click.IntRange(1, 65535))
@click.option("--tls", default="", metavar="NAME", help="Transfer by TLS; the name in the hub's certificate.")
@click.option("--own", multiple=True, metavar="NAME=FILE", help="A zone of yours, or of the law: before ours. Repeat.")
@click.option("--folder", default="", metavar="DIR", help="Where the resolver keeps its copies.")
@click.option("--ede", is_flag=True, help="BIND 9.20 or later: say why in the answer.")
@click.option("--secret-file", type=click.Path(exists=True, dir_okay=False, path_type=Path),
              help="File with the key's secret; it is put in here, and goes nowhere.")
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), help="Write the files to this folder.")
@where_options
@json_option
def resolver_config(where: Where, kind: str, subscriber: str, primary: str, port: int, tls: str, own: tuple[str, ...],
                    folder: str, ede: bool, secret_file: Path | None, out: Path | None, as_json: bool) -> None:
    """Write the files that a resolver includes to take the zones: unbound, bind, powerdns or knot."""
    from fusioncell.cli.door import opened
    from fusioncell.shield.resolvers.model import PLACEHOLDER

    params: dict[str, Any] = {"subscriber": subscriber, "primary": primary, "port": port, "tls": tls, "folder": folder,
                              "own": ",".join(own), "ede": str(ede).lower()}  # fmt: skip
    with opened(where) as door:
        found = door.json("GET", f"/api/shield/resolver-config/{kind}", params=params)
    if secret_file is not None:
        secret = secret_file.read_text().strip()
        found["files"] = {name: text.replace(PLACEHOLDER, secret) for name, text in found["files"].items()}
    if out is not None:
        _write(out, found["files"])
        found["written"] = [str(out / name) for name in found["files"]]
    show(found, as_json, lambda: "\n".join(found["written"]) if out is not None else _files(found["files"]))


def _files(files: dict[str, str]) -> str:
    return "\n".join(f"##### {name} #####\n{text}" for name, text in files.items()).rstrip("\n")


def _write(folder: Path, files: dict[str, str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        file = folder / name
        file.touch(mode=0o640)  # it may hold a secret
        file.write_text(text)
        if name.endswith(".sh"):
            file.chmod(0o750)


@click.group("subscriber", cls=Group)
def subscriber() -> None:
    """Resolvers that take the zones: add, change, next step, new key, end."""


@subscriber.command("list")
@click.option("--ended", is_flag=True, help="Those that have ended, too.")
@where_options
@json_option
def list_subscribers(where: Where, ended: bool, as_json: bool) -> None:
    """List resolvers, how far each has adopted the zones, and whether it holds the newest."""
    from fusioncell.cli.door import opened

    with opened(where) as door:
        found = door.json("GET", "/api/shield/subscribers", params={"ended": str(ended).lower()})
    show(found, as_json, lambda: table([
        [one["label"], one["kind"], one["step"], one["action"], ",".join(one["categories"]) or "all", _behind(one),
         one["subscriber"]] for one in found["subscribers"]
    ], ["RESOLVER", "KIND", "STEP", "ACTION", "CATEGORIES", "ZONES", "ID"]))  # fmt: skip


def _behind(one: dict[str, Any]) -> str:
    if one["ended_at"]:
        return "ended"
    behind = sum(zone["holds"] != zone["serial"] for zone in one["zones"])
    return f"{behind} of {len(one['zones'])} behind" if behind else "up to date" if one["zones"] else "not served"


@subscriber.command("add")
@click.argument("label")
@click.option("--kind", required=True, type=click.Choice(KINDS))
@click.option("--org", default="", metavar="ID", help="Whose it is.  [default: your organisation]")
@click.option("--category", "categories", multiple=True, metavar="NAME", help="A category to take. Repeat.")
@click.option("--severity", "severities", multiple=True, type=click.Choice(["low", "medium", "high"]))
@click.option("--action", default="nxdomain", show_default=True,
              type=click.Choice(["nxdomain", "nodata", "garden", "passthru"]))
@click.option("--garden", default="", metavar="HOST", help="Your walled garden, for --action garden.")
@click.option("--address", "addresses", multiple=True, metavar="NETWORK", help="From where it comes. Repeat.")
@click.option("--notify", multiple=True, metavar="ADDRESS[@PORT]", help="Where it hears of changes. Repeat.")
@click.option("--certificate", "certificates", multiple=True, metavar="SHA256",
              help="Fingerprint of the certificate that it shows by TLS. Repeat.")
@where_options
@json_option
def add(where: Where, label: str, as_json: bool, **asked: Any) -> None:
    """Add a resolver; prints its key, whose secret is shown this once."""
    from fusioncell.cli.door import opened

    body = {"label": label, **{name: list(value) if isinstance(value, tuple) else value
                               for name, value in asked.items()}}  # fmt: skip
    with opened(where) as door:
        made = door.json("POST", "/api/shield/subscribers", json=body)
    show(made, as_json, lambda: _key_text(made))


def _key_text(made: dict[str, Any]) -> str:
    return (f"{made['subscriber']}\nKey     {made['key']} ({made['algorithm']})\nSecret  {made['secret']}\n"
            "Keep the secret now: it is not shown again.")  # fmt: skip


@subscriber.command("rotate")
@click.argument("which", metavar="ID")
@where_options
@json_option
def rotate(where: Where, which: str, as_json: bool) -> None:
    """Make a new key for a resolver; the one before goes on for a week."""
    from fusioncell.cli.door import opened, path_part

    with opened(where) as door:
        made = door.json("POST", f"/api/shield/subscribers/{path_part(which)}/rotate")
    show(made, as_json, lambda: _key_text(made))


@subscriber.command("certificates", epilog="""\b
Examples:
  fusioncell shield subscriber certificates ID "$(openssl x509 -noout -fingerprint -sha256 -in own.pem)"
  fusioncell shield subscriber certificates ID OLD NEW    # while one takes the other's place
  fusioncell shield subscriber certificates ID            # by none any more""")
@click.argument("which", metavar="ID")
@click.argument("fingerprints", metavar="[SHA256]...", nargs=-1)
@where_options
@json_option
def certificates(where: Where, which: str, fingerprints: tuple[str, ...], as_json: bool) -> None:
    """Say by which certificates a resolver is known from now on, by their SHA-256 fingerprints.

    One that is not named any more is refused at once, and what it began ends.
    """
    from fusioncell.cli.door import opened, path_part

    with opened(where) as door:
        done = door.json("POST", f"/api/shield/subscribers/{path_part(which)}",
                         json={"certificates": list(fingerprints)})  # fmt: skip
    show(done, as_json, "It is known by what you named from now on." if fingerprints else
         "It is known by no certificate any more.")  # fmt: skip


@subscriber.command("step")
@click.argument("which", metavar="ID")
@click.argument("step", type=click.Choice(STEPS))
@click.option("--reference", required=True, help="Your own change, as in your change record.")
@where_options
@json_option
def step(where: Where, which: str, step: str, reference: str, as_json: bool) -> None:
    """Take the next step with a resolver, or go back: rehearse, shadow, canary, enforce."""
    from fusioncell.cli.door import opened, path_part

    with opened(where) as door:
        done = door.json("POST", f"/api/shield/subscribers/{path_part(which)}",
                         json={"step": step, "reference": reference})  # fmt: skip
    show(done, as_json, f"It is at {step} from now on. Include the new configuration: fusioncell shield "
         f"resolver-config KIND --subscriber {plain(which)}{where.again}")  # fmt: skip


@subscriber.command("end")
@click.argument("which", metavar="ID")
@click.option("--reason", default="", help="Why.")
@where_options
@json_option
def end(where: Where, which: str, reason: str, as_json: bool) -> None:
    """End a resolver: it gets nothing any more."""
    from fusioncell.cli.door import opened, path_part

    with opened(where) as door:
        done = door.json("POST", f"/api/shield/subscribers/{path_part(which)}/end", json={"reason": reason})
    show(done, as_json, "It has ended. Take the zones out of its configuration, too.")


@click.command("rehearse", epilog="""\b
Examples:
  fusioncell shield rehearse /var/log/named/query.log
  zcat unbound.log.gz | fusioncell shield rehearse - --zone rpz.zone --json""")
@click.argument("log", type=click.File("r", encoding="utf-8", errors="replace"))
@click.option("--zone", type=click.File("r", encoding="utf-8", errors="replace"),
              help="The zone's text, from a file.  [default: the hub is asked for it]")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 1_000_000), help="Names to list.")
@where_options
@json_option
def rehearse(where: Where, log: TextIO, zone: TextIO | None, limit: int, as_json: bool) -> None:
    """List what the queries in LOG would have hit. It is counted here: nothing of the log leaves this machine.

    LOG is a query log of BIND, Unbound or PowerDNS, or dnstap as text; - for standard input.
    """
    from fusioncell.shield.rehearse import count_hits, read_rules

    if zone is not None:
        rules = read_rules(zone)
    else:
        from fusioncell.cli.door import opened

        with opened(where) as door:
            rules = read_rules(door.ask("GET", "/api/shield/zone").text.splitlines())
    found = count_hits(rules, log)
    hits = sorted(found.hits.items(), key=lambda hit: (-hit[1], hit[0]))
    result = {"listed": found.listed, "lines": found.lines, "queries": found.queries, "unread": found.unread,
              "hits": sum(found.hits.values()), "names": len(hits),
              "top": [{"name": name, "hits": number} for name, number in hits[:limit]]}  # fmt: skip
    show(result, as_json, lambda: _rehearsed(result))
    if found.lines and not found.queries:
        sys.exit(2)


def _rehearsed(result: dict[str, Any]) -> str:
    from fusioncell.kernel.refang import defang

    if result["lines"] and not result["queries"]:
        return "No line of this log says what was asked: is it a query log of BIND, Unbound, PowerDNS, or dnstap text?"
    share = 100 * result["hits"] / result["queries"] if result["queries"] else 0.0
    head = (f"{result['queries']:,} queries read, {result['hits']:,} ({share:.3f} %) of them for {result['names']:,} "
            f"of {result['listed']:,} listed names; {result['unread']:,} lines not understood.")
    rows = [[defang(each["name"]), f"{each['hits']:,}"] for each in result["top"]]
    return head + ("\n" + table(rows, ["NAME", "HITS"]) if rows else "\nNothing would have been answered differently.")


COMMANDS = (resolver_config, subscriber, rehearse)
"""What the group ``shield`` takes in."""
