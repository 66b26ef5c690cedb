"""The registry: an explicit dict, and entry points for other packages."""

from importlib.metadata import EntryPoint, EntryPoints
from typing import Any

import pytest

from providers import registry
from providers.base import drivers
from providers.base.types import Settings, SettingsError
from providers.base.words import Reason
from providers.registry import DRIVERS, build
from providers.sandbox import Sandbox
from tests.providers.contract import Inbox


def test_it_builds_the_driver_that_the_settings_name() -> None:
    provider = build(Settings("play", "sandbox"), Inbox().receive)
    assert isinstance(provider, Sandbox)
    assert provider.settings.name == "play"


def test_an_unknown_driver_is_an_error_that_names_the_known_ones() -> None:
    with pytest.raises(SettingsError, match=r"providers\.acme\.driver: no driver `htp`; use one of .*http.*sandbox"):
        build(Settings("acme", "htp"), Inbox().receive)


def test_another_package_adds_a_driver_by_an_entry_point(monkeypatch: pytest.MonkeyPatch) -> None:
    point = EntryPoint("pigeon", "providers.sandbox:Sandbox", registry.GROUP)
    monkeypatch.setattr(drivers, "entry_points", lambda *, group: EntryPoints([point] if group == "tixing.providers" else []))
    assert isinstance(build(Settings("coop", "pigeon"), Inbox().receive), Sandbox)


OPTIONS: dict[str, dict[str, Any]] = {
    "aliyun": {"access_key_id": "i", "access_key_secret": "k", "templates": {"*": {"code": "T"}}},
    "cmpp": {"host": "vendor.invalid", "port": 7890, "sp_id": "901234", "secret": "secret", "src_id": "10690001"},
    "http": {"url": "http://vendor.invalid/", "body": {}, "response": {}},
    "huawei": {"app_key": "k", "app_secret": "s", "sender": "1", "templates": {"*": {"code": "T"}}},
    "sandbox": {},
    "smpp": {"host": "vendor.invalid", "port": 2775, "system_id": "us", "password": "secret"},
    "tencent": {"secret_id": "i", "secret_key": "k", "sdk_app_id": "1", "templates": {"*": {"code": "T"}}},
    "apprise": {"url": "json://127.0.0.1/{address}"},
    "wechat": {"app_id": "wx1", "app_secret": "secret", "templates": {"*": {"code": "T"}}},
    "wecom": {"corp_id": "ww1", "corp_secret": "secret", "agent_id": 1},
}
"""The keys without which a driver cannot be made."""


@pytest.mark.parametrize("driver", DRIVERS)
def test_building_does_no_io_so_that_a_check_can_do_it_outside_a_loop(driver: str) -> None:
    made = DRIVERS[driver](Settings("x", driver, connections=1, options=OPTIONS[driver]), Inbox().receive)
    assert made.settings.driver == driver


def test_every_reason_that_a_vendor_gives_has_somebody_to_blame() -> None:
    from providers.base.ruling import BLAME  # noqa: PLC0415

    ours = set(Reason) - set(BLAME)
    assert ours == {
        Reason.NO_RECEIPT,
        Reason.WRONG_PERSON,
        Reason.CERTIFIED,
        Reason.DECEASED,
        Reason.RESUMED,
        Reason.TERMINATED,
        Reason.SUPERSEDED,
        Reason.OPERATOR,
        Reason.EXPIRED,
        Reason.QUIET_EXPIRED,
        Reason.NO_CONTACT,
        Reason.DUTY_MET,
        Reason.CONFLICT,
    }, "a new reason: can a vendor give it? Then say in BLAME whose fault it is."
