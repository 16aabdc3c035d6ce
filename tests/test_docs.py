"""What docs/ does not name, nobody finds: settings, commands, columns and routes; and every link leads somewhere."""

import importlib.util
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import BaseModel

from kehu.cli import commands
from kehu.collect import rest
from kehu.collect.town import example
from kehu.model.records import CLEAN, FLAT_COLUMNS
from kehu.process.mapping import Mapping
from kehu.serve.app import PAGES, create
from kehu.settings import reading, sections
from kehu.store import database
from kehu.store.dictionary import whole

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES_OF_TEXT = sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md")])


def text(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


def section(name: str, head: str) -> str:
    """What stands in a page below a head, up to the next one."""
    _, found, rest = text(name).partition(f"{head}\n")
    assert found, f"docs/{name} has no section {head!r}"
    return re.split(r"^#", rest, maxsplit=1, flags=re.MULTILINE)[0]


def models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from models(part)


def every_setting() -> Iterator[tuple[str, str]]:
    """The model and the name of each setting, however deep it stands."""
    waiting: list[type[BaseModel]] = [
        *sections.SECTIONS.values(),
        sections.Own,
        *sections.SOURCES.values(),
        Mapping,
        *sections.RULES.values(),
    ]
    seen: set[type[BaseModel]] = set()
    while waiting:
        model = waiting.pop()
        if model in seen:
            continue
        seen.add(model)
        for name, field in model.model_fields.items():
            yield model.__name__, field.alias or name
            waiting.extend(models(field.annotation))
    assert rest.Since in seen


def writer() -> Any:
    """docs/tables.py, which is no part of the package."""
    spec = importlib.util.spec_from_file_location("docs_tables", DOCS / "tables.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", ["settings.md", "columns.md"])
def test_the_tables_are_those_that_make_docs_writes(name: str) -> None:
    assert text(name) == writer().written(text(name)), f"docs/{name} is older than the code: make docs"


def test_every_setting_has_a_help_text() -> None:
    described: list[type[BaseModel]] = [*sections.SECTIONS.values(), sections.Own, *sections.SOURCES.values(), Mapping]
    for model in described:
        for name, field in model.model_fields.items():
            assert field.description, f"{model.__name__}.{name}"


@pytest.mark.parametrize(("model", "name"), sorted(set(every_setting())))
def test_every_setting_is_named(model: str, name: str) -> None:
    assert f"`{name}`" in text("settings.md"), f"docs/settings.md does not name {name} of {model}"


def test_every_table_of_settings_kind_of_channel_and_rule_is_named() -> None:
    for name in [*sections.SECTIONS, "channels.NAME", "channels.NAME.mapping"]:
        assert f"[{name}]" in text("settings.md")
    for word in [*sections.SOURCES, *sections.RULES]:
        assert f'"{word}"' in text("settings.md")


def every_command() -> Iterator[tuple[str, Any]]:
    for name in commands.COMMANDS:
        command: Any = commands.loaded(name)
        if hasattr(command, "commands"):
            yield from ((f"{name} {inner}", found) for inner, found in command.commands.items())
        else:
            yield name, command


@pytest.mark.parametrize(("name", "command"), [pytest.param(*found, id=found[0]) for found in every_command()])
def test_every_command_and_each_of_its_options_is_named(name: str, command: Any) -> None:
    head = next((line for line in text("commands.md").splitlines() if re.match(rf"## kehu {name}\b", line)), None)
    assert head, f"docs/commands.md has no section for kehu {name}"
    told = section("commands.md", head)
    if "Options as\n`kehu run`" in told:
        told += section("commands.md", "## kehu run")
    for option in command.params:
        for flag in [*option.opts, *option.secondary_opts]:
            if flag.startswith("--"):
                assert flag in told + head, f"docs/commands.md does not name {flag} of kehu {name}"


@pytest.mark.parametrize("name", commands.COMMANDS)
def test_the_list_of_commands_says_what_each_says_of_itself(name: str) -> None:
    told = str(commands.loaded(name).help).split("\n\n")[0]
    assert " ".join(told.split()) == commands.COMMANDS[name].help


def test_no_command_is_named_that_is_not_there() -> None:
    there = {name for name, _ in every_command()}
    for head in re.findall(r"^## kehu ([a-z ]+?)(?: [A-Z-].*)?$", text("commands.md"), flags=re.MULTILINE):
        assert head in there


@pytest.mark.parametrize("table", whole.metadata.sorted_tables, ids=str)
def test_every_column_of_every_table_is_named(table: Any) -> None:
    told = section("columns.md", f"### {table.name}")
    for column in table.columns:
        assert f"`{column.name}`" in told, f"docs/columns.md does not name {column.name} of {table.name}"


def test_every_flat_and_clean_column_is_named() -> None:
    for name in (*FLAT_COLUMNS, *CLEAN.names):
        assert f"`{name}`" in text("columns.md")


def test_every_route_is_named(tmp_path: Path) -> None:
    store = database.connect("sqlite:///kehu.db", folder=tmp_path)
    described = create(store, clock=lambda: datetime.now(UTC)).openapi()["paths"]
    store.close()
    routes = {(verb.upper(), path) for path, verbs in described.items() for verb in verbs}
    routes |= {
        (verb, route.path) for page in PAGES for route in page.router.routes for verb in route.methods - {"HEAD"}
    }
    assert len(routes) > 10
    for verb, path in routes:
        assert f"`{verb} {path}`" in text("routes.md"), f"docs/routes.md does not name {verb} {path}"


@pytest.mark.parametrize("page", PAGES_OF_TEXT, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
        if re.match(r"https?://", target):
            continue
        path, _, anchor = target.partition("#")
        found = (page.parent / path).resolve() if path else page
        assert found.exists(), f"{page.relative_to(ROOT)}: {target}"
        if anchor:
            heads = re.findall(r"^#+ (.*)$", found.read_text(encoding="utf-8"), flags=re.MULTILINE)
            assert anchor in {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}, target


def test_every_page_of_the_documentation_is_in_the_index() -> None:
    linked = set(re.findall(r"\]\(([^)#\s]+)\)", text("index.md")))
    assert {str(page.relative_to(DOCS)) for page in DOCS.rglob("*.md")} - {"index.md"} <= linked


def test_the_two_readmes_have_the_same_parts() -> None:
    parts = [
        (text.count("\n## "), re.findall(r"```\w*", text), sorted(set(re.findall(r"`(?:kehu|make) [a-z]+", text))))
        for text in ((ROOT / name).read_text(encoding="utf-8") for name in ("README.md", "README.zh-CN.md"))
    ]
    assert parts[0] == parts[1]


def test_the_examples_that_users_copy_are_read_without_a_complaint(tmp_path: Path) -> None:
    """The settings of the demo, those of `kehu init`, and every TOML block of the documentation."""
    (tmp_path / "kehu.toml").write_text(example.settings_toml(8451), encoding="utf-8")
    assert len(reading.load(tmp_path, environment={}).channels) == 3
    for page in DOCS.rglob("*.md"):
        for block in re.findall(r"```toml\n(.*?)```", page.read_text(encoding="utf-8"), flags=re.DOTALL):
            whole = block if "[channels.hall.mapping]" in block else f"[channels.hall.mapping]\n{block}"
            if "record_id" not in whole:
                whole += '\n[channels.hall.mapping.record_id]\ncolumn = "no"\n'
            if block.startswith("[[channels.hall.rules]]"):
                whole = f'[channels.hall.mapping]\nrecord_id = "no"\n{block}'
            (tmp_path / "kehu.toml").write_text(
                f'[channels.hall]\ntype = "files"\npath = "hall"\n{whole}', encoding="utf-8"
            )
            reading.load(tmp_path, environment={})
