"""Sealing and opening: nothing but the right key and purpose opens a value, and nothing that fails says what was inside."""

import os
from collections.abc import Iterator
from timeit import repeat

import pytest
from hypothesis import given
from hypothesis import strategies as some

from gateway.security.cipher import ALGORITHMS, LOOK_S, SALT_LIFE_S, Cipher
from gateway.security.errors import SecurityError, Unreadable
from gateway.security.keyring import Keyring

NUMBER = b"13800138000"
MASTERS = {1: bytes(range(32)), 2: bytes(range(1, 33))}


class Clock:
    """A clock that a test turns."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture(params=ALGORITHMS)
def cipher(request: pytest.FixtureRequest) -> Cipher:
    return Cipher(Keyring(MASTERS), request.param)


def test_what_was_sealed_opens_again(cipher: Cipher) -> None:
    assert cipher.open(cipher.seal(NUMBER, b"person"), b"person") == NUMBER
    assert cipher.open(cipher.seal(b"", b"person"), b"person") == b""


def test_it_carries_version_key_salt_nonce_and_tag_in_42_bytes(cipher: Cipher) -> None:
    sealed = cipher.seal(NUMBER, b"person")
    assert len(sealed) == len(NUMBER) + 42
    assert sealed[1] == 2
    assert NUMBER not in sealed


def test_the_same_value_never_seals_to_the_same_bytes(cipher: Cipher) -> None:
    assert len({cipher.seal(NUMBER, b"person") for _ in range(100)} | set(cipher.seal_many([NUMBER] * 100, b"person"))) == 200


def test_it_opens_for_its_own_purpose_alone(cipher: Cipher) -> None:
    with pytest.raises(Unreadable):
        cipher.open(cipher.seal(NUMBER, b"person"), b"contact")


def test_any_changed_bit_is_found(cipher: Cipher) -> None:
    sealed = cipher.seal(NUMBER, b"person")
    for position in range(len(sealed)):
        changed = bytearray(sealed)
        changed[position] ^= 1
        with pytest.raises(Unreadable):
            cipher.open(bytes(changed), b"person")


def test_any_cut_is_found(cipher: Cipher) -> None:
    sealed = cipher.seal(NUMBER, b"person")
    for length in range(len(sealed)):
        with pytest.raises(Unreadable):
            cipher.open(sealed[:length], b"person")


def test_a_failure_shows_no_data(cipher: Cipher) -> None:
    sealed = cipher.seal(NUMBER, b"person")
    for bad in (sealed[:-1], sealed[:20], b"\x09" + sealed[1:], NUMBER):
        with pytest.raises(SecurityError) as caught:
            cipher.open(bad, b"person")
        assert NUMBER.decode() not in repr(caught.value)
        assert caught.value.__cause__ is None
        assert caught.value.__suppress_context__ or caught.value.__context__ is None


def test_a_key_that_nobody_has_is_named_by_its_id() -> None:
    sealed = Cipher(Keyring(MASTERS)).seal(NUMBER, b"person")
    with pytest.raises(Unreadable, match="key 2"):
        Cipher(Keyring({1: MASTERS[1]})).open(sealed, b"person")


def test_a_key_of_the_same_id_but_other_bytes_opens_nothing() -> None:
    sealed = Cipher(Keyring({1: MASTERS[1]})).seal(NUMBER, b"person")
    with pytest.raises(Unreadable):
        Cipher(Keyring({1: MASTERS[2]})).open(sealed, b"person")


def test_every_algorithm_opens_what_another_sealed() -> None:
    ring = Keyring(MASTERS)
    ciphers = [Cipher(ring, name) for name in ALGORITHMS]
    sealed = [cipher.seal(NUMBER, b"person") for cipher in ciphers]
    assert {value[0] for value in sealed} == {1, 2, 3}
    assert all(cipher.open_many(sealed, b"person") == [NUMBER] * 3 for cipher in ciphers)


def test_another_process_opens_it() -> None:
    sealed = Cipher(Keyring(MASTERS)).seal(NUMBER, b"person")
    assert Cipher(Keyring(MASTERS)).open(sealed, b"person") == NUMBER


@given(some.lists(some.binary(max_size=300), max_size=20))
def test_many_come_back_in_their_order(plains: list[bytes]) -> None:
    cipher = Cipher(Keyring(MASTERS))
    assert cipher.open_many(cipher.seal_many(plains, b"x"), b"x") == plains


def test_a_process_draws_a_new_salt_every_ten_minutes_and_opens_the_old() -> None:
    clock = Clock()
    cipher = Cipher(Keyring(MASTERS), clock=clock)
    first, second = cipher.seal(NUMBER, b"x"), cipher.seal(NUMBER, b"x")
    clock.now += SALT_LIFE_S + LOOK_S
    third = cipher.seal(NUMBER, b"x")
    assert first[:14] == second[:14] != third[:14]
    assert cipher.open_many([first, second, third], b"x") == [NUMBER] * 3


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_forked_process_seals_with_other_nonces() -> None:
    cipher = Cipher(Keyring(MASTERS))
    nonces = {cipher.seal(NUMBER, b"x")[14:26] for _ in range(10)} | set(_nonces_of_a_child(cipher))
    assert len(nonces) == 20


def _nonces_of_a_child(cipher: Cipher) -> Iterator[bytes]:
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writer, b"".join(cipher.seal(NUMBER, b"x")[14:26] for _ in range(10)))
        os._exit(0)
    os.close(writer)
    os.waitpid(child, 0)
    with os.fdopen(reader, "rb") as pipe:
        yield from iter(lambda: pipe.read(12), b"")


def test_memory_for_salts_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.security.cipher.KNOWN_SALTS", 3)
    ring = Keyring(MASTERS)
    sealed = [Cipher(ring).seal(NUMBER, b"x") for _ in range(10)]
    cipher = Cipher(ring)
    assert cipher.open_many(sealed * 2, b"x") == [NUMBER] * 20
    assert len(cipher._known) == 3


def test_a_hundred_bytes_are_sealed_in_microseconds() -> None:
    """The budget is 2.5 µs; ten times that is left for a busy machine."""
    cipher, plain = Cipher(Keyring(MASTERS)), os.urandom(100)
    assert min(repeat(lambda: cipher.seal(plain, b"person"), number=1000, repeat=5)) / 1000 < 25e-6
