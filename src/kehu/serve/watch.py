"""What Prometheus reads: how often and how long each route was asked, and how the store fares.

Routes are told by their templates (`/customers/{customer_id}`), never by their addresses: who was looked at is nobody's
business there.
"""

import time
from collections.abc import Iterator

from prometheus_client import CollectorRegistry, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from kehu.errors import StoreError
from kehu.store.database import Database
from kehu.store.fares import fares

BUCKETS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"
ELSEWHERE = "elsewhere"
"""The route of an address that leads nowhere."""


class Watch:
    """What is measured, of one application."""

    def __init__(self, database: Database) -> None:
        self.registry = CollectorRegistry()
        self.registry.register(_Store(database))
        self.asked = Histogram(
            "kehu_request_seconds",
            "How long requests took, by route, method and status",
            ("route", "method", "status"),
            buckets=BUCKETS_S,
            registry=self.registry,
        )

    def text(self) -> bytes:
        """Everything, as Prometheus reads it."""
        return generate_latest(self.registry)


class _Store(Collector):
    """The store, asked when somebody looks."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def describe(self) -> list[Metric]:
        """Nothing beforehand: the store is not asked when the application starts."""
        return []

    def collect(self) -> Iterator[Metric]:
        """The figures of now; only that the store does not answer, where it does not."""
        up = GaugeMetricFamily("kehu_store_up", "Whether the store answers")
        try:
            with self.database.read() as tx:
                now = fares(tx)
        except StoreError:
            up.add_metric([], 0)
            yield up
            return
        up.add_metric([], 1)
        yield up
        yield GaugeMetricFamily("kehu_waiting_records", "Records that wait to be identified", value=now.waiting)
        yield GaugeMetricFamily("kehu_quarantine_open", "Rows in quarantine to be mended", value=now.open_rows)
        rows = CounterMetricFamily("kehu_rows", "Rows so far, by what became of them", labels=("channel", "became"))
        for (channel, became), count in now.rows.items():
            rows.add_metric([channel, became], count)
        yield rows
        finished = GaugeMetricFamily(
            "kehu_last_load_timestamp_seconds", "When the last load was done", labels=("channel",)
        )
        for channel, at in now.finished.items():
            finished.add_metric([channel], at.timestamp())
        yield finished
        failed = CounterMetricFamily("kehu_failed_loads", "Loads that failed or were interrupted", labels=("channel",))
        for channel, count in now.failed.items():
            failed.add_metric([channel], count)
        yield failed


class Watched:
    """Measures every request."""

    def __init__(self, app: ASGIApp, *, watch: Watch) -> None:
        self.app = app
        self.watch = watch

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer the request, and note how long it took."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        status = 500

        async def send_and_see(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        start = time.perf_counter()
        try:
            await self.app(scope, receive, send_and_see)
        finally:
            # The router writes the route it found into the scope.
            route = getattr(scope.get("route"), "path", ELSEWHERE)
            labels = (route, scope["method"], str(status))
            self.watch.asked.labels(*labels).observe(time.perf_counter() - start)
