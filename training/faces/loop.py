"""One step of Loop subdivision as a matrix: it depends on the triangles alone, so it is made once for all heads.

Source: Loop, Smooth Subdivision Surfaces Based on Triangles, 1987; the weights at borders are those of a cubic spline.
"""

import numpy as np
from numpy.typing import NDArray
from scipy import sparse


def loop_matrix(triangles: NDArray[np.int64], vertices: int) -> tuple[sparse.csr_array, NDArray[np.int32]]:
    """Weights of the coarse vertices in each fine one, and the fine triangles.

    Args:
        triangles: (M, 3) of a manifold mesh, with or without borders.
        vertices: N, how many it has.

    Returns:
        (N + E, N) float32 sparse and (4 M, 3) int32; the first N fine vertices are the moved coarse ones, then one for
        each of the E edges.
    """
    corners = np.stack((triangles, np.roll(triangles, -1, 1)), -1)  # (M, 3, 2): the edge that begins at each corner
    sides = np.sort(corners.reshape(-1, 2), 1)
    edges, number = np.unique(sides, axis=0, return_inverse=True)
    number = number.reshape(-1, 3)
    inner = np.bincount(number.ravel(), minlength=len(edges)) == 2
    matrix = sparse.vstack((_moved(edges, inner, vertices), _on_edges(edges, number, inner, triangles, vertices)))
    a, b, c = triangles.T
    ab, bc, ca = (number + vertices).T
    fine = np.concatenate([np.stack(t, 1) for t in ((a, ab, ca), (ab, b, bc), (ca, bc, c), (ab, bc, ca))])
    return sparse.csr_array(matrix, dtype=np.float32), fine.astype(np.int32)


def _both_ways(edges: NDArray[np.int64], vertices: int) -> sparse.csr_array:
    """(N, N) 1 where two vertices share one of these edges."""
    rows, columns = np.concatenate((edges, edges[:, ::-1])).T
    return sparse.csr_array((np.ones(len(rows)), (rows, columns)), shape=(vertices, vertices))


def _moved(edges: NDArray[np.int64], inner: NDArray[np.bool_], vertices: int) -> sparse.csr_array:
    """Weights of the old vertices: of all neighbours, or at a border of the two along it."""
    around, along = _both_ways(edges, vertices), _both_ways(edges[~inner], vertices)
    valence, border = np.asarray(around.sum(1)), np.asarray(along.sum(1)) > 0
    k = np.maximum(valence, 1)
    beta = (5 / 8 - (3 / 8 + np.cos(2 * np.pi / k) / 4) ** 2) / k
    return (
        sparse.diags_array(np.where(border, 3 / 4, 1 - valence * beta))
        + sparse.diags_array(np.where(border, 0, beta)) @ around
        + sparse.diags_array(np.where(border, 1 / 8, 0)) @ along
    )


def _on_edges(
    edges: NDArray[np.int64],
    number: NDArray[np.int64],
    inner: NDArray[np.bool_],
    triangles: NDArray[np.int64],
    vertices: int,
) -> sparse.csr_array:
    """Weights of the new vertices: 3/8 of each end and 1/8 of each corner opposite, or 1/2 of each end at a border."""
    opposite = np.roll(triangles, 1, 1)
    share = np.where(inner, 3 / 8, 1 / 2)
    rows = np.concatenate((np.arange(len(edges)), np.arange(len(edges)), number.ravel()))
    columns = np.concatenate((edges[:, 0], edges[:, 1], opposite.ravel()))
    weights = np.concatenate((share, share, np.where(inner[number], 1 / 8, 0).ravel()))
    return sparse.csr_array((weights, (rows, columns)), shape=(len(edges), vertices))
