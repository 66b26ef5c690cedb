"""What an SMSC's codes do to a message."""

import pytest

from providers.base.codes import CodeTable
from providers.base.json_answers import UNMAPPED
from providers.base.ruling import Ruling, retry_class
from providers.base.words import Outcome, Reason, RetryClass, Status
from providers.smpp.codes import ANSWERS, NAMES, REPORTS, code, written

TABLE: CodeTable[Ruling] = CodeTable({key: meaning.ruling() for key, meaning in ANSWERS.items()}, UNMAPPED)
RETRY, OTHER, PERMANENT, CONFIGURATION = RetryClass.RETRY, RetryClass.OTHER_ROUTE, RetryClass.PERMANENT, RetryClass.CONFIGURATION


def test_every_status_of_table_5_2_has_a_meaning_but_success() -> None:
    assert {status for status in NAMES if TABLE[code(status)] is UNMAPPED} == {0}


def test_what_stands_in_no_table_is_unknown_and_never_a_failure() -> None:
    for status in (0x09, 0x10, 0x59, 0x100, 0x3FF, 0x500, 0xFFFF_FFFF):
        assert TABLE[code(status)].outcome is Outcome.UNKNOWN


@pytest.mark.parametrize("status", [0x400, 0x40B, 0x4FF])
def test_a_vendors_own_status_is_tried_again(status: int) -> None:
    answer = TABLE[code(status)].about("1")
    assert (answer.outcome, retry_class(answer)) == (Outcome.DEFERRED, RETRY)


@pytest.mark.parametrize(
    ("name", "reason", "retry"),
    [
        ("ESME_RINVMSGLEN", Reason.CONTENT_REJECTED, PERMANENT),
        ("ESME_RINVBNDSTS", Reason.PROVIDER_UNAVAILABLE, RETRY),
        ("ESME_RSYSERR", Reason.PROVIDER_UNAVAILABLE, RETRY),
        ("ESME_RINVSRCADR", Reason.ACCOUNT_PROBLEM, CONFIGURATION),
        ("ESME_RINVDSTADR", Reason.MALFORMED_ADDRESS, PERMANENT),
        ("ESME_RMSGQFUL", Reason.FREQUENCY_LIMITED, RETRY),
        ("ESME_RINVSERTYP", Reason.ACCOUNT_PROBLEM, CONFIGURATION),
        ("ESME_RSUBMITFAIL", Reason.PROVIDER_UNAVAILABLE, RETRY),
        ("ESME_RINVSRCTON", Reason.ACCOUNT_PROBLEM, CONFIGURATION),
        ("ESME_RTHROTTLED", Reason.FREQUENCY_LIMITED, RETRY),
        ("ESME_RX_T_APPN", Reason.PROVIDER_UNAVAILABLE, RETRY),
        ("ESME_RX_P_APPN", Reason.CONTENT_REJECTED, PERMANENT),
        ("ESME_RINVOPTPARAMVAL", Reason.CONTENT_REJECTED, PERMANENT),
        ("ESME_RDELIVERYFAILURE", Reason.PROVIDER_UNAVAILABLE, OTHER),
        ("ESME_RUNKNOWNERR", Reason.PROVIDER_UNAVAILABLE, RETRY),
    ],
)
def test_a_status_has_its_reason_and_says_what_to_do(name: str, reason: Reason, retry: RetryClass) -> None:
    answer = TABLE[written(name)].about("1")
    assert (answer.reason, retry_class(answer)) == (reason, retry)
    assert answer.outcome is (Outcome.DEFERRED if retry in {RETRY, OTHER} else Outcome.REFUSED)


@pytest.mark.parametrize("key", ["0x58", "0X58", "0x00000058", "88", "ESME_RTHROTTLED", "esme_rthrottled"])
def test_an_operator_may_write_a_status_in_any_way(key: str) -> None:
    assert written(key) == "0x00000058"


def test_a_family_stays_as_an_operator_wrote_it() -> None:
    assert written("0x000004*") == "0x000004*"


def test_every_meaning_is_one_that_a_vendor_can_have() -> None:
    assert all(meaning.ruling() for meaning in ANSWERS.values())
    assert all(meaning.told() for meaning in REPORTS.values())


@pytest.mark.parametrize(
    ("word", "status"),
    [("DELIVRD", Status.DELIVERED), ("ENROUTE", Status.SENT), ("ACCEPTD", Status.SENT), ("UNKNOWN", Status.SENT)]
    + [(word, Status.UNDELIVERED) for word in ("EXPIRED", "DELETED", "UNDELIV", "REJECTD", "FAILED")],
)
def test_a_word_of_a_receipt_has_its_status(word: str, status: Status) -> None:
    assert REPORTS[word].status is status
