"""`tixing quality evaluate` as a process."""

import csv
import gzip
import io
import json
import subprocess
import sys
from pathlib import Path

import pytest

from bench.quality.population import happen, populations
from bench.quality.written import lines

ROOT = Path(__file__).parents[2]
AS_OF = ("--as-of", "2025-12-31")


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "gateway", "quality", "evaluate", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)


@pytest.fixture(scope="module")
def histories(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("quality") / "histories.ndjson"
    path.write_text("\n".join(lines(happen(populations()["test-apart"], 3, 300))) + "\n")
    return path


def test_it_writes_a_row_a_pair(histories: Path) -> None:
    ended = run(str(histories), *AS_OF)
    assert ended.returncode == 0
    found = list(csv.DictReader(io.StringIO(ended.stdout)))
    assert list(found[0]) == ["person", "address", "state", "p_reach", "p_alive", "p_mine", "observations", "last_at"]
    assert len(found) == 300
    assert {row["state"] for row in found} >= {"good", "doubtful", "wrong_person"}
    assert "0 bad lines" in ended.stderr


def test_the_order_of_lines_changes_nothing(histories: Path, tmp_path: Path) -> None:
    turned = tmp_path / "turned.ndjson"
    turned.write_text("\n".join(reversed(histories.read_text().splitlines())) + "\n")
    assert sorted(run(str(turned), *AS_OF).stdout.splitlines()) == sorted(run(str(histories), *AS_OF).stdout.splitlines())


def test_fit_prints_what_it_learned_and_keeps_it_out_of_the_csv(histories: Path, tmp_path: Path) -> None:
    ended = run(str(histories), *AS_OF, "--fit")
    assert ended.stdout.startswith("person,address,")
    assert "Weights of codes, fit-" in ended.stderr
    out = tmp_path / "beliefs.csv"
    ended = run(str(histories), *AS_OF, "--fit", "--why", "--out", str(out))
    assert "Weights of codes, fit-" in ended.stdout
    assert out.read_text(encoding="utf-8").splitlines()[1].endswith("。")


def test_bad_lines_are_said_with_their_number_and_the_rest_counts(tmp_path: Path) -> None:
    good = {"person": "p1", "address": "a1", "at": "2026-01-05T09:00:00+08:00", "evidence": "delivered"}
    path = tmp_path / "some.ndjson"
    path.write_text(json.dumps(good) + "\nnonsense\n" + json.dumps(good | {"evidence": "sent"}) + "\n")
    ended = run(str(path), "--as-of", "2026-02-01")
    assert ended.returncode == 0
    assert "line 2: is not JSON" in ended.stderr
    assert "line 3: unknown evidence 'sent'" in ended.stderr
    assert "1 observations of 1 pairs; 2 bad lines" in ended.stderr
    assert len(ended.stdout.splitlines()) == 2


def test_a_file_of_which_nothing_can_be_used_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "empty.ndjson"
    path.write_text("nonsense\n")
    ended = run(str(path))
    assert ended.returncode == 1
    assert "no line that can be used" in ended.stderr


def test_a_packed_file_says_the_same_and_a_torn_one_what_is_wrong(histories: Path, tmp_path: Path) -> None:
    packed = tmp_path / "histories.ndjson.gz"
    packed.write_bytes(gzip.compress(histories.read_bytes()))
    assert run(str(packed), *AS_OF).stdout == run(str(histories), *AS_OF).stdout
    packed.write_bytes(packed.read_bytes()[:-200])
    ended = run(str(packed), *AS_OF)
    assert ended.returncode == 1
    assert "is compressed and cannot be unpacked" in ended.stderr


def test_a_reader_that_stops_is_no_trouble_with_the_store(histories: Path) -> None:
    command = [sys.executable, "-m", "gateway", "quality", "evaluate", str(histories), *AS_OF, "--why"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        running.stdout.close()
        assert running.stderr is not None
        said = running.stderr.read()
    assert running.returncode == 1
    assert "stopped reading" in said
    assert "store.url" not in said


def test_a_day_that_is_none_is_an_error(histories: Path) -> None:
    ended = run(str(histories), "--as-of", "today")
    assert ended.returncode == 2
    assert "write 2026-01-31" in ended.stderr
