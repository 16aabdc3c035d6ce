"""The settings: `kehu.toml` and the environment, read once, here, and nowhere else.

Every setting has a default, or a message that asks for it, and a help text; `docs/settings.md` names them all.
A room describes its own part (a source, a mapping, a rule); this file puts the parts together.
"""

import difflib
import os
import re
import tomllib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar, get_args, get_origin
from zoneinfo import available_timezones

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails

from kehu.collect import database, files, own, push, rest
from kehu.errors import SettingsError
from kehu.flows.service.sla import Tickets
from kehu.flows.threshold import Limit
from kehu.model import plugged
from kehu.process import checks, mapping
from kehu.resolve.survivorship import Survivorship

FILE_NAME = "kehu.toml"
"""The settings file, looked for in the current folder."""


def _is_a_zone(zone: str) -> str:
    if zone not in available_timezones():
        raise ValueError(f"{zone} is not a time zone (like Asia/Shanghai)")
    return zone


Zone = Annotated[str, AfterValidator(_is_a_zone)]
"""The IANA name of a time zone."""


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Kehu(_Section):
    """`[kehu]`: the project."""

    store: str = Field(
        default="sqlite:///kehu.db",
        description="URL of the store; a relative SQLite file stands beside kehu.toml. KEHU_STORE overrides it.",
    )
    home: str = Field(
        default="CN",
        pattern="^[A-Z]{2}$",
        description="The country whose phone numbers and addresses are at home, as two capitals.",
    )
    zone: Zone = Field(
        default="Asia/Shanghai",
        description="The time zone (an IANA name) of times that state no offset, in channels that set none.",
    )
    raw: Path = Field(default=Path("raw"), description="The folder where every batch is kept as it came, as Parquet.")
    key: Path = Field(
        default=Path("kehu.key"),
        description="The file of the keys that seal certificates: made with the store, read by its owner only. Keep a "
        "copy where no backup of the store goes. KEHU_KEY, the text of such a file, overrides it.",
    )
    audit_head: Path = Field(
        default=Path("audit.head"), description="The file of the signed head of the audit chain, outside the store."
    )
    ledger: Path = Field(
        default=Path("erased.jsonl"),
        description="The file of the marks (keyed hashes) by which the erased stay away after a restore.",
    )
    keep_years: int = Field(
        default=2, ge=0, le=100, description="So many years after a service ended law keeps its holder's real name."
    )


class Resolve(_Section):
    """`[resolve]`: how records become customers."""

    model: str = Field(
        default="shipped",
        description="What a store begins with: `shipped`, or the path of a model that `kehu train` made. Once one was "
        "adopted (`kehu train --adopt`), the store knows which is in force.",
    )
    hot_key_limit: int = Field(
        default=100, ge=2, description="A value shared by more records than this makes no pairs, and is reported."
    )
    threads: int = Field(default=0, ge=0, description="Threads to resolve with; 0 takes every core.")


class Serve(_Section):
    """`[serve]`: the application."""

    host: str = Field(default="127.0.0.1", description="The address to listen on; another than loopback needs hosts.")
    hosts: tuple[str, ...] = Field(
        default=(), description='The names under which browsers reach it beside localhost: ["kehu.example.com"].'
    )
    secure: bool = Field(
        default=False, description="Browsers reach it by HTTPS (a proxy before it): cookies travel by nothing else."
    )
    idle_minutes: int = Field(default=30, ge=1, le=1440, description="A session ends after so long without a request.")
    session_hours: int = Field(default=12, ge=1, le=720, description="A session ends after so long, however busy.")
    unmaskings_per_hour: int = Field(
        default=30, ge=0, description="So often somebody may have a customer's values unmasked; 0 lifts the limit."
    )
    searches_per_minute: int = Field(
        default=300, ge=0, description="So often somebody, or a key, may search; 0 lifts the limit."
    )
    pushes_per_minute: int = Field(
        default=60_000, ge=0, description="So many requests with records a key may send; 0 lifts the limit."
    )
    open_at_first: bool = Field(
        default=False,
        description="Until the first user is made, whoever reaches the loopback address may do everything: for a "
        "made-up town only. Otherwise the first start prints a one-time link.",
    )
    port: int = Field(default=8450, ge=0, le=65535, description="The port to listen on; 0 takes a free one.")
    zone: Zone = Field(default="Asia/Shanghai", description="The time zone in which pages write times (an IANA name).")


class Analyse(_Section):
    """`[analyse]`: figures and segments."""

    smallest_group: int = Field(
        default=10, ge=1, description="Groups of fewer customers are not told to those who may not see persons."
    )
    figures_minutes: int = Field(
        default=60,
        ge=0,
        description="`kehu run` counts the figures of the dashboard anew, if they are older than this.",
    )


class Town(_Section):
    """`[town]`: the made-up application server of the demo; `kehu run` starts it while it works."""

    applications: Path = Field(description="The applications it serves, as JSON Lines.")
    port: int = Field(default=8451, ge=1, le=65535, description="The loopback port it listens on.")


class Own(_Section):
    """`[channels.NAME]`: what every channel can be told, whatever its type."""

    trust: int = Field(
        default=1, ge=0, le=100, description="Golden values: the higher wins where validity and dates tie."
    )
    zone: Zone | None = Field(
        default=None,
        description="The time zone of its times that state no offset; that of [kehu] where it is not set.",
    )
    quarantine_limit: float = Field(
        default=0.5,
        ge=0,
        le=1,
        description="A load of which more than this share of rows is bad is stopped; 1 stops none.",
    )
    quarantine_limit_rows: int = Field(
        default=100, ge=1, description="So many rows are read before quarantine_limit says anything."
    )


BuiltIn = rest.RestSource | database.DatabaseSource | files.FilesSource | push.PushSource
Source = BuiltIn | own.OwnSource
SOURCES: dict[str, type[BuiltIn]] = {
    "rest": rest.RestSource,
    "database": database.DatabaseSource,
    "files": files.FilesSource,
    "push": push.PushSource,
}
"""The types of channels, by the word that stands in `type`."""

RULES: dict[str, Any] = {
    get_args(model.model_fields["rule"].annotation)[0]: model for model in get_args(get_args(checks.Rule)[0])
}
"""The rules, by the word that stands in `rule`."""

SECTIONS: dict[str, type[BaseModel]] = {
    "kehu": Kehu,
    "resolve": Resolve,
    "survivorship": Survivorship,
    "serve": Serve,
    "tickets": Tickets,
    "analyse": Analyse,
    "town": Town,
}
"""The tables of the file beside `channels`."""


@dataclass(frozen=True, kw_only=True)
class Channel:
    """One channel, as described in `[channels.NAME]`."""

    name: str
    trust: int
    zone: str | None
    """The time zone of its times that state no offset; None where it is that of all channels."""
    limit: Limit
    source: Source
    mapping: mapping.Mapping | None
    """Which of its columns is which of ours; None where nobody has said so yet."""
    rules: tuple[checks.Rule, ...]


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Everything that can be set."""

    folder: Path
    """Where kehu.toml lies; relative paths start here."""
    kehu: Kehu = field(default_factory=Kehu)
    resolve: Resolve = field(default_factory=Resolve)
    survivorship: Survivorship = field(default_factory=Survivorship)
    serve: Serve = field(default_factory=Serve)
    tickets: Tickets = field(default_factory=Tickets)
    analyse: Analyse = field(default_factory=Analyse)
    town: Town | None = None
    channels: tuple[Channel, ...] = ()
    key_text: str | None = field(default=None, repr=False)
    """The keys themselves, where they stand in KEHU_KEY."""

    def channel(self, name: str) -> Channel:
        """The channel of this name.

        Raises:
            SettingsError: There is none; it names those there are.
        """
        for channel in self.channels:
            if channel.name == name:
                return channel
        known = ", ".join(channel.name for channel in self.channels) or "none"
        raise SettingsError(f"channel {name!r} is not in {self.folder / FILE_NAME} (has: {known})")


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
    complaints: list[str] = []
    settings = replace(_settings(tables, path.resolve().parent, complaints), key_text=environment.get("KEHU_KEY"))
    if complaints:
        raise SettingsError("\n".join(f"{path}: {complaint}" for complaint in complaints))
    return settings


def secret(name: str, *, environment: Mapping[str, str] = os.environ) -> str:
    """A secret; it stands in the environment only, and a setting names the variable.

    Raises:
        SettingsError: The variable is not set.
    """
    if not (value := environment.get(name)):
        raise SettingsError(f"the environment variable {name} is not set, but a channel asks for the secret in it")
    return value


# Every complaint is gathered before the file is refused: whoever edits it wants to hear of all of them at once.
# Where there is a complaint, what is returned is not used.

M = TypeVar("M", bound=BaseModel)


def _settings(tables: dict[str, Any], folder: Path, complaints: list[str]) -> Settings:
    unknown = [name for name in tables if name not in SECTIONS and name != "channels"]
    complaints.extend(f"there is no table [{name}] {_near(name, [*SECTIONS, 'channels'])}" for name in unknown)
    channels = tables.get("channels", {})
    if not isinstance(channels, dict):
        complaints.append("channels is a table of tables: [channels.NAME]")
        channels = {}
    return Settings(
        folder=folder,
        kehu=_read(Kehu, tables.get("kehu", {}), "[kehu]", complaints),
        resolve=_read(Resolve, tables.get("resolve", {}), "[resolve]", complaints),
        survivorship=_read(Survivorship, tables.get("survivorship", {}), "[survivorship]", complaints),
        serve=_read(Serve, tables.get("serve", {}), "[serve]", complaints),
        tickets=_read(Tickets, tables.get("tickets", {}), "[tickets]", complaints),
        analyse=_read(Analyse, tables.get("analyse", {}), "[analyse]", complaints),
        town=_read(Town, tables["town"], "[town]", complaints) if "town" in tables else None,
        channels=tuple(_channel(name, keys, complaints) for name, keys in channels.items()),
    )


def _channel(name: str, keys: Any, complaints: list[str]) -> Channel:
    where = f"[channels.{name}]"
    if not re.fullmatch(r"\w[\w-]{0,63}", name):
        complaints.append(f"{where}: a channel's name is up to 64 letters, digits, - and _")
    keys = dict(keys) if isinstance(keys, dict) else {}
    own = _read(Own, {key: keys.pop(key) for key in Own.model_fields if key in keys}, where, complaints)
    columns, rules = keys.pop("mapping", None), keys.pop("rules", [])
    if columns is None and keys.get("type") == "push":
        columns = {name: name for name in mapping.Mapping.model_fields}
    if not isinstance(rules, list):
        complaints.append(f"{where}: rules are tables of their own: [[channels.{name}.rules]]")
        rules = []
    return Channel(
        name=name,
        trust=own.trust,
        zone=own.zone,
        limit=Limit(share=own.quarantine_limit, rows=own.quarantine_limit_rows),
        source=_source(keys, where, complaints),
        mapping=None if columns is None else _read(mapping.Mapping, columns, f"[channels.{name}.mapping]", complaints),
        rules=tuple(
            _chosen(RULES, "rule", rule, f"[[channels.{name}.rules]] no. {number}", complaints, keep=True)
            for number, rule in enumerate(rules, 1)
        ),
    )


def _source(keys: dict[str, Any], where: str, complaints: list[str]) -> Source:
    """Where the rows come from: one of our channels, or one that another package brings."""
    beside = [*Own.model_fields, "mapping", "rules"]
    kind = str(keys.get("type", ""))
    if kind not in SOURCES:
        try:
            made_by = own.find(kind)
        except SettingsError as why:
            complaints.append(f"{where}: {why}")
            return push.PushSource()
        if made_by is not None:
            given = {name: value for name, value in keys.items() if name != "type"}
            return own.OwnSource(
                made_by=made_by, settings=_read(made_by.Settings, given, where, complaints, beside=beside)
            )
        if kind:
            complaints.append(
                f"{where}: for a type of your own, a package must bring it ({plugged.installed(own.GROUP)})"
            )
    return _chosen(SOURCES, "type", keys, where, complaints, beside=beside)


def _chosen(
    models: Mapping[str, type[M]],
    key: str,
    keys: Any,
    where: str,
    complaints: list[str],
    *,
    beside: Sequence[str] = (),
    keep: bool = False,
) -> M:
    """Read a table whose model is named by one of its keys; `keep` where the model wants to see that key, too."""
    chosen = str(keys.get(key, "")) if isinstance(keys, dict) else ""
    if chosen not in models:
        is_now = f", not {chosen!r} {_near(chosen, models)}" if chosen else ""
        complaints.append(f"{where}: {key} is one of {', '.join(models)}{is_now}")
        return next(iter(models.values())).model_construct()
    given = keys if keep else {name: value for name, value in keys.items() if name != key}
    return _read(models[chosen], given, where, complaints, beside=beside)


def _read(model: type[M], keys: Any, where: str, complaints: list[str], *, beside: Sequence[str] = ()) -> M:
    try:
        return model.model_validate(keys)
    except ValidationError as why:
        complaints.extend(_said(model, error, where, beside) for error in why.errors(include_url=False))
        return model.model_construct()


def _said(model: type[BaseModel], error: ErrorDetails, where: str, beside: Sequence[str]) -> str:
    """What pydantic complains of, in the words of the file: the table, the key and the way out.

    The value stays out of it: it may be a URL with a password.
    """
    steps = [*error["loc"]]
    inside, place = model, where
    while len(steps) > 1:
        step = steps.pop(0)
        choices = list(_models(inside.model_fields[str(step)].annotation)) if step in inside.model_fields else []
        if len(choices) > 1 and steps:  # The word that chose the model stands next in pydantic's location.
            choices = [choice for choice in choices if _choosing_word(choice) == steps[0]]
            steps = steps[1:] if choices and len(steps) > 1 else steps
        place = f"{place.removesuffix(']')}.{step}]" if place.endswith("]") else f"{place}, {step}"
        if len(choices) != 1:
            break
        inside = choices[0]
    key = str(steps[-1]) if steps else ""
    known = [field.alias or name for name, field in inside.model_fields.items()]
    known = [name for name in known if name != "type"] + (list(beside) if inside is model else [])
    match error["type"]:
        case "extra_forbidden":
            return f"{place} has no setting {key!r} {_near(key, known)}"
        case "missing":
            field = inside.model_fields.get(key)
            return f"{place} needs the setting {key!r}: {field.description if field else 'it has no default'}"
        case "union_tag_invalid":
            choosing, tag = error["ctx"]["discriminator"].strip("'"), error["ctx"]["tag"]
            return f"{place}: {key}: {choosing} is one of {error['ctx']['expected_tags']}, not {tag!r}"
        case "union_tag_not_found":
            return f"{place}: {key} needs the setting {error['ctx']['discriminator']}"
        case _:
            message = error["msg"].removeprefix("Value error, ")
            return f"{place}: {key}: {message}" if key else f"{place}: {message}"


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    """Every model that an annotation is made of."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from _models(part)


def _choosing_word(model: type[BaseModel]) -> object:
    """The word in a file that chooses this model among others."""
    words = [
        get_args(field.annotation) for field in model.model_fields.values() if get_origin(field.annotation) is Literal
    ]
    return words[0][0] if words else None


def _near(name: str, known: Collection[str]) -> str:
    near = difflib.get_close_matches(name, known, n=3)
    return f"(did you mean {' or '.join(near)}?)" if near else f"(has: {', '.join(known)})"
