"""The files of KEV, EPSS and SSVC are read whole or not at all; decisions are the tables' own."""

from __future__ import annotations

import gzip
import itertools
import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fusioncell.fusion.vulns.model import Epss, Kev
from fusioncell.fusion.vulns.rate import VECTOR, decide, inputs_of, metrics, rate
from fusioncell.fusion.vulns.read_tables import Decide, read_decide, read_file
from fusioncell.kernel.errors import BadInput, FusionCellError

CORPUS = Path(os.environ.get("FUSIONCELL_CORPUS", Path(__file__).parents[3] / "shared/data"))
KEV = {"title": "t", "catalogVersion": "2026.11.20", "dateReleased": "2026-11-20T10:00:00Z", "count": 1,
       "vulnerabilities": [{"cveID": "CVE-2024-3400", "vendorProject": "Palo Alto", "product": "PAN-OS",
                            "vulnerabilityName": "PAN-OS Command Injection", "dateAdded": "2024-04-12",
                            "dueDate": "2024-04-19", "requiredAction": "Mend it.", "shortDescription": "x",
                            "knownRansomwareCampaignUse": "Known", "notes": "", "cwes": ["CWE-77"]}]}  # fmt: skip
EPSS = """#model_version:v2025.03.14,score_date:2026-11-20T12:55:00Z
cve,epss,percentile
CVE-2024-3400,0.94332,0.99951
"""
LOG4J = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H"


def _table() -> Decide:
    """A table of two questions, made here."""
    values = {"X:E:1": ("Exploitation", "NPA"), "X:A:1": ("Automatable", "NY"), "X:OUT:1": ("Do", "DI")}
    points = {name: {"name": title, "values": [{"key": k, "name": f"{title} {k}"} for k in keys]}
              for name, (title, keys) in values.items()}  # fmt: skip
    mapping = [{"X:E:1": e, "X:A:1": a, "X:OUT:1": "I" if (e, a) == ("A", "Y") else "D"}
               for e, a in itertools.product("NPA", "NY")]  # fmt: skip
    return read_decide(json.dumps({"namespace": "X", "key": "T", "version": "1.0.0", "name": "Made", "outcome":
                                   "X:OUT:1", "decision_points": points, "mapping": mapping}).encode())  # fmt: skip


def test_kev_is_read() -> None:
    file = read_file(json.dumps(KEV).encode())
    assert (file.source, file.version, file.date, file.total) == ("kev", "2026.11.20", "2026-11-20", 1)
    row = file.kev["CVE-2024-3400"]
    assert (row.due, row.ransomware, row.vendor) == ("2024-04-19", True, "Palo Alto")


@pytest.mark.parametrize("packed", [False, True])
def test_epss_is_read_with_its_comment(packed: bool) -> None:
    body = EPSS.encode()
    file = read_file(gzip.compress(body) if packed else body)
    assert (file.source, file.version, file.date) == ("epss", "v2025.03.14", "2026-11-20")
    assert file.epss == {"CVE-2024-3400": Epss("CVE-2024-3400", 943, 100)}


@pytest.mark.parametrize("body", [
    b"{", b"[]", b"{}", b"\xff\xfe", b"", json.dumps({"vulnerabilities": []}).encode(),
    json.dumps(KEV | {"vulnerabilities": [KEV["vulnerabilities"][0] | {"cveID": "x"}]}).encode(),  # type: ignore[index]
    json.dumps(KEV | {"vulnerabilities": [KEV["vulnerabilities"][0] | {"dueDate": "soon"}]}).encode(),  # type: ignore[index]
    EPSS.replace("0.94332", "9").encode(), EPSS.replace("cve,epss", "a,b").encode(), (EPSS + "junk\n").encode(),
    json.dumps({"mapping": [], "decision_points": {}}).encode(), gzip.compress(b"x" * 100, mtime=0)[:20],
])  # fmt: skip
def test_what_is_no_such_table_is_refused_whole(body: bytes) -> None:
    with pytest.raises(FusionCellError):
        read_file(body)


@given(st.binary(max_size=400))
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    try:
        read_file(body)
    except FusionCellError:
        pass


def test_vectors_are_rated_by_the_specification() -> None:
    found = rate(LOG4J, "o")
    assert found is not None
    assert (found.version, found.score, found.severity) == ("3.1", 10.0, "Critical")
    four = rate("CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N", "o")
    assert four is not None
    assert (four.version, four.score) == ("4.0", 9.3)
    assert rate("CVSS:3.1/AV:X", "o") is None
    assert metrics(LOG4J)["AV"] == "N"
    assert VECTOR.findall(f"see {LOG4J}, and CVSS:3.1/AV:N") == [LOG4J]


@given(st.text(alphabet="CVS:3.1/AVNLPRUIH40", max_size=80))
def test_any_vector_is_rated_or_not(text: str) -> None:
    rate(text, "o")
    for vector in VECTOR.findall(text):
        rate(vector, "o")


def test_a_decision_shows_its_inputs_and_on_what_ground() -> None:
    kev = Kev("CVE-2024-3400", "2024-04-12", "2024-04-19", False, "", "", "", "")
    rated = rate(LOG4J, "o")
    assert rated is not None
    found = decide(_table(), inputs_of(kev, None, (rated,), 0, {}))
    assert found is not None
    assert (found.key, found.rank) == ("I", 1)
    assert [(one.key, one.ground) for one in found.inputs] == [("A", "listed in KEV"), ("Y", "from the CVSS vector")]
    own = decide(_table(), inputs_of(kev, None, (rated,), 0, {"A": "N"}))
    assert own is not None
    assert (own.key, own.inputs[1].ground) == ("D", "set by you")
    assert decide(_table(), {}) is None
    assert decide(_table(), inputs_of(kev, None, (), 0, {"A": "nonsense"})) is None


def test_that_many_name_it_is_no_proof_that_it_is_exploited() -> None:
    assert inputs_of(None, None, (), 10_000, {})["E"][0] == "N"


def test_a_decision_table_must_be_whole() -> None:
    points = {"o": {"name": "O", "values": []}, "p": {"name": "P", "values": []}}
    broken = {"namespace": "X", "key": "T", "version": "1", "name": "n", "outcome": "o", "decision_points": points,
              "mapping": [{"o": "x"}]}  # fmt: skip
    with pytest.raises(BadInput):
        read_file(json.dumps(broken).encode())


@pytest.mark.corpus
@pytest.mark.skipif(not CORPUS.is_dir(), reason="the folder of real data is absent")
def test_the_real_tables_are_read_and_each_row_of_the_deployers_table_is_found() -> None:
    kev = read_file((CORPUS / "kev/known_exploited_vulnerabilities.json").read_bytes())
    assert kev.total > 1400
    for file in sorted((CORPUS / "ssvc").glob("*.json")):
        assert read_file(file.read_bytes()).source == "ssvc", file.name
    table = read_decide((CORPUS / "ssvc/ssvc__deployer_patch_application_priority_1_0_0.json").read_bytes())
    for row in table.mapping:
        inputs = {name.split(":")[1]: (key, "x") for name, key in row.items() if name != table.outcome}
        found = decide(table, inputs)
        assert found is not None
        assert found.key == row[table.outcome]
