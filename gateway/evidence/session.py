"""What verification reads through: a connection of the reading side, where the planner chooses."""

from typing import TypeAlias

from asyncpg.pool import PoolConnectionProxy

Session: TypeAlias = PoolConnectionProxy
"""Lent by `Runtime.reading`. Needs no chain of its own: verification writes nothing."""
