"""`huawei`: Huawei Cloud Message & SMS (华为云消息&短信, SMSApi). Sold to nobody new since 2025-01-10; who has it goes on.

[providers.huawei]
driver = "huawei"
batch_size = 500
app_key = "env:HUAWEI_APP_KEY"
app_secret = "env:HUAWEI_APP_SECRET"
sender = "8824110605000"                    # the channel number of the signature
status_callback = "env:HUAWEI_CALLBACK_URL" # https://…/callbacks/huawei/TOKEN; left out: none, or as the console says
[providers.huawei.templates."*"]
code = "8ff55eac1d0b478ab3c06c3c6a492300"
params = ["{name}", "{deadline}"]

Sending SMSs, and in batches (support.huaweicloud.com/api-msgsms, sms_05_0001 and sms_05_0002), read 2026-11-24. One text for all goes by batchSendSms, others by
batchSendDiffSms. `extend` carries our message id, or our call id where a call has many.
"""

import re
import secrets
from collections.abc import Callable, Hashable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final, Literal
from urllib.parse import urlencode

import msgspec
from yarl import URL

from providers.base.codes import Codes, answers, reports
from providers.base.context import context_of
from providers.base.document import at, decoded, items, text
from providers.base.endpoint import Endpoint, EndpointError
from providers.base.join import by_address, joined
from providers.base.link import Heard
from providers.base.options import read_options, wrong
from providers.base.ruling import Ruling, because, of_whole_call
from providers.base.types import Answer, Callback, Outgoing, Reading, Receive, Settings
from providers.base.vendor import HttpVendor, Request, told
from providers.base.vendor_template import Unfit, VendorTemplate, check, template_for
from providers.base.words import Outcome, Reason
from providers.huawei.auth import AkSk, Pushes, wsse
from providers.huawei.codes import CODES, RECEIPT_CODES
from providers.huawei.receipts import parts, pushed, segments

ONE_TEXT, MANY_TEXTS = "/sms/batchSendSms/v1", "/sms/batchSendDiffSms/v1"
FORM, JSON = "application/x-www-form-urlencoded", "application/json"
MOST_A_CALL: Final = 500

_NUMBER: Final = re.compile(r"\+?[0-9]{1,20}")
"""One number that is none, and the vendor refuses the whole call."""
_NO_NUMBER: Final = because(Outcome.REFUSED, Reason.MALFORMED_ADDRESS, "the address is not a number")
_HALF_A_CHARACTER: Final = because(Outcome.REFUSED, Reason.CONTENT_REJECTED, "a parameter holds half a character (a lone surrogate)")
_ANOTHER_SENDER: Final = Ruling(Outcome.NOTHING_LEFT, detail="a call has one sender; this message has another one")
_encode: Final = msgspec.json.Encoder().encode


class HuaweiOptions(Codes, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The driver's own keys. `senders`: channel numbers by our signature; `callback_keys`: secrets by access key, where pushes are signed."""

    app_key: str
    app_secret: str
    sender: str
    senders: Mapping[str, str] = {}
    templates: Mapping[str, VendorTemplate] = {}
    sign_name: str = ""
    auth: Literal["wsse", "aksk"] = "wsse"
    digest: Literal["raw", "hex"] = "raw"
    endpoint: str = "https://smsapi.cn-north-4.myhuaweicloud.com"
    status_callback: str = ""
    callback_url: str = ""
    callback_keys: Mapping[str, str] = {}


class Fitting(msgspec.Struct, frozen=True):
    """A message with what it says at the vendor."""

    message: Outgoing
    template: str
    params: list[str]


class Huawei(HttpVendor):
    """Huawei Cloud Message & SMS."""

    def __init__(self, settings: Settings, receive: Receive) -> None:
        """Raises `SettingsError`. `receive` is not used: this vendor pushes all that it says."""
        del receive
        super().__init__(settings)
        self._options = options = read_options(settings, HuaweiOptions)
        check(settings, options.templates)
        if not 1 <= settings.batch_size <= MOST_A_CALL:
            raise wrong(settings, "batch_size", f"this vendor takes 1 to {MOST_A_CALL} messages a call")
        self._endpoints = {path: _endpoint(settings, options.endpoint, path, kind) for path, kind in ((ONE_TEXT, FORM), (MANY_TEXTS, JSON))}
        self._aksk = AkSk(options.app_key, options.app_secret, URL(options.endpoint).host_port_subcomponent or "")
        self._pushes = _pushes(settings, options)
        self._codes = answers(settings, CODES, options)
        self._receipt_codes = reports(settings, RECEIPT_CODES, options)
        self.now: Callable[[], datetime] = lambda: datetime.now(UTC)
        self._try_headers()

    def alike(self, message: Outgoing) -> Hashable:
        """A call has one sender."""
        return self._sender(message)

    def write(self, batch: Sequence[Outgoing]) -> Request:
        """A message that has no template, none that fits, or no number, is refused before anything leaves."""
        fitting: list[Fitting] = []
        kept_back: list[Answer] = []
        for message in batch:
            found = self._fitting(message)
            if isinstance(found, Ruling):
                kept_back.append(found.about(message.reference))
            elif fitting and self._sender(message) != self._sender(fitting[0].message):
                kept_back.append(_ANOTHER_SENDER.about(message.reference))
            else:
                fitting.append(found)
        if not fitting:
            return Request(self._endpoints[ONE_TEXT], b"", (), kept_back)
        one_text = all((each.template, each.params) == (fitting[0].template, fitting[0].params) for each in fitting)
        path, kind = (ONE_TEXT, FORM) if one_text else (MANY_TEXTS, JSON)
        body = self._one_text(fitting) if one_text else self._many_texts(fitting)
        return Request(self._endpoints[path], body, [each.message for each in fitting], kept_back, self._headers(path, kind, body))

    def answers(self, batch: Sequence[Outgoing], heard: Heard, ruling: Ruling | None) -> Sequence[Answer]:
        """One code for the call, and one for each number where the call was taken."""
        document = decoded(heard.body)
        code = text(at(document, ("code",)))
        if code is not None and not at(document, ("result",)):
            return told(batch, of_whole_call(self._codes[code], ruling), code, text(at(document, ("description",))))
        if ruling is not None:
            return told(batch, ruling)
        entries = items(document, ("result",))
        return joined(batch, [(text(entry.get("originTo")), entry) for entry in entries], self._judge, by_address(batch))

    def read(self, callback: Callback) -> Reading:
        """Reports and replies, signed where `callback_keys` says so."""
        if self._pushes is not None:
            self._pushes.check(callback.headers, callback.query, callback.body, self.now())
        return pushed(callback.body, self._receipt_codes)

    def _fitting(self, message: Outgoing) -> Fitting | Ruling:
        if not _NUMBER.fullmatch(message.address):
            return _NO_NUMBER
        try:
            template = template_for(self._options.templates, message)
            found = Fitting(message, template.code, template.positional(message))
            _encode(found.params)
        except Unfit as error:
            return because(Outcome.REFUSED, Reason.TEMPLATE_REJECTED, str(error))
        except UnicodeEncodeError:
            return _HALF_A_CHARACTER
        return found

    def _sender(self, message: Outgoing) -> str:
        return self._options.senders.get(message.signature, self._options.sender)

    def _of_all(self, fitting: Sequence[Fitting]) -> dict[str, str]:
        callback = self._options.status_callback
        said = {"from": self._sender(fitting[0].message), "extend": context_of([each.message for each in fitting])}
        return said | ({"statusCallback": callback} if callback else {})

    def _one_text(self, fitting: Sequence[Fitting]) -> bytes:
        signature = {"signature": self._options.sign_name} if self._options.sign_name else {}
        said = {
            "to": ",".join(each.message.address for each in fitting),
            "templateId": fitting[0].template,
            "templateParas": _encode(fitting[0].params).decode(),
        }
        return urlencode(self._of_all(fitting) | said | signature).encode()

    def _many_texts(self, fitting: Sequence[Fitting]) -> bytes:
        signature = {"signature": self._options.sign_name} if self._options.sign_name else {}
        contents = [
            {"to": [each.message.address], "templateId": each.template, "templateParas": each.params, **signature} for each in fitting
        ]
        return _encode({**self._of_all(fitting), "smsContent": contents})

    def _headers(self, path: str, kind: str, body: bytes) -> dict[str, str]:
        options, now = self._options, self.now()
        if options.auth == "aksk":
            return self._aksk.headers(path, kind, body, now)
        return wsse(options.app_key, options.app_secret, secrets.token_hex(16), now, options.digest)

    def _try_headers(self) -> None:
        try:
            self._endpoints[ONE_TEXT].request(b"", self._headers(ONE_TEXT, FORM, b""))
        except EndpointError as error:
            raise wrong(self.settings, "app_key", str(error)) from error

    def _judge(self, reference: str, entry: Mapping[str, Any]) -> Answer:
        code, message_id = text(entry.get("status")), text(entry.get("smsMsgId")) or None
        answer = self._codes[code].about(reference, message_id, code)
        if answer.outcome is not Outcome.ACCEPTED:
            return answer
        return msgspec.structs.replace(answer, parts=parts(message_id, segments(entry.get("total"))))


def _endpoint(settings: Settings, base: str, path: str, kind: str) -> Endpoint:
    try:
        return Endpoint.of("POST", f"{base.rstrip('/')}{path}", {"Content-Type": kind})
    except EndpointError as error:
        raise wrong(settings, "endpoint", str(error)) from error


def _pushes(settings: Settings, options: HuaweiOptions) -> Pushes | None:
    if not options.callback_keys:
        return None
    url = options.callback_url or options.status_callback
    if not url:
        raise wrong(
            settings,
            "callback_url",
            "needed with callback_keys: the address under which the vendor calls us, https://host/callbacks/NAME/TOKEN",
        )
    return Pushes(url, options.callback_keys)
