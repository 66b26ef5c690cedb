"""How the state of a contact is told in SQL: the one place that knows where it stands. `b` is the row of `number`, which may be missing."""

UNVERIFIED = "unverified"
"""The state of a number that nothing is known of yet; most such numbers have no row."""
WRONG_PERSON = "wrong_person"
"""Somebody else answered: that outweighs whatever the number's own state is."""

STATE = "case when b.wrong_person_at is not null then 'wrong_person' else coalesce(b.state, 'unverified') end"
"""Of a contact whose number was joined as `b`."""

IN_STATE = "b.state = {state} and b.wrong_person_at is null"
"""True where the contact is in a state other than the two above; lets an index on the state serve."""
IS_WRONG = "b.wrong_person_at is not null"
# An anti-join, whose size the planner can tell; of a condition on the outer join it guesses that hardly any row meets it.
IS_UNVERIFIED = "not exists (select from number k where k.key = c.key and (k.state <> 'unverified' or k.wrong_person_at is not null))"

UNUSABLE = ("dead", "wrong_person", "blocked")
"""States in which a contact reaches nobody."""
