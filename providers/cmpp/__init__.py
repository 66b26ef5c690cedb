"""`cmpp`: China Mobile's gateways and all who speak like them, 2.0, 2.1 and 3.0. QB-GF-028-2003, read 2026-11-23."""

from providers.cmpp.driver import Cmpp

__all__ = ["Cmpp"]
