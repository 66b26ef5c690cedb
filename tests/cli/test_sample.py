"""The sample day, and the two commands that show it."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from datetime import date, timedelta

import pytest

from gateway.cli.sampling import harmless
from gateway.config import Config, load
from gateway.numbers import looks_like_identity_number, parse
from gateway.regions import Regions
from gateway.sample.day import sample_day
from gateway.sample.people import PLACES
from gateway.sample.scenarios import SCENARIOS
from scheduler.calendar import add_months
from tests.cli.conftest import ROOT, Home

pytestmark = pytest.mark.timeout(180)
TODAY = date(2026, 3, 2)
SETTLED_S = 90


def test_a_day_told_twice_is_the_same_day() -> None:
    assert sample_day(TODAY, 100, add_months, SCENARIOS) == sample_day(TODAY, 100, add_months, SCENARIOS)


def test_another_day_has_other_persons_and_events() -> None:
    one, other = (sample_day(day, 100, add_months, SCENARIOS) for day in (TODAY, TODAY + timedelta(days=1)))
    assert not one.scenarios.keys() & other.scenarios.keys()
    assert not {json.loads(event)["id"] for event in one.events} & {json.loads(event)["id"] for event in other.events}


@pytest.mark.parametrize("persons", [1, 30, 1000])
def test_every_scenario_is_told_however_few_persons_there_are(persons: int) -> None:
    day = sample_day(TODAY, persons, add_months, SCENARIOS)
    assert set(day.scenarios.values()) == {name for name, _, _ in SCENARIOS}
    assert len(day.scenarios) >= persons * 0.95


def test_a_day_can_be_told_on_every_day_of_a_leap_year() -> None:
    for offset in range(366):
        assert sample_day(date(2028, 1, 1) + timedelta(days=offset), 30, add_months, SCENARIOS).events


def test_persons_have_opaque_ids_regions_that_exist_and_numbers_that_could_be() -> None:
    regions = Regions.load()
    assert all(regions.exists(code) and code.startswith("51") for code, *_ in PLACES)
    for event in map(json.loads, sample_day(TODAY, 200, add_months, SCENARIOS).events):
        assert not looks_like_identity_number(event["subject"])
        person = event["data"].get("person", event["data"])
        for contact in person.get("contacts", ()):
            if contact["channel"] == "sms":
                assert parse(contact["address"]).e164.startswith("+861")


def test_only_a_configuration_that_reaches_nobody_may_show_a_sample() -> None:
    assert harmless(load(ROOT / "config.toml", environ={}))
    assert harmless(Config())
    given = {"TIXING__STORE__URL": "postgresql://x/y", "TIXING__STORE__ALLOW_SANDBOX": "true",
             "TIXING__SECURITY__KEYS": '[{ id = 1, key = "' + "A" * 43 + '=" }]'}  # fmt: skip
    assert not harmless(load(ROOT / "config.toml", environ=given))


def test_a_demo_settles_everything_and_leaves_nothing(bare: Home) -> None:
    scratch = bare.folder / "scratch"  # of this test alone: others may run a demo at the same moment
    scratch.mkdir()
    scratch.chmod(0o711)
    said = bare.done("demo", "--persons", "30", TMPDIR=str(scratch))
    rows = {line.split()[0]: line.split() for line in said.splitlines() if line.strip()}
    assert all(name.split("：")[0] in said for name, _, _ in SCENARIOS)
    assert "已告知" in rows["日历到期提醒"]
    assert re.search(r"\d+ 人，\d+ 条事件，\d+ 件告知", said)
    assert "未全部完成" not in said
    assert not list(scratch.glob("tixing-demo-*"))
    assert not bare.data.exists()


def serve_sample(home: Home, port: int) -> "subprocess.Popen[str]":
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TIXING")}
    environment |= {"PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1", "TIXING__SERVER__PORT": str(port)}
    log = (home.folder / "log").open("a")
    with log:
        return subprocess.Popen(
            [sys.executable, "-m", "gateway", "serve", "--sample"], cwd=home.folder, env=environment, stdout=subprocess.PIPE, stderr=log, text=True
        )  # fmt: skip


def shown(process: "subprocess.Popen[str]") -> str:
    """What is on the screen once it says how to stop."""
    assert process.stdout is not None
    lines = []
    until = time.monotonic() + SETTLED_S
    while time.monotonic() < until and (line := process.stdout.readline()):
        lines.append(line)
        if "Ctrl-C" in line:
            return "".join(lines)
    raise AssertionError("".join(lines))


def answer(url: str, token: str) -> str:
    with urllib.request.urlopen(urllib.request.Request(url, headers={"Authorization": f"Bearer {token}"}), timeout=10) as said:
        return str(said.read().decode("utf-8-sig"))


def settled(url: str, token: str) -> str:
    """The same once it names no notice that goes on: a slow machine shows the day before all of it is over."""
    until = time.monotonic() + SETTLED_S
    while "in_progress" in (said := answer(url, token)) and time.monotonic() < until:
        time.sleep(0.5)
    return said


def test_the_sample_says_what_to_try_and_it_works_and_a_second_start_goes_on(bare: Home) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    tokens = []
    for start in ("first", "second"):
        process = serve_sample(bare, port)
        try:
            said = shown(process)
            token = re.findall(r"^TOKEN=(tx_\S+)$", said, re.MULTILINE)[0]
            listed, notice, outreach = (settled(url, token) for url in re.findall(r'^curl .*"(http://\S+)"$', said, re.MULTILINE))
        finally:
            process.send_signal(signal.SIGTERM)
            assert process.wait(30) == 0
            assert process.stdout is not None
            process.stdout.close()
        assert f"http://127.0.0.1:{port}" in said
        assert "此前已载入" in said if start == "second" else "此前已载入" not in said
        assert "08:00–20:00" in said
        assert "未认证时间段" in listed.splitlines()[0]
        assert len(listed.splitlines()) > 10
        assert json.loads(notice)["status"] == "informed"
        assert json.loads(outreach)["items"]
        tokens.append(token)
    assert tokens[0] == tokens[1]
    assert (bare.data / "sample.token").stat().st_mode & 0o777 == 0o600
