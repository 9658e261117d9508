"""`training reproduce` from a folder of databases to a table, all in miniature: databases, networks, trainings."""

import csv
import shutil

import numpy as np
import pytest
from typer.testing import CliRunner

from depthface_app.core.metrics.intervals import Estimate
from tests.training import small_databases as small
from training.__main__ import app
from training.checkpoint import build
from training.databases import DATABASES, stages
from training.databases.stages import CONFIGS, PERCEPTUAL, Workshop
from training.databases.tables import TABLES, Row, Table
from training.experiment import read_experiment
from training.models.recogniser import RecogniserConfig, recogniser
from training.models.registry import denoiser
from training.reproduce import PAPER_SIZES, Line, Which, as_csv, as_markdown, reproduced

LAYERS = ("databases/pairs", "databases/faces", "databases/fine_tune")
SMALL = {
    "dmdnet": "channels = 4\nblocks = 1\nhidden = [8, 8]\nencoding = 4",
    "frm3d": "width = 4",
    "ddrnet": "width = 4\nlevels = 1\nblocks = 1",
}


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return small.write_all(tmp_path_factory.mktemp("databases"))


@pytest.fixture(scope="module")
def configs(tmp_path_factory):
    """The experiments of all rows, with networks as small as they get and batches of two."""
    folder = tmp_path_factory.mktemp("configs")
    rows = [row for table in TABLES.values() for row in table.rows]
    names = {name for row in rows for name in (row.denoiser, row.recogniser) if name}
    for name in (*names, PERCEPTUAL, *LAYERS):
        path, small_path = CONFIGS / f"{name}.toml", folder / f"{name}.toml"
        experiment = read_experiment(path)
        network = experiment.get("model", {}).get("network", "dmdnet")
        model = SMALL.get(network, "") if experiment.get("task") == "denoise" else ""
        loop = "batch = 2\nwarm_up = 1" if name in LAYERS[:2] else ""
        small_path.parent.mkdir(exist_ok=True)
        small_path.write_text(f'base = "{path.as_posix()}"\n[model]\n{model}\n[loop]\n{loop}\n')
    return folder


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    return tmp_path_factory.mktemp("out")


@pytest.fixture(autouse=True)
def miniature(monkeypatch, configs):
    monkeypatch.setattr(stages, "CONFIGS", configs)


def told(*arguments):
    """Exit status and what the command says."""
    result = CliRunner().invoke(app, ["reproduce", *map(str, arguments)])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.output


def read(path):
    with path.open() as file:
        return list(csv.DictReader(file))


def test_table_1_from_databases_to_figures(data, out):
    status, output = told("table1", "--data", data, "--out", out, "--steps", 1, "--workers", 0)
    assert status == 0, output
    rows = read(out / "table1.csv")
    assert {row["row"] for row in rows} == {"Led3D", "DDRNet", "3D-FRM", "DMDNet"}
    assert {r["figure"] for r in rows if r["row"] == "Led3D"} == {"FE", "OC", "TM", "NU", "Total"}
    assert {r["figure"] for r in rows if r["row"] == "DMDNet"} == {
        "PSNR",
        "SSIM",
        "RMSE",
        "FE",
        "OC",
        "TM",
        "NU",
        "Total",
    }
    for row in rows:
        assert float(row["low"]) <= float(row["value"]) <= float(row["high"])
    text = (out / "table1.md").read_text()
    assert "cut short (steps: 1)" in text
    assert "FRGCv2: 4 pictures from 4 files" in text
    assert "4,007 recordings of 466 people" in text


def test_table_9_takes_what_table_1_has_made(data, out):
    stamp = {path: path.stat().st_mtime_ns for path in (out / "runs").glob("*/last.pt")}
    assert stamp, "runs after the test above"
    status, output = told("table9", "--data", data, "--out", out, "--steps", 1, "--workers", 0)
    assert status == 0, output
    assert all(path.stat().st_mtime_ns == was for path, was in stamp.items())
    assert [row["row"] for row in read(out / "table9.csv")] == ["Depth"] * 3 + ["Depth + Normal"] * 3


def test_rows_on_other_sensors(data, out):
    """One row per database of table 3, without the denoiser's."""
    rows = tuple(row for row in TABLES[3].rows if not row.denoiser and row.recogniser != "table6/d")
    table = Table(3, "Other sensors", rows)
    paths = reproduced(table, Workshop(data, out, steps=1, workers=0))
    assert {row["row"] for row in read(paths[0])} == {"USTC: Led3D", "MultiSFace: Led3D", "IIIT-D: Led3D"}


def test_a_run_of_another_length_is_not_taken_for_this_one(data, out):
    status, output = told("table9", "--data", data, "--out", out, "--steps", 2, "--workers", 0)
    assert status == 1
    assert "holds a run with other settings" in output
    assert len(output.strip().splitlines()[-1]) < 300


@pytest.mark.parametrize("number", TABLES)
def test_every_row_has_experiments_that_build(number, configs):
    for row in TABLES[number].rows:
        if row.denoiser:
            assert denoiser(read_experiment(configs / f"{row.denoiser}.toml")["model"])
            read_experiment(CONFIGS / f"{row.denoiser}.toml")
        if row.recogniser:
            layers = (row.recogniser, *LAYERS[1:])
            values = read_experiment(*(CONFIGS / f"{name}.toml" for name in layers))["model"]
            network = recogniser(build(RecogniserConfig, values))
            assert sum(network.widths) > 0
        assert row.faces in DATABASES
    assert set(TABLES[number].databases()) <= set(PAPER_SIZES)


def test_every_table_can_be_asked_for():
    assert {f"table{number}" for number in TABLES} == set(Which)


def test_rows_of_an_ablation_differ():
    tables = [[read_experiment(CONFIGS / f"{row.denoiser}.toml") for row in TABLES[n].rows] for n in (4, 5, 9)]
    for experiments in tables:
        assert all(a != b for k, a in enumerate(experiments) for b in experiments[:k])
    variants = [read_experiment(CONFIGS / f"{row.recogniser}.toml")["model"]["variant"] for row in TABLES[6].rows]
    assert variants == list("ABCD")


def test_a_missing_database_is_one_sentence_before_anything_is_made(data, tmp_path):
    for name in DATABASES:
        if name != "Lock3DFace":
            shutil.copytree(data / name, tmp_path / "data" / name)
    status, output = told("table1", "--data", tmp_path / "data", "--out", tmp_path / "out", "--steps", 1)
    assert status == 1
    (sentence,) = output.strip().splitlines()
    assert "Lock3DFace" in sentence
    assert "is not a folder" in sentence
    assert not list((tmp_path / "out").iterdir())


def test_a_truncated_file_is_one_sentence(data, tmp_path):
    shutil.copytree(data, tmp_path / "data")
    broken = tmp_path / "data" / "Bosphorus" / "bs001" / "bs001_N_N_0.bnt"
    broken.write_bytes(broken.read_bytes()[:-100])
    status, output = told(
        "table9", "--data", tmp_path / "data", "--out", tmp_path / "out", "--steps", 1, "--workers", 0
    )
    assert status == 1
    assert f"{broken} is truncated" in output.strip().splitlines()[-1]


def test_a_full_disk_is_one_sentence(data, tmp_path, monkeypatch):
    monkeypatch.setattr("training.databases.prepare.shutil.disk_usage", lambda _: type("Usage", (), {"free": 100})())
    status, output = told("table6", "--data", data, "--out", tmp_path / "out", "--steps", 1, "--workers", 0)
    assert status == 1
    assert "GB free; the pictures need" in output.strip().splitlines()[-1]


def test_a_table_shows_intervals_counts_and_what_is_missing():
    table = Table(1, "Small", (Row("a"), Row("b")))
    lines = [
        Line("a", {"Total": Estimate(81.5, 80.0, 83.0, 1200, 169)}),
        Line("b", {"RMSE": Estimate(0.04701, 0.046, 0.048, 4662, 105), "Total": Estimate(90.0, 89.0, 91.0, 1200, 169)}),
    ]
    text = as_markdown(table, lines, ["a note"])
    assert "|  | RMSE (n = 4,662) | Total (n = 1,200) |" in text
    assert "| a | - | 81.50 (80.00 to 83.00) |" in text
    assert "| b | 0.0470 (0.0460 to 0.0480) | 90.00 (89.00 to 91.00) |" in text
    assert text.endswith("- a note\n")
    rows = list(csv.DictReader(as_csv(lines).splitlines()))
    assert [row["count"] for row in rows] == ["1200", "4662", "1200"]
    assert np.isclose(float(rows[1]["value"]), 0.04701)
