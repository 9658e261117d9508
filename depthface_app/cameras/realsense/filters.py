"""The vendor's own post-processing of depth, as an option."""

from typing import Any

from depthface_app.cameras.realsense.sdk import sdk

IN_DISPARITY = ("spatial", "temporal")


class PostProcessing:
    """Runs the chosen blocks on framesets, in the vendor's order and with the vendor's defaults.

    Spatial and temporal run on disparity, in which a stereo camera's noise is the same near and far.
    Source: "Post-processing filters", doc/post-processing-filters.md of librealsense ("Using filters in application
    code": depth → decimation → to disparity → spatial → temporal → to depth → hole filling).
    """

    def __init__(self, names: tuple[str, ...], has_baseline: bool) -> None:
        """Keep the choice.

        Args:
            names: of `settings.FILTERS`, in that order.
            has_baseline: the sensor states its stereo baseline, without which there is no disparity.
        """
        self._names, self._has_baseline = names, has_baseline
        self._blocks: list[Any] = []
        self.reset()

    def reset(self) -> None:
        """Forget what earlier frames showed: the stream jumped."""
        rs = sdk()
        make = {
            "decimation": rs.decimation_filter,
            "spatial": rs.spatial_filter,
            "temporal": rs.temporal_filter,
            "hole-filling": rs.hole_filling_filter,
        }
        inside = [make[name]() for name in self._names if name in IN_DISPARITY]
        if inside and self._has_baseline:
            inside = [rs.disparity_transform(True), *inside, rs.disparity_transform(False)]
        before = [make[name]() for name in self._names if name == "decimation"]
        after = [make[name]() for name in self._names if name == "hole-filling"]
        self._blocks = [*before, *inside, *after]

    def process(self, frames: Any) -> Any:
        """The frameset with its depth processed; other pictures pass through."""
        for block in self._blocks:
            frames = block.process(frames).as_frameset()
        return frames
