"""Numbers that identify and numbers to call: certificates with right check digits, phones of real segments."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from kehu.collect.town import draw

MOBILE = """134 135 136 137 138 139 147 150 151 152 157 158 159 172 178 182 183 184 187 188 195 197 198
130 131 132 145 155 156 166 175 176 185 186 196 133 149 153 173 177 180 181 189 190 191 193 199"""
"""The segments of the three operators: the first three digits of a mobile number."""

RESIDENT_WEIGHTS = np.array([7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2])
"""ISO 7064 MOD 11-2: powers of 2 modulo 11, from the left."""
RESIDENT_CHECKS = list("10X98765432")

ORGANIZATION_WEIGHTS = np.array([3, 7, 9, 10, 5, 8, 4, 2])
"""GB 11714: of the eight digits of the organization code, which stands within the credit code."""
CREDIT_LETTERS = "0123456789ABCDEFGHJKLMNPQRTUWXY"
"""GB 32100: the 31 characters of a credit code, by value."""
CREDIT_WEIGHTS = np.array([pow(3, place, 31) for place in range(17)])

LANDLINE = {
    11: "010", 12: "022", 13: "0310 0311 0312 0314 0315 0335", 14: "0351 0352 0354 0356", 15: "0471 0472 0476",
    21: "024 0411 0412 0415", 22: "0431 0432 0434", 23: "0451 0452 0453 0459", 31: "021", 32: "025 0510 0512 0516",
    33: "0571 0573 0574 0575 0577 0579", 34: "0551 0552 0553 0558", 35: "0591 0592 0595", 36: "0791 0792 0797",
    37: "0531 0532 0535 0536 0539", 41: "0371 0376 0377 0379", 42: "027 0710 0716 0717", 43: "0731 0734 0736",
    44: "020 0755 0756 0757 0769", 45: "0771 0772 0773", 46: "0898", 50: "023", 51: "028 0816 0831 0838",
    52: "0851 0857", 53: "0871 0872 0874", 54: "0891", 61: "029 0910 0917", 62: "0931 0935 0938", 63: "0971",
    64: "0951", 65: "0991 0998",
}  # fmt: skip
"""Area codes of landlines by province."""


def digits_of(numbers: draw.Numbers, width: int) -> draw.Numbers:
    """The digits of every number, one row a number, from the left."""
    return numbers[:, None] // 10 ** np.arange(width - 1, -1, -1, dtype=np.int64) % 10


def resident_ids(body: draw.Numbers) -> pa.Array:
    """Resident IDs of 18 characters from their first 17 digits.

    >>> resident_ids(np.array([11010519491231002])).to_pylist()
    ['11010519491231002X']
    """
    check = digits_of(body, 17) @ RESIDENT_WEIGHTS % 11
    return draw.glue(draw.padded(body, 17), pa.array(RESIDENT_CHECKS).take(pa.array(check)))


def credit_codes(area: draw.Numbers, organization: draw.Numbers, kinds: Sequence[str]) -> pa.Array:
    """Unified social credit codes from the area (6 digits), the organization (8 digits) and who registered it.

    >>> credit_codes(np.array([330106]), np.array([12345678]), ["91"]).to_pylist()
    ['913301061234567887']
    """
    inner = (11 - digits_of(organization, 8) @ ORGANIZATION_WEIGHTS % 11) % 11
    registrars = np.array([[CREDIT_LETTERS.index(letter) for letter in kind] for kind in kinds], dtype=np.int64)
    values = np.hstack(
        [
            registrars.reshape(-1, 2),
            digits_of(area, 6),
            digits_of(organization, 8),
            np.where(inner == 10, CREDIT_LETTERS.index("X"), inner)[:, None],
        ]
    )
    check = (31 - values @ CREDIT_WEIGHTS % 31) % 31
    letters = np.array(list(CREDIT_LETTERS))[np.hstack([values, check[:, None]])]
    return pa.array(np.ascontiguousarray(letters).view(f"<U{letters.shape[1]}").ravel().tolist(), pa.string())


def mobiles(rng: np.random.Generator, size: int) -> draw.Numbers:
    """Mobile numbers, no two the same."""
    segments = np.array([int(segment) for segment in MOBILE.split()])
    placeholder = np.array([13800138000])
    return draw.distinct(
        size,
        lambda count: segments[rng.integers(len(segments), size=count)] * 10**8 + rng.integers(10**8, size=count),
        taken=placeholder,
    )


def landlines(rng: np.random.Generator, province: draw.Numbers) -> pa.Array:
    """Landlines of a province: 0571-88123456."""
    codes = [(code, number) for code, numbers in LANDLINE.items() for number in numbers.split()]
    of_province = np.array([code for code, _ in codes])
    first, last = np.searchsorted(of_province, province), np.searchsorted(of_province, province, side="right")
    area = pa.array([number for _, number in codes]).take(pa.array(rng.integers(first, last)))
    local = rng.integers(20_000_000, 90_000_000, size=len(province))
    return draw.glue(area, draw.text(local), separator="-")
