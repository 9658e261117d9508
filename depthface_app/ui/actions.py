"""Everything that can be done in the window, as one table: text, key, icon and group."""

from dataclasses import dataclass

from PySide6.QtCore import QT_TRANSLATE_NOOP, QCoreApplication
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMenu, QWidget

from depthface_app.ui.icons import icon
from depthface_app.ui.theme import Colours


@dataclass(frozen=True, slots=True)
class ActionSpec:
    """One row of the table; `name` is the name of the slot that it calls."""

    name: str
    text: str
    key: str
    icon: str
    group: str
    is_checkable: bool = False


_T = "Actions"  # context of the translations
ACTIONS = (
    ActionSpec("pause", QT_TRANSLATE_NOOP("Actions", "Pause the picture"), "Space", "pause", "stream", True),
    ActionSpec("stream", QT_TRANSLATE_NOOP("Actions", "Start or stop the camera"), "Ctrl+Space", "square", "stream"),
    ActionSpec("record", QT_TRANSLATE_NOOP("Actions", "Record"), "R", "circle-dot", "stream", True),
    ActionSpec("snapshot", QT_TRANSLATE_NOOP("Actions", "Save a snapshot"), "S", "camera", "stream"),
    ActionSpec("open_recording", QT_TRANSLATE_NOOP("Actions", "Open a recording…"), "Ctrl+O", "folder-open", "stream"),
    ActionSpec("rescan", QT_TRANSLATE_NOOP("Actions", "Look for cameras"), "F5", "rotate-cw", "stream"),
    ActionSpec("simulate", QT_TRANSLATE_NOOP("Actions", "Use the simulated camera"), "", "box", "stream"),
    ActionSpec("enrol", QT_TRANSLATE_NOOP("Actions", "Enrol a person"), "E", "user-plus", "people"),
    ActionSpec("next_face", QT_TRANSLATE_NOOP("Actions", "Choose the next face"), "F", "scan-face", "people"),
    ActionSpec("pane_1", QT_TRANSLATE_NOOP("Actions", "Enlarge raw depth"), "1", "", "view"),
    ActionSpec("pane_2", QT_TRANSLATE_NOOP("Actions", "Enlarge denoised depth"), "2", "", "view"),
    ActionSpec("pane_3", QT_TRANSLATE_NOOP("Actions", "Enlarge raw normals"), "3", "", "view"),
    ActionSpec("pane_4", QT_TRANSLATE_NOOP("Actions", "Enlarge denoised normals"), "4", "", "view"),
    ActionSpec("theme", QT_TRANSLATE_NOOP("Actions", "Dark or light"), "Ctrl+T", "sun", "view"),
    ActionSpec("full_screen", QT_TRANSLATE_NOOP("Actions", "Full screen"), "F11", "maximize", "view", True),
    ActionSpec("settings", QT_TRANSLATE_NOOP("Actions", "Settings…"), "Ctrl+,", "settings", "program"),
    ActionSpec("shortcuts", QT_TRANSLATE_NOOP("Actions", "Keyboard shortcuts"), "F1", "keyboard", "program"),
    ActionSpec("quit", QT_TRANSLATE_NOOP("Actions", "Quit"), "Ctrl+Q", "", "program"),
)


def make_actions(owner: QWidget, slots: object) -> dict[str, QAction]:
    """One QAction per row, owned by the window, each wired to the slot `on_NAME`."""
    actions = {}
    for spec in ACTIONS:
        action = QAction(QCoreApplication.translate(_T, spec.text), owner)
        action.setObjectName(spec.name)
        action.setCheckable(spec.is_checkable)
        action.setAutoRepeat(False)
        if spec.key:
            action.setShortcut(QKeySequence(spec.key))
            key = action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
            action.setToolTip(f"{action.text()} ({key})")
        action.triggered.connect(getattr(slots, f"on_{spec.name}"))
        owner.addAction(action)
        actions[spec.name] = action
    return actions


def make_menu(owner: QWidget, actions: dict[str, QAction]) -> QMenu:
    """All of them in one menu, a line between the groups."""
    menu = QMenu(owner)
    group = ACTIONS[0].group
    for spec in ACTIONS:
        if spec.group != group:
            menu.addSeparator()
            group = spec.group
        menu.addAction(actions[spec.name])
    return menu


def tint(actions: dict[str, QAction], colours: Colours) -> None:
    """Icons in the theme's colours."""
    for spec in ACTIONS:
        if spec.icon:
            actions[spec.name].setIcon(icon(spec.icon, colours.text, colours.line))
