"""The locator: a frame in, the faces in it out. Two networks, the second in a file beside the first."""

from pathlib import Path

import numpy as np

from depthface_app.core.errors import ModelError
from depthface_app.core.face import FaceLocation
from depthface_app.core.finding import FindingRules, find_faces, follow_faces
from depthface_app.core.frame import Frame
from depthface_app.core.locating import (
    ALIGNER_DEPTH_MM,
    ALIGNER_SIZE_PX,
    ALIGNER_WINDOW_MM,
    OVERVIEW_BLOCK_PX,
    OVERVIEW_FAR_MM,
    OVERVIEW_FOCAL_PX,
)
from depthface_app.inference.card import ModelCard
from depthface_app.inference.session import Model, RunOptions, open_model

ALIGNER_FILE = "aligner.onnx"  # the close look lies beside the overview under this name
SCOUT_FACTS = {"focal_px": OVERVIEW_FOCAL_PX, "far_mm": OVERVIEW_FAR_MM, "block_px": OVERVIEW_BLOCK_PX}
ALIGNER_FACTS = {"window_mm": ALIGNER_WINDOW_MM, "size_px": ALIGNER_SIZE_PX, "depth_mm": ALIGNER_DEPTH_MM}


def _check_facts(model: Model, facts: dict[str, float]) -> None:
    """Refuse a network that was trained on another picture than the program makes for it."""
    for key, needed in facts.items():
        given = model.card.number("input", key)
        if given != needed:
            raise ModelError(
                f"{model.path.name} was made for {key} {given:g}, the program gives it {needed:g}; "
                "use a model exported for this version."
            )


class Locator:
    """Finds faces by depth alone. `locate` may be called from one thread at a time."""

    def __init__(self, scout: Model, aligner: Model) -> None:
        """Use `open`."""
        self._scout, self._aligner = scout, aligner
        self._rules = FindingRules(
            peak=scout.card.number("output", "peak"),
            first_look=aligner.card.number("output", "first_look"),
            accept=aligner.card.number("output", "accept"),
        )

    @classmethod
    def open(cls, path: Path | str, options: RunOptions | None = None) -> "Locator":
        """Open a locator file and the aligner beside it.

        Raises:
            ModelError: either is missing, broken, or made for another kind of picture.
        """
        path = Path(path)
        scout = open_model(path, "locator", options, ("overview",), ("heat", "place"))
        aligner = open_model(
            path.with_name(ALIGNER_FILE), "aligner", options, ("window",), ("score", "offset", "rotation")
        )
        _check_facts(scout, SCOUT_FACTS)
        _check_facts(aligner, ALIGNER_FACTS)
        return cls(scout, aligner)

    @property
    def card(self) -> ModelCard:
        """What the overview network says about itself."""
        return self._scout.card

    @property
    def aligner_card(self) -> ModelCard:
        """What the close look says about itself."""
        return self._aligner.card

    @property
    def provider(self) -> str:
        """Where it really runs."""
        return self._scout.provider

    def locate(self, frame: Frame) -> tuple[FaceLocation, ...]:
        """Every face from 0.35 to 1.6 m, surest first, with its nose tip, pose and box; none is an ordinary answer.

        Raises:
            ModelError: if a network fails.
        """
        depth_mm = frame.depth_mm.astype(np.float32, copy=False)
        return find_faces(
            depth_mm,
            frame.intrinsics,
            lambda overview: self._scout.run(overview=overview),
            lambda window: self._aligner.run(window=window),
            self._rules,
        )

    def follow(self, frame: Frame, known: tuple[FaceLocation, ...]) -> tuple[FaceLocation, ...]:
        """The faces of the frame before in this one, at a fifth of the cost; nobody new is found.

        Raises:
            ModelError: if a network fails.
        """
        depth_mm = frame.depth_mm.astype(np.float32, copy=False)
        return follow_faces(
            depth_mm, frame.intrinsics, known, lambda window: self._aligner.run(window=window), self._rules
        )
