"""`tencent`: Tencent Cloud SMS (腾讯云短信, API 3.0).

[providers.tencent]
driver = "tencent"
batch_size = 200                            # messages whose template, parameters and signature are equal share a call, others go alone
secret_id = "env:TENCENT_SECRET_ID"
secret_key = "env:TENCENT_SECRET_KEY"
sdk_app_id = "1400006666"
sign_name = "四川社保"                       # left out: each message's own signature
pull_every_s = 0                            # above 0: reports and replies are pulled too, where the vendor enabled that
[providers.tencent.templates."*"]
code = "1110"
params = ["{name}", "{deadline}"]           # in the order of the template's {1}, {2}

SendSms (cloud.tencent.com, document 382/55981), read 2026-11-24. `SessionContext` carries our message id, or our call id where a call has many; reports
carry it back as `ext` where the vendor enabled that, and the `SerialNo` of the answer always. Answers are HTTP 200, errors too.
"""

import logging
import time
from collections.abc import Callable, Hashable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

import msgspec
from yarl import URL

from providers.base.abilities import Asked
from providers.base.codes import Codes, answers, reports
from providers.base.context import context_of
from providers.base.document import at, decoded, items, text
from providers.base.endpoint import Endpoint, EndpointError
from providers.base.join import by_address, joined
from providers.base.link import Heard, Silence
from providers.base.options import read_options, wrong
from providers.base.ruling import Ruling, because, of_whole_call
from providers.base.types import Answer, Callback, Outgoing, Reading, Receive, Settings
from providers.base.vendor import HttpVendor, Request, told
from providers.base.vendor_template import Unfit, VendorTemplate, check, template_for
from providers.base.words import Outcome, Reason
from providers.tencent.codes import CODES, RECEIPT_CODES
from providers.tencent.pulls import Puller, PullError
from providers.tencent.receipts import pulled, pushed
from providers.tencent.tc3 import Tc3

VERSION: Final = "2021-01-11"
MOST_A_CALL: Final = 200
MAINLAND: Final = "+86"

_UNLIKE: Final = Ruling(Outcome.NOTHING_LEFT, detail="a call carries one text; this message has another one")
_HALF_A_CHARACTER: Final = because(Outcome.REFUSED, Reason.CONTENT_REJECTED, "a parameter holds half a character (a lone surrogate)")
_encode: Final = msgspec.json.Encoder().encode
_log = logging.getLogger("tixing.tencent")


class TencentOptions(Codes, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The driver's own keys. `pull_every_s` 0: nothing is pulled."""

    secret_id: str
    secret_key: str
    sdk_app_id: str
    templates: Mapping[str, VendorTemplate] = {}
    sign_name: str = ""
    region: str = "ap-guangzhou"
    endpoint: str = "https://sms.tencentcloudapi.com"
    security_token: str = ""
    pull_every_s: float = 0.0


class Tencent(HttpVendor):
    """Tencent Cloud SMS."""

    def __init__(self, settings: Settings, receive: Receive) -> None:
        """Raises `SettingsError`."""
        super().__init__(settings)
        self._options = options = read_options(settings, TencentOptions)
        check(settings, options.templates)
        if not 1 <= settings.batch_size <= MOST_A_CALL:
            raise wrong(settings, "batch_size", f"this vendor takes 1 to {MOST_A_CALL} messages a call")
        self._endpoint, self._signer = _address(settings, options)
        self._codes = answers(settings, CODES, options)
        self._receipt_codes = reports(settings, RECEIPT_CODES, options)
        self.pull_every_s = options.pull_every_s
        self._receive = receive
        self._puller = Puller(options.sdk_app_id, self._fetch, self._keep)
        self.now: Callable[[], float] = time.time
        self._try_headers()

    async def close(self) -> None:
        """See `HttpVendor.close`; what was pulled and could not be stored gets a last try."""
        try:
            await self._puller.hand_on()
        except Exception as error:  # noqa: BLE001 - the edge of a process that ends: the store is away, and there is no later
            _log.error("pulled bodies lost provider=%s error=%s", self.settings.name, type(error).__name__)
        await super().close()

    def alike(self, message: Outgoing) -> Hashable:
        """One call has one template, one set of parameters, one signature, and numbers of the mainland or of elsewhere."""
        try:
            template = template_for(self._options.templates, message)
            params = tuple(template.positional(message))
        except Unfit:
            return None
        return template.code, params, self._options.sign_name or message.signature, message.address.startswith(MAINLAND)

    def write(self, batch: Sequence[Outgoing]) -> Request:
        """Signed; a message that has no template, or none that fits, is refused before anything leaves."""
        fitting: list[Outgoing] = []
        kept_back: list[Answer] = []
        text_of_call: Hashable = None
        for message in batch:
            key = self.alike(message)
            text_of_call = key if text_of_call is None else text_of_call
            if key is None:
                kept_back.append(self._unfit(message))
            elif key == text_of_call:
                fitting.append(message)
            else:
                kept_back.append(_UNLIKE.about(message.reference))
        if not fitting:
            return Request(self._endpoint, b"", (), kept_back)
        try:
            body = _encode(self._send_sms(fitting))
        except UnicodeEncodeError:
            return Request(self._endpoint, b"", (), [*kept_back, *told(fitting, _HALF_A_CHARACTER)])
        return Request(self._endpoint, body, fitting, kept_back, self._headers("SendSms", body))

    def answers(self, batch: Sequence[Outgoing], heard: Heard, ruling: Ruling | None) -> Sequence[Answer]:
        """An error is about the whole call, and nothing was sent; else each number has its own code."""
        response = at(decoded(heard.body), ("Response",))
        code = text(at(response, ("Error", "Code")))
        if code is not None:
            return told(batch, of_whole_call(self._codes[code], ruling), code, text(at(response, ("Error", "Message"))))
        if ruling is not None:
            return told(batch, ruling)
        entries = items(response, ("SendStatusSet",))
        return joined(batch, [(text(entry.get("PhoneNumber")), entry) for entry in entries], self._judge, by_address(batch))

    def read(self, callback: Callback) -> Reading:
        """Pushed reports and replies, and what was pulled or asked for."""
        return (pulled if callback.method in {"PULL", "QUERY"} else pushed)(callback.body, self._receipt_codes)

    async def pull(self) -> int:
        """See `Pulls`. Raises `PullError`."""
        return await self._puller.pull()

    async def ask(self, asked: Sequence[Asked]) -> None:
        """See `Asks`. Raises `PullError`."""
        await self._puller.ask(asked, datetime.fromtimestamp(self.now(), UTC))

    def _send_sms(self, batch: Sequence[Outgoing]) -> dict[str, Any]:
        template = template_for(self._options.templates, batch[0])
        params = template.positional(batch[0])
        return {
            "PhoneNumberSet": [message.address for message in batch],
            "SmsSdkAppId": self._options.sdk_app_id,
            "TemplateId": template.code,
            "SignName": self._options.sign_name or batch[0].signature,
            **({"TemplateParamSet": params} if params else {}),
            "SessionContext": context_of(batch),
        }

    def _headers(self, action: str, body: bytes) -> dict[str, str]:
        now_s = int(self.now())
        token = {"X-TC-Token": self._options.security_token} if self._options.security_token else {}
        return {
            "X-TC-Action": action,
            "X-TC-Timestamp": str(now_s),
            "Authorization": self._signer.authorization(body, now_s),
            **token,
        }

    def _try_headers(self) -> None:
        try:
            self._endpoint.request(b"", self._headers("SendSms", b""))
        except EndpointError as error:
            raise wrong(self.settings, "secret_id", f"or security_token: {error}") from error

    def _unfit(self, message: Outgoing) -> Answer:
        try:
            template_for(self._options.templates, message).positional(message)
        except Unfit as error:
            return because(Outcome.REFUSED, Reason.TEMPLATE_REJECTED, str(error)).about(message.reference)
        raise AssertionError("asked only about messages that do not fit")

    def _judge(self, reference: str, entry: Mapping[str, Any]) -> Answer:
        code, serial = text(entry.get("Code")), text(entry.get("SerialNo")) or None
        answer = self._codes[code].about(reference, serial, code, text(entry.get("Message")))
        return msgspec.structs.replace(answer, parts=(serial,)) if serial and answer.outcome is Outcome.ACCEPTED else answer

    async def _fetch(self, action: str, asked: Mapping[str, Any]) -> bytes:
        body = _encode(asked)
        heard = await self._link.call(self._endpoint, body, lambda: True, lambda: None, self._headers(action, body))
        if isinstance(heard, Silence):
            raise PullError(f"{action}: {heard.detail}")
        if heard.status != 200:
            raise PullError(f"{action}: status {heard.status}")
        return heard.body

    async def _keep(self, way: str, body: bytes) -> None:
        await self._receive(self.settings.name, Callback(way, {}, {}, body))


def _address(settings: Settings, options: TencentOptions) -> tuple[Endpoint, Tc3]:
    constant = {"X-TC-Version": VERSION, "X-TC-Region": options.region}
    try:
        endpoint = Endpoint.of("POST", options.endpoint, constant)
    except EndpointError as error:
        raise wrong(settings, "endpoint" if error.key == "url" else error.key, str(error)) from error
    target = URL(options.endpoint)
    return endpoint, Tc3(options.secret_id, options.secret_key, target.host_port_subcomponent or "", target.raw_path or "/")
