"""A shared gallery on a PostgreSQL server: the sealed rows of `schema`, counted changes, and a bell.

The server keeps what kiosks seal and can open none of it. Every change takes the one row of `state`, so changes come
one after the other; each raises its sequence and marks what it wrote with it, so a kiosk asks for what came after the
last number it knows and misses nothing, whatever happened to the bell. Rows go only with their person, whose word
stays behind in a record of its own (`sealed_rows.ERASED`). What is done to everything at once begins another
generation, which every kiosk fetches wholly.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, LiteralString

import psycopg
from psycopg import errors, sql

from depthface_app.core.errors import GalleryError, GalleryUnreachable
from depthface_app.gallery.address import Address

VERSION = 1
KIOSKS = "depthface_kiosk"
_BELL = "depthface"
_AT_ONCE = 500  # rows on the way; a template has some 8 kB
_TABLES: tuple[LiteralString, ...] = (
    "CREATE SCHEMA depthface",
    """CREATE TABLE depthface.state (
        one boolean PRIMARY KEY DEFAULT true CHECK (one),
        version integer NOT NULL,
        gallery text NOT NULL,
        lock text NOT NULL,       -- the data key, sealed with what opens the gallery
        head bytea NOT NULL,      -- sealed: where the log ends, and the digest of all rows
        sequence bigint NOT NULL,
        generation bigint NOT NULL
    )""",
    """CREATE TABLE depthface.person (
        id text PRIMARY KEY,
        handle bytea NOT NULL,
        key bytea NOT NULL,
        changed bigint NOT NULL
    )""",
    """CREATE TABLE depthface.record (
        id text PRIMARY KEY,
        number bigint NOT NULL,
        kind text NOT NULL,
        person text REFERENCES depthface.person(id) ON DELETE CASCADE,
        model text NOT NULL,
        sealed bytea NOT NULL,
        changed bigint NOT NULL
    )""",
    "ALTER TABLE depthface.record ALTER COLUMN sealed SET STORAGE EXTERNAL",  # sealed bytes do not get smaller
    "CREATE TABLE depthface.audit (number bigint PRIMARY KEY, sealed bytea NOT NULL, mac bytea NOT NULL)",
    "CREATE INDEX person_changed ON depthface.person(changed)",
    "CREATE INDEX record_changed ON depthface.record(changed)",
    "CREATE INDEX record_person ON depthface.record(person)",
    "REVOKE ALL ON SCHEMA depthface FROM PUBLIC",
)
# What a kiosk's role may do: read, write sealed rows, let a person go, add to the log. Not: change or cut the log, put
# another lock, drop a single record, or touch the tables themselves.
_RIGHTS: tuple[LiteralString, ...] = (
    "GRANT USAGE ON SCHEMA depthface TO {}",
    "GRANT SELECT, UPDATE (head, sequence) ON depthface.state TO {}",
    "GRANT SELECT, INSERT, UPDATE, DELETE ON depthface.person TO {}",
    "GRANT SELECT, INSERT, UPDATE ON depthface.record TO {}",
    "GRANT SELECT, INSERT ON depthface.audit TO {}",
)


@dataclass(frozen=True, slots=True)
class State:
    """What the server says of the gallery; the columns of `state`."""

    version: int
    gallery: str
    lock: str
    head: bytes
    sequence: int
    generation: int


@dataclass(frozen=True, slots=True)
class Change:
    """What one change leaves on the server, as rows of `schema`'s tables.

    people:  (id, handle, key)
    erased:  words of people who go, with all their records
    records: (number, kind, id, person, model, sealed)
    log:     (number, sealed, mac)
    """

    head: bytes
    people: Iterable[tuple[Any, ...]]
    erased: tuple[str, ...]
    records: Iterable[tuple[Any, ...]]
    log: Iterable[tuple[Any, ...]]


class Session:
    """One transaction on the server."""

    def __init__(self, connection: "psycopg.Connection[tuple[Any, ...]]", state: State) -> None:
        self._connection, self.state = connection, state

    def people(self, after: int) -> Iterator[tuple[Any, ...]]:
        """(id, handle, key) of whoever was changed after that sequence."""
        return self._each("SELECT id, handle, key FROM depthface.person WHERE changed > %s", after)

    def erased(self, after: int) -> Iterator[tuple[Any, ...]]:
        """(id,) of the records that stand for people erased after that sequence."""
        return self._each("SELECT id FROM depthface.record WHERE kind = 'erased' AND changed > %s", after)

    def records(self, after: int) -> Iterator[tuple[Any, ...]]:
        """(number, kind, id, person, model, sealed) of what was written after that sequence, oldest first."""
        columns: LiteralString = "number, kind, id, person, model, sealed"
        return self._each(f"SELECT {columns} FROM depthface.record WHERE changed > %s ORDER BY number", after)

    def log(self, after: int) -> Iterator[tuple[Any, ...]]:
        """(number, sealed, mac) of the audit log's entries after that one."""
        return self._each("SELECT number, sealed, mac FROM depthface.audit WHERE number > %s ORDER BY number", after)

    def _each(self, query: LiteralString, after: int) -> Iterator[tuple[Any, ...]]:
        with self._connection.cursor(name="each") as cursor:
            cursor.itersize = _AT_ONCE
            yield from cursor.execute(query, (after,))

    @property
    def is_owner(self) -> bool:
        """Whether this role may do what is done to everything at once."""
        query: LiteralString = "SELECT has_column_privilege('depthface.state', 'lock', 'UPDATE')"
        return bool(self._connection.execute(query).fetchone() == (True,))

    def push(self, change: Change, *, whole: bool = False) -> State:
        """Write a change, ring the bell and commit; returns the state from then on.

        Args:
            whole: in place of everything that is there, as another generation.
        """
        sequence, generation = self.state.sequence + 1, self.state.generation + whole
        with self._connection.cursor() as cursor:
            if whole:
                for table in ("record", "person", "audit"):
                    cursor.execute(sql.SQL("DELETE FROM depthface.{}").format(sql.Identifier(table)))
            cursor.execute("DELETE FROM depthface.person WHERE id = ANY(%s)", (list(change.erased),))
            cursor.executemany(
                "INSERT INTO depthface.person (id, handle, key, changed) VALUES (%s, %s, %s, %s)"
                " ON CONFLICT (id) DO UPDATE SET handle = excluded.handle, key = excluded.key,"
                " changed = excluded.changed",
                ((*row, sequence) for row in change.people),
            )
            cursor.executemany(
                "INSERT INTO depthface.record (number, kind, id, person, model, sealed, changed)"
                " VALUES (%s, %s, %s, %s, %s, %s, %s)"
                " ON CONFLICT (id) DO UPDATE SET number = excluded.number, kind = excluded.kind,"
                " person = excluded.person, model = excluded.model, sealed = excluded.sealed,"
                " changed = excluded.changed",
                ((*row, sequence) for row in change.records),
            )
            cursor.executemany(
                "INSERT INTO depthface.audit (number, sealed, mac) VALUES (%s, %s, %s)", iter(change.log)
            )
            cursor.execute("UPDATE depthface.state SET head = %s, sequence = %s", (change.head, sequence))
            if whole:
                cursor.execute("UPDATE depthface.state SET generation = %s", (generation,))
            cursor.execute("SELECT pg_notify(%s, %s)", (_BELL, str(sequence)))
        self._connection.commit()
        old = self.state
        return State(old.version, old.gallery, old.lock, change.head, sequence, generation)

    def set_lock(self, lock: str) -> None:
        """Let something else open the gallery, in the change that is under way; for the owner."""
        self._connection.execute("UPDATE depthface.state SET lock = %s", (lock,))


class Server:
    """Opens sessions; any thread may."""

    def __init__(self, address: Address) -> None:
        self.address = address

    @contextmanager
    def session(self, *, writes: bool = False) -> Iterator[Session]:
        """One moment of the server; with `writes`, nobody else changes anything meanwhile.

        Raises:
            GalleryUnreachable: if the server does not answer.
            GalleryError: if there is no gallery, a newer program made it, or the role may not.
        """
        with self._connected() as connection:
            if writes:
                connection.execute("SET LOCAL lock_timeout = '10s'")
            else:
                connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            state = self._state(connection, "FOR UPDATE" if writes else "")
            if state.version > VERSION:
                raise GalleryError(
                    f"The shared gallery at {self.address.shown} was made by a newer version of this program; update "
                    "this one."
                )
            yield Session(connection, state)

    @contextmanager
    def listening(self, wait_s: float) -> Iterator[Iterator[bool]]:
        """Says for ever, at the latest every `wait_s`, whether the bell rang meanwhile.

        Raises:
            GalleryUnreachable: as soon as the server does not answer.
        """
        with self._connected(autocommit=True) as connection:
            connection.execute(sql.SQL("LISTEN {}").format(sql.Identifier(_BELL)))
            yield self._rings(connection, wait_s)

    def _rings(self, connection: "psycopg.Connection[tuple[Any, ...]]", wait_s: float) -> Iterator[bool]:
        while True:
            yield any(True for _ in connection.notifies(timeout=wait_s, stop_after=1))

    def make(self, gallery: str, lock: str, content: Change) -> State:
        """Tables and rights of a new gallery with what is in it; for a role that may make a schema and roles.

        Raises:
            GalleryError: if there is one already, or the role may not.
        """
        with self._connected() as connection:
            for statement in _TABLES:
                connection.execute(statement)
            connection.execute(
                "INSERT INTO depthface.state (version, gallery, lock, head, sequence, generation)"
                " VALUES (%s, %s, %s, %s, 0, 0)",
                (VERSION, gallery, lock, content.head),
            )
            if connection.execute("SELECT FROM pg_roles WHERE rolname = %s", (KIOSKS,)).fetchone() is None:
                connection.execute(sql.SQL("CREATE ROLE {} NOLOGIN").format(sql.Identifier(KIOSKS)))
            for right in _RIGHTS:
                connection.execute(sql.SQL(right).format(sql.Identifier(KIOSKS)))
            return Session(connection, self._state(connection, "FOR UPDATE")).push(content)

    def _state(self, connection: "psycopg.Connection[tuple[Any, ...]]", ending: LiteralString) -> State:
        columns: LiteralString = "version, gallery, lock, head, sequence, generation"
        row = connection.execute(f"SELECT {columns} FROM depthface.state {ending}").fetchone()
        if row is None:
            raise GalleryError(
                f"The shared gallery at {self.address.shown} lost its head; restore the server's backup."
            )
        return State(*row)

    @contextmanager
    def _connected(self, *, autocommit: bool = False) -> Iterator["psycopg.Connection[tuple[Any, ...]]"]:
        """A connection, rolled back and closed at the end; whatever PostgreSQL says becomes one sentence."""
        shown = self.address.shown
        try:
            connection = psycopg.connect(**self.address.parameters, autocommit=autocommit)  # type: ignore[arg-type]
            try:
                yield connection
            finally:
                connection.close()
        except errors.LockNotAvailable:
            raise GalleryError(
                f"Another kiosk has been changing the shared gallery at {shown} for ten seconds; nothing was changed, "
                "try again."
            ) from None
        except (errors.InvalidSchemaName, errors.UndefinedTable):
            raise GalleryError(
                f"There is no shared gallery at {shown}; its owner makes one with `depthface gallery share ADDRESS`."
            ) from None
        except errors.DuplicateSchema:
            raise GalleryError(f"There is a shared gallery at {shown} already; nothing was changed.") from None
        except errors.InsufficientPrivilege as error:
            raise GalleryError(
                f"The role that this program comes with to {shown} may not do that ({_first_line(error)}); nothing was "
                "changed. Come as the gallery's owner."
            ) from None
        except psycopg.OperationalError as error:
            raise GalleryUnreachable(
                f"The shared gallery at {shown} cannot be reached ({_first_line(error)}); nothing was changed. "
                "Who is known here stays known."
            ) from None
        except psycopg.Error as error:
            raise GalleryError(
                f"The server of the shared gallery at {shown} refused ({_first_line(error)}); nothing was changed."
            ) from None


def _first_line(error: psycopg.Error) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")
