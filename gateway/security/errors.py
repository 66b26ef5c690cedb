"""What goes wrong with keys and sealed data. None of it ever holds key or data.

SecurityError
├── KeyringError      master keys that are missing, malformed or cannot be kept
├── CipherUnavailable this machine's OpenSSL lacks the cipher
└── Unreadable        sealed data under an unknown key, cut short or changed
"""


class SecurityError(Exception):
    """Root of what this package raises."""


class KeyringError(SecurityError):
    """Master keys are missing, malformed or cannot be kept: the text says what to do."""


class CipherUnavailable(SecurityError):  # says what is, as the other two do
    """The cipher of `security.cipher` is not offered by the OpenSSL that `cryptography` brings."""


class Unreadable(SecurityError):  # see above
    """Sealed data that no key opens: the key is unknown, or the data was cut, changed or sealed for another purpose."""
