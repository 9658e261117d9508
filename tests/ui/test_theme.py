"""Colours, icons and marks: readable in both themes, and not by colour alone."""

from dataclasses import fields
from itertools import combinations

import numpy as np
import pytest
from PySide6.QtCore import QRectF
from PySide6.QtGui import QFont, QImage, QPainter
from PySide6.QtWidgets import QWidget

from depthface_app.core.assets import asset
from depthface_app.ui import theme
from depthface_app.ui.actions import ACTIONS
from depthface_app.ui.icons import icon
from depthface_app.ui.marks import Standing, ink_of, paint_mark

BOTH = pytest.mark.parametrize("name", ["dark", "light"])


def test_contrast_is_that_of_the_standard():
    assert theme.contrast("#000000", "#ffffff") == pytest.approx(21.0)
    assert theme.contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@BOTH
def test_every_text_can_be_read(name):
    pairs = theme.text_pairs(theme.THEMES[name])
    too_faint = [(ink, back) for ink, back in pairs if theme.contrast(ink, back) < 4.5]
    assert len(pairs) > 20
    assert not too_faint


@BOTH
def test_text_is_at_least_eleven_points(qapp, name):
    theme.apply(qapp, name)
    assert qapp.font().pointSizeF() >= 11
    theme.apply(qapp, name, kiosk=True)
    assert qapp.font().pointSizeF() >= 24


def test_a_widget_knows_its_theme(qapp, qtbot):
    widget = QWidget()
    qtbot.addWidget(widget)
    widget.show()
    for name, colours in theme.THEMES.items():
        theme.apply(qapp, name)
        assert theme.colours_of(widget) is colours


def test_a_long_name_is_shrunk_but_not_beyond_reading(qapp):
    font = QFont(qapp.font())
    font.setPointSizeF(20)
    assert theme.fitted(font, "A", 500, 0.5).pointSizeF() == 20
    assert 10 < theme.fitted(font, "W" * 12, 260, 0.5).pointSizeF() < 20
    assert theme.fitted(font, "W" * 200, 100, 0.5).pointSizeF() == 10


@BOTH
def test_standings_differ_in_shape_not_only_in_colour(qapp, name):
    pictures = [_mark_in_one_ink(standing) for standing in Standing]
    for one, other in combinations(pictures, 2):
        assert np.mean(np.abs(one - other) > 64) > 0.03
    inks = {ink_of(standing, theme.THEMES[name]) for standing in Standing}
    assert len(inks) == len(Standing)


def _mark_in_one_ink(standing: Standing) -> np.ndarray:
    image = QImage(32, 32, QImage.Format.Format_Grayscale8)
    image.fill(0)
    painter = QPainter(image)
    paint_mark(painter, QRectF(0, 0, 32, 32), standing, "#ffffff")
    painter.end()
    return np.frombuffer(image.constBits(), np.uint8).reshape(32, 32).astype(float)


def test_every_icon_of_the_table_is_shipped_and_drawn(qapp):
    names = {spec.icon for spec in ACTIONS if spec.icon}
    assert len(names) > 10
    for name in names:
        assert asset(f"icons/{name}.svg").is_file()
        image = icon(name, "#ff0000", "#00ff00").pixmap(20, 20).toImage()
        inks = {
            image.pixelColor(x, y).name() for x in range(20) for y in range(20) if image.pixelColor(x, y).alpha() > 200
        }
        assert inks == {"#ff0000"}


def test_a_palette_has_no_colour_twice_by_accident():
    for colours in theme.THEMES.values():
        values = [getattr(colours, field.name) for field in fields(colours)]
        assert all(value.startswith("#") and len(value) == 7 for value in values)
