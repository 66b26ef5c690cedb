"""Coverage-guided fuzzing of what an SMSC may send: framing, PDUs, receipts, replies, long replies.

    pip install atheris && python -m tests.fuzz.smpp_pdu -max_total_time=600 -timeout=5 -rss_limit_mb=400 CORPUS

Nothing may raise but `UnreadableCallback`, nothing may hang (-timeout) or grow (-rss_limit_mb). Starts from the vectors. atheris is no dependency:
it has wheels for few platforms and is wanted once.
"""

import importlib
import sys
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import Final

from providers.base.dialect import Kind, LoginRefused
from providers.base.framing import Frames
from providers.base.news import State, packed
from providers.base.segments import Reassembly
from providers.base.types import UnreadableCallback
from providers.smpp.news import piece_of
from providers.smpp.pdu import HEADER, LONGEST_PDU, VERSION
from tests.providers.smpp import vectors
from tests.providers.smpp.provider import provider

SMPP: Final = [provider(message_id=form) for form in ("text", "hex_to_decimal", "decimal_to_hex")]
DIALECTS: Final = [smpp.dialect(0) for smpp in SMPP]
PARTS: Final = Reassembly(most=50)
_now: Final = count(1)


def one(data: bytes) -> None:
    """The first octet says which provider and how the stream is cut; the rest is the stream."""
    if not data:
        return
    which, step = data[0] % len(SMPP), data[0] // len(SMPP) + 1
    frames = Frames(HEADER, LONGEST_PDU)
    for at in range(1, len(data), step):
        for pdu in frames.feed(data[at : at + step]):
            _heard(which, pdu.command, pdu.sequence, pdu.frame)
    assert frames.waiting <= len(data)
    try:
        SMPP[which].read(packed(VERSION, State(data[0] % len(State)), [data[1:]]))
    except UnreadableCallback:
        return


def _heard(which: int, command: int, sequence: int, frame: bytes) -> None:
    dialect, smpp = DIALECTS[which], SMPP[which]
    pdu = Frames(HEADER, LONGEST_PDU).feed(frame)[0]
    assert (pdu.command, pdu.sequence) == (command, sequence)
    kind = dialect.kinds.get(command)
    if kind is None:
        dialect.strange(pdu)
    elif kind is Kind.LOGIN_ANSWER:
        with suppress(LoginRefused):
            dialect.admitted(pdu)
    elif kind in {Kind.ANSWER, Kind.NACK}:
        dialect.verdict(pdu)
    elif kind in {Kind.KEEP_ALIVE, Kind.GOODBYE, Kind.NEWS}:
        dialect.reply(pdu)
    if kind is Kind.NEWS:
        for state in State:
            smpp.read(packed(VERSION, state, [frame]))
        piece = piece_of(frame)
        if piece is not None and (parts := PARTS.add(VERSION, piece, frame, next(_now))):
            assert len(smpp.read(packed(VERSION, State.WHOLE, parts)).inbound) == 1
            PARTS.forget(VERSION, piece)
        PARTS.overdue(next(_now))
        assert len(PARTS) <= 50


def seeds() -> list[bytes]:
    """The vectors, each under every provider."""
    frames = [value for name, value in vars(vectors).items() if name.isupper()]
    return [bytes((first,)) + frame for first in (0, 1, 2, 200) for frame in (*frames, b"".join(frames))]


def main() -> None:
    """Fuzzes until libFuzzer's own options say stop."""
    atheris = importlib.import_module("atheris")
    corpus = Path(sys.argv[-1])
    corpus.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(seeds()):
        (corpus / f"vector-{number}").write_bytes(seed)
    atheris.instrument_all()
    atheris.Setup(sys.argv, one)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
