"""The events of a load are what the contract asks for, and each person can be told from every other by the number."""

import json
from datetime import date

import msgspec
import pytest

from bench.load import KINDS, build, person_id, person_number, phone
from gateway.events import DATA_OF
from gateway.numbers import address, looks_like_identity_number
from gateway.words import EventType

SOME = (0, 1, 7_998, 7_999, 150_000, 79_989_999, 79_990_000, 500_000_000)


@pytest.mark.parametrize("number", SOME)
def test_a_number_leads_back_to_its_person(number: int) -> None:
    assert person_number("+86" + phone(number)) == number


def test_no_two_persons_share_a_number() -> None:
    assert len({phone(number) for number in range(200_000)}) == 200_000


def test_no_number_has_an_ending_that_makes_a_vendor_misbehave() -> None:
    assert all(int(phone(number)[-4:]) >= 2000 for number in range(50_000))


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_event_is_a_whole_cloud_event_on_one_line(kind: str) -> None:
    (line,) = build(kind, range(41, 42), date(2027, 2, 1))
    event = json.loads(line)
    assert b"\n" not in line
    msgspec.json.decode(json.dumps(event["data"]), type=DATA_OF[EventType(event["type"])])
    assert (event["subject"], event["specversion"]) == ("B000000041", "1.0")


@pytest.mark.parametrize("number", SOME)
def test_every_number_is_one_that_a_person_can_have(number: int) -> None:
    assert address("sms", phone(number)) == "+86" + phone(number)
    assert not looks_like_identity_number(person_id(number))


def test_a_kind_nobody_knows_is_named() -> None:
    with pytest.raises(ValueError, match="no such kind of event: other"):
        build("other", range(1), date(2027, 2, 1))
