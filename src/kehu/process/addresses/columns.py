"""The address columns of a table."""

import re

import pyarrow as pa
import pyarrow.compute as pc

from kehu.process import distinct, text
from kehu.process.addresses import chinese, forms, western
from kehu.process.addresses.chinese import Address

PARTS = pa.schema({name: pa.string() for name in Address._fields})
"""The columns of the parts of an address."""

READ = ("address", "address_1", "address_2", "suburb", "city", "state", "postcode")
"""The flat columns that `columns` reads."""

_HAN = "[㐀-䶿一-鿿]"
_HAS_HAN = re.compile(_HAN)
_PARTED = "\x1f"  # Between the lines and the places of an address while they travel as one value.


def line(value: str) -> Address:
    """The parts of an address of one line, Chinese or Western.

    >>> line("杭州西湖区文三路138号").road, line("138 Wensan Rd, Hangzhou").road
    ('文三路', 'wensan road')
    """
    return chinese.clean(value) if _HAS_HAN.search(value) else western.clean(value)


def from_parts(first: str, second: str, suburb: str, city: str, state: str) -> Address:
    """The parts of an address that a form asked for one by one; "" where one was left empty.

    >>> from_parts("8 Stanley St", "Miami", "Winston Hills", "", "NSW")[:6]
    ('nsw', None, 'winston hills', 'stanley street', '8', 'miami')
    >>> from_parts("文三路138号", "", "西湖区", "杭州", "")[:5]
    ('浙江省', '杭州市', '西湖区', '文三路', '138')
    """
    whole = "".join((state, city, suburb, first, second))
    if _HAS_HAN.search(whole):
        found = chinese.clean("".join((state, city, suburb)) + "," + first + second)
        return found if found.city or not city else found._replace(city=city)
    street = western.clean_street(first) if first else Address()
    return street._replace(
        building=western.fold(second) or None,
        district=western.fold(suburb) or None,
        city=western.fold(city) or None,
        province=western.fold(state) or None,
    )


def columns(flat: dict[str, pa.Array]) -> dict[str, pa.Array]:
    """`address` and the columns of `PARTS` from the address columns of a flat table.

    A part that the record states in a column of its own goes before what can be read off the line. Where there is no
    line, the parts joined are the address for people.
    """
    whole = text.column(flat["address"])
    stated = {name: text.column(flat[name]) for name in ("address_1", "address_2", "suburb", "city", "state")}
    postcode = text.column(flat["postcode"])
    read = _lines(whole)
    if any(column.null_count < len(column) for column in stated.values()):
        one = pc.binary_join_element_wise(*(pc.fill_null(column, "") for column in stated.values()), _PARTED)
        parts = distinct.spread(one, lambda value: from_parts(*value.split(_PARTED)), PARTS)
        read = {name: pc.coalesce(parts[name], read[name]) for name in PARTS.names}
        whole = pc.coalesce(whole, _joined(stated))
    return {"address": whole, **read, "postcode": pc.coalesce(_bare(postcode), read["postcode"])}


def _lines(whole: pa.Array) -> dict[str, pa.Array]:
    """The columns of `PARTS` as `line` reads them: the common forms by kernels, the others one by one."""
    if len(whole) <= distinct.FEW:
        return distinct.spread(whole, line, PARTS)
    encoded = whole.dictionary_encode()
    lines = encoded.dictionary
    found, known = forms.columns(lines)
    odd = pc.invert(known)
    others = distinct.spread(lines.filter(odd), line, PARTS)
    found["postcode"] = distinct.nulls(len(lines))
    return {name: pc.replace_with_mask(found[name], odd, others[name]).take(encoded.indices) for name in PARTS.names}


def _joined(stated: dict[str, pa.Array]) -> pa.Array:
    """The stated parts as one line: from large to small without commas in Chinese, else as a letter has them."""
    western_order = ("address_1", "address_2", "suburb", "city", "state")
    chinese_order = ("state", "city", "suburb", "address_1", "address_2")
    letter = distinct.joined([stated[name] for name in western_order], ", ")
    han = distinct.joined([stated[name] for name in chinese_order], "")
    return pc.if_else(pc.match_substring_regex(han, _HAN), han, letter)


def _bare(postcode: pa.Array) -> pa.Array:
    if postcode.null_count == len(postcode):
        return postcode
    bare = pc.replace_substring_regex(pc.utf8_upper(postcode), pattern=r"[^0-9A-Z]+", replacement="")
    empty = pc.or_(pc.equal(pc.binary_length(bare), 0), pc.match_substring_regex(bare, "^0+$"))
    return pc.if_else(empty, None, bare)
