"""The seal: nothing readable at rest, keys that change, files of version 1, and a rotation that keeps every angle."""

import json
import logging
import resource
import sqlite3
from contextlib import closing
from pathlib import Path

import keyring
import numpy as np
import pytest
from keyring.backend import KeyringBackend
from keyring.backends import fail

from benchmarks import gallery_rotation, gallery_search
from benchmarks.gallery_kills import embedding, make_version_1, plain_bytes
from depthface_app.core.errors import GalleryError
from depthface_app.core.match import unit
from depthface_app.gallery import schema, upkeep
from depthface_app.gallery.keys import Keychain, Stretch
from depthface_app.gallery.sealing import BrokenSeal, seal, unseal
from depthface_app.gallery.store import GalleryStore, Template
from depthface_app.gallery.transform import Transform
from tests.fake_models import axis_vector
from tests.galleries import PASSPHRASE, copied, tamper, template, with_passphrase

NAME = "Zacharias Öczy"


class MemoryKeyring(KeyringBackend):
    """A keyring that forgets with the test."""

    priority = 1

    def __init__(self):
        super().__init__()
        self.kept = {}

    def set_password(self, service, username, password):
        self.kept[service, username] = password

    def get_password(self, service, username):
        return self.kept.get((service, username))

    def delete_password(self, service, username):
        del self.kept[service, username]


@pytest.fixture
def system_keyring():
    before, memory = keyring.get_keyring(), MemoryKeyring()
    keyring.set_keyring(memory)
    yield memory
    keyring.set_keyring(before)


@pytest.fixture
def store(tmp_path):
    store = GalleryStore(tmp_path / "data" / "gallery.sqlite3")
    store.add("Ada", [template(0), template(1)])
    store.add("Bob", [template(2)])
    return store


def test_no_file_holds_a_name_or_an_embedding_even_while_it_is_written(tmp_path, caplog):
    caplog.set_level(logging.DEBUG)
    store = GalleryStore(tmp_path / "gallery.sqlite3")
    with closing(sqlite3.connect(store.path)) as beside:
        beside.execute("SELECT * FROM meta").fetchall()  # keeps the write-ahead log from being cleared
        store.add(NAME, [Template(embedding(NAME), "m", "1", 0.5, f"{NAME}.png")])
        store.rename(NAME, f"{NAME} Renamed")
        assert (tmp_path / "gallery.sqlite3-wal").stat().st_size > 0
        assert plain_bytes(tmp_path, {NAME, f"{NAME} Renamed"})[0] == []
        store.remove(f"{NAME} Renamed")
    assert NAME not in caplog.text


def test_one_and_the_same_template_is_other_bytes_in_every_gallery(tmp_path):
    kept = []
    for letter in "ab":
        store = GalleryStore(tmp_path / f"{letter}.sqlite3")
        store.add("Ada", [template(0)])
        kept.append(store.snapshot("ldnfnet", "1").templates[0])
    assert abs(float(kept[0] @ kept[1])) < 0.9
    assert abs(float(kept[0] @ axis_vector(0))) < 0.99


def test_a_sealed_record_opens_only_as_what_it_is():
    key = bytes(32)
    sealed = seal(key, b"face", "record", "ab", "c")
    assert unseal(key, sealed, "record", "ab", "c") == b"face"
    for belongs in (("record", "a", "bc"), ("record", "ab"), ("record", "ab", "d")):
        with pytest.raises(BrokenSeal):
            unseal(key, sealed, *belongs)
    with pytest.raises(BrokenSeal):
        unseal(key, sealed[:20], "record", "ab", "c")
    assert seal(key, b"face", "record", "ab", "c") != sealed


def test_the_passphrase_is_stretched_as_the_standard_says():
    stretch = Stretch.new()
    assert (stretch.iterations, stretch.lanes, stretch.memory_kib) == (3, 4, 64 * 1024)
    assert len(bytes.fromhex(stretch.salt)) == 16
    small = Stretch("736f6d6573616c743132333435363738", 1, 1, 64)
    assert small.key("password") == small.key("password") != small.key("passwort")


def test_a_passphrase_seals_and_changes_without_enrolling_anybody_again(store):
    upkeep.relock(store, "passphrase", PASSPHRASE)
    assert not store.path.with_suffix(".key").exists()
    assert store.person("Ada").templates == 2
    with pytest.raises(GalleryError, match="The passphrase does not open the gallery"):
        with_passphrase(store.path, "something else")
    with pytest.raises(GalleryError, match="set DEPTHFACE_PASSPHRASE or run this in a terminal"):
        with_passphrase(store.path, None)
    again = with_passphrase(store.path)
    upkeep.relock(again, "passphrase", "the second passphrase")
    with pytest.raises(GalleryError, match="does not open"):
        with_passphrase(store.path)
    assert len(with_passphrase(store.path, "the second passphrase").people()) == 2


def test_a_short_passphrase_is_refused_and_nothing_changes(store):
    with pytest.raises(GalleryError, match="at least 8 letters"):
        upkeep.relock(store, "passphrase", "short")
    assert GalleryStore(store.path).lock.kind == "file"


def test_a_passphrase_in_the_environment_seals_a_new_gallery(tmp_path, monkeypatch):
    monkeypatch.setenv("DEPTHFACE_PASSPHRASE", PASSPHRASE)
    store = GalleryStore(tmp_path / "gallery.sqlite3")
    store.add("Ada", [template()])
    assert store.lock.kind == "passphrase"
    monkeypatch.delenv("DEPTHFACE_PASSPHRASE")
    with pytest.raises(GalleryError, match="sealed with a passphrase"):
        GalleryStore(store.path)


def test_the_systems_keyring_holds_the_key_where_there_is_one(tmp_path, system_keyring):
    path = tmp_path / "gallery.sqlite3"
    keychain = Keychain(path.with_suffix(".key"), use_keyring=True)
    store = GalleryStore(path, keychain)
    store.add("Ada", [template()])
    assert store.lock.kind == "keyring"
    assert len(system_keyring.kept) == 1
    assert not keychain.file.exists()
    (place,) = before = dict(system_keyring.kept)
    upkeep.rekey(store)
    assert len(system_keyring.kept) == 1
    assert system_keyring.kept != before
    assert GalleryStore(path, keychain).person("Ada").templates == 1
    kept = system_keyring.kept[place]
    system_keyring.kept[place] = json.dumps({**json.loads(kept), "deadbeef": "11" * 32})  # a stop left one
    GalleryStore(path, keychain)
    assert json.loads(system_keyring.kept[place]) == json.loads(kept)
    system_keyring.kept.clear()
    with pytest.raises(GalleryError, match="not in this user's keyring"):
        GalleryStore(path, keychain)


def test_without_a_keyring_a_key_file_holds_it(tmp_path, system_keyring):
    keyring.set_keyring(fail.Keyring())
    path = tmp_path / "gallery.sqlite3"
    key = path.with_suffix(".key")
    store = GalleryStore(path, Keychain(key, use_keyring=True))
    assert store.lock.kind == "file"
    assert GalleryStore(path, Keychain(key, use_keyring=True)).people() == ()
    with pytest.raises(GalleryError, match="keyring .*; "):
        upkeep.relock(store, "keyring")
    assert key.stat().st_mode & 0o777 == 0o600
    kept = key.read_text()
    key.unlink()
    with pytest.raises(GalleryError, match="is not in .*; put the key file back"):
        GalleryStore(path)
    key.write_text("{")
    with pytest.raises(GalleryError, match="is damaged"):
        GalleryStore(path)
    key.write_text(json.dumps(dict.fromkeys(json.loads(kept), "00" * 32)))
    with pytest.raises(GalleryError, match="The key in the file does not open"):
        GalleryStore(path)


def test_new_keys_close_every_copy_from_before(store, tmp_path):
    old = copied(store, tmp_path / "old")
    old_key = json.loads(old.with_suffix(".key").read_text())
    upkeep.rekey(store)
    assert {person.name for person in GalleryStore(store.path).people()} == {"Ada", "Bob"}
    new_key = json.loads(store.path.with_suffix(".key").read_text())
    assert not set(new_key.values()) & set(old_key.values())
    old.with_suffix(".key").write_text(json.dumps(new_key))
    with pytest.raises(GalleryError):
        GalleryStore(old)
    upkeep.verify(store)


def test_a_key_that_a_stop_left_behind_is_destroyed_at_the_next_start(store):
    key = store.path.with_suffix(".key")
    kept = json.loads(key.read_text())
    key.write_text(json.dumps({**kept, "deadbeef": "11" * 32}))
    GalleryStore(store.path)
    assert json.loads(key.read_text()) == kept


def test_a_program_that_holds_keys_leaves_no_core_dump(store):
    assert resource.getrlimit(resource.RLIMIT_CORE)[0] == 0


def test_a_file_of_version_1_is_sealed_where_it_lies(tmp_path):
    path = tmp_path / "gallery.sqlite3"
    names = [f"Person{number} Öczy" for number in range(5)]
    make_version_1(path, names)
    assert plain_bytes(tmp_path, set(names))[0] != []
    store = GalleryStore(path)
    assert [person.name for person in store.people()] == names
    np.testing.assert_allclose(store.templates(names[3])[0].vector, embedding(names[3]), atol=1e-6)
    assert store.person(names[0]).enrolled_at == "2026-01-01"
    assert store.person(names[0]).sources == (f"{names[0]}.png",)
    del store
    assert plain_bytes(tmp_path, set(names))[0] == []
    GalleryStore(path)
    with schema.connected(path) as db:
        assert schema.version(db) == schema.VERSION


def test_a_migration_that_fails_leaves_the_old_file_whole(tmp_path, monkeypatch):
    path = tmp_path / "gallery.sqlite3"
    make_version_1(path, [NAME])
    monkeypatch.setattr("depthface_app.gallery.migrate.pack_template", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        GalleryStore(path)
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("SELECT name FROM person").fetchall() == [(NAME,)]
        assert db.execute("SELECT COUNT(*) FROM template").fetchone() == (1,)
    monkeypatch.undo()
    assert GalleryStore(path).person(NAME).templates == 1


def test_a_damaged_template_of_version_1_is_left_behind_and_counted(tmp_path):
    path = tmp_path / "gallery.sqlite3"
    make_version_1(path, ["Ada", "Bob"])
    tamper(path, "UPDATE template SET vector = x'0102' WHERE id = 1")
    store = GalleryStore(path)
    assert [person.templates for person in store.people()] == [0, 1]
    with store.vault.reading() as opened:
        assert opened.audit_log()[0].details == {"version": 1, "damaged": 1}


@pytest.mark.parametrize("size", [7, 8, 1920])
def test_the_rotation_keeps_every_angle_and_comes_back(size):
    vectors = np.random.default_rng(1).standard_normal((40, size)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    one, other = Transform.of(b"1" * 32, size), Transform.of(b"2" * 32, size)
    turned = one.apply(vectors)
    assert turned.shape == (40, size + size % 2)
    np.testing.assert_allclose(turned @ turned.T, vectors @ vectors.T, atol=2e-6)
    np.testing.assert_allclose(one.undo(turned), vectors, atol=2e-6)
    assert np.abs(np.einsum("nd,nd->n", turned, other.apply(vectors))).mean() < 3 / np.sqrt(size)


def test_one_component_spreads_over_all():
    spread = Transform.of(b"1" * 32, 1920).apply(np.eye(1, 1920, dtype=np.float32))[0]
    assert np.abs(spread).max() < 6 / np.sqrt(1920)


def test_the_rotation_of_a_seed_never_changes():
    """Galleries on disk depend on it; these numbers were computed once, when the rotation was made."""
    pinned = [0.5936276, -0.1394622, -0.0244383, 0.2648259, 0.3496333, 0.2602752, 0.4378528, -0.4191955]
    turned = Transform.of(bytes(32), 8).apply(np.eye(1, 8, dtype=np.float32))[0]
    np.testing.assert_allclose(turned, pinned, atol=1e-6)


def test_renewing_keeps_everybody_and_makes_old_templates_worthless(store):
    before = store.snapshot("ldnfnet", "1")
    assert upkeep.renew(store) == 3
    after = store.snapshot("ldnfnet", "1")
    assert after.match(axis_vector(2), "ldnfnet 1", 0.9).name == "Bob"
    np.testing.assert_allclose(after.templates @ after.templates.T, before.templates @ before.templates.T, atol=1e-6)
    assert np.abs((before.templates * after.templates).sum(axis=1)).max() < 0.95
    assert [t.source for t in store.templates("Ada")] == ["a.png", "a.png"]


def test_twenty_renewals_wear_nothing_off(store):
    for _ in range(20):
        upkeep.renew(store)
    np.testing.assert_allclose(store.templates("Bob")[0].vector, unit(axis_vector(2)), atol=3e-6)


def test_the_folder_of_a_gallery_has_no_more_than_it_needs(store):
    assert {path.suffix for path in Path(store.path.parent).iterdir()} <= {".sqlite3", ".key", ".anchor"}


def test_the_search_and_the_rotation_are_measured_on_what_is_right():
    found = gallery_search.measure(500, 3)
    assert found["ratio_of_processor_times"] > 0
    cost = gallery_rotation.cost(gallery_rotation.random_embeddings(5), 3)
    assert cost["rank_1_before"] == cost["rank_1_rotated"] == cost["rank_1_after_renewals"] == 1.0
    assert 0 < cost["largest_change_of_a_similarity"] < 1e-5
