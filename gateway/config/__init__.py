"""The configuration: what config.toml says, checked."""

from gateway.config.errors import ConfigError
from gateway.config.loading import load
from gateway.config.schema import Config, ProviderSection, Route

__all__ = ["Config", "ConfigError", "ProviderSection", "Route", "load"]
