"""What becomes of a test that takes too long: it is ended, whatever happened in it before, and the output says what failed until then."""

import threading
from typing import Any, cast

import pytest
import pytest_timeout  # type: ignore[import-untyped]

_SETTINGS = pytest.StashKey[Any]()


@pytest.hookimpl(tryfirst=True)
def pytest_timeout_set_timer(item: pytest.Item, settings: Any) -> bool:
    """Stands for pytest-timeout's own timer, whose end says nothing of what failed before: not even of this very test."""
    timer = threading.Timer(settings.timeout, _give_up, (item, settings))
    item.stash[_SETTINGS] = settings
    cast("Any", item).cancel_timeout = timer.cancel
    timer.start()
    return True


@pytest.hookimpl(trylast=True)
def pytest_exception_interact(node: pytest.Item | pytest.Collector) -> None:
    """After a failure pytest-timeout waits for ever, for the sake of people at a debugger: a teardown that hangs has its time as well."""
    settings = node.stash.get(_SETTINGS, None)
    if settings is not None:
        node.config.hook.pytest_timeout_set_timer(item=node, settings=settings)


def _give_up(item: pytest.Item, settings: Any) -> None:
    if pytest_timeout.is_debugging():
        return
    plugins = item.config.pluginmanager
    capture, reporter = plugins.getplugin("capturemanager"), plugins.getplugin("terminalreporter")
    if capture is not None:
        capture.suspend_global_capture(in_=True)
    if reporter is not None:
        reporter.summary_failures()
        reporter.summary_errors()
    pytest_timeout.timeout_timer(item, settings)  # shows what every thread is at, and ends the process
