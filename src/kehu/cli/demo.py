"""`kehu demo`: a made-up town, three real channels, the whole way, and a page to look at."""

from pathlib import Path
from typing import Annotated, cast

import typer

from kehu import wiring
from kehu.cli import options, running, screen, serving
from kehu.errors import SourceError
from kehu.flows import demo as demos
from kehu.flows.run import Ran
from kehu.resolve.evaluate import Score
from kehu.settings import reading
from kehu.settings.sections import Settings
from kehu.store.database import Database

RECORDS = 20_000
"""As many as a laptop takes through the house while somebody watches."""


def demo(
    context: typer.Context,
    records: Annotated[int, typer.Option("--records", metavar="N", min=1, help="Records of the town.")] = RECORDS,
    folder: Annotated[
        Path, typer.Option("--dir", metavar="D", help="Its folder; one that another demo made is replaced.")
    ] = Path("kehu-demo"),
    seed: Annotated[int, typer.Option("--seed", help="The same seed invents the same town.")] = 1,
    *,
    serve: Annotated[bool, typer.Option("--serve/--no-serve", help="Serve the page when all is stored.")] = True,
    json: options.Json = False,
) -> None:
    """Invent a town, take its records the whole way, say how right the customers are, and serve the page.

    The town has three real channels, as an operator has them: online applications behind a REST server on loopback,
    a call-centre database, and a drop folder of GBK CSV and XLSX files. What follows is the ordinary `kehu run`.

    Examples: kehu demo · kehu demo --records 50000 --no-serve --json
    """
    with screen.watched() as progress:
        demos.prepare(folder, records=records, seed=seed, progress=progress)
        settings = reading.load(folder)
        with wiring.store(settings, migrate=True) as database:
            ran = running.whole(
                settings,
                database,
                None,
                progress,
                then=lambda: _use(settings, database),
            )
            progress.task("accuracy")
            progress.step("evaluate")
            score = demos.accuracy(database, folder)
            progress.finish()
    if ran.failures:
        raise SourceError("; ".join(f"channel {name!r} failed: {why}" for name, why in ran.failures.items()))
    if json:
        screen.print_json(_answer(ran, score, running.seconds(progress)))
    else:
        _tell(settings, ran, score)
    if serve:
        application = cast("options.Application", context.obj)
        serving.run(application, settings, host=settings.serve.host, port=settings.serve.port, spare=True)


def _use(settings: Settings, database: Database) -> None:
    """What agents and analysts do with the customers."""
    at = wiring.now()
    demos.serve_some(database, wiring.clock(settings), at=at)
    demos.mean_some(database, at=at)


def _answer(ran: Ran, score: Score, seconds: dict[str, float]) -> dict[str, object]:
    return {
        "records": ran.counts.read,
        "accepted": ran.counts.accepted,
        "quarantined": ran.counts.quarantined,
        "duplicates": ran.counts.duplicate,
        "customers": score.customers,
        "truth": {
            "precision": round(score.precision, 4),
            "recall": round(score.recall, 4),
            "f1": round(score.f1, 4),
        },
        "seconds": seconds,
    }


def _tell(settings: Settings, ran: Ran, score: Score) -> None:
    running.print_counts(ran)
    screen.stdout.print(
        f"{score.records:,} records were {score.customers:,} customers "
        f"(truth: {score.customers_true:,}; precision {score.precision:.3f}, recall {score.recall:.3f})"
    )
    screen.stdout.print(f"all of it lies in {settings.folder}; kehu.toml there is the example to copy from")
