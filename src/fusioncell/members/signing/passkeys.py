"""Passkeys (W3C WebAuthn Level 2): what is offered to the browser and how its answers are checked. Pure.

1. A challenge is ``nonce ‖ expiry ‖ keyed hash`` over what it is for and for whom: nothing is stored until an answer
   holds, so nobody can fill the vault by asking. The vault then notes the challenge as used: it works once.
2. A passkey is discoverable and verifies its user (PIN or biometrics), for it stands alone, without a password.
3. No attestation is asked for: which make of authenticator a member uses is no business of the hub.
4. A signature counter that does not rise is refused as a copy (WebAuthn §6.1.1); the library does so.

The library is loaded on first use: it costs 27 MB.
"""

from __future__ import annotations

import hmac
import ipaddress
from dataclasses import dataclass
from urllib.parse import urlsplit

import msgspec

from fusioncell.kernel.clock import MINUTE, Instant
from fusioncell.kernel.errors import BadInput, NotSignedIn
from fusioncell.kernel.ids import Randomness
from fusioncell.kernel.settings import host_port

CHALLENGE_LIFE = 5 * MINUTE
LONGEST = 65_536
"""No answer of a browser is longer (bytes of JSON)."""

_REFUSED = "The passkey was not accepted."
_REFUSED_HINT = "Try again, or sign in another way."


@dataclass(frozen=True, slots=True)
class Site:
    """The hub as browsers know it. ``id``: its host name; ``origin``: ``https://host[:port]``."""

    id: str
    name: str
    origin: str


def site_of(public_url: str, listen: str, name: str = "Fusion Cell") -> Site | None:
    """Return the hub as browsers know it: by its public URL, or else, where it listens on loopback alone, as localhost.

    None where neither gives a host name: a passkey belongs to a name, never to an address (WebAuthn §5.1.3).
    """
    url = urlsplit(public_url)
    if url.hostname:
        return None if _is_address(url.hostname) else Site(url.hostname, name, f"{url.scheme}://{url.netloc.lower()}")
    host, port = host_port(listen)
    if host == "localhost" or (_is_address(host) and ipaddress.ip_address(host).is_loopback):
        return Site("localhost", name, f"http://localhost:{port}")
    return None


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


@dataclass(frozen=True, slots=True)
class Passkey:
    """A passkey's public half. ``id``: its credential id in base64url; ``uses``: its signature counter."""

    id: str
    person: str
    public_key: bytes
    uses: int
    label: str
    created: Instant


class _Response(msgspec.Struct, rename="camel"):
    client_data_json: str = msgspec.field(name="clientDataJSON")


class _Answer(msgspec.Struct):
    id: str
    response: _Response


class _ClientData(msgspec.Struct):
    challenge: str


@dataclass(frozen=True, slots=True)
class Answered:
    """What a browser's answer says of itself, before anything of it is believed."""

    credential: str
    challenge: bytes


def make_challenge(vault_key: bytes, purpose: str, person: str, now: Instant, randomness: Randomness) -> bytes:
    """Make a challenge for one purpose (``register``, ``sign-in``) and person ("" where not known yet): 56 bytes."""
    head = randomness.bytes(16) + (now + CHALLENGE_LIFE).to_bytes(8, "big")
    return head + _seal(vault_key, purpose, person, head)


def check_challenge(vault_key: bytes, purpose: str, person: str, challenge: bytes, now: Instant) -> Instant:
    """Return when a challenge of ours expires; NotSignedIn where it is not ours, for another, or over."""
    head, seal = challenge[:24], challenge[24:]
    expires = int.from_bytes(head[16:], "big")
    if not hmac.compare_digest(seal, _seal(vault_key, purpose, person, head)) or now >= expires:
        raise NotSignedIn(_REFUSED, hint="It took too long, or the page is an old one: load it again.")
    return expires


def _seal(vault_key: bytes, purpose: str, person: str, head: bytes) -> bytes:
    return hmac.digest(vault_key, f"passkey\0{purpose}\0{person}\0".encode() + head, "sha256")


def read_answer(answer: bytes) -> Answered:
    """Read which passkey and which challenge an answer names. BadInput where it is no such answer."""
    from webauthn.helpers import base64url_to_bytes

    if len(answer) > LONGEST:
        raise BadInput("The answer is too long to be a passkey's.", hint=_REFUSED_HINT)
    try:
        given = msgspec.json.decode(answer, type=_Answer)
        data = msgspec.json.decode(base64url_to_bytes(given.response.client_data_json), type=_ClientData)
        return Answered(given.id, base64url_to_bytes(data.challenge))
    except ValueError as fault:
        raise BadInput("This is no answer of a passkey.", hint=_REFUSED_HINT) from fault


def offer_registration(site: Site, person: str, email: str, held: list[str], challenge: bytes) -> str:
    """Return the options for ``navigator.credentials.create`` as JSON. ``held``: passkeys that the person has."""
    import webauthn
    from webauthn.helpers import base64url_to_bytes, structs

    options = webauthn.generate_registration_options(
        rp_id=site.id, rp_name=site.name, user_name=email, user_id=person.encode(), challenge=challenge,
        authenticator_selection=structs.AuthenticatorSelectionCriteria(
            resident_key=structs.ResidentKeyRequirement.REQUIRED,
            user_verification=structs.UserVerificationRequirement.REQUIRED),
        exclude_credentials=[structs.PublicKeyCredentialDescriptor(id=base64url_to_bytes(one)) for one in held],
    )
    return webauthn.options_to_json(options)


def accept_registration(site: Site, answer: bytes, challenge: bytes) -> tuple[str, bytes, int]:
    """Check a new passkey: (credential id, public key, counter). NotSignedIn where anything disagrees."""
    import webauthn
    from webauthn.helpers import bytes_to_base64url
    from webauthn.helpers.exceptions import WebAuthnException

    try:
        made = webauthn.verify_registration_response(
            credential=answer.decode(), expected_challenge=challenge, expected_rp_id=site.id,
            expected_origin=site.origin, require_user_verification=True)
    except (WebAuthnException, ValueError) as fault:
        raise NotSignedIn(_REFUSED, hint=_REFUSED_HINT) from fault
    return bytes_to_base64url(made.credential_id), made.credential_public_key, made.sign_count


def offer_sign_in(site: Site, challenge: bytes) -> str:
    """Return the options for ``navigator.credentials.get`` as JSON; the browser says which passkeys it has."""
    import webauthn
    from webauthn.helpers import structs

    return webauthn.options_to_json(webauthn.generate_authentication_options(
        rp_id=site.id, challenge=challenge, user_verification=structs.UserVerificationRequirement.REQUIRED))


def accept_sign_in(site: Site, answer: bytes, challenge: bytes, passkey: Passkey) -> int:
    """Check an answer against the passkey that it names; return the new counter. NotSignedIn where it disagrees."""
    import webauthn
    from webauthn.helpers.exceptions import WebAuthnException

    try:
        return webauthn.verify_authentication_response(
            credential=answer.decode(), expected_challenge=challenge, expected_rp_id=site.id,
            expected_origin=site.origin, credential_public_key=passkey.public_key,
            credential_current_sign_count=passkey.uses, require_user_verification=True).new_sign_count
    except (WebAuthnException, ValueError) as fault:
        raise NotSignedIn(_REFUSED, hint=_REFUSED_HINT) from fault
