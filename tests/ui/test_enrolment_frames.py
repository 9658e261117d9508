"""Enrolment frames in the window: kept where that is wanted, and read by a new recogniser without anybody asking."""

from dataclasses import replace

import pytest

from depthface_app.core.crop import crop_face
from depthface_app.core.face import HeadPose
from depthface_app.gallery.store import Consent, EnrolmentFrame, Template
from depthface_app.pipeline.reembedding import reembed_people
from depthface_app.pipeline.settings import Settings
from tests.fakes import fake_frame
from tests.ui.conftest import LIMIT_MS
from tests.ui.states import Desk
from tests.ui.values import NEAR, Actor, Scene, axis


@pytest.fixture
def wait(qtbot):
    """Waits for something to become true while the window runs on."""

    def until(condition):
        qtbot.waitUntil(condition, timeout=LIMIT_MS)

    return until


def enrol_frontal(desk, wait, name):
    window = desk.window
    wait(lambda: window.identity.plate.name == "Unknown")
    window.ways["enrol"].trigger()
    window.enrolment.name.setText(name)
    window.enrolment.begin.click()
    wait(lambda: "front" in desk.commands.enroller.enrolment.done_poses)
    window.enrolment.finish.click()
    wait(lambda: window.people.names() == (name,))


@pytest.mark.parametrize("keeps", [True, False])
def test_frames_are_kept_only_where_that_is_wanted(tmp_path, seat, wait, keeps):
    desk = seat(Desk(tmp_path, Scene(Actor(NEAR, axis(5))), {}, Settings(keep_frames=keeps)))
    enrol_frontal(desk, wait, "Rosalind")
    assert desk.store.person("Rosalind").frames == int(keeps)


def test_a_new_recogniser_reads_kept_frames_by_itself(tmp_path, seat, wait):
    desk = Desk(tmp_path, Scene(Actor(NEAR, axis(5))), {})
    seen = fake_frame()
    frame = EnrolmentFrame(crop_face(seen.depth_float(), seen.intrinsics, (0.0, 0.0, 610.0)), HeadPose(0, 0, 0))
    desk.store.add("Grace", [Template(axis(2), "fake-recogniser", "0", frame=frame)])
    desk.store.add("Mary", [Template(axis(3), "fake-recogniser", "0")])
    models = desk.scene.models()
    desk.commands._parts = replace(desk.parts, reembed=lambda _: sum(1 for _ in reembed_people(desk.store, models)))
    seat(desk)
    wait(lambda: "fake-recogniser 1" in desk.store.person("Grace").models)
    wait(lambda: desk.bridge.engine.gallery.names == ("Grace",))
    assert desk.bridge.engine.gallery.outdated == ("Mary",)


def test_whose_consent_ends_leaves_while_the_window_stands_open(tmp_path, seat, wait):
    desk = seat(Desk(tmp_path, Scene(Actor(NEAR, axis(5)))))
    wait(lambda: desk.window.people.names() != ())
    (name, *_) = desk.window.people.names()
    desk.store.consent(name, Consent("test", "1", "en", "2020-01-01T00:00:00+00:00", "2020-02-01T00:00:00+00:00"))
    desk.commands.enroller._retention.timeout.emit()
    wait(lambda: name not in desk.window.people.names())
