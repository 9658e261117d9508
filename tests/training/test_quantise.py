"""INT8: what it loses is measured, what loses too much is not written, and it is never mixed with float."""

import numpy as np
import onnx
import pytest
import torch

from depthface_app.inference.recogniser import Recogniser
from training import quantise as q
from training.export import DenoiserGraph, RecogniserGraph, export, fingerprint, packed_mean_face
from training.mean_face import mean_face
from training.models.dmdnet import Dmdnet, DmdnetConfig
from training.models.ldnfnet import Ldnfnet
from training.pairs import SIZE_PX

SIDE = (SIZE_PX, SIZE_PX)
CARD = {
    "name": "ldnfnet", "kind": "recogniser", "licence": "Apache-2.0", "threshold": 0.5, "figures": {"rank1": 0.9},
}  # fmt: skip


@pytest.fixture(scope="module")
def files(tmp_path_factory, faces):
    """An untrained recogniser and an untrained denoiser as files."""
    folder = tmp_path_factory.mktemp("models")
    torch.manual_seed(0)
    maps = {"depth": torch.rand(1, 1, *SIDE), "normals": torch.rand(1, 3, *SIDE), "valid": torch.ones(1, 1, *SIDE)}
    metadata = {"depthface.mean_face": packed_mean_face(mean_face(faces))}
    export(RecogniserGraph(Ldnfnet()), maps, ("embedding",), CARD, folder / "recogniser.onnx", metadata)
    network = Dmdnet(DmdnetConfig(channels=8, blocks=1, hidden=(8, 8), encoding=4, head="gated"))
    given = {**maps, "noise": torch.zeros(1, 1, 1, 1)}
    export(DenoiserGraph(network, ((0.0, 0.0),)), given, ("denoised", "surface"), {}, folder / "denoiser.onnx")
    return folder


@pytest.fixture(scope="module")
def photographer(files, faces):
    return q.Photographer(faces, q.ShippedDenoiser(files / "denoiser.onnx"))


@pytest.fixture(scope="module")
def int8(files, photographer):
    q.make(files / "recogniser.onnx", files / "recogniser_int8.onnx", photographer, calibration=3, people=4, each=2)
    return files / "recogniser_int8.onnx"


def card_of(path):
    return q.stored_card(path)


def test_weights_are_bytes_with_a_bit_to_spare(int8, files):
    assert int8.stat().st_size < 0.35 * (files / "recogniser.onnx").stat().st_size
    weights = [onnx.numpy_helper.to_array(t) for t in onnx.load(int8).graph.initializer if t.data_type == 3]
    large = [w for w in weights if w.ndim == 4]
    assert len(large) == 16  # every convolution
    assert max(np.abs(w.astype(int)).max() for w in large) <= 64


def test_the_card_goes_along_and_says_what_changed(int8, files):
    before, after = card_of(files / "recogniser.onnx"), card_of(int8)
    assert (before["name"], after["name"], after["precision"]) == ("ldnfnet", "ldnfnet", "int8")
    assert after["figures"]["float"] == {"rank1": 0.9}
    found = after["figures"]["beside_float_on_simulated_validation_people"]
    assert (found["people"], found["probes"]) == (4, 4)
    assert after["threshold"] == round(found["threshold"], 4)


def test_the_program_takes_it_for_another_recogniser(int8, files):
    float_, whole = Recogniser.open(files / "recogniser.onnx"), Recogniser.open(int8)
    assert float_.card.identity != whole.card.identity
    np.testing.assert_array_equal(float_.mean.depth_mm, whole.mean.depth_mm)


def test_other_weights_are_another_version(files):
    proto = onnx.load(files / "recogniser.onnx")
    assert card_of(files / "recogniser.onnx")["version"].endswith(fingerprint(proto))
    weights = next(t for t in proto.graph.initializer if t.name.endswith("fusion.1.0.weight"))
    changed = onnx.numpy_helper.to_array(weights).copy()
    changed.flat[0] += 1
    weights.CopyFrom(onnx.numpy_helper.from_array(changed, weights.name))
    assert not card_of(files / "recogniser.onnx")["version"].endswith(fingerprint(proto))


def test_a_second_run_writes_the_same_file(int8, files, photographer, tmp_path):
    again = tmp_path / "again.onnx"
    q.quantise(files / "recogniser.onnx", again, photographer.looks(q.FIRST_CALIBRATION, 3, 2))
    for one, other in zip(onnx.load(int8).graph.initializer, onnx.load(again).graph.initializer, strict=True):
        assert one == other


def test_a_file_that_recognises_worse_is_not_written(files, photographer, tmp_path, monkeypatch):
    monkeypatch.setattr(q, "LEAST_COSINE", 1.01)
    with pytest.raises(RuntimeError, match="not written"):
        q.make(files / "recogniser.onnx", tmp_path / "bad.onnx", photographer, calibration=1, people=2, each=2)
    assert not (tmp_path / "bad.onnx").exists()


def test_only_a_recogniser_is_quantised(files):
    with pytest.raises(ValueError, match="no recogniser"):
        q.stored_card(files / "denoiser.onnx")


def crowd(people, each, noise, seed):
    rng = np.random.default_rng(seed)
    centres = np.repeat(np.random.default_rng(1).normal(size=(people, 8)), each, 0)
    vectors = (centres + noise * rng.normal(size=centres.shape)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def test_parity_of_a_file_with_itself_is_no_loss_at_the_same_threshold():
    same = crowd(30, 3, 0.4, 2)
    found = q.parity(same, same, 3, 0.8)
    assert found.threshold == pytest.approx(0.8)
    assert (found.rank1_lost.value, found.fnir_lost.value, found.probes) == (0, 0, 60)
    found.check()


def test_parity_sees_a_loss():
    good, bad = crowd(60, 3, 0.2, 2), crowd(60, 3, 1.5, 3)
    found = q.parity(good, bad, 3, 0.8)
    assert found.rank1_lost.value == pytest.approx(found.rank1_float - found.rank1_int8)
    assert found.rank1_lost.low > q.LARGEST_LOSS
    with pytest.raises(RuntimeError, match="cosine"):
        found.check()


def test_a_sure_loss_of_rank_is_refused_though_embeddings_look_alike(monkeypatch):
    monkeypatch.setattr(q, "LEAST_COSINE", -1.0)
    with pytest.raises(RuntimeError, match="points of rank-1"):
        q.parity(crowd(60, 3, 0.2, 2), crowd(60, 3, 1.5, 3), 3, 0.8).check()


def test_the_threshold_follows_the_strangers():
    """With all cosines of strangers moved by a constant the threshold moves with them."""
    rng = np.random.default_rng(0)
    own = np.arange(40)
    before = rng.uniform(-1, 0.9, (40, 40)).astype(np.float32)
    after = before * np.float32(0.9)
    matched = q.matched_threshold(before, after, own, 0.7)
    assert matched == pytest.approx(0.63, abs=1e-6)
    assert q.matched_threshold(before, after, own, 0.95) == 0.95
