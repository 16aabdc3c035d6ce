"""A sealed value opens where it was sealed, and nowhere else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kehu.errors import SettingsError, StoreError
from kehu.store.sealing import keyring, vault
from kehu.store.sealing.vault import Vault

KEYS = keyring.made()
VAULT = Vault(KEYS)
SEALED = str(VAULT.seal(["110101199003070134"], column="record.id_number", rows=[1])[0])
TEXTS = st.lists(st.one_of(st.none(), st.text(st.characters(exclude_categories=["Cs"]), max_size=64)), max_size=8)


@given(TEXTS)
def test_what_was_sealed_opens(texts: list[str | None]) -> None:
    rows = list(range(len(texts)))
    sealed = VAULT.seal(texts, column="record.id_number", rows=rows)
    assert VAULT.open(sealed, column="record.id_number", rows=rows) == texts
    assert all(one is None or one.isascii() for one in sealed)
    assert all(len(one) <= vault.sealed_length(64) for one in sealed if one)


def test_equal_values_are_not_seen_to_be_equal() -> None:
    sealed = VAULT.seal(["110101199003070134"] * 2, column="record.id_number", rows=[1, 1])
    assert sealed[0] != sealed[1]
    assert "110101" not in str(sealed)


@pytest.mark.parametrize(
    ("column", "row"),
    [pytest.param("record.id_number", 2, id="another row"), pytest.param("customer.id_number", 1, id="another column")],
)
def test_a_value_does_not_open_in_another_place(column: str, row: int) -> None:
    sealed = VAULT.seal(["110101199003070134"], column="record.id_number", rows=[1])
    with pytest.raises(StoreError, match=f"row {row} does not open"):
        VAULT.open(sealed, column=column, rows=[row])


@given(st.data())
def test_a_value_that_was_changed_does_not_open(data: st.DataObject) -> None:
    sealed = SEALED
    start = sealed.rindex(".") + 1
    place = data.draw(st.integers(start, len(sealed) - 4))
    other = data.draw(st.sampled_from("ABCxyz019+/").filter(lambda letter: letter != sealed[place]))
    with pytest.raises(StoreError):
        VAULT.open([sealed[:place] + other + sealed[place + 1 :]], column="record.id_number", rows=[1])


def test_old_keys_open_what_they_sealed_and_the_newest_seals() -> None:
    old = VAULT.seal(["E12345678"], column="record.id_number", rows=[7])
    both = Vault(KEYS.with_another())
    assert both.open(old, column="record.id_number", rows=[7]) == ["E12345678"]
    [new] = both.seal(["E12345678"], column="record.id_number", rows=[7])
    assert new
    assert vault.key_number(new) == 2
    with pytest.raises(SettingsError, match="key 2 is missing"):
        VAULT.open([new], column="record.id_number", rows=[7])


def test_a_key_that_is_named_seals() -> None:
    both = Vault(KEYS.with_another())
    [old] = both.seal(["E12345678"], column="record.id_number", rows=[7], number=1)
    assert VAULT.open([old], column="record.id_number", rows=[7]) == ["E12345678"]
    assert str(old).startswith(vault.begun_by(1))


def test_a_value_is_found_by_a_hash_that_only_the_key_makes() -> None:
    assert VAULT.blind(["E12345678", None]) == VAULT.blind(["E12345678", None])
    assert VAULT.blind(["E12345678"]) != Vault(keyring.made()).blind(["E12345678"])
    assert VAULT.fingerprint(1) != Vault(keyring.made()).fingerprint(1)
