"""The networks have the sizes that the paper states and compute what their folded forms compute."""

import pytest
import torch

from training.models.denoiser import apply_head
from training.models.dmdnet import SCALES, Dmdnet, DmdnetConfig, grid, moved, offsets
from training.models.ldnfnet import Backbone, ConvBlock, FusionBlock, Ldnfnet, Led3d

SMALL = DmdnetConfig(channels=8, blocks=1, hidden=(8, 8), encoding=4, head="gated")


def parameters(model):
    return sum(p.numel() for p in model.parameters())


def given(batch=1):
    torch.manual_seed(0)
    side = (128, 128)
    return (
        torch.rand(batch, 1, *side) * 2 - 1,
        torch.nn.functional.normalize(torch.randn(batch, 3, *side), dim=1),
        (torch.rand(batch, 1, *side) > 0.1).float(),
        torch.full((batch, 1, 1, 1), 0.2),
    )


@pytest.mark.parametrize(
    ("channels", "blocks", "thousands"), [(16, 2, 59), (16, 16, 124), (24, 4, 152), (32, 8, 343), (64, 16, 1960)]
)
def test_encoder_sizes(channels, blocks, thousands):
    model = Dmdnet(DmdnetConfig(channels, blocks))
    assert round(parameters(model.encoder) / 1000) == thousands


def test_paper_decoder_is_a_five_layer_mlp():
    decoder = Dmdnet(DmdnetConfig()).decoder
    widths = [decoder.latent.out_channels, *(layer.out_channels for layer in decoder.hidden), decoder.last.out_channels]
    assert widths == [256, 128, 64, 32, 1]


def test_ldnfnet_has_table_8_parameters():
    assert parameters(Ldnfnet()) == pytest.approx(6.04e6, abs=5e3)


def test_blocks_have_table_7_parameters():
    assert parameters(ConvBlock(960, 960)) == pytest.approx(8.29e6, abs=1e4)
    assert parameters(FusionBlock()) == pytest.approx(0.99e6, abs=5e3)


@pytest.mark.parametrize(("width", "millions"), [(480, 2.49), (960, 4.60)])
def test_led3d_sizes(width, millions):
    assert parameters(Led3d(1, width)) == pytest.approx(millions * 1e6, abs=5e3)


def test_led3d_and_ldnfnet_outputs():
    depth, normals, valid, _ = given(2)
    assert Led3d().eval()(depth).shape == (2, 480)
    assert [part.shape[1] for part in Ldnfnet().eval().paths(depth, normals, valid)] == [480, 480, 960]


def test_backbone_fuses_four_scales():
    assert Backbone(1).eval()(torch.zeros(1, 1, 128, 128)).shape == (1, 480, 8, 8)


@pytest.mark.parametrize("phase", [(0.0, 0.0), (0.25, -0.25)])
def test_fold_is_exact(phase):
    """First layer on [z, encoding, offset] as one matrix, against its split into parts."""
    model = Dmdnet(SMALL).eval()
    decoder = model.decoder
    features = model.encode(*given())
    encoding = decoder.positional_encoding(phase)
    total = 0
    for feature, cells in zip(features, SCALES, strict=True):
        z = feature.repeat_interleave(128 // cells, 2).repeat_interleave(128 // cells, 3)[0].permute(1, 2, 0)
        joint = torch.cat((z, encoding, offsets(phase, cells)), -1)
        weight = torch.cat((decoder.latent.weight[:, :, 0, 0], decoder.encoding.weight, decoder.offset.weight), 1)
        x = torch.relu(joint @ weight.T + decoder.latent.bias)
        for layer in decoder.hidden:
            x = torch.relu(x @ layer.weight[:, :, 0, 0].T + layer.bias)
        total = total + x
    naive = total @ decoder.last.weight[:, :, 0, 0].T + decoder.last.bias
    folded = decoder.fused(features, decoder.maps(phase))[0].permute(1, 2, 0)
    assert (naive - folded).abs().max() < 1e-5


def test_coordinates_are_pixel_centres():
    assert torch.allclose(grid()[0, 0], torch.tensor([-127 / 128, -127 / 128]))
    assert torch.allclose(grid((0.25, 0.0))[5, 7] - grid()[5, 7], torch.tensor([0.5 / 128, 0.0]), atol=1e-6)


@pytest.mark.parametrize("place", [(0.25, -0.4), (-0.5, 0.0), (0.0, 0.5)])
def test_between_pixels_a_picture_lies_on_straight_lines(place):
    picture = torch.rand((2, 3, 128, 128), generator=torch.Generator().manual_seed(3))
    sampled = torch.nn.functional.grid_sample(
        picture, grid(place)[None].expand(2, -1, -1, -1), mode="bilinear", padding_mode="border", align_corners=False
    )
    assert (moved(picture, torch.tensor((place,))) - sampled).abs().max() < 1e-5


def test_offsets_vanish_at_full_resolution_only():
    assert offsets((0.0, 0.0), 128).abs().max() == 0
    assert offsets((0.0, 0.0), 16)[0, 0].tolist() == pytest.approx([-7 / 16, -7 / 16])


def test_gated_head_keeps_the_input_where_the_gate_is_open_and_ignores_it_in_holes():
    depth, valid = torch.full((1, 1, 2, 2), 0.4), torch.tensor([[[[1.0, 0.0], [1.0, 0.0]]]])
    raw = torch.tensor([0.0, -1.0, 50.0, 0.0]).view(1, 4, 1, 1).expand(1, 4, 2, 2)
    out, _ = apply_head("gated", raw, depth, valid)
    assert out[0, 0, 0, 0] == pytest.approx(0.4)
    assert out[0, 0, 0, 1] == pytest.approx(torch.tanh(torch.tensor(-1.0)).item())


def test_direct_head_stays_in_range():
    model = Dmdnet(DmdnetConfig(8, 1, (8, 8), 4)).eval()
    depth, _ = model(*given())
    assert depth.shape == (1, 1, 128, 128)
    assert depth.abs().max() <= 1
