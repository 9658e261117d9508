"""The kiosk's dealings with the gallery, each a job."""

import logging
from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer

from depthface_app.core.errors import GalleryError
from depthface_app.gallery.snapshot import Gallery
from depthface_app.gallery.store import Template
from depthface_app.inference.card import ModelCard
from depthface_app.pipeline import kiosk
from depthface_app.pipeline.faults import Fault, FaultSource
from depthface_app.pipeline.kiosk import Visit
from depthface_app.pipeline.stages import threshold_of
from depthface_app.ui.bridge import Bridge
from depthface_app.ui.commands import Parts
from depthface_app.ui.enroller import RETENTION_MS
from depthface_app.ui.followed import Followed
from depthface_app.ui.jobs import Jobs

log = logging.getLogger(__name__)


class Records(QObject):
    """Lives on the GUI thread."""

    def __init__(
        self, parent: QObject, bridge: Bridge, parts: Parts, jobs: Jobs, failed: Callable[[Visit, Fault], None]
    ) -> None:
        """Keep the parts; `failed` hears of what a visit needed and the gallery did not do."""
        super().__init__(parent)
        self._bridge, self._parts, self._jobs, self._tell = bridge, parts, jobs, failed
        self.people = 0
        self._retention = QTimer(self, interval=RETENTION_MS)
        self._retention.timeout.connect(self._expire)
        self._retention.start()
        self._followed = Followed(self, bridge, parts.store, self.refresh)

    def stop(self) -> None:
        """Follow nobody any more."""
        self._followed.stop()

    def ask_taken(self, name: str, answer: Callable[[bool], None]) -> None:
        """Whether somebody has this name."""
        self._jobs.run(lambda: self._is_taken(name), answer, lambda problem: answer(False))

    def _is_taken(self, name: str) -> bool:
        with self._parts.store.vault.reading() as opened:
            return opened.rows.find(name) is not None

    def check(self, visit: Visit, answer: Callable[[str], None]) -> None:
        """Whom the gallery takes the captured person for, at the program's own threshold."""
        engine, card = self._bridge.engine, self._card()
        gallery = engine.gallery if engine is not None else None
        if engine is None or card is None or gallery is None or visit.enrolment is None:
            self._failed(visit, "no recogniser")
            return
        enrolment, options = visit.enrolment, engine.options
        self._jobs.run(
            lambda: kiosk.already(enrolment, gallery, card.identity, threshold_of(card, gallery, options)),
            answer,
            lambda problem: self._failed(visit, problem),
        )

    def store(self, visit: Visit, answer: Callable[[], None]) -> None:
        """Write the record: name, consent and one template per direction, all or nothing."""
        card = self._card()
        if card is None or visit.enrolment is None or visit.consent is None:
            self._failed(visit, "no recogniser")
            return
        info = self._bridge.engine.camera_info if self._bridge.engine else None
        source, keeps = info.source if info else "", self._parts.settings.keep_frames
        templates = [
            Template(each.embedding, card.name, card.version, each.quality, source, frame=each.frame if keeps else None)
            for each in visit.enrolment.templates()
        ]

        def write() -> None:
            if self._is_taken(visit.name):
                raise GalleryError("Somebody got this name in the meantime; choose another.")
            self._parts.store.add(visit.name, templates, visit.consent)

        def done(_: object) -> None:
            self.refresh()
            answer()

        self._jobs.run(write, done, lambda problem: self._failed(visit, problem))

    def _failed(self, visit: Visit, problem: str) -> None:
        _log_failure(problem)
        self._tell(visit, Fault(FaultSource.GALLERY, problem))

    def refresh(self) -> None:
        """Give the engine the newest snapshot."""
        card = self._card()
        if card is not None:
            self._jobs.run(
                lambda: self._parts.store.snapshot(card.name, card.version),
                lambda gallery: self._use(card, gallery),
                _log_failure,
            )

    def _use(self, card: ModelCard, gallery: Gallery) -> None:
        self.people = len(gallery.names) + len(gallery.outdated)
        if self._bridge.engine is not None and self._card() == card:
            self._bridge.engine.gallery = gallery

    def _expire(self) -> None:
        """Erase whose consent has run out, and see what others have changed, while the kiosk stands open."""
        self._jobs.run(self._parts.store.expire, lambda _: self.refresh(), _log_failure)

    def _card(self) -> ModelCard | None:
        """The card of the recogniser that runs now."""
        models = self._bridge.engine.models if self._bridge.engine else None
        return models.recogniser.card if models else None


def _log_failure(_: str) -> None:
    """Its sentence may hold a name, and names never enter a log."""
    log.error("the gallery did not do what the kiosk asked for; see `depthface doctor`")
