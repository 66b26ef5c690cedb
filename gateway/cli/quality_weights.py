"""What a fit learned, for people: weights of codes, rates, what people do, what sources are worth."""

import numpy as np
from rich.console import Console

from gateway.cli.screen import table
from gateway.quality.evidence import Evidence
from gateway.quality.model import CLASSES, Model
from gateway.quality.record import Record
from gateway.quality.report import LiedTime, RouteWorth
from gateway.quality.reporting import listed_again
from gateway.quality.routes import worth
from gateway.quality.spans import spanned


def show(model: Model, record: Record, console: Console) -> None:
    """Prints all of it."""
    if not console.is_terminal:
        console.width = 160
    console.print(_codes(model, record))
    console.print(_rates(model, record))
    for route in worth(model, record):
        for sentence in said_of(route):
            console.print(sentence)


def said_of(route: RouteWorth) -> list[str]:
    """What is wrong with a route, a sentence each: now, and in times past."""
    name = route.provider or "(none)"
    said = [
        f"provider {name} answered absent for {time.false_absent:.0%} of numbers in service from {time.since} {_to(time)}: its word for absent counts"
        " accordingly in that time"
        for time in route.lied
    ]
    if route.suspect_always:
        again = f", and for {route.false_absent_again:.0%} of those that it called absent before" if route.again_more else ""
        said.append(
            f"provider {name} answers absent for {route.false_absent:.0%} of numbers in service{again}: its word for absent counts accordingly"
        )
    return said


def _to(time: LiedTime) -> str:
    return f"to {time.until}" if time.until else "on, and still does"


def _codes(model: Model, record: Record) -> object:
    headers = ("provider", "evidence", "vendor code", "seen", "in service", "off", "dead", "prior: in service", "off ", "dead ")
    made = table(*headers, title=f"Weights of codes, {model.version}: P(code | number is …)", numbers=headers[3:])
    record = spanned(record, model.spans)
    seen = np.bincount(record.what[(record.what >= 0) & record.own], minlength=len(record.codes)).tolist()
    for code, count in zip(record.codes, seen, strict=True):
        weights = model.weights(*code)
        made.add_row(*code, f"{count:,}", *(f"{w:.4f}" for w in weights), *(f"{w:.4f}" for w in CLASSES[Evidence(code[1])]))
    return made


def _rates(model: Model, record: Record) -> object:
    made = table("what", "value", title="Rates a year and shares", numbers=("value",))
    rates, said, again = model.rates, model.responses, listed_again(record)
    for name, value in (
        ("numbers in service given back", rates.death_on),
        ("numbers that are off cancelled", rates.death_off),
        ("numbers in service that go off", rates.off),
        ("days that they stay off", 365.25 / rates.on),
        ("numbers in service that go off for days", rates.brief),
        ("how many days", 365.25 / rates.back),
        ("days of the freeze", rates.freeze_days),
        ("days until sold again", 365.25 / rates.sale),
        *((f"certify after a notice: {share:.0%} of persons", rate) for share, rate in zip(said.shares, said.certified, strict=True)),
        ("certify though a stranger got it", said.certified_else),
        ("a stranger answers: not me", said.wrong_person[1]),
        *((f"entries of {key} that are right", model.starts[key].mine) for key in dict.fromkeys(record.starts)),
        *((f"{key} lists again, checked ({n:,} seen)", model.starts[key].renews) for key, n in zip(record.starts, again, strict=True) if n),
    ):
        made.add_row(name, f"{value:.3f}")
    return made
