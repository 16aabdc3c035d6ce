"""How a name sounds, as a code: for keys, where a slip of the pen must not matter."""

import re

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

_CLASSES = str.maketrans("bfpvcgjkqsxzdtlmnr", "111122222222334556")
_FIRST = (("kn", "n"), ("gn", "n"), ("pn", "n"), ("wr", "r"), ("ps", "s"), ("ph", "f"), ("wh", "w"), ("x", "z"))
_LETTERS = re.compile(r"[^a-z]+")


def of_latin(name: str) -> str | None:
    """The Soundex of the first word of a Latin name, its first letters read as they are spoken.

    Source:
        Russell & Odell 1918, with the silent first letters of Philips' Metaphone (1990).

    >>> of_latin("smith"), of_latin("smyth"), of_latin("knight"), of_latin("philip"), of_latin("filip")
    ('s53', 's53', 'n23', 'f41', 'f41')
    """
    word = _LETTERS.sub("", name.partition(" ")[0].lower())
    if not word:
        return None
    for written, spoken in _FIRST:
        if word.startswith(written):
            word = spoken + word[len(written) :]
            break
    code = word[0]
    before = word[0].translate(_CLASSES)
    for letter in word[1:]:
        sound = letter.translate(_CLASSES)
        if sound.isdigit() and sound != before:
            code += sound
        if letter not in "hw":  # They do not part two letters of one class; a vowel does.
            before = sound
    return code[:4]


def part(name_sound: str, surname_length: int, which: int) -> str | None:
    """The syllables of the surname (0) or of the given name (1); one syllable a character.

    >>> part("ou yang na na", 2, 0), part("ou yang na na", 2, 1), part("zhang", 1, 1)
    ('ou yang', 'na na', None)
    """
    syllables = name_sound.split(" ", surname_length)
    chosen = syllables[:surname_length] if which == 0 else syllables[surname_length:]
    return " ".join(chosen) or None


def parts(name_sounds: pa.Array, surname_lengths: npt.NDArray[np.int64], which: int) -> pa.Array:
    """The same of many.

    >>> names = pa.array(["ou yang na na", "zhang wei", "zhang", None])
    >>> parts(names, np.array([2, 1, 1, 1]), 0).to_pylist(), parts(names, np.array([2, 1, 1, 1]), 1).to_pylist()
    (['ou yang', 'zhang', 'zhang', None], ['na na', 'wei', None, None])
    """
    made = pa.nulls(len(name_sounds), pa.string())
    for length in np.unique(surname_lengths).tolist():
        there = pa.array(surname_lengths == length)
        syllables = pc.split_pattern(name_sounds.filter(there), " ", max_splits=length)
        chosen = pc.binary_join(pc.list_slice(syllables, *((0, length) if which == 0 else (length, length + 1))), " ")
        made = pc.replace_with_mask(made, there, pc.if_else(pc.equal(chosen, ""), None, chosen))
    return made
