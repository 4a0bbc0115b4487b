"""The command ``fusioncell-verify``. Exit codes: 0 verified; 1 wrong; 2 wrong usage; 3 something is unreadable."""

from __future__ import annotations

import argparse
import base64
import json
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from fusioncell_verify.checks import Asked, about_name, consistent, offline, public, replayed, under_policies, witness
from fusioncell_verify.faults import Failed, Finding, Unreadable
from fusioncell_verify.notes import COSIGNATURE, Verifier, read_key
from fusioncell_verify.opened import Taken
from fusioncell_verify.source import read_any

VERIFIED, WRONG, UNREADABLE = 0, 1, 3


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit code."""
    given = _parser().parse_args(arguments)
    try:
        facts, findings = given.run(given)
    except Failed as fault:
        facts, findings = {}, [fault.finding]
    except Unreadable as fault:
        _say(given.json, {"error": str(fault)}, [], "unreadable")
        return UNREADABLE
    _say(given.json, facts, findings, "wrong" if findings else "verified")
    return WRONG if findings else VERIFIED


def _say(as_json: bool, facts: dict[str, Any], findings: list[Finding], result: str) -> None:
    if as_json:
        told = [{"check": one.check, "detail": one.detail} for one in findings]
        sys.stdout.write(json.dumps({"result": result, **facts, "findings": told}, indent=2) + "\n")
        return
    for name, value in facts.items():
        if isinstance(value, dict):
            value = ", ".join(f"{key or 'none'} {count}" for key, count in sorted(value.items())) or "none"
        sys.stdout.write(f"{name.replace('_', ' ')}: {value}\n")
    for one in findings:
        sys.stdout.write(f"WRONG ({one.check}): {one.detail}\n")
    sys.stdout.write(f"{result}\n")


def _asked(given: argparse.Namespace) -> Asked:
    keys = [read_key(text) for text in given.witness]
    if any(key.type != COSIGNATURE for key in keys):
        raise Unreadable("a witness's key is of type 4; this one signs notes")
    quorum = given.quorum if given.quorum is not None else 0
    return Asked(given.log, read_key(_text_or_file(given.key)), keys, quorum)


def _text_or_file(text: str) -> str:
    return Path(text).read_text() if os.path.exists(text) else text


def _answer(given: argparse.Namespace) -> tuple[dict[str, Any], list[Finding]]:
    return about_name(_asked(given), given.name, given.openings)


def _consistency(given: argparse.Namespace) -> tuple[dict[str, Any], list[Finding]]:
    return consistent(_asked(given), read_any(given.old), read_any(given.new) if given.new else None)


def _zone(given: argparse.Namespace) -> tuple[dict[str, Any], list[Finding]]:
    taken = Taken(frozenset(given.category), frozenset(given.severity), frozenset(given.beside))
    zones = [read_any(where, secret=True).decode(errors="replace") for where in given.zone]
    return replayed(_asked(given), zones, given.openings, taken, any_size=given.any_size)


def _public(given: argparse.Namespace) -> tuple[dict[str, Any], list[Finding]]:
    return public(_asked(given), given.openings)


def _policies(given: argparse.Namespace) -> tuple[dict[str, Any], list[Finding]]:
    return under_policies(_asked(given), [read_any(where) for where in given.policy])


def _proof(given: argparse.Namespace) -> tuple[dict[str, Any], list[Finding]]:
    return offline(_asked(given), read_any(given.file), given.name, given.nonce)


def _witness(given: argparse.Namespace) -> tuple[dict[str, Any], list[Finding]]:
    name, private = _private(Path(given.private))
    return witness(_asked(given), name, private, Path(given.state), int(time.time()), given.send)


def _new_key(given: argparse.Namespace) -> tuple[dict[str, Any], list[Finding]]:
    target = Path(given.private)
    if any(c.isspace() or c == "+" for c in given.name) or not given.name:
        raise Unreadable("a witness's name has neither spaces nor +; witness.example/name is usual")
    private = Ed25519PrivateKey.generate()
    try:
        handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as fault:
        raise Unreadable(f"{target}: {fault.strerror}") from None
    with os.fdopen(handle, "w") as file:
        file.write(f"{given.name} {base64.b64encode(private.private_bytes_raw()).decode()}\n")
    return {"key": Verifier(given.name, COSIGNATURE, private.public_key().public_bytes_raw()).text}, []


def _private(path: Path) -> tuple[str, Ed25519PrivateKey]:
    name, _, secret = read_any(str(path)).decode(errors="replace").strip().partition(" ")
    try:
        return name, Ed25519PrivateKey.from_private_bytes(base64.b64decode(secret, validate=True))
    except ValueError:
        raise Unreadable(f"{path} holds no witness's key; make one with `fusioncell-verify new-key`") from None


def _parser() -> argparse.ArgumentParser:
    whole = argparse.ArgumentParser(
        prog="fusioncell-verify", description="Check the transparency log of a blocking filter, without trusting it.",
        epilog="Exit codes: 0 it verifies; 1 it does not; 2 wrong usage; 3 something could not be read.",
    )  # fmt: skip
    parts = whole.add_subparsers(required=True, metavar="COMMAND")
    log = _common(argparse.ArgumentParser(add_help=False))
    opened = argparse.ArgumentParser(add_help=False)
    opened.add_argument("--openings", metavar="FILE|URL", help="openings: a file, or HUB/api/shield/openings "
                        "(holders: the API key in FUSIONCELL_KEY)")  # fmt: skip

    def add(name: str, run: object, text: str, *parents: argparse.ArgumentParser) -> argparse.ArgumentParser:
        made = parts.add_parser(name, help=text, description=text, parents=[*parents])
        made.set_defaults(run=run)
        made.add_argument("--json", action="store_true", help="print JSON")
        return made

    one = add("answer", _answer, "From a blocked name to its entries, and to their checkpoint.", log, opened)
    one.add_argument("name")
    one = add("consistency", _consistency, "Check that the log only grew between two checkpoints.", log)
    one.add_argument("old", metavar="OLD", help="file or address of the earlier checkpoint")
    one.add_argument("new", metavar="NEW", nargs="?", help="of the later one; else the log's newest")
    one = add("zone", _zone, "Check that a zone is the log replayed up to the zone's serial.", log, opened)
    one.add_argument("zone", metavar="ZONE", nargs="+", help="zone file, or HUB/api/shield/zone; a subscriber's all")
    one.add_argument("--any-size", action="store_true", help="a subscriber's own zones, whose serials count merges "
                     "too: find the size of the log that they are")  # fmt: skip
    one.add_argument("--category", action="append", default=[], help="the zone takes this category (else all)")
    one.add_argument("--severity", action="append", default=[], help="the zone takes this severity (else all)")
    one.add_argument("--beside", action="append", default=[], help="a name that the zone holds for monitoring")
    add("public", _public, "Check order, dates, serials, counts and policy, by what everyone can read.", log, opened)
    one = add("policies", _policies, "Check each policy that the log names, and what was blocked under it.", log)
    one.add_argument("policy", metavar="FILE|URL", nargs="*", help="the bytes of a policy, as once kept; the others "
                     "are read at the log's prefix, as policy/DIGEST")  # fmt: skip
    one = add("proof", _proof, "Check a proof file offline.", log)
    one.add_argument("file", metavar="FILE")
    one.add_argument("--name", default="", help="the name that the entry commits to")
    one.add_argument("--nonce", default="", help="its nonce, in hexadecimal")
    one = add("witness", _witness, "Cosign the newest checkpoint, after checking that the log only grew.", log)
    one.add_argument("--private", required=True, metavar="FILE", help="the witness's key, made by new-key")
    one.add_argument("--state", required=True, metavar="FOLDER", help="where the last checkpoint seen is kept")
    one.add_argument("--send", metavar="URL", default="", help="HUB/log/cosignatures: send the cosignature there")
    one = add("new-key", _new_key, "Make a witness's key; prints what the hub's operators list.")
    one.add_argument("name", help="the witness's name, as witness.example/name")
    one.add_argument("--private", required=True, metavar="FILE", help="where the private key is written")
    return whole


def _common(parser: argparse.ArgumentParser) -> argparse.ArgumentParser:
    parser.add_argument("--log", required=True, metavar="URL|FOLDER", help="the log's prefix: https://HUB/log/")
    parser.add_argument("--key", required=True, help="the log's key, name+id+base64, or a file that holds it")
    parser.add_argument("--witness", action="append", default=[], metavar="KEY", help="the key of a known witness")
    parser.add_argument("--quorum", type=int, help="so many of them must have cosigned (else none)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
