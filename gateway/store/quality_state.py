"""How the state of a contact is told in SQL: the one place that knows where it stands. `c` is the row of `contact`, `b` that of `number`, which may be missing."""

UNVERIFIED = "unverified"
"""The state of a contact that nothing came of and nobody verified."""
WRONG_PERSON = "wrong_person"

STATE = """case when c.denied_at is not null then 'wrong_person'
            else coalesce(c.state, case when c.verified_on is null then 'unverified' else 'good' end) end"""
"""A "not me" outweighs whatever is believed; before anything is believed, a contact that was verified is good."""

IN_STATE = f"{STATE} = {{state}}"
IS_GIVEN_UP = "(c.state in ('dead', 'wrong_person') or c.denied_at is not null)"
"""True of all contacts that are given up; lets the index on those serve."""
IS_DEAD = "c.state = 'dead' and c.denied_at is null"
IS_WRONG = "(c.state = 'wrong_person' or c.denied_at is not null)"

UNUSABLE = ("dead", "wrong_person", "blocked")
"""States in which a contact reaches nobody."""

GIVEN_UP = ("dead", "wrong_person")
"""States in which a contact is not used."""

QUALITY = f"""{STATE} as state, c.p_reach, c.p_alive, c.p_mine, c.delivered, c.failed, c.observations, c.last_at, c.why, b.opted_out_at,
       c.denied_at, c.override_until"""
"""What is shown of a contact."""
