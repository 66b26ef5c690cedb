"""`tixing codes` as an operator types it."""

import pytest

from tests.cli.conftest import Home

pytestmark = pytest.mark.timeout(120)
SEEN = """
insert into unmapped_code (provider, stage, code, seen, first_at, last_at) values
  ('sandbox_sms', 'report', 'MK:0001', 7, now(), now()), ('sandbox_sms', 'answer', '3017', 2, now(), now())"""


async def test_codes_are_listed_mapped_and_unmapped_on_record(home: Home) -> None:
    home.run("migrate")
    await home.rows("delete from code_meaning")
    await home.rows(SEEN)
    listed = home.done("codes")
    assert all(word in listed for word in ("MK:0001", "report", "7", "3017", "answer"))
    home.done("codes", "map", "sandbox_sms", "MK:0001", "--status", "undelivered", "--reason", "number_absent", "--permanent")
    home.done("codes", "map", "sandbox_sms", "3017", "--outcome", "deferred", "--reason", "frequency_limited", "--retry", "other_route")
    assert "undelivered number_absent" in home.done("codes")
    home.done("codes", "map", "sandbox_sms", "MK:0002", "--status", "undelivered", "--reason", "unreachable", "--ambiguous")
    assert await home.rows("delete from code_meaning where code = 'MK:0002' returning meaning->>'permanent'") == [("unknown",)]
    assert await home.rows("select stage, code, meaning->>'reason' from code_meaning order by 1") == [
        ("answer", "3017", "frequency_limited"),
        ("report", "MK:0001", "number_absent"),
    ]
    home.done("codes", "unmap", "sandbox_sms", "MK:0001")
    assert await home.rows("select stage from code_meaning") == [("answer",)]
    assert [row[0] for row in await home.rows("select what from audit where what like 'code.%' order by id")] == [
        "code.map",
        "code.map",
        "code.map",
        "code.unmap",
    ]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("map sandbox_sms X", "give --status"),
        ("map sandbox_sms X --status undelivered --outcome refused", "give --status"),
        ("map sandbox_sms X --status undelivered", "needs a reason"),
        ("map sandbox_sms X --outcome refused", "needs a reason"),
        ("map sandbox_sms X --status delivered --retry retry", "--retry goes with --outcome"),
        ("map sandbox_sms X --status undelivered --reason unreachable --ambiguous --passing", "give one of the three"),
        ("map sandbox_sms X --status undelivered --reason unmapped", "Invalid value"),
        ("map sandbox_sms X --status queued --reason unreachable", "Invalid value"),
        ("map sandbox_sms X --outcome nothing_left", "Invalid value"),
        ("map nobody X --status delivered", "no provider of that name"),
        ("unmap sandbox_sms nothing", "is not mapped"),
    ],
)
def test_what_cannot_be_is_refused_with_what_to_do(home: Home, words: str, says: str) -> None:
    ended = home.run("codes", *words.split())
    assert ended.code != 0
    assert says in ended.err
