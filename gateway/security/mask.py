"""Personal data as screens and lists show it."""

HEAD, TAIL = 3, 4
"""Of an address the first three and last four characters stay (CONTRACT, Reading)."""
STARS = "****"


def address(text: str) -> str:
    """138****8000 for a mainland number with or without +86; other addresses (openids, foreign numbers) likewise; short ones give nothing away."""
    national = text.removeprefix("+86")
    return f"{national[:HEAD]}{STARS}{national[-TAIL:]}" if len(national) >= HEAD + TAIL + 3 else STARS


def name(text: str) -> str:
    """王*国: the first and the last character stay, of two only the first."""
    if len(text) <= 2:
        return text[: len(text) - 1] + "*" * (len(text) > 0)
    return f"{text[0]}{'*' * (len(text) - 2)}{text[-1]}"
