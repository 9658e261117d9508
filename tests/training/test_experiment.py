"""Experiments build on each other, and every one that is shipped can be begun."""

from pathlib import Path

import pytest

from training.checkpoint import build
from training.experiment import merged, read_experiment
from training.losses import LossConfig
from training.models.recogniser import RecogniserConfig, recogniser
from training.models.registry import denoiser
from training.tasks import DataConfig
from training.train import LoopConfig

CONFIGS = Path(__file__).resolve().parents[2] / "training/configs"
OVERLAYS = ("dmdnet_small", "short", "brief", "brief_recogniser", "base_live", "base_paper")
SHIPPED = sorted(
    path for path in CONFIGS.rglob("*.toml") if path.stem not in OVERLAYS and path.parent.name != "databases"
)


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def test_later_words_win_key_by_key():
    under = {"task": "denoise", "model": {"channels": 8, "head": "direct"}}
    assert merged(under, {"model": {"channels": 16}}) == {
        "task": "denoise",
        "model": {"channels": 16, "head": "direct"},
    }


def test_a_base_lies_beside_the_file_that_names_it(tmp_path):
    write(tmp_path / "base.toml", 'task = "denoise"\n[model]\nchannels = 8\nblocks = 1\n[loop]\nsteps = 5\n')
    row = write(tmp_path / "table5/none.toml", 'base = "../base.toml"\n[model]\nfourier = false\n')
    small = write(tmp_path / "small.toml", "[model]\nblocks = 2\n")
    experiment = read_experiment(row, small)
    assert experiment == {
        "task": "denoise",
        "model": {"channels": 8, "blocks": 2, "fourier": False},
        "loop": {"steps": 5},
    }


def test_a_missing_base_is_told(tmp_path):
    row = write(tmp_path / "row.toml", 'base = "nothing.toml"\n')
    with pytest.raises(FileNotFoundError, match=r"nothing\.toml, which row\.toml builds on"):
        read_experiment(row)


def test_a_circle_is_told(tmp_path):
    a = write(tmp_path / "a.toml", 'base = "b.toml"\n')
    write(tmp_path / "b.toml", 'base = "a.toml"\n')
    with pytest.raises(ValueError, match="builds on itself"):
        read_experiment(a)


def test_a_table_that_no_experiment_has_is_told(tmp_path):
    with pytest.raises(ValueError, match="has no modle"):
        read_experiment(write(tmp_path / "row.toml", "[modle]\nchannels = 8\n"))


def test_a_file_that_is_no_toml_is_told(tmp_path):
    with pytest.raises(ValueError, match=r"row\.toml is no TOML file"):
        read_experiment(write(tmp_path / "row.toml", "channels 8\n"))


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: str(path.relative_to(CONFIGS)))
def test_every_shipped_experiment_knows_its_keys(path):
    experiment = read_experiment(path)
    build(LoopConfig, experiment["loop"])
    build(LossConfig, experiment.get("loss", {}))
    build(DataConfig, experiment.get("data", {}))
    if experiment["task"] == "denoise":
        if experiment["model"].get("channels", 64) < 64:  # the paper's size takes a second to fill
            denoiser(experiment["model"])
    else:
        recogniser(build(RecogniserConfig, experiment["model"]))


@pytest.mark.parametrize(("over", "tables"), [("brief", ("compare",)), ("brief_recogniser", ("table2", "table6"))])
def test_one_brief_schedule_fits_every_network_of_a_comparison(over, tables):
    schedules = []
    for path in (each for table in tables for each in (CONFIGS / table).glob("*.toml") if each.stem != "icp"):
        experiment = read_experiment(path, CONFIGS / f"{over}.toml")
        build(DataConfig, experiment.get("data", {}))
        loop = build(LoopConfig, experiment["loop"])
        schedules.append((loop.steps, loop.batch, loop.learning_rate, loop.warm_up, loop.average, loop.seed))
    assert len(schedules) > 4
    assert len(set(schedules)) == 1


def test_small_fits_every_dmdnet_of_the_papers_tables():
    for table in ("table4", "table5", "table9"):
        for path in (CONFIGS / table).glob("*.toml"):
            experiment = read_experiment(path, CONFIGS / "dmdnet_small.toml")
            assert experiment["model"]["channels"] == 16
            denoiser(experiment["model"])


def test_rows_of_table_5_are_six_different_networks():
    rows = [read_experiment(path)["model"] for path in (CONFIGS / "table5").glob("*.toml")]
    assert len({tuple(sorted((k, str(v)) for k, v in row.items())) for row in rows}) == 6
