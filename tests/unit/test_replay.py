"""Replaying a recording: the same again, or why not. Networks are fakes, so that they can change on request."""

import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from depthface_app.cameras.base import CameraInfo
from depthface_app.cameras.session import SessionReader, SessionWriter
from depthface_app.cameras.session.results import stored
from depthface_app.cli.replay import as_recorded
from depthface_app.core.errors import InputError
from depthface_app.gallery.snapshot import Gallery
from depthface_app.pipeline.engine import Engine
from depthface_app.pipeline.processing import FRESH, RUNNING, Processing, describe, pseudonym_key, pseudonyms
from depthface_app.pipeline.replay import ReplayReport, replay
from depthface_app.pipeline.settings import Settings
from depthface_app.pipeline.stages import Options, recognise
from depthface_app.pipeline.tracker import Tracks
from tests.fake_models import axis_vector, fake_models
from tests.fakes import FakeCamera, fake_frame

KEY = bytes(32)
SIZE = (120, 160)
PATIENCE_S = 30.0


def gallery_of(*names: str) -> Gallery:
    card = fake_models().recogniser.card
    return Gallery.of(card.identity, [(name, axis_vector(axis)[None]) for axis, name in enumerate(names)])


def processing(tmp_path: Path, gallery: Gallery, weights: bytes = b"weights", **facts: str) -> Processing:
    file = tmp_path / "model.onnx"
    file.write_bytes(weights)
    made = describe(fake_models(), {"denoiser": file}, gallery, Options(), 1, KEY)
    return replace(made, facts={**made.facts, **facts})


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Six frames, results on the even ones, followed from the first on."""
    gallery, tracks, models = gallery_of("Ada"), Tracks(), fake_models()
    here = processing(tmp_path, gallery, tracks=FRESH)
    writer = SessionWriter(tmp_path / "a.mcap", CameraInfo("fake:", "Fake"), here.facts)
    for number in range(6):
        frame = fake_frame(number, SIZE).at(100 + number / 30)
        writer.add(frame)
        if number % 2 == 0:
            result, tracks = recognise(frame, models, gallery, tracks)
            writer.add_result(stored(result, number, here.pseudonym))
    writer.finish()
    return writer.path


def replayed(file: Path, tmp_path: Path, gallery: Gallery | None = None, models=None, **facts: str) -> ReplayReport:
    gallery = gallery or gallery_of("Ada")
    with SessionReader(file) as reader:
        here = processing(tmp_path, gallery, **facts)
        return replay(reader, models or fake_models(), gallery, Options(), here)


def test_three_replays_are_the_same_and_as_recorded(file, tmp_path):
    reports = [replayed(file, tmp_path) for _ in range(3)]
    assert len({report.sha256 for report in reports}) == 1
    assert (reports[0].frames, reports[0].faces) == (3, 3)
    assert (reports[0].compared, reports[0].equal) == (3, 3)
    assert (reports[0].identities, reports[0].agreeing) == (3, 3)
    assert reports[0].why_not == ()
    assert not reports[0].is_failed


def test_a_network_that_changed_in_secret_is_found(file, tmp_path):
    models = fake_models()
    denoise = models.denoiser.denoise

    def otherwise(crop, fine=False):
        face = denoise(crop, fine)
        return replace(face, depth_mm=face.depth_mm + np.float32(0.25))

    models.denoiser.denoise = otherwise
    report = replayed(file, tmp_path, models=models)
    assert (report.compared, report.equal, report.first_difference) == (3, 0, 0)
    assert report.apart_mm == pytest.approx(0.25, abs=1e-3)
    assert report.is_failed
    assert report.sha256 != replayed(file, tmp_path).sha256


def test_another_model_is_not_compared_and_named(file, tmp_path):
    with SessionReader(file) as reader:
        here = processing(tmp_path, gallery_of("Ada"), b"other weights")
        report = replay(reader, fake_models(), gallery_of("Ada"), Options(), here)
    assert (report.compared, report.is_failed) == (0, False)
    (reason,) = report.why_not
    assert "model.denoiser.sha256 was" in reason


def test_another_processor_may_differ_in_the_last_bits(file, tmp_path):
    report = replayed(file, tmp_path, **{"runtime.processor": "another"})
    assert report.equal == 3
    assert not report.is_promised
    assert "The last bits may differ: runtime.processor was" in report.why_not[0]


def test_with_other_people_enrolled_all_but_identities_is_compared(file, tmp_path):
    report = replayed(file, tmp_path, gallery_of("Bob", "Ada"))
    assert (report.compared, report.equal, report.identities) == (3, 3, 0)
    assert "other people are enrolled" in report.why_not[0]


def test_a_recording_that_began_in_the_middle_is_compared_without_what_came_before(file, tmp_path):
    with SessionReader(file) as reader:
        reader.processing = {**reader.processing, "tracks": RUNNING}
        report = replay(reader, fake_models(), gallery_of("Ada"), Options(), processing(tmp_path, gallery_of("Ada")))
    assert (report.compared, report.equal, report.agreeing) == (3, 3, 3)
    assert "followed since before" in report.why_not[0]


def test_a_recording_without_results_is_replayed_in_full(tmp_path):
    writer = SessionWriter(tmp_path / "b.mcap", CameraInfo("fake:", "Fake"))
    for number in range(4):
        writer.add(fake_frame(number, SIZE).at(1 + number / 30))
    writer.finish()
    report = replayed(writer.path, tmp_path)
    assert (report.frames, report.compared) == (4, 0)
    assert report.why_not == ("The recording holds no results to compare with.",)


def test_threads_are_those_of_the_recording_unless_somebody_chose():
    assert as_recorded(Settings(), {"threads": "2"}).threads == 2
    assert as_recorded(Settings(), {}).threads == 1
    assert as_recorded(Settings(threads=3), {"threads": "2"}).threads == 3
    assert as_recorded(Settings(), {"threads": "9" * 30}).threads == 1


def test_the_key_of_the_pseudonyms_is_made_once_and_private(tmp_path):
    path = tmp_path / "data" / "pseudonyms.key"
    key = pseudonym_key(path)
    assert pseudonym_key(path) == key
    assert pseudonyms(key)("Ada") == pseudonyms(pseudonym_key(path))("ada")
    assert path.stat().st_mode & 0o077 == 0
    path.write_bytes(b"short")
    with pytest.raises(InputError, match="is damaged"):
        pseudonym_key(path)


def test_the_engine_records_what_it_makes_beside_the_frames(tmp_path):
    gallery, made = gallery_of("Ada"), processing(tmp_path, gallery_of("Ada"))
    engine = Engine(lambda: FakeCamera(fps=60), fake_models(), gallery, describe=lambda *_: made)
    engine.start()
    try:
        assert engine.results.take(PATIENCE_S) is not None
        engine.record(tmp_path / "a.mcap", processed=True)
        deadline_s = time.monotonic() + PATIENCE_S
        while engine.recording.results < 3 and time.monotonic() < deadline_s:
            engine.results.take(0.2)
        assert engine.mark("now", time.monotonic())
        progress = engine.stop_recording()
    finally:
        engine.stop()
    assert progress.results >= 3
    report = replayed(tmp_path / "a.mcap", tmp_path)
    assert (report.compared, report.equal) == (progress.results, progress.results)
    assert "followed since before" in report.why_not[0]
    with SessionReader(tmp_path / "a.mcap") as reader:
        assert [mark.text for mark in reader.marks()] == ["now"]
