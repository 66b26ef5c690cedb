"""The JSON body template."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.base.template import Body, TemplateError
from providers.base.types import Outgoing

ONE = Outgoing("41", "+8613800138000", "sms", '他说 "好"\n100%', "reminder", {"name": "王*国", "date": "11月23日"}, "四川社保")
TWO = Outgoing("42", "oAbC", "wechat", "b", "t", {}, "s")


def written(structure: object, *messages: Outgoing, batch: bool = False) -> object:
    body = Body(structure, batch=batch)
    return json.loads(body.around([body.item(one) for one in messages]))


def test_it_puts_values_in_places() -> None:
    structure = {
        "to": ["{address}", "{address_national}", "{address_digits}"],
        "ref": "{reference}",
        "say": "【{signature}】{text}",
        "code": "{template}/{channel}",
        "n": 3,
        "flag": True,
        "none": None,
        "100%s": "50% of {reference}",
    }
    assert written(structure, ONE) == {
        "to": ["+8613800138000", "13800138000", "8613800138000"],
        "ref": "41",
        "say": '【四川社保】他说 "好"\n100%',
        "code": "reminder/sms",
        "n": 3,
        "flag": True,
        "none": None,
        "100%s": "50% of 41",
    }


def test_it_repeats_the_one_list_for_every_message() -> None:
    structure = {"account": "100%", "messages": [{"to": "{address_national}", "ref": "{reference}"}], "tags": ["a"]}
    assert written(structure, ONE, TWO, batch=True) == {
        "account": "100%",
        "messages": [{"to": "13800138000", "ref": "41"}, {"to": "oAbC", "ref": "42"}],
        "tags": ["a"],
    }


def test_a_body_can_itself_be_the_list() -> None:
    assert written(["{reference}"], ONE, TWO, batch=True) == ["41", "42"]


def test_parameters_stand_as_an_object_as_text_or_one_by_one() -> None:
    structure = {"all": "{params}", "as_text": "p={params}", "ordered": ["{params.date}", "{params.name}"]}
    said = written(structure, ONE)
    assert said == {
        "all": {"name": "王*国", "date": "11月23日"},
        "as_text": 'p={"name":"王*国","date":"11月23日"}',
        "ordered": ["11月23日", "王*国"],
    }


def test_doubled_braces_are_braces() -> None:
    assert written({"a": "{{{reference}}}", "b": "{{}}"}, ONE) == {"a": "{41}", "b": "{}"}


@given(st.text(st.characters(exclude_categories=["Cs"])), st.text(st.characters(exclude_categories=["Cs"])))
def test_no_text_can_leave_its_place(text: str, fixed: str) -> None:
    one = Outgoing("1", "a", "sms", text, "t", {"k": text}, text)
    braced = fixed.replace("{", "{{").replace("}", "}}")
    assert written({"a": "{text}", braced: f"{braced}{{text}}{braced}", "p": "{params}"}, one) == {
        "a": text,
        braced: f"{fixed}{text}{fixed}",
        "p": {"k": text},
    }


def test_a_missing_parameter_is_an_error_of_the_message() -> None:
    with pytest.raises(KeyError):
        written({"a": "{params.street}"}, ONE)


@pytest.mark.parametrize(
    ("structure", "batch", "words"),
    [
        ({"to": "{adress}"}, False, r"body\.to has the unknown placeholder \{adress\}"),
        ({"a": {"b": ["x", "{nope}"]}}, False, r"body\.a\.b\[1\]"),
        ({"a": "{text"}, False, r"body\.a has a single brace"),
        ({"a": "{params.}"}, False, "unknown placeholder"),
        ({"a": "{text}"}, True, "0 lists to repeat"),
        ({"a": ["{text}"], "b": ["{text}"]}, True, "2 lists to repeat"),
        ({"sign": "{signature}", "m": ["{text}"]}, True, "outside the repeated item"),
        ({"a": object()}, False, r"body\.a holds a value"),
    ],
)
def test_a_body_that_cannot_work_says_where_and_why(structure: object, batch: bool, words: str) -> None:
    with pytest.raises(TemplateError, match=words):
        Body(structure, batch=batch)
