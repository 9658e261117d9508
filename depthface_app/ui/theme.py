"""Every colour, distance and font of the window, in one file: one palette for dark, one for light."""

from dataclasses import dataclass, fields

from PySide6.QtGui import QColor, QFont, QFontDatabase, QFontMetricsF, QPalette
from PySide6.QtWidgets import QApplication, QStyleFactory, QWidget

from depthface_app.core.assets import asset

GRID_PX = 8
RADIUS_PX = 8
TEXT_PT = 11.0
KIOSK_TEXT_PT = 24.0
NAME_SCALE = 2.2  # the name against ordinary text: the largest text on the screen
TITLE_SCALE = 1.3


@dataclass(frozen=True, slots=True)
class Colours:
    """One theme. Text colours keep a contrast of at least 4.5:1 against `window`, `card` and `raised`.

    Source of the limit: WCAG 2.2, success criterion 1.4.3.
    """

    window: str
    card: str
    raised: str
    line: str
    text: str
    muted: str
    accent: str
    on_accent: str
    known: str
    unknown: str
    spoof: str
    poor: str
    hatch: str


DARK = Colours(
    window="#101318",
    card="#191d24",
    raised="#252b35",
    line="#363e4b",
    text="#eef1f6",
    muted="#a9b3c2",
    accent="#66aaff",
    on_accent="#08121f",
    known="#35d6c0",
    unknown="#ffbe4d",
    spoof="#ff8585",
    poor="#a9b3c2",
    hatch="#2a303a",
)
LIGHT = Colours(
    window="#eef1f5",
    card="#ffffff",
    raised="#e6eaf0",
    line="#c5cdd8",
    text="#12161c",
    muted="#4d5765",
    accent="#1559b8",
    on_accent="#ffffff",
    known="#00695f",
    unknown="#8a4b00",
    spoof="#ab1a1a",
    poor="#4d5765",
    hatch="#d5dbe4",
)
THEMES = {"dark": DARK, "light": LIGHT}


def colours_of(widget: QWidget) -> Colours:
    """The theme that this widget is drawn in, told by its palette, so that no widget keeps a theme of its own."""
    return DARK if widget.palette().window().color().lightness() < 128 else LIGHT


def contrast(one: str, other: str) -> float:
    """Contrast of two colours, 1 to 21.

    Source: WCAG 2.2, definitions of contrast ratio and relative luminance.
    """
    light, dark = sorted((_luminance(QColor(one)), _luminance(QColor(other))), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: QColor) -> float:
    parts = (colour.redF(), colour.greenF(), colour.blueF())
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def palette_of(colours: Colours) -> QPalette:
    """The same colours as Qt's own roles, so that stock widgets fit."""
    roles = QPalette.ColorRole
    palette = QPalette()
    for role, colour in (
        (roles.Window, colours.window),
        (roles.WindowText, colours.text),
        (roles.Base, colours.card),
        (roles.AlternateBase, colours.raised),
        (roles.Text, colours.text),
        (roles.PlaceholderText, colours.muted),
        (roles.Button, colours.raised),
        (roles.ButtonText, colours.text),
        (roles.ToolTipBase, colours.raised),
        (roles.ToolTipText, colours.text),
        (roles.Highlight, colours.accent),
        (roles.HighlightedText, colours.on_accent),
        (roles.Accent, colours.accent),
        (roles.Link, colours.accent),
        (roles.Mid, colours.line),
    ):
        palette.setColor(role, QColor(colour))
    for role in (roles.Text, roles.ButtonText, roles.WindowText):
        palette.setColor(QPalette.ColorGroup.Disabled, role, _mixed(colours.muted, colours.window))
    return palette


def _mixed(one: str, other: str) -> QColor:
    a, b = QColor(one), QColor(other)
    return QColor((2 * a.red() + b.red()) // 3, (2 * a.green() + b.green()) // 3, (2 * a.blue() + b.blue()) // 3)


def apply(app: QApplication, name: str, kiosk: bool = False) -> None:
    """Dress the whole application; every widget repaints by itself."""
    app.setStyle(QStyleFactory.create("Fusion"))
    app.setPalette(palette_of(THEMES[name]))
    app.setStyleSheet(_sheet(THEMES[name]))
    font = QFontDatabase.systemFont(QFontDatabase.SystemFont.GeneralFont)
    font.setPointSizeF(KIOSK_TEXT_PT if kiosk else max(TEXT_PT, font.pointSizeF() if font.pointSizeF() < 14 else 0))
    font.setFeature(QFont.Tag("tnum"), 1)  # figures of one width: numbers that change do not move their neighbours
    app.setFont(font)


def _sheet(colours: Colours) -> str:
    """The one style sheet: flat surfaces and a focus ring that can be seen, for the stock widgets only."""
    tick = asset(f"icons/check-{'dark' if colours is DARK else 'light'}.svg")
    arrow = asset(f"icons/chevron-down-{'dark' if colours is DARK else 'light'}.svg")
    return f"""
    QPushButton, QComboBox, QLineEdit {{
        background: {colours.raised}; color: {colours.text}; border: 1px solid {colours.line}; border-radius: 6px;
        padding: 4px 10px; min-height: 22px; }}
    QPushButton:hover, QComboBox:hover {{ border-color: {colours.muted}; }}
    QPushButton:pressed {{ background: {colours.line}; }}
    QPushButton:default {{ background: {colours.accent}; color: {colours.on_accent}; border-color: {colours.accent}; }}
    QPushButton:disabled {{ color: {colours.muted}; background: {colours.card}; border-color: {colours.raised}; }}
    QPushButton:focus, QComboBox:focus, QLineEdit:focus {{
        border: 2px solid {colours.accent}; padding: 3px 9px; }}
    QPushButton:default:focus {{ border-color: {colours.text}; }}
    QComboBox::drop-down {{ border: none; width: 24px; }}
    QComboBox::down-arrow {{ image: url("{arrow.as_posix()}"); width: 14px; height: 14px; }}
    QComboBox QAbstractItemView, QMenu {{
        background: {colours.raised}; color: {colours.text}; border: 1px solid {colours.line};
        selection-background-color: {colours.accent}; selection-color: {colours.on_accent}; }}
    QMenu::item {{ padding: 6px 24px 6px 12px; }}
    QMenu::item:selected {{ background: {colours.accent}; color: {colours.on_accent}; }}
    QMenu::separator {{ height: 1px; background: {colours.line}; margin: 4px 8px; }}
    QToolButton {{ border: 2px solid transparent; border-radius: 6px; padding: 4px; }}
    QToolButton:hover {{ background: {colours.raised}; }}
    QToolButton:checked {{ background: {colours.raised}; border-color: {colours.line}; }}
    QToolButton:focus {{ border-color: {colours.accent}; }}
    QToolButton::menu-indicator {{ image: none; }}
    QListWidget {{ background: transparent; border: none; outline: none; }}
    QListWidget::item {{ border-radius: 6px; padding-left: 8px; color: {colours.text}; }}
    QListWidget::item:hover {{ background: {colours.raised}; }}
    QListWidget::item:selected {{ background: {colours.raised}; color: {colours.text}; }}
    QListWidget::item:selected:focus {{ background: {colours.accent}; color: {colours.on_accent}; }}
    QListWidget QLineEdit {{ padding: 0 6px; min-height: 0; }}
    QScrollBar:vertical {{ background: transparent; width: 10px; }}
    QScrollBar::handle:vertical {{ background: {colours.line}; border-radius: 4px; min-height: 24px; margin: 1px; }}
    QScrollBar::add-line, QScrollBar::sub-line, QScrollBar::add-page, QScrollBar::sub-page {{
        background: transparent; height: 0; }}
    QProgressBar {{ background: {colours.raised}; border: none; border-radius: 6px; height: 12px; text-align: center;
        color: transparent; }}
    QProgressBar::chunk {{ background: {colours.known}; border-radius: 6px; }}
    QSpinBox, QDoubleSpinBox {{ min-height: 30px; }}
    QCheckBox {{ spacing: 8px; }}
    QCheckBox::indicator {{ width: 18px; height: 18px; border: 2px solid {colours.muted}; border-radius: 4px;
        background: {colours.card}; }}
    QCheckBox::indicator:focus {{ border-color: {colours.accent}; }}
    QCheckBox::indicator:checked {{ background: {colours.accent}; border-color: {colours.accent};
        image: url("{tick.as_posix()}"); }}
    QToolTip {{ background: {colours.raised}; color: {colours.text}; border: 1px solid {colours.line}; padding: 4px; }}
    """


def scaled(font: QFont, scale: float, bold: bool = False) -> QFont:
    """The same font in another size."""
    out = QFont(font)
    out.setPointSizeF(font.pointSizeF() * scale)
    out.setBold(bold)
    return out


def fitted(font: QFont, text: str, width_px: float, smallest: float) -> QFont:
    """The font shrunk until the text fits the width, not below `smallest` of its size."""
    wide = QFontMetricsF(font).horizontalAdvance(text)
    scale = min(1.0, max(smallest, width_px / wide)) if wide > 0 else 1.0
    return scaled(font, scale, font.bold())


def text_pairs(colours: Colours) -> list[tuple[str, str]]:
    """Every (text, background) pair the window draws; the tests measure their contrast."""
    backgrounds = (colours.window, colours.card, colours.raised)
    inks = [getattr(colours, f.name) for f in fields(colours)]
    backdrops = {*backgrounds, colours.line, colours.hatch, colours.on_accent}
    pairs = [(ink, back) for ink in inks if ink not in backdrops for back in backgrounds]
    return [*pairs, (colours.on_accent, colours.accent)]
