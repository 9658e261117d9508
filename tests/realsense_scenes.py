"""RealSense recordings of simulated scenes, made by the SDK's own recorder."""

import gc
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyrealsense2 as rs

from depthface_app.core.frame import Frame
from tests.realsense_files import FIRST_STAMP_MS, SERIAL

FPS = 30
UNITS_M = 0.001


def write_scene(path: Path, frames: Sequence[Frame]) -> Path:
    """Record the depth of these frames in whole millimetres, as a D400 counts by default, with their own pinhole."""
    device = rs.software_device()
    device.register_info(rs.camera_info.name, "Intel RealSense D435 (software)")
    device.register_info(rs.camera_info.serial_number, SERIAL)
    device.register_info(rs.camera_info.product_line, "D400")
    sensor = device.add_sensor("Stereo Module")
    sensor.add_read_only_option(rs.option.depth_units, UNITS_M)
    profile = sensor.add_video_stream(_stream(frames[0]), True)
    sensor.set_metadata(rs.frame_metadata_value.actual_fps, FPS * 1000)
    recorder = rs.recorder(str(path), device)
    (recorded,) = recorder.query_sensors()
    recorded.open(profile)
    recorded.start(rs.frame_queue(len(frames)))
    begun_s = time.monotonic()
    for number, frame in enumerate(frames, start=1):
        sensor.on_video_frame(_frame(frame, number, profile))
        time.sleep(max(0.0, begun_s + number / FPS - time.monotonic()))  # the recorder keeps real time
    recorded.stop()
    recorded.close()
    recorder.pause()
    del recorded, recorder
    gc.collect()
    return path


def _stream(frame: Frame):
    pinhole = rs.intrinsics()
    seen = frame.intrinsics
    pinhole.width, pinhole.height, pinhole.ppx, pinhole.ppy = seen.width, seen.height, seen.cx, seen.cy
    pinhole.fx, pinhole.fy = seen.fx, seen.fy
    pinhole.model, pinhole.coeffs = rs.distortion.brown_conrady, [0.0] * 5
    stream = rs.video_stream()
    stream.type, stream.index, stream.uid, stream.fmt, stream.bpp = rs.stream.depth, 0, 0, rs.format.z16, 2
    stream.width, stream.height, stream.fps, stream.intrinsics = seen.width, seen.height, FPS, pinhole
    return stream


def _frame(seen: Frame, number: int, profile):
    frame = rs.software_video_frame()
    counts = np.rint(seen.depth_float()).astype(np.float32)
    frame.pixels = np.nan_to_num(counts).astype(np.uint16)
    frame.bpp, frame.stride, frame.depth_units = 2, seen.intrinsics.width * 2, UNITS_M
    frame.timestamp, frame.domain = FIRST_STAMP_MS + number * 1000 / FPS, rs.timestamp_domain.hardware_clock
    frame.frame_number, frame.profile = number, profile.as_video_stream_profile()
    return frame
