"""One population tried: a history, the fit, and every way of believing on it."""

import time
from collections.abc import Callable

from msgspec import Struct

from bench.quality.baselines import BASELINES, told
from bench.quality.measure import KEEP, Figures, believe, figures
from bench.quality.oracle import oracle
from bench.quality.population import happen, populations
from bench.quality.speed import Speed, speed
from gateway.quality.fit import fit
from gateway.quality.model import PRIOR, Model
from gateway.quality.record import steps_of
from gateway.quality.samples import sample
from gateway.quality.spans import spanned
from gateway.quality.tables import Tables

MODEL, UNFITTED, ORACLE = "model", "model, not fitted", "oracle"


class Trial(Struct, frozen=True):
    """What came of one population."""

    population: str
    seed: int
    persons: int
    observations: int
    messages: int
    reached: float
    """Share of messages that "use everything" brings to the person."""
    ways: dict[str, Figures]
    fitted: Model
    fit_s: float
    speed: Speed


def trial(name: str, seed: int, persons: int | None, say: Callable[[str], None]) -> Trial:
    """Tries one population."""
    population = populations()[name]
    say(f"{name}: living five years")
    history = happen(population, seed, persons)
    say(f"{name}: learning")
    began = time.perf_counter()
    fitted = fit(sample(history.record), history.end_day)
    fit_s = time.perf_counter() - began
    ways = {}
    for way, model in ((MODEL, fitted), (ORACLE, oracle(population, history)), (UNFITTED, PRIOR)):
        say(f"{name}: {way}")
        ways[way] = figures(history, believe(Tables(model), steps_of(spanned(history.record, model.spans)), history))
    ways |= {way: figures(history, told(history, drops(history))) for way, drops in BASELINES.items()}
    return Trial(
        name,
        seed,
        history.record.pairs,
        len(history.record.day),
        len(history.message_row),
        float(history.truth_reached.mean()),
        ways,
        fitted,
        fit_s,
        speed(Tables(fitted), history),
    )


def shortfalls(tried: Trial) -> list[str]:
    """Where the model misses what it must reach."""
    model, best = tried.ways[MODEL], tried.ways[ORACLE]
    apart = populations()[tried.population].apart
    checks = [
        (model.ece <= 0.02, f"ECE {model.ece:.4f} > 0.02"),
        (model.end_ece <= 0.02, f"ECE at the end {model.end_ece:.4f} > 0.02"),
        (model.brier <= 1.05 * best.brier, f"Brier {model.brier:.4f} > 1.05 × oracle's"),
        (model.end_brier <= 1.05 * best.end_brier, f"Brier at the end {model.end_brier:.4f} > 1.05 × oracle's"),
        (model.waste_at_keep <= 1.05 * best.waste_at_keep, f"waste at {KEEP:.1%} kept {model.waste_at_keep:.3f} > 1.05 × oracle's"),
        (model.kept >= KEEP, f"kept {model.kept:.4f} < {KEEP}"),
        (not apart or model.suppressed_living <= 0.001, f"living numbers suppressed {model.suppressed_living:.5f} > 0.001"),
        (not apart or model.recognised >= 0.99, f"dead recognised after three {model.recognised:.4f} < 0.99"),
        (tried.speed.bulk_us <= 5, f"{tried.speed.bulk_us:.1f} µs an observation > 5"),
    ]
    return [said for good, said in checks if not good]
