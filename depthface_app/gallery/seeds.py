"""What a gallery keeps to itself: the seeds of its rotation, its log and its anchor. Sealed like everything else."""

import json
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from depthface_app.core.match import unit
from depthface_app.gallery.audit import ChainKey
from depthface_app.gallery.sealing import new_key
from depthface_app.gallery.transform import Transform


@dataclass(frozen=True, slots=True)
class Secrets:
    """The seeds of one gallery.

    rotation: seed of its transform
    anchor:   key of the file that says how far it has come
    chain:    keys of the audit log
    identity: age secret key, to open what others seal for this gallery
    """

    rotation: bytes
    anchor: bytes
    chain: tuple[ChainKey, ...]
    identity: str = ""

    @classmethod
    def new(cls) -> "Secrets":
        """Fresh ones."""
        return cls(new_key(), new_key(), (ChainKey(1, new_key()),))

    def with_new_chain(self, first: int) -> "Secrets":
        """The same with another key for what the audit log gets from entry `first` on."""
        return replace(self, chain=(*self.chain, ChainKey(first, new_key())))

    def packed(self) -> bytes:
        """As JSON."""
        chain = [[each.first, each.key.hex()] for each in self.chain]
        values = {"rotation": self.rotation.hex(), "anchor": self.anchor.hex(), "chain": chain}
        return json.dumps({**values, "identity": self.identity}).encode()

    @classmethod
    def of(cls, content: bytes) -> "Secrets":
        """What `packed` made."""
        values = json.loads(content)
        chain = tuple(ChainKey(first, bytes.fromhex(key)) for first, key in values["chain"])
        return cls(bytes.fromhex(values["rotation"]), bytes.fromhex(values["anchor"]), chain, values["identity"])

    def transform(self, size: int) -> Transform:
        """The gallery's rotation for embeddings of `size` components."""
        return _transform(self.rotation, size)

    def turn(self, vector: NDArray[np.float32]) -> NDArray[np.float32]:
        """A (size,) embedding in the gallery's own space."""
        turned: NDArray[np.float32] = self.transform(len(vector)).apply(vector[None])[0]
        return turned

    def turn_back(self, turned: NDArray[np.float32], size: int) -> NDArray[np.float32]:
        """The (size,) embedding, at length one again, of a vector in the gallery's own space."""
        return unit(self.transform(size).undo(turned[None])[0])


@lru_cache(maxsize=8)
def _transform(seed: bytes, size: int) -> Transform:
    return Transform.of(seed, size)
