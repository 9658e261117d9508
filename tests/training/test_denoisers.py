"""All denoisers behind one interface: what they read, how they answer, what they cost, and that they learn and ship."""

import numpy as np
import onnxruntime as ort
import pytest
import torch

from depthface_app.inference.card import CARD_KEY, ModelCard
from training.checkpoint import Checkpoint
from training.export import denoiser_graph, export_denoiser
from training.losses import LossConfig, SurfaceLoss, ssim
from training.models.cost import cost
from training.models.denoiser import DenoiserConfig, apply_head, depth_input
from training.models.dmdnet import Dmdnet, DmdnetConfig
from training.models.registry import denoiser, is_continuous, load_model
from training.pairs import PHASES
from training.tasks import DenoiseTask, paper_loss

LIVE = {"channels": 24, "blocks": 2, "hidden": [32, 32, 32, 16], "head": "gated", "noise_steps": [1, 3, 8]}
SMALL = {
    "dmdnet": {"channels": 8, "blocks": 1, "hidden": [8, 8], "encoding": 4},
    "unet": {"width": 8, "levels": 2},
    "nafnet": {"width": 8, "down": [1, 1], "middle": 1},
    "frm3d": {"width": 8},
    "ddrnet": {"width": 8, "blocks": 1},
}
KEYS = ("depth", "normals", "valid", "noise")


def small(network, **more):
    return {"network": network, "head": "gated", **SMALL[network], **more}


SKIPS = small("dmdnet", encoder="skips", multi_scale=False)


def given(batch=1):
    rng = torch.Generator().manual_seed(0)
    side = (128, 128)
    return (
        torch.rand((batch, 1, *side), generator=rng) * 2 - 1,
        torch.nn.functional.normalize(torch.randn((batch, 3, *side), generator=rng), dim=1),
        (torch.rand((batch, 1, *side), generator=rng) > 0.1).float(),
        torch.full((batch, 1, 1, 1), 0.2),
    )


def parameters(model):
    return sum(p.numel() for p in model.parameters())


@pytest.mark.parametrize("head", ["direct", "residual", "gated"])
@pytest.mark.parametrize("network", SMALL)
def test_every_network_takes_every_head(network, head):
    depth, logit = denoiser(small(network, head=head)).eval()(*given(2))
    assert depth.shape == logit.shape == (2, 1, 128, 128)
    assert depth.isfinite().all()


@pytest.fixture(scope="module")
def two_crops(faces_folder):
    """A task, and a batch that all its networks can learn."""
    task = DenoiseTask({"model": small("unet")}, faces_folder)
    data = task.data(1, 4, 4)
    return task, torch.utils.data.default_collate([data[n] for n in range(2)])


@pytest.mark.parametrize("values", [*map(small, ("unet", "nafnet", "frm3d", "ddrnet")), SKIPS])
def test_every_network_learns_two_crops(values, two_crops):
    torch.manual_seed(0)
    task, batch = two_crops
    model = denoiser(values)
    optimiser = torch.optim.Adam(model.parameters(), 1e-2)
    losses = []
    for _ in range(20):
        loss = task.loss(model, batch)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    assert losses[-1] < 0.6 * losses[0]


def stored(values, path):
    """A checkpoint of a fresh network, and that network."""
    torch.manual_seed(1)
    model = denoiser(values).eval()
    experiment = {"task": "denoise", "model": values, "loop": {}}
    Checkpoint(experiment, model.state_dict(), model.state_dict(), {}, 1, 1.0, "abc", {}).save(path)
    return model


@pytest.mark.parametrize("network", SMALL)
def test_a_checkpoint_rebuilds_its_network(network, tmp_path):
    model = stored(small(network), tmp_path / "last.pt")
    with torch.no_grad():
        for a, b in zip(load_model(tmp_path / "last.pt")(*given()), model(*given()), strict=True):
            assert torch.equal(a, b)


@pytest.mark.parametrize("values", [small("nafnet"), SKIPS, {**SMALL["dmdnet"], "head": "direct", "normals": False}])
def test_a_file_computes_what_its_network_computes_and_takes_inputs_that_it_ignores(values, tmp_path):
    model = stored(values, tmp_path / "last.pt")
    inputs = given()
    with torch.no_grad():
        expected = model(*inputs)[0]
    assert export_denoiser(tmp_path / "last.pt", tmp_path / "it.onnx", {}) < 2e-4
    session = ort.InferenceSession(str(tmp_path / "it.onnx"), providers=["CPUExecutionProvider"])
    depth = session.run(None, {key: value.numpy() for key, value in zip(KEYS, inputs, strict=True)})[0]
    assert np.abs(depth - expected.numpy()).max() < 1e-3


def test_picture_networks_have_no_answer_between_pixels():
    values = small("unet")
    assert is_continuous(small("dmdnet"))
    assert is_continuous(SKIPS)
    assert not is_continuous(values)
    with pytest.raises(ValueError, match="middle of each pixel"):
        denoiser(values)(*given(), (0.25, 0.25))
    with pytest.raises(ValueError, match="one resolution"):
        denoiser_graph(denoiser(values), ((-0.25, 0.25), (0.25, 0.25)))


def test_picture_networks_are_never_asked_between_pixels(faces_folder):
    asked = [DenoiseTask({"model": small(n)}, faces_folder).data(1, 12, 1) for n in ("dmdnet", "unet")]
    phases = [[int(data[n]["phase"]) for n in range(12)] for data in asked]
    assert any(phases[0])
    assert not any(phases[1])


def test_a_wrong_network_head_or_key_is_told():
    with pytest.raises(ValueError, match=r'no denoiser "unnet"; known: dmdnet'):
        denoiser({"network": "unnet"})
    with pytest.raises(ValueError, match='no head "gate"'):
        denoiser({"network": "unet", "head": "gate"})
    with pytest.raises(ValueError, match="UnetConfig has no widht"):
        denoiser({"network": "unet", "widht": 8})


def test_a_checkpoint_of_another_kind_is_refused(tmp_path):
    path = tmp_path / "last.pt"
    Checkpoint({"task": "locate"}, {}, {}, {}, 1, 1.0, "abc", {}).save(path)
    with pytest.raises(ValueError, match="locate"):
        load_model(path)


# ---- cost


def test_cost_counts_by_hand():
    layer = torch.nn.Conv2d(3, 5, 3, padding=1)
    counted = cost(layer, torch.zeros(1, 3, 8, 8))
    assert counted.parameters == 3 * 5 * 9 + 5
    assert counted.multiply_adds == 3 * 5 * 9 * 64


@pytest.mark.parametrize(
    ("channels", "blocks", "millions"), [(16, 2, 247), (24, 4, 889), (32, 8, 2782), (64, 16, 20752)]
)
def test_encoder_costs(channels, blocks, millions):
    encoder = Dmdnet(DmdnetConfig(channels, blocks)).encoder
    counted = cost(encoder, *given()[:2])
    assert counted.multiply_adds / 1e6 == pytest.approx(millions, rel=0.01)


@pytest.mark.parametrize("network", ["unet", "nafnet"])
def test_modern_comparators_cost_what_the_live_net_costs(network):
    live = cost(denoiser_graph(denoiser(LIVE)), *given()).multiply_adds
    head = {"head": "gated", "noise_steps": [1, 3, 8]}
    other = cost(denoiser_graph(denoiser({"network": network, **head})), *given()).multiply_adds
    assert other == pytest.approx(live, rel=0.15)


def test_space_to_depth_quarters_the_encoder():
    plain, squared = (cost(Dmdnet(DmdnetConfig(24, 2, space_to_depth=s)).encoder, *given()[:2]) for s in (1, 2))
    assert squared.multiply_adds < 0.35 * plain.multiply_adds


@pytest.mark.parametrize("network", SMALL)
def test_every_network_can_work_at_half_the_resolution(network):
    whole = denoiser(small(network))
    half = denoiser(small(network, space_to_depth=2)).eval()
    depth, logit = half(*given())
    assert depth.shape == logit.shape == (1, 1, 128, 128)
    assert cost(half, *given()).multiply_adds < 0.75 * cost(whole, *given()).multiply_adds


# ---- switches of tables 4, 5 and 9


def test_default_state_dicts_keep_their_keys_and_shapes():
    shapes = {key: tuple(value.shape) for key, value in denoiser(LIVE).state_dict().items()}
    assert shapes["encoder.depth.weight"] == (24, 6, 3, 3)
    assert shapes["encoder.normals.weight"] == (24, 3, 3, 3)
    assert shapes["decoder.embedding"] == (1, 64, 128, 128)
    assert shapes["decoder.encoding.weight"] == (32, 128)
    assert shapes["decoder.last.weight"] == (4, 16, 1, 1)
    assert len(shapes) == 68
    paper = {key: tuple(value.shape) for key, value in denoiser({}).state_dict().items()}
    assert paper["encoder.depth.weight"] == (64, 1, 3, 3)
    assert len(paper) == 124


@pytest.mark.parametrize(
    ("fourier", "embedding", "encoding"), [(False, False, 0), (True, False, 4), (False, True, 4), (True, True, 8)]
)
def test_table_5_leaves_out_parts_of_the_positional_encoding(fourier, embedding, encoding):
    model = Dmdnet(DmdnetConfig(8, 1, (8, 8), 4, fourier=fourier, embedding=embedding))
    assert model.decoder.positional_encoding((0.25, 0.0)).shape == (128, 128, encoding)
    assert any("fourier" in key for key in model.state_dict()) == fourier
    assert any("embedding" in key for key in model.state_dict()) == embedding
    assert model.decoder.encoded((0.0, 0.0)).any() == bool(encoding)
    assert model.eval()(*given())[0].isfinite().all()


def test_table_5_without_multi_scale_fusion_reads_one_map():
    model = Dmdnet(DmdnetConfig(8, 1, (8, 8), 4, multi_scale=False)).eval()
    features = model.encode(*given())
    assert [feature.shape[-1] for feature in features] == [128]
    assert not any(key.startswith("encoder.down") for key in model.state_dict())


def test_table_9_depth_only_ignores_normals():
    depth, normals, valid, noise = given()
    model = Dmdnet(DmdnetConfig(8, 1, (8, 8), 4, normals=False)).eval()
    assert not any(key.startswith("encoder.normals") for key in model.state_dict())
    with torch.no_grad():
        assert torch.equal(model(depth, normals, valid, noise)[0], model(depth, -normals, valid, noise)[0])


def test_table_4_weights_switch_the_parts_of_the_loss():
    a, b = torch.rand(1, 1, 32, 32), torch.rand(1, 1, 32, 32)
    l1 = paper_loss(LossConfig(structure=0))(a, b).item()
    structure = paper_loss(LossConfig(l1=0, structure=1))(a, b).item()
    assert l1 == pytest.approx((a - b).abs().mean().item())
    assert structure == pytest.approx(1 - ssim(a, b).item())
    assert paper_loss(LossConfig())(a, b).item() == pytest.approx(l1 + 0.5 * structure)


def test_the_loss_follows_the_head_unless_it_is_named():
    kinds = [LossConfig().kind_for(head) for head in ("direct", "gated", "residual")]
    assert kinds == ["paper", "surface", "surface"]
    assert LossConfig(kind="surface").kind_for("direct") == "surface"
    with pytest.raises(ValueError, match='no loss "l2"'):
        LossConfig(kind="l2")


# ---- inputs and heads


@pytest.mark.parametrize(
    ("config", "pictures"),
    [
        (DenoiserConfig(), 1),
        (DenoiserConfig(head="gated"), 3),
        (DenoiserConfig(head="gated", noise_steps=(1, 3, 8)), 6),
        (DenoiserConfig(head="gated", valid=False, noise=False, noise_steps=(1, 3)), 1),
        (DenoiserConfig(head="residual", valid=True), 2),
        (DenoiserConfig(head="direct", noise=True), 2),
    ],
)
def test_mask_and_noise_are_inputs_when_asked_for(config, pictures):
    depth, _, valid, noise = given(2)
    assert depth_input(config, depth, valid, noise).shape == (2, pictures, 128, 128)
    assert config.depth_pictures == pictures
    assert config.pictures == pictures + 3


def test_residual_head_moves_the_input_by_at_most_30_mm():
    depth = torch.full((1, 1, 2, 2), 0.4)
    raw = torch.tensor([0.0, 50.0, -50.0, 0.1]).view(1, 1, 2, 2)
    out, logit = apply_head("residual", raw, depth, torch.ones_like(depth))
    assert out.flatten().tolist() == pytest.approx([0.4, 0.7, 0.1, 0.4 + 0.3 * np.tanh(0.1)], abs=1e-6)
    assert (logit > 0).all()


# ---- distillation


def test_a_teacher_pulls_its_student_towards_itself(tmp_path, faces_folder):
    path = tmp_path / "teacher.pt"
    teacher = stored(small("dmdnet"), path)
    alone = DenoiseTask({"model": small("dmdnet")}, faces_folder)
    taught = DenoiseTask({"model": small("dmdnet"), "loss": {"teacher": str(path), "imitation": 0.5}}, faces_folder)
    batch = torch.utils.data.default_collate([alone.data(1, 2, 2)[n] for n in range(2)])
    student = alone.model()
    extra = taught.loss(student, batch) - alone.loss(student, batch)
    keys = [batch[key] for key in KEYS]
    phase = PHASES[int(batch["phase"][0])]
    with torch.no_grad():
        wanted, there = teacher(*keys, phase)
        depth, logit = student(*keys, phase)
        expected = 0.5 * SurfaceLoss()(depth, logit, wanted, torch.sigmoid(there), batch["face"])
    assert extra.item() == pytest.approx(expected.item(), rel=1e-3)
    taught.loss(student, batch).backward()
    assert all(p.grad is None for p in taught.teacher.parameters())


def test_an_encoder_with_skips_has_one_feature_map_and_answers_at_pixels_like_a_picture_network():
    model = denoiser(SKIPS)
    features = model.encode(*given())
    assert [tuple(f.shape) for f in features] == [(1, 2 * SKIPS["channels"], 128, 128)]
    with torch.no_grad():
        model.decoder.last.weight.zero_()
        model.decoder.last.bias.zero_()
        raw = model.decoder.middle(features[0])
        expected = apply_head("gated", raw, given()[0], given()[2])
        for ours, theirs in zip(model(*given()), expected, strict=True):
            assert torch.equal(ours, theirs)


def test_behind_skips_the_place_between_two_pixels_is_the_same_from_either_side():
    model = denoiser(SKIPS).eval()
    inputs = [*given()[:2], torch.ones(1, 1, 128, 128), given()[3]]
    with torch.no_grad():
        from_the_left, _ = model(*inputs, (0.5, 0.0))
        from_the_right, _ = model(*inputs, (-0.5, 0.0))
        middle, _ = model(*inputs)
    apart = (from_the_left[..., :-1] - from_the_right[..., 1:]).abs()
    assert apart.max() < 0.1 * (middle[..., :-1] - middle[..., 1:]).abs().mean()


def test_behind_skips_a_place_beside_a_hole_is_in_the_hole():
    model = denoiser(SKIPS).eval()
    depth, normals, valid, noise = given()
    valid = torch.ones_like(valid)
    valid[..., 60] = 0
    other = depth + 0.5 * (valid == 0)
    with torch.no_grad():
        features, maps = model.encode(depth, normals, valid, noise), model.decoder.maps((0.25, 0.0))
        places = torch.tensor(((0.25, 0.0),))
        answers = [model.answer(features, maps, each, valid, places)[0] for each in (depth, other)]
    assert torch.equal(*answers)  # what stands in a hole is read nowhere, not even half of it


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"encoder": "skip"}, r'no encoder "skip"; known: residual, skips'),
        ({"encoder": "skips"}, "one scale"),
        ({"encoder": "skips", "multi_scale": False, "space_to_depth": 2}, "one scale"),
    ],
)
def test_an_encoder_that_is_unknown_or_does_not_go_with_the_rest_is_told(values, reason):
    with pytest.raises(ValueError, match=reason):
        denoiser({"network": "dmdnet", **values})


# ---- as files


@pytest.mark.parametrize(
    ("values", "sources"), [(small("ddrnet"), ["Yan"]), (small("dmdnet"), ["Xu"]), (SKIPS, ["Xu", "Yan"])]
)
@pytest.mark.parametrize(("kind", "role"), [("reference", "-reference"), ("plain", ""), ("denoiser", "-live")])
def test_a_card_names_the_network_its_role_and_its_sources(tmp_path, values, sources, kind, role):
    stored(values, tmp_path / "last.pt")
    export_denoiser(tmp_path / "last.pt", tmp_path / "it.onnx", {}, kind)
    metadata = ort.InferenceSession(str(tmp_path / "it.onnx"), providers=["CPUExecutionProvider"]).get_modelmeta()
    card = ModelCard.from_json(metadata.custom_metadata_map[CARD_KEY], "it.onnx")
    assert card.name == values["network"] + role
    assert [source for source in ("Xu", "Yan") if any(source in text for text in card.attributions)] == sources


def test_the_reference_is_the_mean_of_a_face_and_its_mirror_image(tmp_path):
    model = stored(SKIPS, tmp_path / "last.pt")
    export_denoiser(tmp_path / "last.pt", tmp_path / "it.onnx", {}, "reference")
    session = ort.InferenceSession(str(tmp_path / "it.onnx"), providers=["CPUExecutionProvider"])
    depth, normals, valid, noise = given()
    across = torch.tensor((-1.0, 1.0, 1.0)).reshape(1, 3, 1, 1)
    with torch.no_grad():
        straight = model(depth, normals, valid, noise)[0]
        mirrored = model(depth.flip(3), normals.flip(3) * across, valid.flip(3), noise)[0].flip(3)
    assert (straight - mirrored).abs().max() > 0.01
    asked = dict(zip(KEYS, (depth.numpy(), normals.numpy(), valid.numpy(), noise.numpy()), strict=True))
    turned = {k: np.ascontiguousarray(v[..., ::-1]) if k != "noise" else v for k, v in asked.items()}
    turned["normals"] = turned["normals"] * across.numpy()
    answer = session.run(None, asked)[0]
    assert np.abs(answer - ((straight + mirrored) / 2).numpy()).max() < 1e-3
    assert np.abs(session.run(None, turned)[0][..., ::-1] - answer).max() < 1e-4
