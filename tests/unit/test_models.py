"""What every shipped model file must be."""

import re

import numpy as np
import onnxruntime as ort
import pytest

from depthface_app.core.assets import asset
from depthface_app.inference.card import CARD_KEY, ModelCard

FILES = sorted(asset("models").glob("*.onnx"))


def test_all_networks_are_shipped():
    assert {path.stem for path in FILES} >= {"locator", "aligner", "denoiser", "denoiser_2x", "recogniser"}


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
