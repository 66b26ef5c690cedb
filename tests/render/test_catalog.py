"""Reading a folder of templates, keeping every version, and saying what is wrong where."""

import shutil
from pathlib import Path

import pytest

from gateway.render.catalog import SHIPPED, Catalog
from gateway.render.errors import CatalogError, NoTextError, TemplateError
from gateway.render.lint import lint
from gateway.render.text import render
from gateway.render.values import LONGEST
from tests.render.writing import template, written

REMINDER = "sms/reminder.self"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(SHIPPED, tmp_path / "templates"))


def edit(folder: Path, name: str, old: str, new: str) -> None:
    path = folder / f"{name}.j2"
    source = path.read_text(encoding="utf-8")
    assert old in source
    path.write_text(source.replace(old, new, 1), encoding="utf-8")


def broken(folder: Path) -> TemplateError:
    with pytest.raises(CatalogError) as refused:
        Catalog.from_folder(folder)
    assert len(refused.value.errors) == 1
    return refused.value.errors[0]


def test_a_version_is_twelve_hex_digits_of_the_files_bytes(catalog: Catalog) -> None:
    chosen = catalog.current(REMINDER)
    assert len(chosen.version) == 12
    assert int(chosen.version, 16)
    assert catalog.pinned(REMINDER, chosen.version) is chosen
    assert chosen.source.encode() == (SHIPPED / f"{REMINDER}.j2").read_bytes()


def test_an_old_version_renders_what_it_rendered_after_the_text_changed(folder: Path) -> None:
    before = Catalog.from_folder(folder).current(REMINDER)
    edit(folder, REMINDER, "您好", "，您好")
    after = Catalog.from_folder(folder)
    assert after.pinned(REMINDER, before.version) is None
    restored = after.add(REMINDER, before.source)
    assert restored.version == before.version != after.current(REMINDER).version
    assert after.pinned(REMINDER, before.version) is restored
    assert render(restored, LONGEST) == render(before, LONGEST)
    assert render(after.current(REMINDER), LONGEST) == render(before, LONGEST).replace("您好", "，您好")


def test_a_version_is_compiled_once(catalog: Catalog) -> None:
    chosen = catalog.current(REMINDER)
    assert catalog.add(REMINDER, chosen.source) is chosen
    assert catalog.add(REMINDER, chosen.source, current=True) is chosen


def test_an_old_version_need_not_keep_to_rules_that_came_later() -> None:
    catalog = Catalog()
    source = written("不带签名的短信{{ place }}", place=10)
    assert render(catalog.add("sms/gone", source), {"place": "社区"}) == "不带签名的短信社区"
    with pytest.raises(TemplateError):
        catalog.add("sms/gone", source, current=True)
    assert not catalog.has("sms/gone")


def test_an_old_version_is_held_to_the_sandbox_all_the_same() -> None:
    with pytest.raises(TemplateError):
        Catalog().add("sms/gone", written("{{ place.__class__ }}", place=10))


def test_a_name_that_nobody_wrote_is_an_error(catalog: Catalog) -> None:
    with pytest.raises(NoTextError, match=r"sms/reminder\.nobody"):
        catalog.current("sms/reminder.nobody")


def test_a_request_reaches_requested_templates_only(catalog: Catalog) -> None:
    found = catalog.requested("notice.general", "sms")
    assert found is not None
    assert found.name == "sms/notice.general"
    assert catalog.requested("reminder.self", "sms") is None
    assert catalog.requested("notice.unheard-of", "sms") is None


def test_a_missing_text_is_named(folder: Path) -> None:
    (folder / "wechat/termination.death.unit.j2").unlink()
    assert str(broken(folder)) == "wechat/termination.death.unit.j2:0: missing. Every notice needs its text."


def test_an_empty_folder_is_said_to_be_empty_once(tmp_path: Path) -> None:
    assert "no templates in this folder" in str(broken(tmp_path))


def test_all_that_is_wrong_is_said_at_once(folder: Path) -> None:
    edit(folder, REMINDER, "{{ name }}", "{{ nmae }}")
    edit(folder, "wechat/reminder.unit", "channel", "chanel")
    with pytest.raises(CatalogError) as refused:
        Catalog.from_folder(folder)
    assert [error.file for error in refused.value.errors] == [f"{REMINDER}.j2", "wechat/reminder.unit.j2"]


MISTAKES = [
    ("+++\nkind", "kind", 1, "no front matter"),
    ("+++\nkind", "先说一句\n+++\nkind", 1, "no front matter between"),
    ('note = "认证', "note = 认证", 5, "not TOML"),
    ("channel", "chanel", 4, "unknown field `chanel`"),
    ('kind = "reminder"', 'kind = "remainder"', 2, "remainder"),
    ('addressee = "self"', 'addressee = "selves"', 3, "selves"),
    ('addressee = "self"', 'addressee = "family"', 1, "describes sms/reminder.family"),
    ('note = "认证', 'cause = "lapsed"\nnote = "认证', 1, "describes sms/reminder.lapsed.self"),
    ("name = 20", "name = 0", 7, "Expected `int` >= 1"),
    ("name = 20", 'name = "20"', 7, "Expected `int`"),
    ("name = 20", "name = 21", 1, "at most 20"),
    ("name = 20", "name = 20\nhome = 20", 1, "'home' is declared but not used"),
    ("{{ name }}", "{{ nmae }}", 12, "'nmae' is used but not declared"),
    ("【{{ signature }}】", "{{ signature }}：", 12, "does not begin with its signature"),
    ("您好，", "您好，\n", 12, "several lines"),
    ("您好", "您好" * 220, 0, "sms takes 500"),
    ("{{ name }}", "{{ name }}{% set a = 1 %}", 12, "assign is not allowed"),
    ("{{ name }}", "{{ name }", 12, "unexpected '}'"),
]


@pytest.mark.parametrize(("old", "new", "line", "what"), MISTAKES, ids=[what for *_, what in MISTAKES])
def test_a_mistake_in_a_template_is_reported_with_file_line_and_what_to_do(folder: Path, old: str, new: str, line: int, what: str) -> None:
    edit(folder, REMINDER, old, new)
    error = broken(folder)
    assert (error.file, error.line) == (f"{REMINDER}.j2", line), str(error)
    assert what in error.what
    assert error.todo


def test_a_template_that_nothing_asks_for_is_an_error(folder: Path) -> None:
    source = (folder / f"{REMINDER}.j2").read_text(encoding="utf-8")
    (folder / "sms/reminder.self.loud.j2").write_text(source.replace("note =", 'variant = "loud"\nnote ='), encoding="utf-8")
    assert "no notice ever asks" in broken(folder).what


def test_death_cannot_be_given_a_text_to_the_person(folder: Path) -> None:
    source = (folder / "sms/termination.death.family.j2").read_text(encoding="utf-8")
    (folder / "sms/termination.death.self.j2").write_text(source.replace('"family"', '"self"'), encoding="utf-8")
    assert "no notice ever asks" in broken(folder).what


def test_a_file_that_is_not_utf8_is_an_error_that_says_where(folder: Path) -> None:
    path = folder / f"{REMINDER}.j2"
    path.write_bytes(path.read_bytes().replace("您好".encode(), "您好".encode("gb18030")))
    assert (broken(folder).line, broken(folder).what) == (12, "not UTF-8")


REQUESTS = [
    ("【{{ signature }}】{{ shown_date }}", {"signature": 12, "shown_date": 11}, "nobody offers a value 'shown_date'"),
    ("【{{ signature }}】{{ self }}", {"signature": 12, "self": 11}, "nobody offers a value 'self'"),
    ("【{{ signature }}】{{ place }}", {"signature": 12, "place": 401}, "Expected `int` <= 400"),
    ("【{{ signature }}】{{ place }}{{ town }}", {"signature": 12, "place": 250, "town": 250}, "sms takes 500"),
]


@pytest.mark.parametrize(("body", "parameters", "what"), REQUESTS, ids=[what for *_, what in REQUESTS])
def test_a_requested_template_is_held_to_its_own_rules(body: str, parameters: dict[str, int], what: str) -> None:
    with pytest.raises(TemplateError, match=what):
        Catalog().add("sms/notice.test", written(body, **parameters), current=True)


def test_a_requested_template_must_be_named_as_one() -> None:
    source = written("【{{ signature }}】{{ place }}", signature=12, place=10)
    with pytest.raises(TemplateError, match=r"a requested notice is sms/notice\."):
        Catalog().add("sms/general", source, current=True)


def test_texts_for_a_channel_that_has_none_are_refused() -> None:
    source = written("【{{ signature }}】{{ place }}", signature=12, place=10).replace('"sms"', '"pager"')
    with pytest.raises(TemplateError, match="no texts are written for channel 'pager'"):
        Catalog().add("pager/notice.test", source, current=True)


def test_lint_points_at_a_second_segment_and_at_words_nobody_may_send() -> None:
    long, rude = (
        template("【{{ signature }}】" + "长" * 65, signature=12),
        template("【{{ signature }}】因死亡停发，见a.cn，领100元", signature=12),
    )
    assert [problem.what for problem in lint([long])] == ["71 units, two segments"]
    assert [problem.what.partition(":")[0] for problem in lint([rude])] == [
        "holds a web address",
        "holds an amount of money",
        "holds a death, a disappearance or an imprisonment",
    ]


def test_lint_points_at_a_termination_that_tells_why() -> None:
    catalog = Catalog()
    source = (SHIPPED / "sms/termination.other.self.j2").read_text(encoding="utf-8").replace("起停发", "起因再婚停发")
    assert [problem.what for problem in lint([catalog.add("sms/termination.other.self", source)])] == ["tells why the benefit ended"]
