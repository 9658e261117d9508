"""The loop: it resumes as if nothing had happened, learns one batch by heart, and exports only what agrees."""

import json

import numpy as np
import onnxruntime as ort
import pytest
import torch
from torch import nn
from torch.utils.data import Dataset

from depthface_app.inference.recogniser import Recogniser
from training.checkpoint import Checkpoint, build
from training.export import DenoiserGraph, export, export_denoiser, export_queries, export_recogniser
from training.models.dmdnet import Dmdnet, DmdnetConfig
from training.pairs import PHASES
from training.recognise import RecogniseTask
from training.tasks import DenoiseTask
from training.train import LoopConfig, Run, learning_rate

MODEL = {"channels": 8, "blocks": 1, "hidden": [8, 8], "encoding": 4, "head": "gated"}
LOOP = {"steps": 6, "batch": 4, "learning_rate": 1e-2, "precision": "float32", "save_every": 3, "warm_up": 2}


class Line(Dataset):
    def __init__(self, seed, length):
        self.seed, self.length = seed, length

    def __len__(self):
        return self.length

    def __getitem__(self, n):
        x = np.random.default_rng((self.seed, n)).normal(size=2).astype(np.float32)
        return {"x": x, "y": x @ np.array([[2.0], [-1.0]], np.float32)}


class LineTask:
    def model(self):
        return nn.Linear(2, 1)

    def data(self, seed, length, batch):
        return Line(seed, length)

    def loss(self, model, batch):
        return ((model(batch["x"]) - batch["y"]) ** 2).mean()

    def validate(self, model):
        return {"weight": model.weight[0, 0].item()}


def run(folder, steps):
    config = build(LoopConfig, {**LOOP, "steps": 6})
    one = Run(LineTask(), config, {"loop": LOOP}, folder)
    for batch, _ in zip(_batches(one), range(steps), strict=False):
        one.one_step(batch, one.step / config.steps)
    one.save(one.task.validate(one.average))
    return one


def _batches(one):
    from training.train import batches

    return batches(one.task, one.config, one.step, 0)


def test_a_killed_run_ends_like_an_unbroken_one(tmp_path):
    whole = run(tmp_path / "whole", 6)
    run(tmp_path / "broken", 2)
    resumed = run(tmp_path / "broken", 4)
    assert resumed.step == whole.step == 6
    for a, b in zip(whole.average.parameters(), resumed.average.parameters(), strict=True):
        assert torch.equal(a, b)


def test_train_writes_figures_and_stops_at_the_last_step(tmp_path):
    one = Run(LineTask(), build(LoopConfig, LOOP), {"loop": LOOP}, tmp_path)
    figures = one.train(minutes=None, workers=0)
    assert one.step == 6
    lines = [json.loads(line) for line in (tmp_path / "figures.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines] == [3, 6, 6]
    assert lines[-1]["weight"] == figures["weight"]


def test_learning_rate_can_be_halved_in_steps():
    """The paper's: halved every 20 of 100 epochs."""
    config = LoopConfig(steps=1000, batch=1, learning_rate=8e-2, warm_up=1, periods=5)
    rates = [learning_rate(config, 500, progress) for progress in (0.0, 0.19, 0.2, 0.5, 0.8, 1.0)]
    assert rates == pytest.approx([8e-2, 8e-2, 4e-2, 2e-2, 5e-3, 5e-3])


def test_an_unknown_optimiser_is_one_sentence():
    with pytest.raises(ValueError, match='no optimiser "adams"; known: adamw, adam, sgd'):
        LoopConfig(steps=1, batch=1, learning_rate=1.0, optimiser="adams")


def test_learning_rate_rises_then_falls_to_zero():
    config = build(LoopConfig, {**LOOP, "warm_up": 10})
    assert learning_rate(config, 0, 0.0) == pytest.approx(1e-3)
    assert learning_rate(config, 500, 0.5) == pytest.approx(5e-3)
    assert learning_rate(config, 500, 1.0) == pytest.approx(0.0)


def test_unknown_keys_are_refused():
    with pytest.raises(ValueError, match="channles"):
        build(DmdnetConfig, {"channles": 8})


def test_one_batch_is_learnt_by_heart(faces_folder):
    torch.manual_seed(0)
    task = DenoiseTask({"model": MODEL}, faces_folder)
    batch = torch.utils.data.default_collate([task.data(1, 4, 4)[n] for n in range(2)])
    model = task.model()
    optimiser = torch.optim.Adam(model.parameters(), 1e-2)
    losses = []
    for _ in range(40):
        loss = task.loss(model, batch)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    assert losses[-1] < 0.5 * losses[0]


def test_validation_reports_every_trained_sensor(faces_folder):
    task = DenoiseTask({"model": MODEL}, faces_folder)
    figures = task.validate(task.model().eval())
    assert {key.split(".")[1] for key in figures} == {"kinect1", "kinect2", "d415", "truedepth"}
    assert all(np.isfinite(value) for value in figures.values())


def checkpoint(tmp_path):
    model = Dmdnet(build(DmdnetConfig, MODEL))
    experiment = {"task": "denoise", "model": MODEL, "loop": LOOP}
    path = tmp_path / "last.pt"
    Checkpoint(experiment, model.state_dict(), model.state_dict(), {}, 3, 1.0, "abc", {}).save(path)
    return path, model.eval()


@pytest.mark.parametrize(("kind", "side"), [("denoiser", 128), ("denoiser-2x", 256)])
def test_exported_denoiser_computes_what_the_network_computes(tmp_path, faces, faces_folder, kind, side):
    path, model = checkpoint(tmp_path)
    worst = export_denoiser(path, tmp_path / "denoiser.onnx", {"note": 1}, kind)
    fine = side == 256
    assert worst < 2e-4
    sample = DenoiseTask({"model": MODEL}, faces_folder).data(1, 4, 4)[0]
    inputs = {key: sample[key][None] for key in ("depth", "normals", "valid", "noise")}
    session = ort.InferenceSession(str(tmp_path / "denoiser.onnx"), providers=["CPUExecutionProvider"])
    depth, surface = session.run(None, inputs)
    assert depth.shape == surface.shape == (1, 1, side, side)
    card = json.loads(session.get_modelmeta().custom_metadata_map["depthface.card"])
    assert (card["kind"], card["training_commit"], card["figures"]) == ("denoiser", "abc", {"note": 1})
    phase = (-0.25, 0.25) if fine else (0.0, 0.0)
    with torch.no_grad():
        unfolded, _ = model(*(torch.from_numpy(inputs[key]) for key in inputs), phase)
    shown = depth[0, 0, 1::2, 0::2] if fine else depth[0, 0]
    assert np.abs(shown - unfolded[0, 0].numpy()).max() < 1e-3


def recalled(tmp_path):
    """A checkpoint as recalling makes it: no Fourier features, the encoding is all embedding."""
    path, model = checkpoint(tmp_path)
    with torch.no_grad():
        model.decoder.encoding.weight[:, : model.decoder.fourier.out_features] = 0
    stored = Checkpoint.load(path)
    Checkpoint(stored.config, model.state_dict(), model.state_dict(), {}, 3, 1.0, "abc", {}).save(path)
    return path, model


def test_the_denoiser_that_is_asked_anywhere_answers_as_the_network_does(tmp_path, faces, faces_folder):
    path, model = recalled(tmp_path)
    assert export_queries(path, tmp_path / "any.onnx", {"note": 1}) < 2e-4
    sample = DenoiseTask({"model": MODEL}, faces_folder).data(1, 4, 4)[0]
    inputs = {key: sample[key][None] for key in ("depth", "normals", "valid", "noise")}
    places = np.array(((0.125, -0.375), (0.375, 0.375), (-0.125, 0.0), (0.0, 0.25)), np.float32)
    session = ort.InferenceSession(str(tmp_path / "any.onnx"), providers=["CPUExecutionProvider"])
    depth, surface = session.run(None, {**inputs, "phase": places})
    assert depth.shape == surface.shape == (4, 1, 128, 128)
    for answer, (x, y) in zip(depth, places.tolist(), strict=True):
        with torch.no_grad():
            known, _ = model(*(torch.from_numpy(inputs[key]) for key in inputs), (x, y))
        assert np.abs(answer[0] - known[0, 0].numpy()).max() < 1e-3


def test_a_network_whose_encoding_does_not_lie_on_straight_lines_is_refused(tmp_path):
    torch.manual_seed(6)  # Fourier features that move enough between two pixels
    path, _ = checkpoint(tmp_path)
    with pytest.raises(RuntimeError, match="recall it first"):
        export_queries(path, tmp_path / "any.onnx", {})
    assert not (tmp_path / "any.onnx").exists()


def test_a_model_that_differs_is_never_written(tmp_path):
    _, model = checkpoint(tmp_path)
    graph = DenoiserGraph(model, ((0.0, 0.0),))
    inputs = {
        "depth": torch.rand(1, 1, 128, 128), "normals": torch.rand(1, 3, 128, 128),
        "valid": torch.ones(1, 1, 128, 128), "noise": torch.zeros(1, 1, 1, 1),
    }  # fmt: skip
    target = tmp_path / "bad.onnx"
    with pytest.raises(RuntimeError, match="differs"):
        export(graph, inputs, ("denoised", "surface"), {}, target, tolerance=-1.0)
    assert not target.exists()


def test_pair_arrays_are_what_the_graph_takes(faces_folder):
    data = DenoiseTask({"model": MODEL}, faces_folder).data(1, 8, 4)
    first, second = data[0], data[1]
    assert first["phase"] == second["phase"]
    assert {key for key in first if key != "phase"} >= {"depth", "normals", "valid", "noise", "target"}


def led3d_checkpoint(path, faces_folder, **model):
    values = {"network": "led3d", "relief_mm": 0, **model}
    student = RecogniseTask({"model": values}, faces_folder).model()
    experiment = {"task": "recognise", "model": values, "loop": LOOP}
    Checkpoint(experiment, student.state_dict(), student.state_dict(), {}, 1, 1.0, "abc", {}).save(path)
    return student


def test_perceptual_loss_compares_features_of_a_trained_led3d(tmp_path, faces_folder):
    path = tmp_path / "led3d.pt"
    student = led3d_checkpoint(path, faces_folder)
    direct = {**MODEL, "head": "direct"}
    with_features = DenoiseTask({"model": direct, "loss": {"recogniser": str(path)}}, faces_folder)
    without = DenoiseTask({"model": direct}, faces_folder)
    batch = torch.utils.data.default_collate([without.data(1, 2, 2)[n] for n in range(2)])
    model = without.model()
    difference = with_features.loss(model, batch) - without.loss(model, batch)
    features = student.network.trunk.eval()
    depth, _ = model(*(batch[key] for key in ("depth", "normals", "valid", "noise")), PHASES[int(batch["phase"][0])])
    expected = 0.001 * (features(depth) - features(batch["target"])).abs().mean()
    assert difference.item() == pytest.approx(expected.item(), rel=1e-2, abs=1e-6)
    assert expected > 0


def test_perceptual_loss_refuses_a_recogniser_that_reads_anything_but_plain_depth(tmp_path, faces_folder):
    path = tmp_path / "relief.pt"
    led3d_checkpoint(path, faces_folder, relief_mm=15.0)
    with pytest.raises(ValueError, match="plain depth"):
        DenoiseTask({"model": {**MODEL, "head": "direct"}, "loss": {"recogniser": str(path)}}, faces_folder)


@pytest.mark.parametrize(("network", "dimensions"), [("ldnfnet", 1920), ("led3d", 480)])
def test_recognition_learns_one_batch(faces_folder, network, dimensions):
    torch.manual_seed(0)
    task = RecogniseTask({"model": {"network": network}}, faces_folder)
    batch = torch.utils.data.default_collate([task.data(1, 8, 4)[n] for n in range(4)])
    model = task.model()
    assert model(batch["depth"], batch["normals"], batch["valid"]).shape == (4, dimensions)
    optimiser = torch.optim.Adam(model.parameters(), 1e-3)
    losses = []
    for _ in range(8):
        loss = task.loss(model, batch)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    assert losses[-1] < 0.7 * losses[0]


def test_exported_recogniser_gives_unit_vectors_and_carries_its_mean_face(tmp_path, faces_folder):
    task = RecogniseTask({"model": {}}, faces_folder)
    student = task.model().eval()
    path = tmp_path / "last.pt"
    experiment = {"task": "recognise", "model": {}, "loop": LOOP}
    Checkpoint(experiment, student.state_dict(), student.state_dict(), {}, 1, 1.0, "abc", {}).save(path)
    assert export_recogniser(path, tmp_path / "recogniser.onnx", {"threshold": 0.4}) < 2e-4
    recogniser = Recogniser.open(tmp_path / "recogniser.onnx")
    assert recogniser.card.threshold == 0.4
    sample = task.data(1, 2, 2)[0]
    session = ort.InferenceSession(str(tmp_path / "recogniser.onnx"), providers=["CPUExecutionProvider"])
    (vector,) = session.run(None, {key: sample[key][None] for key in ("depth", "normals", "valid")})
    assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-5)
    np.testing.assert_allclose(recogniser.mean.depth_mm, task.mean.depth_mm, atol=0.05)
