"""From the configuration to the keyring: the one place that knows where keys may come from."""

from pathlib import Path

from gateway.config import Config
from gateway.security import keyfile, masterkeys
from gateway.security.errors import KeyringError
from gateway.security.keyring import Keyring


def open_keyring(config: Config) -> Keyring:
    """The keys of `security.keys`; without any, those of the embedded store, made at the first start. Raises KeyringError.

    Call it before the embedded store is made: a database without its keys is refused.
    """
    file = _file(config)
    if file and not config.security.keys:
        keyfile.make(file)
    masters = masterkeys.read(file) if file else masterkeys.parse(config.security.keys)
    return Keyring(masters, active=config.security.active_key, file=file)


def rotate(config: Config) -> int:
    """Adds a key to the key file and gives its id; running processes take it within seconds. Raises KeyringError where keys stand in the config."""
    file = _file(config)
    if file is None:
        following = max(masterkeys.parse(config.security.keys)) + 1
        raise KeyringError(
            f"security.keys stands in the configuration: add a key {following} there (openssl rand -base64 {masterkeys.KEY_BYTES}) on every machine"
        )
    return keyfile.rotate(file)


def _file(config: Config) -> Path | None:
    keys = config.security.keys
    if not keys and not config.store.embedded:
        raise KeyringError("security.keys: a store of your own (store.url) needs keys")
    if not keys:
        return keyfile.of(config.store.data_path)
    return Path(keys[5:]) if isinstance(keys, str) and keys.startswith("file:") else None
