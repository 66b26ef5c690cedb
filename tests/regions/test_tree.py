"""Who sees what: a code covers itself and everything below it."""

import csv
import subprocess
import sys
from importlib.resources import files

import pytest

from gateway.regions import Regions, UnknownRegion

REGIONS = Regions.load()


def rows() -> list[dict[str, str]]:
    return list(csv.DictReader(files("gateway.regions").joinpath("regions.csv").read_text(encoding="utf-8").splitlines()))


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("510703", "四川省绵阳市涪城区"),
        ("510700", "四川省绵阳市"),
        ("510000", "四川省"),
        ("110101", "北京市东城区"),
        ("429004", "湖北省仙桃市"),
    ],
)
def test_a_name_is_the_full_one(code: str, name: str) -> None:
    assert REGIONS.name(code) == name


def test_sichuan_has_21_cities_and_183_counties() -> None:
    below = REGIONS.below("510000")
    assert len(below) == 1 + 21 + 183
    assert below[0] == "510000"
    assert sum(code.endswith("00") for code in below) == 1 + 21
    assert {code[:2] for code in below} == {"51"}


def test_a_county_covers_itself_alone() -> None:
    assert REGIONS.below("510703") == ("510703",)


def test_a_county_without_a_city_lies_under_its_province_as_the_file_says() -> None:
    assert "429004" in REGIONS.below("420000")
    assert REGIONS.covers("420000", "429004")
    assert not REGIONS.exists("429000")
    assert REGIONS.province("429004") == "420000"


@pytest.mark.parametrize(
    ("code", "other", "covered"),
    [
        ("510000", "510703", True),
        ("510700", "510703", True),
        ("510703", "510703", True),
        ("510703", "510700", False),
        ("510700", "510000", False),
        ("510100", "510703", False),
        ("500000", "510703", False),
        ("510000", "519999", False),
        ("510799", "510703", False),
        ("", "510703", False),
        ("510000", "", False),
        ("", "", False),
    ],
)
def test_a_code_covers_what_lies_below_it_and_nothing_else(code: str, other: str, covered: bool) -> None:
    assert REGIONS.covers(code, other) is covered


def test_covering_is_being_below_for_every_pair_of_the_tree() -> None:
    for row in rows():
        covered = set(REGIONS.below(row["code"]))
        assert REGIONS.covers(row["code"], row["code"])
        assert not row["parent"] or (row["code"] in REGIONS.below(row["parent"]) and covered < set(REGIONS.below(row["parent"])))
        assert all(REGIONS.covers(row["code"], code) for code in covered)
        assert REGIONS.province(row["code"]) == row["code"][:2] + "0000"


def test_the_whole_file_is_loaded() -> None:
    codes = [row["code"] for row in rows()]
    assert len(codes) == len(set(codes)) == 3212
    assert all(REGIONS.exists(code) for code in codes)
    assert sum(len(REGIONS.below(code)) for code in codes if code.endswith("0000")) == 3212


@pytest.mark.parametrize("code", ["", "519999", "429000", "110100", "51", "５１００００", "510703\n", "x" * 1000])
def test_an_unknown_code_is_said_to_be_unknown(code: str) -> None:
    assert not REGIONS.exists(code)
    for ask in (REGIONS.name, REGIONS.below, REGIONS.province):
        with pytest.raises(UnknownRegion) as unknown:
            ask(code)
        assert unknown.value.code == code
        assert len(str(unknown.value)) < 80


def test_it_is_loaded_once() -> None:
    assert Regions.load() is REGIONS


def test_it_is_small_and_loads_at_once() -> None:
    """In a process of its own, for the memory's sake; the bound on time is ten times what it takes, for a busy machine."""
    code = """
import sys, time, tracemalloc
from gateway.regions import Regions, tree
begin = time.process_time(); Regions.load(); took_s = time.process_time() - begin
tree._load.cache_clear(); tracemalloc.start(); Regions.load()
sys.exit(f"{took_s=} {tracemalloc.get_traced_memory()=}" if took_s > 0.1 or tracemalloc.get_traced_memory()[0] > 2_000_000 else 0)
"""
    ran = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True, timeout=30)
    assert (ran.returncode, ran.stderr) == (0, "")


@pytest.mark.parametrize(
    ("above", "code", "next_below"),
    [
        (None, "510703", "510000"),
        ("510000", "510703", "510700"),
        ("510700", "510703", "510703"),
        ("510703", "510703", "510703"),
        ("420000", "429004", "429004"),
        ("510000", "110101", "110101"),
        (None, "999999", "999999"),
        ("510000", "", ""),
    ],
)
def test_it_knows_the_next_region_on_the_way_down(above: str | None, code: str, next_below: str) -> None:
    assert REGIONS.towards(above, code) == next_below
