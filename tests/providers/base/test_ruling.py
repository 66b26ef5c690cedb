"""HTTP statuses, `Retry-After`, inflating within bounds."""

import gzip
import zlib

import pytest

from providers.base.inflate import CodingError, inflated
from providers.base.ruling import LONGEST_RETRY_AFTER_S, by_status, retry_after_s
from providers.base.words import Fault, Outcome, Reason


@pytest.mark.parametrize("status", [200, 201, 202, 204, 207])
def test_a_2xx_leaves_it_to_the_body(status: int) -> None:
    assert by_status(status, {}, {}) is None


@pytest.mark.parametrize("status", [*range(100, 200, 33), *range(300, 600)])
def test_nothing_but_a_2xx_is_ever_accepted_or_safe_to_send_again(status: int) -> None:
    ruling = by_status(status, {"Retry-After": "1"}, {})
    assert ruling is not None
    assert ruling.outcome in {Outcome.REFUSED, Outcome.DEFERRED, Outcome.UNKNOWN}
    assert ruling.reason is not None
    assert ruling.fault is not Fault.NONE


def test_too_many_requests_is_our_own_rate() -> None:
    ruling = by_status(429, {"Retry-After": "5"}, {})
    assert ruling is not None
    assert (ruling.reason, ruling.fault, ruling.retry_after_s) == (Reason.FREQUENCY_LIMITED, Fault.SENDER, 5.0)


@pytest.mark.parametrize(
    ("headers", "pause_s"),
    [
        ({}, None),
        ({"Retry-After": "120"}, 120.0),
        ({"Retry-After": "999999999"}, LONGEST_RETRY_AFTER_S),
        ({"Retry-After": "-5"}, None),
        ({"Retry-After": "²"}, None),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "Tue, 24 Nov 2026 08:00:30 GMT", "Date": "Tue, 24 Nov 2026 08:00:00 GMT"}, 30.0),
        ({"Retry-After": "Tue, 24 Nov 2026 07:00:00 GMT", "Date": "Tue, 24 Nov 2026 08:00:00 GMT"}, 0.0),
        ({"Retry-After": "Tue, 24 Nov 2026 08:00:30 GMT"}, None),
    ],
)
def test_retry_after_is_read_in_both_forms_and_bounded(headers: dict[str, str], pause_s: float | None) -> None:
    assert retry_after_s(headers) == pause_s


def test_a_compressed_answer_is_inflated() -> None:
    assert inflated(gzip.compress(b"{}"), "gzip", 10) == b"{}"
    assert inflated(zlib.compress(b"{}"), "deflate", 10) == b"{}"


@pytest.mark.parametrize("body", [gzip.compress(b" " * 50_000_000), gzip.compress(b"{}")[:-9], b"{}", b""])
def test_a_bomb_or_a_torso_is_not(body: bytes) -> None:
    with pytest.raises(CodingError):
        inflated(body, "gzip", 1 << 20)


def test_the_limit_is_exact() -> None:
    assert inflated(gzip.compress(b"0123456789"), "gzip", 10) == b"0123456789"
    with pytest.raises(CodingError):
        inflated(gzip.compress(b"0123456789+"), "gzip", 10)
