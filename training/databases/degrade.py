"""Low-quality faces made from high-quality ones, for pairs to train and judge denoisers on.

The paper takes this from 3D-FRM (Mu et al., IJCB 2021): "downsampling and adding noise". The recipe is not published.
It is read as: every second pixel is dropped and the picture brought back to size, then Gaussian noise of variance
0.001 on depth in [0, 1] is added, the only noise that the public development code of the paper's first author uses.
That is 3.2 mm on a face 100 mm deep; Led3D adds 4 mm to make faces like a Kinect's.
"""

import cv2
import numpy as np

from training.databases.picture import Picture

FACTOR = 2
VARIANCE = 0.001  # of depth in [0, 1]


def degraded(clean: Picture, rng: np.random.Generator) -> Picture:
    """What a poor sensor might have made of the face; the same surface pixels, clipped to the same range."""
    value = clean.value()
    size = value.shape[::-1]
    small = np.ascontiguousarray(value[::FACTOR, ::FACTOR])
    # Sample k of the small picture is pixel FACTOR·k of the large one, whose centres lie on whole numbers.
    coarse = cv2.warpAffine(
        small,
        np.array(((1 / FACTOR, 0, 0), (0, 1 / FACTOR, 0)), np.float64),
        size,
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
    noise = rng.normal(0, 2 * np.sqrt(VARIANCE), value.shape)
    return clean.with_value((coarse + noise).astype(np.float32))
