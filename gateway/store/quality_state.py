"""How the state of a contact is told in SQL: the one place that knows where it stands. `c` is the row of `contact`."""

WRONG_PERSON = "wrong_person"

STATE = """case when c.denied_at is not null then 'wrong_person'
            else coalesce(c.state, case when c.verified_on is null then 'unverified' else 'good' end) end"""
"""A "not me" outweighs whatever is believed; before anything is believed, a contact that was verified is good."""

_BELIEVED = "c.state = '{}' and c.denied_at is null"
IN_STATE = {state: _BELIEVED.format(state) for state in ("doubtful", "blocked")} | {
    "dead": "c.gone = 'dead'",
    WRONG_PERSON: "c.gone = 'wrong_person'",
    "good": "(c.state = 'good' or c.state is null and c.verified_on is not null) and c.denied_at is null",
    "unverified": "(c.state = 'unverified' or c.state is null and c.verified_on is null) and c.denied_at is null",
}
"""When `STATE` is that, in words whose frequency statistics can tell: of `STATE` itself the planner guesses that hardly any row meets it.
Those of dead and wrong numbers let the index on these serve (`gone`, which the store keeps)."""

UNUSABLE = ("dead", "wrong_person", "blocked")
"""States in which a contact reaches nobody."""

GIVEN_UP = ("dead", "wrong_person")
"""States in which a contact is not used."""

TAKEN_BACK = "q.before in ('dead', 'wrong_person') and q.after not in ('dead', 'wrong_person')"
"""When a change of state `q` says that a contact is used again; index `quality_change_taken_back`."""


def verified_anew(given: str, known: str) -> str:
    """Where the listing `given` verifies the contact `known` later than we knew, and no earlier than the last word about it, a "not me" or what came of a message.

    Null counts as no. Plan asks the same of values (`confirmed` in gateway/plan/contacts.py). What an older verification says the learner weighs.
    """
    last = f"(greatest({known}.denied_at, {known}.last_at) at time zone 'Asia/Shanghai')::date"
    return (
        f"{given}.verified_on > coalesce({known}.verified_on, '-infinity') and {given}.verified_on >= coalesce({last}, {given}.verified_on)"
    )


QUALITY = f"""{STATE} as state, c.p_reach, c.p_alive, c.p_mine, c.delivered, c.failed, c.observations, c.last_at, c.why, c.denied_at, c.override_until,
       (select n.opted_out_at from number n where n.key = c.key) as opted_out_at"""  # noqa: S608 - our own words
"""What is shown of a contact. Numbers are looked up for what is shown only, after a list is sorted: most have no row."""
