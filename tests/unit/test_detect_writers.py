"""Exporters: nothing that a value holds can become a rule, a record, a row or a line of its own.

The table of attacks goes through every form; each form is read back by an independent reader where there is one
(csv, json, dnspython, suricataparser), else by its own grammar's separators.
"""

from __future__ import annotations

import base64
import csv
import io
import ipaddress
import json
import re
import shutil
import subprocess
from pathlib import Path

import dns.zone
import pytest
import suricataparser
from hypothesis import given, settings
from hypothesis import strategies as st

from fusioncell.exchange.detect.contributed import write_rules
from fusioncell.exchange.detect.formats import FORMATS, Format
from fusioncell.exchange.detect.model import SHAPES, TYPES, Rows, types_of
from fusioncell.exchange.detect.rules import MAX_CONTENT, SID_BASE, SID_SPAN, content, sids, write_dataset_rules
from fusioncell.exchange.detect.text import SERIAL, About, joined, rpz_ip
from fusioncell.kernel.errors import BadInput
from fusioncell.kernel.observable import TYPE_CODES, BadValue, ObservableType, canonical, key64_of

T = ObservableType
ABOUT = About("https://hub.example", "x")
DAY = 20_800
VALUE_FORMS = [form for form in FORMATS.values() if not form.rules and not form.fixed]

ATTACKS = {
    "newline": "evil.example\nalert ip any any -> any any (sid:1;)",
    "carriage return": "evil.example\r0.0.0.0 bank.example",
    "quote": 'evil.example"; sid:2; content:"',
    "single quote": "evil.example' or '1'='1",
    "tab": "evil.example\tIntel::ADDR\tx",
    "equals": "=cmd|' /C calc'!A0",
    "plus": "+evil.example",
    "at": "@SUM(1+1)*cmd|'/C calc'!A0",
    "minus": "-evil.example",
    "semicolon": "evil.example; drop",
    "pipe": "evil.example|0a|",
    "backslash": "evil.example\\x09y",
    "percent": "evil.example%0aSet-Cookie",
    "hash": "#evil.example",
    "dollar": "$INCLUDE /etc/passwd",
    "parenthesis": "evil.example ) ( ",
    "brace": "evil.example } delete table inet filter {",
    "comma": "evil.example,bank.example",
    "nul": "evil.example\0",
    "escape": "evil.example\x1b[2J",
    "line separator": "evil.example\u2028x",
    "right-to-left": "evil\u202eexample.example",
    "not ascii": "b\u00fccher.example",
    "homograph": "\u0430pple.example",
    "wildcard": "*.example",
    "root": ".",
    "at sign of a zone": "@",
    "rpz trigger": "32.1.0.0.127.rpz-ip",
    "long label": "a" * 64 + ".example",
    "serial": SERIAL + ".example",
    "url with all": "http://evil.example/a\"b;c|d\\e'f%0ag=h(i)j,k#l m?n=o\tp",
    "url of another scheme": "x-y://evil.example/\"';|\\%\u00e9",
    "url with credentials": "http://user:pass;\"@evil.example/",
    "mailbox": "=1+1|x'y%z@evil.example",
    "address": "1.2.3.4; drop",
    "network": "1.2.3.0/24\n0.0.0.0/0",
    "digest": "d41d8cd98f00b204e9800998ecf8427e\n",
}


def rows_of(pairs: list[tuple[ObservableType, str]]) -> Rows:
    """Make rows as the service does: of what has its type's shape."""
    kept = sorted({(TYPE_CODES[t], v) for t, v in pairs if (s := SHAPES.get(TYPE_CODES[t])) and s.match(v)})
    return Rows([c for c, _ in kept], [v for _, v in kept], [0.75] * len(kept), [DAY] * len(kept),
                [key64_of(c, v) for c, v in kept])  # fmt: skip


def held(form: Format, rows: Rows) -> Rows:
    """Keep the rows whose types the form holds; one type only where it takes one."""
    types = [TYPE_CODES[t] for t in sorted(form.chosen(frozenset()) if form.one_type else form.types)]
    at = [i for i, code in enumerate(rows.codes) if code in types]
    return Rows([rows.codes[i] for i in at], [rows.values[i] for i in at], [rows.malicious[i] for i in at],
                [rows.days[i] for i in at], [rows.keys[i] for i in at])  # fmt: skip


def canonicals(raw: str) -> list[tuple[ObservableType, str]]:
    """Return all that a hub could ever have made of a text."""
    found = []
    for kind in TYPES:
        try:
            made = canonical(kind, raw)
        except BadValue:
            continue
        found.append((made.type, made.value))
    return found


SAFE = {
    "list": re.compile(r"[\x21-\x7e]+"),
    "csv": re.compile(r"[a-z0-9-]+,(\"[\x21-\x7e]+\"|[^=+@,\-\"\s][^,\"\s]*),[01]\.[0-9]{4},[0-9-]{10},https://hub[^\s,]+"),
    "jsonl": re.compile(r"\{\"type\":.*\}"),
    "suricata": re.compile(
        r"alert [a-z]+ any any (->|<>) [0-9a-fny.:/]+ any "
        r"\(msg:\"[A-Za-z0-9 :._/-]+\"; .*; sid:[0-9]{10}; rev:[0-9]+;\)"
    ),
    "suricata-dataset": re.compile(r"[A-Za-z0-9+/=]+"),
    "snort": re.compile(
        r"alert [a-z]+ any any (->|<>) \[?[0-9a-fny.:/]+\]? (any|53) \(msg:\"[A-Za-z0-9 :._/-]+\"; .*; rev:[0-9]+;\)"
    ),
    "zeek": re.compile(
        r"[^\t\\]+\tIntel::[A-Z_]+\tFusion Cell\tmalicious 0\.75, expires [0-9-]+\thttps://hub[^\t\\ ]+"
    ),
    "hosts": re.compile(r"0\.0\.0\.0 [a-z0-9._-]+ # expires [0-9-]+ https://hub[\x21-\x7e]+"),
    "nftables": re.compile(r"\t[0-9a-f.:/]+, # expires [0-9-]+ https://hub[\x21-\x7e]+|(add|flush) .*|\}"),
    "rpz": re.compile(r"(\*\.)?[a-z0-9._-]+ CNAME \.( ; expires [0-9-]+ https://hub[\x21-\x7e]+)?|\$TTL 300|@ .*"),
}
"""What each line of a form looks like, whatever was put in."""


def check(form: Format, rows: Rows) -> None:
    """Every line is one of ours, none more than there are values, and no byte is a control character or over 127."""
    written = form.write(rows, ABOUT)
    body = joined(written.lines)
    assert not re.search(rb"[\x00-\x08\x0b-\x1f\x7f-\xff]", body)
    ours = ("# ", "; ", "#fields", "type,")
    lines = [line for line in body.decode("ascii").split("\n")[:-1] if not line.startswith(ours)]
    for line in lines:
        assert SAFE[form.name].fullmatch(line), (form.name, line)
    if form.name not in ("nftables", "rpz"):
        assert len(lines) == len(rows.values) - written.left_out
    if form.name in ("suricata", "snort"):
        for line in lines:
            inner = re.sub(r'"[^"]*"', '""', line)
            assert inner.count("(") == inner.count(")") == 1 and inner.count("sid:") == 1 and "|0a|" not in inner


@pytest.mark.parametrize("form", VALUE_FORMS, ids=lambda form: form.name)
@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS)
def test_an_attack_stays_a_value_or_stays_out(form: Format, attack: str) -> None:
    raw = [(kind, attack) for kind in TYPES]
    for pairs in (canonicals(attack), raw):
        check(form, held(form, rows_of(pairs)))


@pytest.mark.parametrize("form", VALUE_FORMS, ids=lambda form: form.name)
@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(TYPES), st.one_of(
    st.text(max_size=60), st.text(alphabet="ab1.:/-_%;|\\\"'=@#\n\t ", max_size=40),
    st.builds("http://evil.example/{}".format, st.text(max_size=30)),
    st.builds("{}@evil.example".format, st.text(max_size=20)),
    st.ip_addresses().map(str), st.builds("{}.example".format, st.text(alphabet="abc-_.*", max_size=20)),
)), max_size=4))  # fmt: skip
def test_no_value_breaks_out(form: Format, pairs: list[tuple[ObservableType, str]]) -> None:
    made = list(pairs)
    for kind, raw in pairs:
        try:
            one = canonical(kind, raw)
            made.append((one.type, one.value))
        except BadValue:
            pass
    check(form, held(form, rows_of(made)))


GOOD = [
    (T.DOMAIN, "evil.example"), (T.DOMAIN, "xn--bcher-kva.example"), (T.DOMAIN, "under_score.evil.example"),
    (T.IPV4, "198.51.100.7"), (T.IPV6, "2001:db8::1"), (T.CIDR, "203.0.113.0/24"), (T.CIDR, "2001:db8:1::/48"),
    (T.URL, "http://evil.example/a,b?c=d;e|f&g='h'"), (T.URL, "https://198.51.100.7:8443/x"),
    (T.EMAIL, "ceo@evil.example"), (T.MD5, "d41d8cd98f00b204e9800998ecf8427e"), (T.SHA1, "a" * 40),
    (T.SHA256, "b" * 64), (T.JA3, "e" * 32), (T.X509_SHA1, "c" * 40), (T.JARM, "d" * 62),
]  # fmt: skip


def written(name: str) -> str:
    form = FORMATS[name]
    return joined(form.write(held(form, rows_of(GOOD)), ABOUT).lines).decode()


def test_csv_reads_back() -> None:
    rows = list(csv.DictReader(io.StringIO(written("csv"))))
    assert {(row["type"], row["value"]) for row in rows} == {(t.value, v) for t, v in GOOD}
    assert rows[0]["expires"] == "2026-12-13" and rows[0]["malicious"] == "0.7500"
    assert all(row["link"].startswith("https://hub.example/observables/") for row in rows)


def test_json_lines_read_back() -> None:
    rows = [json.loads(line) for line in written("jsonl").splitlines()]
    assert {(row["type"], row["value"]) for row in rows} == {(t.value, v) for t, v in GOOD}


def test_the_link_leads_to_exactly_that_value() -> None:
    link = next(r["link"] for r in map(json.loads, written("jsonl").splitlines()) if "a,b" in r["value"])
    assert link.endswith("/observables/url/http%3A%2F%2Fevil.example%2Fa%2Cb%3Fc%3Dd%3Be%7Cf%26g%3D%27h%27")


def test_suricata_rules_are_read_by_a_parser_of_its_own() -> None:
    text = written("suricata")
    found = suricataparser.parse_rules(text)
    assert len(found) == len([line for line in text.splitlines() if line.startswith("alert")]) == 11
    assert len({rule.sid for rule in found}) == 11
    for rule in found:
        assert SID_BASE <= rule.sid < SID_BASE + SID_SPAN and rule.rev == DAY and rule.enabled
        names = [option.name for option in rule.options]
        assert names[-2:] == ["sid", "rev"] and "reference" in names and "metadata" in names
        assert "expires 2026-12-13" in rule.metadata


def test_dataset_rules_are_read_and_name_the_files() -> None:
    lines = write_dataset_rules(FORMATS["suricata-dataset-rules"].types, ABOUT)
    found = suricataparser.parse_rules("\n".join(lines))
    assert len(found) == len(lines) - 1 and len({rule.sid for rule in found}) == len(found)
    assert "load fusioncell-domain-name.lst" in lines[1]
    only = write_dataset_rules(frozenset((T.SHA256,)), ABOUT)
    assert len(only) == 2 and "filesha256:fusioncell-sha256.lst" in only[1]


def test_a_dataset_of_names_is_base64() -> None:
    names = [base64.b64decode(line).decode() for line in written("suricata-dataset").splitlines()]
    assert set(names) == {v for t, v in GOOD if t is T.DOMAIN}


def test_zeek_columns() -> None:
    head, *rows = [line.split("\t") for line in written("zeek").splitlines()]
    assert head == ["#fields", "indicator", "indicator_type", "meta.source", "meta.desc", "meta.url"]
    kinds = {row[1] for row in rows}
    assert {len(row) for row in rows} == {5}
    assert kinds == {"Intel::ADDR", "Intel::SUBNET", "Intel::DOMAIN", "Intel::URL", "Intel::EMAIL", "Intel::FILE_HASH",
                     "Intel::CERT_HASH"}  # fmt: skip
    assert ["evil.example/a,b?c=d;e|f&g='h'"] == [row[0] for row in rows if row[1] == "Intel::URL" and "a,b" in row[0]]


def test_content_escapes_all_but_letters_and_digits() -> None:
    assert content("evil.example") == "evil.example"
    assert content('/a"b;c|d') == "|2f|a|22|b|3b|c|7c|d"


def test_sids_that_meet_are_put_apart_and_stay() -> None:
    made = sids([5, 5 + SID_SPAN, 6])
    assert made == [SID_BASE + 5, SID_BASE + 6, SID_BASE + 7] and sids([5])[0] == made[0]


def test_a_path_too_long_for_a_rule_is_left_out_and_counted() -> None:
    rows = rows_of([(T.URL, "http://evil.example/" + "a" * MAX_CONTENT)])
    assert FORMATS["suricata"].write(rows, ABOUT).left_out == 1


@given(st.ip_addresses())
def test_rpz_addresses_read_back(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> None:
    """As the draft has it (§4.1.2): prefix, words reversed, ``zz`` for the longest run of zeros, once."""
    labels = rpz_ip(str(address)).removesuffix(".rpz-ip").split(".")
    words = labels[:0:-1]
    assert labels[0] == str(address.max_prefixlen) and words.count("zz") <= 1
    text = ".".join(words) if address.version == 4 else ":".join("" if w == "zz" else w for w in words)
    if address.version == 6:
        text = ":" + text if words[0] == "zz" else text
        text = text + ":" if words[-1] == "zz" else text
        text = "::" if text in (":", "::") else text
    assert ipaddress.ip_address(text) == address


def test_the_zone_is_read_by_dnspython() -> None:
    zone = dns.zone.from_text(written("rpz").replace(SERIAL, "2026112201"), origin="any.name.example.", relativize=True)
    names = {name.to_text() for name in zone}
    assert {"evil.example", "*.evil.example", "xn--bcher-kva.example", "32.7.100.51.198.rpz-ip"} <= names
    assert "128.1.zz.db8.2001.rpz-ip" in names and "24.0.113.0.203.rpz-ip" in names
    assert zone.get_soa().serial == 2026112201


def tool(name: str) -> str:
    found = shutil.which(name, path="/usr/bin:/usr/sbin:/usr/local/bin:/usr/local/sbin:/bin:/sbin")
    if found is None:
        pytest.skip(f"no {name} on this machine (.ci/run installs it where it can)")
    return found


def run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_named_checkzone_accepts_the_zone(tmp_path: Path) -> None:
    checker = tool("named-checkzone")
    file = tmp_path / "fusioncell.rpz"
    file.write_text(written("rpz").replace(SERIAL, "2026112201"))
    run(checker, "-i", "local", "rpz.example", str(file))


def test_unbound_checkconf_accepts_the_zone(tmp_path: Path) -> None:
    checker = tool("unbound-checkconf")
    file = tmp_path / "fusioncell.rpz"
    file.write_text(written("rpz").replace(SERIAL, "2026112201"))
    conf = tmp_path / "unbound.conf"
    conf.write_text(
        f'server:\n  module-config: "respip validator iterator"\n  directory: "{tmp_path}"\n  chroot: ""\n'
        f'  username: ""\n  use-syslog: no\nrpz:\n  name: rpz.fusioncell\n  zonefile: "{file}"\n'
    )
    run(checker, str(conf))


def test_nft_accepts_the_sets(tmp_path: Path) -> None:
    checker = tool("nft")
    file = tmp_path / "fusioncell.nft"
    file.write_text(written("nftables"))
    done = subprocess.run([checker, "-c", "-f", str(file)], capture_output=True, text=True, timeout=60, check=False)
    if "Operation not permitted" in done.stderr or "cache initialization failed" in done.stderr:
        pytest.skip("nft may not look at the kernel's tables here")
    assert done.returncode == 0, done.stderr


def test_suricata_accepts_the_rules(tmp_path: Path) -> None:
    checker = tool("suricata")
    file = tmp_path / "fusioncell.rules"
    file.write_text(written("suricata"))
    run(checker, "-T", "-S", str(file), "-l", str(tmp_path))


def test_zeek_accepts_the_intelligence(tmp_path: Path) -> None:
    checker = tool("zeek")
    file, script = tmp_path / "fusioncell.intel", tmp_path / "load.zeek"
    file.write_text(written("zeek"))
    script.write_text(f'@load frameworks/intel/seen\nredef Intel::read_files += {{ "{file}" }};\n')
    run(checker, str(script))


def test_types_are_read_by_any_usual_name() -> None:
    assert types_of("ip, domain") == {T.IPV4, T.IPV6, T.DOMAIN} and types_of("") == frozenset()
    assert types_of("hash") == {T.MD5, T.SHA1, T.SHA256}
    for bad in ("filename", "nonsense", "domain,user-agent", "x" * 300):
        with pytest.raises(BadInput):
            types_of(bad)


def test_contributed_rules_stand_to_the_byte_and_once() -> None:
    rule = 'rule A { strings: $a = "x\\n" condition: $a }'
    parts, left_out = write_rules("yara", [("id-1", rule), ("id-2", rule), ("id-3", rule + " ")], "https://hub.example")
    text = "".join(parts)
    assert left_out == 0 and text.count("rule A") == 2 and "// fusioncell id-1\n" + rule + "\n" in text
    sigma, _ = write_rules("sigma", [("id-1", "title: a\n"), ("id-2", "title: b")], "https://hub.example")
    assert "".join(sigma).endswith("---\n# fusioncell id-1\ntitle: a\n---\n# fusioncell id-2\ntitle: b\n")
