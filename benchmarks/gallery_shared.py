"""A shared gallery of many people: joining it, following it, searching it, and pgvector on the server as the peer.

    nice -n 10 .venv/bin/python -m benchmarks.gallery_shared [--people N] [--changes N] [--searches N]

A PostgreSQL server of its own (the tests') holds random templates. Measured are: how long a new kiosk takes to fetch
and check everything; its first snapshot; how long after an enrolment at one kiosk the other has it in a new snapshot
(bell, catching up, and building it); the exact search in that snapshot; and the same search by pgvector over the same
turned vectors in the open, which this program does not store there: exact, without an index.
"""

import argparse
import json
import os
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np
import psycopg
from numpy.typing import NDArray

from benchmarks.gallery_search import SIZE, crowd, milliseconds
from depthface_app.gallery.keys import Keychain
from depthface_app.gallery.shared import SharedStore, share
from depthface_app.gallery.snapshot import Gallery
from depthface_app.gallery.store import Template
from tests.postgres import Postgres

WORDS = "one of the benchmark's"
AT_ONCE = 2000
LIMIT_S = 600.0


def kiosk(folder: Path, address: str) -> SharedStore:
    """A kiosk of that folder."""
    path = folder / "copy.sqlite3"
    return SharedStore(path, Keychain(path.with_suffix(".key"), lambda _: WORDS), None, address)


def template(vector: NDArray[np.float32]) -> Template:
    """A view."""
    return Template(vector, "m", "1", 0.9, "benchmark")


def followed(here: SharedStore, there: SharedStore, vectors: NDArray[np.float32]) -> list[float]:
    """Seconds from the end of each enrolment here to the snapshot there that has it."""
    seen, spent = threading.Event(), []

    def look() -> None:
        there.snapshot("m", "1")
        seen.set()

    stop = there.watch(look, lambda _: None)
    try:
        for number, vector in enumerate(vectors):
            seen.clear()
            here.add(f"new {number}", [template(vector)])
            begun_s = time.perf_counter()
            if not seen.wait(LIMIT_S):
                raise RuntimeError("the change never came")
            spent.append(time.perf_counter() - begun_s)
    finally:
        stop()
    return spent


def searched_by_pgvector(address: str, gallery: Gallery, probe: NDArray[np.float32], times: int) -> dict[str, float]:
    """The same search on the server, over the same vectors in the open."""

    def text(vector: NDArray[np.float32]) -> str:
        return "[" + ",".join(f"{each:.7g}" for each in vector) + "]"

    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute("CREATE EXTENSION IF NOT EXISTS vector")
        connection.execute(f"CREATE TABLE turned (person integer, template vector({SIZE}))")
        connection.execute("ALTER TABLE turned ALTER COLUMN template SET STORAGE PLAIN")  # its quickest
        with connection.cursor() as cursor, cursor.copy("COPY turned (person, template) FROM STDIN") as copy:
            for person, vector in zip(gallery.person, gallery.templates, strict=True):
                copy.write_row((int(person), text(vector)))
        assert gallery.transform is not None
        turned = text(gallery.transform.apply(probe[None])[0])
        query = "SELECT person, template <#> %s::vector AS distance FROM turned ORDER BY distance LIMIT 5"
        found = connection.execute(query, (turned,)).fetchone()
        if found is None or gallery.names[found[0]] != gallery.match(probe, "m 1", 0.5).name:
            raise RuntimeError("the server found somebody else")
        return milliseconds(lambda: connection.execute(query, (turned,)).fetchall(), times)


def measure(people: int, changes: int, searches: int, folder: Path, server: Postgres) -> dict[str, object]:
    """Everything, for a gallery of so many people."""
    server.database("benchmark")
    address = server.address("owner", "benchmark")
    here = share(folder / "here" / "copy.sqlite3", address, WORDS)
    vectors = crowd(people + changes, np.random.default_rng(1))
    for start in range(0, people, AT_ONCE):
        chunk = range(start, min(start + AT_ONCE, people))
        here.add_all([(f"person {number}", [template(vectors[number])]) for number in chunk])
    join = milliseconds(lambda: kiosk(folder / "there", address), 1)
    there = kiosk(folder / "there", address)
    first = milliseconds(lambda: there.snapshot("m", "1"), 1)
    known = followed(here, there, vectors[people:])
    gallery, probe = there.snapshot("m", "1"), vectors[people // 2]
    search = milliseconds(lambda: gallery.match(probe, "m 1", 0.5), searches)
    pgvector = searched_by_pgvector(address, gallery, probe, max(searches // 5, 3))
    return {
        "people": people,
        "load": os.getloadavg()[0],
        "join_s": join["median"] / 1000,
        "join_processor_s": join["processor"] / 1000,
        "first_snapshot_s": first["median"] / 1000,
        "first_snapshot_processor_s": first["processor"] / 1000,
        "known_elsewhere_s": {"median": float(np.median(known)), "best": min(known), "worst": max(known)},
        "search_ms": search,
        "pgvector_ms": pgvector,
        "ratio_of_medians": pgvector["median"] / search["median"],
    }


def main() -> int:
    """Print the figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--people", type=int, default=100_000)
    parser.add_argument("--changes", type=int, default=5)
    parser.add_argument("--searches", type=int, default=30)
    arguments = parser.parse_args()
    server = Postgres()
    try:
        server.start()
        with tempfile.TemporaryDirectory() as folder:
            found = measure(arguments.people, arguments.changes, arguments.searches, Path(folder), server)
    finally:
        server.stop()
    print(json.dumps(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
