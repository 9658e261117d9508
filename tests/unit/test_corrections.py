"""What people say of a face that was judged wrongly, and what comes of it."""

import json
from dataclasses import replace

import numpy as np
import pytest

from depthface_app.core.errors import GalleryError, InputError
from depthface_app.core.match import LOWEST
from depthface_app.gallery import upkeep
from depthface_app.gallery.access import write_access_file
from depthface_app.gallery.backup import back_up, restore
from depthface_app.gallery.box import Recipient
from depthface_app.gallery.store import GalleryStore
from depthface_app.pipeline.correction import evidence, further_view
from tests.fake_models import axis_vector, fake_card
from tests.galleries import PASSPHRASE, template
from tests.ui.values import NEAR, face_of, frame_of

ALIKE = axis_vector(0, lean=0.4)  # a stranger who is taken for Ada


@pytest.fixture(params=["file", "server"])
def store(request, tmp_path):
    if request.param == "server":
        store = request.getfixturevalue("shared").kiosk("here")
    else:
        store = GalleryStore(tmp_path / "gallery.sqlite3")
    store.add("Ada", [template(0)])
    store.add("Bob", [template(3)])
    return store


def asked(store, vector):
    return store.snapshot("ldnfnet", "1").match(vector, "ldnfnet 1", 0.6)


def alike():
    return replace(template(), vector=ALIKE, source="door")


def test_who_was_said_not_to_be_somebody_is_not_taken_for_them_again(store):
    assert asked(store, ALIKE).name == "Ada"
    store.deny("Ada", alike())
    match = asked(store, ALIKE)
    assert (match.name, dict(match.candidates)["Ada"]) == (None, LOWEST)
    assert asked(store, axis_vector(0, lean=0.41)).name is None  # nor on another day
    assert asked(store, axis_vector(0)).name == "Ada"
    assert asked(store, axis_vector(0, lean=0.1)).name == "Ada"
    assert asked(store, axis_vector(3)).name == "Bob"


def test_another_recogniser_knows_nothing_of_it(store):
    store.add("Ada", [template(0, version="2")])
    store.deny("Ada", alike())
    assert store.snapshot("ldnfnet", "2").match(ALIKE, "ldnfnet 2", 0.6).name == "Ada"


def test_it_is_in_the_log_without_a_name_and_can_be_taken_back(store):
    store.deny("Ada", alike())
    assert store.take_back("Ada") == 1
    assert store.take_back("Ada") == 0
    assert asked(store, ALIKE).name == "Ada"
    with store.vault.reading() as opened:
        log = opened.audit_log()[-2:]
    assert [entry.action for entry in log] == ["not this person", "taken back"]
    assert {entry.person for entry in log} == {store.person("Ada").id}
    assert "Ada" not in repr(log)
    with pytest.raises(GalleryError, match="Nobody called"):
        store.deny("Eve", alike())


def test_it_goes_with_the_person_and_stands_in_their_file_without_the_others_face(store, tmp_path):
    store.deny("Ada", alike())
    write_access_file(store, "Ada", tmp_path / "ada.json")
    values = json.loads((tmp_path / "ada.json").read_text())
    (said,) = values["faces_said_not_to_be_this_person"]
    assert (said["source"], "embedding" in said) == ("door", False)
    store.remove("Ada")
    with store.vault.reading() as opened:
        assert list(opened.rows.each("denied")) == []
    assert store.snapshot("ldnfnet", "1").denied.size == 0


def test_it_outlives_renewal_new_names_and_a_backup(store, tmp_path):
    store.deny("Ada", alike())
    upkeep.renew(store)
    store.rename("Ada", "Zoe")
    assert asked(store, ALIKE).name is None
    assert asked(store, axis_vector(0)).name == "Zoe"
    (tmp_path / "backup").mkdir()
    back_up(store.vault, tmp_path / "backup", Recipient.of_passphrase(PASSPHRASE))
    other = GalleryStore(tmp_path / "other.sqlite3")
    restore(other.vault, tmp_path / "backup", lambda _: PASSPHRASE)
    assert asked(other, ALIKE).name is None
    assert asked(other, axis_vector(0)).name == "Zoe"
    upkeep.verify(store)


def test_a_face_becomes_a_further_view_only_if_it_is_good_live_and_nobody_elses(tmp_path):
    store = GalleryStore(tmp_path / "gallery.sqlite3")
    store.add("Ada", [template(0)])
    store.add("Bob", [template(3)])
    card = replace(fake_card("recogniser"), name="ldnfnet")
    face = replace(face_of(frame_of([NEAR]), NEAR, live=True), embedding=axis_vector(0, lean=3.0))

    def view(name="Ada", **other):
        return further_view(replace(face, **other), name, card, "door", store.snapshot("ldnfnet", "1"), 0.6)

    store.add("Ada", [view()])
    np.testing.assert_allclose(store.templates("Ada")[1].vector, axis_vector(0, lean=3.0), atol=1e-6)
    for problem, other in (
        ("not good enough (come closer)", {"quality": 0.2, "hint": "come closer"}),
        ("does not look like a live face", {"live": False}),
        ("has not been judged to be live yet", {"live": None}),
        ("was not recognised yet", {"embedding": None}),
        ("is taken for Bob", {"embedding": axis_vector(3)}),
    ):
        with pytest.raises(InputError) as caught:
            view(**other)
        assert problem in str(caught.value)
    store.deny("Bob", evidence(replace(face, embedding=axis_vector(3, lean=0.1)), card, "door"))
    assert view(embedding=axis_vector(3, lean=0.1)).source == "door"
    store.deny("Ada", evidence(replace(face, embedding=axis_vector(5)), card, "door"))
    with pytest.raises(InputError, match="said that it is not Ada"):
        view(embedding=axis_vector(5))
