"""One gateway for the whole area, and one day of everybody over every driver: posted once, looked at by all."""

from collections.abc import Iterator

import pytest

from tests.conftest import make_data_dir, remove_data_dir
from tests.endtoend.configured import LONG_WINDED, WAYS
from tests.endtoend.running import ENDINGS, Gateway, notice
from tests.endtoend.vendors import LOST


@pytest.fixture(scope="session")
def gateway() -> Iterator[Gateway]:
    home = make_data_dir()
    one = Gateway(home)
    ends: dict[str, int] = {}
    try:
        one.begin()
        one.post(*(event for driver in WAYS for ending in ENDINGS for event in notice(driver, ending)))
        one.post(*(event for driver in ("aliyun", "tencent") for event in notice(driver, LOST)))
        one.post(*(event for driver in ("cmpp", "smpp") for event in notice(driver, "8888", region=LONG_WINDED)))
        yield one
    finally:
        ends = one.end()
        remove_data_dir(home / "var")
        remove_data_dir(home)
    assert set(ends.values()) == {0}, ends
