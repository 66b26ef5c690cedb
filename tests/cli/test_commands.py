"""The commands, one after the other on one gateway's data, as an operator types them."""

import re
from datetime import timedelta
from pathlib import Path

import pytest

from gateway.cli.main import COMMANDS
from scheduler.calendar import add_months
from tests.cli.conftest import Home
from tests.pipeline.events import today

pytestmark = pytest.mark.timeout(120)


def test_help_names_every_command_and_an_example_of_each(home: Home) -> None:
    said = home.done("--help")
    assert all(re.search(rf"^  {name} ", said, re.MULTILINE) for name in COMMANDS)
    for name in COMMANDS:
        said = home.done(name, "--help")
        assert "Usage:" in said
        assert "\\b" not in said


@pytest.mark.parametrize(
    "command",
    ["serve", "demo", "check", "migrate", "due", "import", "token list", "key rotate", "evidence verify", "quality fit", "quality models"],
)
def test_every_command_takes_a_configuration(home: Home, command: str) -> None:
    said = home.done(*command.split(), "--help")
    assert "--config FILE" in said
    assert "\\b" not in said


def test_a_command_nobody_knows_is_refused(home: Home) -> None:
    ended = home.run("sned")
    assert ended.code == 2
    assert "No such command" in ended.err


def test_migrate_says_what_it_applied_and_then_that_there_is_nothing_to_do(home: Home) -> None:
    home.run("migrate")
    assert home.done("migrate") == "the store was up to date: nothing to do\n"


def test_check_finds_nothing_wrong_with_a_gateway_that_is_well(home: Home) -> None:
    home.done("migrate")
    said = home.done("check")
    parts = ("config", "providers", "templates", "keys", "store", "durability", "migrations", "redis")
    assert all(re.search(rf"^ok    {part} ", said, re.MULTILINE) for part in parts)
    assert re.search(r"fingerprint [0-9a-f]{16}", said)


def test_a_token_is_shown_once_and_alone(home: Home) -> None:
    token = home.done("token", "create", "once", "--scope", "read", "--scope", "events", "--region", "510100", "--source", "urn:a")
    assert re.fullmatch(r"tx_[\w-]{40,}\n", token)
    listed = home.done("token", "list")
    assert token.strip() not in listed
    row = next(line for line in listed.splitlines() if "once" in line)
    assert row.split()[:5] == ["once", "read", "events", "510100", "urn:a"]


def test_a_token_that_was_revoked_is_listed_so_and_its_name_stays_taken(home: Home) -> None:
    home.done("token", "create", "gone", "--scope", "read")
    assert "is revoked" in home.run("token", "revoke", "gone").err
    assert home.run("token", "revoke", "gone").code == 1
    again = home.run("token", "create", "gone", "--scope", "read")
    assert (again.code, again.out) == (1, "")
    assert "choose another name" in again.err


def test_a_token_for_a_region_that_does_not_exist_is_refused(home: Home) -> None:
    ended = home.run("token", "create", "nowhere", "--scope", "read", "--region", "519999")
    assert ended.code == 2
    assert "519999 is no region code" in ended.err


async def test_acts_by_hand_are_on_record(home: Home) -> None:
    home.done("token", "create", "recorded", "--scope", "read")
    home.done("token", "revoke", "recorded")
    rows = await home.rows("select what, detail from audit where detail like 'recorded%' order by id")
    assert rows == [("token.create", "recorded read everywhere"), ("token.revoke", "recorded")]


def test_a_rotated_key_seals_from_now_on_and_the_old_one_still_opens(home: Home, tmp_path: Path) -> None:
    (tmp_path / "before.csv").write_text("编号,姓名\nK1,王建国\n", encoding="utf-8")
    home.done("import", str(tmp_path / "before.csv"))
    rotated = home.done("key", "rotate")
    number = int(re.findall(r"key (\d+) seals", rotated)[0])
    assert number >= 2
    (tmp_path / "after.csv").write_text("编号,姓名\nK1,王建华\n", encoding="utf-8")
    home.done("import", str(tmp_path / "after.csv"))
    assert f"{number} seals" in home.done("check")
    assert home.done("evidence", "verify").startswith("whole")


def test_an_import_counts_its_rows_and_lists_the_bad_ones(home: Home, tmp_path: Path) -> None:
    file = tmp_path / "people.csv"
    file.write_text("编号,姓名,最近认证日期,备注\nI1,王建国,2025-01-01,\nI2,李秀英,2025-13-01,\n", encoding="gb18030")
    ended = home.run("import", str(file))
    assert (ended.code, ended.out) == (0, "2 rows: 1 taken, 0 known already, 1 rejected\n")
    assert "columns that were not read: 备注" in ended.err
    assert str(file) + ".rejected.csv" in ended.err
    assert home.done("import", str(file)) == "2 rows: 0 taken, 1 known already, 1 rejected\n"


def test_a_file_of_which_nothing_can_be_taken_ends_with_1(home: Home, tmp_path: Path) -> None:
    (tmp_path / "bad.csv").write_text("编号\n\u3000\n11010519491231002X\n", encoding="utf-8")
    (tmp_path / "other.csv").write_text("a,b\n1,2\n")
    assert home.run("import", str(tmp_path / "bad.csv")).code == 1
    ended = home.run("import", str(tmp_path / "other.csv"))
    assert ended.code == 1
    assert "no column person_id" in ended.err


def test_due_shows_what_a_day_would_bring_and_writes_nothing(home: Home, tmp_path: Path) -> None:
    file, certified = tmp_path / "due.csv", add_months(today().replace(day=1), -5)
    file.write_text(
        "编号,参保地,最近认证日期,手机\n" + "".join(f"D{n},510104,{certified},1380013{n:04d}\n" for n in range(3)), encoding="utf-8"
    )
    home.done("import", str(file))
    as_of = str(add_months(certified, 9) + timedelta(days=1))
    said = home.done("due", "--dry-run", "--as-of", as_of)
    assert re.search(r"510104\s+四川省成都市锦江区\s+reminder 认证提醒\s+3\s*$", said, re.MULTILINE)
    assert "nothing was written" in said
    assert home.done("due", "--dry-run", "--as-of", as_of) == said
    assert "0 notices" in home.done("due")


def test_due_never_sends_as_of_another_day(home: Home) -> None:
    ended = home.run("due", "--as-of", "2027-03-02")
    assert ended.code == 2
    assert "--dry-run" in ended.err


async def test_evidence_that_was_tampered_with_ends_with_1_and_the_first_break(home: Home, tmp_path: Path) -> None:
    (tmp_path / "e.csv").write_text("编号,姓名\nE1,王建国\nE2,李秀英\n", encoding="utf-8")
    home.done("import", str(tmp_path / "e.csv"))
    assert home.done("evidence", "verify").startswith("whole: ")
    assert home.done("evidence", "verify", "--person", "E1").startswith("whole: ")
    assert home.run("evidence", "verify", "--person", "nobody").code == 1
    await home.rows("update event set source = source || 'x' where person_id = 'E1'")
    ended = home.run("evidence", "verify")
    assert ended.code == 1
    assert re.match(r"BROKEN: event \d+ was changed since it was sealed", ended.out)
    assert home.run("evidence", "verify", "--person", "E1").code == 1
    assert home.done("evidence", "verify", "--person", "E2").startswith("whole: ")
    await home.rows("update event set source = left(source, -1) where person_id = 'E1'")
    assert home.done("evidence", "verify").startswith("whole: ")
