"""What is done to the product while it works: killed, emptied, put to sleep; and how each comes back."""

import os
import signal
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass

import redis

from bench.meter import family
from bench.processes import HarnessError, wait_until
from bench.product import Product

REST_S = 1.0
"""How long a dead role stays dead."""
BACK_S = 60.0
WATCHDOG_S = 30.0
"""How long the product's own watch may take to bring an engine back before the harness does it."""
OVERSLEEP_S = 4.0
"""How much longer than its lease a worker sleeps."""


@dataclass(frozen=True, slots=True)
class Return:
    """How it came back: when it had been struck and when that was over (wall clock), and who helped."""

    struck_at: float
    over_at: float
    by: str


Blow = Callable[[Product], Return]


def kill_role(name: str) -> Blow:
    """SIGKILL to one role; started again after a rest, as a service manager would."""

    def act(product: Product) -> Return:
        product.children[name].kill()
        struck_at = time.time()
        time.sleep(REST_S)
        product.start_role(name)
        product.wait_ready(name, BACK_S)
        return Return(struck_at, time.time(), "harness")

    return act


def kill_postgres(product: Product) -> Return:
    """SIGKILL to the postmaster and all of its processes at once."""
    first = product.postgres.pid()
    if first is None:
        raise HarnessError("PostgreSQL was down before it was killed")
    for pid in [first, *sorted(family([first]) - {first})]:
        _kill(pid)
    return _back("postgres", lambda: product.postgres.up() and product.postgres.pid() != first, product.postgres.start)


def kill_redis(product: Product) -> Return:
    """SIGKILL; it keeps nothing on disk, so that it comes back empty."""
    first = product.redis.pid()
    if first is None:
        raise HarnessError("Redis was down before it was killed")
    _kill(first)
    return _back("redis", lambda: product.redis.up() and product.redis.pid() != first, product.redis.start)


def empty_redis(product: Product) -> Return:
    """FLUSHALL under the hands of whoever uses it."""
    with redis.Redis.from_url(product.redis.url) as connection:
        connection.flushall()
    return Return(time.time(), time.time(), "")


def sleep_worker(name: str) -> Blow:
    """SIGSTOP for longer than the lease of what it claimed, then SIGCONT: it must not write what it no longer holds."""

    def act(product: Product) -> Return:
        product.children[name].signal(signal.SIGSTOP)
        struck_at = time.time()
        time.sleep(product.terms.lease_s + OVERSLEEP_S)
        product.children[name].signal(signal.SIGCONT)
        return Return(struck_at, time.time(), "")

    return act


BLOWS: Mapping[str, Blow] = {
    "api": kill_role("api"),
    "worker1": kill_role("worker1"),
    "scheduler": kill_role("scheduler"),
    "postgres": kill_postgres,
    "redis": kill_redis,
    "worker2": kill_role("worker2"),
    "redis emptied": empty_redis,
    "worker1 asleep": sleep_worker("worker1"),
}
KILLS = ("api", "worker1", "scheduler", "postgres", "redis", "api", "worker2", "scheduler", "postgres", "redis")
"""Two turns; a worker is killed in each, another one in the second."""
BESIDES = ("worker1 asleep", "redis emptied")
"""After each turn of five, besides the kills."""


def plan(rounds: int) -> list[str]:
    """That many kills in turn, and after every fifth what is no kill."""
    planned: list[str] = []
    for number in range(rounds):
        planned.append(KILLS[number % len(KILLS)])
        if number % 5 == 4:
            planned += BESIDES
    return planned


def short_plan() -> list[str]:
    """For CI: what can double a message, what can lose an event, and a sleeper."""
    return ["worker1", "postgres", "redis", "worker1 asleep"]


def _kill(pid: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def _back(name: str, is_back: Callable[[], bool], start: Callable[[], bool]) -> Return:
    """Waits for the product's own watch; starts the engine ourselves where it does not come."""
    struck_at = time.time()
    try:
        wait_until(f"{name} back", is_back, within_s=WATCHDOG_S, every_s=0.02)
    except HarnessError:
        start()
        return Return(struck_at, time.time(), "harness")
    return Return(struck_at, time.time(), "product")
