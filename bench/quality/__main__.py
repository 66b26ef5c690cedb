"""`python -m bench.quality`: beliefs against known truth, an oracle and three baselines."""

import argparse
import sys
from datetime import UTC, datetime

from bench.quality.population import populations
from bench.quality.report import show, write
from bench.quality.trial import shortfalls, trial
from bench.report import wide_console

SHORT_PERSONS = 8_000
SEED = 11


def main() -> int:
    """Runs; 1 where the model misses what it must reach."""
    parser = argparse.ArgumentParser(prog="python -m bench.quality", description=__doc__)
    parser.add_argument("populations", nargs="*", help="names in populations.toml (default: those that nothing was tuned on)")
    parser.add_argument("--short", action="store_true", help=f"{SHORT_PERSONS:,} persons each; not judged")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--ndjson", metavar="POPULATION", help="write one history as tixing quality evaluate reads it, and end")
    given = parser.parse_args()
    if given.ndjson:
        _print(given.ndjson, given.seed, SHORT_PERSONS if given.short else None)
        return 0
    console = wide_console()
    names = given.populations or [name for name in populations() if name.startswith("test-")]
    persons = SHORT_PERSONS if given.short else None
    trials = [trial(name, given.seed, persons, lambda said: console.print(said, style="dim")) for name in names]
    show(trials, console)
    console.print(f"written to {write(trials, datetime.now(UTC), short=given.short)}")
    return 0 if given.short else int(any(map(shortfalls, trials)))


def _print(name: str, seed: int, persons: int | None) -> None:
    from bench.quality.population import happen  # noqa: PLC0415 - one use
    from bench.quality.written import lines  # noqa: PLC0415 - see above

    for line in lines(happen(populations()[name], seed, persons)):
        print(line)


if __name__ == "__main__":
    sys.exit(main())
