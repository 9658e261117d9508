"""The search keeps what nothing else beats, writes it down and draws it."""

import csv
from itertools import pairwise
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from training.export import denoiser_inputs
from training.search import Budget, Candidate, draw, frontier, time_ratios, train, write_table


def candidate(name, time_ratio, rmse_mm, angle_deg=9.0):
    return Candidate(name, 1000, 100, time_ratio, rmse_mm, angle_deg, 32)


def test_frontier_by_hand():
    points = [(1.0, 2.0), (0.5, 3.0), (2.0, 1.0), (1.5, 2.5), (0.6, 3.0)]
    assert frontier(points) == [1, 0, 2]


def test_of_two_as_cheap_the_better_is_kept():
    assert frontier([(1.0, 2.0), (1.0, 1.5)]) == [1]


def test_table_is_in_order_of_cost_and_the_plot_is_drawn(tmp_path):
    found = [candidate("live", 1.0, 1.23456), candidate("small", 0.4, 1.5), candidate("bad", 2.0, 3.0, 12.0)]
    write_table(found, tmp_path / "frontier.csv")
    with (tmp_path / "frontier.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["name"] for row in rows] == ["small", "live", "bad"]
    assert rows[1]["rmse_mm"] == "1.235"
    draw(found, tmp_path / "frontier.png")
    assert (tmp_path / "frontier.png").stat().st_size > 5000


def blur_file(path, repeats):
    """A model file that takes a denoiser's inputs and convolves the depth several times."""
    inputs = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, list(value.shape))
        for name, value in denoiser_inputs().items()
    ]
    kernel = helper.make_tensor("k", TensorProto.FLOAT, (1, 1, 9, 9), np.full(81, 1 / 81, np.float32))
    names = ["depth", *(f"blurred{k}" for k in range(repeats))]
    nodes = [helper.make_node("Conv", [a, "k"], [b], pads=[4, 4, 4, 4]) for a, b in pairwise(names)]
    output = helper.make_tensor_value_info(names[-1], TensorProto.FLOAT, [1, 1, 128, 128])
    graph = helper.make_graph(nodes, "blur", inputs, [output], [kernel])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10), path)
    return path


def test_times_are_relative_to_the_first_file(tmp_path):
    once, often = blur_file(tmp_path / "once.onnx", 1), blur_file(tmp_path / "often.onnx", 12)
    ratios = time_ratios([once, often])
    assert ratios[0] == pytest.approx(1)
    assert ratios[1] > 3


@pytest.mark.parametrize(
    ("budget", "more"),
    [
        (Budget([], 5.0, None), ["--minutes", "5.0"]),
        (Budget([Path("brief.toml")], None, Path("kept")), ["--keep-samples", "kept"]),
    ],
)
def test_every_candidate_is_trained_with_the_budget(budget, more, tmp_path, monkeypatch):
    given = []
    monkeypatch.setattr("training.search.subprocess.run", lambda command, check: given.append(command))
    assert train(Path("unet.toml"), tmp_path / "unet", tmp_path, budget) == tmp_path / "unet/last.pt"
    experiments = ["unet.toml", *map(str, budget.over)]
    assert given[0][1:] == [
        "-m", "training.train", *experiments, *more, "--out", str(tmp_path / "unet"), "--faces", str(tmp_path)
    ]  # fmt: skip
