"""Losses against other implementations and numbers worked by hand."""

import numpy as np
import pytest
import torch
from skimage.metrics import structural_similarity
from torch import nn

from training.losses import PaperLoss, SurfaceLoss, contrast, ssim, unit_normals


def picture(seed, noise=0.0):
    rng = np.random.default_rng(seed)
    rows, columns = np.mgrid[:64, :64] / 64
    return (np.sin(5 * rows) * np.cos(4 * columns) + noise * rng.standard_normal((64, 64))).astype(np.float32)


def batch(array):
    return torch.from_numpy(array)[None, None]


def test_ssim_agrees_with_scikit_image():
    a, b = picture(0), picture(1, 0.2)
    _, full = structural_similarity(
        a, b, data_range=2.0, gaussian_weights=True, sigma=1.5, use_sample_covariance=False, full=True
    )
    assert float(ssim(batch(a), batch(b))) == pytest.approx(full[5:-5, 5:-5].mean(), abs=2e-4)


def test_paper_loss_adds_its_three_parts():
    a, b = batch(picture(0)), batch(picture(1, 0.2))
    features = nn.Sequential(nn.Flatten(), nn.Linear(64 * 64, 3, bias=False))
    expected = (a - b).abs().mean() + 0.5 * (1 - ssim(a, b)) + 0.001 * (features(a) - features(b)).abs().mean()
    assert PaperLoss(features)(a, b).item() == pytest.approx(expected.item(), rel=1e-5)


def test_surface_loss_is_millimetres_plus_angle():
    flat = torch.zeros(1, 1, 8, 8)
    ones, sure = torch.ones_like(flat), torch.full_like(flat, 20.0)
    raised = flat + 0.01  # 1 mm
    loss = SurfaceLoss(outlier=0.2, angle=0.0, surface=0.0)(raised, sure, flat, ones, ones)
    assert loss.item() == pytest.approx(1 + 0.2 / 10, rel=1e-4)


def test_surface_loss_ignores_depth_where_there_is_no_surface():
    target, surface = torch.zeros(1, 1, 8, 8), torch.zeros(1, 1, 8, 8)
    surface[..., :4] = 1
    wrong = target.clone()
    wrong[..., 5:] = 0.9
    parts = SurfaceLoss(angle=1.0, surface=0.0)
    logit = torch.zeros_like(target)
    assert parts(wrong, logit, target, surface, surface) == parts(target, logit, target, surface, surface)


def test_normals_of_a_slope():
    step_mm = 200 / 128
    depth = (torch.arange(8) * step_mm / 100).expand(1, 1, 8, 8)  # 45°: a millimetre back per millimetre right
    assert unit_normals(depth)[0, :, 3, 3].tolist() == pytest.approx([0.7071, 0.0, -0.7071], abs=1e-4)


def test_contrast_by_hand():
    features = torch.tensor([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0], [0.0, 1.0]])
    expected = np.log(np.exp(1.0) + 2 * np.exp(0.0)) - 1.0
    assert contrast(features, 1.0).item() == pytest.approx(expected, rel=1e-5)


def test_ssim_of_flat_pictures_survives_half_precision():
    """Flat parts have no variance; rounded, it came out as whatever makes the score infinite."""
    flat = torch.full((1, 1, 64, 64), 0.93)
    sloped = flat + torch.linspace(-0.3, 0.07, 64)
    exact = ssim(sloped, flat)
    with torch.autocast("cpu", torch.bfloat16):
        assert ssim(sloped.bfloat16().float(), flat) == pytest.approx(float(exact), abs=0.01)
        for level in np.linspace(0.5, 1.0, 60, dtype=np.float32):
            score = float(ssim(sloped, torch.full_like(flat, float(level))))
            assert -1 <= score <= 1
