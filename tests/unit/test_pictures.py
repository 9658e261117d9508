"""Depth pictures of every promised kind open alike; every other file is refused with one sentence."""

import json
import struct
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest

from depthface_app.cameras.pictures import default_intrinsics, is_picture, read_intrinsics, read_picture
from depthface_app.core.errors import InputError
from depthface_app.core.frame import Intrinsics

HEIGHT, WIDTH = 24, 32
PINHOLE = Intrinsics(WIDTH, HEIGHT, 30.0, 31.0, 15.0, 11.0)


def depth_map() -> np.ndarray:
    rows, columns = np.mgrid[0:HEIGHT, 0:WIDTH]
    depth = (600 + 3 * rows + 2 * columns).astype(np.uint16)
    depth[:3, :5] = 0
    return depth


DEPTH = depth_map()


def write_png(path: Path, picture: np.ndarray = DEPTH) -> Path:
    path.write_bytes(cv2.imencode(".png", picture)[1].tobytes())
    return path


def points(unit: float = 1.0, *, graphics: bool = False) -> np.ndarray:
    cloud = PINHOLE.back_project(DEPTH) * unit
    return cloud * (1, -1, -1) if graphics else cloud


def write_ply(path: Path, cloud: np.ndarray, coding: str = "binary_little_endian", sizes: bool = True) -> Path:
    header = ["ply", f"format {coding} 1.0"]
    header += [f"obj_info num_cols {WIDTH}", f"obj_info num_rows {HEIGHT}"] if sizes else []
    header += [f"element vertex {WIDTH * HEIGHT}", "property float x", "property float y", "property float z"]
    header += ["property uchar red", "end_header\n"]
    if coding == "ascii":
        body = "\n".join(f"{x:.6f} {y:.6f} {z:.6f} 7" for x, y, z in cloud.reshape(-1, 3)).encode()
    else:
        order = "<" if "little" in coding else ">"
        table = np.zeros(WIDTH * HEIGHT, [(axis, f"{order}f4") for axis in "xyz"] + [("red", "u1")])
        for index, axis in enumerate("xyz"):
            table[axis] = cloud.reshape(-1, 3)[:, index]
        body = table.tobytes()
    path.write_bytes("\n".join(header).encode() + body)
    return path


def write_pcd(path: Path, cloud: np.ndarray, coding: str = "binary", size=(WIDTH, HEIGHT)) -> Path:
    lines = ["# .PCD v0.7", "VERSION 0.7", "FIELDS x y z rgb", "SIZE 4 4 4 4", "TYPE F F F U", "COUNT 1 1 1 1"]
    lines += [f"WIDTH {size[0]}", f"HEIGHT {size[1]}", "VIEWPOINT 0 0 0 1 0 0 0", f"POINTS {size[0] * size[1]}"]
    flat = cloud.reshape(-1, 3).astype("<f4")
    if coding == "ascii":
        body = "\n".join(f"{x:.6f} {y:.6f} {z:.6f} 0" for x, y, z in flat).encode()
    elif coding == "binary":
        table = np.zeros(len(flat), [("xyz", "<f4", 3), ("rgb", "<u4")])
        table["xyz"] = flat
        body = table.tobytes()
    else:
        plain = flat.T.tobytes() + bytes(4 * len(flat))
        packed = lzf(plain)
        body = struct.pack("<II", len(packed), len(plain)) + packed
    path.write_bytes("\n".join([*lines, f"DATA {coding}\n"]).encode() + body)
    return path


def write_padded_pcd(path: Path, cloud: np.ndarray) -> Path:
    """As the Point Cloud Library writes its PointXYZRGBNormal, which has gaps so that vectors are aligned."""
    lines = ["# .PCD v0.7 - Point Cloud Data file format", "VERSION 0.7"]
    lines += ["FIELDS x y z _ normal_x normal_y normal_z _ rgb curvature _", "SIZE 4 4 4 1 4 4 4 1 4 4 1"]
    lines += ["TYPE F F F U F F F U F F U", "COUNT 1 1 1 4 1 1 1 4 1 1 8"]
    lines += [f"WIDTH {WIDTH}", f"HEIGHT {HEIGHT}", "VIEWPOINT 0 0 0 1 0 0 0", f"POINTS {WIDTH * HEIGHT}"]
    points = np.full((WIDTH * HEIGHT, 12), np.nan, "<f4")
    points[:, :3] = cloud.reshape(-1, 3)
    path.write_bytes("\n".join([*lines, "DATA binary\n"]).encode() + points.tobytes())
    return path


def lzf(plain: bytes) -> bytes:
    """A small LZF packer: literal runs, and long copies where a stretch of zeros repeats itself."""
    out, place = bytearray(), 0
    while place < len(plain):
        zeros = len(plain[place : place + 200]) - len(plain[place : place + 200].lstrip(b"\0"))
        if place and plain[place - 1] == 0 and zeros >= 9:
            out += bytes((7 << 5, zeros - 9, 0))
            place += zeros
        else:
            run = plain[place : place + 7]
            out += bytes((len(run) - 1,)) + run
            place += len(run)
    return bytes(out)


def test_png_is_read_bit_by_bit(tmp_path):
    picture = read_picture(write_png(tmp_path / "a.png"))
    np.testing.assert_array_equal(picture.frame.depth_mm, DEPTH)
    assert picture.frame.depth_mm.dtype == np.uint16
    assert picture.frame.intrinsics == default_intrinsics(WIDTH, HEIGHT)
    assert "states no intrinsics" in picture.warnings[0]
    assert not picture.frame.is_live


def test_intrinsics_come_from_the_file_beside_or_the_one_given(tmp_path):
    write_png(tmp_path / "a.png")
    values = {"fx": 31.5, "fy": 32, "cx": 3, "cy": 4, "width": WIDTH, "height": HEIGHT}
    (tmp_path / "a.json").write_text(json.dumps(values))
    (tmp_path / "given.json").write_text(json.dumps(values | {"fx": 9.0}))
    assert read_picture(tmp_path / "a.png").frame.intrinsics.fx == 31.5
    assert read_picture(tmp_path / "a.png").warnings == ()
    assert read_picture(tmp_path / "a.png", tmp_path / "given.json").frame.intrinsics.fx == 9.0


def pinhole_text(**values: float) -> str:
    fitting = {"fx": 30, "fy": 30, "cx": 15, "cy": 11, "width": WIDTH, "height": HEIGHT}
    return json.dumps(fitting | values)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[1]", "JSON object"),
        ("{", "not JSON"),
        ('{"fx": 1}', "numbers"),
        (pinhole_text(fx=0), "state fx 0 and fy 30; give them in pixels, which is 3.2 to 640 where"),
        (pinhole_text(fx=0.9), "in pixels"),
        (pinhole_text(fy=3.1), "in pixels"),
        (pinhole_text(fx=641), "in pixels"),
        (pinhole_text(fx=-30), "in pixels"),
        (pinhole_text(fx=600, fy=600, width=640, height=480), "640×480"),
        (pinhole_text(fx=np.nan), "finite numbers"),
        (pinhole_text(width=np.nan), "finite numbers"),
        (pinhole_text(width=0), "impossible"),
        (pinhole_text(height=-1), "impossible"),
        (pinhole_text().replace('"width": 32', '"width": 1e999'), "finite numbers"),
        (pinhole_text(cx=10**400), "finite numbers"),
    ],
)
def test_intrinsics_that_cannot_be_are_refused(tmp_path, text, words):
    (tmp_path / "i.json").write_text(text)
    with pytest.raises(InputError, match=words):
        read_picture(write_png(tmp_path / "a.png"), tmp_path / "i.json")


def test_intrinsics_that_are_not_there_are_refused(tmp_path):
    with pytest.raises(InputError, match="cannot be read"):
        read_intrinsics(tmp_path / "none.json")


@pytest.mark.parametrize("dtype", [np.uint16, np.float32, np.float64])
@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_npz_with_and_without_intrinsics(tmp_path, dtype, save):
    save(tmp_path / "a.npz", depth_mm=DEPTH.astype(dtype), fx=30.0, fy=31, cx=np.float32(15), cy=np.array([11.0]))
    picture = read_picture(tmp_path / "a.npz")
    np.testing.assert_array_equal(picture.frame.depth_mm, DEPTH)
    assert picture.frame.intrinsics == PINHOLE
    save(tmp_path / "b.npz", depth_mm=DEPTH.astype(dtype))
    assert read_picture(tmp_path / "b.npz").frame.intrinsics == default_intrinsics(WIDTH, HEIGHT)


def test_nan_infinite_and_negative_readings_are_no_readings(tmp_path):
    depth = DEPTH.astype(np.float32)
    depth[10, 10], depth[10, 11], depth[10, 12] = np.nan, np.inf, -5
    np.savez(tmp_path / "a.npz", depth_mm=depth)
    read = read_picture(tmp_path / "a.npz").frame.depth_mm
    assert (read[10, 10:13] == 0).all()
    assert (read[11] == DEPTH[11]).all()


@pytest.mark.parametrize("coding", ["ascii", "binary_little_endian", "binary_big_endian"])
def test_organised_ply_gives_depth_and_its_own_pinhole(tmp_path, coding):
    frame = read_picture(write_ply(tmp_path / "a.ply", points(), coding)).frame
    np.testing.assert_allclose(frame.depth_mm, DEPTH, atol=0.01)
    assert frame.intrinsics.fx == pytest.approx(PINHOLE.fx, rel=1e-3)
    assert frame.intrinsics.cy == pytest.approx(PINHOLE.cy, abs=0.02)


@pytest.mark.parametrize("coding", ["ascii", "binary", "binary_compressed"])
def test_organised_pcd_gives_depth_and_its_own_pinhole(tmp_path, coding):
    frame = read_picture(write_pcd(tmp_path / "a.pcd", points(), coding)).frame
    np.testing.assert_allclose(frame.depth_mm, DEPTH, atol=0.01)
    assert frame.intrinsics.fy == pytest.approx(PINHOLE.fy, rel=1e-3)


def test_padding_between_the_fields_of_a_pcd_is_passed_over(tmp_path):
    frame = read_picture(write_padded_pcd(tmp_path / "a.pcd", points())).frame
    np.testing.assert_allclose(frame.depth_mm, DEPTH, atol=0.01)
    assert frame.intrinsics.fx == pytest.approx(PINHOLE.fx, rel=1e-3)


def test_clouds_in_metres_or_in_graphics_axes_are_converted_and_said_so(tmp_path):
    metres = read_picture(write_pcd(tmp_path / "a.pcd", points(0.001)))
    np.testing.assert_allclose(metres.frame.depth_mm, DEPTH, atol=0.1)
    assert "metres" in metres.warnings[0]
    turned = read_picture(write_ply(tmp_path / "a.ply", points(graphics=True)))
    np.testing.assert_allclose(turned.frame.depth_mm, DEPTH, atol=0.01)
    assert turned.frame.intrinsics.fy == pytest.approx(PINHOLE.fy, rel=1e-3)
    assert "turned" in turned.warnings[0]


def truncated(path: Path, share: float = 0.6) -> Path:
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])
    return path


def saved(path: Path, **arrays) -> Path:
    np.savez(path, **arrays)
    return path


def huge_png(path: Path) -> Path:
    header = struct.pack(">IIBBBBB", 60000, 60000, 16, 0, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(b"")), (b"IEND", b"")]
    data = b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body)) for kind, body in chunks
    )
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + data)
    return path


def flipped(path: Path) -> Path:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0xFF
    path.write_bytes(bytes(data))
    return path


def encrypted(path: Path) -> Path:
    """An archive whose members say that they are encrypted, in the file's directory and before each of them."""
    data = path.read_bytes()
    for mark, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = data.index(mark) + place
        data = data[:at] + bytes((data[at] | 1,)) + data[at + 1 :]
    path.write_bytes(data)
    return path


def reworded(path: Path, old: bytes, new: bytes) -> Path:
    """The file with one place of its header put differently."""
    data = path.read_bytes()
    assert data.count(old) == 1
    path.write_bytes(data.replace(old, new))
    return path


def written(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


BAD = {
    "truncated png": (lambda d: truncated(write_png(d / "a.png")), "truncated or damaged"),
    "png cut in its header": (lambda d: truncated(write_png(d / "a.png"), 0.02), "truncated or damaged"),
    "damaged png": (lambda d: flipped(write_png(d / "a.png")), "damaged"),
    "8-bit png": (lambda d: write_png(d / "a.png", (DEPTH // 10).astype(np.uint8)), "8-bit grey"),
    "rgb png": (lambda d: write_png(d / "a.png", np.dstack([DEPTH] * 3).astype(np.uint8)), "RGB"),
    "16-bit rgb png": (lambda d: write_png(d / "a.png", np.dstack([DEPTH] * 3)), "16-bit RGB"),
    "enormous png": (lambda d: huge_png(d / "a.png"), "60000×60000"),
    "png without a reading": (lambda d: write_png(d / "a.png", DEPTH * 0), "no reading"),
    "png in metres": (lambda d: write_png(d / "a.png", np.full_like(DEPTH, 2)), "cannot be millimetres"),
    "empty file": (lambda d: written(d / "a.png", b""), "is empty"),
    "text file": (lambda d: written(d / "a.png", b"hello"), "is not a depth picture"),
    "jpeg": (lambda d: written(d / "a.png", b"\xff\xd8\xff\xe0" + b"0" * 99), "is not a depth picture"),
    "truncated npz": (lambda d: truncated(saved(d / "a.npz", depth_mm=DEPTH)), "truncated or damaged"),
    "damaged npz": (lambda d: flipped(saved(d / "a.npz", depth_mm=DEPTH)), "damaged"),
    "encrypted npz": (lambda d: encrypted(saved(d / "a.npz", depth_mm=DEPTH)), "is encrypted"),
    "npz without depth": (lambda d: saved(d / "a.npz", image=DEPTH), "no array depth_mm"),
    "npz of nan": (lambda d: saved(d / "a.npz", depth_mm=np.full((9, 9), np.nan, np.float32)), "no reading"),
    "npz of bytes": (lambda d: saved(d / "a.npz", depth_mm=DEPTH.astype(np.uint8)), "uint8"),
    "npz with three axes": (lambda d: saved(d / "a.npz", depth_mm=DEPTH[..., None]), "shape"),
    "npz without pixels": (lambda d: saved(d / "a.npz", depth_mm=DEPTH[:0]), "is empty"),
    "enormous npz": (lambda d: saved(d / "a.npz", depth_mm=np.zeros((1, 5000), np.uint16)), "5000×1"),
    "npz of objects": (lambda d: saved(d / "a.npz", depth_mm=np.array([[None, {}]])), "object"),
    "npz in metres": (lambda d: saved(d / "a.npz", depth_mm=(DEPTH / 1000).astype(np.float32)), "metres"),
    "npz with focal lengths in millimetres": (
        lambda d: saved(d / "a.npz", depth_mm=DEPTH, fx=2.9, fy=2.9, cx=15, cy=11),
        "in pixels",
    ),
    "npz with an endless cx": (
        lambda d: saved(d / "a.npz", depth_mm=DEPTH, fx=30, fy=30, cx=np.inf, cy=11),
        "impossible",
    ),
    "npz with odd fx": (lambda d: saved(d / "a.npz", depth_mm=DEPTH, fx=[1, 2], fy=1, cx=1, cy=1), "not one number"),
    "unorganised ply": (lambda d: write_ply(d / "a.ply", points(), sizes=False), "unorganised"),
    "truncated ply": (lambda d: truncated(write_ply(d / "a.ply", points())), "truncated"),
    "ply without end": (lambda d: written(d / "a.ply", b"ply\nformat ascii 1.0\n" * 9), "header has no end"),
    "ply with a property twice": (
        lambda d: reworded(write_ply(d / "a.ply", points()), b"property uchar red", b"property float x"),
        "names the property x twice",
    ),
    "ply without properties": (
        lambda d: written(
            d / "a.ply",
            b"ply\nformat binary_little_endian 1.0\nobj_info num_cols 2\nobj_info num_rows 2\n"
            b"element vertex 4\nend_header\n",
        ),
        "without one x, one y and one z",
    ),
    "shuffled ply": (lambda d: write_ply(d / "a.ply", points()[::-1, ::-1]), "camera's rays"),
    "unorganised pcd": (lambda d: write_pcd(d / "a.pcd", points(), size=(WIDTH * HEIGHT, 1)), "unorganised"),
    "truncated pcd": (lambda d: truncated(write_pcd(d / "a.pcd", points())), "truncated"),
    "truncated packed pcd": (lambda d: truncated(write_pcd(d / "a.pcd", points(), "binary_compressed")), "truncated"),
    "truncated ascii pcd": (lambda d: truncated(write_pcd(d / "a.pcd", points(), "ascii")), "truncated"),
    "enormous pcd": (lambda d: write_pcd(d / "a.pcd", points(), size=(99999, 99999)), "99999×99999"),
    "pcd with x twice": (
        lambda d: reworded(write_pcd(d / "a.pcd", points()), b"x y z rgb", b"x y z x"),
        "without one x, one y and one z",
    ),
    "pcd with several x in a point": (
        lambda d: reworded(write_pcd(d / "a.pcd", points()), b"COUNT 1 1 1 1", b"COUNT 2 1 1 1"),
        "without one x, one y and one z",
    ),
    "pcd with a number of no such size": (
        lambda d: reworded(write_pcd(d / "a.pcd", points()), b"SIZE 4 4 4 4", b"SIZE 1 4 4 4"),
        "damaged .pcd header",
    ),
    "pcd of a camera that sees all around": (
        lambda d: write_pcd(d / "a.pcd", points() * (100, 100, 1)),
        "in pixels",
    ),
    "pcd with a bad header": (
        lambda d: written(d / "a.pcd", b"# .PCD\nFIELDS x y\nDATA ascii\n"),
        "damaged .pcd header",
    ),
}


@pytest.mark.parametrize("kind", BAD)
def test_bad_pictures_are_refused_with_one_sentence(tmp_path, kind, capfd):
    make, words = BAD[kind]
    path = make(tmp_path)
    with pytest.raises(InputError, match=words) as caught:
        read_picture(path)
    assert "\n" not in str(caught.value)
    assert "a." in str(caught.value)
    assert capfd.readouterr().err == ""


def test_a_missing_file_and_a_folder_are_one_sentence(tmp_path):
    with pytest.raises(InputError, match="cannot be read"):
        read_picture(tmp_path / "none.png")
    with pytest.raises(InputError, match="cannot be read"):
        read_picture(tmp_path)


def test_pictures_are_told_by_content_not_by_name(tmp_path):
    assert is_picture(write_png(tmp_path / "a.txt"))
    assert not is_picture(written(tmp_path / "b.png", b"\x89MCAP0\r\n"))
