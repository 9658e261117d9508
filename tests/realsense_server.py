"""A virtual RealSense camera on the loopback network, served by the SDK's own device server.

Run as a program of its own: `python -m tests.realsense_server DOMAIN SERIAL`. It answers each line on its input with
one line on its output: `up` and `down` plug and unplug the camera, `freeze` and `thaw` stop and resume its pictures,
`lag` lets the answer to the next option come too late, `options` tells which options were set; it ends when its input
closes. `VirtualCamera` starts it and speaks to it.
"""

import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np

WIDTH, HEIGHT, FPS = 640, 480, 30
SERIAL = "936522070660"
NAME = "Intel RealSense D435I"
DEPTH_FOCAL_PX, COLOUR_FOCAL_PX, COLOUR_SHIFT_M = 385.0, 600.0, 0.015
NEAR_MM, FAR_MM = 700, 2000
DOMAIN = 20 + os.getpid() % 200  # of this test run; another one on the same computer has another
LAG_S = 3.5  # the SDK's client waits 2.5 s
LOOPBACK = {"udp": {"whitelist": ["127.0.0.1"]}}


class VirtualCamera:
    """The server in a process of its own; plugged in by `up`, unplugged by `down`."""

    def __init__(self, domain: int, serial: str = SERIAL) -> None:
        self.domain = domain
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.realsense_server", str(domain), serial],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[1],
            env={**os.environ, "OMP_NUM_THREADS": "1"},
        )
        self._ask("ready?")

    def up(self) -> None:
        self._ask("up")

    def down(self) -> None:
        self._ask("down")

    def freeze(self) -> None:
        self._ask("freeze")

    def thaw(self) -> None:
        self._ask("thaw")

    def lag(self) -> None:
        self._ask("lag")

    def options(self) -> dict[str, float | str]:
        return json.loads(self._ask("options"))

    def kill(self) -> None:
        """Be gone without a word, as when the camera's cable is cut."""
        self._process.kill()
        self._end()

    def close(self) -> None:
        self._process.stdin.close()
        self._end()

    def _end(self) -> None:
        self._process.wait(20)
        self._process.stdout.close()
        self._process.stdin.close()

    def _ask(self, line: str) -> str:
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()
        return self._process.stdout.readline().strip()


class Server:
    """The camera itself, in the server's process."""

    def __init__(self, domain: int, serial: str) -> None:
        from pyrealsense2 import pyrealdds as dds

        self._dds, self._serial = dds, serial
        self._participant = dds.participant()
        self._participant.init(domain, "virtual camera", LOOPBACK)
        self._pictures = [self._messages(number) for number in range(6)]
        self._flowing = threading.Event()
        self._flowing.set()
        self._pulled = threading.Event()
        self._pulled.set()
        self._number = 0
        self._set: list = []
        self._lags = 0

    def up(self) -> None:
        dds = self._dds
        self._streams = {
            "depth": self._stream(dds.depth_stream_server("Depth", "Stereo Module"), "z16", DEPTH_FOCAL_PX),
            "infrared": self._stream(dds.ir_stream_server("Infrared_1", "Stereo Module"), "y8", DEPTH_FOCAL_PX),
            "colour": self._stream(dds.color_stream_server("Color", "RGB Camera"), "yuyv", COLOUR_FOCAL_PX),
        }
        topics = f"realsense/D435I_{self._serial}"
        self._device = dds.device_server(self._participant, topics)
        self._device.on_set_option(self._set_option)
        self._device.on_control(self._answer)
        self._device.init(list(self._streams.values()), [], self._extrinsics())
        facts = {"name": NAME, "serial": self._serial, "product-line": "D400", "topic-root": topics}
        facts |= {"fw-version": "5.16.0.1"}
        self._device.broadcast(dds.message.device_info.from_json(facts))
        self._pulled.clear()
        self._thread = threading.Thread(target=self._publish)
        self._thread.start()

    def down(self) -> None:
        if self._pulled.is_set():
            return
        self._pulled.set()
        self._thread.join()
        self._device.broadcast_disconnect(self._dds.time(1.0))
        self._device, self._streams = None, {}

    def freeze(self) -> None:
        self._flowing.clear()

    def thaw(self) -> None:
        self._flowing.set()

    def lag(self) -> None:
        self._lags += 1

    def _stream(self, stream, encoding: str, focal_px: float):
        dds = self._dds
        stream.enable_metadata()  # before the profiles, or it is ignored
        pixels = getattr(dds.video_encoding, encoding)
        stream.init_profiles([dds.video_stream_profile(FPS, pixels, WIDTH, HEIGHT)], 0)
        if encoding == "z16":
            stream.init_options([dds.option.from_json(list(option)) for option in DEPTH_OPTIONS])
        stream.set_intrinsics({self._intrinsics(focal_px)})
        return stream

    def _intrinsics(self, focal_px: float):
        pinhole = self._dds.video_intrinsics()
        pinhole.width, pinhole.height = WIDTH, HEIGHT
        pinhole.principal_point.x, pinhole.principal_point.y = WIDTH / 2, HEIGHT / 2
        pinhole.focal_length.x = pinhole.focal_length.y = focal_px
        pinhole.distortion.model = self._dds.distortion_model.brown
        pinhole.distortion.coeffs = [0.0] * 5
        return pinhole

    def _extrinsics(self):
        shifts = {("Depth", "Color"): COLOUR_SHIFT_M, ("Depth", "Infrared_1"): 0.0}
        both_ways = {**shifts, **{(b, a): -shift for (a, b), shift in shifts.items()}}
        return {pair: self._shift(shift) for pair, shift in both_ways.items()}

    def _shift(self, shift_m: float):
        extrinsics = self._dds.extrinsics()
        extrinsics.rotation = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0)
        extrinsics.translation = (shift_m, 0.0, 0.0)
        return extrinsics

    def _answer(self, *_control) -> bool:
        """Say yes, but not at once: the SDK's client loses a reply that comes before it has begun to wait for it."""
        time.sleep(0.02)
        return True

    def _set_option(self, _server, option, _value) -> None:
        late = self._lags > 0
        self._lags -= late
        time.sleep(LAG_S if late else 0.02)
        self._set.append(option)

    def options(self) -> dict[str, float | str]:
        return {option.get_name(): option.get_value() for option in self._set}

    def _messages(self, number: int):
        """One message per stream. `data` takes only a list of ints, too slow to be made anew for every frame."""
        messages = {}
        for name, picture in pictures(number).items():
            messages[name] = self._dds.message.image()
            messages[name].width, messages[name].height = WIDTH, HEIGHT
            messages[name].data = picture.view(np.uint8).ravel().tolist()
        return messages

    def _publish(self) -> None:
        due_s = time.monotonic()
        while not self._pulled.is_set():
            if self._flowing.is_set():
                self._number += 1
                self._publish_frame()
            due_s += 1 / FPS
            self._pulled.wait(max(0.0, due_s - time.monotonic()))

    def _publish_frame(self) -> None:
        now, stamp_ns = self._dds.now(), time.time_ns()
        encodings = {"depth": "z16", "infrared": "y8", "colour": "yuyv"}
        for name, stream in self._streams.items():
            if not stream.is_streaming():
                stream.start_streaming(getattr(self._dds.video_encoding, encodings[name]), WIDTH, HEIGHT)
            message = self._pictures[self._number % len(self._pictures)][name]
            message.timestamp = now
            stream.publish_image(message)
            header = {"frame-number": self._number, "timestamp": stamp_ns, "timestamp-domain": 0}
            header |= {"depth-units": 0.001} if name == "depth" else {}
            # without the rate the client guesses one frame a second and never pairs depth with colour
            metadata = {"Actual FPS": FPS * 1000}
            self._device.publish_metadata({"stream-name": stream.name(), "header": header, "metadata": metadata})


PRESETS = ["Custom", "Default", "Hand", "High Accuracy", "High Density", "Medium Density"]

# name, value, lowest, highest, step, default, what it is; the preset has choices in place of a range
DEPTH_OPTIONS = (
    ("Visual Preset", "Default", PRESETS, "Default", "preset"),
    ("Exposure", 8500, 1, 200000, 1, 8500, "us"),
    ("Enable Auto Exposure", 1, 0, 1, 1, 1, "automatic exposure"),
    ("Gain", 16, 16, 248, 1, 16, "gain"),
    ("Laser Power", 150, 0, 360, 30, 150, "mW"),
    ("Emitter Enabled", 1, 0, 2, 1, 1, "emitter"),
    ("Depth Units", 0.001, 1e-06, 0.01, 1e-06, 0.001, "m"),
    ("Stereo Baseline", 50.0, 50.0, 50.0, 0, 50.0, "mm"),
)


def pictures(number: int) -> dict[str, np.ndarray]:
    """A bright ball NEAR_MM away before a dark wall FAR_MM away, as the three streams encode it."""
    shift_px = 20 * np.sin(number)
    seen = _disc(shift_px, 120)
    zoom = COLOUR_FOCAL_PX / DEPTH_FOCAL_PX
    colour = _disc(shift_px * zoom + COLOUR_SHIFT_M * 1000 * COLOUR_FOCAL_PX / NEAR_MM, 120 * zoom)
    grey = np.where(colour, 200, 60).astype(np.uint8)
    return {
        "depth": np.where(seen, NEAR_MM, FAR_MM).astype(np.uint16),
        "infrared": np.where(seen, 200, 60).astype(np.uint8),
        "colour": np.dstack((grey, np.full_like(grey, 128))),
    }


def _disc(shift_px: float, radius_px: float) -> np.ndarray:
    rows, columns = np.mgrid[0:HEIGHT, 0:WIDTH]
    return (columns - WIDTH / 2 - shift_px) ** 2 + (rows - HEIGHT / 2) ** 2 < radius_px**2


def main() -> None:
    server = Server(int(sys.argv[1]), sys.argv[2])
    answers = {"options": lambda: json.dumps(server.options())}
    for line in sys.stdin:
        word = line.strip()
        if word in ("up", "down", "freeze", "thaw", "lag"):
            getattr(server, word)()
        print(answers.get(word, lambda: "done")(), flush=True)
    server.down()
    os._exit(0)  # the SDK's own threads do not always end


if __name__ == "__main__":
    main()
