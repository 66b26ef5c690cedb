"""Random nonces, drawn from the system 256 at a time: a call into the kernel for each value was an eighth of what accepting an event cost."""

import os

NONCE_BYTES = 12
AT_A_TIME = 256


class Nonces:
    """Hands out nonces, each once. A forked child starts with none: it must never hand out its parent's."""

    def __init__(self) -> None:
        self._left: list[bytes] = []
        os.register_at_fork(after_in_child=self._left.clear)

    def take(self) -> bytes:
        """12 random bytes."""
        if not self._left:
            random = os.urandom(NONCE_BYTES * AT_A_TIME)
            self._left += [random[start : start + NONCE_BYTES] for start in range(0, len(random), NONCE_BYTES)]
        return self._left.pop()
