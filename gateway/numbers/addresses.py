"""channel, raw → address: the one form under which a contact is kept and found again."""

import re

from gateway.numbers.number import parse
from gateway.numbers.refusal import AddressRefused, Refusal
from gateway.words import Channel

LONGEST_ADDRESS = 128
"""Characters of an address on any channel."""

_VISIBLE = re.compile(r"[!-~]+")
# WeCom joins user ids with | and takes @all for everybody: neither may come in as somebody's address (docs: userid, up to 64 characters).
_SHAPES = {
    Channel.WECHAT.value: re.compile(r"[A-Za-z0-9_-]+"),
    Channel.WECOM.value: re.compile(r"[A-Za-z0-9][A-Za-z0-9_.@-]{0,63}"),
}


def address(channel: str, raw: str) -> str:
    """The address as it is stored: E.164 for sms and voice (which takes fixed lines too), an id without outer spaces elsewhere.

    Raises NumberRefused (sms, voice) or AddressRefused with a code and a detail that never repeats the address.
    """
    if channel == Channel.SMS:
        return parse(raw).e164
    if channel == Channel.VOICE:
        return parse(raw, landline=True).e164
    return _account(channel, raw.strip())


def _account(channel: str, account: str) -> str:
    if not account:
        raise AddressRefused(Refusal.EMPTY, "empty")
    if len(account) > LONGEST_ADDRESS:
        raise AddressRefused(Refusal.TOO_LONG, f"{len(account)} characters, at most {LONGEST_ADDRESS}")
    if not _SHAPES.get(channel, _VISIBLE).fullmatch(account):
        raise AddressRefused(
            Refusal.BAD_CHARACTERS, f"no {channel} address looks like this: letters, digits and the signs of an id, no spaces"
        )
    return account
