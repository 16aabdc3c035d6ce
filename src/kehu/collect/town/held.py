"""What people hold: certificates for life, and phones for a time."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from kehu.collect.town import customers, draw, numbers

PERMITS = (0.965, 0.012, 0.008, 0.005, 0.010)
"""Resident IDs, permits of Hong Kong and Macau, of Taiwan, officer cards, and passports of Chinese people."""
CHANGED = 0.15
"""How many people changed their number."""
RECYCLED = 0.20
"""How many of the numbers given back were sold again."""
REST = 90
"""For so many days a number that was given back rests."""


def certificates(
    rng: np.random.Generator,
    script: draw.Numbers,
    area: draw.Numbers,
    birth: customers.Days,
    male: draw.Mask,
    twin: draw.Mask,
) -> tuple[pa.Array, pa.Array]:
    """The type and the number of everybody's certificate, no two the same; twins have neighbouring ones."""
    size = len(birth)
    twins = np.flatnonzero(twin)
    area = area.copy()
    area[twins] = area[twins - 1]
    date = pc.strftime(customers.days(birth), "%Y%m%d").cast(pa.int64()).to_numpy()
    fixed = (area * 10**8 + date) * 1000
    orders = rng.integers(1, 490, size=size) * 2 + male
    body = fixed + orders
    body[twins] = fixed[twins] + (orders[twins - 1] // 2 * 2) + 2 + male[twins]
    while True:
        _, first = np.unique(body, return_index=True)
        again = np.ones(size, dtype=np.bool_)
        again[first] = False
        if not again.any():
            break
        body[again] = fixed[again] + rng.integers(1, 490, size=int(again.sum())) * 2 + male[again]
    number = numbers.resident_ids(body)
    which = draw.weighted(rng, PERMITS, size)
    which[script == 1], which[script == 2] = 0, 4
    serial = draw.text(draw.distinct(size, lambda count: rng.integers(10**7, 10**8, size=count)))
    letters = draw.words(rng, list("CEGHJKLMPRT"), size)
    forms = (draw.glue("H", serial), serial, draw.glue("军字第", serial, "号"), draw.glue(letters, serial))
    for code, form in enumerate(forms, start=1):
        number = draw.picked(which == code, form, number)
    types = ["resident_id", "hk_macau_permit", "taiwan_permit", "officer_card", "passport"]
    return pa.array(types).take(pa.array(which)), number


def phones(rng: np.random.Generator, *, lender: draw.Numbers) -> tuple[pa.Array, pa.Array, pa.Array, pa.Array]:
    """Everybody's phone, the one before, since when, and the first day as a customer.

    A number that was given back is sold again when it has rested, to somebody who becomes a customer with it.

    Args:
        rng: Where chance comes from.
        lender: For every person the row of the one whose phone it uses, mostly its own.
    """
    size = len(lender)
    both = numbers.mobiles(rng, 2 * size)
    phone, old = both[:size].copy(), both[size:]
    changed = draw.hits(rng, CHANGED, size)
    since = customers.some_day(rng, size)
    since[draw.hits(rng, 0.5, size)] = customers.FIRST_DAY
    phone_since = since.copy()
    rest = (customers.LAST_DAY - since).astype(np.int64)
    phone_since[changed] += (rest * rng.random(size))[changed].astype("timedelta64[D]")
    free = np.flatnonzero(changed & (phone_since + REST + 30 < customers.LAST_DAY) & draw.hits(rng, RECYCLED, size))
    takers = rng.permutation(np.flatnonzero(~changed))[: len(free)]
    free = free[: len(takers)]
    phone[takers] = old[free]
    since[takers] = phone_since[takers] = phone_since[free] + REST
    since = np.maximum(since, since[lender])
    texts = draw.text(phone[lender]), pa.array(old[lender], mask=~changed[lender]).cast(pa.string())
    return *texts, customers.days(phone_since[lender]), customers.days(since)
