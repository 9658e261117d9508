"""Jobs and engines behind the window: in order, one at a time, and none left over."""

import threading

import pytest
from PySide6.QtCore import QObject, QThread

from depthface_app.core.errors import CameraError
from depthface_app.gallery.snapshot import Gallery
from depthface_app.pipeline.engine import Engine, Wake
from depthface_app.pipeline.feed import FeedState
from depthface_app.ui.bridge import Bridge
from depthface_app.ui.jobs import Jobs
from tests.fake_models import fake_card, fake_models
from tests.fakes import FakeCamera
from tests.ui.conftest import LIMIT_MS


@pytest.fixture
def parent():
    owner = QObject()
    yield owner
    owner.deleteLater()


@pytest.fixture
def bridge(parent):
    bridge = Bridge(parent)
    yield bridge
    bridge.shut_down()


def engine_of(camera: FakeCamera):
    def make(wake: Wake) -> Engine:
        gallery = Gallery.empty(fake_card("recogniser").identity)
        return Engine(camera.again, fake_models(), gallery, wake=wake)

    return make


def test_jobs_run_elsewhere_in_order_and_answer_here(parent, qtbot):
    jobs, answers, threads = Jobs(parent), [], []

    def work(number):
        threads.append(threading.get_ident())
        return number

    for number in range(5):
        jobs.run(lambda number=number: work(number), lambda answer: answers.append((answer, QThread.currentThread())))
    assert jobs.is_busy
    qtbot.waitUntil(lambda: len(answers) == 5, timeout=LIMIT_MS)
    assert [answer for answer, _ in answers] == [0, 1, 2, 3, 4]
    assert threading.get_ident() not in threads
    assert {thread for _, thread in answers} == {parent.thread()}
    assert not jobs.is_busy


def test_a_failed_job_says_its_own_sentence(parent, qtbot, caplog):
    jobs, said = Jobs(parent), []

    def fail(error):
        raise error

    jobs.run(lambda: fail(CameraError("The camera is gone; plug it in.")), said.append, said.append)
    jobs.run(lambda: fail(KeyError("depth")), said.append, said.append)
    qtbot.waitUntil(lambda: len(said) == 2, timeout=LIMIT_MS)
    assert said[0] == "The camera is gone; plug it in."
    assert "unforeseen" in said[1]
    assert "KeyError" in caplog.text


def test_pictures_ring_without_a_payload_and_are_taken_once(bridge, qtbot):
    rung = []
    bridge.picture_ready.connect(lambda *arguments: rung.append(arguments))
    bridge.open(engine_of(FakeCamera(fps=30)))
    qtbot.waitUntil(lambda: len(rung) > 0 and bridge.engine is not None, timeout=LIMIT_MS)
    assert set(rung) == {()}
    taken = []
    qtbot.waitUntil(lambda: taken.append(bridge.take_picture()) or taken[-1] is not None, timeout=LIMIT_MS)
    rings = len(rung)
    qtbot.waitUntil(lambda: len(rung) > rings, timeout=LIMIT_MS)
    qtbot.wait(200)
    assert len(rung) == rings + 1  # nobody took: the bell is rung once, not once per frame


def test_a_new_source_ends_the_old_engine_first(bridge, qtbot):
    bridge.open(engine_of(FakeCamera(serial="ONE")))
    qtbot.waitUntil(lambda: bridge.engine is not None, timeout=LIMIT_MS)
    first = bridge.engine
    bridge.open(engine_of(FakeCamera(serial="TWO")))
    bridge.open(engine_of(FakeCamera(serial="THREE")))
    assert bridge.engine is None
    qtbot.waitUntil(lambda: not bridge.is_opening, timeout=LIMIT_MS)
    qtbot.waitUntil(lambda: bridge.engine.camera_info is not None, timeout=LIMIT_MS)
    assert bridge.engine.camera_info.serial == "THREE"
    assert first.state is FeedState.STOPPED
    assert [thread.name for thread in threading.enumerate()].count("camera") == 1


def test_a_refused_source_is_told_and_the_next_one_opens(bridge, qtbot):
    def refuse(wake):
        raise CameraError("There is no such source.")

    with qtbot.waitSignal(bridge.failed, timeout=LIMIT_MS) as signal:
        bridge.open(refuse)
    assert signal.args == ["There is no such source."]
    bridge.open(engine_of(FakeCamera()))
    qtbot.waitUntil(lambda: bridge.engine is not None, timeout=LIMIT_MS)


def test_shutting_down_while_an_engine_opens_leaves_no_thread(bridge, qtbot):
    bridge.open(engine_of(FakeCamera()))
    bridge.shut_down()
    assert not {"camera", "recogniser"} & {thread.name for thread in threading.enumerate()}
