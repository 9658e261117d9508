"""Shipped files go back to networks that compute the same."""

from pathlib import Path

import numpy as np
import onnxruntime as ort
import pytest
import torch
from torch import Tensor, nn

from training.experiment import read_experiment
from training.export import DenoiserGraph, MirroredGraph, RecogniserGraph
from training.models.ldnfnet import Ldnfnet
from training.models.locator import Aligner, AlignerGraph, Scout, ScoutGraph
from training.models.registry import denoiser
from training.recall import recall

MODELS = Path(__file__).parents[2] / "assets" / "models"
CONFIGS = Path(__file__).parents[2] / "training" / "configs"


def outputs(path: Path, given: dict[str, Tensor]) -> list[np.ndarray]:
    session = ort.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    return session.run(None, {name: tensor.numpy() for name, tensor in given.items()})


def windows(count: int) -> Tensor:
    return torch.rand((count, 5, 64, 64), generator=torch.Generator().manual_seed(1)) * 2 - 1


def overviews(count: int) -> Tensor:
    return torch.rand((count, 6, 112, 160), generator=torch.Generator().manual_seed(1)) * 2 - 1


def crops() -> dict[str, Tensor]:
    rng = torch.Generator().manual_seed(2)
    return {
        "depth": torch.rand((1, 1, 128, 128), generator=rng) * 2 - 1,
        "normals": nn.functional.normalize(torch.randn((1, 3, 128, 128), generator=rng), dim=1),
        "valid": (torch.rand((1, 1, 128, 128), generator=rng) > 0.1).float(),
    }


@pytest.mark.parametrize(
    ("model", "graph", "file", "name", "given"),
    [
        (Scout(), ScoutGraph, "locator.onnx", "overview", overviews),
        (Aligner(), AlignerGraph, "aligner.onnx", "window", windows),
    ],
)
def test_locator_comes_back_whole(model: nn.Module, graph: type[nn.Module], file: str, name: str, given) -> None:
    missing = recall(model, MODELS / file, lambda m: m(given(8)))

    assert missing == set()
    with torch.no_grad():
        got = graph(model.eval())(given(1))
    for ours, theirs in zip(got, outputs(MODELS / file, {name: given(1)}), strict=True):
        np.testing.assert_allclose(ours.numpy(), theirs, atol=2e-3)


def test_recogniser_comes_back_whole() -> None:
    network, given = Ldnfnet(), crops()
    missing = recall(network, MODELS / "recogniser.onnx", lambda m: m(*given.values()))

    assert missing == set()
    with torch.no_grad():
        got = RecogniserGraph(network.eval())(*given.values())
    np.testing.assert_allclose(got.numpy(), outputs(MODELS / "recogniser.onnx", given)[0], atol=1e-4)


def test_recogniser_inside_its_training_head_comes_back_whole() -> None:
    whole, given = RecogniserGraph(Ldnfnet()), crops()
    missing = recall(whole, MODELS / "recogniser.onnx", lambda m: m(*given.values()))

    assert missing == set()
    with torch.no_grad():
        got = whole.eval()(*given.values())
    np.testing.assert_allclose(got.numpy(), outputs(MODELS / "recogniser.onnx", given)[0], atol=1e-4)


@pytest.mark.parametrize(
    ("experiment", "file"), [("denoiser", "denoiser_reference.onnx"), ("denoiser_dmdnet", "denoiser_dmdnet.onnx")]
)
def test_denoiser_comes_back_whole(experiment: str, file: str) -> None:
    model = denoiser(read_experiment(CONFIGS / f"{experiment}.toml")["model"])
    given = {**crops(), "noise": torch.full((1, 1, 1, 1), 0.2)}
    missing = recall(model, MODELS / file, lambda m: None)

    assert missing == {"decoder.fourier.weight"}  # its part is in the learned embedding now
    with torch.no_grad():
        graph: nn.Module = DenoiserGraph(model.eval(), ((0.0, 0.0),))
        if "reference" in file:
            graph = MirroredGraph(graph)
        depth, surface = graph(*given.values())
    expected = outputs(MODELS / file, given)
    np.testing.assert_allclose(depth.numpy(), expected[0], atol=2e-4)
    np.testing.assert_allclose(surface.numpy(), expected[1], atol=2e-3)


def test_file_of_another_network_says_what_is_missing() -> None:
    missing = recall(Aligner(), MODELS / "locator.onnx", lambda m: m(windows(2)))

    assert "head.1.weight" in missing
