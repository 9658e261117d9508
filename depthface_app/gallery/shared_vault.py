"""A vault whose gallery is on a server: the file on this computer is a sealed copy that follows it.

Whatever is read is read from the copy, with or without a network. A change holds the server's lock, brings the copy up
to date, is made on the copy by the same code as ever, and goes to the server row by row before the copy keeps it; so
what is acknowledged is on the server, and a stop in between leaves a copy that is behind, never one that is ahead.
"""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from depthface_app.core.errors import GalleryError
from depthface_app.gallery import replica, schema
from depthface_app.gallery.anchor import Mark
from depthface_app.gallery.audit import Head
from depthface_app.gallery.backup import replace_keys
from depthface_app.gallery.keys import (
    KEYRING,
    PASSPHRASE,
    Keychain,
    Lock,
    OuterKey,
    WrongPassphrase,
    open_lock,
)
from depthface_app.gallery.marks import Tampered
from depthface_app.gallery.sealed_rows import Keys, SealedRows
from depthface_app.gallery.sealing import BrokenSeal, unseal
from depthface_app.gallery.server import Server, Session, State
from depthface_app.gallery.vault import Opened, Unlocked, Vault, write_head


class SharedVault(Vault):
    """Any thread may ask for a transaction; changes and catching up wait for each other."""

    def __init__(self, path: Path, keychain: Keychain, anchor: Path, server: Server, *, repairs: bool = False) -> None:
        """Open the copy, fetching it where there is none, and catch up if the server answers.

        Raises:
            GalleryError: as `Vault`; without a copy, also if the server does not answer.
        """
        self.server, self.problem = server, ""
        self._turn = threading.RLock()
        self._new_lock: str | None = None
        self._is_whole = False
        super().__init__(path, keychain, anchor, repairs=repairs)

    def _tidy(self) -> None:
        """As `Vault._tidy`, and catch up while somebody is there who can be asked for a passphrase."""
        super()._tidy()
        self._try_to_catch_up()

    def _try_to_catch_up(self) -> None:
        try:
            self.catch_up()
        except WrongPassphrase:
            raise
        except GalleryError as error:
            self.problem = str(error)

    def catch_up(self) -> bool:
        """Bring the copy to what the server has now, and its backups on this computer; returns whether anything came.

        Raises:
            GalleryUnreachable: if the server does not answer.
            GalleryError: if what it has is not what kiosks left there; the copy stays as it was.
        """
        with self._turn, self.server.session() as session:
            has_news = self._receive(session)
        if has_news:
            replace_keys(self)  # somebody may have been erased elsewhere
        self.problem = ""
        return has_news

    @property
    def place(self) -> replica.Place:
        """How far the copy has come."""
        with schema.connected(self.path) as db:
            return replica.Place.read(db)

    @contextmanager
    def writing(self) -> Iterator[Opened]:
        """As `Vault.writing`, on the server too.

        Raises:
            GalleryUnreachable: if the server does not answer; nothing was changed.
        """
        with self._turn, self.server.session(writes=True) as session:
            self._receive(session)
            self._new_lock, self._is_whole = None, False
            with self._transaction(writes=True) as opened:
                before, db = opened.head, opened.rows.db
                replica.track(db)
                yield opened
                if opened.head != before:
                    write_head(opened.rows, opened.head)
                    self._push(session, db, before)
            if opened.head != before:
                self._drop_anchor()

    @contextmanager
    def repairing(self) -> Iterator[Opened]:
        """As `writing`; afterwards the server has this copy in place of whatever it had."""
        with self._turn, self.server.session(writes=True) as session:
            self._new_lock, self._is_whole = None, True
            with self._transaction(writes=True, trusts=True) as opened:
                yield opened
                write_head(opened.rows, opened.head)
                self._push(session, opened.rows.db, Head())
            self._drop_anchor()

    def relock(self, opened: Opened, outer: OuterKey, data_key: bytes) -> Keys:
        """As `Vault.relock`; new keys and, for the owner, a passphrase open the shared gallery from then on too.

        Raises:
            GalleryError: for new keys, if this copy does not open with what the others can open theirs with.
        """
        has_new_keys = self.data_key(opened) != data_key
        if has_new_keys and outer.kind == KEYRING:
            raise GalleryError(
                "New keys of a shared gallery cannot lie in a keyring, where no other kiosk finds them; seal this copy "
                "with `depthface gallery seal --passphrase` first."
            )
        keys = super().relock(opened, outer, data_key)
        self._is_whole = has_new_keys
        self._new_lock = self.lock(opened).as_text() if has_new_keys or outer.kind == PASSPHRASE else None
        return keys

    def _push(self, session: Session, db: sqlite3.Connection, before: Head) -> None:
        if self._new_lock is not None and (self._is_whole or session.is_owner):
            session.set_lock(self._new_lock)
        change = replica.everything(db) if self._is_whole else replica.touched(db, before)
        replica.Place.of(session.push(change, whole=self._is_whole)).write(db)

    def _bring_up_to_date(self, db: sqlite3.Connection) -> None:
        if schema.version(db) == 0:
            self._join(db)
        else:
            super()._bring_up_to_date(db)

    def _join(self, db: sqlite3.Connection) -> None:
        """Fetch the whole gallery for the first time."""
        with self.server.session() as session:
            unlocked = self._unlock_server(session.state)
            with schema.transaction(db, writes=True):
                schema.make_tables(db)
                schema.set_meta(db, "gallery", session.state.gallery.encode())
                opened = self._fetch_all(db, session, unlocked, Head())
                mark = self._anchor(opened).read()
                if mark is None:
                    self._anchor(opened).write(Mark(Head()))  # first, so that a copy without an anchor is never right
                elif not self._repairs:
                    self._check_anchor(opened, mark)
        self._drop_anchor()

    def _receive(self, session: Session) -> bool:
        """Take what the copy lacks; True if there was anything."""
        state = session.state
        with schema.connected(self.path) as db:
            unlocked = self._unlock(db)
            with schema.transaction(db, writes=True):
                before = self._open(db, unlocked, trusts=self._repairs)
                if not self._repairs:
                    self._check_anchor(before, self._anchor(before).read())
                here, there = replica.Place.read(db), replica.Place.of(state)
                if state.gallery != before.rows.gallery:
                    raise GalleryError(
                        f"The gallery at {self.server.address.shown} is another than the one that {self.path} is a "
                        "copy of; give the right address, or move that file away to follow this one."
                    )
                if here == there:
                    return False
                if there.generation < here.generation or there.sequence < here.sequence:
                    raise self._touched("it is an older copy than what this computer has seen of it")
                if there.generation != here.generation:
                    self._fetch_all(db, session, self._unlocked_for(state, unlocked), before.head)
                else:
                    self._fetch_news(db, session, unlocked, before)
        self._drop_anchor()
        return True

    def _fetch_news(self, db: sqlite3.Connection, session: Session, unlocked: Unlocked, before: Opened) -> None:
        place = replica.Place.read(db)
        taken = replica.take(before.rows, session, place.sequence, before.head.number)
        with self._said_of_server():
            opened = self._open(db, unlocked, trusts=True)
            replica.check_taken(opened, before.rows.digest, taken, before.head)
        replica.Place.of(session.state).write(db)

    def _fetch_all(self, db: sqlite3.Connection, session: Session, unlocked: Unlocked, before: Head) -> Opened:
        schema.set_meta(db, "lock", unlocked.lock_text.encode())
        replica.clear(db)
        rows = SealedRows(db, self.path, session.state.gallery, unlocked.keys)
        replica.take(rows, session, -1, 0)
        with self._said_of_server():
            opened = self._open(db, unlocked, trusts=True)
            replica.check_all(opened, before)
        replica.Place.of(session.state).write(db)
        return opened

    def _unlocked_for(self, state: State, unlocked: Unlocked) -> Unlocked:
        """What opens the server's rows: this copy's keys, or new ones that were made at another kiosk."""
        try:
            unseal(unlocked.keys.records, state.head, "head", state.gallery)
        except BrokenSeal:
            return self._unlock_server(state)
        return unlocked

    def _unlock_server(self, state: State) -> Unlocked:
        try:
            lock = Lock.of_text(state.lock)
        except (ValueError, KeyError, TypeError):
            raise self._touched("its lock is damaged") from None
        outer = self.keychain.find(lock, state.gallery)
        data_key = open_lock(lock, outer, state.gallery, self.path)
        self._outer_keys[lock.kind, lock.number] = outer
        return Unlocked(state.lock, Keys.of(data_key))

    @contextmanager
    def _said_of_server(self) -> Iterator[None]:
        try:
            yield
        except Tampered as found:
            raise self._touched(found.what) from None

    def _touched(self, what: str) -> GalleryError:
        return GalleryError(
            f"The shared gallery at {self.server.address.shown} was changed or damaged from outside: {what}; this "
            "computer goes on with its copy. Its owner looks at the server, then puts the newest copy back with "
            "`depthface gallery accept`."
        )
