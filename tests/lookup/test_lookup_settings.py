"""The sections of look-up services: what is wrong with one is said by its key, and no secret shows."""

from datetime import timedelta
from typing import Any

import pytest

from gateway.config import Config, load
from gateway.config.errors import ConfigError
from gateway.lookup import drivers
from gateway.lookup.asking import services_of
from providers.base.types import Settings, SettingsError
from tests.standins.carrier import options

MONTH = timedelta(days=30)


def wrong(**given: Any) -> str:
    with pytest.raises(SettingsError) as error:
        drivers.build(Settings("carrier", given.pop("driver", "http"), options=options("http://127.0.0.1/x") | given))
    return str(error.value)


def test_a_section_that_cannot_work_says_which_key_is_wrong() -> None:
    assert wrong(driver="telepathy").startswith("lookup.carrier.driver: no driver `telepathy`; use one of http")
    assert wrong(url="no url").startswith("lookup.carrier.url: ")
    assert wrong(body={"mobiles": "13800138000"}).startswith("lookup.carrier.body: ")
    assert wrong(states={"0": "dead"}).startswith("lookup.carrier.states")
    assert "did you mean `carrier`?" in wrong(carier="x")


def config(tmp_path: Any, text: str) -> Config:
    (tmp_path / "config.toml").write_text(text, encoding="utf-8")
    return load(tmp_path / "config.toml", environ={"TOKEN": "secret"})


def test_the_configuration_checks_a_lookup_and_shows_no_secret(tmp_path: Any) -> None:
    section = """
[lookup.carrier]
driver = "http"
url = "https://lookup.example.cn/v1/numbers"
headers = { Authorization = "env:TOKEN" }
body = { mobiles = "{numbers}" }
number = "mobile"
state = "status"
states = { "1" = "active" }
"""
    read = config(tmp_path, section)
    assert [(one.name, one.rate_per_s, one.valid) for one in services_of(read)] == [("carrier", 5, MONTH)]
    assert read.lookup["carrier"].options["headers"] == {"Authorization": "secret"}
    assert "secret" not in read.describe() + repr(read)
    with pytest.raises(ConfigError) as error:
        config(tmp_path, section + "rate_per_s = -1\n")
    assert "lookup.carrier.rate_per_s" in str(error.value)
    with pytest.raises(ConfigError) as error:
        config(tmp_path, section.replace('state = "status"\n', ""))
    assert "lookup.carrier" in str(error.value)
    assert "state" in str(error.value)
