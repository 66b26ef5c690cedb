"""Which driver is which class. A package of another project adds its own under the entry-point group `tixing.providers`."""

from collections.abc import Callable
from typing import Final

from providers.aliyun import Aliyun
from providers.apprise import Apprise
from providers.base.drivers import driver_of
from providers.base.types import Provider, Receive, Settings
from providers.cmpp import Cmpp
from providers.http import Http
from providers.huawei import Huawei
from providers.sandbox import Sandbox
from providers.smpp import Smpp
from providers.tencent import Tencent
from providers.wechat import Wechat
from providers.wecom import Wecom

Make = Callable[[Settings, Receive], Provider]
"""What a driver is: a class, or anything else that makes a provider of its settings without any I/O."""

DRIVERS: Final[dict[str, Make]] = {
    "aliyun": Aliyun,
    "apprise": Apprise,
    "cmpp": Cmpp,
    "http": Http,
    "huawei": Huawei,
    "sandbox": Sandbox,
    "smpp": Smpp,
    "tencent": Tencent,
    "wechat": Wechat,
    "wecom": Wecom,
}

GROUP: Final = "tixing.providers"


def build(settings: Settings, receive: Receive) -> Provider:
    """Makes a provider; does no I/O. Raises `SettingsError` that names the key and says what to do."""
    return driver_of(settings, DRIVERS, GROUP)(settings, receive)
