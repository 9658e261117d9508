"""This computer's copy of a shared gallery: which rows a change touched, and rows that came from the server."""

import json
import sqlite3
from collections import deque
from dataclasses import asdict, dataclass

from depthface_app.gallery import schema
from depthface_app.gallery.audit import Head, entries
from depthface_app.gallery.contents import check_digest
from depthface_app.gallery.sealed_rows import ERASED, SealedRows
from depthface_app.gallery.server import Change, Session, State
from depthface_app.gallery.vault import Opened

_PLACE = "place"


@dataclass(frozen=True, slots=True)
class Place:
    """How far a copy has come, in the server's numbers."""

    generation: int
    sequence: int

    @classmethod
    def of(cls, state: State) -> "Place":
        """Where the server is."""
        return cls(state.generation, state.sequence)

    @classmethod
    def read(cls, db: sqlite3.Connection) -> "Place":
        """Where the copy is."""
        return cls(**json.loads(schema.meta(db, _PLACE)))

    def write(self, db: sqlite3.Connection) -> None:
        """Remember it in the copy."""
        schema.set_meta(db, _PLACE, json.dumps(asdict(self)).encode())


def track(db: sqlite3.Connection) -> None:
    """Note which people and records are touched from now on, on this connection."""
    db.execute("CREATE TEMP TABLE touched (place TEXT NOT NULL, id TEXT NOT NULL)")
    for place in ("sealed_person", "record"):
        for event, row in (("INSERT", "NEW"), ("UPDATE", "NEW"), ("DELETE", "OLD")):
            db.execute(
                f"CREATE TEMP TRIGGER {place}_{event} AFTER {event} ON main.{place}"
                f" BEGIN INSERT INTO touched VALUES ('{place}', {row}.id); END"
            )


def touched(db: sqlite3.Connection, after: Head) -> Change:
    """What was touched since `track`, and the log after an entry."""
    people = "SELECT id FROM touched WHERE place = 'sealed_person'"
    gone = db.execute(f"SELECT DISTINCT id FROM ({people}) WHERE id NOT IN (SELECT id FROM sealed_person)").fetchall()
    records = "SELECT id FROM touched WHERE place = 'record'"
    return _change(
        db, after, tuple(person for (person,) in gone), f"WHERE id IN ({people})", f"WHERE id IN ({records})"
    )


def everything(db: sqlite3.Connection) -> Change:
    """The whole copy."""
    return _change(db, Head(), (), "", "")


def _change(db: sqlite3.Connection, after: Head, gone: tuple[str, ...], people: str, records: str) -> Change:
    return Change(
        schema.meta(db, "head"),
        db.execute(f"SELECT id, handle, key FROM sealed_person {people}"),
        gone,
        db.execute(f"SELECT number, kind, id, person, model, sealed FROM record {records} ORDER BY number"),
        db.execute("SELECT number, sealed, mac FROM audit WHERE number > ? ORDER BY number", (after.number,)),
    )


def clear(db: sqlite3.Connection) -> None:
    """Empty the copy before it is fetched anew."""
    for table in ("record", "sealed_person", "audit"):
        db.execute(f"DELETE FROM {table}")


def take(rows: SealedRows, session: Session, after: int, log_after: int) -> list[str]:
    """Put in what the server has after that sequence, and its log after that entry; returns the records' words."""
    for (record,) in session.erased(after):
        rows.drop_person(record.removeprefix(f"{ERASED} "))
    rows.take_people([(person, handle, key) for person, handle, key in session.people(after)])
    taken = []
    for row in session.records(after):
        rows.take_record(*row)
        taken.append(row[2])
    query = "INSERT INTO audit (number, sealed, mac) VALUES (?, ?, ?)"
    rows.db.executemany(query, session.log(log_after))
    schema.set_meta(rows.db, "head", session.state.head)
    return taken


def check_taken(opened: Opened, digest: int, taken: list[str], before: Head) -> None:
    """Look at what came: it opens, nothing is missing, and the log goes on from where it was.

    Args:
        opened: the copy with what came in it.
        digest: of the rows that are in it now.

    Raises:
        Tampered: if it is not what a kiosk left on the server.
    """
    if opened.rows.digest != digest:
        raise opened.rows.fault("its records are not those that a kiosk left in it")
    deque(entries(opened.rows, opened.head, opened.secrets.chain, before), maxlen=0)
    for record in taken:
        opened.rows.row(record)


def check_all(opened: Opened, before: Head) -> None:
    """As `check_taken`, of everything, and that it goes on from what this computer knew.

    Raises:
        Tampered: if it does not.
    """
    check_digest(opened)
    opened.audit_log()
    found = opened.rows.db.execute("SELECT mac FROM audit WHERE number = ?", (before.number,)).fetchone()
    if before.number and (found is None or found[0] != before.mac):
        raise opened.rows.fault(f"it does not go on from change {before.number}, which this computer knows")
    opened.rows.load_person_keys()
    for (kind,) in opened.rows.db.execute("SELECT DISTINCT kind FROM record").fetchall():
        deque(opened.rows.each(kind), maxlen=0)
