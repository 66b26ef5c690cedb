"""Finds the driver that a section names: one of ours, or what another package installed under an entry-point group."""

from collections.abc import Mapping
from importlib.metadata import entry_points
from typing import TypeVar

from providers.base.options import wrong
from providers.base.types import Settings

Make = TypeVar("Make")


def driver_of(settings: Settings, ours: Mapping[str, Make], group: str) -> Make:
    """What makes a provider, or a service, of these settings. Ours come first. Raises `SettingsError` that names those there are."""
    if settings.driver in ours:
        return ours[settings.driver]
    installed = {point.name: point for point in entry_points(group=group)}
    if settings.driver not in installed:
        known = ", ".join(sorted({*ours, *installed}))
        raise wrong(settings, "driver", f"no driver `{settings.driver}`; use one of {known}")
    make: Make = installed[settings.driver].load()
    return make
