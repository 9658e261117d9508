"""Every screen of the kiosk in every language: no text is cut, and whatever is pressed is large enough."""

import xml.etree.ElementTree as ElementTree

import pytest
from PySide6.QtCore import QRect
from PySide6.QtGui import QFontDatabase, QFontMetrics
from PySide6.QtWidgets import QAbstractButton, QLabel, QLineEdit

from depthface_app.core.assets import asset
from depthface_app.core.quality import capture_quality
from depthface_app.pipeline.enrolment import POSES
from depthface_app.ui import theme
from depthface_app.ui.kiosk.face_circle import ARROWS
from depthface_app.ui.kiosk.keyboard import LETTERS
from depthface_app.ui.kiosk.languages import LANGUAGES, SOURCE
from depthface_app.ui.kiosk.window import KioskWindow
from depthface_app.ui.kiosk.words import TEXTS, word
from tests.ui.kiosk_states import SIZES, STATES, Show

FINGER_PX = 64
LEAST_PT = 24.0


@pytest.fixture(scope="module")
def kiosk_theme(qapp):
    theme.apply(qapp, "dark", kiosk=True)
    yield
    theme.apply(qapp, "dark")


@pytest.fixture(autouse=True)
def dark(kiosk_theme):
    """The kiosk's own theme in place of the window's."""


@pytest.fixture(params=SIZES)
def show(request, qtbot):
    show = Show(SIZES[request.param])
    qtbot.waitExposed(show.window)
    yield show
    show.close()


def problems(show):
    """What is wrong with the screen that is shown now, in words."""
    window = show.window
    size = (window.width(), window.height())
    found = [] if size in SIZES.values() else [f"the window grew to {size}"]
    for widget in window.findChildren(QLabel) + window.findChildren(QAbstractButton) + window.findChildren(QLineEdit):
        if not widget.isVisible():
            continue
        place = QRect(widget.mapTo(window, widget.rect().topLeft()), widget.size())
        if not window.rect().contains(place):
            found.append(f"{widget.text()!r} leaves the window")
        if isinstance(widget, QLabel):
            found += label_problems(widget)
        elif min(widget.width(), widget.height()) < FINGER_PX:
            found.append(f"{widget.text()!r} is {widget.width()} × {widget.height()}")
        elif isinstance(widget, QAbstractButton) and widget.minimumSizeHint().width() > max(widget.width(), 72):
            found.append(f"{widget.text()!r} is cut")
        if widget.font().pointSizeF() < LEAST_PT * 0.85:
            found.append(f"{widget.text()!r} has {widget.font().pointSizeF()} pt")
    return found


def label_problems(label):
    metrics = QFontMetrics(label.font())
    found = []
    if label.wordWrap() and label.heightForWidth(label.width()) > label.height():
        found.append(f"{label.text()!r} needs {label.heightForWidth(label.width())} px, has {label.height()}")
    longest = max(label.text().split() or [""], key=metrics.horizontalAdvance)
    if longest.isascii() and metrics.horizontalAdvance(longest) > label.width():
        found.append(f"{longest!r} is wider than its line")
    return found


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_text_is_cut_and_every_target_is_large(show, language):
    show.speak(language)
    wrong = {}
    for name in STATES:
        show.state(name)
        if found := problems(show):
            wrong[name] = found
    assert wrong == {}


def test_a_text_that_does_not_fit_would_be_found(show):
    show.state("done")
    show.window.message.text.setText("far too much to say " * 200)
    assert any("needs" in each or "leaves" in each or "grew" in each for each in problems(show))


@pytest.mark.parametrize("language", [each for each in LANGUAGES if each != SOURCE])
def test_every_text_is_translated_with_the_same_values(language):
    tree = ElementTree.parse(asset(f"i18n/kiosk_{language}.ts"))
    known = {each.findtext("source"): each.find("translation") for each in tree.iter("message")}
    assert set(known) == set(TEXTS.values())
    for source, translation in known.items():
        assert translation.get("type") is None, source
        for value in ("{0}", "{1}"):
            assert (value in source) == (value in translation.text), source


def test_the_compiled_translations_are_those_of_the_sources(show):
    for language in LANGUAGES:
        show.speak(language)
        if language == SOURCE:
            assert word("agree") == "I agree"
            continue
        tree = ElementTree.parse(asset(f"i18n/kiosk_{language}.ts"))
        for each in tree.iter("message"):
            key = next(key for key, text in TEXTS.items() if text == each.findtext("source"))
            assert word(key, "{0}", "{1}") == each.findtext("translation")


def test_everything_the_pipeline_asks_for_has_words_and_turns_have_arrows():
    for pose in POSES:
        assert pose.instruction in TEXTS
    assert {pose.instruction for pose in POSES if pose.name != "front"} <= set(ARROWS)
    hints = {text for text in _texts(capture_quality.__code__.co_consts) if " " in text and len(text) < 40}
    assert {"step back", "come closer", "hold still"} <= hints
    assert hints <= set(TEXTS)


def _texts(constants):
    """Every text among a function's constants, however nested."""
    for each in constants:
        if isinstance(each, tuple):
            yield from _texts(each)
        elif isinstance(each, str):
            yield each


def test_a_language_that_the_machine_has_no_letters_for_is_not_offered(qtbot, monkeypatch):
    monkeypatch.setattr(QFontDatabase, "families", lambda *_: [])
    window = KioskWindow("turbo")
    qtbot.addWidget(window, before_close_func=lambda window: window.leave())
    assert [key for key, button in window.languages.items() if not button.isHidden()] == ["en", "de", "fr", "es"]


@pytest.mark.parametrize("language", LETTERS)
def test_the_keys_on_the_screen_type_a_name(show, language):
    show.speak(language)
    show.state("name")
    line, keyboard = show.window.name.line, show.window.name.keyboard
    line.clear()
    for letter in "ada l":
        (keyboard._space if letter == " " else keyboard.keys[letter]).click()
    assert line.text() == "Ada L"
    keyboard._erase.click()
    assert line.text() == "Ada "
