"""What numpy is told of the processor before it is loaded."""

import os
from collections.abc import MutableMapping
from pathlib import Path

DISABLED = "NPY_DISABLE_CPU_FEATURES"


def spare_slow_stores(
    environment: MutableMapping[str, str] = os.environ, cpuinfo: Path = Path("/proc/cpuinfo")
) -> None:
    """Let numpy sort by AVX2 where AVX-512 is slower; to be called before numpy is loaded, helpers inherit it.

    AMD's Zen 4 can pack the chosen numbers of a vector into memory, but does so in microcode, and numpy's sorting by
    AVX-512 does little else: by AVX2 it is five times as fast there. Who has set the variable is left alone.
    """
    if DISABLED not in environment and _is_zen_4(cpuinfo):
        environment[DISABLED] = "X86_V4 AVX512_ICL"


def _is_zen_4(cpuinfo: Path) -> bool:
    """Whether it is one: of AMD's family 25 they alone know AVX-512."""
    try:
        first = cpuinfo.read_text(encoding="utf-8").partition("\n\n")[0]
    except (OSError, UnicodeDecodeError):  # No Linux.
        return False
    told = {name.strip(): value.split() for name, _, value in (line.partition(":") for line in first.splitlines())}
    return (told.get("vendor_id"), told.get("cpu family")) == (["AuthenticAMD"], ["25"]) and "avx512_vbmi2" in told.get(
        "flags", []
    )
