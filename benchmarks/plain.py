"""What our answers are measured against: FastAPI and SELECTs of the same rows, without anything around them.

python benchmarks/plain.py DATABASE_URL

Nobody is asked who they are, nothing is noted, masked, opened or worded: rows go out as the database has them.
"""

import socket
import sys
from typing import Any

import sqlalchemy as sa
import uvicorn
from fastapi import FastAPI
from pydantic import BaseModel

app = FastAPI()
engine = sa.create_engine(sys.argv[1])

ROW = sa.text("SELECT * FROM customer WHERE customer_id = :number")
FOUND = sa.text(
    "SELECT customer.* FROM search_term JOIN customer ON customer.customer_id = search_term.customer_id "
    "WHERE term >= :start AND term < :end ORDER BY term, customer.customer_id LIMIT 20"
)
RECORDS = sa.text(
    "SELECT record.* FROM member JOIN record ON record.record = member.record WHERE member.customer_id = :number"
)
MEDIA = sa.text("SELECT * FROM contact_medium WHERE customer_id = :number")
SUBSCRIPTIONS, ACCOUNTS, INTERACTIONS = (
    sa.text(f"SELECT t.* FROM member JOIN {table} t ON t.record = member.record WHERE member.customer_id = :number")
    for table in ("subscription", "account", "interaction")
)
TICKETS, CALLS, NOTES, HISTORY = (
    sa.text(f"SELECT * FROM {table} WHERE customer_id = :number LIMIT 50")
    for table in ("ticket", "phone_call", "note", "customer_history")
)
LINKS = sa.text(
    "SELECT link.* FROM member JOIN link ON link.record_l = member.record WHERE member.customer_id = :number "
    "UNION SELECT link.* FROM member JOIN link ON link.record_r = member.record WHERE member.customer_id = :number"
)

AT_SIGHT = (ROW, RECORDS, MEDIA, SUBSCRIPTIONS, ACCOUNTS, TICKETS, CALLS, NOTES)
"""The rows that stand on the page of a customer."""
WHOLE = (ROW, RECORDS, MEDIA, SUBSCRIPTIONS, ACCOUNTS, LINKS, HISTORY, INTERACTIONS)
"""The rows that the interface tells of a customer."""


class Search(BaseModel):
    """What is looked for."""

    q: str


@app.get("/row/{number}")
def row(number: int) -> dict[str, object]:
    return _rows((ROW,), number=number)[0][0]


@app.get("/at-sight/{number}")
def at_sight(number: int) -> list[list[dict[str, object]]]:
    return _rows(AT_SIGHT, number=number)


@app.get("/whole/{number}")
def whole(number: int) -> list[list[dict[str, object]]]:
    return _rows(WHOLE, number=number)


@app.post("/search")
def search(wanted: Search) -> list[dict[str, object]]:
    return _rows((FOUND,), start=wanted.q, end=wanted.q + "\U0010ffff")[0]


def _rows(questions: tuple[sa.TextClause, ...], **asked: Any) -> list[list[dict[str, object]]]:
    with engine.connect() as connection:
        return [
            [
                {name: value if isinstance(value, int | None) else str(value) for name, value in found.items()}
                for found in connection.execute(question, asked).mappings()
            ]
            for question in questions
        ]


if __name__ == "__main__":
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        print(f"http://127.0.0.1:{listening.getsockname()[1]}/", flush=True)
        uvicorn.Server(uvicorn.Config(app, log_level="error", access_log=False)).run([listening])
