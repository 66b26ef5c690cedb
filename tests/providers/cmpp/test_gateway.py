"""CMPP under the whole gateway: real workers, a real store, an ISMG over sockets."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator

import pytest

from gateway.config import Config
from gateway.config.schema import ProviderSection, Redis, Signatures
from gateway.words import Lane
from scheduler.jobs import ArqJobs, open_redis
from tests.pipeline.conftest import checker, emptied_dsn, other, plant, quiet, reused_dsn, runtime
from tests.pipeline.events import known, reminder, sms, terminated
from tests.pipeline.plant import OTHER, VENDOR, Plant, config_of, open_plant
from tests.scheduler.test_links import all_joined
from tests.scheduler.working import worker
from tests.standins.cmpp import Ismg

__all__ = ["checker", "emptied_dsn", "other", "plant", "quiet", "reused_dsn", "runtime"]

LONG = Signatures(default="四川省社会保险事业管理局成都市锦江区")
"""Makes texts of two segments."""


@pytest.fixture
async def ismg() -> AsyncIterator[Ismg]:
    made = Ismg()
    await made.open()
    yield made
    await made.close()


@pytest.fixture
async def jobs(redis_url: str) -> AsyncIterator[ArqJobs]:
    async with open_redis(redis_url) as redis:
        yield ArqJobs(redis)


def configured(dsn: str, redis_url: str, ismg: Ismg) -> Config:
    options = {"host": "127.0.0.1", "port": ismg.port, "sp_id": "901234", "secret": "secret", "src_id": "10690001", "reconnect_s": 0.05}
    carrier = ProviderSection(driver="cmpp", batch_size=10, connections=2, timeout_s=6, options=options)
    return config_of(dsn, redis=Redis(url=redis_url), providers={VENDOR: carrier, OTHER: ProviderSection(driver="sandbox")})


async def until(plant: Plant, jobs: ArqJobs, wanted: list[tuple[object, ...]], within_s: float = 40) -> None:
    """Asks for the lane as the scheduler does, as long as something waits."""
    found: list[tuple[object, ...]] = []
    try:
        async with asyncio.timeout(within_s):
            while found != wanted:
                found = sorted(await plant.messages("right(person_id, 4), status_now, reason"))
                for lane in Lane:
                    await jobs.drain("sms", lane, 1)
                await asyncio.sleep(0.1)
    except TimeoutError:
        assert found == wanted


def people(*endings: str) -> list[dict[str, object]]:
    return [one for ending in endings for one in (known(f"p{ending}", sms(f"1380013{ending}")), reminder(f"p{ending}"))]


@pytest.mark.parametrize("early", [False, True])
async def test_a_day_over_cmpp_ends_as_the_carrier_says(emptied_dsn: str, redis_url: str, jobs: ArqJobs, ismg: Ismg, early: bool) -> None:
    ismg.early = early
    async with open_plant(emptied_dsn, signatures=LONG) as plant, worker(configured(emptied_dsn, redis_url, ismg)) as stop_first:
        endings = ("0001", "0005", "0008", "0009", "0010", "1234", "5678")
        await plant.post(*people(*endings))
        await plant.post(
            known("p4321", sms("13800134321"), name="王" * 20),
            terminated("p4321", insurance=["work_injury", "enterprise_pension", "institution_pension"]),
        )
        await until(
            plant,
            jobs,
            [
                ("0001", "undelivered", "number_absent"),
                ("0005", "failed", "account_problem"),
                ("0008", "undelivered", "carrier_blacklist"),
                ("0009", "delivered", None),
                ("0010", "delivered", None),
                ("1234", "delivered", None),
                ("4321", "delivered", None),
                ("5678", "delivered", None),
            ],
        )
        assert await plant.value("select max(parts) from part") >= 2
        await all_joined(plant)
        assert await plant.rows("select distinct keyword, message_id is not null from inbound") == [("opt_out", True)]
        async with worker(configured(emptied_dsn, redis_url, ismg)):
            stop_first.set()
            await plant.post(*people("7777"))
            async with asyncio.timeout(40):
                while not await plant.count("message", "person_id = 'p7777' and status = 'delivered'"):
                    await jobs.drain("sms", "normal", 1)
                    await asyncio.sleep(0.2)
    times = Counter((submit.to[0], submit.pk_number) for submit in ismg.submits)
    assert set(times.values()) == {1}  # nothing twice
