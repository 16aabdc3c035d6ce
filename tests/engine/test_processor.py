"""numpy is told of one kind of processor only."""

from pathlib import Path

import pytest

from kehu.engine import processor

ZEN_4 = "vendor_id\t: AuthenticAMD\ncpu family\t: 25\nflags\t\t: avx2 avx512f avx512_vbmi2\n\nvendor_id\t: ?\n"


def told(cpuinfo: str, folder: Path, **environment: str) -> dict[str, str]:
    file = folder / "cpuinfo"
    file.write_text(cpuinfo)
    processor.spare_slow_stores(environment, file)
    return environment


def test_numpy_leaves_avx512_alone_where_it_packs_slowly(tmp_path: Path) -> None:
    assert told(ZEN_4, tmp_path) == {processor.DISABLED: "X86_V4 AVX512_ICL"}


@pytest.mark.parametrize(
    ("ours", "other"), [("AuthenticAMD", "GenuineIntel"), (": 25", ": 26"), ("avx512_vbmi2", "sha_ni")]
)
def test_other_processors_are_left_alone(ours: str, other: str, tmp_path: Path) -> None:
    assert told(ZEN_4.replace(ours, other), tmp_path) == {}


def test_what_somebody_set_stays(tmp_path: Path) -> None:
    assert told(ZEN_4, tmp_path, **{processor.DISABLED: ""}) == {processor.DISABLED: ""}


def test_without_a_word_of_the_processor_nothing_is_set(tmp_path: Path) -> None:
    environment: dict[str, str] = {}
    processor.spare_slow_stores(environment, tmp_path / "nowhere")
    assert environment == {}
