"""ID tokens: what is accepted, and a table of what is not; and which addresses a provider may lead the hub to."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

from fusioncell.edges.oidc import HttpService
from fusioncell.kernel.clock import SECOND
from fusioncell.kernel.errors import FusionCellError, NotAllowed, NotSignedIn, Unavailable
from fusioncell.members.oidc.check_token import check_id_token, key_named, read_description
from fusioncell.members.oidc.model import Provider

NOW = 1_800_000_000
ISSUER = "https://id.example"
PROVIDER = Provider(ISSUER, "hub", "s3cret", "the provider")
KEY = RSAKey.generate_key(2048, {"kid": "k1", "use": "sig"}, private=True)
OTHER = RSAKey.generate_key(2048, {"kid": "k1", "use": "sig"}, private=True)
CURVE = ECKey.generate_key("P-256", {"kid": "k2", "use": "sig"}, private=True)
JWKS: dict[str, Any] = {"keys": [KEY.as_dict(private=False), CURVE.as_dict(private=False)]}
GOOD: dict[str, Any] = {"iss": ISSUER, "aud": "hub", "sub": "248289", "exp": NOW + 300, "iat": NOW - 5,
                        "nonce": "n0nce", "email": "Ada@Works.example", "email_verified": True}  # fmt: skip


def token(key: Any = KEY, alg: str = "RS256", kid: str = "k1", **changed: Any) -> str:
    claims = {name: value for name, value in {**GOOD, **changed}.items() if value is not None}
    return jwt.encode({"alg": alg, "kid": kid}, claims, key, algorithms=[alg])


def check(text: str) -> Any:
    return check_id_token(text, JWKS, PROVIDER, "n0nce", "", NOW * SECOND)


def test_a_good_token_says_who_it_is() -> None:
    for good in (token(), token(CURVE, "ES256", "k2"), token(aud=["hub"]), token(aud=["hub", "x"], azp="hub"),
                 token(exp=NOW - 30), token(alg="PS256")):  # fmt: skip
        claims = check(good)
        assert (claims.subject, claims.email) == ("248289", "ada@works.example")
    assert key_named(token()) == "k1" and key_named("nonsense") == ""


def test_an_unverified_address_is_none() -> None:
    for said in (False, None, "true", 1):
        assert check(token(email_verified=said)).email == ""


def unsigned() -> str:
    head, body, _ = token().split(".")
    import base64

    none = base64.urlsafe_b64encode(json.dumps({"alg": "none"}).encode()).rstrip(b"=").decode()
    return f"{none}.{body}."


def confused() -> str:
    """The published key taken for a shared secret."""
    import base64
    import hmac

    def text(raw: bytes) -> str:
        return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()

    signed = f"{text(json.dumps({'alg': 'HS256', 'kid': 'k1'}).encode())}.{token().split('.')[1]}"
    return f"{signed}.{text(hmac.digest(KEY.as_pem(private=False), signed.encode(), 'sha256'))}"


def swapped() -> str:
    """The body of another token under this one's signature."""
    head, _, signature = token().split(".")
    return f"{head}.{token(sub='another').split('.')[1]}.{signature}"


FOREIGN: dict[str, Callable[[], str]] = {
    "of another issuer": lambda: token(iss="https://evil.example"),
    "of no issuer": lambda: token(iss=None),
    "an issuer that only begins alike": lambda: token(iss=ISSUER + ".evil.example"),
    "for another client": lambda: token(aud="another"),
    "for nobody": lambda: token(aud=None),
    "for several, of which another asked": lambda: token(aud=["hub", "x"], azp="x"),
    "for several, and who asked is not said": lambda: token(aud=["hub", "x"]),
    "for us, asked by another": lambda: token(azp="x"),
    "expired": lambda: token(exp=NOW - 61),
    "without expiry": lambda: token(exp=None),
    "an expiry that is no number": lambda: token(exp="tomorrow"),
    "of the future": lambda: token(iat=NOW + 3600),
    "not yet valid": lambda: token(nbf=NOW + 3600),
    "with another nonce": lambda: token(nonce="another"),
    "without nonce": lambda: token(nonce=None),
    "a nonce that is no text": lambda: token(nonce=["n0nce"]),
    "of another key": lambda: token(OTHER),
    "of a key that is not published": lambda: token(OTHER, kid="k9"),
    "unsigned": unsigned,
    "signed with the published key as a secret": confused,
    "with another body": swapped,
    "without subject": lambda: token(sub=None),
    "with an empty subject": lambda: token(sub=""),
    "with a subject too long": lambda: token(sub="x" * 256),
    "a subject that is no text": lambda: token(sub=7),
    "nonsense": lambda: "a.b.c",
    "nothing": lambda: "",
}


@pytest.mark.parametrize("name", FOREIGN)
def test_a_foreign_token_is_refused(name: str) -> None:
    with pytest.raises(NotSignedIn):
        check(FOREIGN[name]())


def test_a_tokens_hash_of_the_access_token_must_fit() -> None:
    with pytest.raises(NotSignedIn):
        check_id_token(token(at_hash="AAAA"), JWKS, PROVIDER, "n0nce", "the access token", NOW * SECOND)


DESCRIBED = {"issuer": ISSUER, "authorization_endpoint": f"{ISSUER}/a", "token_endpoint": f"{ISSUER}/t",
             "jwks_uri": f"{ISSUER}/k"}  # fmt: skip


@pytest.mark.parametrize("changed", [{"issuer": "https://evil.example"}, {"token_endpoint": None}, {"jwks_uri": 7},
                                     {"authorization_endpoint": "javascript:alert(1)"}, {"issuer": ISSUER + "/"}])
def test_a_description_is_the_issuers_own(changed: dict[str, Any]) -> None:
    assert read_description(json.dumps(DESCRIBED).encode(), ISSUER).token == f"{ISSUER}/t"
    with pytest.raises(Unavailable):
        read_description(json.dumps({**DESCRIBED, **changed}).encode(), ISSUER)
    for nonsense in (b"", b"[]", b"{", b"x" * 300_000):
        with pytest.raises(Unavailable):
            read_description(nonsense, ISSUER)


# The edge


def service(home: str, addresses: list[str], answer: tuple[int, bytes] = (200, b"{}"),
            ) -> tuple[HttpService, list[httpx.Request]]:
    asked: list[httpx.Request] = []

    def answers(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        headers = {"Location": "http://10.0.0.1/"} if answer[0] == 302 else {}
        return httpx.Response(answer[0], headers=headers, stream=httpx.ByteStream(answer[1]))

    return HttpService(home, lambda host, port: addresses, httpx.MockTransport(answers)), asked


def test_the_named_provider_may_be_inside_and_others_may_not() -> None:
    inside, asked = service("https://id.internal.example", ["10.0.0.7"])
    assert inside.get("https://id.internal.example/keys") == b"{}"
    for url in ("https://metadata.example/keys", "https://id.internal.example:8443/keys",
                "https://id.internal.example.evil.example/"):
        with pytest.raises(NotAllowed):
            inside.get(url)
    assert [str(request.url) for request in asked] == ["https://id.internal.example/keys"]


@pytest.mark.parametrize("url", ["http://keys.example/", "ftp://id.example/", "//id.example/", "file:///etc/passwd", "",
                                 "http://id.example/keys", "https://[::1", "https://user:pw@keys.example/"])
def test_what_is_not_https_is_not_asked(url: str) -> None:
    door, asked = service(ISSUER, ["192.0.2.1"])
    with pytest.raises(FusionCellError):
        door.get(url)
    assert asked == []


def test_a_provider_without_https_is_asked_on_this_machine_alone() -> None:
    assert service("http://127.0.0.1:9", [])[0].get("http://127.0.0.1:9/x") == b"{}"
    with pytest.raises(NotAllowed):
        service("http://id.example", ["93.184.216.34"])[0].get("http://id.example/x")


def test_another_public_address_is_asked_by_the_number_that_was_checked() -> None:
    door, asked = service(ISSUER, ["93.184.216.34"])
    door.post("https://token.example/t?x=1", {"code": "c"}, "hub", "a b")
    assert str(asked[0].url) == "https://93.184.216.34/t?x=1"
    assert asked[0].headers["host"] == "token.example"
    assert asked[0].extensions["sni_hostname"] == "token.example"
    assert asked[0].headers["authorization"] == "Basic aHViOmElMjBi"


@pytest.mark.parametrize("answer", [(302, b""), (500, b"{}"), (200, b"x" * 300_000)])
def test_redirects_errors_and_floods_are_no_answer(answer: tuple[int, bytes]) -> None:
    door, asked = service(ISSUER, ["93.184.216.34"], answer)
    with pytest.raises(Unavailable):
        door.get(f"{ISSUER}/keys")
    assert len(asked) == 1
