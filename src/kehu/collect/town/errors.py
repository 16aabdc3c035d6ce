"""The errors of those who typed: every column from what is true to what a record says."""

import functools

import numpy as np
import opencc
import pyarrow as pa
import pyarrow.compute as pc

from kehu.collect.town import addresses as places
from kehu.collect.town import draw, letters
from kehu.collect.town.rates import Rates
from kehu.model import glyphs

NO_NAMES = ["无", "-", "test", "客户", "测试", "不详", "匿名", "先生"]
NO_CERTIFICATES = ["无", "-", "000000000000000000", "111111111111111111", "不详", "0"]
NO_PHONES = ["13800138000", "00000000000", "11111111111", "无", "-", "10086"]
BIRTH_FORMS = ("%Y/%-m/%-d", "%Y%m%d", "%Y年%-m月%-d日", "%Y.%m.%d")


class Column:
    """A column on its way from what is true to what a record says; every step strikes some of its rows."""

    def __init__(self, rng: np.random.Generator, true: pa.Array | pa.ChunkedArray) -> None:
        self.rng = rng
        self.values: pa.Array = true.combine_chunks() if isinstance(true, pa.ChunkedArray) else true

    def hits(self, rate: float, among: draw.Mask | None = None) -> draw.Mask:
        """About `rate` of the rows, of those that hold a value and are among these."""
        struck = draw.hits(self.rng, rate, len(self.values)) & draw.mask(self.values.is_valid())
        return struck if among is None else struck & among

    def become(self, where: draw.Mask, values: pa.Array) -> None:
        """Put in one value for every row where the mask is true."""
        if len(values):
            self.values = draw.patched(self.values, where, values.cast(pa.string()))

    def at(self, where: draw.Mask) -> pa.Array:
        """The values of these rows."""
        return self.values.filter(pa.array(where))

    def lose(self, where: draw.Mask) -> None:
        """Empty these rows."""
        self.values = draw.absent(self.values, where)


@functools.cache
def _traditional() -> opencc.OpenCC:
    return opencc.OpenCC("s2t")


def names(rng: np.random.Generator, true: pa.Table, *, spoken: draw.Mask, rates: Rates) -> pa.Array:
    """Names as typed. `spoken` are the rows where an agent only heard the name."""
    column = Column(rng, true["name"])
    person = draw.mask(pc.equal(true["kind"], "individual"))
    latin = draw.mask(pc.equal(true["script"], "latin"))
    _shorten(column, true, ~person, rates)
    _reorder(column, latin, rates)
    where = column.hits(rates.name_full_width, latin)
    column.become(where, letters.widened(column.at(where)))
    where = column.hits(rates.name_dot, draw.mask(pc.equal(true["script"], "minority")))
    dots = [pc.replace_substring(column.at(where), "·", dot) for dot in ("•", ".", "・", "")]
    column.become(where, draw.mixed(rng.integers(len(dots), size=int(where.sum())), dots))
    for rate, others in ((rates.name_homophone, glyphs.homophones()), (rates.name_look_alike, glyphs.look_alikes())):
        where = column.hits(rate, ~latin)
        column.become(where, letters.confused(rng, column.at(where), others))
    where = column.hits(rates.name_traditional, ~latin)
    column.become(where, pa.array([_traditional().convert(name) for name in column.at(where).to_pylist()], pa.string()))
    where = column.hits(rates.name_spaces)
    apart = pc.replace_substring_regex(column.at(where), r"^(\p{Han})(\p{Han}{1,3})$", r"\1 \2")
    around = draw.glue(draw.words(rng, ["", " ", "\u3000"], len(apart)), apart, draw.words(rng, ["", " "], len(apart)))
    column.become(where, around)
    where = column.hits(rates.name_title, spoken & person)
    title = draw.picked(draw.mask(true["male"]), draw.same("先生", len(true)), draw.same("女士", len(true)))
    column.become(where, draw.glue(true["short_name"].combine_chunks(), title).filter(pa.array(where)))
    where = column.hits(rates.name_placeholder)
    column.become(where, draw.words(rng, NO_NAMES, int(where.sum())))
    column.lose(column.hits(rates.name_missing))
    return column.values


def _shorten(column: Column, true: pa.Table, organization: draw.Mask, rates: Rates) -> None:
    """Organizations by the short name, without the region, without the form, or with the other form."""
    where = column.hits(rates.name_short, organization)
    short = true["short_name"].combine_chunks().filter(pa.array(where))
    full = column.at(where)
    formless = pc.replace_substring_regex(full, "(有限公司|有限责任公司|股份有限公司)$", "")
    other = pc.replace_substring(full, "有限责任公司", "有限公司")
    other = pc.replace_substring_regex(other, r"\((.*)\)", "（\\1）")
    forms = [short, draw.glue(short, "有限公司"), formless, other]
    column.become(where, draw.mixed(column.rng.integers(len(forms), size=len(full)), forms))


def _reorder(column: Column, latin: draw.Mask, rates: Rates) -> None:
    """Latin names with the surname first, in capitals, or with an initial."""
    where = column.hits(rates.name_latin_order, latin)
    name = column.at(where)
    pattern = r"^(\S)(\S*) (.*)$"
    forms = [
        pc.replace_substring_regex(name, pattern, r"\3, \1\2"),
        pc.utf8_upper(pc.replace_substring_regex(name, pattern, r"\3 \1\2")),
        pc.utf8_upper(name),
        pc.replace_substring_regex(name, pattern, r"\1. \3"),
    ]
    column.become(where, draw.mixed(draw.weighted(column.rng, (4, 3, 3, 1), len(name)), forms))


def certificates(
    rng: np.random.Generator, true: pa.Table, *, proxy: pa.Array, asked: draw.Mask, rates: Rates
) -> pa.Array:
    """Certificate numbers as typed; `proxy` are those of the proxies, null where none came along."""
    column = Column(rng, draw.absent(true["id_number"].combine_chunks(), ~asked))
    where = column.hits(rates.id_of_proxy, draw.mask(proxy.is_valid()))
    column.become(where, proxy.filter(pa.array(where)))
    where = column.hits(
        rates.id_old_form, draw.mask(pc.match_substring_regex(column.values, r"^\d{6}19([0-7]\d|8[0-4])\d{7}[\dX]$"))
    )
    column.become(where, pc.replace_substring_regex(column.at(where), r"^(\d{6})19(\d{9}).$", r"\1\2"))
    where = column.hits(rates.id_slip)
    column.become(where, letters.slipped(rng, column.at(where)))
    where = column.hits(rates.id_swap)
    column.become(where, letters.swapped(rng, column.at(where)))
    where = column.hits(rates.id_lower_x, draw.mask(pc.match_substring_regex(column.values, "X$")))
    column.become(where, pc.utf8_lower(column.at(where)))
    where = column.hits(rates.id_full_width)
    column.become(where, letters.widened(column.at(where)))
    where = column.hits(rates.id_placeholder)
    column.become(where, draw.words(rng, NO_CERTIFICATES, int(where.sum())))
    column.lose(column.hits(rates.id_missing))
    return column.values


def phones(
    rng: np.random.Generator, own: pa.Array, others: dict[str, pa.Array], *, dialled: draw.Mask, rates: Rates
) -> pa.Array:
    """Phones as typed, or as the line showed them where `dialled`.

    Args:
        rng: Where chance comes from.
        own: The customer's number on that day.
        others: By the name of a rate (`phone_old`, `phone_of_family`, …) the number that might stand there instead,
            null where there is none.
        dialled: The rows where the number was not typed.
        rates: How often.
    """
    column = Column(rng, own)
    for rate, instead in others.items():
        where = column.hits(getattr(rates, rate), draw.mask(instead.is_valid()))
        column.become(where, instead.filter(pa.array(where)))
    where = column.hits(rates.phone_slip, ~dialled)
    column.become(where, letters.slipped(rng, column.at(where)))
    where = column.hits(rates.phone_swap, ~dialled)
    column.become(where, letters.swapped(rng, column.at(where)))
    where = column.hits(rates.phone_form, draw.mask(pc.match_substring_regex(column.values, r"^1\d{10}$")))
    column.become(where, _phone_forms(rng, column.at(where)))
    where = column.hits(rates.phone_full_width, ~dialled)
    column.become(where, letters.widened(column.at(where)))
    where = column.hits(rates.phone_placeholder, ~dialled)
    column.become(where, draw.words(rng, NO_PHONES, int(where.sum())))
    column.lose(column.hits(rates.phone_missing))
    return column.values


def _phone_forms(rng: np.random.Generator, mobile: pa.Array) -> pa.Array:
    pattern = r"^(\d{3})(\d{4})(\d{4})$"
    forms = [pc.replace_substring_regex(mobile, pattern, form) for form in (r"\1-\2-\3", r"\1 \2 \3")]
    forms += [draw.glue(prefix, mobile) for prefix in ("+86", "0086", "+86 ", "86-")]
    return draw.mixed(rng.integers(len(forms), size=len(mobile)), forms)


def births(rng: np.random.Generator, true: pa.Table, *, asked: draw.Mask, rates: Rates) -> pa.Array:
    """Birth dates as typed, in five forms."""
    birth = true["birth"].combine_chunks()
    column = Column(rng, draw.absent(birth.cast(pa.string()), ~asked))
    where = column.hits(rates.birth_slip)
    # Day and month change places where that is a date; else the last digit of the year slips.
    year, rest = pc.utf8_slice_codeunits(birth.cast(pa.string()), 0, 3), pc.strftime(birth, "-%m-%d")
    exchangeable = pc.and_(pc.less_equal(pc.day(birth), 12), pc.not_equal(pc.day(birth), pc.month(birth)))
    slipped = draw.glue(year, draw.text(rng.integers(10, size=len(birth))), rest)
    turned = pc.if_else(exchangeable, pc.strftime(birth, "%Y-%d-%m"), slipped)
    column.become(where, turned.filter(pa.array(where)))
    where = column.hits(rates.birth_form)
    parts = column.at(where)
    pattern = "^(....)-(..)-(..)$"
    bare = pc.replace_substring_regex(parts, "-0", "-")
    forms = [
        pc.replace_substring(bare, "-", "/"),
        pc.replace_substring(parts, "-", ""),
        pc.replace_substring_regex(bare, "^(.*)-(.*)-(.*)$", r"\1年\2月\3日"),
        pc.replace_substring_regex(parts, pattern, r"\1.\2.\3"),
    ]
    column.become(where, draw.mixed(rng.integers(len(forms), size=len(parts)), forms))
    where = column.hits(rates.birth_placeholder)
    column.become(where, draw.words(rng, ["1900-01-01", "0000-00-00", "1900/1/1"], int(where.sum())))
    column.lose(column.hits(rates.birth_missing))
    return column.values


def genders(rng: np.random.Generator, true: pa.Table, *, asked: draw.Mask, rates: Rates) -> pa.Array:
    """Genders as typed: 男 and 女, M and F, 1 and 2 (GB/T 2261.1)."""
    size = len(true)
    person = draw.mask(pc.is_valid(true["male"]))
    male = draw.mask(true["male"]) ^ draw.hits(rng, rates.gender_wrong, size)
    form = np.where(draw.hits(rng, rates.gender_form, size), rng.integers(1, 3, size=size), 0)
    column = Column(rng, pa.array(["女", "男", "F", "M", "2", "1"]).take(pa.array(form * 2 + male)))
    column.lose(~(asked & person))
    column.lose(column.hits(rates.gender_missing))
    return column.values


def emails(rng: np.random.Generator, true: pa.Table, *, asked: draw.Mask, rates: Rates) -> pa.Array:
    """E-mail addresses as typed."""
    column = Column(rng, draw.absent(true["email"].combine_chunks(), ~asked))
    where = column.hits(rates.email_slip)
    column.become(where, letters.swapped(rng, column.at(where)))
    where = column.hits(rates.email_case)
    column.become(where, draw.glue(draw.words(rng, ["", " "], int(where.sum())), pc.utf8_upper(column.at(where))))
    column.lose(column.hits(rates.email_missing))
    return column.values


def categories(rng: np.random.Generator, true: pa.Table, *, asked: draw.Mask, rates: Rates) -> pa.Array:
    """Categories as chosen."""
    column = Column(rng, draw.absent(true["category"].combine_chunks(), ~asked))
    where = column.hits(rates.category_wrong)
    column.become(where, draw.words(rng, "student ordinary enterprise other", int(where.sum())))
    column.lose(column.hits(rates.category_missing))
    return column.values


def stars(rng: np.random.Generator, true: pa.Table, *, asked: draw.Mask, rates: Rates) -> pa.Array:
    """Star levels as the channel's system shows them."""
    column = Column(rng, draw.absent(true["star_level"].combine_chunks(), ~asked))
    where = column.hits(rates.star_old)
    number = pc.utf8_slice_codeunits(column.at(where), 0, 1).cast(pa.int64())
    column.become(where, pc.max_element_wise(pc.subtract(number, 1), 1).cast(pa.string()))
    return column.values


def addresses(rng: np.random.Generator, homes: pa.Table, *, asked: draw.Mask, rates: Rates) -> pa.Array:
    """Addresses as typed, in four orders and with parts missing."""
    written = places.written(rng, homes, form=rates.address_form, part_missing=rates.address_part_missing)
    column = Column(rng, draw.absent(written, ~asked))
    where = column.hits(rates.address_slip)
    column.become(where, letters.confused(rng, column.at(where), glyphs.homophones()))
    column.lose(column.hits(rates.address_missing))
    return column.values
