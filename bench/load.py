"""Persons and events of a load, as bytes: the same number always gives the same person, phone number and event."""

from datetime import UTC, date, datetime, timedelta

SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧"
GIVEN = "伟芳娜秀英敏静丽强磊军洋勇艳杰娟涛明超兰霞平刚桂香玉珍凤琴淑华建国志德福贵"
REGIONS = ("510104", "510106", "510703", "511302", "511702", "513401", "510311", "512002")
PREFIXES = ("138", "139", "159", "177", "186", "189", "191", "199")
TAILS = 7999
"""Last four digits run from 2000 to 9998: the endings that make a vendor misbehave stay out."""
SOURCE = "/bench/benefits"


def phone(number: int) -> str:
    """The mobile number of person `number`, national form; no two persons under 79 million share one in one prefix."""
    rest, tail = divmod(number, TAILS)
    prefix, middle = divmod(rest, 10_000)
    return f"{PREFIXES[prefix % len(PREFIXES)]}{middle:04d}{2000 + tail:04d}"


def person_number(address: str) -> int:
    """The inverse of `phone`, whatever country code stands before it."""
    digits = address[-11:]
    prefix = PREFIXES.index(digits[:3])
    return (prefix * 10_000 + int(digits[3:7])) * TAILS + int(digits[7:]) - 2000


def person_id(number: int) -> str:
    """What backends call person `number`."""
    return f"B{number:09d}"


def name(number: int) -> str:
    """A name of three characters."""
    first, rest = divmod(number, len(SURNAMES))
    second, third = divmod(first, len(GIVEN))
    return SURNAMES[rest] + GIVEN[third] + GIVEN[second % len(GIVEN)]


def later(months: int) -> date:
    """The first day of the month that many months from now: a deadline that lies well ahead."""
    today = datetime.now(UTC).date() + timedelta(days=1)
    year, month = divmod(today.year * 12 + today.month - 1 + months, 12)
    return date(year, month + 1, 1)


def contact(number: int) -> str:
    """The one contact of person `number`, as JSON."""
    return f'{{"channel":"sms","address":"{phone(number)}","relation":"self","source":"counter","verified_on":"2025-11-02"}}'


def details(number: int) -> str:
    """Name, region and insurance of person `number`, as members of a JSON object."""
    return f'"name":"{name(number)}","region":"{REGIONS[number % len(REGIONS)]}","insurance":["resident_pension"]'


def event(kind: str, number: int, data: str, identity: str = "") -> bytes:
    """One structured CloudEvent on one line. `data` is JSON; the id is derived from kind and number unless given."""
    return (
        f'{{"specversion":"1.0","id":"{identity or f"{kind}-{number}"}","source":"{SOURCE}","type":"{kind}","subject":"{person_id(number)}",'
        f'"time":"2026-01-05T08:00:00+08:00","datacontenttype":"application/json","data":{data}}}'
    ).encode()


def registered(number: int, deadline: date) -> bytes:
    """The registry's record of person `number`, with the contact and the certification whose cycle ends on `deadline` (a first of the month)."""
    certified_on = deadline.replace(year=deadline.year - 1)
    return event("si.person.updated", number, f'{{{details(number)},"certified_on":"{certified_on}","contacts":[{contact(number)}]}}')


def reminder_of_known(number: int, deadline: date) -> bytes:
    """A reminder for somebody the registry brought before: nothing but the deadline."""
    return event("si.cycle.reminder-due", number, f'{{"deadline":"{deadline}"}}')


def reminder_with_person(number: int, deadline: date) -> bytes:
    """A reminder that brings its person and contact along."""
    data = f'{{"deadline":"{deadline}","person":{{{details(number)}}},"contacts":[{contact(number)}]}}'
    return event("si.cycle.reminder-due", number, data)


def certified(number: int, on: date) -> bytes:
    """A certification of person `number`."""
    return event("si.certification.recorded", number, f'{{"certified_on":"{on}","method":"remote"}}')


KINDS = ("registered", "known", "with_person")
"""What a loader can build by itself."""


def build(kind: str, numbers: range, deadline: date) -> list[bytes]:
    """The events of one kind for a range of persons."""
    if kind == "registered":
        return [registered(number, deadline) for number in numbers]
    if kind == "known":
        return [reminder_of_known(number, deadline) for number in numbers]
    if kind == "with_person":
        return [reminder_with_person(number, deadline) for number in numbers]
    raise ValueError(f"no such kind of event: {kind}; one of {', '.join(KINDS)}")
