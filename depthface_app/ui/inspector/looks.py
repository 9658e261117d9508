"""How the inspector is looked at, as plain values: kept with a view, and from one start of the program to the next."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from PySide6.QtCore import QPointF
from PySide6.QtWidgets import QAbstractButton, QComboBox

from depthface_app.core.colour import COLOUR_MAPS
from depthface_app.core.errors import InputError
from depthface_app.core.space import FARTHEST_MM, NEAREST_MM, Orbit
from depthface_app.ui.inspector.viewport import LARGEST_ZOOM, Viewport
from depthface_app.ui.inspector.workspace import Workspace

Looks = dict[str, Any]


def looks_of(workspace: Workspace) -> Looks:
    """What is chosen, and where one looks."""
    controls, solid, duel = workspace.controls, workspace.solid, workspace.duel
    viewport, point, line = workspace.views[0].canvas.viewport, workspace.point, workspace.line
    return {
        "mode": controls.mode,
        "views": [list(view.choice) for view in workspace.views],
        "pair": list(controls.pair),
        "range_mm": controls.range_mm,
        **{name: button.isChecked() for name, button in _switches(workspace).items()},
        "light": list(workspace.light),
        "colour_map": workspace.colour_map,
        "duel": duel.how.currentData(),
        "wipe": duel.slider.value(),
        "space": solid.how.currentData(),
        "style": solid.style_box.currentData(),
        "point_px": solid.size_px.value(),
        "orbit": asdict(solid.canvas.orbit),
        "marks": [list(mark) for mark in solid.canvas.marks],
        "viewport": [viewport.zoom, viewport.x, viewport.y],
        "point": None if point is None else [point.x(), point.y()],
        "line": [[end.x(), end.y()] for end in line],
    }


def use_looks(workspace: Workspace, looks: Mapping[str, Any]) -> None:
    """Choose all that again, and look there.

    Raises:
        InputError: if something in it is nothing that can be chosen; nothing is changed then.
    """
    try:
        steps = _steps(workspace, looks)
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"The view cannot be shown as it was ({error}); it was kept by another version.") from error
    for step in steps:
        step()
    workspace.controls.changed.emit()


def _switches(workspace: Workspace) -> dict[str, QAbstractButton]:
    controls, shown = workspace.controls, workspace.solid.shown
    return {
        "draws_lines": controls.line,
        "fine": controls.fine,
        "finest": controls.finest,
        "first_shown": shown[0],
        "second_shown": shown[1],
    }


def _steps(workspace: Workspace, looks: Mapping[str, Any]) -> list[Any]:
    """Everything that is to be done, all of it looked at before any of it is."""
    controls, solid, duel = workspace.controls, workspace.solid, workspace.duel
    boxes: list[tuple[QComboBox, Any]] = [
        (controls.range, float(looks["range_mm"])),
        (duel.how, looks["duel"]),
        (solid.how, looks["space"]),
        (solid.style_box, looks["style"]),
        *zip((controls.first, controls.second), _exactly(looks["pair"], 2), strict=True),
    ]
    for view, choice in zip(workspace.views, _exactly(looks["views"], len(workspace.views)), strict=True):
        boxes += zip((view.what, view.how), _exactly(choice, 2), strict=True)
    rows = [_row(box, value) for box, value in boxes]
    mode, colours = controls.modes[looks["mode"]], looks.get("colour_map", workspace.colour_map)
    if colours not in COLOUR_MAPS:
        raise ValueError(f"there is no {colours}")
    switches = [(button, bool(looks[name])) for name, button in _switches(workspace).items()]
    x, y, z = _numbers(looks["light"], 3, -1.0, 1.0)
    zoom, middle_x, middle_y = _numbers(looks["viewport"], 3, 0.0, LARGEST_ZOOM)
    viewport = Viewport(max(zoom, 1.0), min(middle_x, 1.0), min(middle_y, 1.0))
    orbit = _orbit(looks["orbit"])
    marks = tuple(_point(mark) for mark in _exactly(looks["marks"], min(len(looks["marks"]), 2)))
    point = None if looks["point"] is None else QPointF(*_numbers(looks["point"], 2, 0.0, 1.0))
    start, end = (QPointF(*_numbers(place, 2, 0.0, 1.0)) for place in _exactly(looks["line"], 2))
    wipe, point_px = int(looks["wipe"]), int(looks["point_px"])
    return [
        *(lambda box=box, row=row: box.setCurrentIndex(row) for (box, _), row in zip(boxes, rows, strict=True)),
        lambda: mode.setChecked(True),
        lambda: workspace.use_map(colours),
        *(lambda button=button, is_on=is_on: button.setChecked(is_on) for button, is_on in switches),
        lambda: workspace.shine((x, y, z)),
        lambda: duel.slider.setValue(wipe),
        lambda: solid.size_px.setValue(point_px),
        lambda: solid.canvas.look_from(orbit),
        lambda: solid.canvas.mark(marks),
        lambda: workspace.look_at(viewport),
        lambda: workspace.probe_at(point),
        lambda: workspace.draw((start, end)),
    ]


def _row(box: QComboBox, value: Any) -> int:
    row = box.findData(value)
    if row < 0:
        raise ValueError(f"there is no {value}")
    return row


def _exactly(values: Any, count: int) -> Sequence[Any]:
    if not isinstance(values, list) or len(values) != count:
        raise ValueError(f"{values} is not a list of {count}")
    return values


def _numbers(values: Any, count: int, low: float, high: float) -> tuple[float, ...]:
    found = tuple(float(value) for value in _exactly(values, count))
    if not all(low <= value <= high for value in found):
        raise ValueError(f"{values} is not between {low:g} and {high:g}")
    return found


def _point(values: Any) -> tuple[float, float, float]:
    x, y, z = _numbers(values, 3, -FARTHEST_MM, FARTHEST_MM)
    return x, y, z


def _orbit(values: Any) -> Orbit:
    orbit = Orbit(**{str(name): float(value) for name, value in dict(values).items()})
    if not NEAREST_MM <= orbit.distance_mm <= FARTHEST_MM or not all(map(math.isfinite, asdict(orbit).values())):
        raise ValueError(f"nobody can look from {values}")
    return orbit
