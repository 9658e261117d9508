"""Everything that can be done in the window, as one table: text, key, icon and group."""

from dataclasses import dataclass

from PySide6.QtCore import QCoreApplication
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMenu, QWidget

from depthface_app.ui.icons import icon
from depthface_app.ui.theme import Colours


@dataclass(frozen=True, slots=True)
class ActionSpec:
    """One row of the table; `name` says which slot it calls, `on_NAME`."""

    name: str
    text: str
    key: str
    icon: str
    group: str
    is_checkable: bool = False


def _mark(text: str) -> str:
    """Marks a text of the table for translation; `text_of` translates it."""
    return text


def text_of(spec: ActionSpec) -> str:
    """The action in words, in the user's language."""
    return QCoreApplication.translate("Actions", spec.text)


ACTIONS = (
    ActionSpec("pause", _mark("Pause the picture"), "Space", "pause", "stream", True),
    ActionSpec("stream", _mark("Start or stop the camera"), "Ctrl+Space", "square", "stream"),
    ActionSpec("record", _mark("Record"), "R", "circle-dot", "stream", True),
    ActionSpec("snapshot", _mark("Save a snapshot"), "S", "camera", "stream"),
    ActionSpec("open_recording", _mark("Open a recording…"), "Ctrl+O", "folder-open", "stream"),
    ActionSpec("rescan", _mark("Look for cameras"), "F5", "rotate-cw", "stream"),
    ActionSpec("replay", _mark("Try again, or play again"), "Ctrl+R", "play", "stream"),
    ActionSpec("simulate", _mark("Use the simulated camera"), "", "box", "stream"),
    ActionSpec("step_back", _mark("One frame back"), ",", "step-back", "recording"),
    ActionSpec("step_forward", _mark("One frame on"), ".", "step-forward", "recording"),
    ActionSpec("loop", _mark("Play again and again"), "L", "repeat", "recording", True),
    ActionSpec("slower", _mark("Play slower"), "[", "", "recording"),
    ActionSpec("faster", _mark("Play faster"), "]", "", "recording"),
    ActionSpec("go_to", _mark("Go to a time…"), "G", "", "recording"),
    ActionSpec("mark", _mark("Mark this moment…"), "M", "bookmark", "recording"),
    ActionSpec("previous_mark", _mark("Go to the mark before"), "Shift+N", "", "recording"),
    ActionSpec("next_mark", _mark("Go to the next mark"), "N", "", "recording"),
    ActionSpec("enrol", _mark("Enrol a person"), "E", "user-plus", "people"),
    ActionSpec("deny", _mark("This is not who it says"), "", "", "people"),
    ActionSpec("tell_name", _mark("This is…"), "T", "", "people"),
    ActionSpec("next_face", _mark("Choose the next face"), "F", "scan-face", "people"),
    ActionSpec("pane_1", _mark("Enlarge raw depth"), "1", "", "view"),
    ActionSpec("pane_2", _mark("Enlarge denoised depth"), "2", "", "view"),
    ActionSpec("pane_3", _mark("Enlarge raw normals"), "3", "", "view"),
    ActionSpec("pane_4", _mark("Enlarge denoised normals"), "4", "", "view"),
    ActionSpec("inspect", _mark("Inspect denoising"), "I", "grid-2x2", "view", True),
    ActionSpec("theme", _mark("Dark or light"), "Ctrl+T", "sun", "view"),
    ActionSpec("full_screen", _mark("Full screen"), "F11", "maximize", "view", True),
    ActionSpec("settings", _mark("Settings…"), "Ctrl+,", "settings", "program"),
    ActionSpec("shortcuts", _mark("Keyboard shortcuts"), "F1", "keyboard", "program"),
    ActionSpec("quit", _mark("Quit"), "Ctrl+Q", "", "program"),
)


def make_actions(owner: QWidget) -> dict[str, QAction]:
    """One QAction per row, owned by the window."""
    actions = {}
    for spec in ACTIONS:
        action = QAction(text_of(spec), owner)
        action.setObjectName(spec.name)
        action.setCheckable(spec.is_checkable)
        action.setAutoRepeat(False)
        if spec.key:
            action.setShortcut(QKeySequence(spec.key))
            key = action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
            action.setToolTip(f"{action.text()} ({key})")
        owner.addAction(action)
        actions[spec.name] = action
    return actions


def connect_actions(actions: dict[str, QAction], *slots: object) -> None:
    """Wire every action to the method `on_NAME` of one of these; a missing one is an error at start, not at a click."""
    for name, action in actions.items():
        owner = next((each for each in slots if hasattr(each, f"on_{name}")), slots[0])
        action.triggered.connect(getattr(owner, f"on_{name}"))


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
