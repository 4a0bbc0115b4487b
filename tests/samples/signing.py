"""Samples of the sign-in and account pages."""

from __future__ import annotations

from typing import Any

import segno

from fusioncell.kernel.clock import DAY, HOUR
from fusioncell.members.signing import SCOPE_WORDS, Methods
from samples.pages import NOW, shell

HERE = {"usable": True, "address": None}
ELSEWHERE = {"usable": False, "address": "http://localhost:8080"}
NOWHERE = {"usable": False, "address": None}
SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
VISITOR: dict[str, Any] = {"viewer": None, "nav": set(), "here": ""}
SIGN_IN = {"form": {"email": "", "next": "/"}, "passkeys": HERE, "provider": None, "roles": []}
WRONG = [{"field": "code", "text": "The code is not right, or was used before. Wait for the next one and try again."}]

ME = {
    "name": "Ada Okafor",
    "email": "ada@works.example",
    "org": "Ministry of Works",
    "roles": ["analyst"],
    "groups": ["Finance exchange"],
}
KEYS = [
    {
        "id": "7f31c0de7f31c0de",
        "role": "member, siem",
        "scopes": [],
        "made": NOW - 40 * DAY,
        "expires": NOW + 50 * DAY,
        "used": NOW - NOW % DAY,
        "revoke_url": "/account/keys/7f31c0de7f31c0de/revoke",
    },
    {
        "id": "90aa90aa90aa90aa",
        "role": "reader, dashboard",
        "scopes": ["search", "match lists of values"],
        "made": NOW - 2 * DAY,
        "expires": NOW + 28 * DAY,
        "used": None,
        "revoke_url": None,
    },
]
KEY_FORM = {
    "roles": ["analyst", "member", "reader"],
    "days": (30, 90, 365),
    "scopes": [{"name": name, "words": words} for name, words in list(SCOPE_WORDS.items())[:8]],
}
MINE: dict[str, Any] = {
    "passkeys": {
        **HERE,
        "list": [{"label": "work laptop", "made": NOW - 12 * DAY, "end_url": "/account/passkeys/abc/end"}],
    },
    "methods": Methods(True, True, 9),
    "provider": "the ministry's account",
    "accounts": [{"label": "ada@works.example", "issuer": "https://id.works.example", "subject": "248289761001"}],
    "sessions": [
        {"method": "a passkey", "made": NOW - HOUR, "seen": NOW - NOW % DAY, "this": True, "end_url": "/x"},
        {"method": "a one-time link", "made": NOW - 9 * HOUR, "seen": NOW - NOW % DAY, "this": False, "end_url": "/y"},
    ],
    "own_keys": KEYS,
    "key_form": KEY_FORM,
    "events": [
        {"at": NOW - HOUR, "words": "Signed in", "detail": "a passkey"},
        {"at": NOW - 2 * DAY, "words": "A passkey was added", "detail": "work laptop"},
        {"at": NOW - 3 * DAY, "words": "The password was set", "detail": ""},
    ],
}
FRESH: dict[str, Any] = {
    "passkeys": {**ELSEWHERE, "list": []},
    "methods": Methods(False, False, 0),
    "provider": None,
    "accounts": [],
    "sessions": MINE["sessions"][:1],
    "own_keys": [],
    "key_form": KEY_FORM,
    "events": [],
}
LABEL_WRONG = [{"field": "label", "text": "The label is empty. Give it a name."}]

PAGES: dict[str, tuple[str, dict[str, Any]]] = {
    "sign-in": (
        "sign_in.html",
        {
            "shell": shell(**VISITOR),
            **SIGN_IN,
            "provider": "the ministry's account",
            "roles": [
                {"name": "Ada Okafor", "org": "Ministry of Works", "role": "analyst", "href": "/sign-in/link/demo/1"},
                {"name": "Jon Berg", "org": "Northern Broadband", "role": "provider", "href": "/sign-in/link/demo/2"},
            ],
        },
    ),
    "sign-in-wrong": (
        "sign_in.html",
        {
            "shell": shell(
                **VISITOR,
                demo=False,
                errors=[{"field": "password", "text": "This address and password do not belong together"}],
            ),
            **SIGN_IN,
            "form": {"email": "ada@works.example", "next": "/shield"},
            "passkeys": ELSEWHERE,
        },
    ),
    "sign-in-plain": ("sign_in.html", {"shell": shell(**VISITOR, demo=False), **SIGN_IN, "passkeys": NOWHERE}),
    "sign-in-code": (
        "sign_in_code.html",
        {"shell": shell(**VISITOR, demo=False), "form": {"state": "s3aled", "next": "/"}},
    ),
    "sign-in-code-wrong": (
        "sign_in_code.html",
        {"shell": shell(**VISITOR, demo=False, errors=WRONG), "form": {"state": "s3aled", "next": "/"}},
    ),
    "sign-in-recovery": (
        "sign_in_recovery.html",
        {"shell": shell(**VISITOR, demo=False), "form": {"email": "", "next": "/"}},
    ),
    "account": ("account.html", {"shell": shell(here="account"), "me": ME, "mine": MINE, "org_keys": KEYS}),
    "account-wrong": (
        "account.html",
        {"shell": shell(here="account", errors=LABEL_WRONG), "me": ME, "mine": MINE, "org_keys": KEYS},
    ),
    "account-empty": (
        "account.html",
        {
            "shell": shell(here="account"),
            "me": {**ME, "roles": [], "groups": []},
            "mine": FRESH,
            "org_keys": [],
        },
    ),
    "account-key": ("account.html", {"shell": shell(here="account"), "me": ME, "mine": None, "org_keys": KEYS}),
    "account-app": (
        "account_app.html",
        {
            "shell": shell(here="account"),
            "app": {
                "secret": SECRET,
                "picture": segno.make(f"otpauth://totp/Fusion%20Cell:ada?secret={SECRET}").svg_data_uri(light="#fff"),
            },
        },
    ),
    "account-codes": (
        "account_once.html",
        {
            "shell": shell(here="account"),
            "once": {"codes": [f"k7q{n}-9xbd-m4tw-c3ha" for n in range(10)], "key": None, "label": ""},
        },
    ),
    "account-fresh-key": (
        "account_once.html",
        {"shell": shell(here="account"), "once": {"codes": [], "key": "fc_5f2e0c9a7b1d4e88_a1c3", "label": "siem"}},
    ),
    "account-provider": (
        "account_provider.html",
        {"shell": shell(here="account"), "go": {"url": "https://id.works.example/a", "name": "the ministry's account"}},
    ),
}
