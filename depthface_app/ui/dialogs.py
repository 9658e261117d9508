"""The two small dialogs: the keyboard, and the settings."""

from dataclasses import replace

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QDoubleSpinBox,
    QFormLayout,
    QGridLayout,
    QLabel,
    QLineEdit,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from depthface_app.pipeline.settings import Settings
from depthface_app.ui.actions import ACTIONS, text_of
from depthface_app.ui.card import Muted
from depthface_app.ui.theme import GRID_PX, scaled


class ShortcutsDialog(QDialog):
    """Every key of the window, from the same table that makes the actions."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Keyboard shortcuts"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        grid = QGridLayout()
        grid.setHorizontalSpacing(4 * GRID_PX)
        grid.setVerticalSpacing(GRID_PX)
        keyed = [spec for spec in ACTIONS if spec.key]
        rows = (len(keyed) + 1) // 2
        for number, spec in enumerate(keyed):
            row, pair = number % rows, number // rows * 2
            key = QLabel(QKeySequence(spec.key).toString(QKeySequence.SequenceFormat.NativeText), self)
            key.setFont(scaled(self.font(), 1.0, bold=True))
            grid.addWidget(key, row, pair)
            grid.addWidget(QLabel(text_of(spec), self), row, pair + 1)
        probe = Muted(self.tr("Tab to a pane, then move the probe with the arrow keys; Return enlarges it."), self)
        close = QDialogButtonBox(QDialogButtonBox.StandardButton.Close, self)
        close.rejected.connect(self.close)
        column = QVBoxLayout(self)
        column.setContentsMargins(*(3 * GRID_PX,) * 4)
        column.setSpacing(2 * GRID_PX)
        column.addLayout(grid)
        column.addWidget(probe)
        column.addWidget(close)


class SettingsDialog(QDialog):
    """What a user may choose and does not need every day. `chosen` has the answer after `accepted`."""

    def __init__(self, settings: Settings, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Settings"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._settings = settings
        self.theme = QComboBox(self)
        for label, value in (
            (self.tr("as the system"), "system"),
            (self.tr("dark"), "dark"),
            (self.tr("light"), "light"),
        ):
            self.theme.addItem(label, value)
        self.theme.setCurrentIndex(self.theme.findData(settings.theme))
        self.rate = QDoubleSpinBox(self)
        self.rate.setRange(0.01, 20.0)
        self.rate.setDecimals(2)
        self.rate.setSingleStep(0.1)
        self.rate.setSuffix(" %")
        self.rate.setValue(100 * settings.false_positive_rate)
        self.rate.setToolTip(self.tr("Of a hundred strangers, so many may be taken for somebody who is enrolled"))
        self.threshold = QDoubleSpinBox(self)
        self.threshold.setRange(-0.01, 1.0)
        self.threshold.setSingleStep(0.01)
        self.threshold.setSpecialValueText(self.tr("as that asks"))
        self.threshold.setValue(-0.01 if settings.threshold is None else settings.threshold)
        self.threads = QSpinBox(self)
        self.threads.setRange(0, 64)
        self.threads.setSpecialValueText(self.tr("automatic"))
        self.threads.setValue(settings.threads or 0)
        self.fine = QCheckBox(self.tr("decode the denoised face at twice the resolution"), self)
        self.fine.setChecked(settings.fine)
        self.dds = QCheckBox(self.tr("look for RealSense cameras on the network"), self)
        self.dds.setChecked(settings.dds)
        self.realsense = QLineEdit(settings.realsense, self)
        self.realsense.setPlaceholderText("preset=high-accuracy&filters=spatial,temporal")
        self.realsense.setToolTip(self.tr("What to ask of every RealSense camera, as behind the ? of an address"))
        self.record_processed = QCheckBox(self.tr("also keep what is made of the frames, under pseudonyms"), self)
        self.record_processed.setChecked(settings.record_processed)
        self._compose()

    def _compose(self) -> None:
        form = QFormLayout(self)
        form.setContentsMargins(*(3 * GRID_PX,) * 4)
        form.setSpacing(2 * GRID_PX)
        form.addRow(self.tr("&Theme"), self.theme)
        form.addRow(self.tr("&Strangers named, at most"), self.rate)
        form.addRow(self.tr("&Accept a match from"), self.threshold)
        form.addRow(self.tr("T&hreads per network"), self.threads)
        form.addRow(self.tr("&Display"), self.fine)
        form.addRow(self.tr("&Recordings"), self.record_processed)
        form.addRow(self.tr("&Cameras"), self.dds)
        form.addRow(self.tr("RealS&ense"), self.realsense)
        buttons = QDialogButtonBox(
            QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel, Qt.Orientation.Horizontal, self
        )
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        form.addRow(buttons)

    @property
    def chosen(self) -> Settings:
        """The settings as the dialog shows them."""
        threshold = self.threshold.value()
        return replace(
            self._settings,
            theme=self.theme.currentData(),
            false_positive_rate=self.rate.value() / 100,
            threshold=None if threshold < 0 else threshold,
            threads=self.threads.value() or None,
            fine=self.fine.isChecked(),
            record_processed=self.record_processed.isChecked(),
            dds=self.dds.isChecked(),
            realsense=self.realsense.text().strip(),
        )
