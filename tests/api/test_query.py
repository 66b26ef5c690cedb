"""Parameters, cursors and spans of regions."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.api.calls import _by_preference
from gateway.api.chinese import WORDS, listed, said
from gateway.api.cursors import Cursors, FactId
from gateway.api.problems import Invalid
from gateway.api.query import moment
from gateway.plan.codes import Why
from gateway.quality.states import State
from gateway.regions import Regions
from gateway.store.reading.reader import EVERYWHERE, span
from gateway.words import ContactSource, Insurance, Kind, NoticeStatus, Reason, Relation, Status
from scheduler.calendar import BANDS

CURSORS = Cursors[tuple[str, int]]("list", tuple[str, FactId])


@given(st.text().filter(lambda text: "\x00" not in text), st.integers(-(2**63), 2**63 - 1))
def test_a_cursor_brings_its_key_back(text: str, number: int) -> None:
    text = text.encode("utf-8", "ignore").decode()
    assert CURSORS.read(CURSORS.write((text, number))) == (text, number)


@given(st.text(max_size=60))
def test_whatever_else_is_sent_as_a_cursor_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        CURSORS.read(text)


def test_a_cursor_whose_key_no_store_could_hold_is_refused() -> None:
    with pytest.raises(Invalid):
        CURSORS.read(CURSORS.write(("\x00", 1)))
    with pytest.raises(Invalid):
        CURSORS.read(CURSORS.write(("a", 2**63)))


def test_a_span_holds_what_the_tree_of_regions_holds() -> None:
    regions = Regions.load()
    codes = regions.below("510000") + regions.below("420000") + regions.below("110000")
    wrong = [(above, code) for above in codes for code in codes if span(above).holds(code) != regions.covers(above, code)]

    assert wrong == []
    assert len(codes) > 300


def test_everywhere_holds_every_region_and_none() -> None:
    assert [EVERYWHERE.holds(code) for code in ("", "000000", "510104", "999999")] == [True] * 4
    assert [span("510100").holds(code) for code in ("", "510100", "510104", "510200", "510000")] == [False, True, True, False, False]


def test_what_two_spans_share_is_what_both_hold() -> None:
    assert span("510000").within(span("510100")) == span("510100").within(EVERYWHERE) == span("510100")
    nothing = span("510100").within(span("510700"))
    assert not any(nothing.holds(code) for code in ("510100", "510104", "510500", "510700", "510703"))


def test_moments_are_read_with_the_offset_of_shanghai_where_none_is_given() -> None:
    read = {
        text: str(moment(text, "since"))
        for text in ("2026-03-02T12:00:00", "2026-03-02 12:00:00+08:00", "2026-03-02T04:00:00Z", "2026-03-02T04:00z")
    }

    assert set(read.values()) == {"2026-03-02 04:00:00+00:00"}
    assert str(moment("2026-03-02", "since")) == "2026-03-02 00:00:00+08:00"
    assert str(moment("2026-03-02", "until", end=True)) == "2026-03-03 00:00:00+08:00"
    for wrong in ("2026-02-30", "2026-03-02T25:00:00", "9999-12-31"):
        with pytest.raises(Invalid):
            moment(wrong, "until", end=True)


def test_media_types_are_ranked_by_their_quality() -> None:
    assert _by_preference("a/b;q=0.2, c/d, e/f;q=0, */*;q=0.1") == ["c/d", "a/b", "*/*"]


def test_every_code_that_a_file_shows_has_a_word_for_people() -> None:
    shown = [*Insurance, *Kind, *NoticeStatus, *Status, *Reason, *Relation, *ContactSource, *State, *Why, *BANDS]

    assert [code for code in shown if code not in WORDS] == []
    assert (said(None), said("of tomorrow"), listed(["sms", "wechat:number_absent"])) == ("", "of tomorrow", "短信、微信 空号")
