import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from kehu.collect.town import letters
from kehu.model import glyphs

# NUL ends a text in a matrix; lone surrogates are no text.
texts = st.lists(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])), max_size=20)
seeds = st.integers(0, 2**32)


@given(texts)
def test_a_matrix_gives_its_texts_back(words: list[str]) -> None:
    assert letters.column(letters.matrix(pa.array(words, pa.string()))).to_pylist() == words


@given(texts, seeds)
def test_a_slip_changes_one_digit_and_nothing_else(words: list[str], seed: int) -> None:
    typed = letters.slipped(np.random.default_rng(seed), pa.array(words, pa.string())).to_pylist()
    for word, slip in zip(words, typed, strict=True):
        changed = [(one, two) for one, two in zip(word, slip, strict=True) if one != two]
        assert len(changed) == any(letter in "0123456789" for letter in word)
        assert all(one in "0123456789" and two in "0123456789" for one, two in changed)


@given(texts, seeds)
def test_a_swap_changes_the_order_only(words: list[str], seed: int) -> None:
    typed = letters.swapped(np.random.default_rng(seed), pa.array(words, pa.string())).to_pylist()
    for word, swap in zip(words, typed, strict=True):
        assert sorted(word) == sorted(swap)
        assert (word == swap) == (len(set(word)) <= 1)


@given(texts, seeds)
def test_a_confused_character_is_one_that_looks_like_it(words: list[str], seed: int) -> None:
    others = glyphs.look_alikes()
    names = [*words, "张未", "末代"]
    typed = letters.confused(np.random.default_rng(seed), pa.array(names, pa.string()), others).to_pylist()
    for name, wrong in zip(names, typed, strict=True):
        changed = [(one, two) for one, two in zip(name, wrong, strict=True) if one != two]
        assert len(changed) == any(letter in others for letter in name)
        assert all(two in others[one] for one, two in changed)
