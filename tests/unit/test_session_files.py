"""What stands in a session beside frames: results, marks, an index, a digest; and what damage does to it."""

import json
import os
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from mcap.reader import make_reader
from mcap.writer import CompressionType, Writer

from depthface_app.cameras.base import CameraInfo, CameraState, StreamRequest
from depthface_app.cameras.recorder import Recorder
from depthface_app.cameras.recording import RecordingCamera
from depthface_app.cameras.session import Mark, SessionReader, SessionWriter, append_mark, verify
from depthface_app.cameras.session.codec import Packer
from depthface_app.cameras.session.ending import ending, read_ending
from depthface_app.cameras.session.layout import from_messages, to_messages
from depthface_app.cameras.session.results import fingerprint, stored
from depthface_app.core.errors import CameraError, EndOfStream
from depthface_app.core.face import Result
from depthface_app.gallery.snapshot import Gallery
from depthface_app.pipeline.processing import pseudonyms
from depthface_app.pipeline.stages import recognise
from tests.fake_models import axis_vector, fake_models
from tests.fakes import fake_frame

INFO = CameraInfo("fake:", "Fake camera", "FAKE1")
SIZE = (120, 160)
KEY = pseudonyms(bytes(32))
FACTS = {"model.locator": "fake-locator 1"}


def result_of(number: int) -> Result:
    models = fake_models()
    gallery = Gallery.of(models.recogniser.card.identity, [("Ada Lovelace", axis_vector(0)[None])])
    return recognise(fake_frame(number, SIZE).at(100 + number / 30), models, gallery)[0]


def write(path: Path, count: int = 4, results: tuple[int, ...] = (), marks: tuple[Mark, ...] = ()) -> Path:
    writer = SessionWriter(path, INFO, FACTS if results else None)
    for number in range(count):
        writer.add(fake_frame(number, SIZE).at(100 + number / 30))
        if number in results:
            writer.add_result(stored(result_of(number), number, KEY))
    for mark in marks:
        writer.add_mark(mark)
    writer.finish()
    return path


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("session") / "a.mcap"
    return write(path, 4, (1, 3), (Mark("in the middle", 2), Mark("all of it"))).read_bytes()


@pytest.fixture
def file(tmp_path: Path, whole: bytes) -> Path:
    path = tmp_path / "a.mcap"
    path.write_bytes(whole)
    return path


# ---- results


def test_a_result_comes_back_bit_by_bit(file: Path) -> None:
    before = stored(result_of(3), 3, KEY)
    with SessionReader(file) as reader:
        assert reader.with_results == (1, 3)
        assert reader.result(0) is None
        back = reader.result(3)
        assert reader.processing == FACTS
    assert [fingerprint(face) for face in back.faces] == [fingerprint(face) for face in before.faces]
    assert back.faces[0].depth_mm.tobytes() == before.faces[0].depth_mm.tobytes()
    assert back.stages_ms.keys() == before.stages_ms.keys()
    assert back.faces[0].similarity == pytest.approx(1)


def test_no_name_and_no_embedding_stands_in_a_file(whole: bytes, tmp_path: Path) -> None:
    (face,) = result_of(1).faces
    assert face.match.name == "Ada Lovelace"
    assert b"Ada" not in whole
    assert b"Lovelace" not in whole
    assert face.embedding.tobytes() not in whole
    assert KEY("Ada Lovelace").encode() in whole


def test_pseudonyms_are_one_per_person_and_differ_between_installations() -> None:
    assert KEY("Ada") == KEY("ada")
    assert KEY("Ada") != KEY("Bob")
    assert pseudonyms(bytes(31) + b"x")("Ada") != KEY("Ada")


def test_the_recorder_keeps_results_of_its_own_frames_only(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "a.mcap", INFO, FACTS, KEY)
    results = [result_of(number) for number in range(4)]
    for number in (1, 2):
        recorder.put(results[number].frame)
    for result in (results[0], results[2], results[1], results[3]):
        recorder.put_result(result)
    recorder.mark("here", results[1].frame.captured_s + 0.01)
    progress = recorder.close()
    assert (progress.frames, progress.results) == (2, 2)
    with SessionReader(tmp_path / "a.mcap") as reader:
        numbers = [reader.read(index).number for index in reader.with_results]
        assert numbers == [1, 2]
        assert reader.result(0).faces[0].location.nose_mm == results[1].faces[0].location.nose_mm
        assert [(mark.text, mark.frame) for mark in reader.marks()] == [("here", 0)]


# ---- marks


def test_marks_made_later_change_nothing_else(file: Path, whole: bytes) -> None:
    append_mark(file, Mark("later", 1))
    append_mark(file, Mark("last"))
    with file.open("rb") as opened:
        start = read_ending(opened).start
    with SessionReader(file) as reader:
        assert [(mark.text, mark.frame) for mark in reader.marks()] == [
            ("all of it", None), ("last", None), ("later", 1), ("in the middle", 2),
        ]  # fmt: skip
        first_mark = int(reader.entries["offset"][-2])
    assert file.read_bytes()[:first_mark] == whole[:first_mark]
    assert start > first_mark
    assert verify(file).is_sound
    with file.open("rb") as opened:
        topics = [channel.topic for _, channel, _ in make_reader(opened, validate_crcs=True).iter_messages()]
    assert topics.count("/mark") == 4


def test_a_mark_finishes_a_file_that_was_cut_off(file: Path, whole: bytes) -> None:
    file.write_bytes(whole[: len(whole) // 2])
    with SessionReader(file) as reader:
        assert not reader.is_complete
        count = len(reader)
    append_mark(file, Mark("saved", 0))
    with SessionReader(file) as reader:
        assert reader.is_complete
        assert len(reader) == count
        assert reader.marks()[-1].text == "saved"
    assert verify(file).stated_digest == ""


def test_a_mark_that_finds_no_room_leaves_the_file_as_it_was(
    file: Path, whole: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_to, calls = os.write, []

    def full(descriptor: int, data: bytes) -> int:
        calls.append(len(data))
        if len(calls) == 1:
            return write_to(descriptor, data[:40])
        if len(calls) == 2:
            raise OSError(28, "No space left on device")
        return write_to(descriptor, data)

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(CameraError, match="no space left on device; the recording is as it was"):
        append_mark(file, Mark("no room", 1))
    assert file.read_bytes() == whole


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no locks that bind nobody else")
def test_a_recording_that_runs_is_not_marked_from_elsewhere(tmp_path: Path) -> None:
    writer = SessionWriter(tmp_path / "a.mcap", INFO)
    writer.add(fake_frame(0, SIZE).at(1))
    with pytest.raises(CameraError, match="is being written at this moment"):
        append_mark(tmp_path / "a.mcap", Mark("too early", 0))
    writer.add(fake_frame(1, SIZE).at(2))
    writer.finish()
    assert verify(tmp_path / "a.mcap").is_sound
    append_mark(tmp_path / "a.mcap", Mark("now", 0))


def test_a_mark_where_there_is_no_frame_is_refused(file: Path, whole: bytes) -> None:
    with pytest.raises(CameraError, match="frames 0 to 3; there is no frame 4"):
        append_mark(file, Mark("beyond", 4))
    assert file.read_bytes() == whole


# ---- index and digest


def test_the_index_gives_the_same_as_walking_through(file: Path) -> None:
    with SessionReader(file) as reader:
        assert reader.is_complete
        entries, times_s = reader.entries, reader.times_s
    os.truncate(file, int(entries["offset"][-1] + entries["length"][-1]))
    with SessionReader(file) as reader:
        assert not reader.is_complete
        assert reader.entries.tolist() == entries.tolist()
        np.testing.assert_array_equal(reader.times_s, times_s)
    np.testing.assert_allclose(times_s, np.arange(4) / 30, atol=1e-6)


def test_verify_names_what_is_damaged_and_changes_are_seen_in_the_digest(file: Path, whole: bytes) -> None:
    sound = verify(file)
    assert sound.is_sound
    assert sound.digest == sound.stated_digest
    assert (sound.frames, sound.results, sound.marks) == (4, 2, 2)
    with SessionReader(file) as reader:
        places = {int(entry["channel"]): [] for entry in reader.entries}
        for entry in reader.entries:
            places[int(entry["channel"])].append(int(entry["offset"]))
    damaged = bytearray(whole)
    for place in (places[1][2], places[5][0], places[8][1]):
        damaged[place + 70] ^= 4
    file.write_bytes(damaged)
    verdict = verify(file)
    assert not verdict.is_sound
    assert (verdict.damaged_frames, verdict.damaged_results, verdict.damaged_marks) == ((2,), (1,), 1)
    note = bytearray(whole)
    note[whole.index(b"Fake camera")] ^= 1
    file.write_bytes(note)
    assert not verify(file).is_sound
    assert verify(file).damaged_frames == ()


def test_a_damaged_index_is_built_again(file: Path, whole: bytes) -> None:
    damaged = bytearray(whole)
    damaged[whole.index(b"depthface.index") + 60] ^= 1
    file.write_bytes(damaged)
    with SessionReader(file) as reader:
        assert len(reader) == 4
        assert reader.result(3) is not None


def test_an_index_that_points_anywhere_is_an_error_per_frame_and_asks_for_no_memory(file: Path) -> None:
    with SessionReader(file) as reader:
        entries = reader.entries.copy()
        start = int(entries["offset"][-1] + entries["length"][-1])
    entries["offset"][0] = 1 << 60
    with file.open("r+b") as opened:
        opened.truncate(start)
        opened.seek(start)
        opened.write(ending(entries, {"frames": "4"}, start))
    with SessionReader(file) as reader, pytest.raises(CameraError, match="Frame 0 .* beyond the end"):
        reader.read(0)


def test_files_of_the_first_format_open_still(tmp_path: Path) -> None:
    path = tmp_path / "old.mcap"
    packer = Packer()
    with path.open("wb") as opened:
        writer = Writer(opened, chunk_size=1 << 30, compression=CompressionType.NONE)
        writer.start("depthface", "depthface 0.0.9")
        writer.add_metadata("session", {"format": "1", "name": "Old camera"})
        schema = writer.register_schema("depthface.Frame", "jsonschema", b'{"type": "object"}')
        channels = {"/frame": writer.register_channel("/frame", "json", schema)}
        channels |= {
            name: writer.register_channel(name, "depthface.zstd", 0) for name in ("/depth", "/colour", "/infrared")
        }
        for number in range(3):
            for topic, data in to_messages(fake_frame(number, SIZE).at(7 + number), packer):
                writer.add_message(channels[topic], (7 + number) * 10**9, data, 1, number)
            writer.flush()
        writer.finish()
    with SessionReader(path) as reader:
        assert reader.is_complete
        assert [reader.read(index).number for index in range(3)] == [0, 1, 2]
        np.testing.assert_allclose(reader.times_s, [0, 1, 2])
    assert verify(path).is_sound
    assert verify(path).stated_digest == ""


def test_a_crafted_picture_asks_for_no_memory(tmp_path: Path) -> None:
    frame = fake_frame(0, SIZE)
    path = write(tmp_path / "a.mcap", 1)
    for values in ({"shape": [1 << 33, 1 << 31], "dtype": "float32"}, {"shape": [120, 161], "dtype": "uint16"}):
        header = json.loads(to_messages(frame, Packer())[0][1])
        header["pictures"]["depth"] = values
        with pytest.raises(ValueError, match="is not what a camera"):
            from_messages([("/frame", json.dumps(header).encode()), *to_messages(frame, Packer())[1:]])
    assert verify(path).is_sound


# ---- playing


def playing(path: Path, holds: bool = False, realtime: bool = False) -> RecordingCamera:
    camera = RecordingCamera(path, realtime=realtime)
    camera.holds = holds
    camera.open()
    camera.start(StreamRequest())
    return camera


def test_stepping_and_going_to_a_time(tmp_path: Path) -> None:
    camera = playing(write(tmp_path / "a.mcap", 8), holds=True)
    playback = camera.playback
    playback.pause()
    for steer, number in (
        (lambda: playback.seek(5), 5),
        (lambda: playback.step(-1), 4),
        (lambda: playback.step(2), 6),
        (lambda: playback.step(9), 7),
        (lambda: playback.step(-99), 0),
        (lambda: playback.go_to(0.1), 3),
        (lambda: playback.go_to(99.0), 7),
    ):
        steer()
        assert camera.read(5).number == number
        assert camera.read(0) is None
        assert camera.state is CameraState.PAUSED
    camera.close()


def test_a_recording_that_holds_stands_still_at_its_end_and_plays_again(tmp_path: Path) -> None:
    camera = playing(write(tmp_path / "a.mcap", 3), holds=True)
    assert [camera.read(5).number for _ in range(3)] == [0, 1, 2]
    assert camera.read(0) is None
    assert not camera.playback.place.is_playing
    camera.playback.play()
    assert camera.read(5).number == 0
    camera.close()
    other = playing(tmp_path / "a.mcap")
    for _ in range(3):
        other.read(5)
    with pytest.raises(EndOfStream):
        other.read(5)
    other.close()


def test_speed_stretches_the_gaps_and_high_speed_leaves_frames_out(tmp_path: Path) -> None:
    camera = playing(write(tmp_path / "a.mcap", 12), realtime=True)
    camera.playback.set_speed(0.25)
    frames = [camera.read(5) for _ in range(3)]
    assert frames[2].captured_s - frames[0].captured_s >= 2 * 4 / 30 - 2e-3
    camera.playback.set_speed(8.0)
    camera.playback.seek(0)
    assert [camera.read(5).number for _ in range(4)] == [0, 4, 8, 11]
    camera.close()


def test_a_held_recording_passes_over_a_damaged_frame_and_says_which(file: Path, whole: bytes) -> None:
    with SessionReader(file) as reader:
        offset = int(reader.entries["offset"][0])
    damaged = bytearray(whole)
    damaged[offset + 100] ^= 1
    file.write_bytes(damaged)
    camera = playing(file, holds=True)
    assert camera.read(5).number == 1
    assert camera.playback.damaged == {0}
    camera.close()


def test_the_frame_that_loops_back_is_due_like_any_other(tmp_path: Path) -> None:
    camera = RecordingCamera(write(tmp_path / "a.mcap", 2), loop=True, realtime=False)
    camera.open()
    camera.start(StreamRequest())
    assert [camera.read(1).number for _ in range(5)] == [0, 1, 0, 1, 0]
    camera.playback.set_loop(False)
    assert camera.read(1).number == 1
    with pytest.raises(EndOfStream):
        camera.read(1)
    camera.close()


def test_frames_without_extras_keep_their_place_among_others(tmp_path: Path) -> None:
    writer = SessionWriter(tmp_path / "a.mcap", INFO)
    writer.add(replace(fake_frame(0, SIZE), colour=None, infrared=None).at(1))
    writer.add(fake_frame(1, SIZE).at(2))
    writer.finish()
    with SessionReader(tmp_path / "a.mcap") as reader:
        assert [reader.read(index).colour is None for index in (0, 1)] == [True, False]
