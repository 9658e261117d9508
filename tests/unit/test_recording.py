"""Session files: nothing lost, whatever is cut, full or in the way."""

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from mcap.reader import make_reader

from depthface_app.cameras.base import CameraInfo, CameraState, StreamRequest
from depthface_app.cameras.recorder import FRAMES_WAITING_AT_MOST, Recorder
from depthface_app.cameras.recording import RecordingCamera
from depthface_app.cameras.session import SessionReader, SessionWriter
from depthface_app.cameras.session.codec import Packer, unpack
from depthface_app.core.errors import CameraError, EndOfStream
from depthface_app.core.frame import Frame
from tests.fakes import fake_frame

INFO = CameraInfo("fake:FAKE1", "Fake camera", "FAKE1", "for tests", {"exposure": "8500", "sdk": "1.2.3"})
SIZE = (24, 32)


def write_session(path: Path, count: int = 5, make_frame=lambda number: fake_frame(number, SIZE)) -> list[Frame]:
    frames = [make_frame(number).at(100 + number / 30) for number in range(count)]
    writer = SessionWriter(path, INFO)
    for frame in frames:
        writer.add(frame)
    writer.finish()
    return frames


def assert_same(got: Frame, wanted: Frame) -> None:
    for name in ("depth_mm", "colour", "infrared"):
        one, other = getattr(got, name), getattr(wanted, name)
        assert (one is None) == (other is None), name
        if one is not None:
            assert one.dtype == other.dtype
            assert one.tobytes() == other.tobytes(), name
    for name in ("intrinsics", "number", "device_timestamp_ms", "timestamp_domain", "depth_scale_mm", "serial"):
        assert getattr(got, name) == getattr(wanted, name), name


def playing(path: Path, **options: bool) -> RecordingCamera:
    camera = RecordingCamera(path, **{"realtime": False, **options})
    camera.open()
    camera.start(StreamRequest())
    return camera


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
@pytest.mark.parametrize("shape", [(1, 1), (7, 5), (48, 64), (6, 9, 3)])
def test_any_picture_unpacks_to_the_same_bits(dtype: str, shape: tuple[int, ...]) -> None:
    rng = np.random.default_rng(3)
    picture = rng.integers(0, 256, (*shape, np.dtype(dtype).itemsize), np.uint8).view(dtype)[..., 0]
    back = unpack(Packer().pack(picture), shape, np.dtype(dtype))
    assert back.shape == shape
    assert back.dtype == picture.dtype
    assert back.tobytes() == np.ascontiguousarray(picture).tobytes()


def test_depth_with_noise_shrinks_to_under_half() -> None:
    depth = fake_frame(size=(240, 320)).depth_mm + np.random.default_rng(1).integers(0, 8, (240, 320), np.uint16)
    assert len(Packer().pack(depth)) < depth.nbytes / 2


def test_what_was_recorded_comes_back(tmp_path: Path) -> None:
    frames = write_session(tmp_path / "a.mcap")
    reader = SessionReader(tmp_path / "a.mcap")
    assert len(reader) == 5
    assert reader.is_complete
    for index in (4, 0, 2):
        back = reader.read(index)
        assert_same(back, frames[index])
        assert back.captured_s == frames[index].captured_s
        assert not back.is_live
    assert reader.notes["setting.exposure"] == "8500"
    assert reader.notes["serial"] == "FAKE1"
    assert float(reader.notes["clock_offset_s"]) > 1e9
    reader.close()


def test_float_depth_without_extras_keeps_every_nan(tmp_path: Path) -> None:
    def bare(number: int) -> Frame:
        depth = np.random.default_rng(number).normal(800, 3, SIZE).astype(np.float32)
        depth[3, 4] = np.nan
        return replace(fake_frame(number, SIZE), depth_mm=depth, colour=None, infrared=None)

    frames = write_session(tmp_path / "a.mcap", 2, bare)
    reader = SessionReader(tmp_path / "a.mcap")
    assert_same(reader.read(1), frames[1])
    reader.close()


def test_other_mcap_programs_can_read_the_headers(tmp_path: Path) -> None:
    write_session(tmp_path / "a.mcap")
    with (tmp_path / "a.mcap").open("rb") as file:
        messages = [
            (channel.topic, message.publish_time)
            for _, channel, message in make_reader(file, validate_crcs=True).iter_messages()
        ]
    assert sorted({topic for topic, _ in messages}) == ["/colour", "/depth", "/frame", "/infrared"]
    assert [time for topic, time in messages if topic == "/frame"][1] == 1_000_033_333_333


def test_a_file_cut_anywhere_opens_up_to_its_last_whole_frame(tmp_path: Path) -> None:
    frames = write_session(tmp_path / "whole.mcap", 4)
    whole = (tmp_path / "whole.mcap").read_bytes()
    starts = SessionReader(tmp_path / "whole.mcap")
    ends = [_chunk_end(whole, offset) for offset in starts.entries["offset"].tolist()]
    starts.close()
    cut = tmp_path / "cut.mcap"
    lengths = {*range(0, len(whole), 37), *(end + step for end in ends for step in (-1, 0, 1))}
    for length in sorted(lengths):
        cut.write_bytes(whole[:length])
        kept = sum(end <= length for end in ends)
        if not kept:
            with pytest.raises(CameraError, match="cut off|not a DepthFace recording"):
                SessionReader(cut)
            continue
        reader = SessionReader(cut)
        assert len(reader) == kept, length
        assert not reader.is_complete
        assert_same(reader.read(kept - 1), frames[kept - 1])
        assert reader.notes["serial"] == "FAKE1"
        reader.close()
    assert kept == 4


def _chunk_end(data: bytes, offset: int) -> int:
    return offset + 9 + int.from_bytes(data[offset + 1 : offset + 9], "little")


def test_zeros_that_a_power_cut_left_at_the_end_are_not_taken_for_frames(tmp_path: Path) -> None:
    write_session(tmp_path / "a.mcap", 3)
    data = (tmp_path / "a.mcap").read_bytes()
    reader = SessionReader(tmp_path / "a.mcap")
    last = int(reader.entries["offset"][-1])
    reader.close()
    for zeros_from in (last + 60, last):
        (tmp_path / "b.mcap").write_bytes(data[:zeros_from] + bytes(len(data) - zeros_from))
        reader = SessionReader(tmp_path / "b.mcap")
        assert len(reader) == 2
        reader.close()


def test_a_flipped_bit_is_reported_and_playing_goes_on_behind_it(tmp_path: Path) -> None:
    write_session(tmp_path / "a.mcap", 3)
    data = bytearray((tmp_path / "a.mcap").read_bytes())
    reader = SessionReader(tmp_path / "a.mcap")
    data[int(reader.entries["offset"][1]) + 200] ^= 1
    reader.close()
    (tmp_path / "a.mcap").write_bytes(data)
    camera = playing(tmp_path / "a.mcap")
    assert camera.read(1).number == 0
    with pytest.raises(CameraError, match=r"Frame 1 of the recording .* is damaged"):
        camera.read(1)
    assert camera.read(1).number == 2
    camera.close()


@pytest.mark.parametrize("junk", [b"", b"\x89MCAP0\r\n", b"\x89MCAP0\r\n" + b"\xff" * 90, b"PNG" * 99])
def test_junk_is_refused_in_one_sentence(tmp_path: Path, junk: bytes) -> None:
    (tmp_path / "junk").write_bytes(junk)
    with pytest.raises(CameraError, match="is not a DepthFace recording"):
        SessionReader(tmp_path / "junk")


def test_missing_file_and_folder(tmp_path: Path) -> None:
    with pytest.raises(CameraError, match="Cannot open the recording .*: no such file"):
        RecordingCamera(tmp_path / "nowhere.mcap").open()
    with pytest.raises(CameraError, match=r"Cannot create the recording .*: no such file"):
        Recorder(tmp_path / "nowhere" / "a.mcap", INFO)


def test_an_existing_file_is_never_overwritten(tmp_path: Path) -> None:
    (tmp_path / "a.mcap").write_text("precious")
    with pytest.raises(CameraError, match="exists already and is not overwritten"):
        Recorder(tmp_path / "a.mcap", INFO)
    assert (tmp_path / "a.mcap").read_text() == "precious"


needs_file_limits = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limit on the size of a file")


@contextmanager
def files_at_most(size: int) -> Iterator[None]:
    """Let writes beyond `size` bytes fail, as on a full disk: a part is taken first, then comes the error."""
    import resource

    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@needs_file_limits
@pytest.mark.parametrize("room", [4_000, 9_000, 9_100, 12_345])
def test_a_full_disk_gives_one_error_and_keeps_the_frames_before(tmp_path: Path, room: int) -> None:
    def noisy(number: int) -> Frame:
        picture = np.random.default_rng(number).integers(0, 4000, SIZE, np.uint16)
        return replace(fake_frame(number, SIZE), depth_mm=picture)

    path = tmp_path / "a.mcap"
    recorder = Recorder(path, INFO)
    with files_at_most(room):
        for number in range(20):
            recorder.put(noisy(number))
        with pytest.raises(CameraError, match=r"Recording to .* stopped after \d+ frames: .* is kept"):
            recorder.close()
    progress = recorder.progress
    assert 0 < progress.frames < 20
    assert progress.frames + progress.dropped == 20
    reader = SessionReader(path)
    assert len(reader) == progress.frames
    assert_same(reader.read(progress.frames - 1), noisy(progress.frames - 1))
    assert path.stat().st_size == progress.size_bytes
    reader.close()


@needs_file_limits
def test_no_room_for_even_the_first_line_leaves_no_file(tmp_path: Path) -> None:
    with files_at_most(20), pytest.raises(CameraError, match="stopped after 0 frames"):
        Recorder(tmp_path / "a.mcap", INFO)
    assert not (tmp_path / "a.mcap").exists()


def test_recorder_counts_what_a_slow_disk_makes_it_drop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    go_on = threading.Event()
    write = SessionWriter.add

    def slow(writer: SessionWriter, frame: Frame) -> None:
        assert go_on.wait(20)
        write(writer, frame)

    monkeypatch.setattr(SessionWriter, "add", slow)
    recorder = Recorder(tmp_path / "a.mcap", INFO)
    count = FRAMES_WAITING_AT_MOST + 10
    taken = [recorder.put(fake_frame(number, SIZE)) for number in range(count)]
    go_on.set()
    progress = recorder.close()
    assert progress.frames == sum(taken)
    assert progress.dropped == count - sum(taken)
    assert 9 <= progress.dropped <= 10
    assert progress.problem == ""


def test_a_frame_that_cannot_be_packed_ends_the_recording_with_a_reason(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "a.mcap", INFO)
    recorder.put(fake_frame(0, SIZE))
    recorder.put(fake_frame(1, SIZE).at("yesterday"))
    with pytest.raises(CameraError, match="failed: .*yesterday"):
        recorder.close()
    reader = SessionReader(tmp_path / "a.mcap")
    assert len(reader) == 1
    reader.close()


def test_recorder_closes_once_and_takes_nothing_afterwards(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "a.mcap", INFO)
    for number in range(4):
        assert recorder.put(fake_frame(number, SIZE).at(50 + number / 10))
    progress = recorder.close()
    assert recorder.close() == progress
    assert progress.frames == 4
    assert progress.duration_s == pytest.approx(0.3)
    assert progress.size_bytes == (tmp_path / "a.mcap").stat().st_size
    assert not recorder.put(fake_frame(5, SIZE))


def test_seek_and_end(tmp_path: Path) -> None:
    write_session(tmp_path / "a.mcap", 4)
    camera = playing(tmp_path / "a.mcap")
    assert len(camera) == 4
    camera.seek(2)
    assert [camera.read(1).number, camera.read(1).number] == [2, 3]
    with pytest.raises(EndOfStream):
        camera.read(1)
    camera.seek(0)
    assert camera.read(1).number == 0
    with pytest.raises(CameraError, match="frames 0 to 3; there is no frame 4"):
        camera.seek(4)
    camera.close()


def test_loop_lets_device_time_jump_back_and_host_time_go_on(tmp_path: Path) -> None:
    write_session(tmp_path / "a.mcap", 3)
    camera = playing(tmp_path / "a.mcap", loop=True)
    frames = [camera.read(1) for _ in range(8)]
    assert [frame.number for frame in frames] == [0, 1, 2, 0, 1, 2, 0, 1]
    assert frames[3].device_timestamp_ms < frames[2].device_timestamp_ms
    assert all(np.diff([frame.captured_s for frame in frames]) > 0)
    camera.close()


def test_plays_at_the_recorded_pace(tmp_path: Path) -> None:
    write_session(tmp_path / "a.mcap", 5)
    camera = playing(tmp_path / "a.mcap", realtime=True)
    frames = [camera.read(5) for _ in range(5)]
    assert frames[-1].captured_s - frames[0].captured_s >= 4 / 30 - 1e-3
    camera.close()


def test_a_frame_that_is_not_due_yet_is_a_stall(tmp_path: Path) -> None:
    writer = SessionWriter(tmp_path / "a.mcap", INFO)
    for number, moment in enumerate((0.0, 60.0)):
        writer.add(fake_frame(number, SIZE).at(moment))
    writer.finish()
    camera = playing(tmp_path / "a.mcap", realtime=True)
    assert camera.read(1) is not None
    assert camera.read(0.01) is None
    assert camera.state is CameraState.STALLED
    closer = threading.Timer(0.05, camera.close)
    closer.start()
    assert camera.read(30) is None
    closer.join()
    assert camera.state is CameraState.CLOSED


def test_only_what_is_asked_for(tmp_path: Path) -> None:
    write_session(tmp_path / "a.mcap")
    camera = RecordingCamera(tmp_path / "a.mcap", realtime=False)
    camera.open()
    camera.start(StreamRequest(width=32, height=24, colour=False, infrared=False))
    frame = camera.read(1)
    assert frame.colour is None
    assert frame.infrared is None
    with pytest.raises(CameraError, match="recorded at 32x24"):
        camera.start(StreamRequest(width=640, height=480))
    camera.close()


def test_a_recording_begins_at_a_frame_and_stands_still_if_it_is_paused(tmp_path: Path) -> None:
    write_session(tmp_path / "a.mcap")
    camera = RecordingCamera(tmp_path / "a.mcap", realtime=False, frame=3, paused=True)
    camera.open()
    camera.start(StreamRequest())
    assert camera.read(1).number == 3
    assert camera.read(0) is None
    assert camera.state is CameraState.PAUSED
    camera.playback.play()
    assert camera.read(1).number == 4
    camera.close()


def test_a_recording_that_shall_begin_at_no_frame_of_it_is_refused_and_closed(tmp_path: Path) -> None:
    write_session(tmp_path / "a.mcap")
    camera = RecordingCamera(tmp_path / "a.mcap", frame=5)
    with pytest.raises(CameraError, match="has frames 0 to 4; there is no frame 5"):
        camera.open()
    assert camera.state is CameraState.CLOSED
