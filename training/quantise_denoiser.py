"""A denoiser in part in whole numbers: `python -m training.quantise_denoiser FLOAT.onnx INT8.onnx --faces FOLDER`.

Quantised are the convolutions at a quarter of the resolution, half of the multiply-adds of the live network: its time
falls to about three quarters. On 160 crops of validation people that cost the shipped file 0.2 % of the RMSE and 0.7 %
of the normal angle. With the layers that lead back up, on 48 crops, it was 7 % of the angle, so those stay float, as
does everything at full resolution. How it is done, and its source: `training/quantise.py`.

The ranges of the activations are measured on crops of training people. Then both files meet validation people, and a
file that denoises worse is never written.
"""

import argparse
import json
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray

from depthface_app.core.files import whole_file
from training.faces.ict import IctModel
from training.metrics import angle_error_deg, rmse_mm
from training.pairs import Pair, use_one_thread
from training.quantise import Look, packed, quantise, say_saved, stored_card
from training.runtime import open_session
from training.tasks import ICT_FILE, PairData, pair_arrays, validation_pairs
from training.trouble import said_plainly

INNER = ("trunk.down.1.", "trunk.middle.")  # names of the weights that work at a quarter of the resolution
INPUTS = ("depth", "normals", "valid", "noise")
CALIBRATION_SEED = 777
LARGEST_LOSS = 0.01  # share of RMSE or of normal angle: more than this is too much


def inner_convolutions(proto: onnx.ModelProto) -> list[str]:
    """Names of the nodes to quantise.

    Raises:
        ValueError: if the network has none of them.
    """
    found = [
        node.name
        for node in proto.graph.node
        if node.op_type == "Conv" and any(part in node.input[1] for part in INNER)
    ]
    if not found:
        raise ValueError("only the denoiser with DDRNet's encoder has convolutions that may be quantised")
    return found


def inputs(pair: Pair) -> Look:
    """What the network is given of one crop, a batch of one."""
    arrays = pair_arrays(pair)
    return {name: arrays[name][None] for name in INPUTS}


def crops(faces: IctModel, count: int) -> Iterator[Look]:
    """Crops of training people, always the same."""
    data = PairData(faces, CALIBRATION_SEED, count, 1, sub_pixel=False)
    for n in range(count):
        yield {name: array[None] for name, array in data[n].items() if name in INPUTS}


@dataclass(frozen=True, slots=True)
class Parity:
    """INT8 beside float on the same simulated validation crops: means over them."""

    crops: int
    rmse_mm_float: float
    rmse_mm_int8: float
    angle_deg_float: float
    angle_deg_int8: float

    def check(self) -> None:
        """Refuse a file that denoises worse.

        Raises:
            RuntimeError: says by how much.
        """
        for name, before, after in (
            ("RMSE", self.rmse_mm_float, self.rmse_mm_int8),
            ("normal angle", self.angle_deg_float, self.angle_deg_int8),
        ):
            if not after <= (1 + LARGEST_LOSS) * before:
                raise RuntimeError(f"INT8 has {after / before - 1:.1%} more error of {name}; not written")


def errors(path: Path, pairs: list[Pair]) -> NDArray[np.float64]:
    """(2,) mean RMSE in mm and mean normal angle error in degrees of one file."""
    network = open_session(path)
    depths = [network.run(None, inputs(pair))[0][0, 0] for pair in pairs]
    found = [(rmse_mm(pair, depth), angle_error_deg(pair, depth)) for pair, depth in zip(pairs, depths, strict=True)]
    mean: NDArray[np.float64] = np.mean(found, 0)
    return mean


def make(source: Path, target: Path, faces: IctModel, calibration: int, pairs: list[Pair]) -> Parity:
    """Quantise, compare, and write the file if it is as good.

    Raises:
        RuntimeError: if it is not.
        ValueError: if the file is no denoiser with convolutions that may be quantised.
    """
    card = stored_card(source, "denoiser")
    nodes = inner_convolutions(onnx.load(source))
    with tempfile.TemporaryDirectory() as folder:
        candidate = Path(folder) / "candidate.onnx"
        quantise(source, candidate, crops(faces, calibration), ("Conv",), nodes)
        before, after = errors(source, pairs), errors(candidate, pairs)
        found = Parity(len(pairs), *(float(mean[k]) for k in (0, 1) for mean in (before, after)))
        found.check()
        figures = {**card["figures"], "beside_float_on_simulated_validation_people": asdict(found)}
        proto = packed(onnx.load(candidate), {**card, "precision": "int8 inside", "figures": figures})
    with whole_file(target) as part:
        onnx.save(proto, part)
    return found


@said_plainly()
def main() -> None:
    """Quantise one denoiser."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("source", type=Path, help="denoiser in float")
    parser.add_argument("target", type=Path, help="file to write")
    parser.add_argument("--faces", type=Path, required=True, help="folder with the face model files")
    parser.add_argument("--calibration", type=int, default=64, help="crops of training people")
    parser.add_argument("--per-sensor", type=int, default=40, help="crops of validation people per sensor family")
    given = parser.parse_args()
    use_one_thread()
    faces = IctModel.load(given.faces / ICT_FILE)
    pairs = [pair for each in validation_pairs(faces, given.per_sensor).values() for pair in each]
    found = make(given.source, given.target, faces, given.calibration, pairs)
    print(json.dumps(asdict(found), indent=1))
    say_saved(given.source, given.target, inputs(pairs[0]))


if __name__ == "__main__":
    main()
