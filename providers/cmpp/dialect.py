"""How a CMPP link is spoken on: `base.dialect.Dialect` in the three versions."""

import logging
from collections.abc import Callable, Mapping
from typing import Final

import msgspec

from providers.base.codes import CodeTable
from providers.base.dialect import Garbage, Kind, LinkOptions, LoginRefused, Pdu, Segment, Verdict
from providers.base.join import digits, national
from providers.base.ruling import Ruling
from providers.cmpp.codes import BY_US, CONNECT_STATUS, FLOW_CONTROL, PAUSE_S, VERSION_TOO_HIGH
from providers.cmpp.pdu import (
    HEADER,
    LAYOUTS,
    LONGEST,
    RESPONSE,
    Command,
    Connect,
    ConnectResp,
    Submit,
    SubmitResp,
    authenticator,
    authenticators_ismg,
    pdu,
)

KINDS: Final[Mapping[int, Kind]] = {
    Command.SUBMIT | RESPONSE: Kind.ANSWER,
    Command.DELIVER: Kind.NEWS,
    Command.ACTIVE_TEST: Kind.KEEP_ALIVE,
    Command.ACTIVE_TEST | RESPONSE: Kind.KEEP_ALIVE_ANSWER,
    Command.TERMINATE: Kind.GOODBYE,
    Command.TERMINATE | RESPONSE: Kind.GOODBYE_ANSWER,
    Command.CONNECT | RESPONSE: Kind.LOGIN_ANSWER,
}
_IGNORED: Final = {command | bit for command in (Command.QUERY, Command.CANCEL, Command.FORWARD) for bit in (0, RESPONSE)}
_log = logging.getLogger("tixing.links")


class CmppOptions(LinkOptions, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The driver's own keys."""

    sp_id: str
    """The account (企业代码), six digits: Source_Addr and Msg_src."""
    secret: str
    src_id: str
    """The number that people see (接入号), with our extension: Src_Id."""
    service_id: str = ""
    version: str = "3.0"
    """The highest to ask for: "3.0", "2.1" or "2.0"."""
    fee_type: str = "01"
    fee_code: str = "0"
    fee_user_type: int = 2
    country_code: bool = False
    """Whether numbers carry their 86."""


class CmppDialect:
    """One connection in one version. `stamp` gives the time as MMDDHHMMSS; `lower` asks for a lower version from now on and says whether
    there is one.
    """

    header = HEADER
    longest = LONGEST
    kinds = KINDS
    sends = True

    def __init__(
        self, options: CmppOptions, version: int, results: CodeTable[Ruling], stamp: Callable[[], str], lower: Callable[[int], bool]
    ) -> None:
        self.mark = version
        self._layout = LAYOUTS[version]
        self._results, self._stamp, self._lower = results, stamp, lower
        self._source, self._secret = options.sp_id.encode(), options.secret.encode()
        self._with_country = options.country_code
        self._form = Submit(
            service_id=options.service_id.encode(),
            fee_user=options.fee_user_type,
            msg_src=self._source,
            fee_type=options.fee_type.encode(),
            fee_code=options.fee_code.encode(),
            src_id=options.src_id.encode(),
        )
        self._digest = b""

    def login(self, sequence: int) -> bytes:
        """CONNECT."""
        stamp = self._stamp()
        self._digest = authenticator(self._source, self._secret, stamp)
        return Connect(self._source, self._digest, self.mark, stamp).packed(sequence)

    def admitted(self, answer: Pdu) -> None:
        """Raises `LoginRefused`, `Garbage`."""
        said = ConnectResp.read(answer.frame)
        if said.status == VERSION_TOO_HIGH and self._lower(self.mark):
            raise LoginRefused(f"version {self.mark >> 4}.{self.mark & 15} is too high", at_once=True)
        if said.status:
            why = CONNECT_STATUS.get(said.status, "other")
            raise LoginRefused(f"status {said.status}, {why}", by_us=said.status in BY_US or said.status == VERSION_TOO_HIGH)
        if said.authenticator not in authenticators_ismg(0, self._digest, self._secret):
            _log.warning("ismg_authenticator_differs version=%#x", said.version)  # gateways compute it in more ways than two

    def submit(self, segment: Segment, sequence: int) -> bytes:
        """SUBMIT to one number."""
        address = segment.message.address
        number = (digits(address) if self._with_country else national(address)).removeprefix("+").encode()
        one = msgspec.structs.replace(
            self._form,
            pk_total=segment.total,
            pk_number=segment.number,
            udhi=int(segment.udh),
            coding=segment.coding,
            to=(number,),
            content=segment.content,
        )
        return one.packed(sequence, self._layout)

    def verdict(self, answer: Pdu) -> Verdict:
        """SUBMIT_RESP. Raises `Garbage`."""
        said = SubmitResp.read(answer.frame)
        code = str(said.result)
        part = f"{said.msg_id:016x}" if said.msg_id else None
        return Verdict(self._results[code], code, part, PAUSE_S if said.result == FLOW_CONTROL else 0.0)

    def keep_alive(self, sequence: int) -> bytes:
        """ACTIVE_TEST."""
        return pdu(Command.ACTIVE_TEST, sequence)

    def goodbye(self, sequence: int) -> bytes:
        """TERMINATE."""
        return pdu(Command.TERMINATE, sequence)

    def reply(self, pdu_: Pdu, *, stored: bool = True) -> bytes:
        """Answers; a DELIVER that was not stored gets none, and the gateway sends it again. Raises `Garbage`."""
        if pdu_.command == Command.ACTIVE_TEST:
            return pdu(pdu_.command | RESPONSE, pdu_.sequence, b"\0")
        if pdu_.command == Command.TERMINATE:
            return pdu(pdu_.command | RESPONSE, pdu_.sequence)
        if len(pdu_.frame) < 12 + self._layout.deliver.size:
            raise Garbage("a DELIVER that is too short")
        msg_id = int.from_bytes(pdu_.frame[12:20], "big")
        return SubmitResp(msg_id, 0).packed(pdu_.sequence, self._layout, Command.DELIVER) if stored else b""

    def objection(self) -> bytes:
        """CMPP has no word for it."""
        return b""

    def strange(self, pdu_: Pdu) -> bytes:
        """Raises `Garbage` for what CMPP does not have; what it has and we never ask for is passed over."""
        if pdu_.command in _IGNORED:
            return b""
        raise Garbage(f"command {pdu_.command:#x}")
