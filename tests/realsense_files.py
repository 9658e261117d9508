"""Makes RealSense recordings: a camera in software, recorded by the SDK's own recorder."""

import gc
import time
from pathlib import Path

import numpy as np
import pyrealsense2 as rs

from tests.realsense_server import COLOUR_FOCAL_PX, COLOUR_SHIFT_M, DEPTH_FOCAL_PX, FPS, HEIGHT, WIDTH, pictures

SERIAL = "SOFTWARE1"
FIRST_STAMP_MS = 1e6
BASELINE_MM = 50.0


def write_recording(path: Path, frames: int, units_m: float = 0.001, noise_mm: float = 0.0) -> None:
    """Record `frames` framesets of depth, infrared and colour at the pace of a camera; depth counts in `units_m`."""
    device = rs.software_device()
    _describe(device)
    depth_sensor, colour_sensor = device.add_sensor("Stereo Module"), device.add_sensor("RGB Camera")
    depth_sensor.add_read_only_option(rs.option.depth_units, units_m)
    depth_sensor.add_read_only_option(rs.option.stereo_baseline, BASELINE_MM)
    profiles = {
        "depth": depth_sensor.add_video_stream(_stream(rs.stream.depth, 0, 0, rs.format.z16, 2, DEPTH_FOCAL_PX), True),
        "infrared": depth_sensor.add_video_stream(_stream(rs.stream.infrared, 1, 1, rs.format.y8, 1, DEPTH_FOCAL_PX)),
        "colour": colour_sensor.add_video_stream(_stream(rs.stream.color, 0, 2, rs.format.rgb8, 3, COLOUR_FOCAL_PX)),
    }
    profiles["depth"].register_extrinsics_to(profiles["colour"], _shift(COLOUR_SHIFT_M))
    profiles["depth"].register_extrinsics_to(profiles["infrared"], _shift(0.0))
    for sensor in (depth_sensor, colour_sensor):
        # without the rate the SDK guesses one frame a second and never pairs depth with colour
        sensor.set_metadata(rs.frame_metadata_value.actual_fps, FPS * 1000)
    recorder = rs.recorder(str(path), device)
    recorded = recorder.query_sensors()
    waste = rs.frame_queue(frames)
    recorded[0].open([profiles["depth"], profiles["infrared"]])
    recorded[1].open(profiles["colour"])
    for sensor in recorded:
        sensor.start(waste)
    _play(frames, units_m, noise_mm, profiles, depth_sensor, colour_sensor)
    for sensor in recorded:
        sensor.stop()
        sensor.close()
    recorder.pause()
    del recorded, recorder, sensor
    gc.collect()


def _play(frames, units_m, noise_mm, profiles, depth_sensor, colour_sensor) -> None:
    rng = np.random.default_rng(1)
    start_s = time.monotonic()
    for number in range(1, frames + 1):
        shown = pictures(number)
        stamp_ms = FIRST_STAMP_MS + number * 1000 / FPS
        noisy_mm = shown["depth"] + noise_mm * rng.standard_normal(shown["depth"].shape)
        counts = (noisy_mm * (0.001 / units_m)).round().astype(np.uint16)
        depth = _frame(counts, 2, profiles["depth"], number, stamp_ms)
        depth.depth_units = units_m
        depth_sensor.on_video_frame(depth)
        depth_sensor.on_video_frame(_frame(shown["infrared"], 1, profiles["infrared"], number, stamp_ms))
        colour = np.repeat(shown["colour"][..., :1], 3, axis=2)
        colour_sensor.on_video_frame(_frame(colour, 3, profiles["colour"], number, stamp_ms))
        time.sleep(max(0.0, start_s + number / FPS - time.monotonic()))  # the recorder keeps real time


def _describe(device) -> None:
    for info, value in (
        (rs.camera_info.name, "Intel RealSense D435 (software)"),
        (rs.camera_info.serial_number, SERIAL),
        (rs.camera_info.product_line, "D400"),
        (rs.camera_info.firmware_version, "5.16.0.1"),
    ):
        device.register_info(info, value)


def _stream(kind, index: int, uid: int, pixels, bytes_per_pixel: int, focal_px: float):
    stream = rs.video_stream()
    stream.type, stream.index, stream.uid, stream.fmt, stream.bpp = kind, index, uid, pixels, bytes_per_pixel
    stream.width, stream.height, stream.fps = WIDTH, HEIGHT, FPS
    pinhole = rs.intrinsics()
    pinhole.width, pinhole.height, pinhole.ppx, pinhole.ppy = WIDTH, HEIGHT, WIDTH / 2, HEIGHT / 2
    pinhole.fx = pinhole.fy = focal_px
    pinhole.model, pinhole.coeffs = rs.distortion.brown_conrady, [0.0] * 5
    stream.intrinsics = pinhole
    return stream


def _shift(shift_m: float):
    extrinsics = rs.extrinsics()
    extrinsics.rotation, extrinsics.translation = [1, 0, 0, 0, 1, 0, 0, 0, 1], [shift_m, 0, 0]
    return extrinsics


def _frame(picture: np.ndarray, bytes_per_pixel: int, profile, number: int, stamp_ms: float):
    frame = rs.software_video_frame()
    frame.pixels, frame.bpp, frame.stride = np.ascontiguousarray(picture), bytes_per_pixel, WIDTH * bytes_per_pixel
    frame.timestamp, frame.domain, frame.frame_number = stamp_ms, rs.timestamp_domain.hardware_clock, number
    frame.profile = profile.as_video_stream_profile()
    return frame
