"""Who is enrolled: the list, and enrol, rename, remove."""

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from depthface_app.ui.card import Card, Muted
from depthface_app.ui.theme import GRID_PX, scaled


class PeopleCard(Card):
    """The people list. It asks by signal and changes nothing itself; `show_people` brings the answer.

    `renamed` carries (old name, new name), `removed` the name.
    """

    enrol_wanted = Signal()
    renamed = Signal(str, str)
    removed = Signal(str)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.title = QLabel(self)
        self.title.setFont(scaled(self.font(), 1.0, bold=True))
        self.people = self._list()
        self.empty = Muted(self.tr("Nobody is enrolled yet. Stand in front of the camera and press E."), self)
        self.enrol = QPushButton(self.tr("Enrol person"), self)
        self.rename = QPushButton(self.tr("Rename"), self)
        self.remove = QPushButton(self.tr("Remove"), self)
        self.question = QLabel(self)
        self.question.setWordWrap(True)
        self.confirm = QPushButton(self.tr("Remove"), self)
        self.keep = QPushButton(self.tr("Keep"), self)
        self.foot = self._foot()
        self.room = QStackedWidget(self)
        self.room.addWidget(self.people)
        self.room.addWidget(self.empty)
        self.column.addWidget(self.title)
        self.column.addWidget(self.room, 1)
        self.column.addWidget(self.foot)
        self._connect()
        self.show_people(())

    def _list(self) -> QListWidget:
        people = QListWidget(self)
        people.setAccessibleName(self.tr("People"))
        people.setFrameShape(QListWidget.Shape.NoFrame)
        people.setEditTriggers(QAbstractItemView.EditTrigger.EditKeyPressed)
        people.setTabKeyNavigation(False)
        people.setMinimumHeight(2 * (self.fontMetrics().height() + GRID_PX))
        return people

    def _foot(self) -> QStackedWidget:
        """The buttons, and in their place the question before a removal."""
        foot = QStackedWidget(self)
        actions, asking = QWidget(foot), QWidget(foot)
        column, row = QVBoxLayout(actions), QHBoxLayout()
        row.addWidget(self.rename)
        row.addWidget(self.remove)
        column.addWidget(self.enrol)
        column.addLayout(row)
        answer_column, answer_row = QVBoxLayout(asking), QHBoxLayout()
        answer_row.addWidget(self.confirm)
        answer_row.addWidget(self.keep)
        answer_column.addWidget(self.question)
        answer_column.addLayout(answer_row)
        for layout in (column, row, answer_column, answer_row):
            layout.setContentsMargins(0, 0, 0, 0)
            layout.setSpacing(GRID_PX)
        foot.addWidget(actions)
        foot.addWidget(asking)
        foot.setSizePolicy(foot.sizePolicy().horizontalPolicy(), foot.sizePolicy().Policy.Fixed)
        return foot

    def _connect(self) -> None:
        self.enrol.clicked.connect(self.enrol_wanted)
        self.rename.clicked.connect(self._edit)
        self.remove.clicked.connect(self._ask)
        self.confirm.clicked.connect(self._confirm)
        self.keep.clicked.connect(lambda: self.foot.setCurrentIndex(0))
        self.people.currentItemChanged.connect(lambda: self._offer())
        self.people.itemChanged.connect(self._renamed)
        delete = QShortcut(QKeySequence(Qt.Key.Key_Delete), self.people, context=Qt.ShortcutContext.WidgetShortcut)
        delete.activated.connect(self._ask)

    def names(self) -> tuple[str, ...]:
        """The names as listed."""
        return tuple(self.people.item(row).text() for row in range(self.people.count()))

    def chosen(self) -> str | None:
        """The selected name."""
        item = self.people.currentItem()
        return None if item is None else str(item.data(Qt.ItemDataRole.UserRole))

    def show_people(self, names: tuple[str, ...]) -> None:
        """List these people; the selection stays where it can."""
        chosen = self.chosen()
        self.people.blockSignals(True)
        self.people.clear()
        for name in names:
            item = QListWidgetItem(name, self.people)
            item.setData(Qt.ItemDataRole.UserRole, name)
            item.setFlags(item.flags() | Qt.ItemFlag.ItemIsEditable)
            item.setSizeHint(QSize(0, self.fontMetrics().height() + GRID_PX))
            if name == chosen:
                self.people.setCurrentItem(item)
        self.people.blockSignals(False)
        self.title.setText(self.tr("People ({0})").format(len(names)))
        self.room.setCurrentWidget(self.people if names else self.empty)
        self._offer()

    def _offer(self) -> None:
        """Rename and remove need somebody."""
        for button in (self.rename, self.remove):
            button.setEnabled(self.chosen() is not None)
        self.foot.setCurrentIndex(0)

    def _edit(self) -> None:
        self.people.setFocus()
        self.people.editItem(self.people.currentItem())

    def _renamed(self, item: QListWidgetItem) -> None:
        old, new = str(item.data(Qt.ItemDataRole.UserRole)), item.text().strip()
        if new and new != old:
            self.renamed.emit(old, new)
        else:
            item.setText(old)

    def _ask(self) -> None:
        name = self.chosen()
        if name is None:
            return
        self.question.setText(self.tr("Remove {0} and all their pictures?").format(name))
        self.foot.setCurrentIndex(1)
        self.keep.setFocus()

    def _confirm(self) -> None:
        name = self.chosen()
        self.foot.setCurrentIndex(0)
        if name is not None:
            self.removed.emit(name)
