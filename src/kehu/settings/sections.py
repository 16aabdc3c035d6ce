"""Every setting: its table in `kehu.toml`, its default, or a message that asks for it, and its help.

A room describes its own part (a source, a mapping, a rule); this file puts the parts together, and `docs/settings.md`
names them all.
"""

from dataclasses import dataclass, field
from datetime import time
from pathlib import Path
from typing import Annotated, Any, get_args
from urllib.parse import urlsplit
from zoneinfo import available_timezones

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from kehu.collect import database, files, own, push, rest
from kehu.errors import SettingsError
from kehu.flows.intake.threshold import Limit
from kehu.flows.service.sla import Tickets
from kehu.model.languages import Language
from kehu.model.people import Role
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
        default=100,
        ge=2,
        description="A value shared by more records than this makes no pairs, and is reported; a certificate by four "
        "times as many.",
    )
    threads: int = Field(default=0, ge=0, description="Threads to resolve with; 0 takes every core.")


def _is_guarded(issuer: str) -> str:
    told = urlsplit(issuer)
    is_near = told.scheme == "http" and told.hostname in {"127.0.0.1", "localhost", "::1"}
    if not told.hostname or not (told.scheme == "https" or is_near):
        raise ValueError("an issuer is an address that begins with https:// (http:// on this machine only)")
    return issuer


class Oidc(_Section):
    """`[serve.oidc]`: the identity provider by which people may come in, beside their passwords."""

    issuer: Annotated[str, AfterValidator(_is_guarded)] = Field(
        description="Its address, to the letter as it stands in its tokens; its other addresses and keys are looked up."
    )
    client_id: str = Field(min_length=1, description="What kehu is called there.")
    secret_env: str = Field(
        default="KEHU_OIDC_SECRET", description="The environment variable that holds the client secret."
    )
    name: str = Field(
        default="SSO", min_length=1, max_length=60, description="What it is called on the button of the sign-in page."
    )
    scope: str = Field(
        default="openid profile", pattern=r"(^|.* )openid( .*|$)", description="What it is asked for; openid among it."
    )
    login_claim: str = Field(
        default="preferred_username",
        description="The claim that holds the login of an invited user; nobody may change their own there. `email` "
        "counts where it is verified.",
    )
    roles_claim: str = Field(default="groups", description="The claim that holds groups; a dot leads into it.")
    roles: dict[str, Role] = Field(
        default_factory=dict,
        description="Group = role: at each sign-in they have the roles of their groups, and none of these keeps them "
        "out. Without it roles are given on the page of the user.",
    )


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
    oidc: Oidc | None = Field(
        default=None, description="`[serve.oidc]`: the identity provider by which people may come in."
    )


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
    report_folder: Path | None = Field(
        default=None, description="The folder in which the first `kehu run` after the hour writes the weekly report."
    )
    report_day: int = Field(default=1, ge=1, le=7, description="The day of the weekly report; 1 is Monday.")
    report_time: time = Field(default=time(6), description="Its hour, in the zone of `[serve]`.")
    report_language: Language = Field(default=Language.ZH, description="Its language: zh or en.")


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

    @property
    def kind(self) -> str:
        """How it is read: the word that stands in `type`, or `own` for a channel of another package."""
        return next((word for word, source in SOURCES.items() if isinstance(self.source, source)), "own")


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

    @property
    def asked(self) -> tuple[Channel, ...]:
        """The channels that can be asked; what is pushed comes by itself."""
        return tuple(one for one in self.channels if one.kind != "push")

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
