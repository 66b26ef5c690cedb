"""`wechat`: an official account (服务号) of WeChat: template messages and subscription notices, one message a call.

[providers.wechat]
driver = "wechat"
callback_tokens = ["env:WECHAT_CALLBACK_TOKEN"]   # in the address that the platform is given; not its own token
app_id = "wx…"
app_secret = "env:WECHAT_SECRET"
token = "env:WECHAT_TOKEN"                  # signs what the platform pushes
aes_key = "env:WECHAT_AES_KEY"              # EncodingAESKey; left out where the platform pushes in the clear

[providers.wechat.templates."reminder"]
code = "TEMPLATE_ID"
kind = "template"                           # or "subscribe": a notice that the person agreed to beforehand
params = { thing1 = "{name}", date2 = "{shown_date}" }
url = "https://…"                           # what a touch opens; of "subscribe" it is the page
miniprogram = { appid = "wx…", pagepath = "index" }

Sources, read 2026-11-24: developers.weixin.qq.com, 服务号 "模板消息接口", "订阅通知", "获取稳定版接口调用凭据", "消息推送".
"""

import time
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from typing import Final

import msgspec

from providers.base import codes
from providers.base.codes import Codes
from providers.base.document import decoded, text
from providers.base.endpoint import Endpoint, EndpointError
from providers.base.link import Heard
from providers.base.options import read_options, wrong
from providers.base.ruling import Ruling, because
from providers.base.token_vendor import TokenVendor
from providers.base.types import Answer, Callback, Outgoing, Reading, Receive, Settings, UnreadableCallback
from providers.base.vendor import Request, UnreadableAnswer, told
from providers.base.vendor_template import Unfit, VendorTemplate, check, template_for
from providers.base.wechat_crypto import KeyShapeError, PushDoor
from providers.base.words import Outcome, Reason
from providers.wechat.codes import ANSWERS, QUOTA, REPORTS, SEEN_TO_PASS, STALE
from providers.wechat.events import read
from providers.wechat.values import fit

ENDPOINT: Final = "https://api.weixin.qq.com"
_DAY_S, _BEIJING_S = 86_400.0, 8 * 3600.0
_AGAIN_S: Final = 5.0
_REMEMBERED: Final = 10_000
_ENCODE: Final = msgspec.json.Encoder().encode  # writes UTF-8 as it is: the vendor refuses \\uXXXX (40033)


class Kind(StrEnum):
    """By which of the two calls a template is sent."""

    TEMPLATE = "template"
    """模板消息, to followers."""
    SUBSCRIBE = "subscribe"
    """订阅通知, to whoever agreed; once a consent, where the template is a one-time one."""


class WechatTemplate(VendorTemplate, frozen=True, forbid_unknown_fields=True):
    """One template of the account."""

    kind: Kind = Kind.TEMPLATE
    url: str = ""
    miniprogram: Mapping[str, str] = {}


class WechatOptions(Codes, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The driver's own keys."""

    app_id: str
    app_secret: str
    token: str = ""
    aes_key: str = ""
    templates: Mapping[str, WechatTemplate] = {}
    endpoint: str = ENDPOINT


class Wechat(TokenVendor):
    """An official account."""

    stale = STALE
    forces = True

    def __init__(self, settings: Settings, receive: Receive, now: Callable[[], float] = time.time) -> None:
        """Raises `SettingsError`. `receive` is not used: this vendor's reports come over HTTP. `now`: seconds since 1970."""
        del receive
        options = read_options(settings, WechatOptions)
        if settings.batch_size != 1:
            raise wrong(settings, "batch_size", "must be 1: a call of this vendor carries one message")
        check(settings, options.templates)
        super().__init__(settings, codes.answers(settings, ANSWERS, options))
        self._reports = codes.reports(settings, REPORTS, options)
        self._templates, self._app_id, self._secret, self._now = options.templates, options.app_id, options.app_secret, now
        self._seen: dict[str, None] = {}
        try:
            self._door = PushDoor(options.token, options.aes_key, options.app_id, now)
            self._token_at = Endpoint.of("POST", f"{options.endpoint}/cgi-bin/stable_token")
            self._sends_at = {
                Kind.TEMPLATE: Endpoint.of("POST", f"{options.endpoint}/cgi-bin/message/template/send"),
                Kind.SUBSCRIBE: Endpoint.of("POST", f"{options.endpoint}/cgi-bin/message/subscribe/bizsend"),
            }
        except KeyShapeError as error:
            raise wrong(settings, "aes_key", str(error)) from error
        except EndpointError as error:
            raise wrong(settings, "endpoint", str(error)) from error

    def token_call(self, *, force: bool) -> tuple[Endpoint, bytes, bytes]:
        """`stable_token`: every process is given the same one while it is valid."""
        asked = {"grant_type": "client_credential", "appid": self._app_id, "secret": self._secret, "force_refresh": force}
        return self._token_at, _ENCODE(asked), b""

    def write(self, batch: Sequence[Outgoing]) -> Request:
        """The body of one call; a message that does not fit its template is refused before anything leaves."""
        [message] = batch
        try:
            template = template_for(self._templates, message)
            body = _ENCODE(_written(template, message))
            return Request(self._sends_at[template.kind], body, batch)
        except Unfit as error:
            refusal = because(Outcome.REFUSED, Reason.TEMPLATE_REJECTED, str(error))
        except UnicodeEncodeError:
            refusal = because(Outcome.REFUSED, Reason.CONTENT_REJECTED, "the text holds half a character (a lone surrogate)")
        return Request(self._token_at, b"", (), [refusal.about(message.reference)])

    def answers(self, batch: Sequence[Outgoing], heard: Heard, ruling: Ruling | None) -> Sequence[Answer]:
        """Errors come with status 200 too: `errcode` decides, and a msgid without one is an acceptance."""
        if ruling is not None:
            return told(batch, ruling)
        said = decoded(heard.body)
        if not isinstance(said, Mapping) or not said.keys() & {"errcode", "msgid"}:
            raise UnreadableAnswer("neither errcode nor msgid")
        [message] = batch
        code, msgid = text(said.get("errcode", 0)), text(said.get("msgid"))
        answer = self._ruled(message, code).about(message.reference, msgid, code, text(said.get("errmsg")))
        joins = answer.outcome is Outcome.ACCEPTED and msgid is not None
        return [msgspec.structs.replace(answer, parts=(msgid,)) if joins else answer]

    def read(self, callback: Callback) -> Reading:
        """The address check (GET), and what is pushed (POST). Raises `UnreadableCallback`."""
        if callback.method == "GET":
            self._door.check(callback.query, "signature")
            return Reading(reply_body=callback.query.get("echostr", "").encode())
        if callback.method != "POST":
            raise UnreadableCallback("neither GET nor POST")
        return read(self._door.pushed(callback.query, callback.body), self._reports)

    def _ruled(self, message: Outgoing, code: str | None) -> Ruling:
        ruling = self.codes[code]
        if code in SEEN_TO_PASS and ruling.outcome is Outcome.REFUSED and self._first_time(message):
            return because(Outcome.DEFERRED, Reason.TEMPLATE_REJECTED, retry_after_s=_AGAIN_S)
        if code == QUOTA and ruling.outcome is Outcome.DEFERRED and ruling.retry_after_s is None:
            return msgspec.structs.replace(ruling, retry_after_s=_DAY_S - (self._now() + _BEIJING_S) % _DAY_S)
        return ruling

    def _first_time(self, message: Outgoing) -> bool:
        """Whether this message was not met before, as far as this process remembers."""
        if message.reference in self._seen:
            return False
        self._seen[message.reference] = None
        if len(self._seen) > _REMEMBERED:
            del self._seen[next(iter(self._seen))]
        return True


def _written(template: WechatTemplate, message: Outgoing) -> dict[str, object]:
    """Raises `Unfit`."""
    data = {keyword: {"value": fit(keyword, value)} for keyword, value in template.named(message).items()}
    body: dict[str, object] = {"touser": message.address, "template_id": template.code, "data": data}
    if template.url:
        body["url" if template.kind is Kind.TEMPLATE else "page"] = template.url
    if template.miniprogram:
        body["miniprogram"] = template.miniprogram
    if template.kind is Kind.TEMPLATE:
        body["client_msg_id"] = message.reference  # of two calls with one id within ten minutes the vendor sends one
    return body
