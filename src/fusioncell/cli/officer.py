"""Commands of the two officers: ``officer key``, ``register``, ``list``, ``cases``, ``reveal``, ``join``, ``close``.

Private keys stay in the officer's own file, enciphered with a passphrase; this command opens shares on the officer's
machine, and the hub never sees a key or an opened share.
"""

from __future__ import annotations

import base64
import os
from pathlib import Path
from typing import Any

import click

from fusioncell.cli.group import Group
from fusioncell.cli.options import Where, json_option, show, table, where_options
from fusioncell.kernel.errors import BadInput, NotFound

SHORTEST = 12


def _passphrase(confirm: bool) -> bytes:
    from fusioncell.bootstrap import read_settings

    given = read_settings().officer_passphrase or click.prompt(
        "Passphrase", hide_input=True, confirmation_prompt=confirm, err=True
    )
    if confirm and len(given) < SHORTEST:
        raise BadInput(f"a passphrase has at least {SHORTEST} characters", hint="Four random words make a good one.")
    return str(given).encode()


def _private(file: Path) -> bytes:
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        key = load_pem_private_key(file.read_bytes(), _passphrase(False))
    except (ValueError, TypeError):
        raise BadInput(f"{file} cannot be opened with this passphrase", hint="Type it again.") from None
    if not isinstance(key, X25519PrivateKey):
        raise BadInput(f"{file} is no officer's key", hint="Make one with: fusioncell officer key FILE")
    return key.private_bytes_raw()


def _b64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def _box(said: dict[str, Any]) -> Any:
    from fusioncell.members.sealing.model import Box

    box = said["box"]
    shares = {pair: base64.b64decode(share) for pair, share in box["shares"].items()}
    return Box(shares, base64.b64decode(box["identity"]), base64.b64decode(box["mark"]))


key_file = click.option("--key-file", required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path),
                        metavar="FILE", help="Your officer's key.")  # fmt: skip


@click.group(
    cls=Group,
    epilog="""\b
Two officers together can reveal who made an anonymous contribution; its author sees every attempt.
  fusioncell officer key my.pem
  fusioncell officer register --key-file my.pem --hub URL --key KEY
  fusioncell officer reveal CONTRIBUTION --key-file my.pem --reason … --basis …
  fusioncell officer join CASE --key-file theirs.pem
The passphrase is asked for, or taken from the setting officer_passphrase."""
)
def officer() -> None:
    """Officers of sealed identities: keys, cases."""


@officer.command("key")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def make(file: Path) -> None:
    """Make a key pair in FILE, enciphered with a passphrase. It stays with you."""
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
    from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat

    if file.exists():
        raise BadInput(f"{file} exists", hint="Choose another name: an officer's key is never overwritten.")
    phrase = _passphrase(True)
    pem = X25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(phrase))
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as out:
        out.write(pem)
    click.echo(f"Your key is in {file}. Without it and its passphrase, what is sealed to you stays sealed.")


@officer.command("register")
@key_file
@json_option
@where_options
def register(where: Where, key_file: Path, as_json: bool) -> None:
    """Register the public half of your key; your role must be officer."""
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

    from fusioncell.cli.door import opened

    public = X25519PrivateKey.from_private_bytes(_private(key_file)).public_key().public_bytes_raw()
    with opened(where) as door:
        result = door.json("POST", "/api/officers", json={"public_key": _b64(public)})
    show(result, as_json, "Registered: what is contributed anonymously from now on is sealed to you too.")


@officer.command("list")
@json_option
@where_options
def list_(where: Where, as_json: bool) -> None:
    """Show who the officers are."""
    from fusioncell.cli.door import opened

    with opened(where) as door:
        result = door.json("GET", "/api/officers")
    rows = [[each["person"], each["organisation"], each["since"]] for each in result["officers"]]
    empty = "No officers: nobody can contribute anonymously. Two people with the role officer register a key."
    show(result, as_json, table(rows, ["PERSON", "ORGANISATION", "SINCE"]) if rows else empty)


@officer.command("cases")
@json_option
@where_options
def cases(where: Where, as_json: bool) -> None:
    """Show the cases, the newest first."""
    from fusioncell.cli.door import opened

    with opened(where) as door:
        result = door.json("GET", "/api/reveals")
    rows = [[each["id"], each["state"], each["contribution"], each["opened"], each["reason"]]
            for each in result["cases"]]  # fmt: skip
    show(result, as_json, table(rows, ["CASE", "STATE", "CONTRIBUTION", "OPENED", "REASON"]) if rows else "No cases.")


@officer.command("reveal")
@click.argument("contribution")
@click.option("--reason", required=True, help="Why its author must be known; the author reads it.")
@click.option("--basis", required=True, help="The law or warrant; the author reads it.")
@key_file
@json_option
@where_options
def reveal(where: Where, contribution: str, reason: str, basis: str, key_file: Path, as_json: bool) -> None:
    """Open a case on an anonymous CONTRIBUTION, and hand your share, sealed, to each other officer."""
    from fusioncell.bootstrap import SystemRandomness
    from fusioncell.cli.door import opened
    from fusioncell.members.sealing import Officer, open_share, reseal

    private = _private(key_file)
    asked = {"contribution": contribution, "reason": reason, "legal_basis": basis}
    with opened(where) as door:
        case = door.json("POST", "/api/reveals", json=asked)
        box, me = _box(case), case["first_officer"]
        shares: dict[str, str] = {}
        for other in door.json("GET", "/api/officers")["officers"]:
            if f"{me} {other['person']}" in box.shares:
                peer = Officer(other["person"], other["organisation"], base64.b64decode(other["public_key"]), 0)
                handed = reseal(open_share(box, me, peer.person, private), peer, SystemRandomness())
                shares[peer.person] = _b64(handed)
        if not shares:
            raise NotFound("no other officer of when this was sealed is left", hint="It cannot be revealed any more.")
        result = door.json("POST", f"/api/reveals/{case['id']}/shares", json={"shares": shares})
    join = f"fusioncell officer join {result['id']}{where.again}"
    show(result, as_json, f"The case is open. Another officer joins it: {join}")


@officer.command("join")
@click.argument("case")
@key_file
@json_option
@where_options
def join(where: Where, case: str, key_file: Path, as_json: bool) -> None:
    """Join a CASE as the second officer: it says who the author is, and tells the author."""
    from fusioncell.cli.door import opened, path_part
    from fusioncell.members.sealing import open_identity, open_share

    private = _private(key_file)
    with opened(where) as door:
        said = door.json("POST", f"/api/reveals/{path_part(case)}/join")
        box = _box(said)
        me = next(iter(box.shares), " ").split(" ")[0]
        mine = open_share(box, me, said["first_officer"], private)
        _, proof = open_identity(box, mine, base64.b64decode(said["handed"]), private)
        result = door.json("POST", f"/api/reveals/{path_part(case)}/finish", json={"opened": _b64(proof)})
    show(result, as_json, f"The author is the person {result['person']}. They see that you know, and why.")


@officer.command("close")
@click.argument("case")
@json_option
@where_options
def close(where: Where, case: str, as_json: bool) -> None:
    """End a CASE without a reveal."""
    from fusioncell.cli.door import opened, path_part

    with opened(where) as door:
        result = door.json("POST", f"/api/reveals/{path_part(case)}/close")
    show(result, as_json, f"Case {case} is closed.")
