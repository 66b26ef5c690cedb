"""Lines of histories: what is taken, and what is said of bad ones."""

import json
from datetime import UTC, datetime

import pytest

from gateway.quality.evaluate import evaluate, rows
from gateway.quality.evidence import Evidence
from gateway.quality.histories import KINDS, BadLine, Histories, read_lines
from gateway.quality.model import PRIOR

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def line(**given: object) -> bytes:
    return json.dumps({"person": "p1", "address": "a1", "at": "2026-01-05T09:00:00+08:00", "evidence": "delivered"} | given).encode()


def test_every_word_is_understood() -> None:
    assert set(KINDS) == {str(word) for word in Evidence} - {"moved"}
    histories = Histories(NOW)
    for word in KINDS:
        histories.add(line(evidence=word))
    assert len(histories) == len(KINDS)


@pytest.mark.parametrize(
    ("given", "wrong"),
    [
        (line(evidence="deliverd"), "unknown evidence 'deliverd'; known: delivered"),
        (line(at="2026-01-05T09:00:00"), "has no offset"),
        (line(at="2026-03-05T09:00:00+08:00"), "in the future"),
        (line(at="1926-03-05T09:00:00+08:00"), "before 1990"),
        (line(at="yesterday"), "$.at"),
        (line(person=7), "$.person"),
        (line(person=""), "1 to 200 characters"),
        (line(evidence="listed", verified_on="2026-01-06"), "`verified_on` is after `at`"),
        (line(evidence="listed", verified_on="6.1.2026"), "$.verified_on"),
        (line(vendor_code="x" * 201), "at most 200 characters"),
        (b'{"person":"p1"}\n', "missing required field"),
        (b"delivered\n", "is not JSON"),
        (b"[]\n", "Expected `object`"),
        (b'{"person":"\xff"}\n', "is not UTF-8"),
    ],
)
def test_what_is_wrong_with_a_line_is_said_and_the_others_count(given: bytes, wrong: str) -> None:
    histories = Histories(NOW)
    said = [(number, words) for number, words in read_lines(histories, [line(), b"\n", given, line(person="p2")]) if words]
    assert [number for number, _ in said] == [3]
    assert wrong in said[0][1]
    assert len(histories) == 2


def test_a_bad_line_leaves_nothing_behind() -> None:
    histories = Histories(NOW)
    with pytest.raises(BadLine):
        histories.add(line(person="p9", at="2030-01-01T00:00:00Z"))
    assert not histories.pairs


def test_lines_after_the_day_that_is_asked_for_are_left_out() -> None:
    histories = Histories(NOW, datetime(2026, 2, 1, tzinfo=UTC))
    histories.add(line())
    histories.add(line(at="2026-02-15T09:00:00+08:00", evidence="number_absent"))
    assert (len(histories), histories.later) == (1, 1)


def test_a_clock_a_little_ahead_is_no_error() -> None:
    histories = Histories(NOW)
    histories.add(line(at="2026-03-01T20:00:00Z"))
    assert next(rows(evaluate(histories, histories.record(), PRIOR)))[-1] == "2026-03-02T04:00:00+08:00"


def test_an_unknown_source_counts_as_unknown() -> None:
    histories = Histories(NOW)
    histories.add(line(evidence="listed", source="a friend"))
    assert histories.record().starts == ("unknown",)


def test_a_row_has_what_was_seen_of_the_pair() -> None:
    histories = Histories(NOW)
    for word in ("listed", "delivered", "certified_after_notice"):
        histories.add(line(evidence=word))
    histories.add(line(person="p2"))
    found = evaluate(histories, histories.record(), PRIOR)
    first, second = rows(found, why=True)
    assert first[:3] == ("p1", "a1", "good")
    assert first[6:8] == (3, "2026-01-05T09:00:00+08:00")
    assert str(first[8]).startswith("最近一次通知后完成认证在2026-01-05，能通知到本人的把握为9")
    assert second[6] == 1


def test_a_report_that_came_twice_was_seen_once() -> None:
    once, twice = Histories(NOW), Histories(NOW)
    told = [line(evidence="listed", source="legacy", at="2026-01-01T09:00:00+08:00"), line(evidence="number_absent", vendor_code="E1")]
    for given in told:
        once.add(given)
    for given in (told[1], *told, told[1], *told):
        twice.add(given)
    first, second = (next(rows(evaluate(one, one.record(), PRIOR))) for one in (once, twice))
    assert first == second


def test_a_line_that_comes_twice_is_counted_once_and_said() -> None:
    histories = Histories(NOW)
    for given in (line(), line(), line(vendor_code="E1"), line()):
        histories.add(given)
    assert (histories.counts()[0].tolist(), histories.repeated) == ([2], 2)
    histories.add(line(provider="x"))
    assert (histories.counts()[0].tolist(), histories.repeated) == ([3], 2)


def test_another_code_or_another_second_is_another_observation() -> None:
    histories = Histories(NOW)
    for given in (line(), line(vendor_code="E1"), line(provider="x"), line(at="2026-01-05T09:00:01+08:00"), line(person="p2")):
        histories.add(given)
    assert histories.record().own.sum() == 5


def test_a_byte_order_mark_is_no_part_of_the_first_line() -> None:
    histories = Histories(NOW)
    assert not list(read_lines(histories, [b"\xef\xbb\xbf" + line() + b"\r\n", line(at="2026-01-06T09:00:00+08:00")]))
    assert len(histories) == 2
