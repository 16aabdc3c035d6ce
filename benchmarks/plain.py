"""What our pages are measured against: FastAPI and one SELECT of the same customer, without anything around it.

python benchmarks/plain.py DATABASE_URL
"""

import socket
import sys

import sqlalchemy as sa
import uvicorn
from fastapi import FastAPI

app = FastAPI()
engine = sa.create_engine(sys.argv[1])
ROW = sa.text("SELECT * FROM customer WHERE customer_id = :number")


@app.get("/customers/{number}")
def customer(number: int) -> dict[str, object]:
    with engine.connect() as connection:
        row = connection.execute(ROW, {"number": number}).mappings().first()
    return {name: str(value) for name, value in (row or {}).items()}


if __name__ == "__main__":
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        print(f"http://127.0.0.1:{listening.getsockname()[1]}/", flush=True)
        uvicorn.Server(uvicorn.Config(app, log_level="error", access_log=False)).run([listening])
