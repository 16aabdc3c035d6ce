"""The demo: a made-up town in a folder of its own, and how right its customers are."""

import shutil
import socket
from datetime import datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from kehu.collect.town import channels, example, town
from kehu.errors import SettingsError
from kehu.flows.analysis import segments
from kehu.flows.analysis.segments import Reader
from kehu.flows.insight.sight import CLEAR
from kehu.flows.progress import SILENT, Progress
from kehu.flows.service import tickets
from kehu.flows.service.sla import Clock
from kehu.flows.users.people import By
from kehu.model import segments as segment_models
from kehu.model.tickets import TicketState
from kehu.resolve import evaluate
from kehu.store import households, records
from kehu.store.database import Database

MARKER = ".kehu-demo"
"""The file that says a folder is a demo's: another demo may take its place."""
MARKED = "This folder was made by `kehu demo`, and the next `kehu demo` replaces it.\n"

TICKETS = {"投诉": "complaint", "报障": "fault_town", "办理": "request", "咨询": "question"}
"""Why somebody calls -> the class of the ticket that they get."""
RECORDS_PER_TICKET = 400
MOST_TICKETS = 48
"""Few enough that nobody waits for them: each is opened, taken and resolved as an agent does it."""
CALLS_PER_TICKET = 20
AGENT = "demo"
HOUR = timedelta(hours=1)

SEGMENTS: dict[str, list[dict[str, object]]] = {
    "18-25 岁的学生": [
        {"column": "customer.category", "is": "one_of", "values": ["student"]},
        {"column": "customer.age", "is": "between", "from": 18, "to": 25},
    ],
    "投诉过且没有电子邮箱": [
        {"has": "interaction", "where": [{"column": "interaction.reason", "is": "one_of", "values": ["投诉"]}]},
        {"not": {"column": "customer.email", "is": "known"}},
    ],
    "办理过宽带的四星以上客户": [
        {"column": "customer.star_level", "is": "one_of", "values": ["4", "5", "5_silver", "5_gold", "5_diamond"]},
        {"has": "subscription", "where": [{"column": "subscription.plan", "is": "begins", "value": "宽带"}]},
    ],
}
"""Whom an operator may mean: name -> conditions of which all hold."""

USUAL_PORT = 8451
"""Where the made-up application server listens, unless somebody else does."""


def prepare(folder: Path, *, records: int, seed: int, progress: Progress = SILENT) -> None:
    """Invent a town, and write its three channels, its kehu.toml and the truth into a folder.

    Raises:
        SettingsError: The folder holds something that no demo made.
    """
    _empty(folder)
    progress.task("town", records)
    progress.step("invent")
    made = town.make(records, seed=seed)
    progress.step("write")
    channels.write(made, folder)
    (folder / "kehu.toml").write_text(example.settings_toml(_port()), encoding="utf-8")
    progress.advance(records)


def serve_some(database: Database, clock: Clock, *, at: datetime) -> int:
    """Let some of those who called get a ticket, as agents open and end them; how many those are.

    They are of the last months before the town ends: most are done in time, some late, a few wait yet.
    """
    with database.read() as tx:
        many = records.count(tx) // RECORDS_PER_TICKET
        calls = households.latest_contacts(tx, reasons=tuple(TICKETS), limit=MOST_TICKETS * CALLS_PER_TICKET)
    few = calls[:: max(len(calls) // max(min(many, MOST_TICKETS), 1), 1)][:MOST_TICKETS]
    for place, call in enumerate(few):
        sla = TICKETS[call.reason]
        is_late, is_open = place % 6 == 2, place % 6 == 5
        begun = at if is_open else call.started_at
        wanted = tickets.Wanted(
            title=call.reason, sla=sla, customer_id=call.customer_id, record=call.record, channel="10086"
        )
        opened = tickets.open_one(database, clock, wanted, by=By(login=AGENT, at=begun)).ticket
        if is_open:
            continue
        done = clock.due(sla, begun) + (HOUR if is_late else -HOUR)
        steps = [(TicketState.IN_PROGRESS, begun), (TicketState.RESOLVED, done)]
        for state, moment in steps:
            if state is TicketState.RESOLVED and is_late:
                tickets.sweep(database, at=moment)
            change = tickets.Change(state=state)
            tickets.change(database, clock, opened.ticket_id, change, by=By(login=AGENT, at=moment))
    return len(few)


def mean_some(database: Database, *, at: datetime) -> None:
    """Save segments as analysts do, counted with each run."""
    for name, conditions in SEGMENTS.items():
        segments.save(
            database, segment_models.parsed({"all": conditions}), name=name, by=By(login=AGENT, at=at),
            with_each_run=True, reader=Reader(sees_persons=True, sight=CLEAR, smallest=1),
        )  # fmt: skip


def accuracy(database: Database, folder: Path) -> evaluate.Score:
    """How right the customers are, over the records that were accepted."""
    with database.read() as tx:
        found = records.read(tx, columns=("channel", "record_id", "customer_id"))
    truth = pq.read_table(folder / channels.TRUTH).rename_columns({"key": "record_id"})
    return evaluate.compare(_keyed(found), _keyed(truth))


def _keyed(table: pa.Table) -> pa.Table:
    """A record has its key within its channel only."""
    both = pc.binary_join_element_wise(table["channel"].cast(pa.string()), table["record_id"].cast(pa.string()), "/")
    return pa.table({"record_id": both, "customer_id": table["customer_id"]})


def _empty(folder: Path) -> None:
    """Make the folder new; only what a demo made is taken away."""
    if folder.exists() and not folder.is_dir():
        raise SettingsError(f"{folder} is no folder; name another one with --dir")
    if folder.is_dir() and any(folder.iterdir()):
        if not (folder / MARKER).is_file():
            raise SettingsError(f"{folder} holds something that no demo made; name another folder with --dir")
        for path in folder.iterdir():
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            elif path.name != MARKER:
                path.unlink()
    folder.mkdir(parents=True, exist_ok=True)
    (folder / MARKER).write_text(MARKED, encoding="utf-8")


def _port() -> int:
    """A free loopback port, the usual one if it is."""
    for port in (USUAL_PORT, 0):
        with socket.socket() as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                listener.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(listener.getsockname()[1])
    raise SettingsError("no loopback port is free")
