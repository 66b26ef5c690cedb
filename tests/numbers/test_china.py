"""What phonenumbers gets wrong for mainland China, and what of it we put right.

Vectors: the project's digest of numbering in use (prefixes, portability, IoT), computed with phonenumbers 9.0.
"""

import json
from collections.abc import Mapping

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.intake.check import Addresses, Checker
from gateway.numbers import AddressRefused, NumberKind, NumberRefused, Refusal, address, parse
from gateway.runtime import _normalise

MOBILE = (
    *(str(prefix) for prefix in (*range(130, 134), *range(135, 140), *range(150, 154), *range(155, 160), 145, 147, 166, *range(180, 190))),
    *(str(prefix) for prefix in (172, 173, 175, 176, 177, 178, *range(190, 194), *range(195, 200), 1340, 1610)),
)
VIRTUAL = ("162", "165", "167", "170", "171", *(f"170{digit}" for digit in range(10)))
SATELLITE = ("1349", *(f"1740{digit}" for digit in range(6)))
NEW = ("141", "144", "154", "168", "169", "179", "194", "1611", "1741")
"""Rejected by the library; the shape of a mobile number lets new prefixes pass."""
MACHINES = ("146", "148", "149")
NOBODYS = ("110", "119", "120", "125", "129")


def filled(prefix: str, length: int = 11) -> str:
    return prefix + "2345678901"[: length - len(prefix)]


def refused(raw: str, *, landline: bool = False) -> Refusal:
    with pytest.raises(NumberRefused) as refusal:
        parse(raw, landline=landline)
    return refusal.value.code


def known(raw: str) -> bool:
    return phonenumbers.is_valid_number(phonenumbers.parse(raw, "CN"))


@pytest.mark.parametrize(
    ("prefixes", "kind", "by_library"),
    [
        (MOBILE, NumberKind.MOBILE, True),
        (VIRTUAL, NumberKind.VIRTUAL, True),
        (SATELLITE, NumberKind.SATELLITE, True),
        (NEW, NumberKind.MOBILE, False),
    ],
)
def test_every_prefix_in_use_is_accepted_whatever_the_library_says(prefixes: tuple[str, ...], kind: NumberKind, by_library: bool) -> None:
    for prefix in prefixes:
        assert parse(filled(prefix)).kind is kind, prefix
        assert known(filled(prefix)) is by_library, prefix


@pytest.mark.parametrize("prefix", MACHINES)
def test_data_numbers_of_machines_are_refused_for_that_reason_though_the_library_knows_none(prefix: str) -> None:
    assert refused(filled(prefix)) is Refusal.IOT
    assert refused(filled(prefix), landline=True) is Refusal.IOT
    assert not known(filled(prefix))


@pytest.mark.parametrize("prefix", ["140", "141", "142", "143", "144", "1440", "1441", "1410", "10646", "10647", "10648", "10649"])
@pytest.mark.parametrize("code", ["", "+86", "0086", "86"])
def test_a_number_of_13_digits_is_a_machines(prefix: str, code: str) -> None:
    assert refused(code + filled(prefix, 13)) is Refusal.IOT


@pytest.mark.parametrize("prefix", NOBODYS)
def test_nothing_mobile_begins_with_11_or_12(prefix: str) -> None:
    assert refused(filled(prefix)) is Refusal.NOT_MOBILE


@pytest.mark.parametrize(
    "raw", ["10086", "10010", "10000", "95588", "95001234", "12306", "12345", "106900012345", "10690001", "4008123456"]
)
def test_a_service_number_is_a_sender_and_nobodys_own(raw: str) -> None:
    assert refused(raw) is Refusal.SERVICE


@pytest.mark.parametrize("raw", ["1380013800", "138001380000", "106900012345", "02886123456"])
def test_what_is_merely_possible_is_not_enough(raw: str) -> None:
    assert phonenumbers.is_possible_number(phonenumbers.parse(raw, "CN"))
    with pytest.raises(NumberRefused):
        parse(raw)


@pytest.mark.parametrize(("raw", "region"), [("+85291234567", "HK"), ("+886912345678", "TW"), ("+85366123456", "MO")])
def test_hong_kong_macao_and_taiwan_are_international(raw: str, region: str) -> None:
    assert phonenumbers.region_code_for_number(phonenumbers.parse(raw)) == region
    assert parse(raw).kind is NumberKind.INTERNATIONAL


FULL_WIDTH = str.maketrans("0123456789+-() .", "０１２３４５６７８９＋－（）　．")
mobiles = st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True).filter(lambda number: number[:3] not in MACHINES)
around = st.text("，。、；：“”‘’'\" 　,;:", max_size=4)


@given(mobiles, around, around, st.booleans())
def test_what_chinese_keyboards_and_lists_leave_around_a_number_changes_nothing(number: str, left: str, right: str, wide: bool) -> None:
    written = f"(+86) {number[:3]}-{number[3:7]}-{number[7:]}"
    assert parse(left + (written.translate(FULL_WIDTH) if wide else written) + right).e164 == f"+86{number}"


@given(mobiles, mobiles, st.sampled_from("/，、；,;|或和 　"))
def test_two_numbers_in_one_field_are_never_taken_for_one(first: str, second: str, between: str) -> None:
    assert refused(first + between + second) is Refusal.SEVERAL


@given(
    st.from_regex(r"0(10|2[0-9]|[3-9][0-9]{2})[2-8][0-9]{6,7}", fullmatch=True).filter(lambda number: number[:4] not in {"0400", "0800"})
)
def test_no_fixed_line_ever_gets_a_text(number: str) -> None:
    assert refused(number) is Refusal.LANDLINE


@given(st.from_regex(r"(14[0-4][0-9]{10}|1064[0-9]{9}|14[689][0-9]{8})", fullmatch=True), st.sampled_from(["sms", "voice"]))
def test_no_machine_is_ever_written_to_or_called(number: str, channel: str) -> None:
    with pytest.raises(AddressRefused) as refusal:
        address(channel, number)
    assert refusal.value.code is Refusal.IOT


def test_every_code_of_a_refusal_stands_in_the_docs_of_the_api(request: pytest.FixtureRequest) -> None:
    told = (request.config.rootpath / "docs" / "api.md").read_text(encoding="utf-8")
    assert [code for code in Refusal if f"`{code}`" not in told] == []


@pytest.fixture
def checker() -> Checker:
    return Checker(Addresses(_normalise, lambda channel, text: f"{channel}:{text}".encode(), lambda _: True, lambda _: False))


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        ("028-86123456", "landline"),
        ("1440012345678", "iot"),
        ("14812345678", "iot"),
        ("10086", "service_number"),
        ("1380013800", "too_short"),
        ("13800138000/13900139000", "several_numbers"),
    ],
)
def test_an_event_hears_of_each_contact_what_is_wrong_with_it_and_where(checker: Checker, raw: str, code: str) -> None:
    def event(kind: str, data: Mapping[str, object]) -> bytes:
        return json.dumps({"specversion": "1.0", "id": "1", "source": "/s", "type": kind, "subject": "P1", "data": data}).encode()

    good, bad = {"channel": "sms", "address": "１３８００１３８０００"}, {"channel": "sms", "address": raw}
    person = checker.structured(event("si.person.updated", {"contacts": [good, bad]}))
    contact = checker.structured(event("si.contact.updated", bad))

    assert [(one.code, one.path) for one in person.warnings] == [(code, "$.data.contacts[1].address")]  # type: ignore[union-attr]
    assert [one.address for one in person.event.contacts] == ["+8613800138000"]  # type: ignore[union-attr]
    assert [(one.code, one.path) for one in contact.errors] == [(code, "$.data.address")]  # type: ignore[union-attr]
