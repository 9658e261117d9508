"""The log of what was done to the gallery, without names: each entry hashed with the one before, under a secret key.

An entry that is changed, taken out or put between breaks the chain; one cut off at the end shows against the head,
which is sealed in the gallery and kept once more outside its file (`anchor`).

Source: Schneier and Kelsey, "Secure audit logs to support computer forensics", ACM TISSEC 2 (1999), without their
evolving keys.
"""

import json
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from depthface_app.core.errors import GalleryError
from depthface_app.gallery.records import now
from depthface_app.gallery.sealed_rows import SealedRows
from depthface_app.gallery.sealing import BrokenSeal, keyed_hash, same, seal, unseal


@dataclass(frozen=True, slots=True)
class ChainKey:
    """The key of the chain from one entry on; re-keying begins another."""

    first: int
    key: bytes


@dataclass(frozen=True, slots=True)
class Head:
    """The newest entry: its number and its link. 0 and nothing before the first."""

    number: int = 0
    mac: bytes = b""


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that was done.

    person:  the random word of whom it was done to, "" for nobody in particular
    role:    who was signed in; "" where no PIN is set
    details: more, never a name
    id:      a random word, so that two copies of a gallery that go different ways never have the same log
    """

    action: str
    at: str = ""
    person: str = ""
    role: str = ""
    details: dict[str, Any] = field(default_factory=dict)
    id: str = ""


def append(rows: SealedRows, head: Head, chain: Sequence[ChainKey], entry: Entry) -> Head:
    """Write one entry; returns the new head."""
    number = head.number + 1
    values = {**asdict(entry), "at": entry.at or now(), "id": secrets.token_hex(8)}
    content = json.dumps({key: value for key, value in values.items() if value}).encode()
    mac = _link(head, number, content, chain)
    sealed = seal(rows.keys.records, content, "audit", rows.gallery, number)
    rows.db.execute("INSERT INTO audit (number, sealed, mac) VALUES (?, ?, ?)", (number, sealed, mac))
    return Head(number, mac)


def entries(rows: SealedRows, head: Head, chain: Sequence[ChainKey], before: Head | None = None) -> Iterator[Entry]:
    """Every entry, oldest first, its link checked.

    Args:
        before: begin after this entry, whose link is known to be right.

    Raises:
        GalleryError: where the log was changed, cut or lengthened.
    """
    before = before or Head()
    query = "SELECT number, sealed, mac FROM audit WHERE number > ? ORDER BY number"
    for number, sealed, mac in rows.db.execute(query, (before.number,)):
        content = _content(rows, before.number + 1, number, sealed)
        if not same(mac, _link(before, number, content, chain)):
            raise rows.fault(f"entry {number} of the audit log is not the one that was written")
        yield Entry(**json.loads(content))
        before = Head(number, mac)
    if before != head:
        raise rows.fault(f"the audit log ends at entry {before.number} instead of {head.number}")


def cut_to_what_holds(rows: SealedRows, chain: Sequence[ChainKey]) -> tuple[Head, int]:
    """Delete the first entry whose link does not hold and all after it; returns the new head and how many went."""
    head = Head()
    for number, sealed, mac in rows.db.execute("SELECT number, sealed, mac FROM audit ORDER BY number").fetchall():
        try:
            content = _content(rows, head.number + 1, number, sealed)
        except GalleryError:
            break
        if not same(mac, _link(head, number, content, chain)):
            break
        head = Head(number, mac)
    return head, rows.db.execute("DELETE FROM audit WHERE number > ?", (head.number,)).rowcount


def reseal(rows: SealedRows, to: SealedRows) -> None:
    """Seal every entry with another key; the links stay, since they are made of what an entry says."""
    for number, sealed in rows.db.execute("SELECT number, sealed FROM audit").fetchall():
        content = _content(rows, number, number, sealed)
        again = seal(to.keys.records, content, "audit", to.gallery, number)
        rows.db.execute("UPDATE audit SET sealed = ? WHERE number = ?", (again, number))


def _content(rows: SealedRows, expected: int, number: int, sealed: bytes) -> bytes:
    try:
        if number == expected:
            return unseal(rows.keys.records, sealed, "audit", rows.gallery, number)
    except BrokenSeal:
        pass
    raise rows.fault(f"entry {expected} of the audit log is missing or does not open")


def _link(before: Head, number: int, content: bytes, chain: Sequence[ChainKey]) -> bytes:
    key = next(each.key for each in reversed(chain) if each.first <= number)
    return keyed_hash(key, before.mac, number, content)
