"""`wecom`: messages of a company's own application (企业微信) to its members. Many members a call, where the text is the same for all.

[providers.wecom]
driver = "wecom"
batch_size = 100                            # members a call, at most 1000
corp_id = "ww…"
corp_secret = "env:WECOM_SECRET"            # of the application
agent_id = 1000002
token = "env:WECOM_TOKEN"                   # both only where replies are wanted
aes_key = "env:WECOM_AES_KEY"
accepted_means = "delivered"                # there are no receipts: see below

[providers.wecom.templates."reminder"]      # left out: the text as it is
kind = "textcard"                           # or "text", "markdown", "template_card"
body = { title = "资格认证提醒", description = "{text}", url = "https://…" }

**No receipts.** An acceptance is the last word: it puts the message into the member's account, and members who cannot be reached are named in the
same answer. So it counts as delivered, unless `accepted_means = "sent"`. One thing is not said: beyond 30 messages a minute or 1000 an hour to one
member the vendor drops them in silence. `sending.per_address_per_day` keeps far below; other senders of the same application count, too.

Sources, read 2026-11-24: developer.work.weixin.qq.com, "发送应用消息" (90236), "获取access_token" (91039), "频率限制" (90454), "加解密方案" (90968).
"""

import time
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Annotated, Any, Final
from urllib.parse import urlencode

import msgspec

from providers.base import acceptance, codes
from providers.base.acceptance import Means
from providers.base.codes import Codes
from providers.base.document import decoded, text
from providers.base.endpoint import Endpoint, EndpointError
from providers.base.link import Heard
from providers.base.options import read_options, wrong
from providers.base.ruling import Ruling, because
from providers.base.token_vendor import TokenVendor
from providers.base.types import Answer, Callback, Outgoing, Reading, Receive, Settings, StillMine, UnreadableCallback
from providers.base.vendor import Request, UnreadableAnswer, told
from providers.base.vendor_template import Unfit
from providers.base.wechat_crypto import KeyShapeError, PushDoor
from providers.base.wechat_push import person_said
from providers.base.words import Outcome, Reason
from providers.wecom.codes import ANSWERS, INVALID_USER, STALE, UNLICENSED_USER
from providers.wecom.form import PLAIN, NoMember, WecomTemplate, member, shown

ENDPOINT: Final = "https://qyapi.weixin.qq.com"
_MOST_MEMBERS: Final = 1000
_ENCODE: Final = msgspec.json.Encoder().encode  # writes UTF-8 as it is: the vendor refuses \\uXXXX (40033)
_OTHERS: Final = Ruling(Outcome.NOTHING_LEFT, detail="not alike: it needs a call of its own")


class WecomOptions(Codes, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The driver's own keys."""

    corp_id: str
    corp_secret: str
    agent_id: Annotated[int, msgspec.Meta(ge=0)]
    token: str = ""
    aes_key: str = ""
    templates: Mapping[str, WecomTemplate] = {}
    accepted_means: Means = Means.DELIVERED
    endpoint: str = ENDPOINT


class Wecom(TokenVendor):
    """An application of a company."""

    stale = STALE
    forces = False

    def __init__(self, settings: Settings, receive: Receive, now: Callable[[], float] = time.time) -> None:
        """Raises `SettingsError`. `now`: seconds since 1970."""
        options = read_options(settings, WecomOptions)
        if not 1 <= settings.batch_size <= _MOST_MEMBERS:
            raise wrong(settings, "batch_size", f"must be 1 to {_MOST_MEMBERS}: that many members a call")
        super().__init__(settings, codes.answers(settings, ANSWERS, options))
        self._receive, self._means, self._agent = receive, options.accepted_means, options.agent_id
        self._templates = options.templates or PLAIN
        self._who = urlencode({"corpid": options.corp_id, "corpsecret": options.corp_secret}).encode()
        try:
            self._door = PushDoor(options.token, options.aes_key, options.corp_id, now)
            self._token_at = Endpoint.of("GET", f"{options.endpoint}/cgi-bin/gettoken")
            self._send_at = Endpoint.of("POST", f"{options.endpoint}/cgi-bin/message/send")
        except KeyShapeError as error:
            raise wrong(settings, "aes_key", str(error)) from error
        except EndpointError as error:
            raise wrong(settings, "endpoint", str(error)) from error

    def token_call(self, *, force: bool) -> tuple[Endpoint, bytes, bytes]:
        """`gettoken`: within its validity every process is given the same one."""
        del force
        return self._token_at, b"", self._who

    def alike(self, message: Outgoing) -> Hashable:
        """Members may share a call where all of it but them is the same."""
        try:
            return _ENCODE(shown(self._templates, message))
        except (Unfit, UnicodeEncodeError):
            return message.reference

    def write(self, batch: Sequence[Outgoing]) -> Request:
        """One call for the members whose message is the first one's; what is not alike, or cannot be written, does not leave."""
        alike: list[Outgoing] = []
        left: list[Answer] = []
        first: dict[str, Any] = {}
        for message in batch:
            try:
                mine = shown(self._templates, message)
                _ENCODE(mine)
                member(message.address)
            except (Unfit, UnicodeEncodeError) as error:
                left.append(_refused(message, error))
                continue
            first = first or mine
            if mine == first:
                alike.append(message)
            else:
                left.append(_OTHERS.about(message.reference))
        call = {"touser": "|".join(message.address for message in alike), "agentid": self._agent, **first}
        return Request(self._send_at, _ENCODE(call) if alike else b"", alike, left)

    def answers(self, batch: Sequence[Outgoing], heard: Heard, ruling: Ruling | None) -> Sequence[Answer]:
        """Errors come with status 200 too: `errcode` decides, and beside 0 stand the members who were left out."""
        if ruling is not None:
            return told(batch, ruling)
        said = decoded(heard.body)
        code = text(said.get("errcode")) if isinstance(said, Mapping) else None
        if code is None:
            raise UnreadableAnswer("no errcode")
        words, msgid = text(said.get("errmsg")), text(said.get("msgid"))
        if self.codes[code].outcome is not Outcome.ACCEPTED:
            return told(batch, self.codes[code], code, words)
        out = {member: why for why in (UNLICENSED_USER, INVALID_USER) for member in _members(said.get(why))}
        judged = [(message.reference, out.get(message.address.lower(), code)) for message in batch]
        return [self.codes[why].about(reference, msgid, why, words) for reference, why in judged]

    async def send(self, batch: Sequence[Outgoing], still_mine: StillMine, on_first_byte: Callable[[], None]) -> Sequence[Answer]:
        """See `Provider.send`; what was accepted is reported as delivered, where it counts as that."""
        answers = await super().send(batch, still_mine, on_first_byte)
        if self._means is Means.DELIVERED:
            await acceptance.report(self._receive, self.settings.name, answers)
        return answers

    def read(self, callback: Callback) -> Reading:
        """The address check (GET), what members write (POST), and our own word of acceptances. Raises `UnreadableCallback`."""
        if callback.method == "QUERY":
            return acceptance.read(callback)
        if callback.method == "GET":
            echo = callback.query.get("echostr", "")
            self._door.check(callback.query, "msg_signature", echo)
            return Reading(reply_body=self._door.opened(echo))
        if callback.method != "POST":
            raise UnreadableCallback("neither GET nor POST")
        return Reading(inbound=person_said(self._door.pushed(callback.query, callback.body)))


def _members(listed: Any) -> list[str]:
    return [member.lower() for member in listed.split("|") if member] if isinstance(listed, str) else []


def _refused(message: Outgoing, error: Exception) -> Answer:
    if isinstance(error, UnicodeEncodeError):
        return because(Outcome.REFUSED, Reason.CONTENT_REJECTED, "the text holds half a character (a lone surrogate)").about(
            message.reference
        )
    reason = Reason.MALFORMED_ADDRESS if isinstance(error, NoMember) else Reason.CONTENT_REJECTED
    return because(Outcome.REFUSED, reason, str(error)).about(message.reference)
