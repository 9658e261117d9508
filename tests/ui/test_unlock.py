"""A gallery that is sealed with a passphrase, opened from the desktop."""

import pytest
from PySide6.QtWidgets import QInputDialog

from depthface_app.core.errors import GalleryError
from depthface_app.gallery import upkeep
from depthface_app.gallery.keys import Keychain, WrongPassphrase
from depthface_app.gallery.store import GalleryStore
from depthface_app.ui import unlock
from tests.galleries import PASSPHRASE, template, with_passphrase


@pytest.fixture
def path(tmp_path):
    store = GalleryStore(tmp_path / "gallery.sqlite3")
    store.add("Ada", [template()])
    upkeep.relock(store, "passphrase", PASSPHRASE)
    return store.path


@pytest.fixture
def asked(monkeypatch, qapp):
    """What the person at the screen types, one answer after the other; None presses Cancel."""
    questions, answers = [], []

    def answer(_parent, _title, label, _echo):
        questions.append(label)
        text = answers.pop(0)
        return text or "", text is not None

    monkeypatch.setattr(QInputDialog, "getText", answer)
    monkeypatch.setattr(unlock.QGuiApplication, "platformName", lambda: "xcb")
    return questions, answers


def opened(path, ask=lambda _: None):
    return unlock.unlocked(lambda ask: GalleryStore(path, Keychain(path.with_suffix(".key"), ask)), ask)


def test_a_wrong_passphrase_is_asked_for_again(path, asked):
    questions, answers = asked
    answers += ["a wrong one", PASSPHRASE]
    assert opened(path).person("Ada").templates == 1
    assert questions[0] == "Passphrase of the gallery:"
    assert "does not open" in questions[1]


def test_who_cancels_is_told_why_nothing_opens(path, asked):
    asked[1].append(None)
    with pytest.raises(GalleryError, match="sealed with a passphrase"):
        opened(path)


def test_a_passphrase_that_is_known_is_not_asked_for(path, asked):
    assert opened(path, lambda _: PASSPHRASE).person("Ada").name == "Ada"
    with pytest.raises(WrongPassphrase):
        opened(path, lambda _: "the environment's, and wrong")
    assert asked[0] == []


def test_nobody_is_asked_where_there_is_no_screen(path, qapp):
    with pytest.raises(GalleryError, match="set DEPTHFACE_PASSPHRASE"):
        opened(path)
    assert with_passphrase(path).person("Ada").name == "Ada"
