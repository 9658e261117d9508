"""The gallery: an immutable snapshot, and a store that loses nothing."""

import base64
import json
import sqlite3
import stat

import numpy as np
import pytest

from depthface_app.core.errors import GalleryError
from depthface_app.gallery import schema, sealed_rows
from depthface_app.gallery.exchange import export_people, import_people
from depthface_app.gallery.snapshot import Gallery
from depthface_app.gallery.store import GalleryStore, Template
from tests.fake_models import axis_vector


def template(axis=0, *, version="1", source="a.png", lean=0.0):
    return Template(axis_vector(axis, lean=lean), "ldnfnet", version, 0.9, source)


on_both = pytest.mark.parametrize("store", ["file", "server"], indirect=True)


@pytest.fixture
def store(request, tmp_path):
    if getattr(request, "param", "file") == "server":
        return request.getfixturevalue("shared").kiosk("here")
    return GalleryStore(tmp_path / "data" / "gallery.sqlite3")


def test_what_was_added_is_there_for_the_next_program(store):
    person = store.add("  Ada   Lovelace ", [template(0), template(1, source="b,c.png")])
    assert (person.name, person.templates) == ("Ada Lovelace", 2)
    again = GalleryStore(store.path)
    assert again.person("ada lovelace") == person
    assert set(person.sources) == {"a.png", "b,c.png"}
    np.testing.assert_allclose(again.templates("Ada Lovelace")[1].vector, axis_vector(1), atol=1e-6)
    assert again.templates("Ada Lovelace")[0].quality == 0.9


@on_both
def test_a_snapshot_matches_by_the_best_template(store):
    store.add("Ada", [template(0), template(2)])
    store.add("Bob", [template(1)])
    gallery = store.snapshot("ldnfnet", "1")
    match = gallery.match(axis_vector(2, lean=0.1), "ldnfnet 1", 0.6)
    assert match.name == "Ada"
    assert gallery.names == ("Ada", "Bob")
    assert gallery.problem == ""


@on_both
def test_a_snapshot_does_not_change_when_somebody_enrols(store):
    store.add("Ada", [template(0)])
    gallery = store.snapshot("ldnfnet", "1")
    store.add("Bob", [template(1)])
    assert gallery.names == ("Ada",)
    with pytest.raises(ValueError, match="read-only"):
        gallery.templates[0, 0] = 0


@on_both
def test_templates_of_another_model_version_are_left_out_and_said_so(store):
    store.add("Ada", [template(0)])
    store.add("Bob", [template(1), template(1, version="2")])
    gallery = store.snapshot("ldnfnet", "2")
    assert gallery.names == ("Bob",)
    assert gallery.outdated == ("Ada",)
    assert "Ada were enrolled with another recogniser than ldnfnet 2" in gallery.problem
    with pytest.raises(GalleryError, match="the two cannot be compared"):
        gallery.match(axis_vector(0), "ldnfnet 1", 0.5)


@on_both
def test_enrolling_again_adds_views(store):
    store.add("Ada", [template(0)])
    assert store.add("ADA", [template(1)]).templates == 2
    assert len(store.people()) == 1


@on_both
def test_rename_and_remove(store):
    store.add("Ada", [template(0)])
    store.add("Bob", [template(1)])
    store.rename("ada", "Ada L.")
    assert [person.name for person in store.people()] == ["Ada L.", "Bob"]
    with pytest.raises(GalleryError, match="There is a Bob already"):
        store.rename("Ada L.", "bob")
    store.rename("Bob", "BOB")
    store.remove("bob")
    assert [person.name for person in store.people()] == ["Ada L."]
    assert store.snapshot("ldnfnet", "1").templates.shape == (1, 8)


@on_both
@pytest.mark.parametrize(
    "call", [lambda s: s.remove("Eve"), lambda s: s.rename("Eve", "Ada"), lambda s: s.person("Eve")]
)
def test_nobody_of_that_name_is_one_sentence(store, call):
    with pytest.raises(GalleryError, match="Nobody called “Eve”"):
        call(store)


@on_both
@pytest.mark.parametrize("name", ["", "   ", "a" * 81, "a\x00b"])
def test_unusable_names_are_refused(store, name):
    with pytest.raises(GalleryError):
        store.add(name, [template()])
    assert store.people() == ()


@on_both
def test_accents_are_one_name_however_they_are_typed(store):
    store.add("Zoe\u0308", [template(0)])
    assert store.person("Zo\u00eb").name == "Zo\u00eb"


@on_both
def test_a_vector_that_is_no_unit_vector_undoes_the_whole_call(store):
    with pytest.raises(GalleryError, match="not a unit vector"):
        store.add("Ada", [template(0), Template(np.zeros(8, np.float32), "ldnfnet", "1")])
    assert store.people() == ()
    with pytest.raises(GalleryError, match="no view"):
        store.add("Ada", [])


@on_both
def test_an_empty_gallery_is_an_ordinary_value(store):
    gallery = store.snapshot("ldnfnet", "1")
    assert gallery.names == ()
    assert Gallery.empty("m").match(axis_vector(0), "m", 0.5).name is None


@pytest.mark.parametrize("content", [b"this is not a database, not at all", b"SQLite format 3\x00" + b"\x07" * 200])
def test_a_file_that_is_no_gallery_is_refused_and_left_alone(tmp_path, content):
    path = tmp_path / "gallery.sqlite3"
    path.write_bytes(content)
    with pytest.raises(GalleryError, match="cannot be used"):
        GalleryStore(path)
    assert path.read_bytes() == content


def test_a_newer_gallery_is_refused(store):
    with sqlite3.connect(store.path) as db:
        db.execute("PRAGMA user_version = 99")
    db.close()
    with pytest.raises(GalleryError, match="newer version"):
        GalleryStore(store.path)


def test_a_folder_that_cannot_be_made_is_one_sentence(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(GalleryError, match="cannot be made"):
        GalleryStore(tmp_path / "file" / "gallery.sqlite3")


def test_a_damaged_template_names_the_person(store):
    store.add("Ada", [template(0)])
    with sqlite3.connect(store.path) as db:
        db.execute("UPDATE record SET sealed = x'0102' WHERE kind = 'template'")
    db.close()
    with pytest.raises(GalleryError, match="template of Ada"):
        store.templates("Ada")
    with pytest.raises(GalleryError, match="changed or damaged from outside"):
        store.snapshot("ldnfnet", "1")


def test_the_file_is_written_ahead_and_in_full(store):
    with schema.connected(store.path) as db:
        assert db.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
        assert db.execute("PRAGMA synchronous").fetchone()[0] == 2


@on_both
def test_people_travel_in_a_file(store, tmp_path):
    store.add("Ada", [template(0), template(1)])
    store.add("Bob", [template(2)])
    path = tmp_path / "people.json"
    assert export_people(store, path) == 2
    other = GalleryStore(tmp_path / "other.sqlite3")
    other.add("ada", [template(0)])
    assert import_people(other, path) == (2, 2, 0)
    assert import_people(other, path) == (2, 0, 0)
    assert other.person("Ada").templates == 2
    np.testing.assert_allclose(other.templates("Bob")[0].vector, axis_vector(2), atol=1e-6)
    assert export_people(store, path, ["bob"]) == 1
    assert len(json.loads(path.read_text())["people"]) == 1


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", '{"format": "depthface.people", "version": 1, "people": [{"name": 1}]}']
)
def test_a_broken_export_changes_nothing(store, tmp_path, text):
    path = tmp_path / "people.json"
    path.write_text(text)
    with pytest.raises(GalleryError, match=r"people\.json"):
        import_people(store, path)
    assert store.people() == ()


CONSENT = {"purpose": "p", "text_version": "1", "language": "en", "given_at": "2026-01-01T00:00:00+00:00"}


@pytest.mark.parametrize(
    "change",
    [
        lambda people: people.append("x"),
        lambda people: people[0].update(consent="yes"),
        lambda people: people[0].update(consent=CONSENT | {"expires_at": 5}),
        lambda people: people[0].update(consent=CONSENT | {"expires_at": "some day"}),
        lambda people: people[0]["templates"][1].update(vector=base64.b64encode(np.float32([0, 1]).tobytes()).decode()),
    ],
    ids=["no person", "no consent", "a number for a day", "no day", "a template of another length"],
)
def test_an_edited_export_changes_nothing(store, tmp_path, change):
    path = tmp_path / "people.json"
    other = GalleryStore(tmp_path / "other.sqlite3")
    other.add("Ada", [template(0), template(1)])
    export_people(other, path)
    values = json.loads(path.read_text())
    change(values["people"])
    path.write_text(json.dumps(values))
    with pytest.raises(GalleryError, match=r"people\.json .* export it again"):
        import_people(store, path)
    assert store.people() == ()


def test_templates_of_another_length_than_those_here_are_not_taken(store, tmp_path):
    path = tmp_path / "people.json"
    other = GalleryStore(tmp_path / "other.sqlite3")
    other.add("Bob", [Template(np.float32([0, 1]), "ldnfnet", "1", 0.9, "b.png")])
    export_people(other, path)
    store.add("Ada", [template(0)])
    with pytest.raises(GalleryError, match="another length than those of ldnfnet 1"):
        import_people(store, path)
    assert store.snapshot("ldnfnet", "1").names == ("Ada",)


def test_templates_of_two_lengths_are_one_sentence(store):
    store.add("Ada", [template(0)])
    store.add("Bob", [Template(np.float32([0, 1]), "ldnfnet", "1", 0.9, "b.png")])
    with pytest.raises(GalleryError, match="different lengths for one recogniser; remove"):
        store.snapshot("ldnfnet", "1")
    store.remove("Bob")
    assert store.snapshot("ldnfnet", "1").names == ("Ada",)


def test_a_missing_or_unwritable_exchange_file_is_one_sentence(store, tmp_path):
    with pytest.raises(GalleryError, match="cannot be read"):
        import_people(store, tmp_path / "none.json")
    with pytest.raises(GalleryError, match="nobody to export"):
        export_people(store, tmp_path / "people.json")
    store.add("Ada", [template()])
    with pytest.raises(GalleryError, match="cannot be written"):
        export_people(store, tmp_path / "no folder" / "people.json")


def test_files_with_faces_are_private(store, tmp_path):
    store.add("Ada", [template()])
    export_people(store, tmp_path / "people.json")
    assert stat.S_IMODE((tmp_path / "people.json").stat().st_mode) == 0o600
    assert stat.S_IMODE(store.path.stat().st_mode) == 0o600


def test_a_snapshot_opens_only_what_changed_and_is_right_all_the_same(store, monkeypatch):
    store.add_all([(f"P{number}", [template(number % 8)]) for number in range(12)])
    store.snapshot("ldnfnet", "1")
    opened = []
    real = sealed_rows.unseal
    monkeypatch.setattr(sealed_rows, "unseal", lambda *each: opened.append(each) or real(*each))
    store.rename("P3", "Renamed")
    store.remove("P4")
    store.add("Ada", [template(4, lean=0.3)])
    opened.clear()
    gallery = store.snapshot("ldnfnet", "1")
    assert len(opened) < 10  # two people's records and keys, and the gallery's secrets
    fresh = GalleryStore(store.path).snapshot("ldnfnet", "1")
    assert len(opened) > 30
    assert gallery.names == fresh.names
    np.testing.assert_array_equal(gallery.templates, fresh.templates)
    assert gallery.match(axis_vector(4, lean=0.3), "ldnfnet 1", 0.9).name == "Ada"
    assert store.snapshot("ldnfnet", "2").outdated == gallery.names


def test_snapshots_share_what_did_not_change_and_each_stays_as_it_was(store):
    store.add("Ada", [template(0)])
    store.add("Bob", [template(1)])
    first = store.snapshot("ldnfnet", "1")
    before = first.templates.copy()
    store.add("Aaron", [template(2), template(3)])
    second = store.snapshot("ldnfnet", "1")
    assert np.shares_memory(first.templates, second.templates)
    np.testing.assert_array_equal(first.templates, before)
    assert second.names == ("Aaron", "Ada", "Bob")
    assert [second.match(axis_vector(axis), "ldnfnet 1", 0.9).name for axis in range(4)] == [
        "Ada", "Bob", "Aaron", "Aaron",
    ]  # fmt: skip
    store.remove("Ada")
    third = store.snapshot("ldnfnet", "1")
    assert not np.shares_memory(second.templates, third.templates)  # nothing of whom was erased is kept
    assert third.match(axis_vector(0), "ldnfnet 1", 0.9).name is None
    np.testing.assert_array_equal(first.templates, before)


def test_a_snapshot_without_a_change_looks_at_everything_again(store):
    store.add("Ada", [template(0)])
    store.add("Bob", [template(1)])
    store.snapshot("ldnfnet", "1")
    with sqlite3.connect(store.path) as db:
        db.execute("DELETE FROM record WHERE number = (SELECT MIN(number) FROM record WHERE kind = 'template')")
    db.close()
    with pytest.raises(GalleryError, match="changed or damaged from outside"):
        store.snapshot("ldnfnet", "1")
