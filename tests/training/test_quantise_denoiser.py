"""The denoiser in part in whole numbers: which part, what it loses, and that a worse file is not written."""

import numpy as np
import onnx
import pytest
import torch

from training import quantise_denoiser as q
from training.checkpoint import Checkpoint
from training.export import export_denoiser
from training.models.registry import denoiser
from training.quantise import stored_card
from training.tasks import validation_pairs

SKIPS = {
    "head": "gated", "encoder": "skips", "multi_scale": False, "channels": 8, "blocks": 1, "hidden": [8], "encoding": 4,
}  # fmt: skip
PLAIN = {"head": "gated", "channels": 8, "blocks": 1, "hidden": [8], "encoding": 4}


def exported(values, folder):
    """An untrained denoiser as a file."""
    torch.manual_seed(0)
    model = denoiser(values)
    experiment = {"task": "denoise", "model": values, "loop": {}}
    Checkpoint(experiment, model.state_dict(), model.state_dict(), {}, 1, 1.0, "abc", {}).save(folder / "last.pt")
    export_denoiser(folder / "last.pt", folder / "float.onnx", {"note": 1})
    return folder / "float.onnx"


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    return exported(SKIPS, tmp_path_factory.mktemp("models"))


@pytest.fixture(scope="module")
def pairs(faces):
    return validation_pairs(faces, 1)["kinect2"]


@pytest.fixture(scope="module")
def int8(source, faces, pairs):
    q.make(source, source.with_name("int8.onnx"), faces, 2, pairs)
    return source.with_name("int8.onnx")


def bytes_in(path):
    """Shapes of the convolutions' weights that are bytes."""
    weights = [onnx.numpy_helper.to_array(t) for t in onnx.load(path).graph.initializer if t.data_type == 3]
    return sorted(w.shape for w in weights if w.ndim == 4)


def test_only_what_works_at_a_quarter_of_the_resolution_is_bytes(int8):
    assert bytes_in(int8) == [(32, 16, 3, 3), (32, 32, 3, 3), (32, 32, 3, 3)]


def test_the_card_goes_along_with_what_was_lost_and_another_version(int8, source, pairs):
    before, after = stored_card(source, "denoiser"), stored_card(int8, "denoiser")
    assert (after["name"], after["precision"]) == (before["name"], "int8 inside")
    assert after["version"] != before["version"]
    assert after["figures"]["note"] == 1
    found = after["figures"]["beside_float_on_simulated_validation_people"]
    assert found["crops"] == len(pairs)
    rmse, angle = q.errors(int8, pairs)
    assert (found["rmse_mm_int8"], found["angle_deg_int8"]) == pytest.approx((rmse, angle))


def test_a_file_that_denoises_worse_is_not_written(source, faces, pairs, tmp_path, monkeypatch):
    monkeypatch.setattr(q, "LARGEST_LOSS", -0.5)
    with pytest.raises(RuntimeError, match="more error of RMSE; not written"):
        q.make(source, tmp_path / "bad.onnx", faces, 1, pairs)
    assert not (tmp_path / "bad.onnx").exists()


def test_an_error_that_is_no_number_is_refused():
    with pytest.raises(RuntimeError, match="normal angle"):
        q.Parity(1, 2.0, 2.0, 9.0, np.nan).check()


def test_a_network_without_that_encoder_is_told(tmp_path, faces, pairs):
    with pytest.raises(ValueError, match="DDRNet's encoder"):
        q.make(exported(PLAIN, tmp_path), tmp_path / "bad.onnx", faces, 1, pairs)
