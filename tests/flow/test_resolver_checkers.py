"""Each resolver's own checker reads what we write for it; BIND's reads all zone text."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from checkers import check_zone, needs, run
from fusioncell.shield.resolvers import Kind, OwnZone, Plan, ZoneSource, fragments
from fusioncell.shield.zone import Action, Rule, ZoneImage, zone_text

LAW = "$TTL 60\n@ SOA localhost. hostmaster 1 60 30 86400 60\n@ NS localhost.\nordered.example CNAME .\n"


def _plan(folder: Path, **more: object) -> Plan:
    (folder / "law.zone").write_text(LAW)
    zones = (ZoneSource("allow.k7f2.rpz.test", "allow"), ZoneSource("main.k7f2.rpz.test", "main", "phishing"))
    plan = Plan(zones=zones, key="isp-1.k7f2", folder=str(folder), url="http://127.0.0.1:9",
                own=(OwnZone("law.isp.example", str(folder / "law.zone")),))  # fmt: skip
    return replace(plan, **more)  # type: ignore[arg-type]


def _written(kind: Kind, folder: Path, plan: Plan) -> dict[str, str]:
    found = fragments(kind, plan)
    for name, text in found.items():
        (folder / name).write_text(text)
    return found


CASES = [{}, {"shadow": True}, {"tls_name": "xfr.hub.example"}, {"primary": "2001:db8::53"}, {"own": ()}, {"key": ""}]
cases = pytest.mark.parametrize("more", CASES, ids=["plain", "shadow", "tls", "IPv6", "nothing-own", "no-key"])


@needs("unbound-checkconf")
@cases
def test_unbound(tmp_path: Path, more: dict[str, object]) -> None:
    _written(Kind.UNBOUND, tmp_path, _plan(tmp_path, **more))
    conf = tmp_path / "unbound.conf"
    conf.write_text(f'server:\n  chroot: ""\n  username: ""\n  directory: "{tmp_path}"\n'
                    f'include: "{tmp_path}/fusioncell.conf"\n')  # fmt: skip
    assert "no errors" in run("unbound-checkconf", conf)


@needs("named-checkconf")
@cases
def test_bind(tmp_path: Path, more: dict[str, object]) -> None:
    _written(Kind.BIND, tmp_path, _plan(tmp_path, **more))
    conf = tmp_path / "named.conf"
    conf.write_text(f'options {{ directory "{tmp_path}"; include "{tmp_path}/fusioncell.options"; }};\n'
                    f'include "{tmp_path}/fusioncell.zones";\n')  # fmt: skip
    run("named-checkconf", "-z", conf)


@needs("pdns_recursor")
@cases
def test_powerdns(tmp_path: Path, more: dict[str, object]) -> None:
    _written(Kind.POWERDNS, tmp_path, _plan(tmp_path, **more))
    settings = (tmp_path / "fusioncell.conf").read_text().replace("/etc/powerdns/", f"{tmp_path}/")
    (tmp_path / "recursor.conf").write_text(settings + f"socket-dir={tmp_path}\nlocal-port=0\n")
    said = run("pdns_recursor", f"--config-dir={tmp_path}", "--config=check")
    assert "error" not in said.lower(), said


@needs("kresd")
@cases
def test_knot_resolver(tmp_path: Path, more: dict[str, object]) -> None:
    """It has no checker; it runs a configuration that ends itself, and says what stands against it."""
    written = _written(Kind.KNOT, tmp_path, _plan(tmp_path, **more))
    conf = tmp_path / "kresd.conf"
    conf.write_text(f"cache.size = 10 * MB\n{written['fusioncell.lua']}\nprint('read to its end')\n"
                    "event.after(1, function () os.exit(0) end)\n")  # fmt: skip
    said = run("kresd", "-n", "-q", "-c", conf, tmp_path)
    assert "read to its end" in said and "error" not in said.lower(), said
    run("sh", "-n", tmp_path / "fusioncell-fetch.sh")


@needs("named-checkzone")
def test_all_zone_text(tmp_path: Path) -> None:
    long = ".".join(["x" * 63] * 3)
    rules = [Rule("a.example"), Rule("under.a.example", False), Rule("_dmarc.example", True, Action.PASSTHRU),
             Rule("b--c.example", True, Action.NODATA), Rule("xn--bcher-kva.example", False, Action.GARDEN),
             Rule(long)]  # fmt: skip
    image = ZoneImage.build(rules, 2**32 - 1, origin="main.k7f2.rpz.test", garden="garden.isp.example",
                            heartbeat="heartbeat.main.k7f2.rpz.test")  # fmt: skip
    assert "loaded serial 4294967295" in check_zone("".join(zone_text(image)), image.origin, tmp_path)
    assert "OK" in check_zone("".join(zone_text(ZoneImage.build([], 1))), "rpz.fusioncell", tmp_path)
