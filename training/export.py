"""Checkpoint to model file: `python -m training.export denoiser runs/denoiser/last.pt assets/models/denoiser.onnx`.

A file that does not compute what the network computes is never written.
"""

import argparse
import base64
import hashlib
import io
import json
import tempfile
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime as ort
import torch
from onnx import numpy_helper
from torch import Tensor, nn
from torch.nn import functional as F

from depthface_app.core.canonical import MeanFace
from depthface_app.core.crop import DEPTH_RANGE_MM, SIZE_PX, WINDOW_MM
from training.checkpoint import Checkpoint
from training.json_file import read_json
from training.models.dmdnet import Dmdnet, moved
from training.models.ldnfnet import FaceReader
from training.models.registry import load_model
from training.trouble import said_plainly

TOLERANCE = 2e-4
QUERIES = 4  # places inside every pixel that a network for four times the resolution is asked at in one go
BETWEEN_TOLERANCE = 1e-3  # 0.1 mm; the encoding is kept in half precision
ROLES = {"denoiser": "-live", "denoiser-2x": "-live-2x", "reference": "-reference", "plain": ""}  # in a card's name
ON_CARD = ("data", "commit", "pairs_per_cell", "held_out_sensor", "pooled")
TASK_OF = {"denoiser": "denoise", "recogniser": "recognise"}
CARD_KEY = "depthface.card"
VERSION = "1.0"
LICENCE = "Apache-2.0"
SOURCE = "DMDNet and LDNFNet: Xu et al., arXiv 2401.00719"
DDRNET = "DDRNet, its denoising part: Yan et al., ECCV 2018"
FACES = "Trained on faces sampled from ICT FaceKit, MIT licence, (c) 2020 USC Institute for Creative Technologies"
DATA = (
    "simulated faces of training people seen by simulated kinect1, kinect2, d415 and truedepth and by invented stereo "
    "cameras; d435 held out"
)


def export(
    model: nn.Module,
    inputs: Mapping[str, Tensor],
    outputs: tuple[str, ...],
    card: Mapping[str, Any],
    path: Path,
    metadata: Mapping[str, str] | None = None,
    dynamic: Mapping[str, Any] | None = None,
    tolerance: float = TOLERANCE,
) -> float:
    """Write a model file with its card, after checking that ONNX Runtime gets what PyTorch gets.

    Args:
        inputs: example tensors by name, in the order of `forward`; the check runs on them.
        card: what the file says about itself; its version gets the fingerprint of the weights.
        metadata: further metadata entries.
        dynamic: `dynamic_shapes` of torch.onnx.export.
        tolerance: largest absolute difference allowed.

    Returns:
        The largest absolute difference found.

    Raises:
        RuntimeError: if the difference is larger; nothing is written then.
    """
    model = model.eval()
    with torch.no_grad():
        expected = model(*inputs.values())
    expected = expected if isinstance(expected, tuple) else (expected,)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter warns of its own parts
        program = torch.onnx.export(
            model, tuple(inputs.values()), input_names=list(inputs), output_names=list(outputs),
            dynamic_shapes=dynamic, dynamo=True, external_data=False, verbose=False,
        )  # fmt: skip
    proto = without_traces(program.model_proto)
    facts = {**card, "version": f"{card.get('version', VERSION)}+{fingerprint(proto)}"}
    for key, value in {CARD_KEY: json.dumps(facts), **(metadata or {})}.items():
        proto.metadata_props.add(key=key, value=value)
    with tempfile.TemporaryDirectory() as folder:
        candidate = Path(folder) / path.name
        onnx.save(proto, candidate)
        session = ort.InferenceSession(str(candidate), providers=["CPUExecutionProvider"])
        got = session.run(None, {name: tensor.numpy() for name, tensor in inputs.items()})
        worst = max(float(np.abs(a - b.numpy()).max()) for a, b in zip(got, expected, strict=True))
        if not worst <= tolerance:
            raise RuntimeError(
                f"{path.name}: ONNX Runtime differs from PyTorch by {worst:.2g}, allowed {tolerance:.2g}"
            )
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(candidate.read_bytes())
    return worst


def fingerprint(proto: onnx.ModelProto) -> str:
    """Eight hexadecimal digits that other weights do not have.

    Embeddings of two versions are never compared, and weights trained anew are another version even if nobody thought
    of counting it up.
    """
    digest = hashlib.sha256()
    for tensor in sorted(proto.graph.initializer, key=lambda t: t.name):
        digest.update(numpy_helper.to_array(tensor).tobytes())
    return digest.hexdigest()[:8]


def without_traces(proto: onnx.ModelProto) -> onnx.ModelProto:
    """The same graph without the stack traces that the exporter leaves: they tell where somebody's files lie."""
    for part in (*proto.graph.node, *proto.graph.value_info, *proto.graph.input, *proto.graph.output):
        part.ClearField("metadata_props")
        part.ClearField("doc_string")
    for function in proto.functions:
        for node in function.node:
            node.ClearField("metadata_props")
    proto.graph.ClearField("metadata_props")
    return proto


class DenoiserGraph(nn.Module):
    """DMDNet with its decoder folded: everything that depends on the query grid alone is a constant.

    The encoding is stored once per phase in half precision (0.002 mm of depth), the offsets as one small tile per
    scale; the runtime multiplies them out when it opens the file, so the file is small and the graph is fast.
    """

    def __init__(self, model: Dmdnet, phases: tuple[tuple[float, float], ...]) -> None:
        super().__init__()
        self.model, self.phases = model, phases
        decoder = model.decoder
        with torch.no_grad():
            for p, phase in enumerate(phases):
                self.register_buffer(f"places_{p}", None if phase == (0.0, 0.0) else torch.tensor((phase,)))
                self.register_buffer(f"encoded_{p}", decoder.encoded(phase).half())
                for cells in decoder.scales:
                    repeat = SIZE_PX // cells
                    tile = decoder.shifted(cells, phase)[:, :, :repeat, :repeat]
                    self.register_buffer(f"tile_{p}_{cells}", tile.clone())

    def _maps(self, p: int) -> list[Tensor]:
        encoded = getattr(self, f"encoded_{p}").float()
        scales = self.model.decoder.scales
        return [encoded + getattr(self, f"tile_{p}_{cells}").repeat(1, 1, cells, cells) for cells in scales]

    def forward(self, depth: Tensor, normals: Tensor, valid: Tensor, noise: Tensor) -> tuple[Tensor, Tensor]:
        """Depth in network range and the probability of a surface; (1, 1, 128, 128), or 256 for four phases."""
        features = self.model.encode(depth, normals, valid, noise)
        decoded = [
            self.model.answer(features, self._maps(p), depth, valid, getattr(self, f"places_{p}"))
            for p in range(len(self.phases))
        ]
        value, logit = (torch.cat(part, 1) for part in zip(*decoded, strict=True))
        if len(self.phases) == 4:
            value, logit = F.pixel_shuffle(value, 2), F.pixel_shuffle(logit, 2)
        return value, torch.sigmoid(logit)


class QueryGraph(nn.Module):
    """DMDNet asked at places that are an input: QUERIES at a time, at each of them inside every pixel.

    Between the pixels' middles the positional encoding lies on straight lines, as that of a recalled file does; for a
    network whose Fourier features still move it differs, and `export_queries` refuses that.
    """

    def __init__(self, model: Dmdnet) -> None:
        super().__init__()
        self.model = model
        decoder = model.decoder
        with torch.no_grad():
            self.register_buffer("encoded", decoder.encoded((0.0, 0.0)).half())
            for cells in decoder.scales:
                repeat = SIZE_PX // cells
                self.register_buffer(
                    f"tile_{cells}", decoder.shifted(cells, (0.0, 0.0))[:, :, :repeat, :repeat].clone()
                )

    def forward(
        self, depth: Tensor, normals: Tensor, valid: Tensor, noise: Tensor, phase: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Depth in network range and the probability of a surface, (Q, 1, 128, 128), at phases (Q, 2) in pixels."""
        decoder, features = self.model.decoder, self.model.encode(depth, normals, valid, noise)
        encoded, maps = moved(self.encoded.float(), phase), []
        for cells in decoder.scales:
            here = encoded + getattr(self, f"tile_{cells}").repeat(1, 1, cells, cells)
            if decoder.offset is not None:
                here = here + decoder.offset(phase * (cells / SIZE_PX))[:, :, None, None]  # (Q, first, 1, 1)
            maps.append(here)
        value, logit = self.model.answer(features, maps, depth, valid, phase)
        return value, torch.sigmoid(logit)


class PictureGraph(nn.Module):
    """A denoiser without a continuous decoder, with a probability for its logit."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, depth: Tensor, normals: Tensor, valid: Tensor, noise: Tensor) -> tuple[Tensor, Tensor]:
        """Depth in network range and the probability of a surface; (1, 1, 128, 128)."""
        value, logit = self.model(depth, normals, valid, noise)
        return value, torch.sigmoid(logit)


class MirroredGraph(nn.Module):
    """A denoiser asked twice, once with the face mirrored, and the mean of both answers.

    Source: the geometric self-ensemble of Lim et al., CVPRW 2017.
    """

    def __init__(self, denoiser: nn.Module) -> None:
        super().__init__()
        self.denoiser = denoiser
        self.register_buffer("turned", torch.tensor((-1.0, 1.0, 1.0)).reshape(1, 3, 1, 1))

    def forward(self, depth: Tensor, normals: Tensor, valid: Tensor, noise: Tensor) -> tuple[Tensor, Tensor]:
        """Depth in network range and the probability of a surface; (1, 1, 128, 128)."""
        mirrored = (depth.flip(3), normals.flip(3) * self.turned, valid.flip(3), noise)
        both = [torch.cat(pair) for pair in zip((depth, normals, valid, noise), mirrored, strict=True)]
        value, surface = self.denoiser(*both)
        return (value[:1] + value[1:].flip(3)) / 2, (surface[:1] + surface[1:].flip(3)) / 2


def denoiser_graph(model: nn.Module, phases: tuple[tuple[float, float], ...] = ((0.0, 0.0),)) -> nn.Module:
    """A denoiser as it is shipped.

    Raises:
        ValueError: if it is asked between the pixels and has no answer there.
    """
    if isinstance(model, Dmdnet):
        return DenoiserGraph(model, phases)
    if phases != ((0.0, 0.0),):
        raise ValueError(f"{type(model).__name__} has no continuous decoder and knows one resolution only")
    return PictureGraph(model)


class RecogniserGraph(nn.Module):
    """A recogniser with its feature brought to unit length."""

    def __init__(self, network: FaceReader) -> None:
        super().__init__()
        self.network = network

    def forward(self, depth: Tensor, normals: Tensor, valid: Tensor) -> Tensor:
        """(1, D)."""
        return F.normalize(self.network(depth, normals, valid), dim=1)


def read_figures(path: Path | None) -> dict[str, Any]:
    """Figures for the card; of the long tables that `training.evaluate` writes, those over all sensor families.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if it is another kind of file.
    """
    figures = read_json(path) if path else {}
    return {key: figures[key] for key in ON_CARD} if "pooled" in figures else figures


def trained(checkpoint: Path, kind: str) -> tuple[Checkpoint, nn.Module]:
    """A checkpoint and its network.

    Raises:
        FileNotFoundError: if there is no such checkpoint.
        ValueError: if it is none, or of another kind of network.
    """
    stored = Checkpoint.load(checkpoint)
    if stored.config.get("task") != TASK_OF[kind]:
        raise ValueError(f"{checkpoint} is no checkpoint of a {kind}")
    return stored, load_model(stored)


def sources(network: str, model: Mapping[str, Any]) -> list[str]:
    """Whose networks these are."""
    if network == "ddrnet":
        return [DDRNET]
    return [SOURCE, DDRNET] if model.get("encoder") == "skips" else [SOURCE]


def card(role: str, kind: str, stored: Checkpoint, given: dict, gives: dict, figures: dict[str, Any]) -> dict[str, Any]:
    """The card of one of our models, which is called after its network and its role."""
    model = stored.config["model"]
    network = model.get("network", {"denoiser": "dmdnet", "recogniser": "ldnfnet"}[kind])
    return {
        "name": network + role, "version": VERSION, "kind": kind, "licence": LICENCE,
        "attributions": [*sources(network, model), FACES],
        "input": given, "output": gives, "training_commit": stored.commit, "data": DATA,
        "seeds": [stored.config["loop"].get("seed", 1)], "figures": figures,
    }  # fmt: skip


def denoiser_inputs() -> dict[str, Tensor]:
    """One crop of noise by the names that every denoiser takes."""
    rng = torch.Generator().manual_seed(0)
    side = (SIZE_PX, SIZE_PX)
    return {
        "depth": torch.rand((1, 1, *side), generator=rng) * 2 - 1,
        "normals": F.normalize(torch.randn((1, 3, *side), generator=rng), dim=1),
        "valid": (torch.rand((1, 1, *side), generator=rng) > 0.1).float(),
        "noise": torch.full((1, 1, 1, 1), 0.2),
    }


def export_denoiser(checkpoint: Path, path: Path, figures: dict[str, Any], kind: str = "denoiser") -> float:
    """Write a denoiser in one of the forms of ROLES; raises KeyError if there is no such form."""
    stored, model = trained(checkpoint, "denoiser")
    fine = kind == "denoiser-2x"
    phases = tuple((x, y) for y in (-0.25, 0.25) for x in (-0.25, 0.25)) if fine else ((0.0, 0.0),)
    given = {"window_mm": WINDOW_MM, "size_px": SIZE_PX, "depth_range_mm": DEPTH_RANGE_MM, "value_range": [-1, 1]}
    gives = {"value_range": [-1, 1], "size_px": SIZE_PX * (2 if fine else 1), "surface": "probability"}
    facts = card(ROLES[kind], "denoiser", stored, given, gives, figures)
    graph = denoiser_graph(model, phases)
    if kind == "reference":
        graph = MirroredGraph(graph)
    return export(graph, denoiser_inputs(), ("denoised", "surface"), facts, path)


def export_queries(checkpoint: Path, path: Path, figures: dict[str, Any]) -> float:
    """Write the denoiser that is asked anywhere, for four times the resolution.

    Raises:
        ValueError: if the network has no continuous decoder.
        RuntimeError: if it is not what the network computes between the pixels.
    """
    stored, model = trained(checkpoint, "denoiser")
    if not isinstance(model, Dmdnet):
        raise ValueError(f"{type(model).__name__} has no continuous decoder and knows one resolution only")
    inputs = {**denoiser_inputs(), "phase": torch.tensor(((-0.375, 0.125), (0.0, 0.0), (0.25, -0.25), (0.375, 0.375)))}
    graph = QueryGraph(model).eval()
    with torch.no_grad():
        asked = graph(*inputs.values())[0]
        places = [(float(x), float(y)) for x, y in inputs["phase"]]
        known = torch.cat([model(*list(inputs.values())[:4], phase=place)[0] for place in places])
    worst = float((asked - known).abs().max())
    if not worst <= BETWEEN_TOLERANCE:
        raise RuntimeError(
            f"{path.name}: between the pixels it differs from the network by {worst:.2g}; recall it first"
        )
    given = {"window_mm": WINDOW_MM, "size_px": SIZE_PX, "depth_range_mm": DEPTH_RANGE_MM, "value_range": [-1, 1]}
    given["queries"] = QUERIES
    gives = {"value_range": [-1, 1], "size_px": SIZE_PX, "surface": "probability"}
    facts = card("-live-4x", "denoiser", stored, given, gives, figures)
    return export(graph, inputs, ("denoised", "surface"), facts, path)


def packed_mean_face(mean: MeanFace) -> str:
    """A mean face as metadata text."""
    buffer = io.BytesIO()
    np.savez_compressed(buffer, depth_mm=mean.depth_mm.astype(np.float16))
    return base64.b64encode(buffer.getvalue()).decode()


def export_recogniser(checkpoint: Path, path: Path, figures: dict[str, Any]) -> float:
    """Write the recogniser; `figures` must hold the threshold chosen on validation people, and what strangers score.

    Raises:
        ValueError: if they hold no threshold, or the checkpoint is none of a recogniser.
    """
    if "threshold" not in figures:
        raise ValueError("a recogniser's card needs a threshold: give --figures with one (docs/training.md)")
    stored, network = trained(checkpoint, "recogniser")
    depth_mm = network.mean_depth[0, 0].numpy() * DEPTH_RANGE_MM
    mean = MeanFace.of_depth(np.where(depth_mm != 0, depth_mm, np.float32(np.nan)))
    rng = torch.Generator().manual_seed(0)
    inputs = {
        "depth": network.mean_depth + 0.05 * torch.randn(network.mean_depth.shape, generator=rng),
        "normals": F.normalize(torch.randn((1, 3, SIZE_PX, SIZE_PX), generator=rng), dim=1),
        "valid": (torch.rand((1, 1, SIZE_PX, SIZE_PX), generator=rng) > 0.1).float(),
    }
    given = {"window_mm": WINDOW_MM, "size_px": SIZE_PX, "depth_range_mm": DEPTH_RANGE_MM, "registered": True}
    gives = {"dimensions": sum(network.widths), "length": 1}
    facts = card("", "recogniser", stored, given, gives, figures)
    facts["threshold"], facts["strangers"] = figures["threshold"], figures.get("strangers", {})
    metadata = {"depthface.mean_face": packed_mean_face(mean)}
    return export(RecogniserGraph(network), inputs, ("embedding",), facts, path, metadata)


@said_plainly()
def main() -> None:
    """Export one checkpoint."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("kind", choices=(*ROLES, "denoiser-4x", "recogniser"))
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("model", type=Path)
    parser.add_argument("--figures", type=Path, help="JSON to put into the card")
    arguments = parser.parse_args()
    figures = read_figures(arguments.figures)
    if arguments.kind == "recogniser":
        worst = export_recogniser(arguments.checkpoint, arguments.model, figures)
    elif arguments.kind == "denoiser-4x":
        worst = export_queries(arguments.checkpoint, arguments.model, figures)
    else:
        worst = export_denoiser(arguments.checkpoint, arguments.model, figures, arguments.kind)
    print(f"{arguments.model}: {arguments.model.stat().st_size / 1e6:.1f} MB, differs from PyTorch by {worst:.1g}")


if __name__ == "__main__":
    main()
