"""Writes the tables of docs/settings.md and docs/columns.md from the code: `make docs`.

A page marks where a table stands by `<!-- begin NAME -->` and `<!-- end -->`; what is between them is written here,
and the prose around them by hand. `tests/test_docs.py` fails where a page is not as it would be written.
"""

import re
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel
from sqlalchemy import Table

from kehu.collect import rest
from kehu.collect.web import pages, proofs
from kehu.flows.service import sla
from kehu.model import purposes, records
from kehu.process import mapping
from kehu.settings import sections
from kehu.store.dictionary import ground, whole

FOLDER = Path(__file__).parent
PAGES = ("settings.md", "columns.md")
OF_EVERY_RULE = ("severity", "message_zh", "message_en")


def main() -> None:
    """Write every page anew."""
    for name in PAGES:
        page = FOLDER / name
        page.write_text(written(page.read_text(encoding="utf-8")), encoding="utf-8")


def written(page: str) -> str:
    """The page with its tables as the code is now."""
    return re.sub(
        r"(<!-- begin (.+?) -->\n).*?(<!-- end -->)",
        lambda found: f"{found[1]}{WRITTEN[found[2]]()}\n{found[3]}",
        page,
        flags=re.DOTALL,
    )


def of_settings(model: type[BaseModel], *, without: Iterable[str] = (), only: Iterable[str] = ()) -> str:
    """A table of the settings of a model."""
    rows = [
        (f"`{field.alias or name}`", _default(field), field.description or "")
        for name, field in model.model_fields.items()
        if name not in without and (not only or name in only)
    ]
    return _table(("setting", "default", "what it is"), rows)


def _default(field: Any) -> str:
    if field.is_required():
        return "required"
    match field.get_default(call_default_factory=True):
        case None:
            return "none"
        case BaseModel() as chosen:
            return f'`{{ kind = "{getattr(chosen, "kind", "")}" }}`'
        case bool() as truth:
            return f"`{str(truth).lower()}`"
        case int() | float() as number:
            return f"`{number:g}`" if number < 100_000 else f"`{number}`"
        case tuple() | list() as many:
            return "`[" + ", ".join(f'"{one}"' if isinstance(one, str) else f"{one}" for one in many) + "]`"
        case dict() as table:
            return "`{}`" if not table else ", ".join(f"`{name}`" for name in table)
        case other:
            return f'`"{other}"`'


def of_kinds(annotation: Any) -> str:
    """A paragraph and a table for each kind of a setting."""
    return "\n\n".join(_kinds(get_args(get_args(annotation)[0])))


def _kinds(models: Iterable[type[BaseModel]]) -> Iterator[str]:
    for model in models:
        word = get_args(model.model_fields["kind"].annotation)[0]
        yield f'**`kind = "{word}"`**: {_first_line(model)}'
        rest_of_it = [name for name, field in model.model_fields.items() if field.annotation not in (type(None), None)]
        if rest_of_it != ["kind"]:
            yield of_settings(model, without=["kind"], only=rest_of_it)


def of_rules() -> str:
    """A paragraph and a table for each rule."""
    parts: list[str] = []
    for word, model in sections.RULES.items():
        parts.append(f'**`rule = "{word}"`**: {_first_line(model)}')
        own = [name for name in model.model_fields if name not in {"rule", *OF_EVERY_RULE}]
        if own:
            parts.append(of_settings(model, only=own))
    return "\n\n".join(parts)


def of_every_rule() -> str:
    """A table of what every rule knows."""
    any_rule = next(iter(sections.RULES.values()))
    return of_settings(any_rule, only=OF_EVERY_RULE)


def of_mapping() -> str:
    """A table of our columns that a mapping may fill."""
    fields = mapping.Mapping.model_fields.items()
    return _table(("our column", "what it is"), [(f"`{name}`", field.description or "") for name, field in fields])


def of_flat() -> str:
    """The flat columns, in a line."""
    return ", ".join(f"`{name}`" for name in records.FLAT_COLUMNS) + "."


def of_clean() -> str:
    """A table of the clean columns."""
    rows = [
        (f"`{field.name}`", f"{field.type}{'' if field.nullable else ', never null'}", ground.SAYS[field.name])
        for field in records.CLEAN
    ]
    return _table(("column", "type", "what it is"), rows)


def of_store() -> str:
    """A part for every table of the store."""
    return "\n\n".join(_of_table(table) for table in whole.metadata.sorted_tables)


def _of_table(table: Table) -> str:
    """What a table is, what for and how long it is kept, and what each column is, with its class."""
    told = purposes.HELD[table.name]
    rows = [
        (f"`{column.name}`{' (key)' if column.primary_key else ''}", told.class_of(column.name), column.comment or "")
        for column in table.columns
    ]
    why = f"For: {purposes.USES[told.use][1]}. Kept: {purposes.PERIODS[told.period][1]}."
    return f"### {table.name}\n{table.comment}.\n\n{why}\n\n" + _table(("column", "class", "what it is"), rows)


def _first_line(model: type[BaseModel]) -> str:
    return (model.__doc__ or "").splitlines()[0]


def _table(heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [heads, ("---",) * len(heads), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


WRITTEN: dict[str, Callable[[], str]] = {
    **{name: lambda model=model: of_settings(model) for name, model in sections.SECTIONS.items()},  # type: ignore[misc]
    **{name: lambda model=model: of_settings(model) for name, model in sections.SOURCES.items()},  # type: ignore[misc]
    "serve.oidc": lambda: of_settings(sections.Oidc),
    "class of tickets": lambda: of_settings(sla.Class),
    "every channel": lambda: of_settings(sections.Own),
    "paging": lambda: of_kinds(pages.Paging),
    "auth": lambda: of_kinds(proofs.Auth),
    "since": lambda: of_settings(rest.Since),
    "source": lambda: of_settings(mapping.Source),
    "mapping": of_mapping,
    "every rule": of_every_rule,
    "rules": of_rules,
    "flat": of_flat,
    "clean": of_clean,
    "store": of_store,
}
"""Name of a place in a page -> what stands there."""

if __name__ == "__main__":
    sys.exit(main())
