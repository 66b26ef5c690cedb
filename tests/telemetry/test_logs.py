"""What goes into a log and what comes out of it: numbers, ids and tokens never do."""

import io
import json
import logging
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as some

from gateway import logs

MOBILE = "13800138000"
OPENID = "oABCDEFGHIJKLMNOPQRSTUVWXYZ1"
IDENTITY = "51010419500101123X"
TOKEN = "tx_abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"


class Log:
    """What was written."""

    def __init__(self, out: io.StringIO) -> None:
        self._out = out

    def __str__(self) -> str:
        return self._out.getvalue()

    def alone(self) -> None:
        """Takes pytest's own handlers away, which pass on whatever cannot be written."""
        root = logging.getLogger()
        root.handlers[:] = [handler for handler in root.handlers if isinstance(handler, logs._Handler)]

    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self._out.getvalue().splitlines()]


@pytest.fixture(params=["json", "text"])
def log(request: pytest.FixtureRequest) -> Iterator[Log]:
    yield from _configured(request.param)


@pytest.fixture
def json_log() -> Iterator[Log]:
    yield from _configured("json")


def _configured(style: str) -> Iterator[Log]:
    root, hooks = logging.getLogger(), (sys.excepthook, threading.excepthook)
    before, level = root.handlers[:], root.level
    root.handlers.clear()  # pytest's own would be closed
    out = io.StringIO()
    logs.configure("info", style, out)
    yield Log(out)
    logging.captureWarnings(capture=False)
    root.handlers[:], root.level = before, level
    structlog.reset_defaults()
    sys.excepthook, threading.excepthook = hooks


class Leaky:
    """A value that shows a number when it is shown."""

    def __repr__(self) -> str:
        return f"Leaky({MOBILE})"


class Broken:
    """A value that cannot be shown, and says the number while failing."""

    def __repr__(self) -> str:
        raise ValueError(MOBILE)


PLACES: dict[str, dict[str, Any]] = {
    "text": {"to": MOBILE},
    "an integer": {"to": int(MOBILE)},
    "with its country": {"to": f"+86{MOBILE}"},
    "bytes": {"to": MOBILE.encode()},
    "deep inside": {"to": [[{"deep": (MOBILE,)}]]},
    "a key": {MOBILE: 1},
    "a key inside": {"in": {MOBILE: 1}},
    "a number as a key": {"in": {int(MOBILE): 1}},
    "a set": {"set": {MOBILE}},
    "an object": {"object": Leaky()},
    "an object that fails": {"object": Broken()},
    "objects in a list": {"objects": [Leaky(), Broken()]},
    "an error": {"error": ValueError(MOBILE)},
    "far back": {"long": "x" * 20_000 + MOBILE},
    **{f"at the cut, {digits} digits before": {"long": "x" * (logs.LONGEST - digits) + MOBILE} for digits in range(12)},
    **{
        f"at the edge of what is read, {digits} digits before": {"long": "x" * (logs.LONGEST + logs.TAIL - digits) + MOBILE}
        for digits in range(12)
    },
}


@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
def test_a_number_put_anywhere_never_comes_out(log: Log, place: dict[str, Any]) -> None:
    log.alone()
    logs.get_logger("x").info("told", **place)
    logging.getLogger("aiohttp.server").warning("told %s", place)
    assert "told" in str(log)
    assert "aiohttp.server" in str(log)
    assert MOBILE[:8] not in str(log)


def test_a_number_in_a_message_or_an_argument_never_comes_out(log: Log) -> None:
    logs.get_logger("x").info(f"to {MOBILE}")
    logs.get_logger("x").info("to %s", MOBILE)
    logging.getLogger("arq.worker").error("to %s", int(MOBILE))
    structlog.get_logger().warning("to", address=MOBILE)
    assert str(log).count("<number>") == 4
    assert MOBILE not in str(log)


@pytest.mark.parametrize("name", ["ours", "asyncpg"])
def test_a_number_in_an_exception_never_comes_out(log: Log, name: str) -> None:
    log.alone()  # half a character cannot be told to whoever runs tests in several processes
    logger: Any = logs.get_logger(name) if name == "ours" else logging.getLogger(name)
    try:
        _fail()
    except ValueError:
        logger.exception("failed")
    assert "ValueError: row (<number>, <identity>, ?)" in str(log)
    assert MOBILE not in str(log)
    assert IDENTITY not in str(log)


def _fail() -> None:
    row: dict[str, str] = {}
    try:
        row[MOBILE]
    except KeyError as error:
        raise ValueError(f"row ({MOBILE}, {IDENTITY}, \ud800)") from error


def test_a_line_that_cannot_be_written_tells_its_kind_of_error_alone(log: Log, capsys: pytest.CaptureFixture[str]) -> None:
    log.alone()
    logging.getLogger("aiohttp").info("%d of them", MOBILE)
    assert str(log) == "a log line of aiohttp could not be written: TypeError\n"
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    "what",
    [
        "raise ValueError('to ' + number)",
        "import threading; thread = threading.Thread(target=int, args=('to ' + number,)); thread.start(); thread.join()",
        "import warnings; warnings.warn('to ' + number)",
        "import asyncio; loop = asyncio.new_event_loop(); loop.call_exception_handler({'message': 'to ' + number}); loop.close()",
    ],
    ids=["an error", "an error of a thread", "a warning", "an error of an event loop"],
)
def test_what_nobody_caught_is_logged_without_its_number(what: str) -> None:
    code = f"from gateway import logs; logs.configure('info', 'json'); number = '{MOBILE[:5]}' + '{MOBILE[5:]}'; {what}"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=Path(__file__).parents[2], check=False)
    lines = [json.loads(line) for line in done.stderr.splitlines()]
    assert any("<number>" in line["event"] + line.get("exception", "") for line in lines)
    assert MOBILE not in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"to {MOBILE}.", "to <number>."),
        ("+86 138-0013-8000", "<number>"),
        ("8613800138000", "<number>"),
        ("008613800138000", "<number>"),
        ("138 0013 8000", "<number>"),
        ("138.0013.8000", "<number>"),
        ("１３８００１３８０００", "<number>"),
        ("138–0013–8000", "<number>"),
        ("sms.13800138000", "sms.<number>"),
        ("sms:13800138000/x", "sms:<number>/x"),
        ("n=13800138000,m=13900139000", "n=<number>,m=<number>"),
        ("028-12345678", "<number>"),
        ("0816 1234567", "<number>"),
        (f"id {IDENTITY}!", "id <identity>!"),
        ("510104 19500101 123x", "<identity>"),
        ("510104195001011234", "<identity>"),
        ("510104500101123", "<identity>"),
        (f"to {OPENID}", "to <openid>"),
        ("wmABCDEFGHIJKLMNOPQRSTUVWXYZ1234", "<openid>"),
        (f"token {TOKEN}", "token <token>"),
        ("Authorization: Bearer abc.def-ghi", "Authorization: <token>"),
        ("POST /callbacks/acme/s3cretTokenOfTheirs?x=1 200", "POST /callbacks/<token>?x=1 200"),
        ("GET /send?access_token=abc123&to=x", "GET /send?<token>&to=x"),
        ("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "<token>"),
    ],
)
def test_what_looks_personal_is_named_and_not_shown(text: str, shown: str) -> None:
    assert logs.mask(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        "POST /v1/events 202 in 12.3 ms",
        "2026-11-14T13:14:15.161718+0800",
        "192.168.100.20:8080",
        "took 1.13800138000 s",
        "message 1380013800 of 138001380001",
        "vendor id 3662956322040938501",
        "138****8000",
        "hotline 12333",
        "550e8400-e29b-41d4-a716-446655440000",
        "region 510104 certified 2025-11-02",
        "providers/base/http_answers_of_vendors.py",
        "token revoked name=acceptance",
    ],
)
def test_what_operators_need_stays(text: str) -> None:
    assert logs.mask(text) == text


@given(
    some.text(alphabet="ab:,/=\"'<>é王\n"), some.text(alphabet="ab:,/=\"'<>é王\n"), some.sampled_from([MOBILE, f"+86{MOBILE}", IDENTITY])
)
def test_no_neighbour_hides_a_number(before: str, after: str, number: str) -> None:
    assert number not in logs.mask(before + number + after)


def test_a_key_that_names_a_secret_shows_no_value(json_log: Log) -> None:
    logs.get_logger("x").info("told", password="p", headers={"Authorization": "x"}, client_secret=None, token="acceptance")
    [line] = json_log.lines()
    assert (line["password"], line["headers"], line["client_secret"], line["token"]) == (
        "<token>",
        {"Authorization": "<token>"},
        None,
        "acceptance",
    )


def test_a_line_off_a_terminal_is_json_with_time_level_and_logger(json_log: Log) -> None:
    logs.get_logger("api").info("request", status=202, ms=1.5, path="/v1/events", ok=True, none=None, big=2**70)
    [line] = json_log.lines()
    assert line.pop("timestamp")[10] == "T"
    assert line == {
        "event": "request", "level": "info", "logger": "api", "status": 202, "ms": 1.5, "path": "/v1/events", "ok": True, "none": None, "big": str(2**70),
    }  # fmt: skip


def test_a_line_on_a_terminal_is_key_value() -> None:
    for log in _configured("text"):
        logs.get_logger("api").info("request", status=202)
        assert "request" in str(log)
        assert "status=202" in str(log)


def test_what_is_below_the_level_is_not_written(log: Log) -> None:
    logs.get_logger("x").debug("hidden")
    logging.getLogger("arq").debug("hidden")
    assert str(log) == ""


def test_a_value_that_holds_itself_ends(json_log: Log) -> None:
    endless: list[Any] = []
    endless.append(endless)
    logs.get_logger("x").info("told", endless=endless)
    assert "…" in str(json_log)
