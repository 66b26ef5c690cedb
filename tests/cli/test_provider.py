"""`tixing provider`, as an operator types it."""

import pytest

from tests.cli.conftest import Home

pytestmark = pytest.mark.timeout(120)


async def test_a_provider_is_suspended_shown_and_resumed_on_record(home: Home) -> None:
    home.done("migrate")
    ended = home.run("provider", "suspend", "sandbox_sms", "--reason", "delivers nothing, ticket 4711")
    assert (ended.code, ended.out) == (0, "")
    assert "tixing provider resume sandbox_sms" in ended.err
    listed = home.done("provider", "list")
    assert "delivers nothing, ticket 4711" in listed
    assert [word for word in ("sandbox_sms", "sandbox", "sms", "1") if word not in listed.split()] == []
    again = home.run("provider", "suspend", "sandbox_sms", "--reason", "again")
    assert again.code == 1
    assert "suspended already" in again.err
    assert home.run("provider", "resume", "sandbox_sms").code == 0
    assert "ticket 4711" not in home.done("provider", "list")
    assert home.run("provider", "resume", "sandbox_sms").code == 1
    acts = await home.rows("select what, detail from audit where what like 'provider.%' order by id")
    assert acts == [("provider.suspend", "sandbox_sms: delivers nothing, ticket 4711"), ("provider.resume", "sandbox_sms")]


def test_a_provider_nobody_configured_is_refused_with_those_there_are(home: Home) -> None:
    ended = home.run("provider", "suspend", "sandbox_smss", "--reason", "x")
    assert ended.code == 1
    assert "there are sandbox_sms" in ended.err


def test_suspending_needs_a_reason(home: Home) -> None:
    assert home.run("provider", "suspend", "sandbox_sms").code == 2


async def test_the_last_steps_of_a_weight_are_shown(home: Home) -> None:
    home.done("migrate")
    await home.rows(
        "insert into provider_weight (name, at, before, weight, rest, why, detail)"
        " values ('sandbox_sms', now(), 1, 0.8, 1, 'failing', 'calls 30, failed 12') returning id",
    )
    await home.rows("delete from provider_state returning name")
    await home.rows("insert into provider_state (name, weight, rest, weight_at) values ('sandbox_sms', 0.8, 1, now()) returning name")
    listed = home.done("provider", "list")
    assert "1 → 0.8 failing (calls 30, failed 12)" in listed
    assert "0.8" in listed.split()
    await home.rows("delete from provider_state returning name")
    await home.rows("delete from provider_weight returning name")
