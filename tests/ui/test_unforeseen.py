"""What a slot lets through does not end the window."""

import sys

import pytest
from PySide6.QtCore import QTimer

from depthface_app.ui.unforeseen import told


def test_an_error_in_a_slot_is_told_and_the_loop_goes_on(qtbot, caplog):
    said, later = [], []

    def fails():
        raise ZeroDivisionError("by nothing")

    before = sys.excepthook
    with told(said.append):
        QTimer.singleShot(0, fails)
        QTimer.singleShot(1, lambda: later.append(True))
        qtbot.waitUntil(lambda: bool(said and later))
    assert said == ["Something unforeseen went wrong (by nothing); the log has the details."]
    assert "ZeroDivisionError" in caplog.text
    assert sys.excepthook is before


def test_who_wants_to_end_the_program_is_let_through(monkeypatch):
    ended = []
    monkeypatch.setattr(sys, "excepthook", lambda *what: ended.append(what[0]))
    with told(lambda text: pytest.fail(text)):
        sys.excepthook(KeyboardInterrupt, KeyboardInterrupt(), None)
    assert ended == [KeyboardInterrupt]
