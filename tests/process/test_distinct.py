import pyarrow as pa

from kehu.process import distinct

SIZES = pa.schema({"size": pa.int64()})


class Asked:
    """How long texts are, and which were asked about."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def size(self, text: str) -> tuple[int]:
        self.texts.append(text)
        return (len(text),)


def test_what_is_known_is_not_asked_again() -> None:
    asked = Asked()
    known = distinct.Known(asked.size, SIZES)
    for texts in (["a", "bb", None, "a"], ["bb", "ccc"], []):
        sizes = known.spread(pa.array(texts, pa.string()))["size"]
        assert sizes.to_pylist() == [None if text is None else len(text) for text in texts]
    assert asked.texts == ["a", "bb", "ccc"]


def test_no_more_is_kept_than_agreed() -> None:
    asked = Asked()
    known = distinct.Known(asked.size, SIZES, most=2)
    for texts in (["a", "bb"], ["ccc"], ["a"]):
        assert known.spread(pa.array(texts))["size"].to_pylist() == list(map(len, texts))
    assert asked.texts == ["a", "bb", "ccc", "a"]
