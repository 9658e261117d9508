"""The rows of a gallery, sealed on the way in and opened on the way out, inside one transaction."""

import secrets
import sqlite3
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from depthface_app.core.errors import GalleryError
from depthface_app.gallery.marks import Mark, Row, Tampered
from depthface_app.gallery.records import Profile, name_key
from depthface_app.gallery.sealing import (
    TAG_BYTES,
    BrokenSeal,
    derived,
    keyed_hash,
    new_key,
    seal,
    unseal,
)

PROFILE, TEMPLATE, FRAME, DENIED, ERASED = "profile", "template", "frame", "denied", "erased"
TURNED = (TEMPLATE, DENIED)  # kinds that hold a vector in the gallery's own space
_DIGEST_BYTES = 16


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys that follow from the data key, one per purpose."""

    people: bytes
    records: bytes
    names: bytes
    digest: bytes

    @classmethod
    def of(cls, data_key: bytes) -> "Keys":
        """Derive them."""
        return cls(*(derived(data_key, purpose) for purpose in ("people", "records", "names", "digest")))


class SealedRows:
    """Reads and writes rows of one open transaction. The digest it keeps changes with every bit of every row.

    The digest is the sum (exclusive or) of a keyed hash of each row, so that it follows a change in one step and still
    shows a row that was taken out, put back from an older copy, or added. Source: Bellare and Micciancio, "A new
    paradigm for collision-free hashing", EUROCRYPT 1997 (XHASH, here with a secret key and the sum itself sealed).
    """

    def __init__(self, db: sqlite3.Connection, path: Path, gallery: str, keys: Keys, digest: int = 0) -> None:
        """Work on `db`, of the gallery with that word, whose digest is known."""
        self.db, self.path, self.gallery, self.keys, self.digest = db, path, gallery, keys, digest
        self.first_expiry = ""  # the earliest end of a consent, or an earlier moment; "" = none ends
        self._person_keys: dict[str, bytes] = {}

    # People

    def add_person(self, profile: Profile, person: str = "") -> str:
        """A new person with a key of their own; returns the word that stands for them."""
        person = person or secrets.token_hex(8)
        self._person_keys[person] = new_key()
        self._write_person(person, profile.name)
        self._put_profile(person, profile)
        return person

    def set_profile(self, person: str, profile: Profile) -> None:
        """Change what is known of a person, their name included."""
        self.person_key(person)
        self._subtract_person(person)
        self._write_person(person, profile.name)
        self._put_profile(person, profile)

    def find(self, name: str) -> str | None:
        """The person of that name."""
        found = self.db.execute("SELECT id FROM sealed_person WHERE handle = ?", (self._handle(name),)).fetchone()
        return None if found is None else str(found[0])

    def profile(self, person: str) -> Profile:
        """What is known of a person."""
        content = self.get(f"profile {person}")
        if content is None:
            raise self.fault(f"the profile of person {person} is missing")
        return Profile.of(content)

    def drop_person(self, person: str) -> None:
        """Erase a person, their key first; whatever was sealed with it stays sealed for ever."""
        for record, kind, model, tag in self.db.execute(
            "SELECT id, kind, model, substr(sealed, ?) FROM record WHERE person = ?", (-TAG_BYTES, person)
        ):
            self.digest ^= self.part_of(Mark(kind, record, person, model, tag))
        self._subtract_person(person)
        self.db.execute("DELETE FROM sealed_person WHERE id = ?", (person,))
        self._person_keys.pop(person, None)

    def people(self) -> tuple[str, ...]:
        """Everybody's word, in the order of enrolment."""
        return tuple(str(row[0]) for row in self.db.execute("SELECT id FROM sealed_person ORDER BY rowid"))

    def person_key(self, person: str) -> bytes:
        """The key that seals a person's records."""
        if person not in self._person_keys:
            found = self.db.execute("SELECT key FROM sealed_person WHERE id = ?", (person,)).fetchone()
            self._person_keys[person] = self._open_key(person, found[0] if found else b"")
        return self._person_keys[person]

    # Records

    def put(self, kind: str, content: bytes, *, person: str = "", model: str = "", record: str = "") -> str:
        """Seal and write one record, in place of the one of the same word if there is one; returns its word."""
        record = record or secrets.token_hex(8)
        self.drop(record)
        sealed = seal(self._key_of(person), content, self.gallery, kind, record, person, model)
        self.db.execute(
            "INSERT INTO record (kind, id, person, model, sealed) VALUES (?, ?, ?, ?, ?)",
            (kind, record, person or None, model, sealed),
        )
        self.digest ^= self.part_of(Mark(kind, record, person, model, sealed[-TAG_BYTES:]))
        return record

    def row(self, record: str) -> Row | None:
        """One record, or None."""
        return next(self._opened("id = ?", (record,)), None)

    def get(self, record: str) -> bytes | None:
        """What one record says, or None."""
        row = self.row(record)
        return None if row is None else row.content

    def each(self, kind: str, *, person: str = "", model: str = "") -> Iterator[Row]:
        """The records of a kind, oldest first; of one person or one recogniser where that is said."""
        wanted = {"kind": kind, "person": person, "model": model}
        wanted = {column: value for column, value in wanted.items() if value}
        yield from self._opened(" AND ".join(f"{column} = ?" for column in wanted), tuple(wanted.values()))

    def drop(self, record: str) -> None:
        """Delete one record, if it is there."""
        for kind, person, model, tag in self.db.execute(
            "SELECT kind, person, model, substr(sealed, ?) FROM record WHERE id = ?", (-TAG_BYTES, record)
        ).fetchall():
            self.digest ^= self.part_of(Mark(kind, record, person or "", model, tag))
            self.db.execute("DELETE FROM record WHERE id = ?", (record,))

    def marks_from(self, number: int) -> tuple[list[int], list[Mark]]:
        """The numbers and marks of the records from that number on, oldest first."""
        columns = "number, kind, id, COALESCE(person, ''), model, substr(sealed, ?)"
        query = f"SELECT {columns} FROM record WHERE number >= ? ORDER BY number"
        found = self.db.execute(query, (-TAG_BYTES, number)).fetchall()
        return [each[0] for each in found], [Mark(*each[1:]) for each in found]

    def people_parts(self, people: Collection[str]) -> dict[str, int]:
        """What each of these people adds to the digest, if they are there."""
        query = "SELECT id, handle, key FROM sealed_person WHERE id = ?"
        found = [row for person in people for row in self.db.execute(query, (person,))]
        return {person: self._person_part(person, handle, key) for person, handle, key in found}

    def part_of(self, mark: Mark) -> int:
        """What a record adds to the digest."""
        return self._part("record", *mark)

    def whole_digest(self) -> int:
        """The digest of what really stands in the file."""
        digest = 0
        for person, handle, key in self.db.execute("SELECT id, handle, key FROM sealed_person"):
            digest ^= self._person_part(person, handle, key)
        for mark in self.marks_from(0)[1]:
            digest ^= self.part_of(mark)
        return digest

    def take_people(self, people: Sequence[tuple[str, bytes, bytes]]) -> None:
        """Put people in, (id, handle, key) each, as another program sealed them."""
        for person, _, _ in people:
            self._subtract_person(person)
            # Two who exchanged their names must not stand in each other's way.
            self.db.execute("UPDATE sealed_person SET handle = ? WHERE id = ?", (person.encode(), person))
        for person, handle, key in people:
            self._store_person(person, handle, key)

    def take_record(self, number: int, kind: str, record: str, person: str | None, model: str, sealed: bytes) -> None:
        """Put a record in, in place of the one of the same word, as another program sealed it."""
        self.drop(record)
        self.db.execute(
            "INSERT INTO record (number, kind, id, person, model, sealed) VALUES (?, ?, ?, ?, ?, ?)",
            (number, kind, record, person, model, sealed),
        )
        self.digest ^= self.part_of(Mark(kind, record, person or "", model, sealed[-TAG_BYTES:]))

    def resealed(self, keys: Keys) -> "SealedRows":
        """Every record under other keys, each person's own among them; the rows that this object read are gone."""
        self.load_person_keys()
        fresh = SealedRows(self.db, self.path, self.gallery, keys)
        for person in self.people():
            fresh._person_keys[person] = new_key()
            fresh._write_person(person, self.profile(person).name)
        for record, kind in self.db.execute("SELECT id, kind FROM record").fetchall():
            row = self.row(record)
            assert row is not None  # the transaction keeps everybody else out
            sealed = seal(fresh._key_of(row.person), row.content, self.gallery, kind, record, row.person, row.model)
            self.db.execute("UPDATE record SET sealed = ? WHERE id = ?", (sealed, record))
        fresh.digest, fresh.first_expiry = fresh.whole_digest(), self.first_expiry
        return fresh

    def drop_what_does_not_open(self) -> int:
        """Delete the records, and the people, that were changed from outside; returns how many records."""
        records = self.db.execute("SELECT id FROM record").fetchall()
        lost = [(record,) for (record,) in records if not self._opens(record)]
        self.db.executemany("DELETE FROM record WHERE id = ?", lost)
        nameless = [(each,) for each in self.people() if self.row(f"profile {each}") is None]
        self.db.executemany("DELETE FROM sealed_person WHERE id = ?", nameless)
        self.digest = self.whole_digest()
        return len(records) - int(self.db.execute("SELECT COUNT(*) FROM record").fetchone()[0])

    def _opens(self, record: str) -> bool:
        try:
            return self.row(record) is not None
        except GalleryError:
            return False

    def know(self, keys: Mapping[str, bytes]) -> None:
        """Use these keys of people, whatever stands in the file."""
        self._person_keys.update(keys)

    def load_person_keys(self) -> None:
        """Open everybody's key at once, before everybody is read."""
        for person, key in self.db.execute("SELECT id, key FROM sealed_person"):
            if person not in self._person_keys:
                self._person_keys[person] = self._open_key(person, key)

    def fault(self, what: str) -> Tampered:
        """One sentence for what somebody or something did to the file."""
        return Tampered(
            f"The gallery {self.path} was changed or damaged from outside: {what}; restore a backup with "
            "`depthface gallery restore`, or keep what is whole with `depthface gallery accept`.",
            what,
        )

    def _opened(self, where: str, values: tuple[str, ...]) -> Iterator[Row]:
        query = f"SELECT kind, id, person, model, sealed FROM record WHERE {where} ORDER BY number"
        for kind, record, person, model, sealed in self.db.execute(query, values):
            person = person or ""
            try:
                content = unseal(self._key_of(person), sealed, self.gallery, kind, record, person, model)
            except BrokenSeal:
                raise self.fault(f"a {kind} of {self._name_for_people(person)} does not open") from None
            yield Row(record, person, model, content)

    def _key_of(self, person: str) -> bytes:
        return self.person_key(person) if person else self.keys.records

    def _open_key(self, person: str, sealed: bytes) -> bytes:
        try:
            return unseal(self.keys.people, sealed, "person key", self.gallery, person)
        except BrokenSeal:
            raise self.fault(f"the key of person {person} does not open") from None

    def _name_for_people(self, person: str) -> str:
        """The name of whom a damaged record belongs to, if that can still be read."""
        row = self.db.execute("SELECT sealed FROM record WHERE id = ?", (f"profile {person}",)).fetchone()
        if row is None:
            return f"person {person}" if person else "the gallery"
        try:
            content = unseal(self.person_key(person), row[0], self.gallery, PROFILE, f"profile {person}", person, "")
        except BrokenSeal:
            return f"person {person}"
        return Profile.of(content).name

    def _write_person(self, person: str, name: str) -> None:
        handle = self._handle(name)
        key = seal(self.keys.people, self._person_keys[person], "person key", self.gallery, person)
        self._store_person(person, handle, key)

    def _store_person(self, person: str, handle: bytes, key: bytes) -> None:
        self.db.execute(
            "INSERT INTO sealed_person (id, handle, key) VALUES (?, ?, ?)"
            " ON CONFLICT(id) DO UPDATE SET handle = excluded.handle, key = excluded.key",
            (person, handle, key),
        )
        self.digest ^= self._person_part(person, handle, key)

    def _subtract_person(self, person: str) -> None:
        for handle, key in self.db.execute("SELECT handle, key FROM sealed_person WHERE id = ?", (person,)):
            self.digest ^= self._person_part(person, handle, key)

    def _put_profile(self, person: str, profile: Profile) -> None:
        self.put(PROFILE, profile.packed(), person=person, record=f"profile {person}")
        if profile.consent is not None and profile.consent.expires_at:
            self.first_expiry = min(self.first_expiry or profile.consent.expires_at, profile.consent.expires_at)

    def _handle(self, name: str) -> bytes:
        return keyed_hash(self.keys.names, name_key(name))

    def _person_part(self, person: str, handle: bytes, key: bytes) -> int:
        return self._part("person", person, handle, key)

    def _part(self, *parts: str | bytes) -> int:
        return int.from_bytes(keyed_hash(self.keys.digest, *parts)[:_DIGEST_BYTES], "big")
