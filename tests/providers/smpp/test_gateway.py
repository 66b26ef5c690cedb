"""SMPP under the whole gateway: a real worker, a real store, an SMSC over sockets whose reports come first and name their messages otherwise."""

import asyncio
from typing import Any

from gateway.config import Config
from gateway.config.schema import ProviderSection, Redis, Signatures
from gateway.words import Lane
from scheduler.jobs import ArqJobs, open_redis
from tests.pipeline.conftest import checker, emptied_dsn, other, plant, quiet, reused_dsn, runtime
from tests.pipeline.events import known, reminder, sms, terminated
from tests.pipeline.plant import OTHER, VENDOR, Plant, open_plant
from tests.pipeline.plant import config_of as plant_config
from tests.scheduler.test_links import all_joined
from tests.scheduler.working import worker
from tests.standins.smpp import Smsc, SmscOptions, running

__all__ = ["checker", "emptied_dsn", "other", "plant", "quiet", "reused_dsn", "runtime"]
LONG = Signatures(default="四川省社会保险事业管理局成都市锦江区")
"""Makes texts of two segments."""
WANTED = [
    ("0001", "undelivered", "number_absent"),
    ("0005", "failed", "malformed_address"),
    ("0008", "undelivered", "carrier_blacklist"),
    ("0009", "delivered", None),
    ("0010", "delivered", None),
    ("4321", "delivered", None),
    ("5678", "delivered", None),
]


def configured(dsn: str, redis_url: str, smsc: Smsc) -> Config:
    options: dict[str, Any] = {"host": "127.0.0.1", "port": smsc.port, "system_id": "esme01", "password": "secret08"}
    options |= {"source": "10690001", "message_id": "hex_to_decimal", "reconnect_s": 0.05}
    carrier = ProviderSection(driver="smpp", batch_size=10, connections=2, timeout_s=6, options=options)
    return plant_config(dsn, redis=Redis(url=redis_url), providers={VENDOR: carrier, OTHER: ProviderSection(driver="sandbox")})


async def ended(plant: Plant, jobs: ArqJobs) -> list[tuple[object, ...]]:
    """How the messages stand once they stand as wanted, or after forty seconds."""
    found: list[tuple[object, ...]] = []
    for _ in range(400):
        found = sorted(await plant.messages("right(person_id, 4), status_now, reason"))
        if found == WANTED:
            break
        for lane in Lane:
            await jobs.drain("sms", lane, 1)
        await asyncio.sleep(0.1)
    return found


async def test_a_day_over_smpp_ends_as_the_smsc_says(emptied_dsn: str, redis_url: str) -> None:
    told = SmscOptions(receipt_ids="{0:010d}", receipts="text", receipts_first=True)
    async with (
        open_redis(redis_url) as redis,
        running(told) as smsc,
        open_plant(emptied_dsn, signatures=LONG) as plant,
        worker(configured(emptied_dsn, redis_url, smsc)),
    ):
        for ending in ("0001", "0005", "0008", "0009", "0010", "5678"):
            await plant.post(known(f"p{ending}", sms(f"1380013{ending}")), reminder(f"p{ending}"))
        insurance = ["work_injury", "enterprise_pension", "institution_pension"]
        await plant.post(known("p4321", sms("13800134321"), name="王" * 20), terminated("p4321", insurance=insurance))
        assert await ended(plant, ArqJobs(redis)) == WANTED
        assert await plant.value("select max(parts) from part") >= 2
        await all_joined(plant)
        assert await plant.rows("select distinct keyword, message_id is not null from inbound") == [("opt_out", True)]
        assert (smsc.book.twice, smsc.news_put_off) == ([], 0)
