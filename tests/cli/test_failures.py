"""What is in a command's way is said in one sentence: what, where, what to do; never a traceback."""

import base64
from pathlib import Path

import pytest

from gateway.cli.failures import sentence
from gateway.engines.errors import EngineError
from tests.cli.conftest import CONFIG, Home

pytestmark = pytest.mark.timeout(120)
KEYS = '[{ id = 1, key = "' + base64.b64encode(bytes(32)).decode() + '" }]'
NOBODY = {"TIXING__STORE__URL": "postgresql://tixing:sesame@127.0.0.1:1/tixing", "TIXING__REDIS__URL": "redis://127.0.0.1:1",
          "TIXING__SECURITY__KEYS": KEYS, "TIXING__STORE__ALLOW_SANDBOX": "true"}  # fmt: skip


def test_every_error_of_a_configuration_is_said_at_once(bare: Home) -> None:
    bare.config.write_text(CONFIG + "\n[sending]\nwindow = ['20:00', '08:00']\nvalidty_hours = 3\n[server]\nport = 'x'\n")
    for command in (("check",), ("token", "list"), ("serve",), ("due",)):
        ended = bare.run(*command)
        assert ended.code == 1
        assert all(key in ended.said for key in ("sending.window", "validty_hours", "server.port"))
    assert not bare.data.exists()


def test_a_configuration_that_is_not_there_is_named(bare: Home) -> None:
    ended = bare.run("check", "--config", "no.toml")
    assert ended.code == 1
    assert "cannot be read" in ended.said


@pytest.mark.parametrize("command", ["migrate", "token list", "due", "evidence verify", "serve --role worker"])
def test_a_store_that_is_away_is_said_without_its_password(bare: Home, command: str) -> None:
    ended = bare.run(*command.split(), **NOBODY)
    assert ended.code == 1
    assert "store.url" in ended.err
    assert "sesame" not in ended.said
    assert len(ended.err.strip().splitlines()) == 1


def test_check_says_all_that_is_away(bare: Home) -> None:
    ended = bare.run("check", **NOBODY)
    assert ended.code == 1
    wrong = [line.split()[1] for line in ended.out.splitlines() if line.startswith("WRONG")]
    assert wrong == ["store", "redis"]


def test_check_of_a_broken_configuration_looks_at_the_templates_all_the_same(bare: Home) -> None:
    bare.config.write_text("[providers.x]\ndriver = 'no-such'\n")
    ended = bare.run("check")
    assert ended.code == 1
    assert "WRONG config" in ended.out
    assert "ok    templates" in ended.out


def test_keys_that_do_not_fit_the_store_are_found(bare: Home, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("person_id\nP1\n")
    bare.done("import", str(tmp_path / "a.csv"))
    keys = bare.data / "keys"
    right = keys.read_text()
    keys.write_text(f"1 {base64.b64encode(bytes(32)).decode()}\n")
    ended = bare.run("check")
    assert ended.code == 1
    assert "key 1 is not the one this store was written with" in ended.out
    keys.unlink()
    assert "put the file back" in bare.run("token", "list").err
    keys.write_text(right)
    assert "they open what the store holds" in bare.done("check")


def test_a_url_store_without_migrations_is_told_what_to_run(bare_dsn: str, bare: Home) -> None:
    given = NOBODY | {"TIXING__STORE__URL": bare_dsn}
    ended = bare.run("token", "list", **given)
    assert ended.code == 1
    assert "tixing migrate" in ended.err
    assert "migrations the store lacks 0001_main_job" in " ".join(bare.run("check", **given).out.split())
    assert "applied 0001_main_job" in bare.done("migrate", **given)
    bare.done("token", "list", **given)


def test_a_rotation_where_keys_stand_in_the_configuration_says_what_to_write_there(bare: Home) -> None:
    ended = bare.run("key", "rotate", **NOBODY)
    assert ended.code == 1
    assert "add a key 2 there" in ended.err


def test_a_file_beside_which_nothing_can_be_written_is_named(bare: Home, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("person_id\nP1\n")
    (tmp_path / "a.csv.rejected.csv.part").mkdir()
    ended = bare.run("import", str(tmp_path / "a.csv"))
    assert ended.code == 1
    assert "a.csv.rejected.csv.part" in ended.err


def test_the_sample_is_refused_where_it_could_reach_somebody(bare: Home) -> None:
    bare.config.write_text('[providers.real]\ndriver = "http"\nurl = "http://127.0.0.1:1"\nbody = { to = "{address}", text = "{text}" }\n'
                           '[providers.real.response]\ncode = "c"\nreference = "r"\n')  # fmt: skip
    ended = bare.run("serve", "--sample")
    assert ended.code != 0
    assert not bare.data.exists()
    assert bare.run("serve", "--sample", "--role", "api").code == 2


def test_several_errors_at_once_are_each_said_and_a_bug_among_them_is_not_hidden() -> None:
    known = ExceptionGroup("", [EngineError("no redis"), ExceptionGroup("", [OSError("no store")]), EngineError("no redis")])
    said = sentence(known)
    assert said is not None
    assert said.splitlines()[0] == "no redis"
    assert len(said.splitlines()) == 2
    assert sentence(ExceptionGroup("", [EngineError("no redis"), KeyError("a bug")])) is None
    assert sentence(ValueError("a bug")) is None


def test_a_number_never_stands_in_a_sentence() -> None:
    said = sentence(OSError(5, "cannot send to 13800138000"))
    assert said is not None
    assert "13800138000" not in said
