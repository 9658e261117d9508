"""Checkpoints to the locator's two files.

`python -m training.locator_export --scout FILE --aligner FILE --out assets/models`. A network that is not named stays
as it is; where its file lies in the folder and there are new figures, its card gets them.
"""

import argparse
import json
from dataclasses import fields
from pathlib import Path
from typing import Any

import onnx
import torch
from torch import nn
from torch.export import Dim

from depthface_app.core.finding import FindingRules
from depthface_app.core.locating import (
    ALIGNER_DEPTH_MM,
    ALIGNER_SIZE_PX,
    ALIGNER_WINDOW_MM,
    OVERVIEW_BLOCK_PX,
    OVERVIEW_FAR_MM,
    OVERVIEW_FOCAL_PX,
)
from training.checkpoint import Checkpoint
from training.export import CARD_KEY, LICENCE, VERSION, export
from training.json_file import read_json
from training.model_file import read_model
from training.models.locator import (
    ALIGNER_CHANNELS,
    OVERVIEW_CHANNELS,
    STRIDE,
    Aligner,
    AlignerGraph,
    Scout,
    ScoutGraph,
)
from training.trouble import said_plainly

ATTRIBUTIONS = (
    "Trained on faces sampled from ICT FaceKit, MIT licence, Copyright (c) 2020 USC Institute for Creative "
    "Technologies",
)
DATA = (
    "simulated scenes (training/scenes.py) of training people and props, seen by simulated kinect1, kinect2, d415 and "
    "truedepth, some noisier than their family, and by invented stereo cameras whose lens, baseline and noise are "
    "drawn from wide ranges (randomisation of the sensor); d435 held out"
)
TOLERANCE = 2e-3  # offsets are in mm
SEEDS = (71, 75, 76, 77, 78, 171)


def _card(
    name: str, kind: str, stored: Checkpoint, given: dict, gives: dict, figures: dict[str, Any]
) -> dict[str, Any]:
    return {
        "name": name, "version": VERSION, "kind": kind, "licence": LICENCE, "attributions": list(ATTRIBUTIONS),
        "input": given, "output": gives, "training_commit": stored.commit, "data": DATA, "seeds": list(SEEDS),
        "figures": figures,
    }  # fmt: skip


def restore(network: nn.Module, path: Path) -> Checkpoint:
    """Give a network the averaged weights of its checkpoint, and return that.

    Raises:
        FileNotFoundError: if there is no such checkpoint.
        ValueError: if it is none, or of another network.
    """
    stored = Checkpoint.load(path)
    try:
        network.load_state_dict(stored.average)
    except RuntimeError as error:
        raise ValueError(f"{path} is no checkpoint of the locator's {type(network).__name__.lower()}") from error
    return stored


def export_scout(checkpoint: Path, path: Path, rules: FindingRules, figures: dict[str, Any]) -> float:
    """Write the overview network; any picture size that is a multiple of the block."""
    scout = Scout()
    stored = restore(scout, checkpoint)
    overview = torch.rand((1, OVERVIEW_CHANNELS, 112, 160), generator=torch.Generator().manual_seed(0))
    given = {"focal_px": OVERVIEW_FOCAL_PX, "far_mm": OVERVIEW_FAR_MM, "block_px": OVERVIEW_BLOCK_PX}
    gives = {"stride": STRIDE, "peak": rules.peak, "place": "x, y in px from the cell's middle, depth in m"}
    dynamic = {
        "overview": {2: OVERVIEW_BLOCK_PX * Dim("rows", max=256), 3: OVERVIEW_BLOCK_PX * Dim("columns", max=256)}
    }
    card = _card("face-scout", "locator", stored, given, gives, figures)
    graph = ScoutGraph(scout)
    return export(graph, {"overview": overview}, ("heat", "place"), card, path, dynamic=dynamic, tolerance=TOLERANCE)


def export_aligner(checkpoint: Path, path: Path, rules: FindingRules, figures: dict[str, Any]) -> float:
    """Write the close look; any number of windows at once."""
    aligner = Aligner()
    stored = restore(aligner, checkpoint)
    size = ALIGNER_SIZE_PX
    window = torch.rand((3, ALIGNER_CHANNELS, size, size), generator=torch.Generator().manual_seed(0))
    given = {"window_mm": ALIGNER_WINDOW_MM, "size_px": size, "depth_mm": ALIGNER_DEPTH_MM}
    gives = {"first_look": rules.first_look, "accept": rules.accept, "offset": "mm", "axes": "window"}
    card = _card("face-aligner", "aligner", stored, given, gives, figures)
    names = ("score", "offset", "rotation")
    dynamic = {"window": {0: Dim("windows", max=64)}}
    return export(AlignerGraph(aligner), {"window": window}, names, card, path, dynamic=dynamic, tolerance=TOLERANCE)


def card_figures(path: Path | None) -> dict[str, Any]:
    """The few figures of training.locator_figures that belong on a card.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if it is another kind of file.
    """
    if path is None:
        return {}
    measured = read_json(path, "data", "sensor", "held_out_people", "frames_without_faces")
    return {
        "data": measured["data"],
        "sensor": measured["sensor"],
        "yaw_to_45": measured["held_out_people"]["yaw_to_45"],
        "false_faces_per_1000_frames": measured["frames_without_faces"]["per_1000"],
    }


def read_rules(path: Path | None) -> FindingRules:
    """Thresholds chosen by training.locator_figures; the defaults without a file."""
    known = {field.name for field in fields(FindingRules)}
    values = read_json(path, "accept") if path else {}
    return FindingRules(**{key: value for key, value in values.items() if key in known})


def set_figures(path: Path, figures: dict[str, Any]) -> None:
    """Replace the figures on a file's card; nothing else changes."""
    proto = read_model(path)
    (entry,) = (entry for entry in proto.metadata_props if entry.key == CARD_KEY)
    entry.value = json.dumps({**json.loads(entry.value), "figures": figures})
    onnx.save(proto, path)


@said_plainly()
def main() -> None:
    """Export what was trained anew."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--scout", type=Path, help="checkpoint of the overview network")
    parser.add_argument("--aligner", type=Path, help="checkpoint of the close look")
    parser.add_argument("--out", type=Path, required=True, help="folder for locator.onnx and aligner.onnx")
    parser.add_argument("--rules", type=Path, help="JSON of thresholds")
    parser.add_argument("--figures", type=Path, help="report of training.locator_figures, for the cards")
    arguments = parser.parse_args()
    rules = read_rules(arguments.rules)
    figures = card_figures(arguments.figures)
    for write, source, name in (
        (export_scout, arguments.scout, "locator.onnx"),
        (export_aligner, arguments.aligner, "aligner.onnx"),
    ):
        path = arguments.out / name
        if source is not None:
            worst = write(source, path, rules, figures)
            print(f"{path}: {path.stat().st_size / 1e6:.1f} MB, differs from PyTorch by {worst:.1g}")
        elif figures and path.exists():
            set_figures(path, figures)


if __name__ == "__main__":
    main()
