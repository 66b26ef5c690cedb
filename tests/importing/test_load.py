"""A file into the store, over a real PostgreSQL."""

import asyncio
import csv
from pathlib import Path
from typing import Any

import pytest

from gateway.importing.load import A_SET, Imported, Loading
from gateway.importing.rejected import Rejected
from gateway.importing.tables import open_table
from gateway.pipeline.accept import ACCEPTED
from gateway.store import persons
from gateway.words import Relation
from tests.pipeline.events import day, number
from tests.pipeline.plant import Plant, open_plant

pytestmark = pytest.mark.timeout(60)


@pytest.fixture
async def plant(store_dsn: str) -> Any:
    async with open_plant(store_dsn, connections=4) as opened:
        yield opened


def written(file: Path, content: str | None) -> Path:
    if content is not None:
        file.write_text(content, encoding="utf-8")
    return file


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def read(file: Path) -> str:
    return file.read_text(encoding="utf-8-sig")


async def load(plant: Plant, file: Path, content: str | None = None) -> tuple[Imported, list[dict[str, str]]]:
    """What became of it, and the rows of FILE.rejected.csv."""
    table = open_table(written(file, content))
    rejected = Rejected(file, table.headers)
    done = await Loading(plant.accept, plant.runtime.checker, plant.runtime.keyring.lookup, "import by tests", rejected).load(table)
    table.close()
    path = rejected.close()
    if path is None:
        return done, []
    assert path.stat().st_mode & 0o777 == 0o600
    with path.open(encoding="utf-8-sig", newline="") as lines:
        return done, list(csv.DictReader(lines))


async def contacts(plant: Plant, person: str) -> list[tuple[str, str, str, str | None]]:
    async with plant.runtime.pool.acquire() as connection:
        found = (await persons.contacts(connection, [person], plant.runtime.vault)).get(person, [])
    return sorted((c.channel, c.address, c.relation, c.name) for c in found)


async def test_a_row_becomes_a_person_with_contacts(plant: Plant, tmp_path: Path) -> None:
    header = "编号,姓名,参保地,险种,最近认证日期,手机号码,手机号码2,家属电话,家属姓名,管理单位,单位电话,居住地,乡镇,村,出生年份,上门服务,核实日期,来源"
    row = f"P1,王建国,510104,企业养老；工伤,{day(-30)},138-0013-8000,13900139000,+86 13700137000,女儿,红星厂,02812345678,成都市金牛区,永兴镇,五里村,1950年,是,2025-11-02,窗口"
    done, rejected = await load(plant, tmp_path / "a.csv", f"{header}\n{row}\n")
    assert (done.taken, done.rejected, rejected) == (1, 0, [])
    person = await plant.person("P1")
    assert (person.region, person.insurance, str(person.certified[0])) == ("510104", ("enterprise_pension", "work_injury"), day(-30))
    details = person.details
    assert (details.name, details.birth_year, details.home_service) == ("王建国", 1950, True)
    assert details.residence is not None
    assert (details.residence.region, details.residence.town_name, details.residence.village) == ("510106", "永兴镇", "五里村")
    assert details.managing_unit is not None
    assert details.managing_unit.name == "红星厂"
    found = await contacts(plant, "P1")
    assert ("sms", "+8613800138000", "self", None) in found
    assert ("sms", "+8613900139000", "self", None) in found
    assert ("sms", "+8613700137000", "family", "女儿") in found


async def test_a_duty_that_a_row_shows_is_planned_like_that_of_an_event(plant: Plant, tmp_path: Path) -> None:
    await load(plant, tmp_path / "a.csv", f"编号,最近认证日期,手机\nP1,{day(-280)},13800138000\n")
    assert await plant.notices("kind, status") == [("reminder", "in_progress")]


async def test_running_it_again_changes_nothing(plant: Plant, tmp_path: Path) -> None:
    content = "编号,姓名,手机\n" + "".join(f"P{n},王建国,{number(n)}\n" for n in range(A_SET + 7))
    first, _ = await load(plant, tmp_path / "a.csv", content)
    events = await plant.count("event")
    again, _ = await load(plant, tmp_path / "a.csv")
    assert (first.taken, again.taken, again.known) == (A_SET + 7, 0, A_SET + 7)
    assert await plant.count("event") == events


async def test_ids_of_events_give_away_nothing(plant: Plant, tmp_path: Path) -> None:
    await load(plant, tmp_path / "a.csv", "编号,手机\nP1,13800138000\n")
    ident = await plant.runtime.reading.fetchval("select id from event")
    async with open_plant(plant.runtime.config.store.url, connections=2) as other:
        table = open_table(tmp_path / "a.csv")
        rejected = Rejected(tmp_path / "b.csv", [])
        await Loading(other.accept, other.runtime.checker, b"another key".ljust(32), "x", rejected).load(table)
        table.close()
        rejected.close()
    assert await plant.count("event", f"id <> '{ident}'") == 1


async def test_rows_of_one_person_take_effect_in_the_order_of_the_file(plant: Plant, tmp_path: Path) -> None:
    rows = [f"P{n % 3},王{n}" for n in range(4 * A_SET + 1)]
    done, _ = await load(plant, tmp_path / "a.csv", "编号,姓名\n" + "\n".join(rows) + "\n")
    assert done.taken == len(rows)
    assert [(await plant.person(f"P{n}")).details.name for n in range(3)] == [f"王{4 * A_SET - 2}", f"王{4 * A_SET - 1}", f"王{4 * A_SET}"]


async def test_a_set_waits_for_the_one_before_that_holds_one_of_its_persons(plant: Plant, tmp_path: Path) -> None:
    sets: list[str] = []

    async def slow(offered: Any) -> Any:
        name = offered[-1].event.person_id
        sets.append(f"{name} began")
        await asyncio.sleep(0.2 if name.startswith("A") else 0.01)
        sets.append(f"{name} ended")
        return [ACCEPTED] * len(offered)

    people = [f"A{n}" for n in range(A_SET)] + [f"B{n}" for n in range(A_SET)] + ["A0"] + [f"C{n}" for n in range(A_SET - 1)]
    table = open_table(written(tmp_path / "a.csv", "编号,姓名\n" + "".join(f"{who},王{n}\n" for n, who in enumerate(people))))
    rejected = Rejected(tmp_path / "a.csv", table.headers)
    await Loading(slow, plant.runtime.checker, plant.runtime.keyring.lookup, "x", rejected).load(table)
    table.close()
    rejected.close()
    last = [f"{letter}{n}" for letter, n in (("A", A_SET - 1), ("B", A_SET - 1), ("C", A_SET - 2))]
    assert sets[:2] == [f"{last[0]} began", f"{last[1]} began"]
    assert sets.index(f"{last[2]} began") > sets.index(f"{last[0]} ended")


async def test_bad_rows_are_set_aside_with_reasons_and_good_ones_kept(plant: Plant, tmp_path: Path) -> None:
    content = (
        "编号,姓名,参保地,最近认证日期,手机,手机2,备注\n"
        "P1,甲,510104,2025-02-30,,,a\n"
        "P2,乙,510199,,,,b\n"
        ",丙,510104,,,,c\n"
        f"P4,丁,510104,{day(9)},,,d\n"
        "P5,戊,510104,,12345,13800138000,e\n"
        "11010519491231002X,己,510104,,,,f\n"
        "P7,庚,510104,,,,g\n"
    )
    done, rejected = await load(plant, tmp_path / "a.csv", content)
    assert (done.taken, done.rejected, done.short) == (2, 5, 1)
    told = {row["备注"]: (row["row"], row["column"], row["why"], row["kept"]) for row in rejected}
    assert told == {
        "a": ("2", "最近认证日期", "no such day in the calendar", "no"),
        "b": ("3", "参保地", "no such region code (GB/T 2260, six digits)", "no"),
        "c": ("4", "person_id", "missing", "no"),
        "d": ("5", "最近认证日期", "lies in the future", "no"),
        "e": ("6", "手机", "a service number, nobody's own", "yes"),
        "f": ("7", "编号", "an identity number must not serve as person id: send an opaque id", "no"),
    }
    assert await contacts(plant, "P5") == [("sms", "+8613800138000", "self", None)]
    assert (await plant.person("P7")).details.name == "庚"


async def test_a_mended_file_of_rejected_rows_can_be_imported(plant: Plant, tmp_path: Path) -> None:
    await load(plant, tmp_path / "a.csv", "编号,最近认证日期\nP1,2025-02-30\n")
    file = tmp_path / "a.csv.rejected.csv"
    mended = read(file).replace("2025-02-30", "2025-02-28")
    done, rejected = await load(plant, file, mended)
    assert (done.taken, rejected) == (1, [])


async def test_an_import_without_bad_rows_takes_away_the_list_of_the_one_before(plant: Plant, tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    await load(plant, file, "编号,最近认证日期\nP1,x\n")
    assert names(tmp_path) == ["a.csv", "a.csv.rejected.csv"]
    await load(plant, file, "编号,最近认证日期\nP1,2025-02-28\n")
    assert names(tmp_path) == ["a.csv"]


async def test_a_table_of_contacts_adds_contacts(plant: Plant, tmp_path: Path) -> None:
    await load(plant, tmp_path / "a.csv", "编号,姓名\nP1,王建国\n")
    content = "编号,渠道,号码,关系,联系人,来源\nP1,微信,oAbcdefghijklmnopqrstuvwxyz1,本人,,窗口\nP1,,13800138000,家属,女儿,\nP1,短信,1,,,\nP1,,,家属,,\n"
    done, rejected = await load(plant, tmp_path / "b.csv", content)
    assert (done.taken, done.rejected) == (2, 2)
    assert await contacts(plant, "P1") == [
        ("sms", "+8613800138000", Relation.FAMILY, "女儿"),
        ("wechat", "oAbcdefghijklmnopqrstuvwxyz1", "self", None),
    ]
    assert [row["column"] for row in rejected] == ["号码", "address"]


async def test_a_store_that_goes_away_ends_the_import_and_what_was_stored_stays(plant: Plant, tmp_path: Path) -> None:
    file = written(tmp_path / "a.csv", "编号\n" + "".join(f"P{n}\n" for n in range(3 * A_SET)))
    calls = 0

    async def failing(offered: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == 2:
            raise ConnectionResetError("the store is away")
        return await plant.accept(offered)

    table = open_table(file)
    rejected = Rejected(file, table.headers)
    with pytest.raises(ConnectionResetError):
        await Loading(failing, plant.runtime.checker, plant.runtime.keyring.lookup, "x", rejected).load(table)
    table.close()
    rejected.drop()
    assert await plant.count("event") % A_SET == 0
    done, _ = await load(plant, tmp_path / "a.csv")
    assert done.taken + done.known == 3 * A_SET
    assert await plant.count("person") == 3 * A_SET
