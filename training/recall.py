"""A shipped model file back to a checkpoint: `python -m training.recall EXPERIMENT MODEL OUT --faces FOLDER`.

Training goes on from the shipped weights where no checkpoint is left. Exporting folds batch normalisation into the
convolution before it and the denoiser's positional encoding into a map; both are taken apart here so that the network
computes what the file computes.
"""

import argparse
from pathlib import Path
from typing import Any

import onnx
import torch
from onnx import numpy_helper
from torch import Tensor, nn
from torch.utils.data import default_collate

from training.checkpoint import Checkpoint, current_commit
from training.experiment import whole_experiment
from training.model_file import read_model
from training.models.dmdnet import SIZE_PX, Decoder, Dmdnet
from training.tasks import task_of
from training.trouble import said_plainly

NORMALISING_SAMPLES = 64


def stored_tensors(proto: onnx.ModelProto) -> dict[str, Tensor]:
    """The file's tensors by name, and under `<convolution>.bias` the bias that folding gave a convolution."""
    tensors = {t.name: torch.from_numpy(numpy_helper.to_array(t).copy()) for t in proto.graph.initializer}
    for node in proto.graph.node:
        if node.op_type == "Conv" and len(node.input) == 3 and node.input[1].endswith(".weight"):
            tensors[node.input[1].removesuffix("weight") + "bias"] = tensors[node.input[2]]
    return tensors


def unprefixed(tensors: dict[str, Tensor], wanted: set[str]) -> dict[str, Tensor]:
    """The same tensors under the names that a model uses: graphs for export wrap it in other modules."""

    def known(name: str) -> bool:
        return name in wanted or name.replace(".bias", ".weight") in wanted  # a folded bias stands beside its weight

    out = {}
    for name, tensor in tensors.items():
        parts = name.split(".")
        inner = (".".join(parts[k:]) for k in range(len(parts)))
        out[next(filter(known, inner), parts[-1])] = tensor
    return out


def copy_fitting(model: nn.Module, tensors: dict[str, Tensor]) -> set[str]:
    """Copy what fits by name; a first convolution that reads further channels starts with zeros there."""
    copied = set()
    with torch.no_grad():
        for name, value in model.state_dict(keep_vars=True).items():
            stored = tensors.get(name)
            if stored is None:
                continue
            if stored.shape == value.shape:
                value.copy_(stored)
            elif stored.ndim == value.ndim == 4 and stored[:, :1].shape == value[:, :1].shape:
                value.zero_()[:, : stored.shape[1]].copy_(stored[:, : value.shape[1]])
            else:
                continue
            copied.add(name)
    return copied


def set_encoding(decoder: Decoder, encoded: Tensor) -> None:
    """Make the decoder's positional part give the stored map (1, first, S, S): it becomes the learned embedding.

    Raises:
        ValueError: if the decoder has no learned embedding to take the map.
    """
    if decoder.embedding is None or decoder.encoding is None:
        raise ValueError("a file can be recalled only into a DMDNet with coordinate embedding and Fourier features")
    first = encoded.shape[1]
    n = decoder.embedding.shape[1]
    with torch.no_grad():
        decoder.embedding[:, :first].copy_(encoded)
        decoder.encoding.weight.zero_()
        decoder.encoding.weight[:, n : n + first].copy_(torch.eye(first))


def set_offset(offset: nn.Linear, tile: Tensor) -> None:
    """Read the decoder's linear offset off what it adds inside one cell of the coarsest map, (1, first, r, r)."""
    with torch.no_grad():
        side = tile.shape[-1]  # its pixels reach from -1/2 to 1/2 of a cell, less half a pixel at each end
        offset.weight[:, 0].copy_((tile[0, :, 0, -1] - tile[0, :, 0, 0]) * side / (side - 1))
        offset.weight[:, 1].copy_((tile[0, :, -1, 0] - tile[0, :, 0, 0]) * side / (side - 1))


def set_normalisation(model: nn.Module, biases: dict[str, Tensor], run: Any) -> None:
    """Give every folded batch normalisation the statistics of a batch, and the shift that makes it the identity.

    Args:
        biases: per name of a normalisation the folded bias of the convolution before it.
        run: calls the model on a batch.
    """

    def measure(name: str) -> Any:
        def hook(layer: nn.BatchNorm2d, given: tuple[Tensor, ...]) -> None:
            mean, variance = given[0].mean((0, 2, 3)), given[0].var((0, 2, 3), unbiased=False)
            layer.running_mean.copy_(mean)
            layer.running_var.copy_(variance)
            layer.weight.copy_((variance + layer.eps).sqrt())
            layer.bias.copy_(biases[name] + mean)

        return hook

    layers = dict(model.named_modules())
    hooks = [layers[name].register_forward_pre_hook(measure(name)) for name in biases]
    with torch.no_grad():
        run(model.eval())
    for hook in hooks:
        hook.remove()


def folded_biases(model: nn.Module, tensors: dict[str, Tensor], copied: set[str]) -> dict[str, Tensor]:
    """Per batch normalisation that the file does not hold, the bias of the convolution it was folded into."""
    out, before = {}, ""
    for name, layer in model.named_modules():
        if isinstance(layer, nn.Conv2d):
            before = name
        elif isinstance(layer, nn.BatchNorm2d) and f"{name}.weight" not in copied and f"{before}.bias" in tensors:
            out[name] = tensors[f"{before}.bias"]
    return out


def recall_places(decoder: Decoder, tensors: dict[str, Tensor]) -> set[str]:
    """Fill a decoder's positional part; returns the names of its parameters.

    Raises:
        ValueError: if the decoder cannot take the map.
    """
    encoded = tensors["encoded_0"].float()
    set_encoding(decoder, encoded)
    if decoder.offset is None:
        return {"decoder.embedding", "decoder.encoding.weight"}
    side = SIZE_PX // min(decoder.scales)
    set_offset(decoder.offset, next(t for t in tensors.values() if t.shape == (1, encoded.shape[1], side, side)))
    return {"decoder.embedding", "decoder.encoding.weight", "decoder.offset.weight"}


def recall(model: nn.Module, path: Path, run: Any) -> set[str]:
    """Fill a model from a file that was exported from one like it.

    Args:
        run: calls the model on a batch of training samples.

    Returns:
        Names of the parameters that were not in the file.
    """
    proto = read_model(path)
    tensors = unprefixed(stored_tensors(proto), set(model.state_dict()))
    copied = copy_fitting(model, tensors)
    if isinstance(model, Dmdnet):
        copied |= recall_places(model.decoder, tensors)
    biases = folded_biases(model, tensors, copied)
    if biases:
        set_normalisation(model, biases, run)
    normalised = {f"{name}.{part}" for name in biases for part in ("weight", "bias")}
    return {name for name, _ in model.named_parameters()} - copied - normalised


@said_plainly()
def main() -> None:
    """Recall one of the networks that `training.train` knows."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("experiment", type=Path)
    parser.add_argument("model", type=Path, help="file to recall")
    parser.add_argument("out", type=Path, help="checkpoint to write")
    parser.add_argument("--faces", type=Path, required=True, help="folder with the face model files")
    arguments = parser.parse_args()
    experiment = whole_experiment(arguments.experiment)
    task = task_of(experiment, arguments.faces)
    model = task.model()
    data = task.data(0, NORMALISING_SAMPLES, NORMALISING_SAMPLES)
    batch = default_collate([data[n] for n in range(NORMALISING_SAMPLES)])
    missing = recall(model, arguments.model, lambda m: task.loss(m, batch))
    figures = task.validate(model.eval())
    weights = model.state_dict()
    Checkpoint(experiment, weights, weights, {}, 0, 0.0, current_commit(), figures).save(arguments.out)
    print(f"not in the file: {', '.join(sorted(missing)) or 'nothing'}")
    print({key: round(value, 3) for key, value in figures.items()})


if __name__ == "__main__":
    main()
