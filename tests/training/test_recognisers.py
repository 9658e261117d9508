"""All recognisers behind one interface: their sizes, losses, what they are to tell, and the classical one."""

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from depthface_app.core.canonical import CanonicalFace
from training.checkpoint import Checkpoint, build
from training.codes import CODES, code_length
from training.denoised import stand_in
from training.faces.shape import Identity
from training.mean_face import mean_face
from training.models.cost import cost
from training.models.ldnfnet import ConvBlock, FusionBlock, Ldnfnet, Led3d
from training.models.margins import SCALE, AdaFace, ArcFace, CosFace, Softmax
from training.models.mobilefacenet import MobileFaceNet
from training.models.recogniser import RecogniserConfig, recogniser
from training.models.registry import load_model
from training.recognise import RELATIVES, FaceData, RecogniseTask, Student, around_mean, embed
from training.seeds import generator


def parameters(model):
    return sum(p.numel() for p in model.parameters())


def faces_given(batch=2):
    rng = torch.Generator().manual_seed(0)
    side = (128, 128)
    return (
        torch.rand((batch, 1, *side), generator=rng) * 0.4,
        F.normalize(torch.randn((batch, 3, *side), generator=rng), dim=1),
        (torch.rand((batch, 1, *side), generator=rng) > 0.1).float(),
    )


# ---- sizes of tables 6, 7 and 8


def test_ldnfnet_costs_what_table_8_adds_up_to():
    counted = cost(Ldnfnet(), *faces_given(1))
    assert counted.parameters == pytest.approx(6.04e6, abs=5e3)
    assert counted.multiply_adds == pytest.approx(800.5e6, rel=1e-3)


def test_blocks_cost_what_table_7_says_within_its_own_counting():
    given = torch.zeros(1, 960, 8, 8)
    plain, fused = cost(ConvBlock(960, 960), given), cost(FusionBlock(), given)
    assert (plain.parameters, fused.parameters) == (
        pytest.approx(8.29e6, abs=1e4),
        pytest.approx(0.99e6, abs=5e3),
    )
    assert plain.multiply_adds == pytest.approx(539.14e6, rel=0.02)  # the table counts 1.6 % more than plain counting
    assert fused.multiply_adds == pytest.approx(65.11e6, rel=0.035)


def test_table_6_models_differ_by_what_they_leave_out():
    sizes = {variant: parameters(Ldnfnet(variant=variant)) for variant in "ABCD"}
    saved = parameters(ConvBlock(960, 960)) - parameters(FusionBlock())
    assert sizes["D"] == pytest.approx(6.04e6, abs=5e3)
    assert sizes["B"] == sizes["C"] == sizes["D"] + saved
    own_paths = 2 * (parameters(ConvBlock(480, 480)) + 480 * 65)
    assert sizes["A"] == sizes["B"] - own_paths


def test_table_6_models_have_the_paths_and_losses_of_figure_7():
    given = faces_given()
    for variant, widths, losses in (("A", [960], 0), ("B", [480, 480, 960], 0), ("C", [480, 480, 960], 2)):
        network = Ldnfnet(variant=variant).eval()
        assert [part.shape[1] for part in network.paths(*given)] == widths
        assert network.auxiliary == losses
    assert Ldnfnet().auxiliary == 2
    with pytest.raises(ValueError, match='no model "E"'):
        Ldnfnet(variant="E")


@pytest.mark.parametrize(("width", "millions", "adds"), [(480, 2.49, 364), (960, 4.60, 497)])
def test_led3d_costs(width, millions, adds):
    counted = cost(Led3d(1, width), faces_given(1)[0])
    assert counted.parameters == pytest.approx(millions * 1e6, abs=5e3)
    assert counted.multiply_adds == pytest.approx(adds * 1e6, rel=2e-3)


def test_mobilefacenet_costs_what_is_published():
    counted = cost(MobileFaceNet(3, 64, 112), torch.zeros(1, 3, 112, 112))
    assert counted.parameters == pytest.approx(0.99e6, rel=0.02)
    assert counted.multiply_adds == pytest.approx(221e6, rel=0.01)


def test_mobilefacenet_comparator_costs_what_ldnfnet_costs():
    config = RecogniserConfig(network="mobilefacenet", normals=True)
    counted = cost(recogniser(config), *faces_given(1))
    assert counted.multiply_adds == pytest.approx(800.5e6, rel=0.15)
    assert 1e6 < counted.parameters < 6e6


# ---- what they read


@pytest.mark.parametrize("network", ["ldnfnet", "led3d", "mobilefacenet"])
def test_plain_recognisers_ignore_the_mean_face_and_others_read_differences(network, faces):
    mean = mean_face(faces)
    depth, normals, valid = faces_given(1)
    for relief_mm in (0.0, 15.0):
        torch.manual_seed(0)
        model = around_mean(RecogniserConfig(network=network, relief_mm=relief_mm), mean).eval()
        shown, _ = model.read(depth, normals, valid)
        wanted = depth if relief_mm == 0 else ((depth - model.mean_depth) * 100 / relief_mm).clamp(-1, 1)
        assert torch.allclose(shown, wanted * valid, atol=1e-5)
        assert model.mean_depth.any()


def test_normals_reach_a_single_path_only_when_asked_for():
    depth, normals, valid = faces_given(1)
    for asked in (False, True):
        model = recogniser(RecogniserConfig(network="led3d", normals=asked)).eval()
        with torch.no_grad():
            assert torch.equal(model(depth, normals, valid), model(depth, -normals, valid)) != asked


@pytest.mark.parametrize(
    ("values", "word"),
    [
        ({"network": "vgg"}, 'no network "vgg"'),
        ({"objective": "triplet"}, 'no objective "triplet"'),
        ({"told": "age"}, 'no told "age"'),
        ({"objective": "arcface"}, "do not go together"),
        ({"people": 10}, "do not go together"),
        ({"relief": 1}, "RecogniserConfig has no relief"),
    ],
)
def test_what_does_not_exist_or_fit_is_told(values, word):
    with pytest.raises(ValueError, match=word):
        build(RecogniserConfig, values)


# ---- losses over a list of people


def heads(kind):
    torch.manual_seed(0)
    return kind(6, 4), torch.randn(5, 6), torch.tensor([0, 1, 2, 3, 1])


def test_softmax_is_a_layer_and_cross_entropy():
    head, features, labels = heads(Softmax)
    head.eval()
    assert head(features, labels).item() == pytest.approx(F.cross_entropy(head.people(features), labels).item())


@pytest.mark.parametrize("kind", [ArcFace, CosFace])
def test_margins_worsen_the_right_cosine_alone(kind):
    head, features, labels = heads(kind)
    cosines = (F.normalize(features, dim=1) @ F.normalize(head.people, dim=1).T).detach().numpy()
    for row, label in enumerate(labels):
        own = cosines[row, label]
        cosines[row, label] = np.cos(np.arccos(own) + 0.5) if kind is ArcFace else own - 0.35
    expected = F.cross_entropy(torch.from_numpy(SCALE * cosines), labels)
    assert head(features, labels).item() == pytest.approx(expected.item(), rel=1e-3)


def test_adaface_asks_more_of_good_pictures():
    """At quality -1 it is ArcFace's angle alone, at 0 a cosine taken off, at 1 both with the angle's sign turned."""
    head = AdaFace(6, 4).eval()
    cosine = torch.full((3,), 0.6)
    head.mean.fill_(20.0)
    head.deviation.fill_(1.0)
    found = head.worse(cosine, torch.tensor([1.0, 20.0, 60.0]))
    angle = np.arccos(0.6)
    expected = [np.cos(angle + 0.4), 0.6 - 0.4, np.cos(angle - 0.4) - 0.8]
    assert found.tolist() == pytest.approx(expected, abs=1e-4)


def test_adaface_follows_the_lengths_of_features_while_training():
    head, features, labels = heads(AdaFace)
    before = head.mean.item()
    head.eval()(features, labels)
    assert head.mean.item() == before
    head.train()(features, labels)
    assert head.mean.item() == pytest.approx(0.99 * before + 0.01 * features.norm(dim=1).mean().item(), rel=1e-4)


def test_a_list_of_people_gives_every_sample_its_person(faces):
    data = FaceData(faces, mean_face(faces), None, stand_in, 1, 6, 3)
    samples = [data[n] for n in range(6)]
    assert {int(sample["person"]) for sample in samples} <= {0, 1, 2}
    assert "shape" not in samples[0]
    assert "person" not in FaceData(faces, mean_face(faces), None, stand_in, 1, 2, 0)[0]


@pytest.mark.parametrize(
    "values",
    [
        {"network": "mobilefacenet", "normals": True, "width": 16},
        {"network": "led3d", "objective": "arcface", "people": 4},
        {"variant": "B", "objective": "softmax", "people": 4, "shape": 0.0},
        {"network": "led3d", "objective": "adaface", "people": 4, "told": "coefficients"},
    ],
)
def test_recognisers_learn_one_batch(values, faces_folder):
    torch.manual_seed(0)
    task = RecogniseTask({"model": values}, faces_folder)
    data = task.data(1, 8, 4)
    batch = torch.utils.data.default_collate([data[n] for n in range(4)])
    model = task.model()
    optimiser = torch.optim.Adam([p for p in model.parameters() if p.requires_grad], 3e-3)
    losses = []
    for _ in range(10):
        loss = task.loss(model, batch)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    assert min(losses[-3:]) < 0.7 * losses[0]


# ---- what is told of a person


def test_coefficients_are_weighted_by_how_far_their_mode_moves_the_face(faces):
    code = CODES["coefficients"](faces)
    count = len(faces.id_basis)
    assert code_length(faces, "coefficients") == count
    front = faces.mean[:, 2] > 60
    size_mm = np.sqrt((faces.id_basis.reshape(count, -1, 3)[:, front] ** 2).sum(2).mean(1))
    told = code(Identity(np.ones(count, np.float32), np.ones(3, np.float32), np.zeros(0, np.float32)))
    assert told / told[0] == pytest.approx(size_mm / size_mm[0], rel=1e-4)
    assert (told**2).mean() == pytest.approx(1, rel=1e-4)


def test_shape_tells_detail_that_coefficients_leave_out(faces):
    one = faces.sample_identity(generator(1))
    other = Identity(one.coefficients, one.stretch, faces.sample_identity(generator(2)).detail)
    shape, coefficients = CODES["shape"](faces), CODES["coefficients"](faces)
    assert np.abs(shape(one) - shape(other)).max() > 0.05
    assert np.array_equal(coefficients(one), coefficients(other))


# ---- checkpoints and the classical recogniser


@pytest.mark.parametrize(
    "values", [{}, {"variant": "A"}, {"network": "mobilefacenet", "width": 16}, {"network": "icp"}]
)
def test_a_checkpoint_rebuilds_its_recogniser(values, faces, tmp_path):
    student = Student(RecogniserConfig(**values), mean_face(faces), 3).eval()
    experiment = {"task": "recognise", "model": values, "loop": {}}
    path = tmp_path / "last.pt"
    Checkpoint(experiment, student.state_dict(), student.state_dict(), {}, 1, 1.0, "abc", {}).save(path)
    with torch.no_grad():
        assert torch.equal(load_model(path)(*faces_given()), student.network(*faces_given()))


def test_icp_embeddings_are_correlated_for_one_person_and_not_for_two(faces):
    mean = mean_face(faces)
    model = around_mean(RecogniserConfig(network="icp"), mean)
    assert parameters(model) == 0
    depth = np.nan_to_num(mean.depth_mm)
    rows, columns = np.mgrid[:128, :128]
    relief = [np.sin(columns / a) * np.cos(rows / b) for a, b in ((9.0, 13.0), (14.0, 7.0))]

    def face(k, noise):
        rng = np.random.default_rng(noise)
        surface = (depth + relief[k] + rng.normal(0, 0.7, depth.shape)) / 100
        seen = (rng.random(depth.shape) > 0.1) & np.isfinite(mean.depth_mm)
        return torch.from_numpy((surface * seen)[None, None]).float(), torch.from_numpy(seen[None, None]).float()

    vectors = []
    for k, noise in ((0, 1), (0, 2), (1, 3)):
        value, seen = face(k, noise)
        vectors.append(F.normalize(model(value, torch.zeros(1, 3, 128, 128), seen), dim=1)[0])
    assert vectors[0] @ vectors[1] > 0.8
    assert abs(vectors[0] @ vectors[2]) < 0.3


def test_icp_ignores_how_far_away_a_face_was_put(faces):
    mean = mean_face(faces)
    model = around_mean(RecogniserConfig(network="icp"), mean)
    rng = np.random.default_rng(0)
    surface = np.nan_to_num(mean.depth_mm) / 100 + rng.normal(0, 0.01, (128, 128))
    seen = torch.from_numpy(np.isfinite(mean.depth_mm)[None, None].astype(np.float32))
    vectors = []
    for moved in (0.0, 0.01):
        value = torch.from_numpy(surface[None, None] + moved).float() * seen
        vectors.append(F.normalize(model(value, torch.zeros(1, 3, 128, 128), seen), dim=1)[0])
    assert vectors[0] @ vectors[1] > 0.97


def test_icp_goes_through_the_same_embedding_as_networks(faces_folder):
    task = RecogniseTask({"model": {"network": "icp", "shape": 0.0}}, faces_folder)
    data = task.data(1, 2, 2)
    student = task.model().eval()
    looks = [CanonicalFace(s["depth"], s["normals"], s["valid"], 0.0, np.eye(3)) for s in (data[0], data[1])]
    vectors = embed(student, looks)
    assert vectors.shape == (2, 4096)
    assert np.linalg.norm(vectors, axis=1) == pytest.approx([1, 1], abs=1e-4)


def test_a_batch_of_training_holds_families(faces):
    """Both looks of a person are of one shape, and nobody is a copy of a relative."""
    data = FaceData(faces, mean_face(faces), CODES["shape"](faces), stand_in, 1, 4 * RELATIVES, 0)
    shapes = [data.code(data._identity(n, data._person(n))) for n in range(4 * RELATIVES)]
    np.testing.assert_array_equal(shapes[0], shapes[1])
    assert all(np.abs(shapes[2 * k] - shapes[2 * k + 2]).max() > 0.1 for k in range(2 * RELATIVES - 1))
