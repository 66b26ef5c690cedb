"""Provider tests run on both event loops: production runs uvloop, whose sockets end and reset in other ways.

Drivers over HTTP share one link, which `test_http_contract.py` tries on both; their own contracts run on production's loop alone.
"""

import asyncio
from collections.abc import Callable, Mapping

import pytest
import uvloop


def pytest_asyncio_loop_factories(config: pytest.Config, item: pytest.Item) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    if item.path.name.endswith("_contract.py") and item.path.name != "test_http_contract.py":
        return {"uvloop": uvloop.new_event_loop}
    return {"asyncio": asyncio.new_event_loop, "uvloop": uvloop.new_event_loop}
