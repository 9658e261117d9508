"""The people side of the window: enrolment from the live stream, renaming, removing."""

from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer

from depthface_app.core.errors import GalleryError
from depthface_app.core.face import Result
from depthface_app.gallery.snapshot import Gallery
from depthface_app.gallery.store import GalleryStore, Template, clean_name
from depthface_app.inference.card import ModelCard
from depthface_app.pipeline.enrolment import Enrolment, advance
from depthface_app.ui.bridge import Bridge
from depthface_app.ui.followed import Followed
from depthface_app.ui.guard import Guard
from depthface_app.ui.jobs import Jobs
from depthface_app.ui.ring import RingState, said
from depthface_app.ui.window import MainWindow

RETENTION_MS = 3_600_000  # a day is the least that a consent runs over


class Enroller(QObject):
    """Lives on the GUI thread; every call into the gallery's file is a job."""

    def __init__(
        self,
        window: MainWindow,
        bridge: Bridge,
        store: GalleryStore,
        tell: Callable[[str], None],
        reembed: Callable[[], int],
        keeps_frames: Callable[[], bool],
    ) -> None:
        """Keep the parts.

        Args:
            tell: shows a sentence to the person at the screen.
            reembed: makes templates for the present recogniser from kept frames, says of how many people; a job.
            keeps_frames: whether the crops of an enrolment are kept.
        """
        super().__init__(window)
        self._window, self._bridge, self._store, self._tell = window, bridge, store, tell
        self._reembed, self._keeps_frames = reembed, keeps_frames
        self._jobs, self._long_jobs = Jobs(self), Jobs(self)
        self._guard = Guard(window, store, self._jobs)
        self._reembedded_for: ModelCard | None = None
        self._retention = QTimer(self, interval=RETENTION_MS)
        self._retention.timeout.connect(self._expire)
        self._retention.start()
        self._name = ""
        self.enrolment: Enrolment | None = None
        card, people = window.enrolment, window.people
        card.begun.connect(self._begin)
        card.finished.connect(self._finish)
        card.cancelled.connect(self.cancel)
        people.renamed.connect(self._rename)
        people.removed.connect(self._remove)
        self._followed = Followed(self, bridge, store, self.refresh)
        self.refresh()

    def ask(self) -> None:
        """Show the enrolment card in place of the people."""
        self._window.side.setCurrentWidget(self._window.enrolment)
        self._window.enrolment.clear()

    def cancel(self) -> None:
        """Back to the people; nothing was kept."""
        self.enrolment = None
        self._window.stage.live.show_ring(None)
        self._window.side.setCurrentWidget(self._window.people)

    def _begin(self, name: str) -> None:
        if self._card() is None:
            self._window.enrolment.ask(self.tr("Recognition is not running; start a camera and its networks first."))
            return
        try:
            self._name = clean_name(name)
        except GalleryError as error:
            self._window.enrolment.ask(str(error))
            return
        self.enrolment = Enrolment(track=self._window.stage.live.chosen_track)
        self._show(self.enrolment)

    def see(self, result: Result) -> None:
        """One more result; called for each while an enrolment runs."""
        if self.enrolment is None:
            return
        self.enrolment = advance(self.enrolment, result)
        self._show(self.enrolment)
        if self.enrolment.is_done:
            self._finish()

    def _show(self, enrolment: Enrolment) -> None:
        self._window.stage.live.show_ring(RingState.of(enrolment))
        self._window.enrolment.show_progress(
            said(enrolment.instruction), said(enrolment.reason), enrolment.progress, enrolment.is_enough
        )

    def _finish(self) -> None:
        """Keep what was captured."""
        card, enrolment = self._card(), self.enrolment
        if card is None or enrolment is None:
            return
        info = self._bridge.engine.camera_info if self._bridge.engine else None
        source, keeps = info.source if info else "", self._keeps_frames()
        templates = [
            Template(each.embedding, card.name, card.version, each.quality, source, frame=each.frame if keeps else None)
            for each in enrolment.templates()
        ]
        name = self._name
        self.cancel()
        self.change(lambda: self._store.add(name, templates), self.tr("{0} is enrolled.").format(name))

    def _rename(self, old: str, new: str) -> None:
        self.change(lambda: self._store.rename(old, new), "")

    def _remove(self, name: str) -> None:
        self.change(lambda: self._store.remove(name), self.tr("{0} is forgotten.").format(name))

    def change(self, change: Callable[[], object], said_after: str) -> None:
        """Change the gallery in a job, by somebody who may, then show and use what it holds."""

        def failed(problem: str) -> None:
            self._tell(problem)
            self.refresh()

        def done(_: object) -> None:
            if said_after:
                self._tell(said_after)
            self.refresh()

        self._guard.run(change, done, failed, self.refresh)

    def refresh(self) -> None:
        """List the people and give the engine the newest snapshot."""
        card = self._card()

        def read() -> tuple[tuple[str, ...], Gallery | None]:
            names = tuple(person.name for person in self._store.people())
            return names, self._store.snapshot(card.name, card.version) if card else None

        self._jobs.run(read, lambda answer: self._use(card, *answer), self._tell)

    def _use(self, card: ModelCard | None, names: tuple[str, ...], gallery: Gallery | None) -> None:
        self._window.people.show_people(names)
        if gallery is not None and self._bridge.engine is not None and self._card() == card:
            self._bridge.engine.gallery = gallery
            if gallery.outdated and self._reembedded_for != card:
                self._reembedded_for = card
                self._long_jobs.run(self._reembed, lambda people: self.refresh() if people else None, self._tell)

    def _expire(self) -> None:
        """Erase whose consent has run out, and look at everything again, while the window stands open."""
        self._jobs.run(self._store.expire, lambda _: self.refresh(), self._tell)

    def _card(self) -> ModelCard | None:
        """The card of the recogniser that runs now."""
        models = self._bridge.engine.models if self._bridge.engine else None
        return models.recogniser.card if models else None

    def wait(self) -> None:
        """Let a change that was begun come to its end."""
        self._followed.stop()
        self._jobs.wait()
        self._long_jobs.wait()
