"""What every shipped model file must be."""

import re

import numpy as np
import onnxruntime as ort
import pytest

from depthface_app.build import denoisers, open_denoiser, open_recogniser
from depthface_app.core.assets import asset
from depthface_app.core.errors import GalleryError
from depthface_app.gallery.snapshot import Gallery
from depthface_app.inference.card import CARD_KEY, ModelCard
from depthface_app.pipeline.settings import Settings

FILES = sorted(asset("models").glob("*.onnx"))


def test_all_networks_are_shipped():
    assert {path.stem for path in FILES} >= {
        "locator",
        "aligner",
        "denoiser",
        "denoiser_2x",
        "denoiser_4x",
        "denoiser_dmdnet",
        "denoiser_reference",
        "recogniser",
        "recogniser_int8",
    }


def test_the_plain_network_and_the_reference_can_be_chosen_and_have_no_finer_picture():
    for label, name in (("dmdnet", "dmdnet"), ("reference", "dmdnet-reference")):
        stem = f"denoiser_{label}"
        assert (label, stem) in denoisers()
        denoiser = open_denoiser(Settings(denoiser=stem))
        assert denoiser.card.name == name
        assert not denoiser.has_fine


def test_the_default_recogniser_is_int8_and_never_mixed_with_float():
    by_default, chosen = open_recogniser(Settings()).card, open_recogniser(Settings(recogniser="recogniser")).card
    assert "int8" in by_default.version
    assert "int8" not in chosen.version
    assert by_default.threshold == pytest.approx(chosen.threshold, abs=0.02)
    parity = by_default.figures["beside_float_on_simulated_validation_people"]
    assert parity["cosine_mean"] > 0.998
    assert max(parity[rate]["low"] for rate in ("rank1_lost", "fnir_lost")) < 0.003  # not surely worse
    gallery = Gallery.of(chosen.identity, [("Ada", np.eye(1, 8, dtype=np.float32))])
    with pytest.raises(GalleryError, match="cannot be compared"):
        gallery.match(np.eye(1, 8, dtype=np.float32)[0], by_default.identity, 0.5)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_card_says_what_the_file_is(path):
    session = ort.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    card = ModelCard.from_json(session.get_modelmeta().custom_metadata_map[CARD_KEY], path.name)
    assert card.figures
    assert card.data
    assert re.fullmatch(r"[0-9a-f]{40}", card.training_commit)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_no_file_tells_where_it_was_made(path):
    content = path.read_bytes()
    for trace in (b"stack_trace", b"site-packages", b'File "'):
        assert trace not in content


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_outputs_are_finite(path):
    session = ort.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    inputs = {
        one.name: np.zeros([size if isinstance(size, int) else 64 for size in one.shape], np.float32)
        for one in session.get_inputs()
    }
    assert all(np.isfinite(output).all() for output in session.run(None, inputs))
