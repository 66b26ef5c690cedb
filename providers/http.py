"""`http`: any vendor that takes JSON over HTTP, by settings alone.

[providers.acme]
driver = "http"
batch_size = 100                            # messages a call; 1 where the vendor takes one
url = "https://sms.acme.example/v1/messages"
method = "POST"
headers = { Authorization = "env:ACME_TOKEN" }
body = { messages = [{ to = "{address_national}", text = "{text}", ref = "{reference}" }] }
response = { ... }                          # see providers/base/json_answers.py
receipts = { ... }                          # see providers/base/json_receipts.py
"""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

import msgspec

from providers.base.endpoint import Endpoint, EndpointError
from providers.base.json_answers import AnswerReader, ResponseOptions
from providers.base.json_receipts import CallbackReader, InboundOptions, ReceiptOptions, Told
from providers.base.link import KEEPALIVE_S, Heard
from providers.base.options import read_options, wrong
from providers.base.ruling import Ruling, because
from providers.base.template import Body, TemplateError
from providers.base.types import Answer, Callback, Outgoing, Reading, Receive, Settings, UnreadableCallback
from providers.base.vendor import HttpVendor, Request
from providers.base.words import Outcome, Reason


class HttpOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The driver's own keys."""

    url: str
    body: dict[str, Any] | list[Any]
    response: ResponseOptions
    method: str = "POST"
    headers: dict[str, str] = {}
    receipts: ReceiptOptions | None = None
    inbound: InboundOptions | None = None
    keepalive_s: float = KEEPALIVE_S


class Http(HttpVendor):
    """Any vendor that takes JSON over HTTP."""

    def __init__(self, settings: Settings, receive: Receive) -> None:
        """Raises `SettingsError`. `receive` is not used: this vendor's reports come over HTTP."""
        del receive
        options = read_options(settings, HttpOptions)
        super().__init__(settings, keepalive_s=options.keepalive_s)
        self._endpoint = _endpoint(settings, options)
        self._body = _body(settings, options)
        self._answers = AnswerReader(options.response, _rulings(settings, options.response))
        self._callbacks = _callbacks(settings, options)
        self.overrides = _statuses(settings, options.response.status)

    def write(self, batch: Sequence[Outgoing]) -> Request:
        """The body of one call; a message that cannot be written is refused before anything leaves."""
        try:
            return Request(self._endpoint, self._body.around([self._body.item(message) for message in batch]), batch)
        except (KeyError, UnicodeEncodeError):
            return self._without_unwritable(batch)

    def answers(self, batch: Sequence[Outgoing], heard: Heard, ruling: Ruling | None) -> Sequence[Answer]:
        """As `[providers.NAME.response]` says."""
        return self._answers.answers(batch, heard.body, ruling)

    def read(self, callback: Callback) -> Reading:
        """As `[providers.NAME.receipts]` and `[providers.NAME.inbound]` say."""
        if self._callbacks is None:
            raise UnreadableCallback("this provider has no [receipts] section")
        return self._callbacks.read(callback.body)

    def _without_unwritable(self, batch: Sequence[Outgoing]) -> Request:
        written: list[tuple[Outgoing, bytes]] = []
        refused: list[Answer] = []
        for message in batch:
            try:
                written.append((message, self._body.item(message)))
            except KeyError:
                refused.append(_refused(message, Reason.TEMPLATE_REJECTED, "a parameter that the body names is missing"))
            except UnicodeEncodeError:
                refused.append(_refused(message, Reason.CONTENT_REJECTED, "the text holds half a character (a lone surrogate)"))
        return Request(self._endpoint, self._body.around([item for _, item in written]), [message for message, _ in written], refused)


def _refused(message: Outgoing, reason: Reason, detail: str) -> Answer:
    return because(Outcome.REFUSED, reason, detail).about(message.reference)


def _endpoint(settings: Settings, options: HttpOptions) -> Endpoint:
    if options.method not in {"POST", "PUT", "PATCH"}:
        raise wrong(settings, "method", "use POST, PUT or PATCH: the message travels in the body")
    try:
        return Endpoint.of(options.method, options.url, options.headers)
    except EndpointError as error:
        raise wrong(settings, error.key, str(error)) from error


def _body(settings: Settings, options: HttpOptions) -> Body:
    if settings.batch_size < 1:
        raise wrong(settings, "batch_size", "must be 1 or more")
    if settings.batch_size > 1 and options.response.reference is None and options.response.address is None:
        raise wrong(settings, "response", "with batch_size above 1 set reference or address: answers are never joined by position")
    try:
        return Body(options.body, batch=settings.batch_size > 1)
    except TemplateError as error:
        raise wrong(settings, "body", str(error)) from error


def _rulings(settings: Settings, response: ResponseOptions) -> dict[str, Ruling]:
    if (response.code or response.call_code) and not response.codes and not response.call_ok:
        raise wrong(settings, "response.codes", "say which codes mean accepted, refused or deferred")
    if response.call_code and not response.call_ok:
        raise wrong(settings, "response.call_ok", "say which values of call_code mean that the call was taken")
    rulings = {}
    for code, meaning in response.codes.items():
        try:
            rulings[code] = meaning.ruling()
        except ValueError as error:
            raise wrong(settings, f"response.codes.{code}", str(error)) from error
    return rulings


def _statuses(settings: Settings, given: Mapping[str, Outcome]) -> dict[int, Outcome]:
    sayable = {Outcome.REFUSED, Outcome.DEFERRED, Outcome.UNKNOWN}
    for status, outcome in given.items():
        if not status.isdecimal() or int(status) < HTTPStatus.MULTIPLE_CHOICES or outcome not in sayable:
            raise wrong(settings, f"response.status.{status}", "map a status of 300 or more to refused, deferred or unknown")
    return {int(status): outcome for status, outcome in given.items()}


def _callbacks(settings: Settings, options: HttpOptions) -> CallbackReader | None:
    if options.receipts is None:
        return None
    codes: dict[str, Told] = {}
    for code, meaning in options.receipts.codes.items():
        try:
            codes[code] = meaning.told()
        except ValueError as error:
            raise wrong(settings, f"receipts.codes.{code}", str(error)) from error
    return CallbackReader(options.receipts, options.inbound, codes)
