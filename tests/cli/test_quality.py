"""`tixing quality fit` and `tixing quality models`, as an operator types them."""

import re
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest

from gateway.store import quality_models
from tests.cli.conftest import Home
from tests.pipeline.lived import lived, record

pytestmark = pytest.mark.timeout(120)


@pytest.fixture
async def store(home: Home) -> AsyncIterator[Any]:
    connection = await asyncpg.connect(home.dsn)
    yield connection
    await connection.close()


async def test_what_was_learned_is_shown_kept_and_listed(home: Home, store: Any) -> None:
    home.done("migrate")
    assert home.done("quality", "models").startswith("nothing was learned yet")
    assert "2,000 are needed" in home.done("quality", "fit")
    await record(store, lived("tune-bad-route", 300))

    tried = home.done("quality", "fit", "--dry-run")
    assert "nothing was written" in tried
    assert home.done("quality", "models").startswith("nothing was learned yet")

    said = home.done("quality", "fit")
    assert "Weights of codes, fit-" in said
    assert re.search(r"provider p1 answers absent for (1[5-9]|2[0-5])% of numbers in service", said)
    assert "tixing provider suspend p1" in said
    assert "provider p0 answers" not in said
    version = re.findall(r"^(fit-[0-9a-f]{12}): kept as model \d+", said, re.MULTILINE)[0]
    listed = home.done("quality", "models")
    assert re.search(rf"{version}\s+20\d\d-.*\s300\s.*p1 (1[5-9]|2[0-5])%", listed)


async def test_two_never_learn_at_a_time(home: Home, store: Any) -> None:
    home.done("migrate")
    assert await quality_models.lock(store)
    ended = home.run("quality", "fit")
    assert ended.code == 1
    assert "another process" in ended.err


async def test_one_whose_parent_is_gone_ends_by_itself(home: Home, store: Any) -> None:
    home.done("migrate")
    assert home.run("quality", "fit", TIXING_PARENT="1").code == 143
