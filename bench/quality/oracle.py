"""The exact filter that is told what nobody can know: a population's true parameters."""

from math import log

from bench.quality.population import EPOCH_DAY, History, Population
from bench.quality.routes import truly
from gateway.quality.model import PRIOR, Model, Rates, Responses, Span, Start, Three

STAGES = 24
"""Steps of the freeze: its length is then certain to a fifth, where the model's own three leave more than half."""


def oracle(p: Population, history: History) -> Model:
    """The model with the truth in it."""
    spans: tuple[Span, ...] = ()
    codes: dict[str, Three] = {}
    brief: dict[str, float] = {}
    for i, route in enumerate(p.providers):
        times, said, days = truly(route, f"p{i}", EPOCH_DAY)
        spans, codes, brief = spans + times, codes | said, brief | days
    delays = tuple(_delay(p.within_days, tenth / 10) for tenth in range(1, 11))
    return Model(
        version="oracle",
        rates=Rates(
            p.death_on, p.death_off, p.off, 365.25 / p.off_days, p.freeze_days, 365.25 / p.sale_days, p.brief, 365.25 / p.brief_days
        ),
        responses=Responses(
            tuple(kind[0] for kind in p.kinds),
            tuple(kind[1] for kind in p.kinds),
            p.certified_else,
            tuple(kind[1] for kind in p.kinds),
            p.certified_else,
            p.replied,
            p.wrong_person,
            p.opted_out,
            delays,
        ),
        starts={**PRIOR.starts, **{key: _start(shares, _checks(p, key)) for key, shares in history.begins.items()}},
        codes=codes,
        brief=brief,
        spans=spans,
        stages=STAGES,
    )


def _checks(p: Population, key: str) -> float:
    """How many of the other listings of a source were checked, about: those of numbers that are lost do not come."""
    return p.again.get(key, (0.0, 0.0))[1]


def _start(shares: Three, renews: float) -> Start:
    mine, dead, stranger = (max(share, 1e-6) for share in shares)
    return Start(mine, dead, stranger, renews)


def _delay(within: float, share: float) -> float:
    """Days within which that share of the certifications has come: exponential with a third of `within`, cut off there, a day at least."""
    return 1 + min(within, -within / 3 * log(max(1 - share, 1e-9)))
