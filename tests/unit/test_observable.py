"""Observables: canonical values, refanging, guesses, STIX ids, keys, public suffixes."""

from __future__ import annotations

import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fusioncell.kernel.observable import (
    TYPE_CODES,
    TYPES_BY_CODE,
    BadValue,
    Observable,
    ObservableType,
    canonical,
    defang,
    guess,
    is_mixed_script,
    is_public_suffix,
    is_tld,
    key64,
    key64_of,
    parents,
    refang,
    registered_domain,
    sco,
    sco_id,
    stix_type,
    type_named,
)

T = ObservableType

GOOD = {
    "ipv4 plain": (T.IPV4, "192.0.2.1", T.IPV4, "192.0.2.1"),
    "ipv4 defanged": (T.IPV4, " 192[.]0[.]2[.]1 ", T.IPV4, "192.0.2.1"),
    "ipv4 asked, ipv6 given": (T.IPV4, "2001:DB8:0:0::1", T.IPV6, "2001:db8::1"),
    "ipv4 asked, network given": (T.IPV4, "192.0.2.9/24", T.CIDR, "192.0.2.0/24"),
    "ipv6 longest run compressed": (T.IPV6, "2001:0:0:1:0:0:0:1", T.IPV6, "2001:0:0:1::1"),
    "ipv6 single zero group kept": (T.IPV6, "2001:db8:0:1:1:1:1:1", T.IPV6, "2001:db8:0:1:1:1:1:1"),
    "ipv6 mapped": (T.IPV6, "::FFFF:192.0.2.1", T.IPV4, "192.0.2.1"),
    "ipv6 compatible is not dotted": (T.IPV6, "::1.2.3.4", T.IPV6, "::102:304"),
    "ipv6 in brackets": (T.IPV6, "[2001:db8::1]", T.IPV6, "2001:db8::1"),
    "ipv6 defanged": (T.IPV6, "2001[:]db8[:][:]1", T.IPV6, "2001:db8::1"),
    "cidr host bits": (T.CIDR, "10.1.2.3/8", T.CIDR, "10.0.0.0/8"),
    "cidr of one": (T.CIDR, "10.1.2.3/32", T.IPV4, "10.1.2.3"),
    "cidr v6 of one": (T.CIDR, "2001:db8::1/128", T.IPV6, "2001:db8::1"),
    "cidr v6": (T.CIDR, "2001:DB8::1/32", T.CIDR, "2001:db8::/32"),
    "cidr mapped": (T.CIDR, "::ffff:10.1.2.3/104", T.CIDR, "10.0.0.0/8"),
    "domain case and dot": (T.DOMAIN, "WWW.Example.COM.", T.DOMAIN, "www.example.com"),
    "domain defanged": (T.DOMAIN, "evil[.]example(dot)com", T.DOMAIN, "evil.example.com"),
    "domain idn": (T.DOMAIN, "München.de", T.DOMAIN, "xn--mnchen-3ya.de"),
    "domain sharp s is not ss": (T.DOMAIN, "faß.de", T.DOMAIN, "xn--fa-hia.de"),
    "domain full-width": (T.DOMAIN, "ｅxample.com", T.DOMAIN, "example.com"),
    "domain ideographic stop": (T.DOMAIN, "例え。jp", T.DOMAIN, "xn--r8jz45g.jp"),
    "domain homograph survives": (T.DOMAIN, "p\u0430ypal.com", T.DOMAIN, "xn--pypal-4ve.com"),
    "domain underscore": (T.DOMAIN, "_dmarc.example.com", T.DOMAIN, "_dmarc.example.com"),
    "domain label of 63": (T.DOMAIN, "a" * 63 + ".com", T.DOMAIN, "a" * 63 + ".com"),
    "domain that is an address": (T.DOMAIN, "192.0.2.1", T.IPV4, "192.0.2.1"),
    "onion": (T.DOMAIN, "a" * 56 + ".onion", T.DOMAIN, "a" * 56 + ".onion"),
    "url": (T.URL, "HTTP://Example.COM:80/A/../b?Q=1#f", T.URL, "http://example.com/b?Q=1#f"),
    "url defanged": (T.URL, "hxxps[:]//evil[.]example/a[.]php", T.URL, "https://evil.example/a.php"),
    "url defanged separator": (T.URL, "hXXp[://]evil[.]example", T.URL, "http://evil.example/"),
    "url credentials kept": (T.URL, "ftp://u:p@h.example/x", T.URL, "ftp://u:p@h.example/x"),
    "url numeric host": (T.URL, "http://0x7f.1/", T.URL, "http://127.0.0.1/"),
    "url idn": (T.URL, "https://münchen.de/ü", T.URL, "https://xn--mnchen-3ya.de/%C3%BC"),
    "url ipv6": (T.URL, "http://[2001:DB8::1]:8080/", T.URL, "http://[2001:db8::1]:8080/"),
    "url brackets in the query stay": (T.URL, "http://a.example/?x=(.)", T.URL, "http://a.example/?x=(.)"),
    "email": (T.EMAIL, "John.Doe@Example.COM", T.EMAIL, "john.doe@example.com"),
    "email defanged": (T.EMAIL, "bad[at]evil[.]example", T.EMAIL, "bad@evil.example"),
    "email mailto": (T.EMAIL, "<mailto:a@b.example>".replace("<", "").replace(">", ""), T.EMAIL, "a@b.example"),
    "md5 upper": (T.MD5, "D41D8CD98F00B204E9800998ECF8427E", T.MD5, "d41d8cd98f00b204e9800998ecf8427e"),
    "x509 with colons": (T.X509_SHA1, ":".join(["AB"] * 20), T.X509_SHA1, "ab" * 20),
    "cve": (T.VULNERABILITY, "cve-2024-12345", T.VULNERABILITY, "CVE-2024-12345"),
    "asn": (T.ASN, "AS064512", T.ASN, "64512"),
    "asn bare": (T.ASN, "4294967295", T.ASN, "4294967295"),
    "mac": (T.MAC, "D2-FB-49-24-37-18", T.MAC, "d2:fb:49:24:37:18"),
    "mac cisco": (T.MAC, "d2fb.4924.3718", T.MAC, "d2:fb:49:24:37:18"),
    "iban": (T.IBAN, "GB82 WEST 1234 5698 7654 32", T.IBAN, "GB82WEST12345698765432"),
    "btc bech32": (T.BTC, "BC1QAR0SRRR7XFKVY5L643LYDNW9RE59GTZZWF5MDQ", T.BTC,
                   "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq"),
    "registry": (T.REGISTRY_KEY, "hklm\\\\Software\\Run\\", T.REGISTRY_KEY, "HKEY_LOCAL_MACHINE\\Software\\Run"),
    "phone": (T.PHONE, "0044 (20) 7946-0000", T.PHONE, "+442079460000"),
    "filename is never refanged": (T.FILENAME, "a[.]exe", T.FILENAME, "a[.]exe"),
    "filename right-to-left override kept": (T.FILENAME, "x\u202egpj.exe", T.FILENAME, "x\u202egpj.exe"),
    "port": (T.PORT, "00443", T.PORT, "443"),
}

BAD = {
    "ipv4 leading zero": (T.IPV4, "192.0.2.01"),
    "ipv4 octet": (T.IPV4, "192.0.2.256"),
    "ipv4 short": (T.IPV4, "192.0.2"),
    "ipv6 zone": (T.IPV6, "fe80::1%eth0"),
    "ipv6 NUL": (T.IPV6, "::1\0"),
    "cidr length": (T.CIDR, "192.0.2.0/33"),
    "cidr signed": (T.CIDR, "192.0.2.0/+8"),
    "domain single label": (T.DOMAIN, "localhost"),
    "domain empty label": (T.DOMAIN, "a..example.com"),
    "domain leading dot": (T.DOMAIN, ".example.com"),
    "domain label of 64": (T.DOMAIN, "a" * 64 + ".com"),
    "domain of 254": (T.DOMAIN, ".".join(["a" * 62] * 4) + ".com"),
    "domain idn label over 63": (T.DOMAIN, "ü" * 60 + ".com"),
    "domain wildcard": (T.DOMAIN, "*.example.com"),
    "domain blank": (T.DOMAIN, "exa mple.com"),
    "domain slash": (T.DOMAIN, "example.com/x"),
    "domain percent": (T.DOMAIN, "ex%41mple.com"),
    "domain number in disguise": (T.DOMAIN, "0x7f.1"),
    "domain numeric top": (T.DOMAIN, "1.2.3.4.5"),
    "domain at": (T.DOMAIN, "a@example.com"),
    "domain newline": (T.DOMAIN, "exa\nmple.com"),
    "url without scheme": (T.URL, "example.com/x"),
    "url without host": (T.URL, "http://"),
    "url of a file": (T.URL, "file:///etc/passwd"),
    "url script": (T.URL, "javascript:alert(1)"),
    "url tab": (T.URL, "http://exa\tmple.com/"),
    "url long": (T.URL, "http://a.example/" + "x" * 9000),
    "url grows over the bound": (T.URL, "http://a.example/" + "ü" * 4000),
    "email two at": (T.EMAIL, "a@b@c.example"),
    "email no domain": (T.EMAIL, "a@"),
    "email single label": (T.EMAIL, "a@localhost"),
    "md5 length": (T.MD5, "d41d8cd98f00b204e9800998ecf8427"),
    "md5 letters": (T.MD5, "z" * 32),
    "cve": (T.VULNERABILITY, "CVE-24-1"),
    "asn range": (T.ASN, "4294967296"),
    "asn other digits": (T.ASN, "٣"),
    "iban check digits": (T.IBAN, "GB83WEST12345698765432"),
    "port range": (T.PORT, "65536"),
    "empty": (T.MUTEX, "  "),
    "surrogate": (T.FILENAME, "a\ud800b"),
    "escape": (T.USER_AGENT, "a\x1b[31m"),
}


@pytest.mark.parametrize("row", GOOD.values(), ids=GOOD.keys())
def test_canonical(row: tuple[ObservableType, str, ObservableType, str]) -> None:
    asked, raw, type, value = row
    assert canonical(asked, raw) == Observable(type, value)


@pytest.mark.parametrize("row", BAD.values(), ids=BAD.keys())
def test_refused_with_a_reason(row: tuple[ObservableType, str]) -> None:
    with pytest.raises(BadValue) as caught:
        canonical(*row)
    reason = str(caught.value)
    assert reason and reason.isprintable() and len(reason) < 250


def test_codes_are_complete_and_never_renumbered() -> None:
    assert set(TYPE_CODES) == set(ObservableType)
    assert len(TYPES_BY_CODE) == len(TYPE_CODES)
    frozen = {T.IPV4: 1, T.IPV6: 2, T.CIDR: 3, T.DOMAIN: 4, T.URL: 5, T.EMAIL: 6, T.MD5: 7, T.SHA1: 8, T.SHA256: 9,
              T.SHA512: 10, T.ASN: 38, T.VULNERABILITY: 39, T.FILENAME: 43, T.PAYMENT: 80, T.OTHER: 255}
    assert {type: TYPE_CODES[type] for type in frozen} == frozen


SEEDS = st.sampled_from([row[1] for row in GOOD.values()] + [row[1] for row in BAD.values()])
PIECES = st.lists(st.sampled_from([
    "evil", "example", "com", ".", "[.]", "(.)", "[", "]", "(", ")", "{", "}", "dot", "at", "@", "[at]", ":", "/", "//",
    "http", "hxxp", "hxxps", "://", "[:]", "[/]", "?", "#", "%2e", "%", "\\", "\\.", "1", "0", "::", "xn--", "ü", "ß",
    "İ", "K", "\u0430", "。", "-", "_", "*", " ", "<", ">", "|", "ffff", "32", "AS", "CVE-2024-1", "\u200d", "\u0301",
]), max_size=14).map("".join)
ANYTHING = st.one_of(SEEDS, PIECES, st.text(max_size=40), st.text(string.printable, max_size=40))


@settings(max_examples=400, deadline=None)
@given(st.sampled_from(list(ObservableType)), ANYTHING)
def test_canonical_is_idempotent_or_refused(type: ObservableType, raw: str) -> None:
    try:
        once = canonical(type, raw)
    except BadValue:
        return
    assert canonical(once.type, once.value) == once
    once.value.encode()


@settings(max_examples=400, deadline=None)
@given(st.sampled_from([T.IPV4, T.IPV6, T.CIDR, T.DOMAIN, T.URL, T.EMAIL]), ANYTHING)
def test_a_network_value_survives_defanging(type: ObservableType, raw: str) -> None:
    try:
        plain = canonical(type, raw)
    except BadValue:
        return
    assert canonical(plain.type, defang(plain.value)) == plain


@settings(max_examples=300, deadline=None)
@given(ANYTHING)
def test_guess_never_raises(raw: str) -> None:
    found = guess(raw)
    assert found is None or canonical(found.type, found.value) == found


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 2**128 - 1), st.integers(0, 128))
def test_addresses_agree_with_the_standard_library(number: int, prefix: int) -> None:
    import ipaddress

    address = ipaddress.IPv6Address(number)
    expected = str(address.ipv4_mapped or address)
    assert canonical(T.IPV6, address.exploded).value == expected
    if not address.ipv4_mapped and prefix < 96:
        network = canonical(T.CIDR, f"{address}/{prefix}")
        assert network.value == str(ipaddress.IPv6Network((number, prefix), strict=False))


@settings(max_examples=400, deadline=None)
@given(st.sampled_from(["http", "https"]), st.text("abz019-_.", max_size=24),
       st.text("aZ02./?&=:@-_~!$()*+,;%2eE#'|", max_size=30))
def test_urls_are_what_the_whatwg_parser_makes_of_them(scheme: str, host: str, path: str) -> None:
    import ada_url

    raw = f"{scheme}://{host}{path}"
    try:
        found = canonical(T.URL, raw)
    except BadValue:
        return
    assert found.value == ada_url.normalize_url(raw)


GUESSES = {
    "hxxps[:]//evil[.]com/a[.]php": (T.URL, "https://evil.com/a.php"),
    "evil dot example dot com": (T.DOMAIN, "evil.example.com"),
    "evil{.}com": (T.DOMAIN, "evil.com"),
    "evil[.com": (T.DOMAIN, "evil.com"),
    "a[at]evil(dot)com": (T.EMAIL, "a@evil.com"),
    "a [@] evil [.] com": (T.EMAIL, "a@evil.com"),
    "1[.]2[.]3[.]4": (T.IPV4, "1.2.3.4"),
    "1.2.3.4:443": (T.IPV4, "1.2.3.4"),
    "[2001:db8::1]:443": (T.IPV6, "2001:db8::1"),
    "1.2.3.0/24": (T.CIDR, "1.2.3.0/24"),
    "AS64512": (T.ASN, "64512"),
    "cve-2024-12345": (T.VULNERABILITY, "CVE-2024-12345"),
    "A" * 64: (T.SHA256, "a" * 64),
    '"EXAMPLE.com."': (T.DOMAIN, "example.com"),
    "evil.com:8080": (T.DOMAIN, "evil.com"),
    "evil.com/path": (T.URL, "http://evil.com/path"),
    "invoice.zip": (T.FILENAME, "invoice.zip"),
    "HKLM\\Software\\X": (T.REGISTRY_KEY, "HKEY_LOCAL_MACHINE\\Software\\X"),
    "GB82 WEST 1234 5698 7654 32": (T.IBAN, "GB82WEST12345698765432"),
}


@pytest.mark.parametrize("raw", GUESSES)
def test_guess(raw: str) -> None:
    assert guess(raw) == Observable(*GUESSES[raw])


@pytest.mark.parametrize("raw", ["", "  ", "hello world", "phishing", "1.2.3", "e.g", "x" * 10_000, "\0",
                                 "http://evil[.]example/login is a phishing site",
                                 "https://evil.example/a, https://evil.example/b"])  # fmt: skip
def test_guess_leaves_words_alone(raw: str) -> None:
    assert guess(raw) is None


def test_refang_leaves_plain_text_and_urls_alone() -> None:
    for text in ("example.com", "https://example.com/a(b)[c]?d={e}", "a@b.example", "192.0.2.1", "(c) 2024"):
        assert refang(text) == text


def test_defang_breaks_every_link() -> None:
    assert defang("https://evil.example/a.php") == "hxxps[:]//evil[.]example/a.php"
    assert defang("evil.example") == "evil[.]example"
    assert defang("a@evil.example") == "a[@]evil[.]example"
    assert defang("2001:db8::1") == "2001[:]db8[:][:]1"
    assert defang("d41d8cd98f00b204e9800998ecf8427e") == "d41d8cd98f00b204e9800998ecf8427e"


NAMES = {
    "ip": T.IPV4, "ip-src": T.IPV4, "ipv6": T.IPV6, "hostname": T.DOMAIN, "Domain": T.DOMAIN, "email-dst": T.EMAIL,
    "SHA-256": T.SHA256, "sha256": T.SHA256, "file:hashes.MD5": T.MD5, "file:hashes.'SHA-256'": T.SHA256,
    "ipv4-addr:value": T.IPV4, "AS": T.ASN, "asn": T.ASN, "cve": T.VULNERABILITY, "uri": T.URL, "link": T.URL,
    "mac-address": T.MAC, "sha512/224": T.SHA512_224, "sha3-256": T.SHA3_256,
}


@pytest.mark.parametrize("name", NAMES)
def test_type_named(name: str) -> None:
    assert type_named(name) is NAMES[name]


def test_every_type_is_named_by_its_own_value() -> None:
    for type in ObservableType:
        assert type_named(type.value) is type


@pytest.mark.parametrize("name", ["", "nonsense", "file:hashes.", "md55", "\0"])
def test_unknown_type_names_are_refused(name: str) -> None:
    with pytest.raises(BadValue):
        type_named(name)


STIX_IDS = {  # minted by the stix2 library, 3.0.2
    (T.IPV4, "198.51.100.3"): "ipv4-addr--28bb3599-77cd-5a82-a950-b5bc3caf07c4",
    (T.CIDR, "198.51.100.0/24"): "ipv4-addr--1ea47840-aa39-5aa8-b4a2-cd203eb6662a",
    (T.IPV6, "2001:db8::1"): "ipv6-addr--6469e3a9-b053-5e34-a025-9396ae051d26",
    (T.DOMAIN, "example.com"): "domain-name--bedb4899-d24b-5401-bc86-8f6b4cc18ec7",
    (T.URL, "https://example.com/research/index.html"): "url--47c3cf9a-5027-5bf0-997a-017c7edc7c55",
    (T.EMAIL, "john@example.com"): "email-addr--7165e2a9-671f-585d-b1e1-ca59c671d934",
    (T.MAC, "d2:fb:49:24:37:18"): "mac-addr--757b1725-9903-54f5-a855-1240691d7659",
    (T.ASN, "15139"): "autonomous-system--3aa27478-50b5-5ab8-9da9-cdc12b657fff",
    (T.MUTEX, "__CLEANSWEEP__"): "mutex--f93fe911-e545-5239-b9b0-597840d0c871",
    (T.DIRECTORY, "C:\\Windows\\System32"): "directory--0a58d0c1-59e6-5afd-8252-dcd3f13e5622",
    (T.REGISTRY_KEY, "HKEY_LOCAL_MACHINE\\System\\Foo\\Bar"):
        "windows-registry-key--1884b770-b679-522a-a9c7-45fadaaec7bb",
    (T.SHA256, "a" * 64): "file--75cb38d5-2055-5354-b75a-8299a2d670b5",
    (T.MD5, "a" * 32): "file--5e2c1e38-1672-579d-beda-536a486bf06f",
    (T.X509_SHA1, "b" * 40): "x509-certificate--a3cdf63a-5e8d-5e56-a0bf-1442cb7c8d0a",
    (T.USER_ACCOUNT, "x"): "user-account--0c0c00e7-c2c4-50ae-9323-7667669ae501",
}


@pytest.mark.parametrize(("key", "expected"), STIX_IDS.items())
def test_stix_ids_are_those_of_the_stix2_library(key: tuple[ObservableType, str], expected: str) -> None:
    assert sco_id(canonical(*key)) == expected


def test_sco_carries_what_made_its_id() -> None:
    made = sco(canonical(T.SHA256, "A" * 64))
    assert made is not None and made["hashes"] == {"SHA-256": "a" * 64} and made["type"] == "file"
    assert made["id"] == sco_id(Observable(T.SHA256, "a" * 64))
    assert sco(canonical(T.ASN, "AS15139")) == {
        "type": "autonomous-system", "spec_version": "2.1", "number": 15139,
        "id": "autonomous-system--3aa27478-50b5-5ab8-9da9-cdc12b657fff"}
    assert sco(canonical(T.PORT, "443")) is None and stix_type(T.PORT) is None


def test_key64_is_a_stable_signed_64_bit_number() -> None:
    one = Observable(T.DOMAIN, "example.com")
    assert key64(one) == key64_of(4, "example.com") == 5852707927573610415
    assert all(-2**63 <= key64_of(4, f"{n}.example") < 2**63 for n in range(200))
    assert any(key64_of(4, f"{n}.example") > 0 for n in range(200))
    assert key64(Observable(T.URL, "example.com")) != key64(one)


def test_public_suffixes() -> None:
    assert registered_domain("a.b.example.co.uk") == "example.co.uk"
    assert parents("a.b.example.co.uk") == ["b.example.co.uk", "example.co.uk"]
    assert registered_domain("co.uk") is None and parents("co.uk") == [] and is_public_suffix("co.uk")
    assert registered_domain("evil.github.io") == "evil.github.io" and is_public_suffix("github.io")
    assert parents("example.com") == []
    assert is_tld("com") and is_tld("xn--p1ai") and is_tld("onion") and not is_tld("exe") and not is_tld("co.uk")


def test_mixed_scripts_are_flagged() -> None:
    assert is_mixed_script("xn--pypal-4ve.com") and is_mixed_script("p\u0430ypal.com")
    for name in ("example.com", "xn--mnchen-3ya.de", "xn--r8jz45g.jp", "пример.рф", "東京tower.jp"):
        assert not is_mixed_script(name)
