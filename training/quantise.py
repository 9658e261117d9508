"""A recogniser in whole numbers: `python -m training.quantise FLOAT.onnx INT8.onnx --faces FOLDER`.

`training/quantise_denoiser.py` does it to a part of the denoiser.

Static quantisation after training. The ranges of the activations are measured on looks at training people; then both
files meet validation people that were used for nothing else, and a file that recognises worse is never written. The
threshold for the card is the cosine at which the new file takes as many pairs of strangers for one person as the float
file does at its own.

Weights have 7 bits of their 8: the 16-bit sums of processors with AVX2 but no VNNI overflow with the eighth. What
surrounds the network (the difference to the mean face, the length of the embedding) stays float: it costs next to
nothing in time and half of the error.

Source: Jacob et al., Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only Inference,
CVPR 2018.
"""

import argparse
import json
import logging
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static
from tqdm import tqdm

from depthface_app.core.depth import from_range
from depthface_app.core.face import FaceCrop, HeadPose
from depthface_app.core.files import whole_file
from depthface_app.core.metrics.intervals import Estimate, mean
from training.export import CARD_KEY, fingerprint, without_traces
from training.faces.ict import IctModel
from training.faces.shape import Appearance
from training.mean_face import mean_face
from training.methods import network_method
from training.pairs import Scene, View, observed_crop, sample_appearance, sample_view, use_one_thread
from training.recognise import face_arrays, observe_face
from training.runtime import open_session
from training.seeds import TRAIN_IDENTITIES, VALIDATION_IDENTITIES, generator
from training.trouble import said_plainly

FIRST_CALIBRATION = TRAIN_IDENTITIES.start + 700_000
FIRST_CHECKED = VALIDATION_IDENTITIES.start + 40_000
OPERATORS = ("Conv", "Relu", "MaxPool", "Concat")
LEAST_COSINE = 0.995  # mean, between the two embeddings of one look
LARGEST_LOSS = 0.003  # of rank-1 and of FNIR: more than this, and surely, is too much

Look = dict[str, NDArray[np.float32]]  # a network's inputs by name


class ShippedDenoiser:
    """The denoiser as the program runs it, on what the sensor delivers."""

    def __init__(self, path: Path) -> None:
        """Open the file."""
        self._denoise = network_method(path)

    def __call__(self, scene: Scene, view: View, rng: np.random.Generator) -> tuple[FaceCrop, NDArray[np.float32]]:
        """Denoise the observed crop."""
        crop = observed_crop(scene, view, rng)
        denoised = self._denoise(crop)
        depth = from_range(denoised.value, crop.nose_mm[2])
        return crop, np.where(denoised.surface, depth, np.float32(np.nan))


@dataclass(frozen=True, slots=True)
class Photographer:
    """Takes looks at simulated people as the recogniser gets them."""

    faces: IctModel
    surface: ShippedDenoiser

    def looks(self, first: int, people: int, each: int) -> Iterator[Look]:
        """Per person one frontal neutral look and `each` - 1 in any pose and mood; trained sensors only."""
        mean_ = mean_face(self.faces)
        neutral = Appearance(np.zeros_like(self.faces.sample_expression(generator(0))))
        for k in tqdm(range(people), desc="look at people", unit="person", mininterval=5):
            who = self.faces.sample_identity(generator(first + k))
            for j in range(each):
                rng = generator(first, k, j)
                view, mood = sample_view(rng), sample_appearance(self.faces, rng)
                if j == 0:
                    view, mood = replace(view, pose=HeadPose(0, 0, 0)), neutral
                face = observe_face(self.faces, who, mood, view, self.surface, mean_, rng)
                yield {name: array[None] for name, array in face_arrays(face).items()}


class Looks(CalibrationDataReader):
    """Looks in the form that the quantiser asks for."""

    def __init__(self, looks: Iterator[Look]) -> None:
        self._looks = looks

    def get_next(self) -> Look | None:
        """The next look, None after the last."""
        return next(self._looks, None)


def quantise(
    source: Path,
    target: Path,
    looks: Iterator[Look],
    operators: Sequence[str] = OPERATORS,
    nodes: Sequence[str] | None = None,
) -> None:
    """Write the INT8 file: one scale per channel for weights, one per tensor for activations.

    Args:
        looks: what the ranges of the activations are measured on.
        operators: kinds of nodes to quantise.
        nodes: names of the nodes to quantise, all of those kinds unless given.
    """
    logging.getLogger().addFilter(lambda record: "pre-processing" not in record.getMessage())  # the exporter did it
    quantize_static(
        str(source),
        str(target),
        Looks(looks),
        quant_format=QuantFormat.QDQ,
        op_types_to_quantize=list(operators),
        nodes_to_quantize=None if nodes is None else list(nodes),
        per_channel=True,
        reduce_range=True,
        activation_type=QuantType.QUInt8,
        weight_type=QuantType.QInt8,
    )


def embeddings(path: Path, looks: list[Look]) -> NDArray[np.float32]:
    """(N, D) unit vectors."""
    network = open_session(path)
    return np.array([network.run(None, look)[0][0] for look in looks])


@dataclass(frozen=True, slots=True)
class Errors:
    """What one file does with probes of `people` enrolled by their first look, at one threshold.

    missed:  (probes,) 1 where the person is not first or not over the threshold, FNIR's numerator
    second:  (probes,) 1 where somebody else is first
    """

    missed: NDArray[np.float64]
    second: NDArray[np.float64]
    threshold: float


def similarities(embedded: NDArray[np.float32], each: int) -> tuple[NDArray[np.float32], NDArray[np.intp]]:
    """(probes, people) cosines with everybody's first look, and (probes,) whose each probe is."""
    by_person = embedded.reshape(-1, each, embedded.shape[1])
    probes = by_person[:, 1:].reshape(-1, embedded.shape[1])
    return probes @ by_person[:, 0].T, np.repeat(np.arange(len(by_person)), each - 1)


def errors(similarity: NDArray[np.float32], own: NDArray[np.intp], threshold: float) -> Errors:
    """Errors of searches for enrolled people."""
    second = similarity.argmax(1) != own
    missed = second | (similarity.max(1) < threshold)
    return Errors(missed.astype(np.float64), second.astype(np.float64), threshold)


def matched_threshold(
    float_: NDArray[np.float32], int8: NDArray[np.float32], own: NDArray[np.intp], threshold: float
) -> float:
    """Cosine that as many pairs of strangers reach with INT8 as reach `threshold` with float.

    Halfway between the last pair that does and the first that does not, shifted by where `threshold` lies between
    those two pairs of the float file; if no pair reaches it, or every one, the threshold itself.
    """
    strangers = np.arange(float_.shape[1])[None, :] != own[:, None]
    before, after = (np.sort(s[strangers].astype(np.float64))[::-1] for s in (float_, int8))
    reached = int(np.count_nonzero(before >= threshold))
    if reached in (0, len(before)):
        return threshold
    share = (before[reached - 1] - threshold) / max(before[reached - 1] - before[reached], 1e-12)
    return float(after[reached - 1] - share * (after[reached - 1] - after[reached]))


@dataclass(frozen=True, slots=True)
class Parity:
    """INT8 beside float on the same simulated validation people.

    lost: INT8's rate less float's, paired by probe, with its 95 % interval over people
    """

    people: int
    probes: int
    cosine_mean: float
    cosine_least: float
    threshold: float
    rank1_float: float
    rank1_int8: float
    rank1_lost: Estimate
    fnir_float: float
    fnir_int8: float
    fnir_lost: Estimate

    def check(self) -> None:
        """Refuse a file that recognises worse.

        Raises:
            RuntimeError: says by how much.
        """
        if self.cosine_mean < LEAST_COSINE:
            raise RuntimeError(f"INT8 embeddings differ from float: mean cosine {self.cosine_mean:.4f}; not written")
        for name, lost in (("rank-1", self.rank1_lost), ("FNIR", self.fnir_lost)):
            if lost.low > LARGEST_LOSS:
                raise RuntimeError(f"INT8 loses {100 * lost.value:.1f} points of {name}; not written")


def parity(float_: NDArray[np.float32], int8: NDArray[np.float32], each: int, threshold: float) -> Parity:
    """Compare embeddings (people · each, D) of the same looks; `threshold` is the float file's."""
    cosine = np.einsum("nd,nd->n", float_, int8)
    (before, own), (after, _) = similarities(float_, each), similarities(int8, each)
    old = errors(before, own, threshold)
    new = errors(after, own, matched_threshold(before, after, own, threshold))
    return Parity(
        people=len(float_) // each,
        probes=len(own),
        cosine_mean=float(cosine.mean()),
        cosine_least=float(cosine.min()),
        threshold=new.threshold,
        rank1_float=float(1 - old.second.mean()),
        rank1_int8=float(1 - new.second.mean()),
        rank1_lost=mean(new.second - old.second, own),
        fnir_float=float(old.missed.mean()),
        fnir_int8=float(new.missed.mean()),
        fnir_lost=mean(new.missed - old.missed, own),
    )


def with_card(proto: onnx.ModelProto, card: dict[str, Any], found: Parity, looks: int) -> onnx.ModelProto:
    """The file with the float file's card, changed where INT8 differs: another version is another recogniser."""
    figures = {
        "float": card["figures"],
        "ranges_measured_on": f"{looks} simulated looks at training people, trained sensors",
        "beside_float_on_simulated_validation_people": asdict(found),
    }
    return packed(proto, {**card, "precision": "int8", "threshold": round(found.threshold, 4), "figures": figures})


def packed(proto: onnx.ModelProto, card: dict[str, Any]) -> onnx.ModelProto:
    """The file with a float file's card, under a version of its own."""
    card = {**card, "version": f"{card['version'].partition('+')[0]}-int8+{fingerprint(proto)}"}
    kept = {p.key: p.value for p in proto.metadata_props if p.key.startswith("depthface.")}
    proto.ClearField("metadata_props")
    for key, value in {**kept, CARD_KEY: json.dumps(card)}.items():
        proto.metadata_props.add(key=key, value=value)
    return without_traces(proto)


def milliseconds(paths: tuple[Path, Path], look: Look, threads: int, rounds: int = 60) -> tuple[float, float]:
    """Median milliseconds of both files, taken in turns."""
    networks = [open_session(path, threads) for path in paths]
    taken = np.empty((rounds, 2))
    for r in range(rounds):
        for n, network in enumerate(networks):
            begun_s = time.perf_counter()
            network.run(None, look)
            taken[r, n] = (time.perf_counter() - begun_s) * 1000
    first, second = np.median(taken, 0)
    return float(first), float(second)


def stored_card(path: Path, kind: str = "recogniser") -> dict[str, Any]:
    """The card of a model file.

    Raises:
        ValueError: if it has none, or none of this kind.
    """
    stored = open_session(path).get_modelmeta().custom_metadata_map
    card: dict[str, Any] = json.loads(stored.get(CARD_KEY, "{}"))
    if card.get("kind") != kind or (kind == "recogniser" and card.get("threshold") is None):
        raise ValueError(f"{path} is no {kind} with a card" + " and a threshold" * (kind == "recogniser"))
    return card


def say_saved(source: Path, target: Path, look: Look) -> None:
    """Print what the INT8 file saves in time and space."""
    for threads in (1, 2):
        before, after = milliseconds((source, target), look, threads)
        print(f"{threads} threads: {before:.1f} ms float, {after:.1f} ms INT8, ratio {after / before:.2f}")
    print(f"{target}: {target.stat().st_size / 1e6:.1f} of {source.stat().st_size / 1e6:.1f} MB")


def make(source: Path, target: Path, photographer: Photographer, calibration: int, people: int, each: int) -> Parity:
    """Quantise, compare, and write the file if it is as good.

    Raises:
        RuntimeError: if it is not.
    """
    card = stored_card(source)
    with tempfile.TemporaryDirectory() as folder:
        candidate = Path(folder) / "candidate.onnx"
        quantise(source, candidate, photographer.looks(FIRST_CALIBRATION, calibration, 2))
        looks = list(photographer.looks(FIRST_CHECKED, people, each))
        found = parity(embeddings(source, looks), embeddings(candidate, looks), each, card["threshold"])
        found.check()
        proto = with_card(onnx.load(candidate), card, found, 2 * calibration)
    with whole_file(target) as part:
        onnx.save(proto, part)
    return found


@said_plainly()
def main() -> None:
    """Quantise one recogniser."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("source", type=Path, help="recogniser in float")
    parser.add_argument("target", type=Path, help="file to write")
    parser.add_argument("--faces", type=Path, required=True, help="folder with the face model files")
    parser.add_argument(
        "--denoiser", type=Path, help="file that denoises the looks; default: the one beside the source"
    )
    parser.add_argument("--calibration", type=int, default=100, help="training people, two looks each")
    parser.add_argument("--people", type=int, default=200, help="validation people")
    parser.add_argument("--each", type=int, default=3, help="looks per validation person, the first enrolled")
    given = parser.parse_args()
    use_one_thread()
    surface = ShippedDenoiser(given.denoiser or given.source.with_name("denoiser.onnx"))
    photographer = Photographer(IctModel.load(given.faces / "ict_face_model.npz"), surface)
    found = make(given.source, given.target, photographer, given.calibration, given.people, given.each)
    print(json.dumps(asdict(found), indent=1))
    say_saved(given.source, given.target, next(photographer.looks(FIRST_CHECKED, 1, 1)))


if __name__ == "__main__":
    main()
