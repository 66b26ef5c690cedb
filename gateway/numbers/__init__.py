"""Addresses of people: numbers to E.164, ids of accounts, what of them may be seen, and what is no id at all."""

from gateway.numbers.addresses import LONGEST_ADDRESS, address
from gateway.numbers.identity import looks_like_identity_number
from gateway.numbers.masks import mask, mask_name
from gateway.numbers.number import Number, NumberKind, parse
from gateway.numbers.refusal import AddressRefused, NumberRefused, Refusal

__all__ = [
    "LONGEST_ADDRESS",
    "AddressRefused",
    "Number",
    "NumberKind",
    "NumberRefused",
    "Refusal",
    "address",
    "looks_like_identity_number",
    "mask",
    "mask_name",
    "parse",
]
