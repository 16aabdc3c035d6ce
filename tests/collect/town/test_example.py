from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from kehu.collect import database, files, rest
from kehu.collect.channel import Channel
from kehu.collect.town import channels, example, server, town
from kehu.collect.town.rates import Rates
from kehu.model import records as columns
from kehu.process import checks, clean, mapping
from kehu.process.rows import Rows
from kehu.settings import reading, sections

KEY = "a key of the tests"


@pytest.fixture(scope="module")
def made() -> town.Town:
    return town.make(3_000, seed=11, rates=Rates(bad_row=0.02))


@pytest.fixture(scope="module")
def folder(made: town.Town, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("project")
    channels.write(made, path)
    return path


@pytest.fixture(scope="module")
def project(folder: Path) -> Iterator[sections.Settings]:
    with server.serve(folder / channels.APPLICATIONS, api_key=KEY, hiccups=0.2) as serving:
        (folder / sections.FILE_NAME).write_text(example.settings_toml(serving.port), encoding="utf-8")
        yield reading.load(folder, environment={})


def opened(described: sections.Channel, folder: Path) -> Channel:
    match described.source:
        case rest.RestSource() as source:
            return rest.RestChannel(described.name, source, secret=KEY, sleep=lambda _: None)
        case database.DatabaseSource() as source:
            return database.DatabaseChannel(described.name, source, folder=folder)
        case files.FilesSource() as source:
            return files.FilesChannel(described.name, source, folder=folder)
        case other:
            raise AssertionError(f"the town has no channel of this type: {other!r}")


@pytest.mark.parametrize("name", town.CHANNELS)
def test_the_example_settings_bring_every_record_back_as_the_town_has_it(
    name: str, project: sections.Settings, folder: Path, made: town.Town
) -> None:
    described = project.channel(name)
    assert described.mapping
    batches = list(opened(described, folder).batches(after=None))
    flats = [mapping.apply(batch.rows, described.mapping, channel=name, sparse=name == "online") for batch in batches]
    flat = pa.concat_tables(flats, promote_options="default")
    mine = made.records.filter(pc.equal(made.records["channel"], name))
    read = {row["record_id"]: row for row in clean.clean(flat).to_pylist()}
    # When the call centre hung up is later than when the call began, and neither it nor the halls name a zone.
    kept = [column for column in columns.CLEAN.names if column != "updated_at" or name == "online"]
    for row in clean.clean(mine).to_pylist():
        assert {column: read[row["record_id"]][column] for column in kept} == {column: row[column] for column in kept}


@pytest.mark.parametrize("name", town.CHANNELS)
def test_what_the_example_rules_refuse_is_bad_or_says_nobody(
    name: str, project: sections.Settings, folder: Path, made: town.Town
) -> None:
    described = project.channel(name)
    assert described.mapping
    refused: set[str] = set()
    for batch in opened(described, folder).batches(after=None):
        flat = mapping.apply(batch.rows, described.mapping, channel=name, sparse=name == "online")
        broken = checks.broken(Rows(flat=flat, clean=clean.clean(flat)), described.rules)
        rows = broken.filter(pc.equal(broken["severity"], "reject"))["row"]
        refused |= set(flat["record_id"].take(rows).to_pylist())
    known = set(made.records["record_id"].to_pylist())
    says = {row["record_id"]: row for row in clean.clean(made.records).to_pylist()}
    assert refused - known, "the bad rows"
    assert all(says[key][column] is None for key in refused & known for column in ("name", "phone", "id_number"))


@pytest.mark.parametrize("name", town.CHANNELS)
def test_the_second_reading_of_a_channel_finds_nothing_new(name: str, project: sections.Settings, folder: Path) -> None:
    channel = opened(project.channel(name), folder)
    *_, last = channel.batches(after=None)
    assert sum(batch.rows.num_rows for batch in channel.batches(after=last.cursor)) == 0
