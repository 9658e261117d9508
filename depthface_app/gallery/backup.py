"""Backups that an erasure reaches: everybody's sealed records in one file, everybody's keys in another.

A backup folder holds one records file per backup and one small keys file, which each backup and each erasure replaces.
A person who was erased has no key in it, so no records file, however old, brings them back. A kept copy of an old keys
file would; the list of the erased, kept in the gallery, beside it and in every keys file, refuses those.
"""

import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from itertools import chain, count
from pathlib import Path

from depthface_app.core.errors import GalleryError
from depthface_app.core.files import whole_file
from depthface_app.gallery import schema
from depthface_app.gallery.box import Recipient, read_box, write_box
from depthface_app.gallery.contents import template_of
from depthface_app.gallery.marks import Row
from depthface_app.gallery.records import Profile, now, pack_template
from depthface_app.gallery.sealed_rows import ERASED, PROFILE, TURNED, Keys, SealedRows
from depthface_app.gallery.sealing import BrokenSeal, derived, seal, unseal
from depthface_app.gallery.seeds import Secrets
from depthface_app.gallery.vault import Opened, Vault, erased_people

PLACES = "backups"
_KIND = "backup keys"


@dataclass(frozen=True, slots=True)
class Place:
    """A folder that holds backups of a gallery, and who may open them."""

    folder: str
    recipient: Recipient


@dataclass(frozen=True, slots=True)
class Restored:
    """What a backup brought back: people who were missing, records that were, and those who were erased since."""

    people: int
    records: int
    erased: int


@dataclass(frozen=True, slots=True)
class _BackupKeys:
    """Content of a keys file."""

    gallery: str
    key: bytes  # of what else the records file holds
    people: dict[str, bytes]
    erased: tuple[str, ...]

    def packed(self) -> bytes:
        people = {person: key.hex() for person, key in self.people.items()}
        values = {"gallery": self.gallery, "key": self.key.hex(), "people": people, "erased": self.erased}
        return json.dumps(values).encode("ascii")

    @classmethod
    def of(cls, content: bytes) -> "_BackupKeys":
        values = json.loads(content)
        people = {person: bytes.fromhex(key) for person, key in values["people"].items()}
        return cls(values["gallery"], bytes.fromhex(values["key"]), people, tuple(values["erased"]))


def back_up(vault: Vault, folder: Path, recipient: Recipient | None = None) -> Path:
    """Write a records file and the newest keys file into a folder; erasures keep the latter up to date from now on.

    Args:
        recipient: who may open it; None for the one chosen last time.

    Raises:
        GalleryError: if nobody was chosen yet, or the folder cannot be written.
    """
    folder = folder.expanduser().resolve()
    with vault.writing() as opened:
        known = {place.folder: place for place in places(opened)}
        if recipient is None and str(folder) not in known:
            raise GalleryError(f"{folder} holds no backup yet; say with --passphrase or --to who may open it.")
        place = Place(str(folder), recipient or known[str(folder)].recipient)
        path = folder / f"depthface-{opened.rows.gallery}-{datetime.now(UTC):%Y%m%dT%H%M%S%f}.records"
        _write_records(opened, path)
        _write_keys(opened, place)
        values = [asdict(each) for each in ({**known, place.folder: place}).values()]
        opened.rows.put(PLACES, json.dumps(values).encode(), record=PLACES)
        opened.note("backed up")
    return path


def places(opened: Opened) -> tuple[Place, ...]:
    """The folders that hold backups."""
    content = opened.rows.get(PLACES)
    values = json.loads(content) if content else []
    return tuple(Place(each["folder"], Recipient.of_values(each["recipient"])) for each in values)


def replace_keys(vault: Vault) -> dict[str, bool]:
    """Bring the keys file of every backup folder up to date; says for each folder whether that was possible."""
    with vault.reading() as opened:
        reached = {}
        for place in places(opened):
            try:
                _write_keys(opened, place)
                reached[place.folder] = True
            except GalleryError:  # a disk that is not plugged in; the receipt says so
                reached[place.folder] = False
    return reached


def restore(
    vault: Vault,
    source: Path,
    ask: Callable[[str], str | None],
    identities: Iterable[str] = (),
    keys: Path | None = None,
) -> Restored:
    """Bring back what a backup holds and this gallery lacks; nothing that is here changes, and nobody erased returns.

    Args:
        source: a records file, or a backup folder, for its newest.
        ask: asks for the passphrase of the keys file.
        identities: age secret keys that may open it.
        keys: the keys file, if it lies elsewhere.

    Raises:
        GalleryError: if a file is missing, damaged, changed, or sealed to somebody else.
    """
    path = _newest(source) if source.is_dir() else source
    gallery = "-".join(path.name.split("-")[1:2])
    content = read_box(keys or path.with_name(f"depthface-{gallery}.keys"), _KIND, identities, ask)
    known = _BackupKeys.of(content)
    with vault.writing() as opened, _records(path, known) as (rows, rotation):
        erased, here = {*known.erased, *erased_people(opened)}, set(opened.rows.people())
        there = _people_in(rows)
        counts = [
            _bring_back(opened, rows, rotation, person, person not in here)
            for person in sorted(there - erased)
            if person in known.people
        ]
        opened.note("restored", people=sum(is_new for is_new, _ in counts), records=sum(count for _, count in counts))
        for person in erased:
            if opened.rows.get(f"{ERASED} {person}") is None:
                opened.rows.put(ERASED, now().encode(), record=f"{ERASED} {person}")
    gone = sum(1 for person in there if person in erased or person not in known.people)
    return Restored(sum(is_new for is_new, _ in counts), sum(count for _, count in counts), gone)


def _bring_back(opened: Opened, rows: SealedRows, rotation: Secrets, person: str, is_new: bool) -> tuple[bool, int]:
    """Add what is missing of one person; whether they were missing wholly, and how many records came."""
    profile, kept = _kept_of(rows, person)
    if is_new:
        opened.rows.add_person(replace(profile, name=_free_name(opened, profile.name)), person)
    missing = [(kind, row) for kind, row in kept if opened.rows.row(row.id) is None]
    for kind, row in missing:
        content = _turned(row, rotation, opened.secrets) if kind in TURNED and row.model else row.content
        opened.rows.put(kind, content, person=person, model=row.model, record=row.id)
    return is_new, len(missing)


def _free_name(opened: Opened, name: str) -> str:
    """The name, or one beside it if somebody else has it: backups of several galleries may each hold an Ada."""
    numbered = (f"{name} (from a backup {number})" for number in count(2))
    return next(each for each in chain((name, f"{name} (from a backup)"), numbered) if opened.rows.find(each) is None)


def _turned(row: Row, old: Secrets, new: Secrets) -> bytes:
    """A template of the backup in the rotation that the gallery has now."""
    template = template_of(old, row.content)
    return pack_template(template, new.turn(template.vector))


def _write_keys(opened: Opened, place: Place) -> None:
    opened.rows.load_person_keys()
    people = {person: opened.rows.person_key(person) for person in opened.rows.people()}
    keys = _BackupKeys(opened.rows.gallery, _backup_key(opened.secrets), people, erased_people(opened))
    write_box(Path(place.folder) / f"depthface-{opened.rows.gallery}.keys", _KIND, keys.packed(), place.recipient)


def _backup_key(own: Secrets) -> bytes:
    return derived(own.anchor, "backup")


def _write_records(opened: Opened, path: Path) -> None:
    """Copy the people's records as they are sealed, with rotation and digest sealed for the keys file's holder."""
    gallery, keys = opened.rows.gallery, Keys.of(_backup_key(opened.secrets))
    try:
        with whole_file(path, private=True) as part, closing(sqlite3.connect(part, isolation_level=None)) as db:
            db.execute("PRAGMA journal_mode = OFF")
            db.execute("BEGIN")
            schema.make_tables(db)
            db.executemany(
                "INSERT INTO record (kind, id, person, model, sealed) VALUES (?, ?, ?, ?, ?)",
                opened.rows.db.execute(
                    "SELECT kind, id, person, model, sealed FROM record WHERE person IS NOT NULL ORDER BY number"
                ),
            )
            digest = f"{SealedRows(db, path, gallery, keys).whole_digest():x}".encode("ascii")
            for key, content in (("digest", digest), ("secrets", opened.secrets.packed())):
                db.execute("INSERT INTO meta VALUES (?, ?)", (key, seal(keys.records, content, key, gallery)))
            db.execute("COMMIT")
    except OSError as error:
        raise GalleryError(f"{path} cannot be written: {error.strerror}; nothing was backed up.") from error


@contextmanager
def _records(path: Path, known: _BackupKeys) -> Iterator[tuple[SealedRows, Secrets]]:
    """The rows of a records file, and the secrets that its templates were turned with."""
    keys = Keys.of(known.key)
    with _reading(path):
        db = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)
    with closing(db):
        with _reading(path):
            meta = dict(db.execute("SELECT key, value FROM meta").fetchall())
            digest, old = (unseal(keys.records, meta[key], key, known.gallery) for key in ("digest", "secrets"))
            rows = SealedRows(db, path, known.gallery, keys)
            rows.know(known.people)
            if int(digest, 16) != rows.whole_digest():
                raise GalleryError(f"{path} was changed or damaged; take another backup.")
            secrets = Secrets.of(old)
        yield rows, secrets


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    """What fails inside is the records file's fault; the gallery's own must not be blamed on it."""
    try:
        yield
    except (BrokenSeal, KeyError, sqlite3.Error):
        raise GalleryError(f"{path} is damaged, or the keys file beside it belongs to another gallery.") from None


def _people_in(rows: SealedRows) -> set[str]:
    """Who is in a records file, whether their key is known or not."""
    with _reading(rows.path):
        return {person for (person,) in rows.db.execute("SELECT person FROM record WHERE kind = ?", (PROFILE,))}


def _kept_of(rows: SealedRows, person: str) -> tuple[Profile, list[tuple[str, Row]]]:
    """The profile of a person in a records file, and everything else of them, by its kind."""
    query = "SELECT DISTINCT kind FROM record WHERE person = ? AND kind <> ?"
    with _reading(rows.path):
        profile = Profile.of(rows.get(f"profile {person}") or b"")
        kinds = [kind for (kind,) in rows.db.execute(query, (person, PROFILE))]
        return profile, [(kind, row) for kind in kinds for row in rows.each(kind, person=person)]


def _newest(folder: Path) -> Path:
    files = sorted(folder.glob("depthface-*.records"), key=lambda path: path.name.rpartition("-")[2])
    if not files:
        raise GalleryError(f"There is no backup in {folder}.")
    return files[-1]
