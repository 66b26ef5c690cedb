"""Coverage-guided fuzzing of what an ISMG may send: framing, PDUs, reports, replies, long replies.

    pip install atheris && python -m tests.fuzz.cmpp_pdu -max_total_time=600 -timeout=5 -rss_limit_mb=400 CORPUS

Nothing may raise but `Garbage`, `LoginRefused` and `UnreadableCallback`, nothing may hang (-timeout) or grow (-rss_limit_mb). Starts from the
vectors. atheris is no dependency: it has wheels for few platforms and is wanted once.
"""

import importlib
import sys
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import Final

from providers.base.dialect import Garbage, Kind, LoginRefused, Pdu
from providers.base.framing import Frames
from providers.base.news import State, packed
from providers.base.segments import Reassembly
from providers.base.types import UnreadableCallback
from providers.cmpp.pdu import HEADER, LAYOUTS, LONGEST, Submit
from tests.providers.cmpp import vectors
from tests.providers.cmpp.provider import provider

CMPP: Final = provider(1)
VERSIONS: Final = list(LAYOUTS)
PARTS: Final = Reassembly(most=50)
_now: Final = count(1)


def one(data: bytes) -> None:
    """The first octet says the version and how the stream is cut; the rest is the stream."""
    if not data:
        return
    version, step = VERSIONS[data[0] % len(VERSIONS)], data[0] // len(VERSIONS) + 1
    CMPP._version = version
    frames = Frames(HEADER, LONGEST)
    for at in range(1, len(data), step):
        for pdu in frames.feed(data[at : at + step]):
            with suppress(Garbage, LoginRefused):
                _heard(version, pdu)
    assert frames.waiting <= len(data)
    with suppress(UnreadableCallback):
        CMPP.read(packed(version, State(data[0] % len(State)), [data[1:]]))


def _heard(version: int, pdu: Pdu) -> None:
    dialect = CMPP.dialect(0)
    dialect.login(1)
    kind = dialect.kinds.get(pdu.command)
    if kind is None:
        with suppress(Garbage):
            Submit.read(pdu.frame, LAYOUTS[version])
        dialect.strange(pdu)
    elif kind is Kind.LOGIN_ANSWER:
        dialect.admitted(pdu)
    elif kind is Kind.ANSWER:
        dialect.verdict(pdu)
    elif kind in {Kind.KEEP_ALIVE, Kind.GOODBYE, Kind.NEWS}:
        assert dialect.reply(pdu)
        piece = CMPP.piece(version, pdu.frame)
        if piece:
            now = float(next(_now))
            PARTS.add(version, piece, pdu.frame, now)
            PARTS.overdue(now)
            assert len(PARTS) <= 50


def seeds(folder: Path) -> None:
    """The vectors, for each version."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, octets in vars(vectors).items():
        if isinstance(octets, bytes):
            for first in (0, 1, 2, 254):
                (folder / f"{name}-{first}").write_bytes(bytes((first,)) + octets)


if __name__ == "__main__":
    atheris = importlib.import_module("atheris")
    seeds(Path(sys.argv[-1]))
    atheris.instrument_all()
    atheris.Setup(sys.argv, one)
    atheris.Fuzz()
