"""Which driver is which class. A package of another project adds its own under the entry-point group `tixing.providers`."""

from collections.abc import Callable
from importlib.metadata import entry_points
from typing import Final

from providers.aliyun import Aliyun
from providers.apprise import Apprise
from providers.base.types import Provider, Receive, Settings, SettingsError
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
    return _driver(settings)(settings, receive)


def _driver(settings: Settings) -> Make:
    if settings.driver in DRIVERS:
        return DRIVERS[settings.driver]
    installed = {point.name: point for point in entry_points(group=GROUP)}
    if settings.driver not in installed:
        known = ", ".join(sorted({*DRIVERS, *installed}))
        raise SettingsError(f"providers.{settings.name}.driver: no driver `{settings.driver}`; use one of {known}")
    make: Make = installed[settings.driver].load()
    return make
