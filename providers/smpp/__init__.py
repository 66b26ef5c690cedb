"""`smpp`: SMPP 3.4 to a carrier's SMSC or an aggregator's gateway, as ESME."""

from providers.smpp.driver import Smpp

__all__ = ["Smpp"]
