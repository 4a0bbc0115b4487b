"""Run PyMISP's own live suite against an empty hub in compatibility mode, and compare with what is expected to pass.

    make pymisp                                   the whole suite (the suite itself sleeps for about 100 seconds)
    .venv/bin/python tests/pymisp/run.py -k tags  some of its tests, by pytest's -k

1. PyMISP's source distribution, which holds the suite, and what the suite needs come by pip into a cache folder
   (``--cache``); nothing of it is part of this project.
2. An empty hub starts in a temporary folder, with ``FUSIONCELL_MISP_SITE_ADMIN=1`` and the organisation ``ORGNAME``.
3. The suite runs with pytest in a folder of its own, with the hub's address and key in ``keys.py``.
4. Each test's outcome is printed, and compared with ``expected.txt``: one test a line, those that pass. A test that
   stood there and does not pass is an error (exit 1); one that passes and does not stand there is named.

Where the packages cannot be had, it says so and ends with 75 (EX_TEMPFAIL): the suite was not run.

Samples: the suite reads files of viper-framework/viper-test-files, which no registry has. Windows launchers of the
package ``distlib`` stand in for ``whoami.exe`` (five sections) and ``sample2.pe`` (six): the tests that use those need
some PE file with as many. The one that checks digests of ``chromeinstall-8u31.exe`` is not run, and is listed as such.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import tarfile
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

VERSION = "2.5.34.4"
HERE = Path(__file__).parent
EXPECTED = HERE / "expected.txt"
SUITE = "tests/testlive_comprehensive.py"
NOT_RUN = {
    "test_lief_and_sign": "needs chromeinstall-8u31.exe, of which it checks the digests",
}
STAND_INS = {"whoami.exe": "t32.exe", "sample2.pe": "t64.exe"}
NO_SUITE = 75
"""Exit code: the suite could not be had on this machine."""


class NotHere(Exception):
    """The suite cannot be had on this machine."""


def main() -> int:
    """Run, report, compare."""
    parser = argparse.ArgumentParser(description="PyMISP's live suite against an empty hub")
    parser.add_argument("-k", dest="chosen", default="", help="only the tests that pytest's -k chooses")
    parser.add_argument("--cache", type=Path, default=_cache(), help="where the suite and its packages are kept")
    parser.add_argument("--accept", action="store_true", help="write what passed into expected.txt")
    parser.add_argument("--seconds", type=int, default=1800, help="most seconds that the suite may take")
    parser.add_argument("--show", action="store_true", help="print the traceback of each failure")
    given = parser.parse_args()
    try:
        python, suite = get_suite(given.cache / f"pymisp-{VERSION}")
    except NotHere as fault:
        print(f"PyMISP's suite was NOT RUN: {fault}", file=sys.stderr)
        return NO_SUITE
    with tempfile.TemporaryDirectory(prefix="fusioncell-pymisp-") as name:
        folder = Path(name)
        shutil.copytree(suite / "tests", folder / "tests")
        add_samples(folder, python)
        with hub(folder / "hub") as (address, key):
            (folder / "keys.py").write_text(f"url = {address + '/misp/'!r}\nkey = {key!r}\n")
            outcomes = run_suite(python, folder, given.chosen, given.seconds, show=given.show)
    return report(outcomes, whole=not given.chosen, accept=given.accept)


def _cache() -> Path:
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "fusioncell"


def get_suite(folder: Path) -> tuple[Path, Path]:
    """Return the Python that has what the suite needs, and the folder of the unpacked suite; made where missing."""
    python, suite = folder / "venv" / "bin" / "python", folder / f"pymisp-{VERSION}"
    if (folder / "ready").exists() and python.exists() and suite.exists():
        return python, suite
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    print("Getting PyMISP's suite and what it needs (once)", flush=True)
    steps = [
        [sys.executable, "-m", "venv", str(folder / "venv")],
        [str(python), "-m", "pip", "-qq", "--disable-pip-version-check", "download", "--no-deps", "--no-binary",
         ":all:", "-d", str(folder), f"pymisp=={VERSION}"],
        [str(python), "-m", "pip", "-qq", "--disable-pip-version-check", "install", "pytest", "distlib",
         f"pymisp[fileobjects,openioc,email,url]=={VERSION}"],
    ]  # fmt: skip
    for step in steps:
        done = subprocess.run(step, capture_output=True, text=True, timeout=900)
        if done.returncode:
            raise NotHere(f"{' '.join(step[2:5])} failed: {done.stderr.strip()[-300:]}")
    with tarfile.open(next(folder.glob("pymisp-*.tar.gz"))) as archive:
        archive.extractall(folder, filter="data")
    (folder / "ready").touch()
    return python, suite


def add_samples(folder: Path, python: Path) -> None:
    """Put stand-ins for the samples where the suite looks for them; the folder also keeps it from asking git."""
    samples = folder / "tests" / "viper-test-files" / "test_files"
    samples.mkdir(parents=True)
    for sample, launcher in STAND_INS.items():
        for found in sorted(python.parent.parent.glob(f"lib/python3*/site-packages/distlib/{launcher}"))[:1]:
            shutil.copy(found, samples / sample)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def hub(folder: Path) -> Iterator[tuple[str, str]]:
    """Start an empty hub in compatibility mode; yields its address and its administrator's key."""
    command = str(Path(sys.executable).with_name("fusioncell"))
    made = subprocess.run(
        [command, "init", "--data", str(folder), "--org", "ORGNAME", "--email", "admin@admin.test", "--json"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    key, address = str(json.loads(made.stdout)["api_key"]), f"127.0.0.1:{_free_port()}"
    log = (folder / "suite.log").open("wb")
    process = subprocess.Popen(
        [command, "up", "--data", str(folder), "--http", address, "--dns", "none"], stdout=log, stderr=log,
        env={**os.environ, "FUSIONCELL_MISP_SITE_ADMIN": "1"},
    )  # fmt: skip
    try:
        _wait(f"http://{address}/readyz", process)
        yield f"http://{address}", key
    finally:
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
        log.close()
        _show_faults(folder / "suite.log")


def _wait(address: str, process: subprocess.Popen[bytes]) -> None:
    for _ in range(600):
        if process.poll() is not None:
            break
        try:
            with urllib.request.urlopen(address, timeout=1):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise SystemExit("the hub did not start; try: FUSIONCELL_MISP_SITE_ADMIN=1 fusioncell up")


def _show_faults(log: Path) -> None:
    lines = log.read_text(errors="replace").splitlines()
    if any("Traceback" in line for line in lines):
        print("The hub's log has faults; its last lines:\n  " + "\n  ".join(lines[-40:]))


Outcome = tuple[str, str, float]
"""(test, "passed" or what was wrong, seconds)"""


def run_suite(python: Path, folder: Path, chosen: str, seconds: int, *, show: bool) -> list[Outcome]:
    """Run the suite's tests and return what became of each."""
    result = folder / "result.xml"
    leave_out = " and ".join(f"not {name}" for name in NOT_RUN)
    if not (folder / "tests/viper-test-files/test_files/whoami.exe").exists():
        leave_out += " and not custom_template and not with_attachment and not expansion"
    command = [str(python), "-m", "pytest", "-q", "--no-header", "-p", "no:cacheprovider", "-o", "addopts=",
               f"--rootdir={folder}", f"--junitxml={result}", "-k", f"({chosen or 'test'}) and {leave_out}",
               "--tb=short" if show else "--tb=no", SUITE]  # fmt: skip
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "FUSIONCELL"))}
    subprocess.run(command, cwd=folder, timeout=seconds, env={**environment, "PYTHONPATH": str(folder)})
    if not result.exists():
        raise SystemExit("pytest gave no result")
    return [_outcome(case) for case in ElementTree.parse(result).iter("testcase")]


def _outcome(case: ElementTree.Element) -> Outcome:
    name, spent = case.get("name", ""), float(case.get("time", 0))
    for child in case:
        if child.tag == "skipped":
            return name, "skipped", spent
        if child.tag in ("failure", "error"):
            said = (child.get("message") or child.text or child.tag).strip().splitlines()
            return name, said[0][:150] if said else child.tag, spent
    return name, "passed", spent


def report(outcomes: list[Outcome], *, whole: bool, accept: bool) -> int:
    """Print each test's outcome and the comparison; return the exit code."""
    passed = {name for name, said, _ in outcomes if said == "passed"}
    ran = {name for name, said, _ in outcomes if said != "skipped"}
    for name, said, spent in outcomes:
        print(f"  {'ok  ' if said == 'passed' else 'skip' if said == 'skipped' else 'FAIL'} {name} ({spent:.1f} s)"
              + ("" if said in ("passed", "skipped") else f"\n       {said}"))
    for name, why in NOT_RUN.items():
        print(f"  none {name}: {why}")
    expected = {line for line in EXPECTED.read_text().split() if line} if EXPECTED.exists() else set()
    print(f"PyMISP {VERSION}: {len(passed)} passed, {len(ran - passed)} failed, {len(NOT_RUN)} not run, of "
          f"{len(ran) + len(NOT_RUN)}; expected to pass: {len(expected)}.")
    lost = sorted((expected - passed) if whole else (expected & ran) - passed)
    if gained := sorted(passed - expected):
        print(f"Passes, and does not stand in expected.txt yet (--accept writes it): {', '.join(gained)}")
    if accept:
        EXPECTED.write_text("".join(f"{name}\n" for name in sorted(expected - (ran - passed) | passed)))
    if lost:
        print(f"Expected to pass, and did not: {', '.join(lost)}")
    return 1 if lost else 0


if __name__ == "__main__":
    sys.exit(main())
