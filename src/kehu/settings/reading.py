"""Reading `kehu.toml` and the environment: the settings, or every complaint at once."""

import os
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from kehu.collect import own, push
from kehu.errors import SettingsError
from kehu.flows.intake.threshold import Limit
from kehu.flows.service.sla import Tickets
from kehu.model import plugged
from kehu.process import mapping
from kehu.resolve.survivorship import Survivorship
from kehu.settings import complaints
from kehu.settings.sections import (
    FILE_NAME,
    RULES,
    SECTIONS,
    SOURCES,
    Analyse,
    Channel,
    Kehu,
    Own,
    Resolve,
    Serve,
    Settings,
    Source,
    Town,
)


def find(config: Path | None = None, *, environment: Mapping[str, str] = os.environ) -> Path:
    """Where the settings file is: as told, as `KEHU_CONFIG` says, or in the current folder.

    Raises:
        SettingsError: There is none; it tells of `kehu init`.
    """
    path = config or Path(environment.get("KEHU_CONFIG") or FILE_NAME)
    if path.is_dir():
        path /= FILE_NAME
    if not path.is_file():
        raise SettingsError(
            f"{path}: there is no such settings file; `kehu init DIR` makes a project folder with one, "
            "`--config PATH` or KEHU_CONFIG name another"
        )
    return path


def load(config: Path | None = None, *, environment: Mapping[str, str] = os.environ) -> Settings:
    """Read `kehu.toml` and what the environment overrides.

    Raises:
        SettingsError: The file is missing or no TOML, or settings are unknown, missing or wrong; all are named.
    """
    path = find(config, environment=environment)
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as why:
        raise SettingsError(f"{path}: this is not TOML in UTF-8: {why}") from None
    if store := environment.get("KEHU_STORE"):
        tables = {**tables, "kehu": {**tables.get("kehu", {}), "store": store}}
    heard: list[str] = []
    settings = replace(_settings(tables, path.resolve().parent, heard), key_text=environment.get("KEHU_KEY"))
    if heard:
        raise SettingsError("\n".join(f"{path}: {complaint}" for complaint in heard))
    return settings


def secret(name: str, *, environment: Mapping[str, str] = os.environ) -> str:
    """A secret; it stands in the environment only, and a setting names the variable.

    Raises:
        SettingsError: The variable is not set.
    """
    if not (value := environment.get(name)):
        raise SettingsError(f"the environment variable {name} is not set, but kehu.toml asks for the secret in it")
    return value


# Every complaint is gathered before the file is refused: whoever edits it wants to hear of all of them at once.
# Where there is a complaint, what is returned is not used.

M = TypeVar("M", bound=BaseModel)


def _settings(tables: dict[str, Any], folder: Path, heard: list[str]) -> Settings:
    unknown = [name for name in tables if name not in SECTIONS and name != "channels"]
    heard.extend(f"there is no table [{name}] {complaints.near(name, [*SECTIONS, 'channels'])}" for name in unknown)
    channels = tables.get("channels", {})
    if not isinstance(channels, dict):
        heard.append("channels is a table of tables: [channels.NAME]")
        channels = {}
    return Settings(
        folder=folder,
        kehu=_read(Kehu, tables.get("kehu", {}), "[kehu]", heard),
        resolve=_read(Resolve, tables.get("resolve", {}), "[resolve]", heard),
        survivorship=_read(Survivorship, tables.get("survivorship", {}), "[survivorship]", heard),
        serve=_read(Serve, tables.get("serve", {}), "[serve]", heard),
        tickets=_read(Tickets, tables.get("tickets", {}), "[tickets]", heard),
        analyse=_read(Analyse, tables.get("analyse", {}), "[analyse]", heard),
        town=_read(Town, tables["town"], "[town]", heard) if "town" in tables else None,
        channels=tuple(_channel(name, keys, heard) for name, keys in channels.items()),
    )


def _channel(name: str, keys: Any, heard: list[str]) -> Channel:
    where = f"[channels.{name}]"
    if not re.fullmatch(r"\w[\w-]{0,63}", name):
        heard.append(f"{where}: a channel's name is up to 64 letters, digits, - and _")
    keys = dict(keys) if isinstance(keys, dict) else {}
    own = _read(Own, {key: keys.pop(key) for key in Own.model_fields if key in keys}, where, heard)
    columns, rules = keys.pop("mapping", None), keys.pop("rules", [])
    if columns is None and keys.get("type") == "push":
        columns = {name: name for name in mapping.Mapping.model_fields}
    if not isinstance(rules, list):
        heard.append(f"{where}: rules are tables of their own: [[channels.{name}.rules]]")
        rules = []
    return Channel(
        name=name,
        trust=own.trust,
        zone=own.zone,
        limit=Limit(share=own.quarantine_limit, rows=own.quarantine_limit_rows),
        source=_source(keys, where, heard),
        mapping=None if columns is None else _read(mapping.Mapping, columns, f"[channels.{name}.mapping]", heard),
        rules=tuple(
            _chosen(RULES, "rule", rule, f"[[channels.{name}.rules]] no. {number}", heard, keep=True)
            for number, rule in enumerate(rules, 1)
        ),
    )


def _source(keys: dict[str, Any], where: str, heard: list[str]) -> Source:
    """Where the rows come from: one of our channels, or one that another package brings."""
    beside = [*Own.model_fields, "mapping", "rules"]
    kind = str(keys.get("type", ""))
    if kind not in SOURCES:
        try:
            made_by = own.find(kind)
        except SettingsError as why:
            heard.append(f"{where}: {why}")
            return push.PushSource()
        if made_by is not None:
            given = {name: value for name, value in keys.items() if name != "type"}
            return own.OwnSource(made_by=made_by, settings=_read(made_by.Settings, given, where, heard, beside=beside))
        if kind:
            heard.append(f"{where}: for a type of your own, a package must bring it ({plugged.installed(own.GROUP)})")
    return _chosen(SOURCES, "type", keys, where, heard, beside=beside)


def _chosen(
    models: Mapping[str, type[M]],
    key: str,
    keys: Any,
    where: str,
    heard: list[str],
    *,
    beside: Sequence[str] = (),
    keep: bool = False,
) -> M:
    """Read a table whose model is named by one of its keys; `keep` where the model wants to see that key, too."""
    chosen = str(keys.get(key, "")) if isinstance(keys, dict) else ""
    if chosen not in models:
        is_now = f", not {chosen!r} {complaints.near(chosen, models)}" if chosen else ""
        heard.append(f"{where}: {key} is one of {', '.join(models)}{is_now}")
        return next(iter(models.values())).model_construct()
    given = keys if keep else {name: value for name, value in keys.items() if name != key}
    return _read(models[chosen], given, where, heard, beside=beside)


def _read(model: type[M], keys: Any, where: str, heard: list[str], *, beside: Sequence[str] = ()) -> M:
    try:
        return model.model_validate(keys)
    except ValidationError as why:
        heard.extend(complaints.said(model, error, where, beside) for error in why.errors(include_url=False))
        return model.model_construct()
