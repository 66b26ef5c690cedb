"""Carriers' codes in reports: protocol sheet "CMPP 2.0 / 3.0", sections 8 and 9."""

import msgspec
import pytest

from providers.base.carrier_codes import BLACKLISTED, CARRIER_CODES, UNREACHABLE
from providers.base.codes import AMBIGUOUS, Codes, CodeTable, reports
from providers.base.json_answers import AnswerMeaning
from providers.base.json_receipts import UNMAPPED, ReportMeaning, Told
from providers.base.ruling import UNTOLD, retry_class
from providers.base.types import Settings
from providers.base.words import Fault, Outcome, Reason, Status


def table(**overrides: object) -> CodeTable[Told]:
    return reports(Settings("acme", "acme"), CARRIER_CODES, Codes(receipt_codes=overrides))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("codes", "reason"),
    [
        ("MK:0001 MK:0075 MI:0073 MI:0210 CB:0001 CB:0053 DB:0101", Reason.NUMBER_ABSENT),
        ("MK:0005 MK:0013 MI:0019 MI:0051 CB:0005 CB:0007 DB:0102", Reason.NUMBER_SUSPENDED),
        ("EXPIRED UNDELIV MK:0000 MK:0010 MK:0023 MK:0208 MI:0024 MI:0082 MI:0054 MI:0072 MI:0660 MN:0017", Reason.UNREACHABLE),
        ("MK:9999 MI:9999 MN:9999", Reason.UNREACHABLE),
        ("DB:0144 HD:0001 MBBLACK DBBLACK TDBLACK BLACK", Reason.CARRIER_BLACKLIST),
        ("MK:0014 MK:0115 ID:0076 KEYWORD REJECTD", Reason.CONTENT_REJECTED),
        ("MK:1041 MI:0079 DB:0142 DB:9007 IB:0008", Reason.FREQUENCY_LIMITED),
        (
            "MK:0012 MK:0069 MK:0192 MI:0061 MN:0001 MA:0051 MB:1041 IA:0001 IB:0009 ID:0011 CA:0001 DA:0001 NP:1243",
            Reason.PROVIDER_UNAVAILABLE,
        ),
        ("MK:0195", Reason.MALFORMED_ADDRESS),
        ("MK:0196", Reason.RECIPIENT_BLOCKED),
    ],
)
def test_a_failure_has_the_reason_that_the_sheet_gives(codes: str, reason: Reason) -> None:
    assert {(code, *table()[code][:2]) for code in codes.split()} == {(code, Status.UNDELIVERED, reason) for code in codes.split()}


def test_what_nobody_knows_leaves_the_message_sent() -> None:
    assert {table()[code] for code in ("UNKNOWN", "ACCEPTD", "MC:0055", "MC:0001", "IC:0001")} == {(Status.SENT, None, Fault.NONE, None)}
    assert table()["DELIVRD"] == (Status.DELIVERED, None, Fault.NONE, None)


@pytest.mark.parametrize("code", ["ID:0012", "CB:9999", "DB:9999", "SA:0001", "XX:0001", "", "MK", "mk:0001"])
def test_a_code_that_the_tables_do_not_explain_stays_unmapped(code: str) -> None:
    assert table()[code] == UNMAPPED


def test_a_failure_of_the_route_is_not_held_against_the_number() -> None:
    routes = [told for _, told in table() if told[1] in {Reason.PROVIDER_UNAVAILABLE, Reason.FREQUENCY_LIMITED}]
    assert routes
    assert all(fault is not Fault.RECIPIENT and permanent is False for _, _, fault, permanent in routes)


def test_only_a_vacant_number_a_wrong_one_or_a_list_is_for_good() -> None:
    for_good = {told[1] for _, told in table() if told[3]}
    assert for_good == {
        Reason.NUMBER_ABSENT,
        Reason.CARRIER_BLACKLIST,
        Reason.CONTENT_REJECTED,
        Reason.MALFORMED_ADDRESS,
        Reason.RECIPIENT_BLOCKED,
    }


@pytest.mark.parametrize(
    ("codes", "permanent"),
    [
        ("UNDELIV MI:0054 MI:0055 MI:0059 MI:0072 MK:0000 MN:0017 MK:9999 MI:9999 MN:9999", None),
        ("EXPIRED MK:0010 MK:0023 MK:0208 MK:0209 MK:0210 MI:0024 MI:0042 MI:0076 MI:0082 MI:0208 MI:0660 MI:0017", False),
    ],
)
def test_a_code_that_does_not_tell_vacant_from_off_says_nothing_of_permanence_and_one_that_says_off_does(
    codes: str,
    permanent: bool | None,
) -> None:
    assert {(code, table()[code]) for code in codes.split()} == {
        (code, (Status.UNDELIVERED, Reason.UNREACHABLE, Fault.RECIPIENT, permanent)) for code in codes.split()
    }


def test_an_operator_can_say_that_a_code_does_not_tell() -> None:
    written = b"{'MA:0009' = {status = 'undelivered', reason = 'unreachable', permanent = 'unknown'}}".replace(b"'", b'"')
    read = msgspec.toml.decode(b"receipt_codes = " + written, type=Codes)
    assert reports(Settings("acme", "acme"), CARRIER_CODES, read)["MA:0009"] == (
        Status.UNDELIVERED,
        Reason.UNREACHABLE,
        Fault.RECIPIENT,
        None,
    )
    with pytest.raises(msgspec.ValidationError):
        msgspec.toml.decode(b"receipt_codes = " + written.replace(b"unknown", b"perhaps"), type=Codes)


@pytest.mark.parametrize("meaning", [AMBIGUOUS, AnswerMeaning(Outcome.REFUSED, Reason.UNREACHABLE, permanent=UNTOLD)])
def test_what_was_said_at_run_time_comes_back_from_the_store_as_it_was(meaning: ReportMeaning | AnswerMeaning) -> None:
    assert msgspec.json.decode(msgspec.json.encode(meaning), type=type(meaning)) == meaning


def test_nothing_is_retried_or_given_up_differently_for_a_code_that_does_not_tell() -> None:
    told, untold = (AnswerMeaning(Outcome.REFUSED, Reason.UNREACHABLE, permanent=stays).ruling().about("1") for stays in (False, UNTOLD))
    assert (told.permanent, untold.permanent) == (False, None)
    assert retry_class(told) is retry_class(untold)


def test_an_operators_code_or_family_goes_before_the_tables() -> None:
    told = table(**{"MA:0001": BLACKLISTED, "MB:*": UNREACHABLE})
    assert [told[code][1] for code in ("MA:0001", "MA:0002", "MB:1041")] == [
        Reason.CARRIER_BLACKLIST,
        Reason.PROVIDER_UNAVAILABLE,
        Reason.UNREACHABLE,
    ]
