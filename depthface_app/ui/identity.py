"""Who it is and how sure: the card a visitor reads first."""

import math

from PySide6.QtCore import QLocale, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QGridLayout, QLabel, QSizePolicy, QWidget

from depthface_app.core.face import FaceResult, Match
from depthface_app.ui.card import Card, Muted
from depthface_app.ui.marks import Standing, ink_of, is_judged, paint_mark, standing_of, word_of
from depthface_app.ui.theme import GRID_PX, NAME_SCALE, colours_of, fitted, scaled

SMALLEST_NAME = 0.5  # of its full size, before a long name is cut
HINT_LINES = 2


class NamePlate(QWidget):
    """The name, as large as it fits, over its mark and word."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.name, self.word = "", ""
        self.standing: Standing | None = None

    def sizeHint(self) -> QSize:
        """One line of the name, one of the word."""
        name_px = scaled(self.font(), NAME_SCALE).pointSizeF() * 1.9
        return QSize(200, round(name_px) + self.fontMetrics().height())

    def minimumSizeHint(self) -> QSize:
        """Not smaller."""
        return self.sizeHint()

    def show_name(self, name: str, word: str, standing: Standing | None) -> None:
        """Draw this name; no standing means there is nobody."""
        self.name, self.word, self.standing = name, word, standing
        self.setAccessibleName(f"{name}, {word}" if word else name)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Name above, mark and word below."""
        painter, colours = QPainter(self), colours_of(self)
        line_px = self.fontMetrics().height()
        room = QRectF(0, 0, self.width(), self.height() - line_px)
        font = fitted(scaled(self.font(), NAME_SCALE, bold=True), self.name, 0.97 * room.width(), SMALLEST_NAME)
        painter.setFont(font)
        painter.setPen(QColor(colours.muted if self.standing is None else colours.text))
        text = painter.fontMetrics().elidedText(self.name, Qt.TextElideMode.ElideRight, int(room.width()))
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, text)
        painter.setFont(self.font())
        left = 0.0
        if self.standing is not None:
            ink = ink_of(self.standing, colours)
            mark_px = line_px * 0.9
            paint_mark(painter, QRectF(0, room.bottom() + line_px * 0.05, mark_px, mark_px), self.standing, ink)
            painter.setPen(QColor(ink))
            left = mark_px + GRID_PX
        word = QRectF(left, room.bottom(), self.width() - left, line_px)
        painter.drawText(word, Qt.AlignmentFlag.AlignVCenter, self.word)


class SimilarityBar(QWidget):
    """The similarity as a bar with the threshold marked, and both as figures."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._match: Match | None = None
        self._standing = Standing.POOR

    def sizeHint(self) -> QSize:
        """The bar and a line of text."""
        return QSize(200, 3 * GRID_PX + self.fontMetrics().height())

    def minimumSizeHint(self) -> QSize:
        """Not smaller."""
        return self.sizeHint()

    def show_match(self, match: Match | None, standing: Standing) -> None:
        """Draw this answer of the gallery; None or an empty gallery leaves the bar empty."""
        self._match = None if match is None or math.isnan(match.similarity) else match
        self._standing = standing
        self.setAccessibleName(self.tr("Similarity"))
        self.setAccessibleDescription("  ".join(self.texts()))
        self.update()

    def texts(self) -> tuple[str, str]:
        """(similarity, threshold) as written under the bar."""
        if self._match is None:
            return "—", ""
        number = QLocale().toString
        return (
            number(self._match.similarity, "f", 2),
            self.tr("threshold {0}").format(number(self._match.threshold, "f", 2)),
        )

    def paintEvent(self, event: QPaintEvent) -> None:
        """Track, fill, threshold mark, figures."""
        painter, colours = QPainter(self), colours_of(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        track = QRectF(0, 4, self.width(), GRID_PX + 4)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(colours.raised))
        painter.drawRoundedRect(track, 6, 6)
        if self._match is not None:
            fill = QRectF(track)
            fill.setWidth(track.width() * min(max(self._match.similarity, 0.0), 1.0))
            painter.setBrush(QColor(ink_of(self._standing, colours)))
            painter.drawRoundedRect(fill, 6, 6)
            x = track.width() * self._match.threshold
            for ink, width in ((colours.card, 6.0), (colours.text, 2.0)):
                painter.setPen(QPen(QColor(ink), width))
                painter.drawLine(QPointF(x, track.top() - 3), QPointF(x, track.bottom() + 3))
        self._paint_texts(painter, QRectF(0, track.bottom() + 4, self.width(), self.fontMetrics().height() + 4))

    def _paint_texts(self, painter: QPainter, room: QRectF) -> None:
        colours = colours_of(self)
        similarity, threshold = self.texts()
        painter.setPen(QColor(colours.text))
        painter.setFont(scaled(self.font(), 1.0, bold=True))
        painter.drawText(room, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, similarity)
        painter.setFont(self.font())
        painter.setPen(QColor(colours.muted))
        painter.drawText(room, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, threshold)


class IdentityCard(Card):
    """The chosen face in words and figures. Every row keeps its place whether or not there is a face."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.plate, self.bar = NamePlate(self), SimilarityBar(self)
        self.hint = Muted("", self)
        self.hint.setFixedHeight(self.fontMetrics().lineSpacing() * HINT_LINES + 4)
        self._values: dict[str, QLabel] = {}
        self.column.addWidget(self.plate)
        self.column.addWidget(self.bar)
        self.column.addLayout(self._rows())
        self.column.addWidget(self.hint)
        self.column.addStretch(1)
        self.show_none(self.tr("no face"), "")

    def _rows(self) -> QGridLayout:
        grid = QGridLayout()
        grid.setVerticalSpacing(4)
        grid.setHorizontalSpacing(GRID_PX)
        grid.setColumnStretch(1, 1)
        for row, (key, title) in enumerate(self._titles().items()):
            value = QLabel("—", self)
            value.setAlignment(Qt.AlignmentFlag.AlignRight)
            value.setAccessibleName(title)
            grid.addWidget(Muted(title, self), row, 0)
            grid.addWidget(value, row, 1)
            self._values[key] = value
        return grid

    def _titles(self) -> dict[str, str]:
        return {
            "next": self.tr("next"),
            "quality": self.tr("quality"),
            "distance": self.tr("distance"),
            "yaw": self.tr("turned"),
        }

    def values(self) -> dict[str, str]:
        """What the rows say."""
        return {key: label.text() for key, label in self._values.items()}

    def show_none(self, name: str, hint: str) -> None:
        """Nobody: dashes, and where to stand."""
        self.plate.show_name(name, "", None)
        self.bar.show_match(None, Standing.POOR)
        for value in self._values.values():
            value.setText("—")
        self.hint.setText(hint)

    def show_face(self, face: FaceResult) -> None:
        """Everything known about this face."""
        standing = standing_of(face)
        name = face.match.name if face.match is not None and face.match.name else self.tr("Unknown")
        self.plate.show_name(name, word_of(standing), standing)
        self.bar.show_match(face.match if is_judged(face) else None, standing)
        self._values["next"].setText(self._next(face.match))
        self._values["quality"].setText(self._quality(face.quality))
        self._values["distance"].setText(QLocale().toString(face.location.distance_mm / 1000, "f", 2) + " m")
        self._values["yaw"].setText(self._turned(face.location.pose.yaw_deg))
        self.hint.setText(face.hint or (self.tr("has not moved for seconds") if face.still else ""))

    def _next(self, match: Match | None) -> str:
        """The second nearest person, or the nearest when nobody was accepted."""
        if match is None or not match.candidates:
            return "—"
        nearest = match.runner_up if match.name is not None else match.candidates[0]
        if nearest is None:
            return "—"
        return f"{nearest[0]} {QLocale().toString(nearest[1], 'f', 2)}"

    def _quality(self, quality: float) -> str:
        word = self.tr("good") if quality >= 0.7 else self.tr("fair") if quality >= 0.35 else self.tr("poor")
        return f"{word} {QLocale().toString(quality, 'f', 2)}"

    def _turned(self, yaw_deg: float) -> str:
        """Yaw in words: the person's own left is the picture's right."""
        degrees = round(abs(yaw_deg))
        if degrees == 0:
            return self.tr("0°")
        return (
            self.tr("{0}° to their left").format(degrees)
            if yaw_deg > 0
            else self.tr("{0}° to their right").format(degrees)
        )
