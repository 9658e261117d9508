"""The newest link of the audit log, kept outside the gallery's file: an older copy put in its place shows."""

import json
import logging
import os
from dataclasses import dataclass
from pathlib import Path

from depthface_app.core.errors import GalleryError
from depthface_app.core.files import whole_file
from depthface_app.gallery.audit import Head
from depthface_app.gallery.keys import flush_folder
from depthface_app.gallery.sealing import keyed_hash, same

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Mark:
    """How far a gallery has come, and the words of everybody who was erased from it."""

    head: Head
    erased: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Anchor:
    """One small file about one gallery."""

    path: Path
    gallery: str
    key: bytes

    def read(self) -> Mark | None:
        """What it says; None when there is no such file or it is about another gallery.

        Raises:
            GalleryError: if it was edited or cannot be read.
        """
        try:
            values = json.loads(self.path.read_text("ascii"))
            mark = Mark(Head(int(values["number"]), bytes.fromhex(values["mac"])), tuple(values["erased"]))
            if values["gallery"] != self.gallery:
                return None
            if same(bytes.fromhex(values["proof"]), self._proof(mark)):
                return mark
        except FileNotFoundError:
            return None
        except OSError as error:
            raise GalleryError(f"{self.path} cannot be read: {error.strerror}.") from error
        except (ValueError, KeyError, TypeError):
            pass
        raise GalleryError(
            f"{self.path}, which says how far the gallery has come, was changed from outside; look at "
            "`depthface gallery audit`, then `depthface gallery accept`."
        )

    def write(self, mark: Mark) -> None:
        """Say how far the gallery has come. A failure is no loss: the gallery is then ahead, which is allowed."""
        head = mark.head
        values = {"gallery": self.gallery, "number": head.number, "mac": head.mac.hex(), "erased": mark.erased}
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with whole_file(self.path, private=True) as part, part.open("w", encoding="ascii") as writing:
                json.dump({**values, "proof": self._proof(mark).hex()}, writing)
                writing.flush()
                os.fsync(writing.fileno())
            flush_folder(self.path.parent)
        except OSError as error:
            log.warning("the anchor of the gallery was not written: %s", error.strerror)

    def _proof(self, mark: Mark) -> bytes:
        return keyed_hash(self.key, "anchor", self.gallery, mark.head.number, mark.head.mac, *mark.erased)
