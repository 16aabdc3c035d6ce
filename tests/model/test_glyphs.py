from kehu.model import glyphs


def test_what_looks_like_a_character_is_looked_like_by_it() -> None:
    look_alikes = glyphs.look_alikes()
    assert all(character in look_alikes[other] for character, others in look_alikes.items() for other in others)


def test_no_character_is_confused_with_itself() -> None:
    for table in (glyphs.look_alikes(), glyphs.homophones()):
        assert all(character not in others for character, others in table.items())
        assert all(len(set(others)) == len(others) for others in table.values())
