"""What a depth sensor makes of a clean surface: the noise, the steps and the holes of five sensor families.

The same function dirties training pictures and the frames of the simulated camera. All parameters are in the
sensor's own terms (pixels of its picture, baseline, subpixel error), so any window of any size can be observed, as
long as the focal length in its intrinsics is the one it would be seen with.

Random fields come from a bank that is made once: a call draws places in the bank, not samples, which is ten times
cheaper than drawing every pixel and keeps the exact spatial correlation.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from math import ceil, radians, tan
from statistics import NormalDist
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from depthface_app.core.frame import Intrinsics

FloatImage = NDArray[np.float32]
Mask = NDArray[np.bool_]

_BANK_SIDE_PX = 1536
_BANK_SEED = 20401
_NOTHING_MM = 20000.0
_BEND = np.float32(2 / np.pi)
_MAX_BEND_SQUARED = 12.0


@dataclass(frozen=True, slots=True)
class Sensor:
    """One depth sensor: its picture, its geometry and how it errs.

    hfov_deg:           published horizontal field of view, gives the focal length
    baseline_mm:        distance to the second eye or projector; positive when that lies to the right (+x), so that
                        shadows fall on the left of near things; 0 for time of flight
    subpixel_px:        error of the disparity (active stereo)
    disparity_step_px:  quantisation in disparity, 0 = none
    step_mm:            quantisation in depth, 0 = none
    correlation_px:     standard deviation of the Gaussian that smooths the noise, 0 = white
    white_share:        share of the variance that stays uncorrelated from pixel to pixel
    jitter_px:          standard deviation of the sideways wobble of edges
    fattening_px:       how far near things grow over what is behind them
    steep_deg:          slope beyond which readings fail
    hole_rate, edge_hole_rate: share of pixels lost to patches, away from and near depth edges
    flying_kept:        share of the mixed pixels at depth edges that the sensor still delivers
    wiggle_mm, wiggle_phase_rad: cyclic distance error (time of flight)
    noise_gain:         this unit's noise relative to its family's
    """

    name: str
    title: str
    kind: Literal["structured light", "time of flight", "active stereo"]
    width: int
    height: int
    hfov_deg: float
    min_mm: float
    max_mm: float
    baseline_mm: float = 0.0
    subpixel_px: float = 0.0
    disparity_step_px: float = 0.0
    step_mm: float = 0.0
    correlation_px: float = 0.0
    white_share: float = 0.0
    jitter_px: float = 0.0
    fattening_px: float = 0.0
    steep_deg: float = 78.0
    hole_rate: float = 0.0005
    edge_hole_rate: float = 0.05
    flying_kept: float = 0.0
    wiggle_mm: float = 0.0
    wiggle_phase_rad: float = 0.0
    noise_gain: float = 1.0

    @property
    def fx(self) -> float:
        """Focal length in pixels of the sensor's own picture: half its width over tan(HFOV / 2)."""
        return self.width / 2 / tan(radians(self.hfov_deg) / 2)

    @property
    def fy(self) -> float:
        """Vertical focal length; the pixels of all five are square."""
        return self.fx

    def intrinsics(self) -> Intrinsics:
        """Pinhole of the sensor's full picture, principal point in its middle."""
        return Intrinsics(self.width, self.height, self.fx, self.fy, (self.width - 1) / 2, (self.height - 1) / 2)


# Sources: Nguyen et al., "Modeling Kinect Sensor Noise", 3DIMPVT 2012 (Kinect v1); PrimeSense reference design, field
# of view 58°, baseline 75 mm, disparity in 1/8 px. Fankhauser et al., "Kinect v2 for Mobile Robot Navigation",
# ICAR 2015; Corti et al. 2015 (wiggling, multipath). Intel, "Best Known Methods for Tuning RealSense D4xx" and D400
# data sheet (fields of view, baselines, least distances, subpixel RMS 0.08 px, disparity in 1/32 px, units of 1 mm).
# TrueDepth: measured on frames of a mannequin; side of the projector from the order of the parts in the phone.
# Widths of edges, steep limits and rates of holes are our own choice, by eye, after pictures of the real sensors.
SENSORS: dict[str, Sensor] = {
    sensor.name: sensor
    for sensor in (
        Sensor(
            "kinect1", "Kinect v1", "structured light", 640, 480, 58.0, 400, 6000,
            baseline_mm=75, disparity_step_px=1 / 8, correlation_px=0.8, white_share=0.3,
            jitter_px=0.8, fattening_px=0.3, steep_deg=72, hole_rate=0.002, edge_hole_rate=0.12,
        ),
        Sensor(
            "kinect2", "Kinect v2", "time of flight", 512, 424, 70.0, 500, 4500,
            step_mm=1.0, correlation_px=0.45, white_share=0.4, steep_deg=82, hole_rate=0.0002, edge_hole_rate=0.02,
            flying_kept=0.15, wiggle_mm=1.5,
        ),
        Sensor(
            "d415", "RealSense D415", "active stereo", 1280, 720, 65.0, 310, 6000,
            baseline_mm=55, subpixel_px=0.08, disparity_step_px=1 / 32, step_mm=1.0, correlation_px=2.4,
            white_share=0.1, jitter_px=0.7, fattening_px=1.2, steep_deg=76, hole_rate=0.001, edge_hole_rate=0.08,
        ),
        Sensor(
            "d435", "RealSense D435", "active stereo", 848, 480, 90.0, 200, 6000,
            baseline_mm=50, subpixel_px=0.08, disparity_step_px=1 / 32, step_mm=1.0, correlation_px=2.0,
            white_share=0.1, jitter_px=0.7, fattening_px=1.2, steep_deg=75, hole_rate=0.001, edge_hole_rate=0.08,
        ),
        Sensor(
            "truedepth", "TrueDepth-like", "structured light", 640, 480, 57.0, 150, 2000,
            baseline_mm=-27, step_mm=0.125, correlation_px=0.57, jitter_px=0.4, steep_deg=78,
            hole_rate=0.0002, edge_hole_rate=0.04,
        ),
    )
}  # fmt: skip


def vary(sensor: Sensor, rng: np.random.Generator) -> Sensor:
    """Another unit of the same family: its own noise gain, correlation, edges and holes (training diversity).

    Correlation lengths are drawn from a few values, because every length is a bank of its own.
    """
    gain, holes, edge_holes, edges, steep = rng.uniform((0.6, 0.3, 0.3, 0.5, -4.0), (1.6, 3.0, 2.0, 1.5, 4.0))
    return replace(
        sensor,
        noise_gain=sensor.noise_gain * float(gain),
        correlation_px=sensor.correlation_px * float(rng.choice((0.75, 1.0, 1.4))),
        jitter_px=sensor.jitter_px * float(edges),
        fattening_px=sensor.fattening_px * float(edges),
        steep_deg=sensor.steep_deg + float(steep),
        hole_rate=sensor.hole_rate * float(holes),
        edge_hole_rate=sensor.edge_hole_rate * float(edge_holes),
        step_mm=float(rng.choice((0.1, 1.0))) if sensor.kind == "active stereo" else sensor.step_mm,
        wiggle_phase_rad=float(rng.uniform(0, 2 * np.pi)),
    )


def observe(
    clean_mm: FloatImage,
    intrinsics: Intrinsics,
    sensor: Sensor,
    rng: np.random.Generator,
    reflectance: FloatImage | None = None,
) -> FloatImage:
    """What the sensor reads off a clean surface.

    Args:
        clean_mm: (H, W) float32 noiseless depth in mm; NaN or a far background where nothing is.
        intrinsics: pinhole of clean_mm. A window cut from a larger picture keeps that picture's focal length.
        sensor: whose errors.
        rng: draws every random choice; the same state gives the same picture.
        reflectance: (H, W) float32 share of the sensor's light that a surface sends back, or None for bright
            surfaces everywhere. Dark hair and screens lose readings.

    Returns:
        (H, W) float32 depth in mm, NaN = no reading.
    """
    surface = np.array(clean_mm, np.float32)
    cv2.patchNaNs(surface, _NOTHING_MM)
    low, high = _extremes(surface)
    # A step, not a slope: on a slope the middle lies half-way.
    edge = cv2.absdiff(cv2.addWeighted(low, 0.5, high, 0.5, 0), surface) > np.float32(0.01) * low
    bend_squared = _bend_squared(surface, intrinsics)
    lost = _steep(bend_squared, edge, sensor, rng) | _patches(edge, sensor, rng)
    if sensor.kind == "time of flight":
        seen, mixed_away = _mixed_at_edges(surface, low, high, edge, sensor, rng)
        seen += _time_of_flight_bias(surface, sensor)
        lost |= mixed_away
    else:
        seen = _wobbled_edges(surface, low, high, edge, sensor, rng)
        lost |= _unmatched(seen, intrinsics, sensor)
    noisy = _with_noise(seen, bend_squared, intrinsics, sensor, rng)
    if reflectance is not None:
        lost |= _too_dark(reflectance, rng)
    lost |= ~((noisy > sensor.min_mm) & (noisy < sensor.max_mm))
    read = _quantised(noisy, intrinsics, sensor)
    _put(read, np.full_like(read, np.nan), lost)
    return read


def sigma_mm(depth_mm: FloatImage, bend_squared: FloatImage, intrinsics: Intrinsics, sensor: Sensor) -> FloatImage:
    """Standard deviation of the reading in mm, quantisation included.

    Args:
        depth_mm: (H, W) float32 depth in mm.
        bend_squared: (H, W) float32 (θ / (π/2 - θ))² of the slope θ towards the line of sight; counted up to 70°,
            beyond which nothing was measured.
        intrinsics: pinhole of depth_mm.
        sensor: whose errors.
    """
    bend_squared = cv2.min(bend_squared, _MAX_BEND_SQUARED)
    return _SIGMAS[sensor.name](depth_mm, bend_squared, intrinsics, sensor) * np.float32(sensor.noise_gain)


def _kinect1_sigma(
    depth_mm: FloatImage, bend_squared: FloatImage, intrinsics: Intrinsics, sensor: Sensor
) -> FloatImage:
    """Source: Nguyen et al. 2012, eq. 3: σ = 1.2 + 1.9 (z - 0.4)² + 0.1 θ²/(√z (π/2 - θ)²) mm, z in m."""
    z_m = depth_mm * np.float32(1e-3)
    return 1.2 + 1.9 * (z_m - 0.4) ** 2 + 0.1 * bend_squared / cv2.sqrt(z_m)


def _kinect2_sigma(
    depth_mm: FloatImage, bend_squared: FloatImage, intrinsics: Intrinsics, sensor: Sensor
) -> FloatImage:
    """Source: Fankhauser et al. 2015: σ = 1.5 - 0.5 z + 0.3 z² + 0.1 z^1.5 θ²/(π/2 - θ)² mm, z in m."""
    z_m = depth_mm * np.float32(1e-3)
    return 1.5 - 0.5 * z_m + 0.3 * z_m * z_m + 0.1 * z_m * cv2.sqrt(z_m) * bend_squared


def _stereo_sigma(depth_mm: FloatImage, bend_squared: FloatImage, intrinsics: Intrinsics, sensor: Sensor) -> FloatImage:
    """Source: Intel, Best Known Methods: RMS = z² · subpixel / (f · B); the growth with slope is our own choice."""
    factor = np.float32(sensor.subpixel_px / (intrinsics.fx * abs(sensor.baseline_mm)))
    return depth_mm * depth_mm * factor * (1 + 0.1 * bend_squared)


def _truedepth_sigma(
    depth_mm: FloatImage, bend_squared: FloatImage, intrinsics: Intrinsics, sensor: Sensor
) -> FloatImage:
    """Fitted to 0.16-0.27 mm at 250-380 mm and to 0.16 mm below 20° against 1.3 mm at 60-75° of slope."""
    far = depth_mm * np.float32(1 / 320)
    far *= cv2.sqrt(cv2.sqrt(far))  # to the power of 1.25
    return 0.16 * far * (1 + 0.79 * bend_squared)


_SIGMAS: dict[str, Callable[[FloatImage, FloatImage, Intrinsics, Sensor], FloatImage]] = {
    "kinect1": _kinect1_sigma,
    "kinect2": _kinect2_sigma,
    "d415": _stereo_sigma,
    "d435": _stereo_sigma,
    "truedepth": _truedepth_sigma,
}


def _put(image: FloatImage, values: FloatImage, mask: Mask) -> None:
    """Write values into the pixels of a mask; several times faster than indexing with it."""
    cv2.copyTo(values, mask.view(np.uint8), image)


def _extremes(surface: FloatImage) -> tuple[FloatImage, FloatImage]:
    """Nearest and farthest depth in every 3 × 3 neighbourhood."""
    kernel = np.ones((3, 3), np.uint8)
    low: FloatImage = cv2.erode(surface, kernel)
    high: FloatImage = cv2.dilate(surface, kernel)
    return low, high


def _bend_squared(surface: FloatImage, intrinsics: Intrinsics) -> FloatImage:
    """(θ / (π/2 - θ))² of the slope θ.

    With t = tan θ and a = 2/π, t (a + t) / (1 + a t) is exact at 0°, 45° and 90° and within 4 % between, and spares
    an arc tangent per pixel.
    """
    across = cv2.Sobel(surface, cv2.CV_32F, 1, 0, ksize=1)
    down = cv2.Sobel(surface, cv2.CV_32F, 0, 1, ksize=1)
    slope = cv2.divide(cv2.magnitude(across, down), surface, scale=intrinsics.fx / 2)
    bend = slope + _BEND
    bend *= slope
    slope *= _BEND
    slope += 1
    bend /= slope
    bend *= bend
    return bend


def _steep(bend_squared: FloatImage, edge: Mask, sensor: Sensor, rng: np.random.Generator) -> Mask:
    """Pixels too steep to read; the limit wavers by a few degrees from place to place.

    Steps between two surfaces are no slopes; about half of their pixels fail for other reasons.
    """
    limit_rad = radians(sensor.steep_deg)
    limit = (limit_rad / (np.pi / 2 - limit_rad)) ** 2
    field = _field(rng, bend_squared.shape, 1.5)
    wavering = field * np.float32(0.35 * limit)
    wavering += np.float32(limit)
    steep = bend_squared > cv2.max(wavering, 0.4 * limit)
    lost: Mask = (steep & ~edge) | ((field < 0) & edge)
    return lost


def _patches(edge: Mask, sensor: Sensor, rng: np.random.Generator) -> Mask:
    """Small round patches without reading, more of them near depth edges."""
    near_edge = cv2.dilate(edge.view(np.uint8), np.ones((7, 7), np.uint8)).view(np.bool_)
    field = _field(rng, edge.shape, 2.0)
    lost: Mask = (field > _level(sensor.hole_rate)) | (near_edge & (field > _level(sensor.edge_hole_rate)))
    return lost


def _too_dark(reflectance: FloatImage, rng: np.random.Generator) -> Mask:
    """Patches without reading on surfaces that send little light back: 9 % of them at 0.05, 1 % at 0.25."""
    return _field(rng, reflectance.shape, 1.3) > np.float32(1.1) + np.float32(5) * reflectance


def _level(rate: float) -> np.float32:
    """Level that a unit normal exceeds with this probability."""
    return np.float32(NormalDist().inv_cdf(1 - rate))


def _wobbled_edges(
    surface: FloatImage, low: FloatImage, high: FloatImage, edge: Mask, sensor: Sensor, rng: np.random.Generator
) -> FloatImage:
    """Depth edges moved sideways by a pixel or two, mostly outwards: jitter and edge fattening."""
    moved_px = _field(rng, surface.shape, 0.8) * np.float32(sensor.jitter_px)
    moved_px += np.float32(sensor.fattening_px)
    seen = surface.copy()
    _put(seen, low, edge & (moved_px > 0.5))
    _put(seen, high, edge & (moved_px < -0.5))
    if sensor.fattening_px > 0.75:
        lower = cv2.erode(low, np.ones((3, 3), np.uint8))
        _put(seen, lower, (low > np.float32(1.02) * lower) & (moved_px > 1.5))
    return seen


def _mixed_at_edges(
    surface: FloatImage, low: FloatImage, high: FloatImage, edge: Mask, sensor: Sensor, rng: np.random.Generator
) -> tuple[FloatImage, Mask]:
    """Flying pixels: light of both sides of an edge in one pixel, and which of them the sensor throws away."""
    share = np.clip(0.5 + 0.35 * _field(rng, surface.shape, 0.0), 0, 1)
    mixed = surface.copy()
    _put(mixed, low + share * (high - low), edge)
    thrown_away = edge & (_field(rng, surface.shape, 0.0) > _level(1 - sensor.flying_kept))
    return mixed, thrown_away


def _time_of_flight_bias(surface: FloatImage, sensor: Sensor) -> FloatImage:
    """Cyclic error, a full turn every 470 mm, and the lengthening of paths in hollows by light that bounces twice."""
    turn = np.float32(2 * np.pi / 470)
    wiggle = np.float32(sensor.wiggle_mm) * np.sin(surface * turn + np.float32(sensor.wiggle_phase_rad))
    hollow = np.clip(surface - cv2.blur(surface, (15, 15)), 0, 8)
    bias: FloatImage = wiggle + np.float32(0.12) * hollow
    return bias


def _unmatched(seen: FloatImage, intrinsics: Intrinsics, sensor: Sensor) -> Mask:
    """Pixels that the second eye cannot see or the projector cannot reach, and those with too few matches around."""
    disparity = np.float32(intrinsics.fx * abs(sensor.baseline_mm)) / seen
    columns = np.arange(seen.shape[1], dtype=np.float32)
    other = (columns if sensor.baseline_mm > 0 else columns[::-1]) - disparity
    hidden = other > _frontier(other, float(disparity.max()), sensor.baseline_mm > 0) + np.float32(0.5)
    if sensor.kind == "active stereo":
        left_end = intrinsics.cx - (sensor.width - 1) / 2 * intrinsics.fx / sensor.fx
        hidden |= other < np.float32(left_end)
    support = cv2.blur(hidden.view(np.uint8) * np.uint8(255), (5, 5))
    return hidden | (support > 140)


def _frontier(other: FloatImage, reach_px: float, to_the_right: bool) -> FloatImage:
    """The least value in every pixel's row from the pixel on towards one side.

    Values grow by 1 per pixel towards that side, less a disparity of at most `reach_px`: what lies farther away cannot
    be less. Doubling the distance seen takes a few fast steps, where accumulating would go pixel by pixel. A value that
    a step has lowered already only makes the others see farther, so it is all done in place.
    """
    least, seen_px = other.copy(), 1
    while seen_px <= min(reach_px, other.shape[1] - 1):
        left, right = least[:, :-seen_px], least[:, seen_px:]
        cv2.min(left, right, dst=left if to_the_right else right)
        seen_px *= 2
    return least


def _with_noise(
    seen: FloatImage, bend_squared: FloatImage, intrinsics: Intrinsics, sensor: Sensor, rng: np.random.Generator
) -> FloatImage:
    """Depth plus correlated noise, less what the quantisation will add afterwards.

    The published figures were measured on quantised readings, so the variance of the steps is taken off first.
    """
    variance = sigma_mm(seen, bend_squared, intrinsics, sensor)
    variance *= variance
    before = variance - np.float32(sensor.step_mm**2 / 12)
    if sensor.disparity_step_px:
        per_px = sensor.disparity_step_px / (intrinsics.fx * abs(sensor.baseline_mm))
        step_mm = cv2.multiply(seen, seen, scale=per_px)
        step_mm *= step_mm
        step_mm /= 12
        before -= step_mm
    variance *= np.float32(0.1)
    noise = cv2.sqrt(cv2.max(before, variance))
    noise *= _field(rng, seen.shape, sensor.correlation_px, sensor.white_share)
    noise += seen
    return noise


def _quantised(depth_mm: FloatImage, intrinsics: Intrinsics, sensor: Sensor) -> FloatImage:
    """Depth in the steps the sensor counts in: of disparity, then of millimetres."""
    read = depth_mm
    if sensor.disparity_step_px:
        scale = np.float32(intrinsics.fx * abs(sensor.baseline_mm) / sensor.disparity_step_px)
        steps = scale / cv2.max(read, 1.0)
        np.rint(steps, out=steps)
        read = scale / cv2.max(steps, 1.0)
    if sensor.step_mm:
        read = read / np.float32(sensor.step_mm)
        np.rint(read, out=read)
        read *= np.float32(sensor.step_mm)
    return read


def _field(
    rng: np.random.Generator, shape: tuple[int, int], correlation_px: float, white_share: float = 0.0
) -> FloatImage:
    """A random field of zero mean and unit variance: a random view of the bank, upside down or not."""
    bank = _bank(round(correlation_px, 3), white_share)
    height, width = shape
    if height > _BANK_SIDE_PX or width > _BANK_SIDE_PX:
        bank = np.tile(bank, (ceil(height / _BANK_SIDE_PX), ceil(width / _BANK_SIDE_PX)))
    top, left, down = rng.integers(0, (bank.shape[0] - height + 1, bank.shape[1] - width + 1, 2))
    return bank[top : top + height, left : left + width][:: 1 - 2 * down]


@lru_cache(maxsize=24)
def _bank(correlation_px: float, white_share: float) -> FloatImage:
    """Unit-variance noise (side, side) that repeats seamlessly, correlated as exp(-d²/4s²) at distance d."""
    rng = np.random.default_rng((_BANK_SEED, round(1000 * correlation_px), round(1000 * white_share)))
    smooth = _smoothed(rng.standard_normal((_BANK_SIDE_PX, _BANK_SIDE_PX), np.float32), correlation_px)
    if white_share:
        white = rng.standard_normal(smooth.shape, np.float32)
        smooth = np.sqrt(np.float32(1 - white_share)) * smooth + np.sqrt(np.float32(white_share)) * white
    smooth.setflags(write=False)
    return smooth


def _smoothed(white: FloatImage, correlation_px: float) -> FloatImage:
    """White noise after a Gaussian filter that wraps around, back at zero mean and unit variance."""
    if correlation_px <= 0:
        return white
    reach = ceil(4 * correlation_px)
    padded = cv2.copyMakeBorder(white, reach, reach, reach, reach, cv2.BORDER_WRAP)
    size = 2 * reach + 1
    smooth = cv2.GaussianBlur(padded, (size, size), correlation_px)[reach:-reach, reach:-reach]
    return np.ascontiguousarray((smooth - smooth.mean()) / smooth.std())
