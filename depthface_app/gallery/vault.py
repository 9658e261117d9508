"""One gallery file with the keys to it: hands out transactions in which rows open; keeps head and anchor in step."""

import json
import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from depthface_app.core.errors import GalleryError
from depthface_app.gallery import migrate, schema
from depthface_app.gallery.anchor import Anchor, Mark
from depthface_app.gallery.audit import Entry, Head, append, entries
from depthface_app.gallery.keys import Keychain, Lock, OuterKey, from_environment, open_lock
from depthface_app.gallery.sealed_rows import ERASED, Keys, SealedRows
from depthface_app.gallery.sealing import BrokenSeal, new_key, seal, unseal
from depthface_app.gallery.seeds import Secrets

SECRETS = "secrets"


@dataclass
class Opened:
    """A transaction on an open gallery."""

    rows: SealedRows
    head: Head
    secrets: Secrets
    role: str = ""

    def note(self, action: str, person: str = "", **details: object) -> None:
        """Write into the audit log; every change does, once at least."""
        self.head = append(self.rows, self.head, self.secrets.chain, Entry(action, "", person, self.role, details))

    def keep_secrets(self, changed: Secrets) -> None:
        """Seal other secrets."""
        self.secrets = changed
        self.rows.put(SECRETS, changed.packed(), record=SECRETS)

    def audit_log(self) -> tuple[Entry, ...]:
        """Every entry. Raises GalleryError where the log was changed."""
        return tuple(entries(self.rows, self.head, self.secrets.chain))


@dataclass(frozen=True, slots=True)
class Unlocked:
    """The lock that was opened, and the keys behind it."""

    lock_text: str
    keys: Keys


class Vault:
    """Every transaction opens the file anew, so any thread may ask for one. Keys are kept until the program ends."""

    def __init__(self, path: Path, keychain: Keychain, anchor: Path, *, repairs: bool = False) -> None:
        """Open the file, making or migrating it where needed.

        Args:
            repairs: open it although it may not be the newest state; for `repairing` only.

        Raises:
            GalleryError: if it cannot be made, read, unlocked, is an old copy, or a newer program wrote it.
        """
        self.path, self.keychain, self.role, self._repairs = path, keychain, "", repairs
        self._anchor_path = anchor
        self.wrong_pins = (0, "")  # tried while a server was away, and until when no other is looked at (`roles`)
        self._unlocked: Unlocked | None = None
        self._outer_keys: dict[tuple[str, str], bytes] = {}
        schema.make_file(path)
        with schema.connected(path) as db:
            self._bring_up_to_date(db)
        if not repairs:
            self._tidy()
            self.keychain = replace(keychain, ask=_passphrase_later)

    def _tidy(self) -> None:
        """Finish what a stop left: keys that nothing needs, an anchor that lags behind."""
        with self._transaction(writes=True) as opened:  # so that nobody changes keys meanwhile
            self.keychain.keep_only(self.lock(opened), opened.rows.gallery)
            if self._anchor(opened).read() != _mark(opened):
                self._anchor(opened).write(_mark(opened))

    def lock(self, opened: Opened) -> Lock:
        """What the gallery is locked with."""
        return Lock.of_text(schema.meta(opened.rows.db, "lock").decode())

    @contextmanager
    def reading(self) -> Iterator[Opened]:
        """Read one moment of the gallery."""
        with self._transaction(writes=False, trusts=self._repairs) as opened:
            yield opened

    @contextmanager
    def writing(self) -> Iterator[Opened]:
        """Change the gallery: wholly, noted in its audit log and on the disk when this ends, or not at all."""
        with self._transaction(writes=True) as opened:
            before = opened.head
            yield opened
            if opened.head != before:
                write_head(opened.rows, opened.head)
        if opened.head != before:
            self._drop_anchor()

    @contextmanager
    def repairing(self) -> Iterator[Opened]:
        """As `writing`, without asking whether digest, log and anchor agree."""
        with self._transaction(writes=True, trusts=True) as opened:
            yield opened
            write_head(opened.rows, opened.head)
        self._drop_anchor()

    def relock(self, opened: Opened, outer: OuterKey, data_key: bytes) -> Keys:
        """Close the gallery with another lock, in the transaction that is open; returns the data key's keys."""
        lock = Lock.close(data_key, outer, opened.rows.gallery)
        self._outer_keys[lock.kind, lock.number] = outer.key
        schema.set_meta(opened.rows.db, "lock", lock.as_text().encode())
        return Keys.of(data_key)

    def data_key(self, opened: Opened) -> bytes:
        """The data key, for another lock around it."""
        lock = self.lock(opened)
        return open_lock(lock, self._outer_keys[lock.kind, lock.number], opened.rows.gallery, self.path)

    @contextmanager
    def _transaction(self, *, writes: bool, trusts: bool = False) -> Iterator[Opened]:
        with schema.connected(self.path) as db:
            unlocked = self._unlock(db)  # before the transaction: somebody may have to type a passphrase
            # A writer moves the anchor after the file. Read after a snapshot was taken, it may be ahead of that.
            earlier = None if writes or trusts else self._anchor_before(db, unlocked)
            with schema.transaction(db, writes=writes):
                opened = self._open(db, unlocked, trusts)
                if not trusts:
                    self._check_anchor(opened, self._anchor(opened).read() if writes else earlier)
                yield opened

    def _anchor_before(self, db: sqlite3.Connection, unlocked: Unlocked) -> Mark | None:
        """What the anchor says before the next transaction begins; its key is in the file."""
        with schema.transaction(db, writes=False):
            return self._anchor(self._open(db, unlocked, trusts=False)).read()

    def _bring_up_to_date(self, db: sqlite3.Connection) -> None:
        found = schema.version(db)
        if found > schema.VERSION:
            raise GalleryError(f"The gallery {self.path} was written by a newer version of this program; update it.")
        if found == schema.VERSION:
            return
        with schema.transaction(db, writes=True):
            found = schema.version(db)  # another program may have been quicker
            if found < schema.VERSION:
                opened = self._make(db)
                if found:
                    damaged = migrate.from_version_1(opened.rows, opened.secrets.turn)
                    opened.note("migrated", version=found, damaged=damaged)
                write_head(opened.rows, opened.head)
                self._anchor(opened).write(Mark(Head()))  # first, so that a gallery without an anchor is never right
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # what was in the open before is overwritten now

    def _make(self, db: sqlite3.Connection) -> Opened:
        """Tables, keys and secrets of a new gallery."""
        schema.make_tables(db)
        gallery, data_key = secrets.token_hex(8), new_key()
        kind = self.keychain.kind_for_new()
        outer = self.keychain.make(kind, gallery, self.keychain.ask("") if kind == "passphrase" else None)
        schema.set_meta(db, "gallery", gallery.encode())
        schema.set_meta(db, "lock", Lock.close(data_key, outer, gallery).as_text().encode())
        opened = Opened(SealedRows(db, self.path, gallery, Keys.of(data_key)), Head(), Secrets.new())
        opened.keep_secrets(opened.secrets)
        return opened

    def _unlock(self, db: sqlite3.Connection) -> Unlocked:
        gallery, text = schema.meta(db, "gallery").decode(), schema.meta(db, "lock").decode()
        if self._unlocked is None or self._unlocked.lock_text != text:
            try:
                lock = Lock.of_text(text)
            except (ValueError, KeyError, TypeError):
                raise _damaged(self.path) from None
            place = (lock.kind, lock.number)
            outer = self._outer_keys.get(place) or self.keychain.find(lock, gallery)
            data_key = open_lock(lock, outer, gallery, self.path)
            self._outer_keys[place] = outer
            self._unlocked = Unlocked(text, Keys.of(data_key))
        return self._unlocked

    def _open(self, db: sqlite3.Connection, unlocked: Unlocked, trusts: bool) -> Opened:
        if schema.meta(db, "lock").decode() != unlocked.lock_text:
            raise GalleryError(f"The gallery {self.path} was given another key this very moment; try again.")
        rows = SealedRows(db, self.path, schema.meta(db, "gallery").decode(), unlocked.keys)
        try:
            values = json.loads(unseal(rows.keys.records, schema.meta(db, "head"), "head", rows.gallery))
        except BrokenSeal:
            if not trusts:
                raise rows.fault("its head does not open") from None
            values = {"digest": "0", "number": 0, "mac": "", "first_expiry": "0"}
        rows.digest, rows.first_expiry = int(values["digest"], 16), values["first_expiry"]
        content = rows.get(SECRETS)
        if content is None:
            raise rows.fault("its secrets are missing")
        return Opened(rows, Head(values["number"], bytes.fromhex(values["mac"])), Secrets.of(content), self.role)

    def _check_anchor(self, opened: Opened, mark: Mark | None) -> None:
        """Compare with the link kept outside; the file may be ahead of it, never behind or beside it."""
        head = mark.head if mark else Head()
        if mark is None:
            if opened.head.number > 0:
                raise self._older(
                    f"{self._anchor_path} is missing, so nobody can tell whether this is its newest state"
                )
        elif head.number > opened.head.number:
            raise self._older(
                f"it ends at change {opened.head.number} and had come to {head.number}; this is an old copy"
            )
        elif head.number > 0:
            row = opened.rows.db.execute("SELECT mac FROM audit WHERE number = ?", (head.number,)).fetchone()
            if row is None or row[0] != head.mac:
                raise self._older(f"its change {head.number} is not the one that was made here; this is another copy")

    def erased_elsewhere(self, opened: Opened) -> tuple[str, ...]:
        """Whom the anchor knows as erased, whatever the file says."""
        try:
            mark = self._anchor(opened).read()
        except GalleryError:
            return ()
        return mark.erased if mark else ()

    def _older(self, what: str) -> GalleryError:
        return GalleryError(
            f"The gallery {self.path} is not the one this computer last changed: {what}; put the newest back, "
            "or keep this one with `depthface gallery accept`."
        )

    def _anchor(self, opened: Opened) -> Anchor:
        return Anchor(self._anchor_path, opened.rows.gallery, opened.secrets.anchor)

    def _drop_anchor(self) -> None:
        """Move the anchor to the newest head; inside a transaction, so that two programs do it one after the other."""
        with schema.connected(self.path) as db:
            unlocked = self._unlock(db)
            with schema.transaction(db, writes=True):
                opened = self._open(db, unlocked, trusts=True)
                self._anchor(opened).write(_mark(opened))


def _passphrase_later(question: str) -> str:
    """What runs after the gallery was opened may be on a thread that must not ask anybody."""
    passphrase = from_environment(question)
    if not passphrase:
        raise GalleryError("The gallery was sealed with a passphrase meanwhile; start the program again to type it.")
    return passphrase


def lock_of(path: Path) -> Lock | None:
    """What a gallery is locked with, for whoever cannot open it; None if there is none or it is of version 1.

    Raises:
        GalleryError: if the file is damaged.
    """
    if not path.is_file():
        return None
    with schema.connected(path) as db:
        if schema.version(db) < schema.VERSION:
            return None
        try:
            return Lock.of_text(schema.meta(db, "lock").decode())
        except (ValueError, KeyError, TypeError):
            raise _damaged(path) from None


def erased_people(opened: Opened) -> tuple[str, ...]:
    """The words of those who were erased."""
    found = opened.rows.db.execute("SELECT id FROM record WHERE kind = ? ORDER BY number", (ERASED,)).fetchall()
    return tuple(record.removeprefix(f"{ERASED} ") for (record,) in found)


def _mark(opened: Opened) -> Mark:
    return Mark(opened.head, erased_people(opened))


def write_head(rows: SealedRows, head: Head) -> None:
    """Seal where the audit log ends, what the rows' digest is and when somebody may have to go."""
    place = {"number": head.number, "mac": head.mac.hex()}
    values = {**place, "digest": f"{rows.digest:x}", "first_expiry": rows.first_expiry}
    schema.set_meta(rows.db, "head", seal(rows.keys.records, json.dumps(values).encode(), "head", rows.gallery))


def _damaged(path: Path) -> GalleryError:
    return GalleryError(
        f"The gallery {path} is damaged (its lock); move it away and restore a backup with `depthface gallery restore`."
    )
