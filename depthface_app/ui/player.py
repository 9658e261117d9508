"""What happens on the player's actions: stepping, seeking, speed and marks of a recording that is played."""

import time
from collections.abc import Callable

from PySide6.QtCore import QObject

from depthface_app.cameras.playback import SPEEDS, Playback
from depthface_app.cameras.session import Mark, append_mark
from depthface_app.ui.asking import Ask
from depthface_app.ui.bridge import Bridge
from depthface_app.ui.jobs import Jobs
from depthface_app.ui.presenter import Presenter
from depthface_app.ui.times import frame_of, seconds_of, time_text
from depthface_app.ui.window import MainWindow

OF_RECORDINGS = ("step_back", "step_forward", "loop", "slower", "faster", "go_to", "previous_mark", "next_mark")


class Player(QObject):
    """Lives on the GUI thread; steering a recording never waits, writing a mark to its file is a job."""

    def __init__(self, window: MainWindow, bridge: Bridge, presenter: Presenter, tell: Callable[[str], None]) -> None:
        """Keep the parts; `tell` shows a sentence to the person at the screen."""
        super().__init__(window)
        self._window, self._bridge, self._tell = window, bridge, tell
        self._jobs = Jobs(self)
        window.playback.sought.connect(self._seek)
        window.playback.speed_chosen.connect(self._set_speed)
        window.stage.live.painted.connect(self._show)
        presenter.refreshed.connect(self._show)

    @property
    def playback(self) -> Playback | None:
        """The recording that is played, None for cameras."""
        return self._bridge.engine.playback if self._bridge.engine else None

    def toggle(self) -> bool:
        """Play or stand still; False where no recording is played."""
        playback = self.playback
        if playback is None:
            return False
        if playback.place.is_playing:
            playback.pause()
        else:
            playback.play()
        self._show()
        return True

    def on_step_back(self) -> None:
        """Stand still, one frame back."""
        self._step(-1)

    def on_step_forward(self) -> None:
        """Stand still, one frame on."""
        self._step(1)

    def on_loop(self) -> None:
        """Begin again at the end, or stand still there."""
        if (playback := self.playback) is not None:
            playback.set_loop(self._window.ways["loop"].isChecked())

    def on_slower(self) -> None:
        """The next slower speed."""
        self._change_speed(-1)

    def on_faster(self) -> None:
        """The next faster speed."""
        self._change_speed(1)

    def on_go_to(self) -> None:
        """Ask for a time or a frame."""
        playback = self.playback
        if playback is None:
            return
        duration = time_text(float(playback.times_s[-1]))
        question = self.tr("Time up to {0}, such as 1:23.5, or a frame, such as #250").format(duration)
        Ask(self.tr("Go to"), question, self._go_to, self._window).open()

    def on_previous_mark(self) -> None:
        """The nearest mark before the frame that is shown."""
        self._to_mark(-1)

    def on_next_mark(self) -> None:
        """The nearest mark behind the frame that is shown."""
        self._to_mark(1)

    def on_mark(self) -> None:
        """Ask what to note about this moment: of the recording that is made, else of the one that is played."""
        engine, playback = self._bridge.engine, self.playback
        if engine is not None and engine.recording is not None:
            at_s = time.monotonic()
            self._ask_mark(self.tr("What is to be noted about this moment?"), lambda text: engine.mark(text, at_s))
        elif playback is not None:
            frame = playback.place.shown or 0
            when = time_text(float(playback.times_s[frame]))
            question = self.tr("What is to be noted at {0}, frame {1}?").format(when, frame)
            self._ask_mark(question, lambda text: self._append(playback, Mark(text, frame)))
        else:
            self._tell(self.tr("A mark needs a recording: make one, or open one."))

    def wait(self) -> None:
        """Let what is being written come to its end."""
        self._jobs.wait()

    def _ask_mark(self, question: str, keep: Callable[[str], object]) -> None:
        def take(text: str) -> str:
            if not text.strip():
                return self.tr("Write a few words, or cancel.")
            keep(text.strip())
            return ""

        Ask(self.tr("Mark this moment"), question, take, self._window).open()

    def _append(self, playback: Playback, mark: Mark) -> None:
        self._jobs.run(lambda: append_mark(playback.path, mark), lambda _: playback.add_mark(mark), self._tell)

    def _go_to(self, text: str) -> str:
        """Go there; what is wrong with the text otherwise."""
        playback, time_s, frame = self.playback, seconds_of(text), frame_of(text)
        if playback is None:
            return ""
        if frame is not None and frame < playback.place.count:
            playback.seek(frame)
        elif time_s is not None and time_s <= playback.times_s[-1] + 0.1:
            playback.go_to(time_s)
        else:
            last = time_text(float(playback.times_s[-1])), playback.place.count - 1
            return self.tr("The recording ends at {0}, frame {1}.").format(*last)
        return ""

    def _seek(self, frame: int) -> None:
        if (playback := self.playback) is not None:
            playback.seek(min(max(frame, 0), playback.place.count - 1))

    def _step(self, frames: int) -> None:
        if (playback := self.playback) is not None:
            playback.step(frames)

    def _set_speed(self, speed: float) -> None:
        if (playback := self.playback) is not None:
            playback.set_speed(speed)
            self._show()

    def _change_speed(self, steps: int) -> None:
        if (playback := self.playback) is not None:
            row = SPEEDS.index(playback.place.speed) + steps
            self._set_speed(SPEEDS[min(max(row, 0), len(SPEEDS) - 1)])

    def _to_mark(self, direction: int) -> None:
        if (playback := self.playback) is None:
            return
        shown = playback.place.shown or 0
        frames = [mark.frame for mark in playback.marks if mark.frame is not None]
        behind = [frame for frame in frames if (frame - shown) * direction > 0]
        if behind:
            playback.seek(min(behind, key=lambda frame: abs(frame - shown)))

    def _show(self) -> None:
        """The row and the actions as the recording stands."""
        playback, ways = self.playback, self._window.ways
        self._window.playback.show_playback(playback)
        for name in OF_RECORDINGS:
            ways[name].setEnabled(playback is not None)
        if playback is not None:
            ways["pause"].setChecked(not playback.place.is_playing)
