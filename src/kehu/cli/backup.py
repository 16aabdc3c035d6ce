"""`kehu backup` and `kehu restore`: the store as one file, and a store out of it on any of the databases."""

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from kehu import wiring
from kehu.cli import options, screen
from kehu.errors import StoreError
from kehu.flows.privacy import erase as erasing
from kehu.flows.upkeep import audit as auditing
from kehu.flows.upkeep import backup as backups
from kehu.flows.upkeep import restore as restores
from kehu.flows.upkeep import verify as checking
from kehu.flows.upkeep.backup import Asked
from kehu.settings import reading
from kehu.store.backup.archive import Manifest

Reason = Annotated[
    str | None, typer.Option("--reason", metavar="WHY", help="Why, for the audit trail.", show_default=False)
]


def backup(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The file to write.", show_default=False)],
    config: options.Config = None,
    reason: Reason = None,
    *,
    json: options.Json = False,
) -> None:
    """Write all that the store holds at this moment to a file, from which any of the databases is made again.

    Others go on working meanwhile. The file is there whole or not at all, and its owner alone may read it. It never
    holds the keys, and what is sealed in the store stays sealed: keep the key file elsewhere, without it no backup can
    be read. Batches as they came (the folder raw) and kehu.toml are files already: copy them beside it.

    Example: kehu backup /backups/kehu-2026-11-22.zip
    """
    settings = reading.load(config)
    with screen.watched() as progress, wiring.store(settings) as database:
        manifest = backups.backup(database, file, asked=_asked(reason), progress=progress)
        auditing.sealed(database, wiring.seal(settings, database), at=wiring.now())
    _tell(manifest, file, "are in", json=json)


def restore(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What `kehu backup` wrote.", show_default=False)],
    config: options.Config = None,
    reason: Reason = None,
    *,
    replaces: Annotated[
        bool, typer.Option("--replace", help="The store holds something, which is lost for what the backup holds.")
    ] = False,
    checks: Annotated[
        bool, typer.Option("--check", help="Only read the backup through, and say whether it is whole.")
    ] = False,
    json: options.Json = False,
) -> None:
    """Make the store that kehu.toml names from a backup, whichever of the databases that came from.

    All of it is one transaction: whatever stops it, the store is what it was before, and the command is run again.
    Each table is read back and compared with the backup before it counts. Stop `kehu serve` and `kehu run` first. The
    backup of an older kehu is migrated. Sessions end; whom you shut out since the backup, shut out again. At last it is
    verified as by `kehu verify`.

    Examples: kehu restore kehu-2026-11-22.zip · kehu restore kehu-2026-11-22.zip --check
    """
    settings = reading.load(config)
    with screen.watched() as progress, wiring.unopened(settings) as database:
        if checks:
            _tell(restores.checked(file, database, progress=progress), file, "are whole in", json=json)
            return
        seal = wiring.seal(settings, database)
        manifest = restores.restore(
            database, file, asked=_asked(reason), seal=seal, replaces=replaces, progress=progress
        )
        # The backup knows nothing of who was erased since it was made.
        erasing.again(database, wiring.desk(settings, database), at=wiring.now(), room=wiring.room(settings))
        auditing.sealed(database, seal, at=wiring.now())
        found = checking.verify(database, wiring.rules(settings), seal=seal, progress=progress).findings
    _tell(manifest, file, "are restored from", json=json)
    if found:
        kinds = ", ".join(sorted({one.invariant for one in found}))
        raise StoreError(f"what was restored is as it was in the backup, and that breaks {kinds}: see `kehu verify`")


def _asked(reason: str | None) -> Asked:
    by = wiring.by()
    return Asked(who=by.login, at=by.at, why=reason)


def _tell(manifest: Manifest, file: Path, verb: str, *, json: bool) -> None:
    if json:
        rows = {name: member.rows for name, member in manifest.tables.items()}
        screen.print_json({"file": str(file), "made_at": manifest.made_at, "rows": manifest.rows, "tables": rows})
        return
    screen.stdout.print(
        f"{manifest.rows:,} rows of {len(manifest.tables)} tables {verb} {escape(str(file))}"
        f" (made {manifest.made_at:%Y-%m-%d %H:%M:%S} UTC)"
    )
