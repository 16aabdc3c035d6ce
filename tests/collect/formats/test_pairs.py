import codecs

from hypothesis import example, given
from hypothesis import strategies as st

from kehu.collect.formats import pairs

SIGNS = (0x0A, 0x30, 0x39, 0x40, 0x7E, 0x7F, 0x80, 0x81, 0xA1, 0xFE, 0xFF)


def decoded(data: bytes) -> int | None:
    decoder = codecs.getincrementaldecoder("gb18030")("strict")
    try:
        decoder.decode(data)
    except UnicodeDecodeError:
        return None
    return len(data) - len(decoder.getstate()[0])


@given(st.lists(st.sampled_from(SIGNS), max_size=12).map(bytes))
@example(b"\xd5\x80\x80")
@example(b"\x84\x31\xa4\x37\x84\x31\xa4\x37")
def test_what_is_whole_without_a_decoder_is_whole_with_one(data: bytes) -> None:
    assert pairs.whole(data) in (None, decoded(data))


@given(st.text(st.sampled_from("a1张䶮😀\n丂é9"), max_size=30))
def test_text_is_whole_and_a_half_character_waits_for_its_other_half(text: str) -> None:
    written = text.encode("gb18030")
    assert pairs.whole(written) == len(written)
    if written:
        assert pairs.whole(written[:-1]) in (None, decoded(written[:-1]))
