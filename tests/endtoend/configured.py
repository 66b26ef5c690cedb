"""The config.toml of the gateway: each driver under its own name, each vendor where its stand-in listens."""

import json
from collections.abc import Callable
from dataclasses import dataclass

from tests.endtoend.vendors import CMPP_SECRET, PUSH_KEY, PUSH_SECRET, SMPP_PASSWORD, Vendors
from tests.standins import aliyun, huawei, platform, tencent, wechat, wecom

CALLBACK_TOKEN = "callback-token-of-a-test-0001"
RECEIPT_TIMEOUT_S = 4
LONG_WINDED = "510304"
"""A region whose signature makes two segments of a text."""


@dataclass(frozen=True)
class Way:
    """How a driver is reached: a channel and a lane that it has for itself. `no`: which of the drivers, for addresses of its own."""

    channel: str
    lane: str
    no: int

    def address(self, ending: str) -> str:
        if self.channel in {"sms", "voice"}:
            return f"1380{self.no:03d}{ending}"
        return f"member-{self.no}-{ending}"


WAYS = {
    "aliyun": Way("sms", "urgent", 1),
    "tencent": Way("sms", "normal", 2),
    "huawei": Way("sms", "bulk", 3),
    "cmpp": Way("voice", "urgent", 4),
    "smpp": Way("voice", "normal", 5),
    "pulled": Way("voice", "bulk", 6),
    "wechat": Way("wechat", "normal", 7),
    "wecom": Way("wecom", "normal", 8),
    "notes": Way("notes", "normal", 9),
}
"""Telephone numbers are numbers on the channels sms and voice alone: with three lanes each they have room for six vendors of SMS."""


def config_text(port: int, vendors: Vendors, callback: Callable[[str], str]) -> str:
    """The whole config.toml."""
    routes = [(way.channel, way.lane, [driver]) for driver, way in WAYS.items()]
    routes.append(("second", "urgent", ["dying", "staying"]))
    listed = "".join(
        f'[[route]]\nchannel = "{channel}"\nlane = "{lane}"\nproviders = {json.dumps(names)}\n' for channel, lane, names in routes
    )
    one, text = f'["{CALLBACK_TOKEN}"]', '"{text}"'
    rest = f"connect_timeout_s = 0.5\nreceipt_timeout_h = {RECEIPT_TIMEOUT_S / 3600}\ncallback_tokens = {one}"
    common = f"timeout_s = 2\nlease_s = 7.1\n{rest}"
    link = f"timeout_s = 3\nlease_s = 8.1\nreconnect_s = 0.1\n{rest}"  # longer than a throttled link pauses
    aliyun_keys = f"""
driver = "aliyun"
access_key_id = "{aliyun.KEY_ID}"
access_key_secret = "{aliyun.SECRET}"
templates = {{ "*" = {{ code = "{aliyun.TEMPLATE}", params = {{ text = {text} }} }} }}
codes = {{ "isv.BUSINESS_LIMIT_CONTROL" = {{ outcome = "deferred", reason = "frequency_limited", retry_after_s = 0.1 }} }}
endpoint = "{vendors.urls["aliyun"]}"
{common}"""
    tencent_keys = f"""
driver = "tencent"
secret_id = "{tencent.SECRET_ID}"
secret_key = "{tencent.SECRET_KEY}"
sdk_app_id = "{tencent.APP_ID}"
templates = {{ "*" = {{ code = "1110", params = [{text}] }} }}
codes = {{ "LimitExceeded.PhoneNumberThirtySecondLimit" = {{ outcome = "deferred", reason = "frequency_limited", retry_after_s = 0.1 }} }}
{common}"""
    return f"""
[server]
port = {port}
[sending]
window = ["00:00", "24:00"]
per_address_per_day = 100
[ladder]
order = ["self:sms", "self:wechat", "family:sms"]
[signatures]
{int(LONG_WINDED[:4])} = "四川省社会保险事业管理局自贡市管理中心"
[log]
format = "json"
{listed}
[providers.aliyun]
batch_size = 1
{aliyun_keys}
[providers.tencent]
batch_size = 100
endpoint = "{vendors.urls["tencent"]}"
{tencent_keys}
[providers.pulled]
endpoint = "{vendors.urls["pulled"]}"
pull_every_s = 0.3
{tencent_keys}
[providers.dying]
batch_size = 20
endpoint = "{vendors.urls["dying"]}"
{tencent_keys}
[providers.staying]
batch_size = 20
{aliyun_keys}
[providers.huawei]
driver = "huawei"
batch_size = 1
app_key = "{huawei.KEY}"
app_secret = "{huawei.SECRET}"
sender = "{huawei.SENDER}"
templates = {{ "*" = {{ code = "{min(huawei.TEMPLATES)}", params = [{text}] }} }}
codes = {{ "E200015" = {{ outcome = "deferred", reason = "frequency_limited", retry_after_s = 0.1 }} }}
status_callback = "{callback("huawei")}"
callback_keys = {{ {PUSH_KEY} = "{PUSH_SECRET}" }}
endpoint = "{vendors.urls["huawei"]}"
{common}
[providers.cmpp]
driver = "cmpp"
connections = 2
host = "127.0.0.1"
port = {vendors.ports["cmpp"]}
sp_id = "901234"
secret = "{CMPP_SECRET}"
src_id = "10690001"
{link}
[providers.smpp]
driver = "smpp"
connections = 2
host = "127.0.0.1"
port = {vendors.ports["smpp"]}
system_id = "{vendors.smsc.options.system_id}"
password = "{SMPP_PASSWORD}"
source = "10690001"
{link}
[providers.wechat]
driver = "wechat"
app_id = "{wechat.APP_ID}"
app_secret = "{wechat.SECRET}"
token = "{platform.TOKEN}"
aes_key = "{platform.AES_KEY}"
templates = {{ "*" = {{ code = "TPL", params = {{ thing1 = {text} }} }} }}
codes = {{ "45011" = {{ outcome = "deferred", reason = "frequency_limited", retry_after_s = 0.1 }} }}
endpoint = "{vendors.urls["wechat"]}"
{common}
[providers.wecom]
driver = "wecom"
corp_id = "{wecom.CORP_ID}"
corp_secret = "{wecom.SECRET}"
agent_id = {wecom.AGENT}
token = "{platform.TOKEN}"
aes_key = "{platform.AES_KEY}"
endpoint = "{vendors.urls["wecom"]}"
{common}
[providers.notes]
driver = "apprise"
url = "json://{vendors.urls["notes"]}/to/{{address}}?cto=0.5&rto=1"
{common}
"""
