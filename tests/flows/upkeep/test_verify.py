"""Verify: a store that lived is sound, and each of many planted faults is found and named, on each database."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from kehu.flows.arrive.arrive import Desk
from kehu.flows.upkeep import audit as auditing
from kehu.flows.upkeep import verify
from kehu.flows.upkeep.audit import Seal
from kehu.flows.upkeep.verify import Rules
from kehu.resolve.survivorship import DEFAULT
from kehu.store import facts
from kehu.store.audit import head, trail
from kehu.store.database import Database, Transaction
from kehu.store.dictionary.audit import audit, audit_chain
from kehu.store.dictionary.whole import tables
from kehu.store.sealing import keyring

RULES = Rules(trust={"hall": 3}, survivorship=DEFAULT)
CUSTOMER, MEMBER, RECORD = tables["customer"].c, tables["member"].c, tables["record"].c
LIVES = CUSTOMER.merged_into.is_(None)
HUGE = 10**9

Fault = Callable[[Transaction], Any]


def first(tx: Transaction, column: sa.Column[Any], *where: sa.ColumnElement[bool], skip: int = 0) -> Any:
    """The value of the first row, in the order of the column."""
    return tx.scalars(sa.select(column).where(*where).order_by(column).offset(skip).limit(1)).one()


def living(tx: Transaction, skip: int = 0) -> int:
    """A living customer with two records or more."""
    return int(first(tx, CUSTOMER.customer_id, LIVES, CUSTOMER.records > 1, skip=skip))


def update(tx: Transaction, table: sa.Table, where: sa.ColumnElement[bool], **values: Any) -> None:
    assert tx.execute(table.update().where(where).values(**values)).rowcount > 0


def delete(tx: Transaction, table: sa.Table, where: sa.ColumnElement[bool]) -> None:
    assert tx.execute(table.delete().where(where)).rowcount > 0


def record_in_two_customers(tx: Transaction) -> None:
    """The version before the one in force belongs to somebody, too."""
    old = first(tx, RECORD.record, ~RECORD.current)
    since = first(tx, MEMBER.since)
    tx.execute(tables["member"].insert().values(record=old, customer_id=living(tx), since=since))


def cycle(tx: Transaction) -> None:
    retired = first(tx, CUSTOMER.customer_id, ~LIVES)
    into = first(tx, CUSTOMER.merged_into, CUSTOMER.customer_id == retired)
    update(tx, tables["customer"], CUSTOMER.customer_id == into, merged_into=retired)


def golden_without_record(tx: Transaction) -> None:
    update(tx, tables["customer"], CUSTOMER.customer_id == living(tx), sources=json.dumps({"name": HUGE}))


def missing_version(tx: Transaction) -> None:
    old = first(tx, RECORD.record, ~RECORD.current)
    for table in (tables["pushed"], tables["subscription"], tables["account"], tables["interaction"]):
        tx.execute(table.delete().where(table.c.record == old))
    delete(tx, tables["record"], RECORD.record == old)


def term_of_a_retired(tx: Transaction) -> None:
    retired = first(tx, CUSTOMER.customer_id, ~LIVES)
    tx.execute(tables["search_term"].insert().values(term="wangwu", customer_id=retired))


def link_of_a_retired(tx: Transaction) -> None:
    old = first(tx, RECORD.record, ~RECORD.current)
    tx.execute(
        tables["link"].insert().values(record_l=old, record_r=HUGE, weight=9.0, levels="a", state="linked", reason=None)
    )


def reason_moved(tx: Transaction) -> None:
    """A reason that was sealed for another entry, chained anew as a thief with the database could."""
    told = tx.scalars(sa.select(audit.c.why).where(audit.c.why.is_not(None)).order_by(audit.c.audit_id)).first()
    assert told is not None
    update(tx, audit, audit.c.audit_id == first(tx, audit.c.audit_id), why=told)


def removed(tx: Transaction) -> None:
    delete(tx, audit_chain, audit_chain.c.place == 1)
    delete(tx, audit, audit.c.audit_id == first(tx, audit.c.audit_id))


def swapped(tx: Transaction) -> None:
    ids = list(tx.scalars(sa.select(audit.c.audit_id).order_by(audit.c.audit_id).limit(2)))
    told = [tx.scalars(sa.select(audit.c.what).where(audit.c.audit_id == number)).one() for number in ids]
    for number, what in zip(ids, reversed(told), strict=True):
        update(tx, audit, audit.c.audit_id == number, what=what)


def last_place(tx: Transaction) -> int:
    return int(tx.scalar(sa.select(sa.func.max(audit_chain.c.place))) or 0)


FAULTS: dict[str, tuple[Fault, str, str]] = {
    "a record in two customers": (record_in_two_customers, "I2", "members of a customer that are no records in force"),
    "a record in no customer": (
        lambda tx: delete(tx, tables["member"], MEMBER.record == first(tx, MEMBER.record)),
        "I2",
        "neither belong to a customer nor wait",
    ),
    "a record that waits and is not in force": (
        lambda tx: tx.execute(tables["fresh"].insert().values(record=first(tx, RECORD.record, ~RECORD.current))),
        "I2",
        "wait for a customer though they are not in force",
    ),
    "two versions in force": (
        lambda tx: update(tx, tables["record"], ~RECORD.current, current=True),
        "I1",
        "not exactly one version is in force",
    ),
    "a missing version": (missing_version, "I1", "lack a version"),
    "a cycle of redirects": (cycle, "I3", "does not lead to a living one"),
    "a number to be given again": (
        lambda tx: update(tx, tables["sequence"], tables["sequence"].c.name == "customer", next=1),
        "I3",
        "still to be given",
    ),
    "a customer that vanished": (
        lambda tx: delete(tx, tables["customer"], CUSTOMER.customer_id == first(tx, CUSTOMER.customer_id, ~LIVES)),
        "I3",
        "have a past and are not there",
    ),
    "a golden value without its record": (golden_without_record, "I4", "golden value from a record that is not theirs"),
    "a golden value that was changed": (
        lambda tx: update(tx, tables["customer"], CUSTOMER.customer_id == living(tx), name="王五"),
        "I4",
        "golden values do not follow",
    ),
    "a count that is wrong": (
        lambda tx: update(tx, tables["customer"], CUSTOMER.customer_id == living(tx), records=HUGE),
        "I4",
        "another number of records",
    ),
    "a search term of a retired customer": (term_of_a_retired, "I4", "found by a term though they do not live"),
    "a search term that was added": (
        lambda tx: tx.execute(tables["search_term"].insert().values(term="wangwu", customer_id=living(tx))),
        "I4",
        "search terms do not follow",
    ),
    "a contact medium of somebody else": (
        lambda tx: update(
            tx,
            tables["contact_medium"],
            tables["contact_medium"].c.customer_id == living(tx),
            record=first(tx, MEMBER.record, MEMBER.customer_id == living(tx, 1)),
        ),
        "I4",
        "by a record that is not theirs",
    ),
    "a contact medium that was lost": (
        lambda tx: delete(tx, tables["contact_medium"], tables["contact_medium"].c.customer_id == living(tx)),
        "I4",
        "contact media do not follow",
    ),
    "a link of a retired record": (link_of_a_retired, "I2", "links of records that are no longer in force"),
    "counts that do not add up": (
        lambda tx: update(tx, tables["load"], tables["load"].c.accepted > 0, duplicate=7),
        "I7",
        "counts do not add up",
    ),
    "rows of a load that are gone": (
        lambda tx: update(
            tx,
            tables["load"],
            tables["load"].c.accepted > 0,
            accepted=tables["load"].c.accepted + 1,
            read=tables["load"].c.read + 1,
        ),
        "I7",
        "another number of accepted rows",
    ),
    "an audit row that was edited": (
        lambda tx: update(tx, audit, audit.c.audit_id == first(tx, audit.c.audit_id), who="nobody"),
        "I5",
        "was changed",
    ),
    "an audit row that was removed": (removed, "I5", "places 1 to 1 of the chain are missing"),
    "audit rows that changed places": (swapped, "I5", "stands where another stood"),
    "an audit trail that was cut off": (
        lambda tx: delete(tx, audit_chain, audit_chain.c.place == last_place(tx)),
        "I5",
        "cut off before its head",
    ),
    "a sealed reason that was moved": (reason_moved, "I1", "audit.why that do not open"),
}


def test_a_store_that_lived_is_sound_and_every_planted_fault_is_found(
    opened: Callable[[str], Database], live: Callable[[Database], Desk], tmp_path: Path, kind: str
) -> None:
    store = opened(kind)
    desk = live(store)
    assert store.vault is not None
    seal = Seal(keys=store.vault.keys, head_at=tmp_path / "audit.head")
    with store.begin() as tx:
        facts.put(tx, facts.SURVIVORSHIP, RULES.survivorship.fingerprint(RULES.trust))
        noted(tx, store)
    auditing.sealed(store, seal, at=desk.clock())
    assert verify.verify(store, RULES, seal=seal) == verify.Verified(findings=(), remarks=())
    assert verify.rerun(store, RULES, desk.model, hot_key_limit=100, at=desk.clock()) == ()
    known = head.read(seal.head_at, keys=seal.keys)
    missed = {}
    for name, (plant, invariant, says) in FAULTS.items():
        with store.trial() as tx:
            plant(tx)
            found = verify.within(tx, RULES, vault=store.vault, known=known).findings
        if not any(one.invariant == invariant and says in one.broken for one in found):
            missed[name] = found
    assert missed == {}
    assert verify.verify(store, RULES, seal=seal).findings == ()


def noted(tx: Transaction, store: Database) -> None:
    assert store.vault is not None
    for number in range(3):
        entry = trail.Entry(
            at=first(tx, MEMBER.since), who="lihua", act=trail.Act.UNMASK, what=f"customer {number}", why="he asked"
        )
        trail.note(tx, entry, vault=store.vault)


@pytest.fixture(params=("sqlite", "mariadb", "postgresql"))
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_a_re_run_that_would_change_something_is_told(
    opened: Callable[[str], Database], live: Callable[[Database], Desk], kind: str
) -> None:
    store = opened(kind)
    desk = live(store)
    with store.begin() as tx:
        # Its own links were all that held it in its customer.
        record = first(tx, tables["link"].c.record_l, tables["link"].c.state == "linked")
        delete(tx, tables["link"], sa.or_(tables["link"].c.record_l == record, tables["link"].c.record_r == record))
    found = verify.rerun(store, RULES, desk.model, hot_key_limit=100, at=desk.clock())
    assert [one.invariant for one in found] == ["I6"]
    # It was taken back.
    assert verify.rerun(store, RULES, desk.model, hot_key_limit=100, at=desk.clock()) == found


def test_golden_values_of_other_settings_are_left_to_the_next_run(
    opened: Callable[[str], Database], live: Callable[[Database], Desk]
) -> None:
    store = opened("sqlite")
    live(store)
    with store.begin() as tx:
        facts.put(tx, facts.SURVIVORSHIP, "others")
    told = verify.verify(store, RULES, seal=None)
    assert told.findings == ()
    assert "other settings" in told.remarks[0]


def test_a_head_of_the_trail_that_is_missing_or_of_other_keys_is_told(
    opened: Callable[[str], Database], live: Callable[[Database], Desk], tmp_path: Path
) -> None:
    store = opened("sqlite")
    desk = live(store)
    assert store.vault is not None
    seal = Seal(keys=store.vault.keys, head_at=tmp_path / "audit.head")
    auditing.sealed(store, seal, at=desk.clock())
    other = Seal(keys=keyring.made(), head_at=seal.head_at)
    assert ["not signed with our keys" in one.broken for one in verify.verify(store, RULES, seal=other).findings] == [
        True
    ]
    seal.head_at.unlink()
    assert ["is missing" in one.broken for one in verify.verify(store, RULES, seal=seal).findings] == [True]
