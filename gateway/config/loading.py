"""config.toml → Config: finds the file, lays the environment over it, reads, checks, and says all that is wrong at once."""

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from gateway.config import checks
from gateway.config.errors import ConfigError
from gateway.config.reading import Reader
from gateway.config.schema import Config
from gateway.config.sources import Source, override
from gateway.lookup import drivers
from providers import registry

DEFAULT_FILE = "config.toml"
FILE_VARIABLE = "TIXING_CONFIG"


def load(path: Path | None = None, *, environ: Mapping[str, str] = os.environ, make: checks.Make = registry.build) -> Config:
    """The configuration of `path`, else of TIXING_CONFIG, else of config.toml here. Paths in it are relative to the file.

    `make` makes a provider of its section, so that its driver checks the keys that it alone knows. Raises ConfigError with every problem found.
    """
    file = path or Path(environ.get(FILE_VARIABLE) or DEFAULT_FILE)
    document = _document(file)
    origins = override(document, environ)
    source = Source(environ, file.absolute().parent)
    reader = Reader(source, origins)
    config: Config = reader.section(Config, document)
    found = reader.problems + list(checks.problems(config, make, drivers.build))
    if found:
        raise ConfigError(found, file)
    return replace(config, store=replace(config.store, data_dir=str(source.path(config.store.data_dir))))


def _document(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise ConfigError([f"cannot be read: {error.strerror}; name another file with --config or {FILE_VARIABLE}"], file) from error
    except UnicodeDecodeError as error:
        raise ConfigError([f"is not UTF-8 text (byte {error.start})"], file) from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError([f"is not TOML: {error}"], file) from error
