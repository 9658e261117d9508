"""Reads session files, cut-off ones too."""

from pathlib import Path

import numpy as np
from mcap.opcode import Opcode
from mcap.writer import MCAP0_MAGIC
from numpy.typing import NDArray

from depthface_app.cameras.session import marks, results
from depthface_app.cameras.session.ending import Ending, is_finished, read_ending
from depthface_app.cameras.session.layout import CHANNELS, DAMAGE, PROFILE, READABLE, from_messages, short
from depthface_app.cameras.session.marks import Mark
from depthface_app.cameras.session.records import (
    ENTRY,
    Entries,
    chunks_in,
    messages_of,
    metadata_of,
    profile_of,
    record_at,
    walk,
)
from depthface_app.cameras.session.results import StoredResult
from depthface_app.core.errors import CameraError
from depthface_app.core.frame import Frame


class SessionReader:
    """Reads the whole frames of a session file in any order. Belongs to one thread.

    notes:       what the recording says about itself
    processing:  which networks and settings its results come from, empty without results
    times_s:     (len,) seconds of every frame since the first, never falling; by the host's clock, to a microsecond
    with_results: indices of the frames that have results, rising
    entries:     one per chunk, in the order of the file
    is_complete: whether it was finished, and not cut off
    digest:      SHA-256 over everything in it as hexadecimal digits, "" if nobody wrote it down
    """

    def __init__(self, path: Path) -> None:
        """Open the file and find its frames.

        Raises:
            CameraError: it is missing, is no session file, or holds no whole frame.
        """
        self.path = path
        try:
            self._file = path.open("rb")
        except OSError as error:
            raise CameraError(f"Cannot open the recording {path}: {(error.strerror or str(error)).lower()}.") from error
        try:
            self._open()
        except BaseException:
            self._file.close()
            raise

    def __len__(self) -> int:
        return len(self._frames)

    def __enter__(self) -> "SessionReader":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def read(self, index: int) -> Frame:
        """The frame with that index, 0 to len - 1, with the times it had when it was recorded.

        Raises:
            CameraError: the file is damaged there.
        """
        try:
            return from_messages(messages_of(record_at(self._file, int(self._frames["offset"][index]))))
        except DAMAGE as error:
            raise CameraError(f"Frame {index} of the recording {self.path} is damaged: {short(error)}.") from error

    def result(self, index: int) -> StoredResult | None:
        """What was made of the frame with that index while it was recorded, None if nothing was.

        Raises:
            CameraError: the file is damaged there.
        """
        place = self._results.get(index)
        if place is None:
            return None
        try:
            return results.from_messages(messages_of(record_at(self._file, place)))
        except DAMAGE as error:
            raise CameraError(f"The result of frame {index} in {self.path} is damaged: {short(error)}.") from error

    def marks(self) -> tuple[Mark, ...]:
        """Every mark that can be read: those on the whole recording first, then by frame."""
        found = []
        for offset in self._of("/mark")["offset"].tolist():
            try:
                found.append(marks.from_messages(messages_of(record_at(self._file, offset))))
            except DAMAGE:
                continue  # a damaged mark must not keep anybody from the frames; `verify` names it
        inside = [mark for mark in found if mark.frame is None or 0 <= mark.frame < len(self)]
        return tuple(sorted(inside, key=lambda mark: (mark.frame is not None, mark.frame or 0)))

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()

    def _open(self) -> None:
        if not self._begins_well():
            raise CameraError(f"{self.path} is not a DepthFace recording, or is cut off before its first frame.")
        ending = self._ending()
        self.is_complete = ending is not None or is_finished(self._file)
        self.digest = ending.notes.get("sha256", "") if ending else ""
        self.entries = ending.entries if ending else self._surviving()
        self._frames = self._of("/frame")
        if len(self._frames) == 0:
            raise CameraError(f"The recording {self.path} holds no whole frame; it was cut off too early.")
        times_ns = self._frames["time_ns"].astype(np.int64)
        self.times_s: NDArray[np.float64] = np.maximum.accumulate((times_ns - times_ns[0]) / 1e9)
        of_results = self._of("/result")
        self._results: dict[int, int] = dict(
            zip(of_results["frame"].tolist(), of_results["offset"].tolist(), strict=True)
        )
        self.with_results = tuple(sorted(index for index in self._results if index < len(self)))
        self.notes, self.processing = self._metadata("session"), self._metadata("processing")
        if self.notes.get("format") not in READABLE:
            raise CameraError(
                f"{self.path} is a recording of format {self.notes.get('format', '')[:20]!r}, this program reads "
                f"{' and '.join(READABLE)}; open it with the version that wrote it."
            )

    def _begins_well(self) -> bool:
        try:
            is_mcap = self._file.read(len(MCAP0_MAGIC)) == MCAP0_MAGIC
            return is_mcap and profile_of(record_at(self._file, len(MCAP0_MAGIC))) == PROFILE
        except DAMAGE:
            return False

    def _ending(self) -> Ending | None:
        """The index of a file that was finished, None if it was cut off, or written by an older version."""
        try:
            return read_ending(self._file) if is_finished(self._file) else None
        except DAMAGE:
            return None

    def _surviving(self) -> Entries:
        """The whole chunks of a file without our index; the last ones may be holes that a power cut left."""
        try:
            found = list(chunks_in(self.path))
        except OSError as error:
            raise CameraError(f"The recording {self.path} cannot be read: {short(error)}.") from error
        while found and not self._is_sound(found[-1][0]):
            found.pop()
        return np.array(found, ENTRY)

    def _is_sound(self, offset: int) -> bool:
        try:
            messages_of(record_at(self._file, offset))
        except DAMAGE:
            return False
        return True

    def _of(self, topic: str) -> Entries:
        return self.entries[self.entries["channel"] == CHANNELS[topic]]

    def _metadata(self, name: str) -> dict[str, str]:
        """What the file says before the first frame, empty if it says nothing of that name."""
        first = int(self.entries["offset"][0])
        for opcode, offset, _ in walk(self._file):
            if offset >= first:
                break
            if opcode == Opcode.METADATA:
                try:
                    found, values = metadata_of(record_at(self._file, offset))
                except DAMAGE:
                    continue
                if found == name:
                    return values
        return {}
