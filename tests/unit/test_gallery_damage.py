"""Whatever somebody or something does to a gallery's files from outside shows, in one sentence, and loses nothing."""

import json
import os
import resource
import sqlite3
import stat
import tempfile
import threading
from contextlib import closing
from pathlib import Path

import pytest

from depthface_app.build import build_engine
from depthface_app.core.errors import GalleryError
from depthface_app.gallery import upkeep
from depthface_app.gallery.anchor import Anchor
from depthface_app.gallery.keys import Keychain
from depthface_app.gallery.store import GalleryStore
from depthface_app.pipeline.faults import FaultSource
from depthface_app.pipeline.settings import Settings
from tests.fake_models import fake_models
from tests.galleries import PASSPHRASE, copied, tamper, template, with_passphrase

OUTSIDE = "changed or damaged from outside"


@pytest.fixture
def store(tmp_path):
    store = GalleryStore(tmp_path / "data" / "gallery.sqlite3")
    store.add("Ada", [template(0), template(1)])
    store.add("Bob", [template(2)])
    return store


def rows(store, query):
    with closing(sqlite3.connect(store.path)) as db:
        return db.execute(query).fetchall()


@pytest.mark.parametrize(
    ("table", "column"),
    [
        ("record", "sealed"), ("record", "id"), ("record", "model"), ("record", "kind"),
        ("sealed_person", "key"), ("sealed_person", "handle"), ("audit", "sealed"), ("audit", "mac"),
    ],
)  # fmt: skip
def test_a_flipped_bit_in_any_byte_of_a_record_shows(store, table, column):
    ((number, value),) = rows(store, f"SELECT rowid, {column} FROM {table} WHERE rowid = 2")
    content = value.encode() if isinstance(value, str) else value
    for place in range(len(content)):
        changed = content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :]
        other = changed.decode("latin-1") if isinstance(value, str) else changed
        tamper(store.path, f"UPDATE {table} SET {column} = ? WHERE rowid = ?", other, number)
        with pytest.raises(GalleryError, match=f"{OUTSIDE}|this is another copy"):
            upkeep.verify(store)
    tamper(store.path, f"UPDATE {table} SET {column} = ? WHERE rowid = ?", value, number)
    upkeep.verify(store)


def test_a_flipped_bit_in_the_head_or_the_lock_shows(store):
    for key in ("head", "lock"):
        ((value,),) = rows(store, f"SELECT value FROM meta WHERE key = '{key}'")
        for place in range(0, len(value), 7):
            changed = value[:place] + bytes([value[place] ^ 1]) + value[place + 1 :]
            tamper(store.path, "UPDATE meta SET value = ? WHERE key = ?", changed, key)
            with pytest.raises(GalleryError):
                GalleryStore(store.path)
        tamper(store.path, "UPDATE meta SET value = ? WHERE key = ?", value, key)
    upkeep.verify(GalleryStore(store.path))


def swap_sealed(db):
    (one, first), (two, second), *_ = db.execute("SELECT id, sealed FROM record WHERE kind = 'template'").fetchall()
    db.executemany("UPDATE record SET sealed = ? WHERE id = ?", [(second, one), (first, two)])


def swap_people(db):
    (one, first), (two, second) = db.execute("SELECT id, key FROM sealed_person").fetchall()
    db.executemany("UPDATE sealed_person SET key = ? WHERE id = ?", [(second, one), (first, two)])


def give_to_another(db):
    (one,), (two,) = db.execute("SELECT id FROM sealed_person").fetchall()
    db.execute("UPDATE record SET person = ? WHERE kind = 'template' AND person = ?", (two, one))


@pytest.mark.parametrize(
    "change",
    [
        swap_sealed, swap_people, give_to_another,
        "DELETE FROM record WHERE kind = 'template' AND number = (SELECT MAX(number) FROM record)",
        "DELETE FROM sealed_person WHERE rowid = 1",
        "INSERT INTO record (kind, id, person, model, sealed)"
        " SELECT kind, 'twin', person, model, sealed FROM record WHERE kind = 'template' LIMIT 1",
        "DELETE FROM audit WHERE number = 1",
        "DELETE FROM audit WHERE number = (SELECT MAX(number) FROM audit)",
        "INSERT INTO audit SELECT number + 5, sealed, mac FROM audit WHERE number = 1",
    ],
)  # fmt: skip
def test_swapped_missing_and_added_records_show_and_the_whole_ones_can_be_kept(store, change):
    tamper(store.path, change)
    with pytest.raises(GalleryError, match=f"{OUTSIDE}|is not the one this computer last changed"):
        upkeep.verify(store)
    upkeep.accept(GalleryStore(store.path, repairs=True))
    again = GalleryStore(store.path)
    upkeep.verify(again)
    assert {person.name for person in again.people()} <= {"Ada", "Bob"}
    with again.vault.reading() as opened:
        assert opened.audit_log()[-1].action == "accepted"


def test_a_record_put_back_from_an_older_copy_shows(store):
    ((old,),) = rows(store, "SELECT sealed FROM record WHERE kind = 'profile' ORDER BY number LIMIT 1")
    ((record,),) = rows(store, "SELECT id FROM record WHERE kind = 'profile' ORDER BY number LIMIT 1")
    store.rename("Ada", "Ada L.")
    tamper(store.path, "UPDATE record SET sealed = ? WHERE id = ?", old, record)
    with pytest.raises(GalleryError, match=OUTSIDE):
        store.snapshot("ldnfnet", "1")


def test_a_file_that_was_rolled_back_shows_and_brings_nobody_back(store, tmp_path):
    old = copied(store, tmp_path / "old", (".sqlite3",))
    store.remove("Bob")
    store.path.write_bytes(old.read_bytes())
    for call in (lambda: GalleryStore(store.path), store.people):
        with pytest.raises(GalleryError, match="ends at change 2 and had come to 3; this is an old copy"):
            call()
    upkeep.accept(GalleryStore(store.path, repairs=True))
    assert [person.name for person in GalleryStore(store.path).people()] == ["Ada"]


def test_another_copy_that_went_on_elsewhere_shows(store, tmp_path):
    other = GalleryStore(copied(store, tmp_path / "elsewhere"))
    other.rename("Bob", "Eve")
    store.rename("Bob", "Cy")
    store.path.write_bytes(other.path.read_bytes())
    with pytest.raises(GalleryError, match="this is another copy"):
        GalleryStore(store.path)


def test_a_missing_or_edited_anchor_shows(store):
    anchor = store.path.with_suffix(".anchor")
    kept = anchor.read_text()
    values = json.loads(kept)
    anchor.write_text(json.dumps({**values, "number": 1}))
    with pytest.raises(GalleryError, match="was changed from outside"):
        store.people()
    anchor.write_text("not JSON")
    with pytest.raises(GalleryError, match="was changed from outside"):
        GalleryStore(store.path)
    anchor.unlink()
    with pytest.raises(GalleryError, match="is missing"):
        GalleryStore(store.path)
    anchor.write_text(kept)
    assert len(GalleryStore(store.path).people()) == 2


def test_a_gallery_ahead_of_its_anchor_is_right(store):
    anchor = store.path.with_suffix(".anchor")
    kept = anchor.read_text()
    store.rename("Ada", "Ada L.")
    anchor.write_text(kept)  # as after a stop between the change and its anchor
    GalleryStore(store.path)
    assert anchor.read_text() != kept


def test_whoever_reads_while_another_program_writes_is_not_told_of_an_old_copy(store, monkeypatch):
    other, read, changes = GalleryStore(store.path), Anchor.read, iter(("Cy", "Di", "Ed"))

    def overtaken(anchor):
        name = next(changes, None)
        if name is not None:  # between the moment that is read and the anchor, a change and its anchor
            monkeypatch.setattr(Anchor, "read", read)
            other.add(name, [template(5)])
            monkeypatch.setattr(Anchor, "read", overtaken)
        return read(anchor)

    monkeypatch.setattr(Anchor, "read", overtaken)
    assert [len(store.people()) for _ in range(4)] == [3, 4, 5, 5]


def test_a_damaged_gallery_leaves_the_picture_and_knows_nobody(store, monkeypatch):
    monkeypatch.setattr("depthface_app.build.build_models", lambda settings: fake_models())
    tamper(store.path, "DELETE FROM record WHERE kind = 'template'")
    engine = build_engine(Settings(), store)
    (fault,) = engine.standing_faults
    assert (fault.source, engine.gallery) == (FaultSource.GALLERY, None)
    assert OUTSIDE in fault.message
    assert engine.models is not None


def test_a_full_disk_is_one_sentence_and_loses_nothing(store):
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, before[1]))  # SQLite hears of it as of a full disk
    try:
        with pytest.raises(GalleryError, match=r"cannot be used .*; nothing was changed"):
            store.add("Cy", [template(3)] * 40)
        with pytest.raises(GalleryError, match="nothing was changed"):
            upkeep.rekey(store)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert [person.name for person in store.people()] == ["Ada", "Bob"]
    upkeep.verify(GalleryStore(store.path))


def without_rights(folder: Path, work) -> str:
    """What `work` raises for somebody who may read but not write in a folder; root becomes nobody in a child."""
    os.chmod(folder, 0o555)
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            if os.getuid() == 0:
                os.setgid(65534)
                os.setuid(65534)
            work()
            os.write(writing, b"nothing")
        except GalleryError as error:
            os.write(writing, str(error).encode())
        finally:
            os._exit(0)
    os.close(writing)
    os.waitpid(pid, 0)
    with os.fdopen(reading) as said:
        return said.read()


def test_a_read_only_folder_is_one_sentence():
    with tempfile.TemporaryDirectory() as parent:
        os.chmod(parent, 0o755)
        folder = Path(parent) / "data"
        store = GalleryStore(folder / "gallery.sqlite3")
        store.add("Ada", [template(0)])
        for path in folder.iterdir():
            os.chmod(path, stat.S_IRUSR | stat.S_IRGRP | stat.S_IROTH)
        said = without_rights(folder, lambda: store.add("Bob", [template(1)]))
        assert "readonly database" in said
        assert "nothing was changed. Check the disk's space and the file's permissions" in said
        assert "cannot be made: Permission denied" in without_rights(
            folder, lambda: GalleryStore(folder / "new.sqlite3")
        )
        os.chmod(folder, 0o755)
        for path in folder.iterdir():
            os.chmod(path, 0o600)
        assert [person.name for person in GalleryStore(store.path).people()] == ["Ada"]


def test_two_programs_change_one_gallery_and_lose_nothing(store):
    def enrol(letter):
        own = GalleryStore(store.path)
        for number in range(8):
            own.add(f"{letter}{number}", [template(number)])

    threads = [threading.Thread(target=enrol, args=(letter,)) for letter in "XY"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(store.people()) == 2 + 16
    upkeep.verify(GalleryStore(store.path))


def test_a_program_follows_when_another_changes_the_keys(store):
    asked: list[str] = []
    store = GalleryStore(store.path, Keychain(store.path.with_suffix(".key"), lambda words: asked.append(words)))
    other = GalleryStore(store.path)
    upkeep.rekey(other)
    upkeep.renew(other)
    assert store.snapshot("ldnfnet", "1").match(template(2).vector, "ldnfnet 1", 0.9).name == "Bob"
    upkeep.relock(other, "passphrase", PASSPHRASE)
    with pytest.raises(GalleryError, match="sealed with a passphrase meanwhile; start the program again"):
        store.people()
    assert asked == []  # a window's jobs run on threads that must not show a question
    assert len(with_passphrase(store.path).people()) == 2


def test_a_gallery_in_use_for_too_long_is_one_sentence(store, monkeypatch):
    monkeypatch.setattr("depthface_app.gallery.schema._WAIT_S", 0.05)
    with closing(sqlite3.connect(store.path, isolation_level=None)) as db:
        db.execute("BEGIN IMMEDIATE")
        with pytest.raises(GalleryError, match="database is locked"):
            store.rename("Ada", "Eve")
    assert store.person("Ada").name == "Ada"


def test_kills_lose_nothing_and_leave_nothing_readable(tmp_path, monkeypatch):
    from benchmarks import gallery_kills

    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setenv("SQLITE_TMPDIR", str(tmp_path))
    tally = gallery_kills.run(tmp_path, 5, seed=4)
    assert tally.faults == []
    assert tally.kills == 5
    assert tally.bytes_searched > 100_000


def test_the_search_for_readable_bytes_finds_a_file_of_version_1(tmp_path):
    from benchmarks import gallery_kills

    gallery_kills.make_version_1(tmp_path / "gallery.sqlite3", ["Zacharias Öczy"])
    found, _ = gallery_kills.plain_bytes(tmp_path, {"Zacharias Öczy"})
    assert len(found) >= 3  # the name, its parts, the vector
