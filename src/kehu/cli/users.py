"""`kehu user`: our own users, and the keys of machines."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Annotated

import typer
from rich.table import Table

from kehu import wiring
from kehu.cli import options, screen
from kehu.errors import NotFoundError
from kehu.flows.upkeep import audit
from kehu.flows.users import people
from kehu.flows.users.people import Office
from kehu.model.people import Permission, Role
from kehu.settings import reading
from kehu.settings.sections import Settings
from kehu.store.people.users import Person

app = typer.Typer(name="user", help="Our own users (用户管理), and the keys of machines.", no_args_is_help=True)

Login = Annotated[str, typer.Argument(metavar="LOGIN", help="What they sign in with.")]


@app.command()
def add(
    login: Login,
    role: Annotated[list[Role], typer.Option("--role", help="What they are here for; may be given again.")],
    name: Annotated[str, typer.Option("--name", help="What they are called.")] = "",
    *,
    password_stdin: Annotated[
        bool, typer.Option("--password-stdin", help="Set the password, read from stdin, in place of printing a link.")
    ] = False,
    config: options.Config = None,
) -> None:
    """Add a user, and print the one-time link with which they choose a password.

    Example: kehu user add lihua --role agent --name 李华
    """
    password = sys.stdin.readline().rstrip("\n") if password_stdin else None
    with _office(config) as (settings, office):
        who, token = people.invite(office, login=login, name=name, roles=role, by=wiring.by())
        if password is not None:
            people.choose_password(office, token, password, by=wiring.by())
    if password is None:
        _tell_link(settings, who.login, token)
    else:
        screen.stdout.print(f"{who.login} may sign in")


@app.command("list")
def listed(config: options.Config = None, *, json: options.Json = False) -> None:
    """Show all users.

    Example: kehu user list
    """
    with _office(config) as (_, office):
        everybody = [person for page in _pages(office) for person in page]
    if json:
        screen.print_json({"users": [_shown(person) for person in everybody]})
        return
    table = Table("login", "name", "roles", "state", "signed in")
    for person in everybody:
        seen = person.signed_in_at.strftime("%Y-%m-%d %H:%M UTC") if person.signed_in_at else ""
        table.add_row(person.login, person.name, " ".join(sorted(person.roles)), person.state, seen)
    screen.stdout.print(table if everybody else "nobody yet: kehu user add LOGIN --role administrator")


@app.command()
def roles(
    login: Login,
    role: Annotated[list[Role], typer.Option("--role", help="What they are here for; may be given again.")],
    config: options.Config = None,
) -> None:
    """Give a user other roles; they hold from their next request on.

    Example: kehu user roles lihua --role agent --role steward
    """
    with _office(config) as (_, office):
        people.change_roles(office, _number(office, login), role, by=wiring.by())


@app.command()
def disable(login: Login, config: options.Config = None) -> None:
    """Shut a user out, at once.

    Example: kehu user disable lihua
    """
    with _office(config) as (_, office):
        people.disable(office, _number(office, login), by=wiring.by())


@app.command()
def enable(login: Login, config: options.Config = None) -> None:
    """Let a user in again.

    Example: kehu user enable lihua
    """
    with _office(config) as (_, office):
        people.enable(office, _number(office, login), by=wiring.by())


@app.command()
def reset(login: Login, config: options.Config = None) -> None:
    """Print a one-time link with which a user chooses another password; the old one, sessions and second factor end.

    Example: kehu user reset lihua
    """
    with _office(config) as (settings, office):
        token = people.reset(office, _number(office, login), by=wiring.by())
    _tell_link(settings, login, token)


@app.command()
def key(
    name: Annotated[str, typer.Argument(metavar="NAME", help="What the key is for.")],
    may: Annotated[list[Permission], typer.Option("--may", help="What it may do; may be given again.")],
    days: Annotated[int, typer.Option("--days", min=1, max=3660, help="How long it is good.")] = 365,
    config: options.Config = None,
) -> None:
    """Make an API key, and print it this once.

    Example: kehu user key hall-7 --may arrive
    """
    by = wiring.by()
    with _office(config) as (_, office):
        made = people.make_key(office, name=name, permissions=may, until=by.at + timedelta(days=days), by=by)
    screen.print_text(made)


@app.command()
def revoke(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The name of the key.")], config: options.Config = None
) -> None:
    """End an API key, at once.

    Example: kehu user revoke hall-7
    """
    with _office(config) as (_, office):
        number = next((one.key_id for one in people.api_keys(office) if one.name == name), None)
        if number is None:
            raise NotFoundError(f"there is no key {name}")
        people.revoke_key(office, number, by=wiring.by())


@contextmanager
def _office(config: options.Config) -> Iterator[tuple[Settings, Office]]:
    settings = reading.load(config)
    # The first user may come before the first run.
    with wiring.store(settings, migrate=True) as database:
        yield settings, wiring.office(database)
        audit.sealed(database, wiring.seal(settings, database), at=wiring.now())


def _pages(office: Office) -> Iterator[list[Person]]:
    after = 0
    while page := people.listed(office, after=after, limit=200):
        yield page
        after = page[-1].person_id


def _number(office: Office, login: str) -> int:
    wanted = login.strip().casefold()
    for page in _pages(office):
        for person in page:
            if person.login == wanted:
                return person.person_id
    raise NotFoundError(f"there is no user {login}: kehu user list shows all")


def _shown(person: Person) -> dict[str, object]:
    return {
        "login": person.login,
        "name": person.name,
        "roles": sorted(person.roles),
        "state": person.state,
        "signed_in_at": person.signed_in_at.isoformat() if person.signed_in_at else None,
    }


def _tell_link(settings: Settings, login: str, token: str) -> None:
    serve = settings.serve
    base = f"https://{serve.hosts[0]}" if serve.hosts else f"http://{serve.host}:{serve.port}"
    screen.stdout.print(f"{login} chooses a password, within three days, at")
    screen.print_text(f"{base}/welcome/{token}")
