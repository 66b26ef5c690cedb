"""A template never runs code: what tries to is refused when it is read, with its line, and at once."""

import time

import pytest

from gateway.render.errors import TemplateError
from gateway.render.text import render
from tests.render.writing import BODY_LINE, template, written

ESCAPES = [
    "{{ ''.__class__ }}",
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "{{ place.format }}",
    "{{ place['__class__'] }}",
    "{{ place|attr('__class__') }}",
    "{{ place.upper() }}",
    "{{ cycler('a', 'b') }}",
    "{{ lipsum(n=1000) }}",
    "{{ range(10**9)|list }}",
    "{{ dict(a=1) }}",
    "{{ namespace() }}",
    "{{ joiner() }}",
    "{{ self }}",
    "{{ self._TemplateReference__context }}",
    "{{ 'a' * 10**9 }}",
    "{{ place * 9 }}",
    "{{ 9 ** 9 ** 9 }}",
    "{{ '%1000000000d' % 1 }}",
    "{{ '%s' ~ place }}",
    "{{ place + place }}",
    "{{ 9 // 1 }}",
    "{{ -place }}",
    "{{ [place, place] }}",
    "{{ {'a': place} }}",
    "{{ place if place }}",
    "{{ place is defined }}",
    "{{ place in 'abc' }}",
    "{% if place < 'b' %}x{% endif %}",
    "{{ place|center(100000000) }}",
    "{{ place|replace('a', 'aaaaaaaa') }}",
    "{{ place|default('x') }}",
    "{{ place|trim('x') }}",
    "{% for a in place %}x{% endfor %}",
    "{% for a in range(999999999) %}{% for b in range(999999999) %}x{% endfor %}{% endfor %}",
    "{% set a = place %}",
    "{% set a %}x{% endset %}",
    "{% with a = place %}x{% endwith %}",
    "{% macro a() %}{{ a() }}{% endmacro %}",
    "{% call place() %}x{% endcall %}",
    "{% filter upper %}x{% endfilter %}",
    "{% include '/etc/passwd' %}",
    "{% include place %}",
    "{% import 'os' as os %}",
    "{% from 'os' import system %}",
    "{% extends 'base' %}",
    "{% block a %}x{% endblock %}",
    "{% autoescape true %}x{% endautoescape %}",
    "{% do place %}",
    "{% if place == '" + "x" * 41 + "' %}x{% endif %}",
    "{{ " + "(" * 3000 + "place" + ")" * 3000 + " }}",
    "{{ " + "not " * 1500 + "place }}",
    "{{ " + "place and " * 600 + "place }}",
    "{% if place %}" * 200 + "x" + "{% endif %}" * 200,
    "{{ " + "9" * 6000 + " }}",
    "{{ place ",
    "{% if place %}x",
    "{% nonsense %}",
    "{{ place } }",
]


@pytest.mark.parametrize("attack", ESCAPES, ids=[attack[:40] for attack in ESCAPES])
def test_a_template_that_does_more_than_fill_in_names_is_refused_with_its_line(attack: str) -> None:
    began = time.process_time()
    with pytest.raises(TemplateError) as refused:
        template(attack, place=10)
    assert time.process_time() - began < 10
    assert refused.value.file == "sms/notice.test.j2"
    assert refused.value.line == BODY_LINE


def test_a_fault_further_down_is_reported_on_its_own_line() -> None:
    with pytest.raises(TemplateError) as refused:
        template("【社保】\n好\n{{ place.x }}", place=10)
    assert refused.value.line == BODY_LINE + 2
    assert "getattr" in str(refused.value)


def test_a_name_that_was_not_declared_is_an_error_on_its_line() -> None:
    with pytest.raises(TemplateError, match="'nam' is used but not declared") as refused:
        template("{{ place }}\n{{ nam }}", place=10)
    assert refused.value.line == BODY_LINE + 1


def test_a_name_in_a_condition_must_be_declared_too() -> None:
    with pytest.raises(TemplateError, match="'secret' is used but not declared"):
        template("{% if secret %}{{ place }}{% endif %}", place=10)


def test_template_language_inside_a_value_stays_what_it_is() -> None:
    plain, branching = template("{{ place }}。", place=40), template("{% if place %}{{ place }}{% endif %}。", place=40)
    for value in ("{{ 7 * 7 }}", "{% include 'x' %}", "{0.__class__}", "{}", "%s", "{# no #}"):
        assert render(plain, {"place": value}) == f"{value}。"
        assert render(branching, {"place": value}) == f"{value}。"


def test_braces_and_percent_signs_of_the_text_itself_are_only_text() -> None:
    assert render(template("{% raw %}{0}{{x}}{% endraw %} 100% {} {{ place }}", place=10), {"place": "社区"}) == "{0}{{x}} 100% {} 社区"


def test_a_condition_chooses_between_words() -> None:
    asked = template("{% if place == '社区' %}近{% elif place %}{{ place|trim }}{% else %}电话{% endif %}。", place=10)
    assert [render(asked, {"place": place}) for place in ("社区", " 窗口 ", "")] == ["近。", "窗口。", "电话。"]


def test_a_comment_leaves_no_trace() -> None:
    assert render(template("a{# {{ secret }} #}b{{ place }}", place=10), {"place": "c"}) == "abc"


def test_a_template_longer_than_any_text_is_not_even_parsed() -> None:
    with pytest.raises(TemplateError, match="longer than 8192"):
        template("x" * 9000 + "{{ place }}", place=10)


@pytest.mark.parametrize("character", ["\x00", "\r", "\t", "\u202e", "\u200b", "\ufeff", "\u2028", "\ud800"])
def test_an_invisible_character_in_a_template_is_an_error_that_says_where(character: str) -> None:
    with pytest.raises(TemplateError, match=f"U\\+{ord(character):04X}") as refused:
        template(f"a\nb{character}{{{{ place }}}}", place=10)
    assert refused.value.line == BODY_LINE + 1


def test_the_line_constant_of_these_tests_is_right() -> None:
    assert written("BODY", place=10).split("\n")[BODY_LINE - 1] == "BODY"
