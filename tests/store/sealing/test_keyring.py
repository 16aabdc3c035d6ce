"""A keyring is read and written safely, and says nothing of its secrets."""

import base64
from pathlib import Path

import pytest

from kehu.errors import SettingsError
from kehu.store.sealing import keyring
from kehu.store.sealing.keyring import Use


def test_a_keyring_that_was_written_is_read_again_and_only_its_owner_may(tmp_path: Path) -> None:
    keys = keyring.made().with_another()
    keyring.write(tmp_path / "kehu.key", keys)
    assert keyring.read(tmp_path / "kehu.key") == keys
    assert (tmp_path / "kehu.key").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["kehu.key"]


def test_a_key_file_that_others_may_read_is_refused_with_the_mend(tmp_path: Path) -> None:
    keyring.write(tmp_path / "kehu.key", keyring.made())
    (tmp_path / "kehu.key").chmod(0o640)
    with pytest.raises(SettingsError, match="chmod 600"):
        keyring.read(tmp_path / "kehu.key")


def test_a_key_file_is_not_overwritten_by_chance(tmp_path: Path) -> None:
    keys = keyring.made()
    keyring.write(tmp_path / "kehu.key", keys)
    with pytest.raises(SettingsError, match="already"):
        keyring.write(tmp_path / "kehu.key", keyring.made())
    assert keyring.read(tmp_path / "kehu.key") == keys


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="nothing"),
        pytest.param("hunter2", id="a word"),
        pytest.param(f"0 {base64.b64encode(bytes(32)).decode()}", id="number nought"),
        pytest.param(f"1 {base64.b64encode(bytes(16)).decode()}", id="a short key"),
        pytest.param(f"1 {base64.b64encode(bytes(32)).decode()}\n" * 2, id="a number twice"),
    ],
)
def test_what_is_no_key_is_refused_and_not_told(text: str) -> None:
    with pytest.raises(SettingsError, match="KEHU_KEY") as refused:
        keyring.parsed(text, where="KEHU_KEY")
    assert "hunter2" not in str(refused.value)


def test_each_use_and_each_number_has_a_key_of_its_own() -> None:
    keys = keyring.made().with_another()
    derived = {keys.derived(use, number) for use in Use for number in (1, 2)}
    assert len(derived) == 2 * len(Use)
    assert keys.derived(Use.SEAL) == keys.derived(Use.SEAL, 2)
    assert not any(base64.b64encode(secret).decode() in repr(keys) for secret in keys.secrets.values())


def test_a_missing_key_is_named_by_its_number() -> None:
    with pytest.raises(SettingsError, match="key 3 is missing"):
        keyring.made().derived(Use.SEAL, 3)


def test_a_program_that_goes_on_finds_a_key_that_was_made_meanwhile(tmp_path: Path) -> None:
    path = tmp_path / "kehu.key"
    first = keyring.made()
    keyring.write(path, first)
    going_on = keyring.live(path)
    with pytest.raises(SettingsError, match="key 2 is missing"):
        going_on.derived(Use.SEAL, 2)
    both = first.with_another()
    keyring.write(path, both, over=True)
    assert going_on.derived(Use.SEAL, 2) == both.derived(Use.SEAL, 2)
    assert (going_on.newest, sorted(going_on.with_another().secrets)) == (2, [1, 2, 3])


def test_old_keys_are_left_out_and_no_number_is_given_again() -> None:
    keys = keyring.made().with_another().with_another()
    assert sorted(keys.without({1, 2}).secrets) == [3]
    assert sorted(keys.without({1, 2}).with_another().secrets) == [3, 4]
