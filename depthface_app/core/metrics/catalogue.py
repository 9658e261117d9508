"""Every figure of an inspection: its title, its unit, and what is good, in one sentence.

Definitions and sources stand with the functions and in `docs/metrics.md`.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """How a figure is shown, and read.

    sign: 1 when larger is better, -1 when smaller is, 0 when neither is by itself
    good: one sentence for somebody who has never met it
    """

    title: str
    unit: str
    digits: int
    sign: int
    good: str


CATALOGUE: dict[str, Figure] = {
    "fill_rate": Figure("fill rate", "share", 3, 1, "Near 1: nearly all of the face has a reading."),
    "spatial_noise_mm": Figure("spatial noise", "mm", 2, -1, "Small: neighbouring pixels agree."),
    "noise_fine_mm": Figure(
        "roughness, 2 to 4 pixels", "mm", 2, -1, "Small: no grain of 3 to 6 mm; a noiseless face reads 0.06 mm."
    ),
    "noise_middle_mm": Figure(
        "roughness, 4 to 8 pixels", "mm", 2, -1, "Small: no blotches of 6 to 12 mm; a noiseless face reads 0.35 mm."
    ),
    "noise_coarse_mm": Figure(
        "roughness, 8 to 16 pixels",
        "mm",
        2,
        0,
        "Near what a noiseless face reads, about 0.6 mm: less has lost relief, more has waves of 12 to 25 mm.",
    ),
    "temporal_noise_mm": Figure(
        "temporal noise", "mm", 2, -1, "Small: a surface that holds still reads the same in the next frame."
    ),
    "normal_jitter_deg": Figure(
        "normal jitter", "°", 1, -1, "Small: the surface's directions do not flicker from frame to frame."
    ),
    "hanging_share": Figure(
        "hanging pixels", "share", 4, -1, "Near 0: no pixel hangs in the air between two surfaces or alone."
    ),
    "nose_edge_mm": Figure(
        "edge width at the nose", "mm", 1, 0, "Near the truth's, mostly 10 to 15 mm: wider has been smeared."
    ),
    "eyelid_slope": Figure(
        "steepest slope at the eyelids", "mm/mm", 2, 0, "Near the truth's: less has been smeared, more is noise."
    ),
    "plane_rms_mm": Figure("scatter about the plane", "mm", 2, -1, "Small: something flat reads flat."),
    "plane_distance_mm": Figure(
        "distance of the plane", "mm", 1, 0, "What a tape measure says from the camera to the middle of the region."
    ),
    "plane_offset_mm": Figure(
        "offset of the plane", "mm", 2, 0, "Near 0: something flat lies where the reference has it; positive is behind."
    ),
    "rmse_mm": Figure("RMSE to the reference", "mm", 2, -1, "Small: the surface lies where the reference is."),
    "bias_mm": Figure("mean error to the reference", "mm", 2, 0, "Near 0: neither too near nor too far on the whole."),
    "p95_mm": Figure("95 % of errors within", "mm", 2, -1, "Small: hardly a pixel is further off than this."),
    "psnr_db": Figure("PSNR", "dB", 1, 1, "Large: another way to write the RMSE; 6 dB more is half of it."),
    "normal_angle_deg": Figure(
        "normal angle to the reference", "°", 1, -1, "Small: the surface faces where the reference faces."
    ),
    "ssim": Figure("SSIM", "", 3, 1, "Near 1: structures are those of the reference."),
    "flying_share": Figure("flying pixels", "share", 4, -1, "Near 0: no pixel is over 10 mm from every true surface."),
    "nose_edge_ratio": Figure(
        "nose edge over the reference's", "ratio", 2, 0, "Near 1: as sharp as the reference; more has been smeared."
    ),
    "eyelid_ratio": Figure(
        "eyelid slope over the reference's", "ratio", 2, 0, "Near 1: as sharp as the reference; less has been smeared."
    ),
    "similarity": Figure(
        "cosine to the enrolled person", "", 3, 1, "Large for the person's own face: they are recognised more surely."
    ),
}
FIGURES = tuple(CATALOGUE)

IDENTITY = Figure(
    "identity kept (cosine of both)", "", 3, 1, "Near 1: to the recogniser both surfaces are the same face."
)
