"""Keys and what is done with them: sealing personal data, finding it by keyed hash, API tokens.

Import from the modules; nothing is gathered here, because the configuration checks master keys with one of them and the opener of the
keyring reads the configuration.
"""
