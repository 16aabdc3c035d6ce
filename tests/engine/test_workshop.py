"""Stages in processes of their own."""

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from kehu.engine.workshop import PIECE, Workshop

ROWS = 5 * PIECE + 1


def coded(table: pa.Table) -> pa.Table:
    """Rows whose dictionaries differ from piece to piece."""
    return pa.table({"n": pc.multiply(table["n"], 2), "text": table["n"].cast(pa.string()).dictionary_encode()})


def fussy(table: pa.Table) -> pa.Table:
    if pc.any(pc.equal(table["n"], ROWS - 1)).as_py():
        raise ValueError("no such row, please")
    return table


def numbers(rows: int) -> pa.Table:
    return pa.table({"n": pa.array(range(rows), pa.int64())})


@pytest.mark.parametrize("rows", [0, 1, ROWS])
@pytest.mark.parametrize("helpers", [0, 2])
def test_a_table_is_made_whole_and_in_its_order(rows: int, helpers: int) -> None:
    with Workshop(coded, helpers=helpers) as shop:
        made = shop.make(numbers(rows))
    assert made["n"].to_pylist() == list(range(0, 2 * rows, 2))
    assert made["text"].to_pylist() == [str(number) for number in range(rows)]


@pytest.mark.parametrize("helpers", [0, 1])
def test_a_stage_that_fails_fails_the_whole(helpers: int) -> None:
    with Workshop(fussy, helpers=helpers) as shop, pytest.raises((RuntimeError, ValueError), match="no such row"):
        shop.make(numbers(ROWS))


def test_a_helper_that_is_killed_is_named() -> None:
    with Workshop(coded, helpers=1) as shop:
        shop._helpers[0]._process.kill()
        with pytest.raises(RuntimeError, match=r"test_workshop\.coded ended with code"):
            shop.make(numbers(ROWS))


def test_a_workshop_that_is_not_needed_closes() -> None:
    with Workshop(coded, helpers=1) as shop:
        helper = shop._helpers[0]
    assert helper._process.poll() is not None
