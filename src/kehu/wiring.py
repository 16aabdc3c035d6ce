"""The only place that chooses parts: settings in, and out come the store, the channels, the engine and the model."""

import getpass
import glob
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypedDict
from zoneinfo import ZoneInfo

from kehu.collect import database as databases
from kehu.collect import files, own, push, rest
from kehu.collect.channel import Channel
from kehu.engine.duck import Duck
from kehu.engine.engine import Engine
from kehu.engine.few import Few
from kehu.errors import ModelError, SettingsError
from kehu.flows.analysis.weekly import Weekly
from kehu.flows.arrive.arrive import Desk
from kehu.flows.identify import inforce
from kehu.flows.intake.intake import Feed
from kehu.flows.privacy.erase import Room
from kehu.flows.service.sla import Clock
from kehu.flows.upkeep.audit import Seal
from kehu.flows.upkeep.rotate import Cupboard
from kehu.flows.upkeep.verify import Rules
from kehu.flows.users.pace import Paces
from kehu.flows.users.people import By, Office
from kehu.flows.users.sign_on import Terms
from kehu.resolve import model as models
from kehu.resolve.model import Model
from kehu.resolve.survivorship import Survivorship
from kehu.settings import reading, sections
from kehu.settings.sections import Settings
from kehu.store import database as stores
from kehu.store import fingerprints
from kehu.store.database import Database
from kehu.store.people.sessions import Limits
from kehu.store.privacy.lawful import Keep
from kehu.store.sealing import keyring
from kehu.store.sealing.keyring import Keyring
from kehu.store.sealing.vault import Vault

Secrets = Callable[[str], str]
"""The secret behind the name of an environment variable."""

KEY_FILE = "kehu.key"
"""Where the keys of a new project stand, beside its kehu.toml."""
KEY_VARIABLE = "KEHU_KEY"

TOWN_KEY = "made-up-like-the-town"
"""The API key of the made-up application server. It guards nothing: only loopback reaches it, and nobody is real."""


def weekly(settings: Settings) -> Weekly | None:
    """When the weekly report is due and where it goes; None where none is wished for."""
    told = settings.analyse
    if told.report_folder is None:
        return None
    return Weekly(
        folder=settings.folder / told.report_folder, day=told.report_day, hour=told.report_time,
        language=told.report_language, zone=ZoneInfo(settings.serve.zone),
    )  # fmt: skip


def now() -> datetime:
    """The time, in UTC."""
    return datetime.now(UTC)


@contextmanager
def store(settings: Settings, *, migrate: bool = False) -> Iterator[Database]:
    """The open store; brought to our schema where `migrate`, else refused where it has another.

    Raises:
        StoreError: It cannot be opened, or cannot be trusted.
    """
    database = stores.connect(settings.kehu.store, folder=settings.folder)
    try:
        if not migrate:
            stores.check(database)
        database = replace(database, vault=_vault(settings, database, make=migrate))
        if migrate:
            stores.migrate(database)
            stores.check(database)
            with database.begin() as tx:
                fingerprints.note(tx, vault_of(database))
        yield database
    finally:
        database.close()


@contextmanager
def unopened(settings: Settings) -> Iterator[Database]:
    """The database that a backup goes into, with its keys; it may be empty, or hold another store.

    Raises:
        StoreError: It cannot be reached.
        SettingsError: The keys are missing.
    """
    database = stores.connect(settings.kehu.store, folder=settings.folder)
    try:
        yield replace(database, vault=Vault(keys(settings)))
    finally:
        database.close()


def _vault(settings: Settings, database: Database, *, make: bool) -> Vault:
    """The keys of the store; made with it where `make`, else refused where they are not its own."""
    with database.read() as tx:
        known = fingerprints.known(tx) if stores.version(tx) is not None else {}
    vault = Vault(keys(settings, make=make and not known))
    fingerprints.require_same(known, vault)
    return vault


def vault_of(database: Database) -> Vault:
    """What seals an open store."""
    assert database.vault is not None, "only `store` opens stores"
    return database.vault


def keys(settings: Settings, *, make: bool = False) -> Keyring:
    """The keys that seal certificates, from KEHU_KEY or the key file; where `make`, a file that is not there is made.

    Raises:
        SettingsError: They are missing, cannot be read, or others may read them.
    """
    if settings.key_text is not None:
        return keyring.parsed(settings.key_text, where="KEHU_KEY")
    path = settings.folder / settings.kehu.key
    if make and not path.exists():
        keyring.write(path, keyring.made())
    return keyring.live(path)


def cupboard(settings: Settings) -> Cupboard:
    """Where the keys are kept, and what else `kehu rotate-key` reaches outside the database."""
    path = settings.folder / settings.kehu.key
    is_file = settings.key_text is None

    def another() -> Keyring:
        if not is_file:
            newest = keys(settings).newest
            raise SettingsError(
                f"KEHU_KEY holds no key that is newer than the one in force ({newest}): put `;{newest + 1} ` and 32 "
                "random bytes in base64 (`openssl rand -base64 32`) behind it, restart `kehu serve` with both, and try "
                "again"
            )
        keyring.write(path, keyring.read(path).with_another(), over=True)
        return keyring.live(path)

    def forget(numbers: set[int]) -> None:
        if is_file:
            keyring.write(path, keyring.read(path).without(numbers), over=True)

    return Cupboard(
        another=another, forget=forget, raw_in=raw(settings), ledger_at=settings.folder / settings.kehu.ledger
    )


def made_key(folder: Path) -> Path | None:
    """The new key file of a project that has no keys yet; None where it has."""
    if (folder / KEY_FILE).exists() or KEY_VARIABLE in os.environ:
        return None
    keyring.write(folder / KEY_FILE, keyring.made())
    return folder / KEY_FILE


def seal(settings: Settings, database: Database) -> Seal:
    """What the audit trail is sealed with."""
    return Seal(keys=vault_of(database).keys, head_at=settings.folder / settings.kehu.audit_head)


def room(settings: Settings) -> Room:
    """What erasing needs beside the store and the desk."""
    return Room(ledger_at=settings.folder / settings.kehu.ledger, keep=Keep(years=settings.kehu.keep_years))


def by() -> By:
    """Whoever sits at the command line, now."""
    return By(login=f"cli:{getpass.getuser()}", at=now())


def limits(settings: Settings) -> Limits:
    """How long a session lasts."""
    return Limits(
        idle=timedelta(minutes=settings.serve.idle_minutes), whole=timedelta(hours=settings.serve.session_hours)
    )


def clock(settings: Settings) -> Clock:
    """When tickets are due."""
    return settings.tickets.clock(ZoneInfo(settings.serve.zone))


def paces(settings: Settings) -> Paces:
    """How often somebody may ask."""
    return Paces(
        searches_per_minute=settings.serve.searches_per_minute,
        pushes_per_minute=settings.serve.pushes_per_minute,
        unmaskings_per_hour=settings.serve.unmaskings_per_hour,
    )


def terms(settings: Settings, *, secrets: Secrets = reading.secret) -> Terms | None:
    """With what identity provider people may come in; None where none is named.

    Raises:
        SettingsError: Its secret is not in the environment.
    """
    told = settings.serve.oidc
    if told is None:
        return None
    return Terms(
        issuer=told.issuer, client_id=told.client_id, secret=secrets(told.secret_env), name=told.name,
        scope=told.scope, login_claim=told.login_claim, roles_claim=told.roles_claim, roles=told.roles,
    )  # fmt: skip


def office(database: Database) -> Office:
    """What the flows about our own users work with."""
    return Office(database=database, vault=vault_of(database))


@contextmanager
def town(settings: Settings) -> Iterator[Secrets]:
    """The made-up application server at work, where the settings have a town; yields where secrets come from."""
    if settings.town is None:
        yield reading.secret
        return
    # A town is made up by few: what invents it takes a third of a second to load.
    from kehu.collect.town import example, server  # noqa: PLC0415

    applications = settings.folder / settings.town.applications
    with server.serve(applications, port=settings.town.port, api_key=TOWN_KEY):
        yield lambda name: TOWN_KEY if name == example.KEY else reading.secret(name)


def feeds(settings: Settings, names: Sequence[str] | None = None, *, secrets: Secrets = reading.secret) -> list[Feed]:
    """The channels with their mappings and rules, in the order of the file; only those named, where any are.

    Raises:
        SettingsError: A channel is not in the settings, or its secret is not in the environment.
    """
    wanted = [settings.channel(name) for name in names] if names else settings.asked
    return [feed(settings, one, secrets=secrets) for one in wanted]


def feed(settings: Settings, one: sections.Channel, *, secrets: Secrets = reading.secret) -> Feed:
    """One channel with its mapping and rules.

    Raises:
        SettingsError: It has no mapping yet, or its secret is not in the environment.
    """
    if one.mapping is None:
        raise SettingsError(
            f"[channels.{one.name}] needs the table [channels.{one.name}.mapping]: which of its columns is which of "
            f"ours; `kehu check --channel {one.name}` proposes one"
        )
    return Feed(
        channel=channel(settings, one, secrets=secrets),
        mapping=one.mapping,
        rules=one.rules,
        sparse=_is_sparse(one.source),
        limit=one.limit,
        zone=one.zone or settings.kehu.zone,
    )


def channel(settings: Settings, one: sections.Channel, *, secrets: Secrets = reading.secret) -> Channel:
    """What reads a channel.

    Raises:
        SettingsError: Its secret is not in the environment.
    """
    match one.source:
        case rest.RestSource() as source:
            name = source.auth.secret_env
            return rest.RestChannel(one.name, source, folder=settings.folder, secret=secrets(name) if name else None)
        case databases.DatabaseSource() as source:
            secret = secrets(source.secret_env) if source.secret_env else None
            return databases.DatabaseChannel(one.name, source, folder=settings.folder, secret=secret)
        case push.PushSource():
            return push.PushChannel(one.name)
        case files.FilesSource() as source:
            return files.FilesChannel(one.name, source, folder=settings.folder, mapped=_mapped(one))
        case own.OwnSource() as source:
            return source.made_by(one.name, source.settings, folder=settings.folder, secret=secrets)


def file(path: Path) -> Channel:
    """A channel that reads one file."""
    source = files.FilesSource(path=path.parent, pattern=(glob.escape(path.name),), settle_s=0)
    return files.FilesChannel(path.name, source, folder=Path())


def _mapped(one: sections.Channel) -> dict[str, str]:
    """The channel's columns that none of its files may lack, each with what it is of ours."""
    found = () if one.mapping is None else one.mapping.sources()
    sparse = _is_sparse(one.source)
    return {column: ours for ours, source in found if ours == "record_id" or not sparse for column in source.reads}


def _is_sparse(source: sections.Source) -> bool:
    """Whether the source leaves out what is empty: JSON does, tables do not."""
    match source:
        case rest.RestSource() | push.PushSource():
            return True
        case own.OwnSource() as source:
            return source.is_sparse
        case files.FilesSource() as source:
            return all(".json" in pattern.lower() or ".ndjson" in pattern.lower() for pattern in source.pattern)
        case _:
            return False


def raw(settings: Settings) -> Path:
    """The folder below which batches are kept as they came."""
    return settings.folder / settings.kehu.raw


def engine(settings: Settings) -> Engine:
    """Who joins keys into pairs."""
    return duck(settings.resolve.threads)


def duck(threads: int) -> Engine:
    """DuckDB with so many threads; 0 takes every core."""
    return Duck(threads=threads or os.cpu_count() or 1)


def model(settings: Settings, database: Database) -> Model:
    """What weighs the pairs: the model that was adopted, else the one that kehu.toml names.

    Raises:
        ModelError: The file is not there, or is no model, or another one than was adopted.
        SettingsError: kehu.toml names another one since.
    """
    with database.read() as tx:
        adopted = inforce.adopted(tx)
    named = settings.resolve.model
    if adopted is None:
        return named_model(named, folder=settings.folder)
    if named not in {adopted.instead_of, adopted.model}:
        raise SettingsError(
            f"[resolve] model is {named!r}, but the customers are grouped by {adopted.model}: let it be "
            f"{adopted.instead_of!r} as before, or `kehu train --adopt --model {named}`"
        )
    found = models.load(settings.folder / adopted.model)
    if found.fingerprint != adopted.fingerprint:
        raise ModelError(f"{adopted.model} is not what was adopted: put that file back, or `kehu train --adopt`")
    return found


def groups_as_shipped(settings: Settings, database: Database) -> bool:
    """Whether the customers are grouped by the model that kehu ships, as it is."""
    with database.read() as tx:
        return inforce.adopted(tx) is None and settings.resolve.model == "shipped"


def named_model(name: str, *, folder: Path) -> Model:
    """The model of this name: `shipped`, or the path of a file."""
    return models.shipped() if name == "shipped" else models.load(folder / name)


class Parts(TypedDict):
    """What `flows.run.whole` wants beside the store and the channels."""

    engine: Engine
    model: Model
    raw_in: Path
    home: str
    trust: dict[str, int]
    survivorship: Survivorship
    hot_key_limit: int
    clock: Callable[[], datetime]


def parts(settings: Settings, database: Database) -> Parts:
    """Everything the whole way needs beside the store and the channels."""
    return Parts(
        engine=engine(settings),
        model=model(settings, database),
        raw_in=raw(settings),
        home=settings.kehu.home,
        trust={channel.name: channel.trust for channel in settings.channels},
        survivorship=settings.survivorship,
        hot_key_limit=settings.resolve.hot_key_limit,
        clock=now,
    )


def rules(settings: Settings) -> Rules:
    """By what the states of customers are made."""
    trust = {channel.name: channel.trust for channel in settings.channels}
    return Rules(trust=trust, survivorship=settings.survivorship)


def desk(settings: Settings, database: Database) -> Desk:
    """What arriving records need beside the store."""
    return Desk(
        engine=Few(),
        model=model(settings, database),
        home=settings.kehu.home,
        trust={channel.name: channel.trust for channel in settings.channels},
        survivorship=settings.survivorship,
        hot_key_limit=settings.resolve.hot_key_limit,
        mappings={channel.name: channel.mapping for channel in settings.channels if channel.mapping is not None},
        rules={channel.name: channel.rules for channel in settings.channels},
        zone=settings.kehu.zone,
        zones={channel.name: channel.zone for channel in settings.channels if channel.zone is not None},
        raw_in=raw(settings),
        clock=now,
    )
