"""Persons and their contacts: locked, read and written in sets. Whoever changes notices or messages of persons locks them here first."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from operator import attrgetter
from typing import Any

from gateway.model import Contact, Person, Standing
from gateway.store import listings, moved, unlearned
from gateway.store.copying import copy_in
from gateway.store.pool import Connection, Queries
from gateway.store.quality_state import GIVEN_UP, verified_anew
from gateway.store.vault import Vault, pack_benefits, unpack_benefits
from gateway.words import Beneficiary, ContactSource, Insurance, Relation

_COLUMNS = """id, region, insurance, beneficiary, details, certified, benefit_started_on, cycle_start, deadline,
 deceased, died_on, conflict, benefits, plan_due, pending"""

_RELATION = {str(r): r for r in Relation}
_SOURCE = {str(s): s for s in ContactSource}
_INSURANCE = {str(i): i for i in Insurance}

# Ordering by an expression keeps the planner from walking a whole index in its order and filtering: now and then the statistics of a young
# table made that look cheap, and cost half of the store's time.
LOCK = f"select {_COLUMNS} from person where id = any($1::text[]) order by id || '' for no key update"  # noqa: S608 - our own columns

LOCK_STANDING = """
select id, deadline, deceased, conflict, pending, benefits, case when benefits is not null then insurance end
  from person where id = any($1::text[]) order by id || '' for no key update"""

LOCK_DUE = f"""
select {_COLUMNS} from person where plan_due <= now() order by plan_due limit $1 for no key update skip locked"""  # noqa: S608 - our own columns

POSTPONE_FIRST = """
update person set plan_due = now() + $1::interval
 where id = (select id from person where plan_due <= now() order by plan_due limit 1 for no key update skip locked)"""

ANY_DUE = "select coalesce((select plan_due <= now() from person where plan_due is not null order by plan_due limit 1), false)"

CONTACTS = """
select c.id, c.person_id, c.channel, c.key, c.relation, c.source, c.verified_on, c.sealed, c.p_reach, c.state,
       (c.denied_at at time zone 'Asia/Shanghai')::date, c.last_at,
       case when c.override_until > now() then c.override_until end, n.opted_out_at is not null, n.refused
  from unnest($1::text[]) as u(person) join contact c on c.person_id = u.person left join number n on n.key = c.key
 where c.removed_at is null
 order by c.id"""

COLUMNS = (
    "id", "region", "residence_region", "insurance", "beneficiary", "details", "certified", "benefit_started_on", "cycle_start", "deadline",
    "deceased", "died_on", "conflict", "benefits", "listed", "plan_due", "pending",
)  # fmt: skip
CONTACT_COLUMNS = ("id", "person_id", "channel", "key", "relation", "source", "verified_on", "sealed")

UPDATE_CYCLE = """
update person p set cycle_start = u.start, deadline = u.deadline, plan_due = u.plan_due, updated_at = now()
  from unnest($1::text[], $2::date[], $3::date[], $4::timestamptz[]) as u(id, start, deadline, plan_due)
 where p.id = u.id"""

UPDATE = """
update person p
   set region = u.region, residence_region = u.residence, insurance = string_to_array(u.insurance, ','), beneficiary = u.beneficiary,
       details = u.details, certified = string_to_array(u.certified, ',')::date[], benefit_started_on = u.began, cycle_start = u.start,
       deadline = u.deadline, deceased = u.deceased, died_on = u.died_on, conflict = u.conflict, benefits = u.benefits, listed = u.listed,
       plan_due = u.plan_due, pending = u.pending, updated_at = now()
  from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::bytea[], $7::text[], $8::date[], $9::date[],
              $10::date[], $11::bool[], $12::date[], $13::bool[], $14::bytea[], $15::bool[], $16::timestamptz[], $17::bool[])
    as u(id, region, residence, insurance, beneficiary, details, certified, began, start,
         deadline, deceased, died_on, conflict, benefits, listed, plan_due, pending)
 where p.id = u.id"""

PUT_CONTACTS = f"""
insert into contact (id, person_id, channel, key, relation, source, verified_on, sealed, state, denied_at, override_until, last_at)
select u.*, case when g.state in ('dead', 'wrong_person') then g.state end, g.denied_at, g.override_until, g.last_at
  from unnest($1::bigint[], $2::text[], $3::text[], $4::bytea[], $5::text[], $6::text[], $7::date[], $8::bytea[])
    as u(id, person, channel, key, relation, source, verified_on, sealed)
  left join lateral (
       select c.state, c.denied_at, c.override_until, c.last_at from contact c
        where c.person_id = u.person and c.channel = u.channel and c.key || '' = u.key and c.removed_at is null
          and (c.state in ('dead', 'wrong_person') or c.denied_at is not null)
          and ({verified_anew("u", "c")}) is not true
        order by c.denied_at desc nulls last limit 1) g on true
    on conflict (person_id, channel, key, relation) do update
   set source = excluded.source, verified_on = excluded.verified_on, sealed = excluded.sealed, removed_at = null,
       updated_at = case when (contact.source, contact.verified_on, contact.removed_at) is distinct from (excluded.source, excluded.verified_on, null)
                         then now() else contact.updated_at end,
       state = case when contact.state in ('dead', 'wrong_person') and {verified_anew("excluded", "contact")} then null else contact.state end,
       p_reach = case when {verified_anew("excluded", "contact")} and (contact.state in ('dead', 'wrong_person') or contact.denied_at is not null)
                      then null else contact.p_reach end,
       denied_at = case when {verified_anew("excluded", "contact")} then null else contact.denied_at end"""  # noqa: S608 - our own words
"""A number that was given up is taken back where somebody verified it since the last word about it; what is believed of it is worked out soon after. In another relation to
the same person it is as given up as it was: a "not me" is of person and number."""

# A number that was dead as this contact may be nobody's dead number any more.
REMOVE_CONTACTS = """
with gone as (update contact set removed_at = now() where person_id = any($1::text[]) and id = any($2::bigint[]) returning key, state)
insert into unlearned (key) select key from gone where state = 'dead'"""

KNOWN_NUMBERS = "select key, dead_at, opted_out_at is not null, refused from number where key = any($1::bytea[])"

LOCK_ALSO_OF = """
select id from person
 where id in (select unnest($1::text[]) union select person_id from message where id = any($2::bigint[]))
 order by id || '' for no key update"""

PLAN_AGAIN = """
update person set plan_due = least(plan_due, $2) where id = any($1::text[]) and (plan_due is null or plan_due > $2)"""


async def lock(connection: Connection, ids: Sequence[str], vault: Vault) -> dict[str, Person]:
    """Locks those of `ids` that exist, in person_id order, and returns them as they are now."""
    return _persons(await connection.fetch(LOCK, sorted(ids)), vault)


async def lock_standing(connection: Connection, ids: Sequence[str]) -> dict[str, Standing]:
    """The same with only what the claim asks."""
    rows = await connection.fetch(LOCK_STANDING, sorted(ids))
    return {
        ident: Standing(deadline, deceased, conflict, pending, unpack_benefits(benefits), _insurances(insurance or ()))
        for ident, deadline, deceased, conflict, pending, benefits, insurance in rows
    }


async def lock_due(connection: Connection, count: int, vault: Vault) -> dict[str, Person]:
    """Locks at most `count` persons whose plan is due; those that somebody else holds are left to a later call.

    They are not taken in person_id order, which cannot deadlock: skip locked never waits.
    """
    return _persons(await connection.fetch(LOCK_DUE, count), vault)


async def postpone_first(connection: Connection, by: timedelta) -> None:
    """Puts off the person who has been due longest: planning stumbles over them."""
    await connection.execute(POSTPONE_FIRST, by)


async def any_due(connection: Queries) -> bool:
    """Whether somebody's plan is due."""
    return bool(await connection.fetchval(ANY_DUE))


async def contacts(connection: Connection, ids: Sequence[str], vault: Vault) -> dict[str, list[Contact]]:
    """Contacts of the persons, with what quality believes of their numbers."""
    found: dict[str, list[Contact]] = {}
    for row in await connection.fetch(CONTACTS, ids):
        (fact_id, person, channel, key, relation, source, verified_on, sealed, p_reach, state, denied_on, last_at, override_until, opted_out,
         refused) = row  # fmt: skip
        content = vault.open_contact(sealed)
        contact = Contact(
            fact_id, channel, content.address, key, _RELATION[relation], _SOURCE[source], verified_on, content.name,
            usable=override_until is not None or not (denied_on or state in GIVEN_UP), opted_out=opted_out, score=p_reach,
            refused=tuple(refused) if refused else (), doubtful=state == "doubtful", last_at=last_at,
            dead=state == "dead" and denied_on is None, denied_on=denied_on, override_until=override_until,
        )  # fmt: skip
        found.setdefault(person, []).append(contact)
    return found


async def insert(connection: Connection, persons: Sequence[Person], vault: Vault) -> None:
    """Writes new persons, in person_id order.

    Raises:
        asyncpg.UniqueViolationError: Somebody else wrote one of them meanwhile: roll back and start again.

    """
    await copy_in(connection, "person", COLUMNS, [_row(p, vault) for p in sorted(persons, key=attrgetter("id"))])


async def update(connection: Connection, changed: Sequence[tuple[Person, Person]], vault: Vault) -> None:
    """Writes persons that are locked by this transaction: (as read, as they are now). Mostly only their cycle moved."""
    moved = [after for before, after in changed if _only_cycle(before, after)]
    if moved:
        await connection.execute(
            UPDATE_CYCLE, [p.id for p in moved], [p.start for p in moved], [p.deadline for p in moved], [p.plan_due for p in moved]
        )
    other = [after for before, after in changed if not _only_cycle(before, after)]
    if other:
        await connection.execute(UPDATE, *_arrays(other, vault))


async def insert_contacts(connection: Connection, given: Sequence[tuple[str, Contact]], vault: Vault) -> None:
    """Writes the contacts of new persons: (person id, contact)."""
    rows = [
        (c.id, person, c.channel, c.key, c.relation, c.source, c.verified_on, vault.seal_contact(c.address, c.name)) for person, c in given
    ]
    await copy_in(connection, "contact", CONTACT_COLUMNS, rows)


async def put_contacts(connection: Connection, given: Sequence[tuple[str, Contact]], vault: Vault) -> None:
    """Inserts or replaces contacts of locked persons: (person id, contact). What they replace stays on record."""
    await listings.keep(connection, given)
    await moved.keep(connection, given)
    await unlearned.put(connection, [c.key for _, c in given])
    await connection.execute(
        PUT_CONTACTS,
        [c.id for _, c in given],
        [person for person, _ in given],
        [c.channel for _, c in given],
        [c.key for _, c in given],
        [c.relation for _, c in given],
        [c.source for _, c in given],
        [c.verified_on for _, c in given],
        [vault.seal_contact(c.address, c.name) for _, c in given],
    )


async def remove_contacts(connection: Connection, holders: Sequence[str], ids: Sequence[int]) -> None:
    """Takes contacts of these persons out of use; the record stays."""
    await connection.execute(REMOVE_CONTACTS, holders, ids)


async def known_numbers(connection: Connection, keys: Sequence[bytes]) -> list[tuple[bytes, datetime | None, bool, list[str] | None]]:
    """What is known of numbers, whoever holds them: (key, dead since, opted out, templates refused)."""
    return [tuple(row) for row in await connection.fetch(KNOWN_NUMBERS, keys)]


async def lock_also_of(connection: Connection, ids: Sequence[str], messages: Sequence[int]) -> None:
    """Locks these persons and those of these messages, in person_id order."""
    await connection.fetch(LOCK_ALSO_OF, ids, messages)


async def plan_again(connection: Connection, ids: Iterable[str], at: datetime) -> None:
    """Asks the planner to look at these locked persons at `at` or earlier."""
    await connection.execute(PLAN_AGAIN, list(ids), at)


def _persons(rows: Sequence[Any], vault: Vault) -> dict[str, Person]:
    return {row[0]: _person(tuple(row), vault) for row in rows}


def _insurances(names: Iterable[str]) -> tuple[Insurance, ...]:
    return tuple([_INSURANCE[name] for name in names])


def _person(row: tuple[Any, ...], vault: Vault) -> Person:
    (ident, region, insurance, beneficiary, details, certified, began, start, deadline, deceased, died_on, conflict, benefits, plan_due,
     pending) = row  # fmt: skip
    return Person(
        ident, region, vault.open_details(details), _insurances(insurance), Beneficiary(beneficiary) if beneficiary else None,
        tuple(certified), began, start, deadline, deceased, died_on, conflict, unpack_benefits(benefits), plan_due, stored=True, pending=pending,
    )  # fmt: skip


def _only_cycle(before: Person, after: Person) -> bool:
    return (
        before.details is after.details
        and before.certified is after.certified
        and before.benefits is after.benefits
        and before.insurance is after.insurance
        and (before.region, before.beneficiary, before.benefit_started_on) == (after.region, after.beneficiary, after.benefit_started_on)
        and (before.deceased, before.died_on, before.conflict, before.pending)
        == (after.deceased, after.died_on, after.conflict, after.pending)
    )


def _row(p: Person, vault: Vault) -> tuple[Any, ...]:
    home = p.details.residence.region if p.details.residence else ""
    return (
        p.id, p.region, home, p.insurance, p.beneficiary, vault.seal_details(p.details), p.certified, p.benefit_started_on, p.start, p.deadline,
        p.deceased, p.died_on, p.conflict, pack_benefits(p.benefits), stands_on_list(p), p.plan_due, p.pending,
    )  # fmt: skip


def _arrays(persons: Sequence[Person], vault: Vault) -> list[list[Any]]:
    columns = [list(column) for column in zip(*(_row(p, vault) for p in persons), strict=True)]
    columns[3] = [",".join(insurance) for insurance in columns[3]]
    columns[6] = [",".join(map(str, certified)) for certified in columns[6]]
    return columns


def stands_on_list(person: Person) -> bool:
    """Whether the uncertified list may show the person [38, domain: The uncertified list]: not the deceased, nor those whose every benefit ended otherwise."""
    if person.deceased:
        return False
    ended = [b for b in person.benefits if b.state == "terminated" and b.cause != "not_certified"]
    return not ended or len(ended) < len(person.insurance)
