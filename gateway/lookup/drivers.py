"""Which driver is which service. A package of another project adds its own under the entry-point group `tixing.lookups`."""

from collections.abc import Callable
from importlib.metadata import entry_points
from typing import Final

from gateway.lookup.json_service import JsonService
from gateway.lookup.port import Lookup
from providers.base.types import Settings, SettingsError

Make = Callable[[Settings], Lookup]
"""What a driver is: a class, or anything else that makes a service of its settings without any I/O. Raises SettingsError."""

DRIVERS: Final[dict[str, Make]] = {"http": JsonService}

GROUP: Final = "tixing.lookups"


def build(settings: Settings) -> Lookup:
    """Makes a service; does no I/O. Raises `SettingsError` that names the key and says what to do."""
    try:
        return _driver(settings)(settings)
    except SettingsError as error:
        # The base's options name the section that they are mostly of.
        raise SettingsError(f"lookup.{str(error).removeprefix('providers.').removeprefix('lookup.')}") from error


def _driver(settings: Settings) -> Make:
    if settings.driver in DRIVERS:
        return DRIVERS[settings.driver]
    installed = {point.name: point for point in entry_points(group=GROUP)}
    if settings.driver not in installed:
        known = ", ".join(sorted({*DRIVERS, *installed}))
        raise SettingsError(f"{settings.name}.driver: no driver `{settings.driver}`; use one of {known}")
    make: Make = installed[settings.driver].load()
    return make
