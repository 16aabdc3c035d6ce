"""How long somebody who types waits for who may be meant, among a million customers: one table a database.

    .venv/bin/python benchmarks/search.py --customers 1000000

What is typed is drawn from the store's own customers: their names key by key, in pinyin, by initials, in traditional
characters; phones, certificates, e-mails, doors, companies, numbers. Each is asked through the function that the page
and the interface for machines call, masked and in clear, and the answer is made ready for whoever sees it.

Warm: everything was asked once before. Cold: the database was just started, and none of its files is in memory.
"""

import argparse
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import crowd
import numpy as np
import opencc
import prepared
import pyarrow as pa
from rich.console import Console
from rich.table import Table

from kehu.flows.insight import insight
from kehu.flows.insight.sight import CLEAR, Sight
from kehu.process import text
from kehu.process.names import organizations, sounds
from kehu.store import customers
from kehu.store.database import Database

SEED = 2026
COMMON = "李王张刘陈"
LETTERS = "abcdefghijklmnopqrstuvwxyz"
GOAL_MS = 30
MASKED = Sight()


@dataclass(frozen=True, kw_only=True)
class Asked:
    """Queries of one class."""

    name: str
    typed: tuple[str, ...]
    further: bool = False
    """The page after the first is asked for."""


@dataclass(frozen=True, kw_only=True)
class Waited:
    """How long the queries of a class took, in milliseconds."""

    name: str
    clear: np.ndarray
    masked: np.ndarray
    cold: np.ndarray


def main() -> None:
    options = _options()
    told = Console(stderr=True)
    for kind in options.databases:
        home = options.dir / f"{kind}-{options.customers}-customers"
        with crowd.store(kind, home) as store:
            crowd.fill(store, options.customers, told)
            drawn = _drawn(store, options.customers, options.drawn)
        told.print(f"[dim]{kind}: asking …[/]")
        crowd.cool(home)
        with crowd.store(kind, home) as store:
            cold = {asked.name: _times(store, _of(asked, asked.typed[: options.cold]), CLEAR) for asked in drawn}
            waited = [_waited(store, asked, cold[asked.name]) for asked in drawn]
        Console(width=None if sys.stdout.isatty() else 150).print(_table(kind, options.customers, waited))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--customers", type=int, default=1_000_000, help="how many the store holds")
    parser.add_argument("--drawn", type=int, default=60, help="so many customers are searched for in each way")
    parser.add_argument("--cold", type=int, default=5, help="so many queries of each class are asked cold")
    parser.add_argument("--databases", nargs="+", choices=prepared.DATABASES, default=prepared.DATABASES)
    parser.add_argument("--dir", type=Path, default=Path("/tmp/kehu-search"), help="where the stores are kept")
    return parser.parse_args()


def _drawn(store: Database, size: int, many: int) -> list[Asked]:
    """The queries, class by class."""
    rows = _customers(store, size, 60 * many)
    people = [row for row in rows if row["kind"] == "individual"]
    han = [row["name"] for row in people if _is_han(row["name"])][:many]
    plain = [text.simplify(name) for name in han]
    spoken = [sounds.of_person(*sounds.split(name)) for name in plain]
    initials = ["".join(part[0] for part in sound.split()) for sound in spoken]
    latin = [row["name"].lower() for row in people if row["name"] and row["name"].isascii()][:many]
    to_traditional = opencc.OpenCC("s2t").convert
    companies = [row["name"] for row in rows if row["kind"] == "organization" and row["name"]][:many]
    numbers = [str(row["customer_id"]) for row in rows[:many]]
    return [
        Asked(name="the commonest surnames", typed=tuple(COMMON)),
        Asked(name="one letter", typed=tuple(LETTERS)),
        Asked(name="two letters", typed=tuple(dict.fromkeys(word[:2] for word in initials))),
        Asked(name="Chinese name, key by key", typed=_growing(plain)),
        Asked(name="pinyin, key by key", typed=_growing([sound.replace(" ", "") for sound in spoken])),
        Asked(name="pinyin with blanks", typed=tuple(spoken)),
        Asked(name="initials", typed=tuple(initials)),
        Asked(name="traditional characters", typed=tuple(map(to_traditional, plain))),
        Asked(name="Latin name, key by key", typed=_growing(latin)),
        Asked(name="phone, key by key", typed=_growing(_told(people, "phone", many))),
        Asked(name="last four digits", typed=tuple(phone[-4:] for phone in _told(people, "phone", many))),
        Asked(name="certificate", typed=_told(people, "id_number", many)),
        Asked(name="e-mail, key by key", typed=_growing(_told(people, "email", many // 4))),
        Asked(name="company, key by key", typed=_growing(companies[: many // 4])),
        Asked(name="company's short name", typed=tuple(map(_short, companies))),
        Asked(name="customer number, key by key", typed=_growing(numbers)),
        Asked(name="nobody", typed=tuple(f"{name}{name}{name}" for name in plain)),
        Asked(name="the page after the first", typed=(*COMMON, *LETTERS, *initials), further=True),
    ]


def _customers(store: Database, size: int, many: int) -> list[dict[str, str]]:
    drawn = np.random.default_rng(SEED).choice(size, min(size, many), replace=False) + 1
    with store.read() as tx:
        rows = customers.states(tx, pa.array(drawn)).to_pylist()
    return [rows[place] for place in np.random.default_rng(SEED).permutation(len(rows))]


def _is_han(name: str | None) -> bool:
    return name is not None and len(name) > 1 and all("\u4e00" <= sign <= "\u9fff" for sign in name)


def _growing(words: Sequence[str]) -> tuple[str, ...]:
    """What stands in the field after each key, each text once."""
    return tuple(dict.fromkeys(word[:end] for word in words for end in range(1, len(word) + 1)))


def _told(rows: Sequence[Mapping[str, str | None]], column: str, many: int) -> tuple[str, ...]:
    return tuple(value for row in rows if (value := row[column]))[:many]


def _short(company: str) -> str:
    """A company's name without region and legal form, as it is searched for."""
    core = organizations.columns(pa.array([company]))["org_core"][0].as_py()
    return core or company


def _of(asked: Asked, typed: tuple[str, ...]) -> Asked:
    return Asked(name=asked.name, typed=typed, further=asked.further)


def _waited(store: Database, asked: Asked, cold: np.ndarray) -> Waited:
    for sight in (CLEAR, MASKED):
        _times(store, asked, sight)
    return Waited(name=asked.name, clear=_times(store, asked, CLEAR), masked=_times(store, asked, MASKED), cold=cold)


def _times(store: Database, asked: Asked, sight: Sight) -> np.ndarray:
    """The milliseconds of each query."""
    spent = []
    for typed in asked.typed:
        cursor = None
        if asked.further:
            cursor = insight.find(store, typed, sight=sight).cursor
            if cursor is None:
                continue
        begun = time.perf_counter()
        sight.of(insight.find(store, typed, sight=sight, cursor=cursor))
        spent.append(1000 * (time.perf_counter() - begun))
    return np.array(spent)


def _table(kind: str, size: int, waited: Sequence[Waited]) -> Table:
    table = Table("what is typed", title=f"{kind}: {size:,} customers, milliseconds a query")
    for head in ("queries", "p50", "p95", "max", "masked: p50", "p95", "max", "cold: p50", "max"):
        table.add_column(head, justify="right", no_wrap=True)
    every = Waited(
        name="all",
        **{side: np.concatenate([getattr(one, side) for one in waited]) for side in ("clear", "masked", "cold")},
    )
    for one in (*waited, every):
        table.add_row(
            one.name, f"{len(one.clear):,}",
            *_figures(one.clear, 0.5, 0.95, 1), *_figures(one.masked, 0.5, 0.95, 1), *_figures(one.cold, 0.5, 1),
            end_section=one is waited[-1],
        )  # fmt: skip
    return table


def _figures(times: np.ndarray, *shares: float) -> Iterator[str]:
    for share in shares:
        yield f"{np.quantile(times, share):.1f}" if len(times) else "–"


if __name__ == "__main__":
    main()
