"""The kiosk as a whole: what people press and the camera sees, against a real gallery."""

import json
from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest

from depthface_app.core.errors import InputError
from depthface_app.core.face import HeadPose, Match
from depthface_app.gallery.roles import Role, set_pin
from depthface_app.pipeline.enrolment import CAPTURES_PER_POSE, POSES
from depthface_app.pipeline.kiosk import Step, Visit
from depthface_app.ui import app, theme
from depthface_app.ui.bridge import Bridge
from depthface_app.ui.kiosk import keeper as keepers
from depthface_app.ui.kiosk.consent_text import KEPT_DAYS
from depthface_app.ui.kiosk.keeper import Keeper
from depthface_app.ui.kiosk.window import KioskWindow
from depthface_app.ui.kiosk.words import word
from tests.ui.conftest import LIMIT_MS
from tests.ui.states import Desk
from tests.ui.values import NEAR, Scene, axis, face_of, frame_of, location_of, result_of

ADMIN, STAFF = "271828", "314159"
STRANGER = 5
STEP_S = 0.13


class Stand:
    """A kiosk on a desk's gallery and camera; its results are played, since the desk's networks judge nobody live."""

    def __init__(self, folder, qtbot):
        self.desk = Desk(folder, Scene())
        self.store, self._qtbot = self.desk.store, qtbot
        self.window = KioskWindow("turbo")
        self.bridge = Bridge(self.window)
        self.keeper = Keeper(self.window, self.bridge, self.desk.parts)
        self.bridge.result_ready.disconnect(self.keeper._take_result)
        self.window.resize(800, 1280)
        self.window.show()
        self.keeper.start()
        self.frame = frame_of([NEAR])
        self.wait(self.window.look.buttons["enrol"].hasFocus)
        self.now_s = self.keeper.visit.since_s

    @property
    def step(self):
        return self.keeper.visit.step

    def wait(self, condition):
        self._qtbot.waitUntil(condition, timeout=LIMIT_MS)

    def see(self, who=STRANGER, pose=None, times=1, name=None, live=True, track=1):
        """Results of somebody who looks that way; the moments go on from the step's own."""
        for _ in range(times):
            self.now_s = max(self.now_s, self.keeper.visit.since_s) + STEP_S
            face = face_of(self.frame.at(self.now_s), NEAR, live=live, track=track)
            turned = location_of(NEAR, track, pose.yaw_deg, pose.pitch_deg) if pose else face.location
            match = Match(name, 0.9 if name else 0.1, 0.62, ((name or "Alan Turing", 0.9 if name else 0.1),))
            face = replace(face, embedding=axis(who), match=match, location=turned)
            self.keeper.see(result_of(self.frame.at(self.now_s), face))

    def press(self, key):
        page = self.window.stack.currentWidget()
        QTest.mouseClick(page.buttons[key], Qt.MouseButton.LeftButton)

    def type(self, text):
        page = self.window.stack.currentWidget()
        QTest.keyClicks(page.line, text)
        QTest.keyClick(page.line, Qt.Key.Key_Return)

    def to_name(self):
        self.press("enrol")
        self.press("agree")

    def to_place(self, name="Mary Jackson"):
        self.to_name()
        self.type(name)
        self.wait(lambda: self.step is Step.PLACE)

    def to_check(self, who=STRANGER):
        self.to_place()
        self.see(who, HeadPose(0, 0, 0), 7)
        for pose in POSES:
            self.see(who, HeadPose(sum(pose.yaw_deg) / 2, sum(pose.pitch_deg) / 2, 0), CAPTURES_PER_POSE)

    def to_verify(self, who=STRANGER):
        self.to_check(who)
        self.wait(lambda: self.step is Step.VERIFY)

    def names(self):
        return {person.name for person in self.store.people()}

    def close(self):
        self.window.leave()
        self.window.deleteLater()
        self.desk.close()


@pytest.fixture
def stand(qapp, qtbot, tmp_path):
    theme.apply(qapp, "dark", kiosk=True)
    stand = Stand(tmp_path, qtbot)
    yield stand
    stand.close()
    theme.apply(qapp, "dark")


def test_a_stranger_enrols_with_a_consent_in_their_language_and_is_known_from_then_on(stand):
    before = stand.names()
    stand.window.languages["de"].click()
    stand.to_check()
    stand.wait(lambda: stand.step is Step.VERIFY)
    assert stand.names() == before
    stand.see(times=8)
    stand.wait(lambda: stand.step is Step.DONE)
    assert stand.names() == before | {"Mary Jackson"}
    person = stand.store.person("Mary Jackson")
    assert (person.templates, person.frames) == (len(POSES), 0)
    assert person.consent.language == "de"
    assert person.consent.purpose == "Dieses Gerät misst die Form Ihres Gesichts und erkennt Sie daran wieder."
    assert person.consent.text_version.startswith("kiosk-1-")
    assert person.consent.expires_at[:4] == str(int(person.consent.given_at[:4]) + (KEPT_DAYS >= 365))
    stand.wait(lambda: "Mary Jackson" in stand.bridge.engine.gallery.names)


@pytest.mark.parametrize("at", [Step.CONSENT, Step.NAME, Step.PLACE, Step.CAPTURE, Step.VERIFY])
def test_leaving_at_any_step_stores_nothing(stand, at):
    before, kept = stand.names(), stand.store.path.read_bytes()
    if at is Step.CONSENT:
        stand.press("enrol")
        stand.press("decline")
    else:
        ways = {Step.NAME: stand.to_name, Step.PLACE: stand.to_place, Step.VERIFY: stand.to_verify}
        ways.get(at, stand.to_place)()
        if at is Step.CAPTURE:
            stand.see(pose=HeadPose(0, 0, 0), times=9)
        assert stand.step is at
        stand.press("cancel")
    assert stand.step is Step.WELCOME
    assert stand.names() == before
    assert stand.store.path.read_bytes() == kept


def test_a_known_person_is_greeted_by_name_and_not_enrolled_twice(stand):
    stand.see(0, name="Ada Lovelace", times=8)
    assert stand.window.look.title.text() == word("hello", "Ada Lovelace")
    stand.keeper.visit = Visit()
    stand.to_check(0)
    stand.wait(lambda: stand.step is Step.DUPLICATE)
    assert "Ada Lovelace" in stand.window.message.title.text()
    stand.press("is_me")
    assert stand.step is Step.WELCOME
    assert stand.store.person("Ada Lovelace").templates == 1


def test_only_the_staff_lets_on_whom_the_gallery_takes_for_somebody_else(stand):
    set_pin(stand.store.vault, Role.ADMINISTRATOR, ADMIN)
    set_pin(stand.store.vault, Role.OPERATOR, STAFF)
    stand.to_check(0)
    stand.wait(lambda: stand.step is Step.DUPLICATE)
    stand.press("not_me")
    stand.wait(lambda: stand.window.stack.currentWidget() is stand.window.pin)
    stand.type("000000")
    stand.wait(lambda: stand.window.pin.text.text() == word("pin_wrong"))
    assert stand.step is Step.DUPLICATE
    stand.type(STAFF)
    stand.wait(lambda: stand.step is Step.VERIFY)


def test_nobody_leaves_without_the_administrators_pin(stand):
    set_pin(stand.store.vault, Role.ADMINISTRATOR, ADMIN)
    set_pin(stand.store.vault, Role.OPERATOR, STAFF)
    closed = []
    stand.window.closing.connect(lambda: closed.append(True))
    ways = (lambda: QTest.keyClick(stand.window, Qt.Key.Key_Escape), stand.window.close, stand.window.lock.click)
    for want_out in ways:
        want_out()
        assert stand.window.isVisible()
    stand.wait(lambda: stand.window.stack.currentWidget() is stand.window.pin)
    for wrong in ("000000", STAFF):
        stand.window.pin.text.setText("")
        stand.type(wrong)
        stand.wait(lambda: stand.window.pin.text.text() == word("pin_wrong"))
    assert not closed
    stand.type(ADMIN)
    stand.wait(lambda: bool(closed))


def test_wrong_pins_shut_the_door_even_for_the_right_one(stand):
    set_pin(stand.store.vault, Role.ADMINISTRATOR, ADMIN)
    stand.window.lock.click()
    stand.wait(lambda: stand.window.stack.currentWidget() is stand.window.pin)
    for attempt in range(5):
        stand.window.pin.text.setText("")
        stand.type(f"00000{attempt}")
        stand.wait(lambda: stand.window.pin.text.text() != "")
    assert stand.window.pin.text.text() == word("pin_shut")
    stand.window.pin.text.setText("")
    stand.type(ADMIN)
    stand.wait(lambda: stand.window.pin.text.text() == word("pin_shut"))
    assert stand.window.isVisible()


def test_where_no_pin_is_set_it_says_so_and_lets_go(stand):
    closed = []
    stand.window.closing.connect(lambda: closed.append(True))
    stand.window.lock.click()
    stand.wait(lambda: stand.window.message.title.text() == word("no_pin"))
    stand.press("back")
    assert stand.window.stack.currentWidget() is stand.window.look
    stand.window.lock.click()
    stand.wait(lambda: stand.window.stack.currentWidget() is stand.window.message)
    stand.press("leave")
    assert closed


def test_a_name_that_is_taken_or_no_name_is_asked_for_again(stand):
    stand.to_name()
    stand.type("ada  LOVELACE")
    stand.wait(lambda: stand.window.name.text.text() == word("name_taken"))
    stand.window.name.line.clear()
    stand.type(" ")
    assert stand.window.name.text.text() == word("name_missing")
    stand.window.name.line.clear()
    stand.type("Ada B.")
    stand.wait(lambda: stand.step is Step.PLACE)


def test_the_camera_may_go_and_come_back(stand, monkeypatch):
    stand.desk.unplug()
    stand.wait(lambda: stand.window.look.title.text() == word("camera"))
    assert stand.keeper._last_fault is not None
    stand.desk.camera.fails_to_open = ""
    stand.keeper._look_after_camera()
    stand.wait(lambda: stand.window.look.title.text() == word("welcome"))


def test_the_whole_way_to_the_camera_goes_by_keyboard(stand):
    for step, key in ((Step.CONSENT, Qt.Key.Key_Return), (Step.NAME, Qt.Key.Key_Space)):
        QTest.keyClick(stand.window.focusWidget(), key)
        assert stand.step is step
    QTest.keyClicks(stand.window.focusWidget(), "Mary")
    QTest.keyClick(stand.window.focusWidget(), Qt.Key.Key_Return)
    stand.wait(lambda: stand.step is Step.PLACE)
    QTest.keyClick(stand.window, Qt.Key.Key_Escape)
    assert stand.step is Step.WELCOME


def test_pictures_of_faces_close_it(stand):
    for track in range(2, 5):
        stand.see(live=False, times=14, track=track)
    assert stand.step is Step.LOCKED
    assert stand.window.stack.currentWidget() is stand.window.message
    stand.see(0, name="Ada Lovelace", times=10)
    assert stand.step is Step.LOCKED


def test_the_language_is_the_kiosks_own_again_after_a_visit(stand):
    own = stand.keeper.languages.own
    stand.window.languages["fr"].click()
    stand.press("enrol")
    assert stand.window.consent.title.text() == "Êtes-vous d’accord ?"
    stand.press("decline")
    assert stand.keeper.languages.now == own


def test_a_line_of_json_says_how_it_is(stand, capsys):
    stand.wait(lambda: stand.keeper.records.people == 4)
    stand.keeper.report()
    line = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (line["state"], line["step"], line["people"], line["faults"]) == ("streaming", "welcome", 4, [])
    assert line["fps"] is None or line["fps"] > 0


def test_a_screenshot_of_the_kiosk_ends_well_and_one_that_cannot_be_written_says_so(tmp_path):
    desk = Desk(tmp_path, Scene())
    path = tmp_path / "kiosk.png"
    assert app.run_app(desk.parts, screenshot=path, frames=3, kiosk=True) == 0
    assert QImage(str(path)).width() == 1920
    with pytest.raises(InputError, match="cannot be written"):
        app.run_app(desk.parts, screenshot=tmp_path / "none" / "kiosk.png", frames=1, kiosk=True)
    desk.close()


def test_an_idle_visit_goes_home(stand, monkeypatch):
    stand.to_name()
    monkeypatch.setitem(keepers.kiosk.WAITS_S, Step.NAME, 0.0)
    stand.keeper.tick()
    assert stand.step is Step.WELCOME
