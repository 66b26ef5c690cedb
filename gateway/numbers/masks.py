"""What of an address or a name may be seen: on screens, in lists, in the trail."""

STARS = "****"


def mask(address: str) -> str:
    """A number as its first three and last four digits, `138****8000`; of anything else never more than seven characters.

    A short address keeps at least half of itself hidden, and the stars say nothing of its length.
    """
    if len(address) == 14 and address.startswith("+861"):
        return f"{address[3:6]}{STARS}{address[10:]}"
    head, tail = _shown(address := address.removeprefix("+86"))
    return f"{address[:head]}{STARS}{address[len(address) - tail :]}"


def _shown(address: str) -> tuple[int, int]:
    """How many characters of either end may be seen; a foreign number's + is one of them."""
    length = len(address)
    if length >= 14 or (length >= 10 and address[1:].isdecimal()):
        return 3, 4
    if length >= 8:
        return 2, 2
    return (1, 1) if length >= 4 else (0, 0)


def mask_name(name: str) -> str:
    """A name that may reach the wrong hands: 王建国 → 王*国, 王伟 → 王*, 欧阳娜娜 → 欧**娜; never more than three stars, one character is hidden whole."""
    name = name.strip()
    if len(name) <= 2:
        return f"{name[:1]}*" if len(name) == 2 else "*" * len(name)
    return f"{name[0]}{'*' * min(len(name) - 2, 3)}{name[-1]}"
