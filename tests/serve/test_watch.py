"""What is told to Prometheus: routes by their templates, the store in numbers, nobody by name."""

from pathlib import Path

from fastapi import FastAPI
from starlette.testclient import TestClient

from kehu.serve import app
from kehu.store import database


def test_requests_are_told_by_route_and_never_by_address(client: TestClient) -> None:
    client.get("/customers/1")
    client.get("/customers/99999999")
    client.get("/nowhere/13912345678")
    told = client.get("/metrics").text
    assert 'kehu_request_seconds_count{method="GET",route="/customers/{customer_id}",status="200"}' in told
    assert 'kehu_request_seconds_count{method="GET",route="/customers/{customer_id}",status="404"}' in told
    assert 'route="elsewhere"' in told
    assert "13912345678" not in told
    assert "99999999" not in told


def test_the_store_is_told_in_numbers(client: TestClient) -> None:
    told = client.get("/metrics").text
    assert "kehu_store_up 1.0" in told
    assert 'kehu_rows_total{became="quarantined",channel="hall"} 2.0' in told
    assert 'kehu_failed_loads_total{channel="online"} 1.0' in told
    assert "kehu_quarantine_open 2.0" in told
    assert 'kehu_last_load_timestamp_seconds{channel="calls"}' in told


def test_a_store_that_is_away_is_told(application: FastAPI, tmp_path: Path) -> None:
    lost = database.connect("postgresql://nobody@127.0.0.1:1/none", folder=tmp_path)
    watched = app.create(lost, clock=application.state.given.clock)
    with TestClient(watched, base_url="http://127.0.0.1", client=("127.0.0.1", 1)) as far:
        assert "kehu_store_up 0.0" in far.get("/metrics").text
