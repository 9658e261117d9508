"""What an administrator does to a whole gallery: another lock, other keys, another rotation, a look at everything."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from depthface_app.gallery import audit
from depthface_app.gallery.box import new_identity, public_half
from depthface_app.gallery.contents import check_digest, erase, template_of
from depthface_app.gallery.keys import OuterKey
from depthface_app.gallery.records import pack_template
from depthface_app.gallery.sealed_rows import TURNED
from depthface_app.gallery.sealing import new_key
from depthface_app.gallery.seeds import Secrets
from depthface_app.gallery.store import GalleryStore
from depthface_app.gallery.vault import Opened


@dataclass(frozen=True, slots=True)
class Findings:
    """What a look at everything found whole."""

    people: int
    records: int
    audit_entries: int


def relock(store: GalleryStore, kind: str, passphrase: str | None = None) -> None:
    """Let another keyring entry, passphrase or key file open the gallery; its records stay as they are.

    Raises:
        GalleryError: if the new key cannot be kept; the old one then still opens it.
    """
    with _another_outer_key(store, kind, passphrase) as (opened, outer):
        store.vault.relock(opened, outer, store.vault.data_key(opened))
        opened.note("sealed", kind=kind)


def rekey(store: GalleryStore, passphrase: str | None = None) -> None:
    """Seal every record anew under keys that did not exist before, for when an old one may have leaked.

    Backups made before do not open with the keys made after.

    Args:
        passphrase: what opens the gallery afterwards, where it is locked with a passphrase.

    Raises:
        GalleryError: if a record does not open or the disk is full; then nothing was changed.
    """
    with _another_outer_key(store, store.lock.kind, passphrase) as (opened, outer):
        opened.audit_log()
        check_digest(opened)
        before = opened.rows
        opened.rows = before.resealed(store.vault.relock(opened, outer, new_key()))
        audit.reseal(before, opened.rows)
        opened.keep_secrets(opened.secrets.with_new_chain(opened.head.number + 1))
        opened.note("rekeyed")


def renew(store: GalleryStore) -> int:
    """Give the gallery another rotation and turn every template into it; returns how many.

    Raises:
        GalleryError: if a template does not open; then nothing was changed.
    """
    with store.vault.writing() as opened:
        check_digest(opened)
        opened.rows.load_person_keys()
        old = opened.secrets
        opened.keep_secrets(replace(old, rotation=new_key()))
        counts = [_turn_all(opened, old, kind) for kind in TURNED]
        opened.note("renewed", templates=counts[0])
    return counts[0]


def _turn_all(opened: Opened, old: Secrets, kind: str) -> int:
    """Turn the vectors of a kind of record from the old rotation into the present one; returns how many."""
    query = "SELECT id FROM record WHERE kind = ? AND model <> '' ORDER BY number"
    records = opened.rows.db.execute(query, (kind,)).fetchall()
    for (record,) in records:
        row = opened.rows.row(record)
        assert row is not None  # the transaction keeps everybody else out
        template = template_of(old, row.content)
        content = pack_template(template, opened.secrets.turn(template.vector))
        opened.rows.put(kind, content, person=row.person, model=row.model, record=record)
    return len(records)


def verify(store: GalleryStore) -> Findings:
    """Open every record and walk the audit log.

    Raises:
        GalleryError: naming the first thing that is not as this program left it.
    """
    with store.vault.reading() as opened:
        log = opened.audit_log()
        opened.rows.load_person_keys()
        kinds = [kind for (kind,) in opened.rows.db.execute("SELECT DISTINCT kind FROM record").fetchall()]
        records = sum(1 for kind in kinds for _ in opened.rows.each(kind))
        check_digest(opened)
        return Findings(len(opened.rows.people()), records, len(log))


def accept(store: GalleryStore) -> tuple[int, int]:
    """Take the gallery as it is: keep every record that opens, drop the others, and say so in the audit log.

    For an administrator who has looked at what happened: from then on, what somebody took out or put back is the truth.

    Args:
        store: one that was opened with `repairs`.

    Returns:
        How many records and how many entries of the audit log were dropped.
    """
    with store.vault.repairing() as opened:
        dropped = opened.rows.drop_what_does_not_open()
        opened.head, entries = audit.cut_to_what_holds(opened.rows, opened.secrets.chain)
        for person in store.vault.erased_elsewhere(opened):
            if person in opened.rows.people():
                erase(opened, person, "erased before")
        opened.note("accepted", records_dropped=dropped, entries_dropped=entries)
    return dropped, entries


def public_key(store: GalleryStore) -> str:
    """The key that others seal for this gallery with; made when it is asked for first."""
    with store.vault.writing() as opened:
        if not opened.secrets.identity:
            opened.keep_secrets(replace(opened.secrets, identity=new_identity()))
            opened.note("identity made")
        return public_half(opened.secrets.identity)


@contextmanager
def _another_outer_key(store: GalleryStore, kind: str, passphrase: str | None) -> Iterator[tuple[Opened, OuterKey]]:
    """A transaction and a new outer key; the old key is destroyed once the gallery has changed over."""
    vault = store.vault
    with vault.writing() as opened:
        old, gallery = vault.lock(opened), opened.rows.gallery
        yield opened, vault.keychain.make(kind, gallery, passphrase)
    vault.keychain.forget(old, gallery)
