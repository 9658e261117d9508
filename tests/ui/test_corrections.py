"""Corrections and changes of people in the window, and the PIN before them."""

import pytest
from PySide6.QtWidgets import QLineEdit

from depthface_app.gallery.roles import Role, set_pin
from depthface_app.ui.asking import Ask
from tests.ui.conftest import LIMIT_MS
from tests.ui.states import Desk, one
from tests.ui.values import NEAR, Actor, Scene, axis

PIN = "314159"


@pytest.fixture
def wait(qtbot):
    return lambda condition: qtbot.waitUntil(condition, timeout=LIMIT_MS)


@pytest.fixture
def desk(tmp_path, seat, wait):
    desk = seat(one(tmp_path))
    wait(lambda: desk.window.identity.plate.name == "Ada Lovelace")
    return desk


def said(desk):
    return desk.window.stage.toast.title.text()


def answer(desk, wait, text):
    """Type into the dialog that asks."""
    wait(lambda: desk.window.findChild(Ask) is not None)
    dialog = desk.window.findChild(Ask)
    dialog.line.setText(text)
    dialog.accept()
    return dialog


def test_a_wrong_name_is_denied_and_not_said_again(desk, wait):
    desk.window.ways["deny"].trigger()
    wait(lambda: said(desk) == "Kept: this is not Ada Lovelace.")
    wait(lambda: desk.window.identity.plate.name == "Unknown")
    desk.window.ways["deny"].trigger()
    wait(lambda: said(desk) == "Nobody is named at this moment.")


def test_an_unknown_face_becomes_another_view_of_somebody(tmp_path, seat, wait, monkeypatch):
    monkeypatch.setattr("depthface_app.pipeline.stages.judge", lambda *known: (known[-1], True))
    desk = seat(Desk(tmp_path, Scene(Actor(NEAR, axis(6, 0.2)))))
    wait(lambda: desk.window.identity.plate.name == "Unknown")
    desk.window.ways["tell_name"].trigger()
    dialog = answer(desk, wait, "Nobody At All")
    assert dialog.problem.text() == "Nobody of that name is enrolled."
    answer(desk, wait, "Ada Lovelace")
    wait(lambda: said(desk) == "Learned another view of Ada Lovelace.")
    wait(lambda: desk.window.identity.plate.name == "Ada Lovelace")
    assert desk.store.person("Ada Lovelace").templates == 2


def test_what_was_not_judged_live_teaches_nothing(desk, wait):
    desk.window.ways["tell_name"].trigger()
    answer(desk, wait, "Ada Lovelace")
    wait(lambda: "live" in said(desk))
    assert desk.store.person("Ada Lovelace").templates == 1


def test_changes_ask_for_a_pin_where_there_are_pins(desk, wait):
    set_pin(desk.store.vault, Role.ADMINISTRATOR, "271828")
    set_pin(desk.store.vault, Role.OPERATOR, PIN)
    people = desk.window.people
    people.removed.emit("Alan Turing")
    wait(lambda: desk.window.findChild(Ask) is not None)
    desk.window.findChild(Ask).reject()
    wait(lambda: desk.window.findChild(Ask) is None)
    assert "Alan Turing" in people.names()
    people.renamed.emit("Ada Lovelace", "Eve")
    assert answer(desk, wait, "111111").line.echoMode() is QLineEdit.EchoMode.Password
    wait(lambda: "nobody's" in said(desk))
    people.removed.emit("Alan Turing")
    answer(desk, wait, PIN)
    wait(lambda: "Alan Turing" not in people.names())
    assert "Ada Lovelace" in people.names()
    desk.window.ways["deny"].trigger()
    answer(desk, wait, PIN)
    wait(lambda: desk.window.identity.plate.name == "Unknown")
    with desk.store.vault.reading() as opened:
        roles = {entry.action: entry.role for entry in opened.audit_log()}
    assert (roles["erased"], roles["not this person"], roles["wrong PIN"]) == ("operator", "operator", "")
    assert desk.store.vault.role == ""
