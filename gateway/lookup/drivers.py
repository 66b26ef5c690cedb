"""Which driver is which service. A package of another project adds its own under the entry-point group `tixing.lookups`."""

from collections.abc import Callable
from typing import Final

from gateway.lookup.json_service import JsonService
from gateway.lookup.port import Lookup
from providers.base.drivers import driver_of
from providers.base.types import Settings, SettingsError

Make = Callable[[Settings], Lookup]
"""What a driver is: a class, or anything else that makes a service of its settings without any I/O. Raises SettingsError."""

DRIVERS: Final[dict[str, Make]] = {"http": JsonService}

GROUP: Final = "tixing.lookups"


def build(settings: Settings) -> Lookup:
    """Makes a service; does no I/O. Raises `SettingsError` that names the key and says what to do."""
    try:
        return driver_of(settings, DRIVERS, GROUP)(settings)
    except SettingsError as error:
        # The base names the section that its settings are mostly of.
        raise SettingsError(f"lookup.{str(error).removeprefix('providers.').removeprefix('lookup.')}") from error
