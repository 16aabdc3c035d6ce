"""The interface against its own description: what Schemathesis makes of it is answered as it is described.

`make fuzz` tries every route at every edge; here each is tried a few times.
"""

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from fastapi import FastAPI

from kehu.engine.duck import Duck
from kehu.flows.arrive.arrive import Desk
from kehu.flows.privacy.erase import Room
from kehu.flows.users import people
from kehu.flows.users.pace import Paces
from kehu.flows.users.people import By, Office
from kehu.model.people import Permission
from kehu.resolve import model as models
from kehu.serve import app
from kehu.serve.who import Gate
from kehu.store.database import Database
from kehu.store.people.sessions import Limits

SHORT = ("--phases", "examples,fuzzing", "--max-examples", "1")
LONG = ("--phases", "examples,coverage,fuzzing,stateful", "--max-examples", "20")

DESIGNED = """
POST records; POST records/batch; POST customers/search; GET customers/{customer_id};
GET customers/{customer_id}/timeline; GET customers/{customer_id}/history; POST customers/{customer_id}/unmask;
POST customers/merge; POST customers/{customer_id}/split; POST decisions/{decision_id}/undo; GET reviews;
POST reviews/{review_id}; GET tickets; GET segments; GET figures/{name}; GET users; GET loads; GET quarantine
"""
"""The routes whose names are fixed: others call them."""


def _now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def address(people_there: Any, tmp_path: Path) -> Iterator[tuple[str, str]]:
    """Where an application over people listens, and a key that may do everything there, as fast as it likes."""
    opened: Database = people_there
    assert opened.vault is not None
    desk = Desk(
        engine=Duck(threads=1), model=models.untrained(), home="CN", trust={}, hot_key_limit=100, mappings={}, rules={},
        raw_in=tmp_path / "raw", clock=_now,
    )  # fmt: skip
    office = Office(database=opened, vault=opened.vault)
    by = By(login="root", at=_now())
    key = people.make_key(office, name="fuzz", permissions=frozenset(Permission), until=None, by=by)
    limits = Limits(idle=timedelta(hours=1), whole=timedelta(hours=1))
    gate = Gate(
        office=office, limits=limits, is_open_at_first=False, is_secure=False,
        paces=Paces(searches_per_minute=0, pushes_per_minute=0, unmaskings_per_hour=0),
    )  # fmt: skip
    room = Room(ledger_at=tmp_path / "erased.jsonl")
    application = app.create(opened, clock=_now, model=models.untrained(), desk=desk, gate=gate, room=room)
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(application, log_level="critical", ws="none", access_log=False))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/api/v1/openapi.json", key
        server.should_exit = True
        thread.join()


def test_whatever_the_description_allows_or_forbids_is_answered_as_it_says(
    address: tuple[str, str], tmp_path: Path
) -> None:
    where, key = address
    how = LONG if os.environ.get("KEHU_FUZZ") == "long" else SHORT
    told = subprocess.run(
        [
            Path(sys.executable).parent / "schemathesis", "run", where, "--header", f"Authorization: Bearer {key}",
            "--checks", "all",
            # What is valid by its form may still break a rule of the business: that is a 422, too.
            "--exclude-checks", "positive_data_acceptance",
            "--continue-on-failure", "--generation-deterministic", "--suppress-health-check", "all", "--no-color",
            "--warnings", "off", *how,
        ],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert told.returncode == 0, told.stdout[-20_000:]


def test_every_route_whose_name_is_fixed_is_described(application: FastAPI) -> None:
    described = application.openapi()["paths"]
    for route in "".join(DESIGNED.split("\n")).split(";"):
        method, path = route.split()
        assert method.lower() in described[f"/api/v1/{path}"], route
    for path, operations in described.items():
        for method, operation in operations.items():
            body = operation.get("requestBody")
            assert body is None or _has_example(body["content"], application.openapi()), (method, path)


def _has_example(told: Any, described: dict[str, Any]) -> bool:
    """Whether some example stands in what is sent, however deep."""
    if isinstance(told, dict):
        if "$ref" in told:
            name = told["$ref"].rpartition("/")[2]
            return _has_example(described["components"]["schemas"][name], described)
        return "examples" in told or "example" in told or any(_has_example(one, described) for one in told.values())
    return isinstance(told, list) and any(_has_example(one, described) for one in told)


def test_whom_a_route_serves_and_what_it_may_refuse_is_described(application: FastAPI) -> None:
    described = application.openapi()
    search = described["paths"]["/api/v1/customers/search"]["post"]
    assert {"400", "401", "403", "413", "422", "429", "503"} <= set(search["responses"])
    assert search["responses"]["429"]["headers"]["Retry-After"]["schema"]["type"] == "integer"
    assert "`find`" in search["description"]
    assert {name for one in search["security"] for name in one} == {"key", "session"}
    assert "security" not in described["paths"]["/healthz"]["get"]
