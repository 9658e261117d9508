"""The card a model file carries about itself: what it is, what it takes, how well it did."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from depthface_app.core.errors import ModelError

CARD_KEY = "depthface.card"
KINDS = ("locator", "aligner", "denoiser", "recogniser")
_REQUIRED_TEXTS = ("name", "version", "kind", "licence")


def _frozen(value: Any) -> Any:
    """The same JSON value with read-only mappings and tuples."""
    if isinstance(value, dict):
        return MappingProxyType({key: _frozen(inner) for key, inner in value.items()})
    if isinstance(value, list):
        return tuple(_frozen(inner) for inner in value)
    return value


@dataclass(frozen=True, slots=True)
class ModelCard:
    """What a model file says about itself, so that the program holds no constant about any model.

    kind:            one of KINDS; a file is only ever used as what it says it is
    input, output:   facts of the tensors: window in mm, size in pixels, value range, axes, dimensions
    licence:         SPDX identifier; attributions name the data and papers behind the weights
    training_commit: commit of this repository that trained it; with `data` and `seeds` enough to repeat it
    figures:         the numbers it was accepted on
    threshold:       recognisers only: the cosine at which a match is accepted; its error rates are in `figures`
    strangers:       recognisers only: gallery size, as text, to `mean`, `sd`, `skew` and number of `searches` of the
        best cosine that searches for strangers found
    """

    name: str
    version: str
    kind: str
    licence: str
    input: Mapping[str, Any] = field(default_factory=dict)
    output: Mapping[str, Any] = field(default_factory=dict)
    attributions: tuple[str, ...] = ()
    training_commit: str = ""
    data: Any = ""
    seeds: tuple[int, ...] = ()
    figures: Mapping[str, Any] = field(default_factory=dict)
    threshold: float | None = None
    strangers: Mapping[str, Mapping[str, float]] = field(default_factory=dict)

    @classmethod
    def from_json(cls, text: str, source: str) -> "ModelCard":
        """Read a card; unknown keys are ignored, so that a newer card still opens.

        Args:
            text: the JSON object stored in the model's metadata.
            source: the file it came from, for the message.

        Raises:
            ModelError: if it is not a JSON object, lacks a required text, or names an unknown kind.
        """
        values = _json_object(text, source)
        for key in _REQUIRED_TEXTS:
            if not isinstance(values.get(key), str) or not values[key]:
                raise ModelError(f"The card of {source} has no “{key}”; export the model again with its full card.")
        if values["kind"] not in KINDS:
            known = ", ".join(KINDS)
            raise ModelError(f"The card of {source} names the unknown kind “{values['kind']}”; known are {known}.")
        for key in ("input", "output", "figures"):
            if not isinstance(values.get(key, {}), dict):
                raise ModelError(f"“{key}” in the card of {source} is not an object; export the model again.")
        threshold = values.get("threshold")
        if threshold is not None and (isinstance(threshold, bool) or not isinstance(threshold, int | float)):
            raise ModelError(f"“threshold” in the card of {source} is not a number; export the model again.")
        _check_strangers(values.get("strangers", {}), source)
        return cls(**{key: _frozen(values[key]) for key in cls.__dataclass_fields__ if key in values})

    @property
    def identity(self) -> str:
        """Name and version: embeddings of two different identities are never compared."""
        return f"{self.name} {self.version}"

    def number(self, section: str, key: str) -> float:
        """One number of `input` or `output`, e.g. ("input", "window_mm").

        Raises:
            ModelError: if the card does not state it.
        """
        value = self._stated(section, key)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise ModelError(f"The card of {self.identity} states no number “{section}.{key}”; export the model again.")
        return float(value)

    def _stated(self, section: str, key: str) -> Any:
        return {"input": self.input, "output": self.output}[section].get(key)


def _check_strangers(values: Any, source: str) -> None:
    fine = isinstance(values, dict) and all(
        size.isdigit() and int(size) > 0 and isinstance(each, dict) and _is_spread(each)
        for size, each in values.items()
    )
    if not fine:
        raise ModelError(f"“strangers” in the card of {source} is not understood; export the model again.")


def _is_spread(values: dict[str, Any]) -> bool:
    known: list[Any] = [values.get(key) for key in ("mean", "sd", "skew", "searches")]
    if not all(isinstance(each, int | float) and not isinstance(each, bool) for each in known):
        return False
    mean, sd, skew, searches = known
    return bool(-1 <= mean <= 1 and 0 <= sd <= 1 and skew >= 0 and searches > 1)


def _json_object(text: str, source: str) -> dict[str, Any]:
    try:
        values = json.loads(text)
    except ValueError as error:
        raise ModelError(f"The card of {source} is not readable JSON ({error}); export the model again.") from error
    if not isinstance(values, dict):
        raise ModelError(f"The card of {source} is not a JSON object; export the model again.")
    return values
