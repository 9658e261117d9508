"""Damaged recordings and pictures: each must be read as far as it goes, or refused in one sentence.

    .venv/bin/python -m benchmarks.fuzz [--count 1950] [--realsense 50] [--seed 1]

Runs in a process of its own with little memory to ask for and a limit on the time of every file. Exit status 1 when
that process dies, a file takes too long, memory grows, or something else than one sentence comes out. RealSense's .db3
files come last, one by one through `session import`, because only the vendor's library reads them: it may hang or
crash in the process that the import gives it, and one sentence must come of that too.
"""

import argparse
import faulthandler
import json
import multiprocessing
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np

from benchmarks.mutations import ANY
from benchmarks.specimens import Specimen, specimens
from depthface_app.cli.importing import import_into
from depthface_app.core.errors import DepthFaceError

SECONDS_AT_MOST = 20.0  # per file, on a busy machine
RUNAWAY_AFTER_S = 120.0  # a vendor's library that hangs is ended before
MEMORY_AT_MOST = 1 << 30  # that may be asked for beside what the libraries take
GROWTH_AT_MOST = 300_000_000


@dataclass
class Tally:
    """What came of the files.

    read:     still good enough to be read in full
    refused:  refused in one sentence
    bad:      kind, number and what came out instead
    """

    read: int = 0
    refused: int = 0
    bad: list[str] = field(default_factory=list)
    kinds: dict[str, int] = field(default_factory=dict)
    longest_s: float = 0.0
    growth_bytes: int = 0


def fuzz(folder: Path, count: int, seed: int) -> Tally:
    """Damage and read `count` files, all kinds in turn."""
    tally = Tally()
    kinds = specimens(folder)
    _limit_memory()
    before = _peak_bytes()
    for number, specimen in zip(range(count), _in_turn(kinds), strict=False):
        _one(folder / "case", specimen, number, np.random.default_rng((seed, number)), tally)
    tally.growth_bytes = _peak_bytes() - before
    return tally


def _in_turn(kinds: tuple[Specimen, ...]) -> Iterator[Specimen]:
    while True:
        yield from kinds


def _one(
    folder: Path,
    specimen: Specimen,
    number: int,
    rng: np.random.Generator,
    tally: Tally,
    limit_s: float = SECONDS_AT_MOST,
) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    path = folder / specimen.name
    data = specimen.data
    for _ in range(int(rng.choice((1, 1, 1, 2)))):
        data = specimen.ways[int(rng.integers(0, len(specimen.ways)))](data, rng) or b"\0"
    path.write_bytes(data)
    faulthandler.dump_traceback_later(limit_s, exit=True)
    begun_s = time.perf_counter()
    try:
        specimen.read(path)
        tally.read += 1
    except DepthFaceError as error:
        said = str(error)
        if "\n" in said.strip() or not said.endswith((".", "?")) or len(said) > 600:
            tally.bad.append(f"{specimen.kind} {number}: no clear sentence: {said[:300]!r}")
        tally.refused += 1
    except Exception as error:  # noqa: BLE001 - finding these is what it is for
        tally.bad.append(f"{specimen.kind} {number}: {type(error).__name__}: {str(error)[:300]}")
    finally:
        faulthandler.cancel_dump_traceback_later()
    tally.kinds[specimen.kind] = tally.kinds.get(specimen.kind, 0) + 1
    tally.longest_s = max(tally.longest_s, time.perf_counter() - begun_s)


def _limit_memory() -> None:
    """So that a length in a file that asks for gigabytes shows as an error here. Not on Windows."""
    if sys.platform == "win32":
        return
    import resource

    taken = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize() if _is_linux() else 1 << 34
    resource.setrlimit(resource.RLIMIT_AS, (taken + MEMORY_AT_MOST, resource.RLIM_INFINITY))


def _peak_bytes() -> int:
    if sys.platform == "win32":
        return 0
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1024 if _is_linux() else 1)


def _is_linux() -> bool:
    return sys.platform.startswith("linux")


def fuzz_realsense(folder: Path, count: int, seed: int) -> Tally:
    """Damage a RealSense recording, half of the time in its first page, and import it."""
    from tests.realsense_files import write_recording  # the SDK, on machines that have it

    write_recording(folder / "whole.db3", 6)
    specimen = Specimen("db3", "a.db3", (folder / "whole.db3").read_bytes(), _import, (_damaged_page, *ANY))
    tally = Tally()
    for number in range(count):
        _one(folder / "case", specimen, number, np.random.default_rng((seed, number)), tally, RUNAWAY_AFTER_S)
    return tally


def _damaged_page(data: bytes, rng: np.random.Generator) -> bytes:
    return ANY[int(rng.integers(0, len(ANY)))](data[:4096], rng) + data[4096:]


def _import(path: Path) -> None:
    import_into(path.with_suffix(".mcap"), path, 30.0, None)


def _work(folder: str, count: int, seed: int, answer) -> None:
    answer.send(fuzz(Path(folder), count, seed))


def in_own_process(folder: Path, count: int, seed: int) -> Tally:
    """The same in a new process; a tally that says so if it died."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe(duplex=False)
    process = context.Process(target=_work, args=(str(folder), count, seed, there))
    process.start()
    there.close()
    try:
        tally = here.recv()
    except EOFError:
        process.join()
        tally = Tally(bad=[f"the process ended with status {process.exitcode}: a crash, or a file that hung it"])
    process.join()
    if tally.growth_bytes > GROWTH_AT_MOST:
        tally.bad.append(f"memory grew by {tally.growth_bytes / 1e6:.0f} MB")
    return tally


def main() -> int:
    """Print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=1950)
    parser.add_argument("--realsense", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        tally = in_own_process(Path(folder), chosen.count, chosen.seed)
        realsense = fuzz_realsense(Path(folder), chosen.realsense, chosen.seed) if chosen.realsense else Tally()
    print(json.dumps({"files": asdict(tally), "realsense": asdict(realsense)}, indent=1))
    return int(bool(tally.bad or realsense.bad))


if __name__ == "__main__":
    sys.exit(main())
