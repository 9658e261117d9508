"""What holds for every test: its own data folder, no forgotten widget, no message box that nobody expected."""

import gc
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.shared_fixtures import postgres, shared  # noqa: F401 - for whoever asks for a database server

# Before Qt is imported anywhere; a run on a real screen sets the variable itself.
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

MODAL_CALLS = ("information", "warning", "critical", "question", "about", "aboutQt", "exec", "open", "show")


@pytest.fixture(autouse=True)
def own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Point every place where the program keeps something at this test's own folder."""
    folder = tmp_path / "home"
    monkeypatch.setenv("DEPTHFACE_DATA_DIR", str(folder / "depthface"))
    for name in ("CONFIG", "DATA", "CACHE", "STATE"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(folder / name.lower()))
    monkeypatch.delenv("DEPTHFACE_PASSPHRASE", raising=False)
    if "PySide6.QtCore" in sys.modules:
        from PySide6.QtCore import QSettings

        QSettings.setDefaultFormat(QSettings.Format.IniFormat)
        QSettings.setPath(QSettings.Format.IniFormat, QSettings.Scope.UserScope, str(folder / "qsettings"))
    return folder


def uses_qt(request: pytest.FixtureRequest) -> bool:
    return "qapp" in request.fixturenames or request.path.parent.name == "ui"


@pytest.fixture(autouse=True)
def no_message_box(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """A message box would wait for a click for ever; a test that expects one replaces the call itself."""
    if not uses_qt(request):
        return
    from PySide6.QtWidgets import QMessageBox

    def refuse(*arguments: object, **_: object) -> None:
        said = [getattr(argument, "text", lambda argument=argument: argument)() for argument in arguments]
        pytest.fail(f"unexpected message box: {said}")

    for name in MODAL_CALLS:
        monkeypatch.setattr(QMessageBox, name, refuse)


@pytest.fixture(autouse=True)
def no_widget_left(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fail a test that leaves a top-level widget behind: it would live on, and fire, in the tests after it."""
    if not uses_qt(request):
        yield
        return
    request.getfixturevalue("qapp")
    before = set(top_level_widgets())
    yield
    left = [widget for widget in top_level_widgets() if widget not in before]
    if left:
        gc.collect()
        left = [widget for widget in top_level_widgets() if widget not in before]
    assert not left, f"widgets left behind: {left}"


def top_level_widgets() -> list[object]:
    """Those that are still there once every pending deletion is done."""
    from PySide6.QtCore import QCoreApplication, QEvent
    from PySide6.QtWidgets import QApplication

    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    return list(QApplication.topLevelWidgets())
