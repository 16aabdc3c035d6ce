"""Inventing the town: so many records of customers whose truth is known."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from kehu.collect.town import addresses, customers, draw, errors, organizations, people
from kehu.collect.town.rates import Rates
from kehu.model import records as columns

CHANNELS = ("online", "calls", "hall")
CHANNEL_WEIGHTS = (0.30, 0.35, 0.35)
RECORDS_PER_CUSTOMER = (40, 24, 14, 8, 5, 3.5, 2.5, 1.5, 1.5)
"""How many of a hundred customers have one, two, … nine records."""
ORGANIZATIONS = 0.08
"""How many customers are organizations."""
RECORDS_PER_AGENT = 50_000
"""One agent's phone in so many records: with the rates as they are, more than a hundred forms carry it."""
ASKED = {
    "id_number": (1.00, 0.25, 1.00),
    "phone_2": (0.60, 0.20, 0.60),
    "birth_date": (0.95, 0.15, 0.35),
    "gender": (0.95, 0.60, 0.60),
    "email": (0.80, 0.04, 0.00),
    "address": (1.00, 0.25, 0.70),
    "category": (0.90, 0.30, 0.90),
}
"""How often each channel asks for a value at all."""
SHOWS_STAR = (0.00, 0.80, 0.60)
"""How often the system of each channel shows a star level; who applies online states none."""
STARS: dict[str | None, float] = {
    None: 10, "1": 24, "2": 22, "3": 20, "4": 12, "5": 6, "5_silver": 3, "5_gold": 2, "5_diamond": 1
}  # fmt: skip
"""The star levels of a hundred persons."""
EARLIER = 5 * 365
"""So many days at the most had those held their number who were there on the first day."""
PROXIES = 0.10
"""How often somebody else goes to the hall."""

VISITS = pa.schema(
    [
        pa.field("customer", pa.int64()),  # A row of the customers.
        pa.field("at", pa.timestamp("s")),  # When, on the town's own clock.
        pa.field("msisdn", pa.string()),  # The number it was about.
        pa.field("opened", pa.date32()),  # When that number was opened.
        pa.field("proxy_name", pa.string()),  # Who went to the hall instead; null for most.
        pa.field("proxy_id_number", pa.string()),
    ]
)
"""One row a record, in the order of the records: what the channels need to know beyond it."""


@dataclass(frozen=True, kw_only=True)
class Town:
    """A made-up town."""

    records: pa.Table
    """The flat records, all text: `model.records.FLAT_COLUMNS` as far as they apply, oldest first."""
    truth: pa.Table
    """One row a record: `record_id` and the `customer_id` that is true of it, both text."""
    visits: pa.Table
    """One row a record, the table `VISITS`."""
    customers: pa.Table
    """The customers themselves, the table `customers.CUSTOMERS`, and their `star_level`."""
    rates: Rates
    """How often errors happened."""
    seed: int
    """Where its chance came from."""


def make(records: int, *, seed: int = 1, rates: Rates | None = None) -> Town:
    """A town of so many records, at least one; the same seed and rates make the same town."""
    if records < 1:
        raise ValueError(f"a town has at least one record, not {records}")
    rates = rates or Rates()
    rng = np.random.default_rng(seed)
    customer, channel = _visitors(rng, records)
    homes, everybody = _inhabitants(rng, int(customer.max()) + 1)
    everybody = _starred(np.random.default_rng([seed, 1]), everybody)
    visits = _visits(rng, everybody, customer, channel)
    order = np.argsort(visits["at"].to_numpy(), kind="stable")
    visits, channel = visits.take(pa.array(order)), channel[order]
    flat = _flat(rng, everybody, homes, visits, channel, rates)
    customer_id = draw.glue("c", draw.padded(visits["customer"].to_numpy(), 8))
    truth = pa.table({"record_id": flat["record_id"], "customer_id": customer_id})
    return Town(records=flat, truth=truth, visits=visits, customers=everybody, rates=rates, seed=seed)


def _visitors(rng: np.random.Generator, size: int) -> tuple[draw.Numbers, draw.Numbers]:
    """For every record the row of its customer and of its channel."""
    counts = draw.weighted(rng, RECORDS_PER_CUSTOMER, size) + 1
    customer = np.repeat(np.arange(size), counts)[:size]
    return customer, draw.weighted(rng, CHANNEL_WEIGHTS, size)


def _inhabitants(rng: np.random.Generator, size: int) -> tuple[pa.Table, pa.Table]:
    """The addresses and the customers of the town, organizations last."""
    firms = int(size * ORGANIZATIONS)
    persons = size - firms
    homes = addresses.make(rng, 2 * size)
    individuals = people.make(rng, persons, addresses=homes, employers=persons + np.arange(firms))
    staffed = organizations.make(rng, firms, addresses=homes, first_row=persons, first_address=2 * persons)
    return homes, pa.concat_tables([individuals, staffed]).combine_chunks()


def _starred(rng: np.random.Generator, everybody: pa.Table) -> pa.Table:
    """The inhabitants with their star levels, drawn apart: the towns of a seed are else as they were without them."""
    level = draw.weighted(rng, tuple(STARS.values()), len(everybody))
    stars = pa.array(list(STARS), pa.string()).take(pa.array(level))
    return everybody.append_column(
        "star_level", draw.absent(stars, draw.mask(pc.not_equal(everybody["kind"], "individual")))
    )


def _visits(rng: np.random.Generator, everybody: pa.Table, customer: draw.Numbers, channel: draw.Numbers) -> pa.Table:
    """When and how each customer came."""
    size = len(customer)
    since = everybody["since"].to_numpy()[customer]
    day = since + (rng.random(size) * (customers.LAST_DAY - since + 1).astype(np.int64)).astype("timedelta64[D]")
    # Halls are open from eight to eight; the other two always, at night seldom.
    awake = (channel == 2) | draw.hits(rng, 0.92, size)
    second = np.where(awake, rng.integers(8 * 3600, 20 * 3600, size=size), rng.integers(86_400, size=size))
    at = day.astype("datetime64[s]") + second.astype("timedelta64[s]")
    came = (channel == 2) & draw.hits(rng, PROXIES, size)
    proxies = everybody.select(["name", "id_number"]).take(everybody["proxy"].take(pa.array(customer)).combine_chunks())
    before = day < everybody["phone_since"].to_numpy()[customer]
    true = everybody.select(["phone", "old_phone"]).take(pa.array(customer))
    old = pc.coalesce(true["old_phone"], true["phone"]).combine_chunks()
    return pa.table(
        {
            "customer": pa.array(customer),
            "at": pa.array(at),
            "msisdn": draw.picked(before, old, true["phone"].combine_chunks()),
            "opened": _opened(customer, np.where(before, since, everybody["phone_since"].to_numpy()[customer])),
            "proxy_name": draw.absent(proxies["name"].combine_chunks(), ~came),
            "proxy_id_number": draw.absent(proxies["id_number"].combine_chunks(), ~came),
        },
        VISITS,
    )


def _opened(customer: draw.Numbers, held: customers.Days) -> pa.Array:
    """When a number was opened: who was there on the first day had come within the years before."""
    # Drawn from nothing, so that the towns of a seed are else as they were.
    earlier = (customer * 7919 % EARLIER).astype("timedelta64[D]")
    return pa.array(np.where(held == customers.FIRST_DAY, held - earlier, held), pa.date32())


def _flat(
    rng: np.random.Generator,
    everybody: pa.Table,
    homes: pa.Table,
    visits: pa.Table,
    channel: draw.Numbers,
    rates: Rates,
) -> pa.Table:
    """What the records say."""
    size = len(visits)
    true = everybody.take(visits["customer"])
    asked = {name: rng.random(size) < np.array(often)[channel] for name, often in ASKED.items()}
    # Every column has its own chance: another rate for one leaves the others as they were.
    chance = dict(zip(columns.FLAT_COLUMNS, rng.spawn(len(columns.FLAT_COLUMNS)), strict=True))
    id_number = errors.certificates(
        chance["id_number"],
        true,
        proxy=visits["proxy_id_number"].combine_chunks(),
        asked=asked["id_number"],
        rates=rates,
    )
    others = _other_phones(rng, everybody, visits, true, dialled=channel == 1)
    phone = errors.phones(chance["phone"], visits["msisdn"].combine_chunks(), others, dialled=channel == 1, rates=rates)
    day = visits["at"].to_numpy().astype("datetime64[D]")
    old = (day < true["address_since"].to_numpy()) | draw.hits(rng, rates.address_old, size)
    home = homes.take(draw.picked(old, true["old_address"].combine_chunks(), true["address"].combine_chunks()))
    stated = draw.mask(id_number.is_valid())
    at = visits["at"].combine_chunks()
    flat = {
        "record_id": _keys(channel),
        "channel": pa.array(CHANNELS).take(pa.array(channel)),
        "kind": draw.absent(true["kind"].combine_chunks(), channel != 0),
        "name": errors.names(chance["name"], true, spoken=channel == 1, rates=rates),
        "id_type": draw.absent(true["id_type"].combine_chunks(), ~stated),
        "id_number": id_number,
        "phone": phone,
        "phone_2": draw.absent(true["phone_2"].combine_chunks(), ~asked["phone_2"]),
        "birth_date": errors.births(chance["birth_date"], true, asked=asked["birth_date"], rates=rates),
        "gender": errors.genders(chance["gender"], true, asked=asked["gender"], rates=rates),
        "email": errors.emails(chance["email"], true, asked=asked["email"], rates=rates),
        "address": errors.addresses(chance["address"], home, asked=asked["address"], rates=rates),
        "category": errors.categories(chance["category"], true, asked=asked["category"], rates=rates),
        "updated_at": pc.strftime(at, "%Y-%m-%dT%H:%M:%S+08:00"),
        "star_level": _shown_stars(chance["star_level"], true, channel, rates),
    }
    return pa.table({name: flat[name] for name in columns.FLAT_COLUMNS if name in flat})


def _shown_stars(rng: np.random.Generator, true: pa.Table, channel: draw.Numbers, rates: Rates) -> pa.Array:
    shown = rng.random(len(true)) < np.array(SHOWS_STAR)[channel]
    return errors.stars(rng, true, asked=shown, rates=rates)


def _other_phones(
    rng: np.random.Generator, everybody: pa.Table, visits: pa.Table, true: pa.Table, *, dialled: draw.Mask
) -> dict[str, pa.Array]:
    """By the name of a rate, whose number may stand where the customer's should."""
    size = len(visits)
    agents = draw.text(rng.integers(15_000_000_000, 15_100_000_000, size=size // RECORDS_PER_AGENT + 1))
    number = everybody["phone"].combine_chunks()
    alone = draw.mask(pc.equal(true["head"], visits["customer"]))
    agent = agents.take(pa.array(rng.integers(len(agents), size=size)))
    return {
        "phone_old": true["old_phone"].combine_chunks(),
        "phone_of_family": draw.absent(number.take(true["head"].combine_chunks()), alone),
        "phone_of_staff": number.take(true["employer"].combine_chunks()),
        "phone_of_agent": draw.absent(agent, dialled),
        "phone_of_proxy": draw.absent(
            number.take(true["proxy"].combine_chunks()), draw.mask(pc.is_null(visits["proxy_name"]))
        ),
    }


def _keys(channel: draw.Numbers) -> pa.Array:
    """The channel's own key of every record, rising with time: A0000001, 1000001, H0000001."""
    order = np.zeros(len(channel), dtype=np.int64)
    for code in range(len(CHANNELS)):
        order[channel == code] = np.arange(1, int((channel == code).sum()) + 1)
    prefix = pa.array(["A", "1", "H"]).take(pa.array(channel))
    return draw.glue(prefix, draw.padded(order, 8))
