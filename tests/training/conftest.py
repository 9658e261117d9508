import pytest

from tests.training.small_faces import write_ict
from training.faces.ict import IctModel


@pytest.fixture(scope="session")
def faces_folder(tmp_path_factory):
    return write_ict(tmp_path_factory.mktemp("faces"))


@pytest.fixture(scope="session")
def faces(faces_folder):
    return IctModel.load(faces_folder / "ict_face_model.npz")
