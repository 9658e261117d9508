"""What somebody at the window says about a face that was judged wrongly, on its way into the gallery."""

from collections.abc import Callable

from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import QCompleter

from depthface_app.core.errors import InputError
from depthface_app.core.face import FaceResult
from depthface_app.gallery.store import GalleryStore
from depthface_app.inference.card import ModelCard
from depthface_app.pipeline.correction import evidence, further_view
from depthface_app.pipeline.stages import threshold_of
from depthface_app.ui.asking import Ask
from depthface_app.ui.bridge import Bridge
from depthface_app.ui.presenter import Presenter
from depthface_app.ui.window import MainWindow

Change = Callable[[Callable[[], object], str], None]


class Corrector(QObject):
    """Lives on the GUI thread. A correction is about the face that was on the screen when it was begun."""

    def __init__(
        self,
        window: MainWindow,
        bridge: Bridge,
        presenter: Presenter,
        store: GalleryStore,
        change: Change,
        tell: Callable[[str], None],
    ) -> None:
        """Keep the parts.

        Args:
            change: changes the gallery in a job and says a sentence afterwards.
            tell: shows a sentence.
        """
        super().__init__(window)
        self._window, self._bridge, self._presenter, self._store = window, bridge, presenter, store
        self._change, self._tell = change, tell

    def on_deny(self) -> None:
        """It is not who it says."""
        face, card = self._presenter.face, self._card()
        name = face.match.name if face is not None and face.match is not None else None
        if face is None or card is None or name is None:
            self._tell(self.tr("Nobody is named at this moment."))
            return
        try:
            template = evidence(face, card, self._source())
        except InputError as error:
            self._tell(str(error))
            return
        self._change(lambda: self._store.deny(name, template), self.tr("Kept: this is not {0}.").format(name))

    def on_tell_name(self) -> None:
        """It is somebody who is enrolled: who?"""
        face, names = self._presenter.face, self._window.people.names()
        if face is None or not names:
            self._tell(self.tr("There is no face, or nobody is enrolled."))
            return
        unknown = self.tr("Nobody of that name is enrolled.")
        dialog = Ask(
            self.tr("Who is it?"), self.tr("Name"), lambda name: "" if name in names else unknown, self._window
        )
        completer = QCompleter(list(names), dialog)
        completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        dialog.line.setCompleter(completer)
        dialog.accepted.connect(lambda: self._add(face, dialog.line.text()))
        dialog.open()

    def _add(self, face: FaceResult, name: str) -> None:
        engine, card = self._bridge.engine, self._card()
        gallery = engine.gallery if engine is not None else None
        if engine is None or card is None or gallery is None:
            return
        try:
            threshold = threshold_of(card, gallery, engine.options)
            template = further_view(face, name, card, self._source(), gallery, threshold)
        except InputError as error:
            self._tell(str(error))
            return
        self._change(lambda: self._store.add(name, [template]), self.tr("Learned another view of {0}.").format(name))

    def _source(self) -> str:
        info = self._bridge.engine.camera_info if self._bridge.engine else None
        return info.source if info else ""

    def _card(self) -> ModelCard | None:
        models = self._bridge.engine.models if self._bridge.engine else None
        return models.recogniser.card if models else None
