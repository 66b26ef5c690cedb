"""Logs: one line a request, one a job; key=value on a terminal, JSON elsewhere; never a number, an id or a token of anybody.

Who logs should mask by meaning (`gateway.numbers.mask`); this module is the net below: whatever looks like a mainland telephone or identity number, an
openid or a token is taken out of every value, key, message and traceback, even where it got there by mistake. Other libraries' loggers (aiohttp, arq,
asyncpg, asyncio), warnings and uncaught exceptions go the same way.
"""

import logging
import re
import sys
import threading
import traceback
from collections.abc import Mapping
from types import TracebackType
from typing import Any, TextIO

import msgspec
import structlog
from structlog.stdlib import BoundLogger, ProcessorFormatter
from structlog.typing import EventDict, Processor, WrappedLogger

D = "[0-9０-９]"
GAP = r"[- \t\u00a0\u3000()\u2010-\u2015]{0,2}"
ALONE, END = rf"(?<!{D})(?<!{D}\.)", rf"(?!{D})"
BORN = rf"(?:0[1-9]|1[0-2])(?:0[1-9]|[12]{D}|3[01])"
COUNTRY = rf"(?:(?:\+|00)?86{GAP})?"
PERSONAL = re.compile(
    "|".join(
        (
            # resident identity number: region, date of birth, serial, digit or X; before 1999 without century and check digit
            rf"{ALONE}(?P<identity>[1-9]{D}{{5}}{GAP}(?:(?:18|19|20){D}{D}{BORN}{GAP}{D}{{3}}{GAP}[0-9０-９xX]|{D}{D}{BORN}{GAP}{D}{{3}})){END}",
            # mobile, grouped in any way or with dots; fixed line with its area code
            rf"{ALONE}(?P<number>{COUNTRY}(?:[1１]{GAP}[3-9３-９](?:{GAP}{D}){{9}}|1[3-9]{D}\.{D}{{4}}\.{D}{{4}}|\(?0{D}{{2,3}}{GAP}{D}{{7,8}})){END}",
            # token of this gateway, webhook secret, bearer, the token in a callback's path, anything called a secret
            (
                r"(?P<token>\btx_[\w-]{16,}|\bwhsec_[\w+/=-]{8,}|(?i:\bbearer)\s+[\w.~+/=-]+|(?<=/callbacks/)[^/\s\"'\\]+/[^/\s\"'\\?]+"
                r"|(?i:\b(?:access_token|token|secret|password|passwd|api_?key)[=:]\s*)[^\s&\"'\\,;]+)"
            ),
            # openid of a WeChat account (28 characters), external_userid of WeCom (32)
            r"(?<![\w-])(?P<openid>o[\w-]{27}|w[mo][\w-]{30})(?![\w-])",
        )
    )
)
"""What never comes out; the group that matched names what stands in its place."""
SECRET_KEY = re.compile("(?i)passw|secret|authorization|access_token|callback_token|api_?key")
"""Keys whose values are never shown, whatever they look like."""
DEPTH = 8
"""How deep a value is followed; what lies deeper is left out."""
MOST_DIGITS = 18
"""Digits of a number that JSON readers keep exactly enough; a longer one is written as text."""
LONGEST, TAIL = 16_384, 100
"""Characters of one value that are kept, and how many more are looked at so that what is cut in two is not kept."""


def get_logger(name: str) -> BoundLogger:
    """A logger: `log.info("sent", provider="x", messages=100)`. Values are masked, but hand in none that is personal."""
    logger: BoundLogger = structlog.get_logger(name)
    return logger


def account(error: BaseException) -> dict[str, object]:
    """What an error was and where it came up, for a log line. Never its message: messages hold names, texts and arguments."""
    where = [f"{frame.name}:{frame.lineno}" for frame in traceback.extract_tb(error.__traceback__)[-4:]]
    return {"error": type(error).__name__, "sqlstate": getattr(error, "sqlstate", None), "at": " > ".join(where)}


def configure(level: str = "info", style: str = "auto", out: TextIO = sys.stderr) -> None:
    """Sets logging up for this process, before anything logs: until then nothing is masked. `level` and `style` as in `[log]`: auto, text or json."""
    is_text = style == "text" or (style == "auto" and out.isatty())
    handler = _Handler(out)
    handler.setFormatter(_formatter(is_text=is_text, colors=is_text and out.isatty()))
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    logging.captureWarnings(capture=True)
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *_before(), ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=BoundLogger,
    )
    sys.excepthook = _uncaught
    threading.excepthook = lambda args: _uncaught(args.exc_type, args.exc_value, args.exc_traceback)


def mask(text: str) -> str:
    """The text without what looks personal: `<number>`, `<identity>`, `<openid>` or `<token>` in its place. Long texts are cut."""
    if not text.isascii():
        text = text.encode(errors="replace").decode()  # half a character (a lone surrogate) would end the line, not only itself
    if len(text) > LONGEST:
        return PERSONAL.sub(_name, text[: LONGEST + TAIL])[:-TAIL] + "…"
    return PERSONAL.sub(_name, text)


def mask_values(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """The processor: every key and value, however deep, becomes plain data without anything personal."""
    return {mask(str(key)): _masked_under(str(key), value, DEPTH) for key, value in event.items()}


def _name(match: re.Match[str]) -> str:
    return f"<{match.lastgroup}>"


def _masked_under(key: str, value: Any, depth: int) -> Any:
    return "<token>" if value and SECRET_KEY.search(key) else _masked(value, depth)


def _masked(value: Any, depth: int) -> Any:
    if isinstance(value, str):
        return mask(value)
    if value is None or isinstance(value, bool | int | float):
        shown = mask(str(value))
        return value if shown == str(value) and len(shown) <= MOST_DIGITS else shown
    if isinstance(value, Mapping | list | tuple | set | frozenset):
        return _inside(value, depth - 1) if depth else "…"
    return mask(_shown(value))


def _inside(value: Any, depth: int) -> Any:
    if isinstance(value, Mapping):
        return {mask(str(key)): _masked_under(str(key), entry, depth) for key, entry in value.items()}
    return [_masked(entry, depth) for entry in value]


def _shown(value: Any) -> str:
    try:
        return value.decode(errors="replace") if isinstance(value, bytes | bytearray) else str(value)
    except Exception as error:  # noqa: BLE001  # a value that cannot be shown must not take the line with it
        return f"a {type(value).__name__} that cannot be shown ({type(error).__name__})"


class _Handler(logging.StreamHandler[TextIO]):
    """Writes lines. One that cannot be written is told by its kind of error alone: the standard handler would print what it held."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802  # the base's name
        error = sys.exc_info()[0]
        self.stream.write(f"a log line of {record.name} could not be written: {error.__name__ if error else 'unknown'}\n")


def _before() -> list[Processor]:
    """What our loggers and those of libraries have in common."""
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="%Y-%m-%dT%H:%M:%S.%f%z", utc=False),
        structlog.stdlib.PositionalArgumentsFormatter(),
    ]


def _formatter(*, is_text: bool, colors: bool) -> logging.Formatter:
    renderer: Processor = (
        structlog.dev.ConsoleRenderer(colors=colors, exception_formatter=structlog.dev.plain_traceback) if is_text else _as_json
    )
    told: list[Processor] = [structlog.processors.StackInfoRenderer(), structlog.processors.format_exc_info]
    return ProcessorFormatter(
        foreign_pre_chain=_before(), processors=[*told, ProcessorFormatter.remove_processors_meta, mask_values, renderer]
    )


def _as_json(_: WrappedLogger, __: str, event: EventDict) -> str:
    return msgspec.json.encode(event).decode()


def _uncaught(kind: type[BaseException], error: BaseException | None, trace: TracebackType | None) -> None:
    if error is None or issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error or kind(), trace)
        return
    get_logger("tixing").critical("uncaught", exc_info=(kind, error, trace))
