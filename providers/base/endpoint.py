"""Where calls go: the head of every request is written out once, a call adds its length and body."""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Self

import msgspec
from yarl import URL

NO_HEADERS: Final[Mapping[str, str]] = MappingProxyType({})

_TOKEN: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VALUE: Final = re.compile(r"[\t\x20-\x7e]*")
_QUERY: Final = re.compile(rb"[!$-~]*")
_AFTER_PATH: Final = b" HTTP/1.1\r\n"
_OURS: Final = frozenset({"host", "content-length", "transfer-encoding", "connection", "expect"})
_DEFAULTS: Final = {
    "User-Agent": "tixing",
    "Accept": "application/json",
    "Accept-Encoding": "identity",
    "Content-Type": "application/json",
}


class EndpointError(ValueError):
    """`key` cannot work; the text says why and what to do, and holds no header's value."""

    def __init__(self, key: str, advice: str) -> None:
        super().__init__(advice)
        self.key = key


class Endpoint(msgspec.Struct, frozen=True):
    """A method, a URL and the headers that every call has. Make it with `Endpoint.of`."""

    origin: URL
    head: bytes

    @classmethod
    def of(cls, method: str, url: str, headers: Mapping[str, str] = NO_HEADERS) -> Self:
        """Raises `EndpointError`."""
        if not _TOKEN.fullmatch(method):
            raise EndpointError("method", "this is not an HTTP method: use POST or PUT")
        target = _absolute(url)
        named = {name.lower() for name in headers}
        defaults = {name: value for name, value in _DEFAULTS.items() if name.lower() not in named}
        start = f"{method} {target.raw_path_qs} HTTP/1.1\r\nHost: {target.host_port_subcomponent}\r\n"
        return cls(target.origin(), start.encode("ascii") + _lines(defaults | dict(headers)))

    def request(self, body: bytes, headers: Mapping[str, str] = NO_HEADERS, query: bytes = b"") -> bytes:
        """All bytes of one call. `query` is that of this call alone, percent-encoded. Raises `EndpointError` for what HTTP cannot carry."""
        own = _lines(headers) if headers else b""
        head = self._asking(query) if query else self.head
        return b"%b%bContent-Length: %d\r\n\r\n%b" % (head, own, len(body), body)

    def _asking(self, query: bytes) -> bytes:
        if not _QUERY.fullmatch(query):
            raise EndpointError("query", "a call's query holds characters that must be percent-encoded")
        path, after, lines = self.head.partition(_AFTER_PATH)
        return b"%b%b%b%b%b" % (path, b"&" if b"?" in path else b"?", query, after, lines)


def _absolute(url: str) -> URL:
    try:
        target = URL(url)
    except ValueError as error:
        raise EndpointError("url", "cannot be read: write https://host/path") from error
    if target.scheme not in {"http", "https"} or not target.host:
        raise EndpointError("url", "must be absolute: write https://host/path")
    if target.user is not None or target.password is not None:
        raise EndpointError("url", "holds credentials: put them into headers, as env:NAME")
    return target


def _lines(headers: Mapping[str, str]) -> bytes:
    for name, value in headers.items():
        if not _TOKEN.fullmatch(name):
            raise EndpointError("headers", "a header's name holds characters that HTTP does not allow there")
        if name.lower() in _OURS:
            raise EndpointError("headers", f"header {name} is set by the gateway itself: leave it out")
        if not _VALUE.fullmatch(value):
            raise EndpointError("headers", f"header {name} has a value that is not plain ASCII on one line")
    return "".join(f"{name}: {value}\r\n" for name, value in headers.items()).encode("ascii")
