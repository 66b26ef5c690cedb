"""`aliyun`: Alibaba Cloud SMS (阿里云短信), SendSms for one message, SendBatchSms for up to 100.

[providers.aliyun]
driver = "aliyun"
batch_size = 100
access_key_id = "env:ALIYUN_ACCESS_KEY_ID"
access_key_secret = "env:ALIYUN_ACCESS_KEY_SECRET"
sign_name = "四川社保"                       # left out: each message's own signature
[providers.aliyun.templates."*"]
code = "SMS_154950909"
params = { name = "{name}", day = "{deadline}" }

SendSms, SendBatchSms (help.aliyun.com, documents 419273 and 419274), read 2026-11-24. A message goes out with our id as `OutId`, a batch with the id
of its call and a mark before it; reports bring it back. The vendor answers a call with one code, and knows no idempotence: a nonce is never used twice.
"""

import asyncio
import logging
import secrets
from collections.abc import Callable, Hashable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

import msgspec

from providers.aliyun.answers import answers_of, blames_one, field, fields
from providers.aliyun.codes import ACCEPTED, CODES, RECEIPT_CODES
from providers.aliyun.options import AliyunOptions, endpoint_of, signer_of
from providers.aliyun.query import ACTION as QUERY
from providers.aliyun.query import answer_all
from providers.aliyun.receipts import probed, pushed, queried
from providers.aliyun.v3 import Signed
from providers.base.abilities import Asked
from providers.base.codes import answers, reports
from providers.base.context import context_of
from providers.base.halves import by_halves
from providers.base.join import digits, national
from providers.base.link import Heard
from providers.base.options import read_options, wrong
from providers.base.ruling import Ruling, because
from providers.base.types import Answer, Callback, Outgoing, Reading, Receive, Settings, StillMine
from providers.base.vendor import HttpVendor, Request
from providers.base.vendor_template import Unfit, check, template_for
from providers.base.words import Outcome, Reason, RetryClass

MOST_A_CALL: Final = 100
HALVINGS: Final = 16
"""Calls that a refused batch may be looked into with: enough to find one message among a hundred, too few to hammer."""
HALVING_S: Final = 4.0
"""When the last of them begins: it still ends within the lease, which is longer than `timeout_s` + 5 s."""

_ANOTHER_TEMPLATE: Final = Ruling(Outcome.NOTHING_LEFT, detail="a call carries one template; this message has another one")
_HALF_A_CHARACTER: Final = because(Outcome.REFUSED, Reason.CONTENT_REJECTED, "a parameter holds half a character (a lone surrogate)")
_NO_FORM: Final[Mapping[str, str]] = {}

_encode: Final = msgspec.json.Encoder().encode
_log = logging.getLogger("tixing.aliyun")


class Aliyun(HttpVendor):
    """Alibaba Cloud SMS."""

    def __init__(self, settings: Settings, receive: Receive) -> None:
        """Raises `SettingsError`."""
        super().__init__(settings)
        options = read_options(settings, AliyunOptions)
        check(settings, options.templates)
        if not 1 <= settings.batch_size <= MOST_A_CALL:
            raise wrong(settings, "batch_size", f"this vendor takes 1 to {MOST_A_CALL} messages a call")
        self._receive = receive
        self._templates, self._sign_name = options.templates, options.sign_name
        self._endpoint = endpoint_of(settings, options.endpoint)
        self._signer = signer_of(settings, options, self._endpoint)
        self._codes = answers(settings, CODES, options)
        self._receipt_codes = reports(settings, RECEIPT_CODES, options)
        self.now: Callable[[], datetime] = lambda: datetime.now(UTC)

    def alike(self, message: Outgoing) -> Hashable:
        """Template and signature: a batch has one template, and a signature that is not approved costs its own messages only."""
        try:
            return template_for(self._templates, message).code, message.signature
        except Unfit:
            return None

    async def send(self, batch: Sequence[Outgoing], still_mine: StillMine, on_first_byte: Callable[[], None]) -> Sequence[Answer]:
        """One call; see `Provider.send`. A batch that is refused for one of its messages is sent again in halves."""
        if len(batch) == 1:
            return await super().send(batch, still_mine, on_first_byte)
        loop = asyncio.get_running_loop()
        until, wrote = loop.time() + HALVING_S, _once(on_first_byte)
        return await by_halves(
            batch,
            lambda part: HttpVendor.send(self, part, still_mine, wrote),
            blames_one,
            lambda calls: calls <= HALVINGS and loop.time() < until,
        )

    def write(self, batch: Sequence[Outgoing]) -> Request:
        """Signed. A message for which there is no template, or whose values do not fit it, is refused before anything leaves."""
        written: list[tuple[Outgoing, bytes]] = []
        kept_back: list[Answer] = []
        code = None
        for message in batch:
            try:
                template = template_for(self._templates, message)
                params = _encode(template.named(message))
            except Unfit as error:
                kept_back.append(_unfit(str(error)).about(message.reference))
                continue
            except UnicodeEncodeError:
                kept_back.append(_HALF_A_CHARACTER.about(message.reference))
                continue
            code = code or template.code
            if template.code == code:
                written.append((message, params))
            else:
                kept_back.append(_ANOTHER_TEMPLATE.about(message.reference))
        if code is None:
            return Request(self._endpoint, b"", (), kept_back)
        call = self._one(*written[0], code) if len(written) == 1 else self._many(written, code)
        return Request(self._endpoint, call.body, [message for message, _ in written], kept_back, call.headers, call.query)

    def answers(self, batch: Sequence[Outgoing], heard: Heard, ruling: Ruling | None) -> Sequence[Answer]:
        """See `aliyun.answers`."""
        return answers_of(batch, heard.body, ruling, self._codes, self.now())

    def read(self, callback: Callback) -> Reading:
        """Pushed reports and replies, the vendor's probe of the address, and what `ask` found."""
        if callback.method == "GET":
            return probed()
        return (queried if callback.method == "QUERY" else pushed)(callback.body, self._receipt_codes)

    async def ask(self, asked: Sequence[Asked]) -> None:
        """QuerySendDetails for each number and day; see `Asks`."""
        failed: list[str | None] = []

        async def fetch(parameters: Mapping[str, str]) -> bytes | None:
            call = self._signed(QUERY, parameters, _NO_FORM)
            heard = await self._link.call(self._endpoint, call.body, lambda: True, lambda: None, call.headers, call.query)
            code = field(fields(heard.body), "Code") if isinstance(heard, Heard) else heard.detail
            if isinstance(heard, Heard) and code == ACCEPTED:
                return heard.body
            failed.append(code)
            return None

        await answer_all(asked, self.now(), fetch, self._keep)
        if failed:
            _log.warning("aliyun queries failed provider=%s queries=%d last=%s", self.settings.name, len(failed), failed[-1])

    def _one(self, message: Outgoing, params: bytes, template: str) -> Signed:
        query = {
            "PhoneNumbers": _phone(message),
            "SignName": self._sign_name or message.signature,
            "TemplateCode": template,
            "TemplateParam": params.decode(),
            "OutId": context_of([message]),
        }
        return self._signed("SendSms", query, _NO_FORM)

    def _many(self, written: Sequence[tuple[Outgoing, bytes]], template: str) -> Signed:
        messages = [message for message, _ in written]
        form = {
            "PhoneNumberJson": _encode([_phone(message) for message in messages]).decode(),
            "SignNameJson": _encode([self._sign_name or message.signature for message in messages]).decode(),
            "TemplateParamJson": (b"[%b]" % b",".join([params for _, params in written])).decode(),
        }
        return self._signed("SendBatchSms", {"TemplateCode": template, "OutId": context_of(messages)}, form)

    def _signed(self, action: str, query: Mapping[str, str], form: Mapping[str, str]) -> Signed:
        return self._signer.sign(action, query, form, self.now(), secrets.token_hex(16))

    async def _keep(self, body: bytes) -> None:
        await self._receive(self.settings.name, Callback("QUERY", {}, {}, body))


def _once(call: Callable[[], None]) -> Callable[[], None]:
    left = [call]

    def called() -> None:
        if left:
            left.pop()()

    return called


def _unfit(detail: str) -> Ruling:
    fault = because(Outcome.REFUSED, Reason.TEMPLATE_REJECTED, detail)
    return msgspec.structs.replace(fault, retry=RetryClass.OTHER_ROUTE)


def _phone(message: Outgoing) -> str:
    return digits(national(message.address))
