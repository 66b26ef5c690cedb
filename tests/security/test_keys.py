"""Master keys: where they come from, what derives from them, how they rotate."""

import base64
import re
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from gateway.config import Config
from gateway.config.schema import MasterKey, Security, Store
from gateway.security import keyfile, masterkeys
from gateway.security.cipher import LOOK_S, Cipher
from gateway.security.errors import KeyringError, Unreadable
from gateway.security.keyring import Keyring
from gateway.security.opening import open_keyring, rotate

FIRST, SECOND = bytes(range(32)), bytes(range(1, 33))


class Clock:
    """A clock that a test turns."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def text(key: bytes) -> str:
    return base64.b64encode(key).decode()


def embedded(data_dir: Path, **security: object) -> Config:
    return Config(store=Store(data_dir=str(data_dir)), security=Security(**security))  # type: ignore[arg-type]


def test_the_embedded_store_makes_its_keys_once_for_its_owner_alone(tmp_path: Path) -> None:
    config = embedded(tmp_path / "var")
    first = open_keyring(config)
    file = tmp_path / "var" / "keys"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert first.ids == (1,)
    assert open_keyring(config).lookup == first.lookup
    assert list((tmp_path / "var").iterdir()) == [file]


def test_of_many_first_starts_at_once_all_get_the_same_keys(tmp_path: Path) -> None:
    config = embedded(tmp_path)
    with ThreadPoolExecutor(8) as pool:
        rings = list(pool.map(lambda _: open_keyring(config), range(32)))
    assert len({ring.fingerprint for ring in rings}) == 1


def test_who_comes_second_keeps_what_the_first_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def the_other_is_faster(file: Path) -> None:
        file.write_text(f"1 {text(FIRST)}")

    monkeypatch.setattr(keyfile, "_refuse_beside_a_database", the_other_is_faster)
    assert open_keyring(embedded(tmp_path)).fingerprint == Keyring({1: FIRST}).fingerprint
    assert list(tmp_path.iterdir()) == [tmp_path / "keys"]


def test_a_database_whose_keys_are_gone_gets_no_new_ones(tmp_path: Path) -> None:
    (tmp_path / "postgres" / "data").mkdir(parents=True)
    (tmp_path / "postgres" / "data" / "PG_VERSION").write_text("18")
    with pytest.raises(KeyringError, match="put the file back"):
        open_keyring(embedded(tmp_path))
    assert not (tmp_path / "keys").exists()


def test_a_store_of_ones_own_without_keys_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(KeyringError, match=re.escape("security.keys")):
        open_keyring(Config(store=Store(url="postgresql://h/d", data_dir=str(tmp_path))))


def test_keys_of_the_configuration_are_used_as_given(tmp_path: Path) -> None:
    entries = (MasterKey(id=2, key=text(SECOND)), MasterKey(id=1, key=text(FIRST)))
    ring = open_keyring(embedded(tmp_path, keys=entries))
    assert ring.ids == (1, 2)
    assert ring.active == 2
    assert not (tmp_path / "keys").exists()
    assert open_keyring(embedded(tmp_path, keys=f"1 {text(FIRST)}\n2 {text(SECOND)}")).chain == ring.chain


def test_an_older_key_may_stay_the_active_one(tmp_path: Path) -> None:
    ring = open_keyring(embedded(tmp_path, keys=f"1 {text(FIRST)}\n2 {text(SECOND)}", active_key=1))
    assert ring.active == 1
    assert Cipher(ring).seal(b"x", b"y")[1] == 1


def test_the_derived_keys_are_apart_and_none_is_the_master() -> None:
    ring = Keyring({1: FIRST})
    keys = {
        FIRST,
        ring.lookup,
        ring.chain,
        ring.data_key(1, b"s" * 12, b"aes", 32),
        ring.data_key(1, b"t" * 12, b"aes", 32),
        ring.data_key(1, b"s" * 12, b"sm4", 32),
    }
    assert len(keys) == 6


def test_derived_keys_stay_what_they_are() -> None:
    """A change here would make every stored address unfindable and every sealed value unreadable."""
    ring = Keyring({1: FIRST})
    assert ring.lookup.hex() == "488459983064769a1562bbb04ac709d193984cb6dedb4c903ce8592cdbad4689"
    assert ring.chain.hex() == "a70eab526800017d1c9e84d2bb304d159d533b0613c1e1f9cd57f19c49635901"
    assert ring.data_key(1, b"s" * 12, b"aes-256-gcm", 32).hex() == "f92e953dd8acfaec75f660aaff3a603731075749a05dfa0c9c6f3c1c5e8f74e7"


def test_rotation_seals_with_a_new_key_and_opens_the_old_and_still_finds_addresses(tmp_path: Path) -> None:
    config = embedded(tmp_path)
    before = open_keyring(config)
    old = Cipher(before).seal(b"old", b"x")
    assert rotate(config) == 2
    after = open_keyring(config)
    assert (after.ids, after.active) == ((1, 2), 2)
    assert (after.lookup, after.chain, after.fingerprint) == (before.lookup, before.chain, before.fingerprint)
    assert Cipher(after).open(old, b"x") == b"old"
    assert stat.S_IMODE((tmp_path / "keys").stat().st_mode) == 0o600


def test_a_running_process_takes_a_rotation_without_a_restart(tmp_path: Path) -> None:
    config, clock = embedded(tmp_path), Clock()
    running = Cipher(open_keyring(config), clock=clock)
    assert running.seal(b"x", b"y")[1] == 1
    rotate(config)
    elsewhere = Cipher(open_keyring(config)).seal(b"new", b"y")
    assert running.open(elsewhere, b"y") == b"new"
    clock.now += LOOK_S
    assert running.seal(b"x", b"y")[1] == 2
    rotate(config)
    clock.now += LOOK_S
    assert running.seal_many([b"x"], b"y")[0][1] == 3


def test_a_key_file_that_went_away_changes_nothing_for_who_runs(tmp_path: Path) -> None:
    config, clock = embedded(tmp_path), Clock()
    running = Cipher(open_keyring(config), clock=clock)
    sealed = running.seal(b"x", b"y")
    (tmp_path / "keys").write_text("1 broken")
    clock.now += LOOK_S
    assert running.open(running.seal(b"x", b"y"), b"y") == running.open(sealed, b"y") == b"x"
    with pytest.raises(Unreadable):
        running.open(b"\x01\x07" + sealed[2:], b"y")


def test_keys_in_the_configuration_are_rotated_there(tmp_path: Path) -> None:
    with pytest.raises(KeyringError, match="add a key 2"):
        rotate(embedded(tmp_path, keys=(MasterKey(id=1, key=text(FIRST)),)))


def test_a_key_file_of_ones_own_rotates_in_place(tmp_path: Path) -> None:
    file = tmp_path / "own"
    file.write_text(f"# ours\n1 {text(FIRST)}")
    assert rotate(embedded(tmp_path, keys=f"file:{file}")) == 2
    assert file.read_text().startswith(f"# ours\n1 {text(FIRST)}\n2 ")


def test_two_rotations_at_once_do_not_lose_a_key(tmp_path: Path) -> None:
    keyfile.make(tmp_path / "keys")
    (tmp_path / ".keys.rotation").touch()
    with pytest.raises(KeyringError, match="another rotation"):
        keyfile.rotate(tmp_path / "keys")
    assert masterkeys.read(tmp_path / "keys").keys() == {1}


def test_the_last_id_is_the_last(tmp_path: Path) -> None:
    file = tmp_path / "keys"
    file.write_text(f"1 {text(FIRST)}\n255 {text(SECOND)}")
    with pytest.raises(KeyringError, match="the last"):
        keyfile.rotate(file)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "key 1 is missing"),
        (f"2 {text(FIRST)}", "key 1 is missing"),
        (f"1 {text(FIRST)}\n1 {text(SECOND)}", "twice"),
        (f"1 {text(FIRST)[:-5]}", "32 bytes"),
        ("1 " + "ä" * 44, "32 bytes"),
        (f"0 {text(FIRST)}", "1 to 255"),
        (f"256 {text(FIRST)}", "1 to 255"),
        (f"one {text(FIRST)}", "line 1"),
        (text(FIRST), "line 1"),
    ],
)
def test_a_malformed_key_is_refused_without_being_shown(content: str, said: str) -> None:
    with pytest.raises(KeyringError, match=said) as caught:
        masterkeys.parse(content)
    assert text(FIRST)[:20] not in str(caught.value)


def test_url_safe_base64_and_comments_are_read() -> None:
    key = bytes([251, 239, 190] * 10 + [0, 255])
    assert masterkeys.parse(f"# a comment\n\n1 {base64.urlsafe_b64encode(key).decode()} # in the vault\n") == {1: key}
