"""Who is known, on the disk: one sealed SQLite file that survives a power cut and is read as immutable snapshots."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from depthface_app.core.errors import GalleryError
from depthface_app.gallery.backup import replace_keys
from depthface_app.gallery.contents import Receipt, described, erase, found, insert, template_of
from depthface_app.gallery.keys import Keychain, Lock
from depthface_app.gallery.reading import Known, read_people
from depthface_app.gallery.records import (
    LONGEST_NAME,
    Consent,
    EnrolmentFrame,
    Person,
    Profile,
    Template,
    checked_vector,
    clean_name,
    name_key,
    now,
    pack_template,
    unpack_frame,
    with_time,
)
from depthface_app.gallery.sealed_rows import DENIED, FRAME, PROFILE, TEMPLATE
from depthface_app.gallery.snapshot import Gallery
from depthface_app.gallery.vault import Vault

__all__ = [
    "LONGEST_NAME",
    "Consent",
    "EnrolmentFrame",
    "GalleryStore",
    "Person",
    "Receipt",
    "Template",
    "clean_name",
]


class GalleryStore:
    """Reads and writes the gallery; any thread may call.

    What a call has returned from is on the disk (`synchronous=FULL`), and one call is done wholly or not at all.
    """

    _known = Known()
    _reading = threading.Lock()  # snapshots are made one after the other: each continues the one before

    def __init__(
        self, path: Path, keychain: Keychain | None = None, anchor: Path | None = None, *, repairs: bool = False
    ) -> None:
        """Open the gallery, making a new one if the file is not there and sealing one of an earlier version.

        Args:
            keychain: where its key is; a key file beside it by default.
            anchor: file that says how far it has come; beside it by default, better in another folder.
            repairs: open it although it may be an old copy, for `accept` and `restore`.

        Raises:
            GalleryError: if it cannot be made, read or unlocked, is no gallery, or a newer program wrote it.
        """
        self.path = path
        keychain = keychain or Keychain(path.with_suffix(".key"))
        self.vault = Vault(path, keychain, anchor or path.with_suffix(".anchor"), repairs=repairs)

    @property
    def where(self) -> str:
        """Where the gallery is, in words."""
        return str(self.path)

    @property
    def problem(self) -> str:
        """What keeps the gallery from being the newest; "" for a file that is nobody else's."""
        return ""

    def watch(self, changed: Callable[[], None], told: Callable[[str], None]) -> Callable[[], None]:
        """Call `changed` when others changed the gallery, and `told` with what is wrong with it, "" when nothing is.

        Both are called on another thread. A file of one's own is changed by nobody else.

        Returns:
            What ends it.
        """
        return lambda: None

    @property
    def lock(self) -> Lock:
        """What the gallery is locked with."""
        with self.vault.reading() as opened:
            return self.vault.lock(opened)

    def add(self, name: str, templates: Sequence[Template], consent: Consent | None = None) -> Person:
        """Add templates to a person, who is made if new.

        Args:
            consent: what the person agreed to; None leaves what is known.

        Raises:
            GalleryError: for an unusable name, no templates, or a file that cannot be written.
        """
        name = clean_name(name)
        if not templates:
            raise GalleryError(f"There is no view of {name} to keep; capture a face first.")
        with self.vault.writing() as opened:
            person = insert(opened, name, templates)
            if consent is not None:
                opened.rows.set_profile(person, replace(opened.rows.profile(person), consent=consent))
                opened.note("consent", person, text_version=consent.text_version, language=consent.language)
            return described(opened, person)

    def add_all(self, people: Sequence[tuple[str, Sequence[Template]]]) -> None:
        """Add templates of several people, all of them or, if anything fails, none.

        Raises:
            GalleryError: as `add`.
        """
        cleaned = [(clean_name(name), templates) for name, templates in people]
        with self.vault.writing() as opened:
            for name, templates in cleaned:
                insert(opened, name, templates)

    def people(self) -> tuple[Person, ...]:
        """Everyone, by name."""
        with self.vault.reading() as opened:
            opened.rows.load_person_keys()
            everyone = [described(opened, person) for person in opened.rows.people()]
        return tuple(sorted(everyone, key=lambda person: name_key(person.name)))

    def person(self, name: str) -> Person:
        """One person, found without regard to case.

        Raises:
            GalleryError: if nobody has that name.
        """
        with self.vault.reading() as opened:
            return described(opened, found(opened, name))

    def templates(self, name: str) -> tuple[Template, ...]:
        """All templates of a person, oldest first.

        Raises:
            GalleryError: if nobody has that name.
        """
        with self.vault.reading() as opened:
            rows = tuple(opened.rows.each(TEMPLATE, person=found(opened, name)))
            return tuple(template_of(opened.secrets, row.content) for row in rows)

    def frames(self, name: str) -> tuple[Template, ...]:
        """The enrolment frames kept of a person, each in a template without vector and model.

        Raises:
            GalleryError: if nobody has that name.
        """
        with self.vault.reading() as opened:
            rows = tuple(opened.rows.each(FRAME, person=found(opened, name)))
            return tuple(unpack_frame(row.content) for row in rows)

    def rename(self, name: str, to: str) -> None:
        """Give a person another name.

        Raises:
            GalleryError: if nobody has the first name or somebody else has the second.
        """
        to = clean_name(to)
        with self.vault.writing() as opened:
            person, other = opened.rows.find(name), opened.rows.find(to)
            if other is not None and other != person:
                raise GalleryError(f"There is a {opened.rows.profile(other).name} already; choose another name.")
            person = found(opened, name)
            opened.rows.set_profile(person, replace(opened.rows.profile(person), name=to))
            opened.note("renamed", person)

    def consent(self, name: str, consent: Consent) -> None:
        """Record what a person agreed to, in place of what they agreed to before.

        Raises:
            GalleryError: if nobody has that name.
        """
        with self.vault.writing() as opened:
            person = found(opened, name)
            opened.rows.set_profile(person, replace(opened.rows.profile(person), consent=consent))
            opened.note("consent", person, text_version=consent.text_version, language=consent.language)

    def deny(self, name: str, face: Template) -> None:
        """Keep, sealed with the person's records, that a face is not theirs though it was taken for it.

        Raises:
            GalleryError: if nobody has that name.
        """
        with self.vault.writing() as opened:
            person = found(opened, name)
            face = with_time(face)
            content = pack_template(face, opened.secrets.turn(checked_vector(face.vector)))
            opened.rows.put(DENIED, content, person=person, model=face.model)
            opened.note("not this person", person, source=face.source)

    def take_back(self, name: str) -> int:
        """Forget every face that was said not to be a person; returns how many.

        What stays is an empty record: a record goes with its person only (`server`).

        Raises:
            GalleryError: if nobody has that name.
        """
        with self.vault.writing() as opened:
            person = found(opened, name)
            denied = [row.id for row in opened.rows.each(DENIED, person=person) if row.model]
            for record in denied:
                opened.rows.put(DENIED, b"", person=person, record=record)
            if denied:
                opened.note("taken back", person, faces=len(denied))
        return len(denied)

    def remove(self, name: str, reason: str = "removed") -> Receipt:
        """Erase a person: every record, and the key that sealed them.

        Raises:
            GalleryError: if nobody has that name.
        """
        with self.vault.writing() as opened:
            receipt = erase(opened, found(opened, name), reason)
        reached = replace_keys(self.vault)
        return replace(
            receipt,
            backups=tuple(folder for folder, done in reached.items() if done),
            unreached=tuple(folder for folder, done in reached.items() if not done),
        )

    def expire(self) -> int:
        """Erase everybody whose consent has run out; returns how many."""
        at = now()
        with self.vault.reading() as opened:
            if not opened.rows.first_expiry or opened.rows.first_expiry > at:
                return 0
        with self.vault.writing() as opened:
            profiles = {row.person: Profile.of(row.content) for row in opened.rows.each(PROFILE)}
            over = [person for person, profile in profiles.items() if profile.is_over(at)]
            for person in over:
                erase(opened, person, "expired")
            ends = [each.consent.expires_at for each in profiles.values() if each.consent and not each.is_over(at)]
            opened.rows.first_expiry = min((end for end in ends if end), default="")
            opened.note("retention", erased=len(over))
        replace_keys(self.vault)
        return len(over)

    def snapshot(self, model_name: str, model_version: str) -> Gallery:
        """Everyone whom this recogniser can compare, and the names of those it cannot; the whole file is checked.

        Raises:
            GalleryError: if a row was changed, taken out, added or put back from an older copy.
        """
        with self._reading, self.vault.reading() as opened:
            gallery, self._known = read_people(opened, f"{model_name} {model_version}", now(), self._known)
        return gallery
