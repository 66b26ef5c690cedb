"""Why an address was refused.

AddressRefused            any channel
└── NumberRefused         telephone numbers

Neither ever carries the address itself: its text goes into answers and logs.
"""

from enum import StrEnum


class Refusal(StrEnum):
    """What is wrong with an address, as a code."""

    EMPTY = "empty"
    """Nothing is left once spaces are gone."""
    LETTERS = "letters"
    """Something other than digits and the usual separators: an extension, a word."""
    SEVERAL = "several_numbers"
    """Two or more numbers in one field."""
    TOO_SHORT = "too_short"
    """Fewer digits than a mobile number has, or than the country's numbers have."""
    TOO_LONG = "too_long"
    """More digits or characters than an address of its kind has."""
    LEADING_ZERO = "leading_zero"
    """A mobile number with the trunk 0 before it."""
    NOT_MOBILE = "not_mobile"
    """As long as a mobile number, yet none begins like this."""
    LANDLINE = "landline"
    """A fixed line: no text reaches it."""
    IOT = "iot"
    """A data number of a machine (物联网): no person reads it."""
    SERVICE = "service_number"
    """A service or sender number (10086, 95588, 400…, 106…), nobody's own."""
    FOREIGN = "foreign"
    """Written as a foreign number, yet no number of that country."""
    BAD_CHARACTERS = "bad_characters"
    """Characters that no address of this channel has."""


class AddressRefused(ValueError):
    """An address that its channel cannot reach: `code` says why, `detail` what to do, in words without the address."""

    def __init__(self, code: Refusal, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail


class NumberRefused(AddressRefused):
    """A telephone number that no text reaches."""
