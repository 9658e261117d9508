"""Where a shared gallery may be, and how one goes there."""

import pytest

from depthface_app.core.errors import GalleryError
from depthface_app.gallery.address import Address


@pytest.mark.parametrize(
    "text",
    [
        "postgresql://kiosk@db.example.org/faces",
        "postgres://kiosk@192.0.2.1:5433/faces",
        "postgresql://kiosk@db.example.org/faces?sslmode=verify-full&sslrootcert=/etc/ca.pem",
        "postgresql://kiosk@localhost,db.example.org/faces",
        "postgresql://kiosk@localhost/faces?hostaddr=192.0.2.1",
    ],
)
def test_elsewhere_the_certificate_is_checked(text):
    assert Address.of(text).parameters["sslmode"] == "verify-full"


@pytest.mark.parametrize("mode", ["disable", "allow", "prefer", "require", "verify-ca"])
def test_elsewhere_nothing_less_is_taken(mode):
    with pytest.raises(GalleryError, match=rf"without a checked certificate \(sslmode={mode}\)"):
        Address.of(f"postgresql://kiosk@db.example.org/faces?sslmode={mode}")
    with pytest.raises(GalleryError, match="without a checked certificate"):
        Address.of(f"postgresql://kiosk@localhost/faces?hostaddr=192.0.2.1&sslmode={mode}")


@pytest.mark.parametrize(
    "text",
    [
        "postgresql://kiosk@localhost/faces",
        "postgresql://kiosk@127.0.0.1/faces?sslmode=disable",
        "postgresql://kiosk@[::1]/faces",
        "postgresql://kiosk@/faces?host=/run/postgresql",
    ],
)
def test_on_this_computer_nothing_is_demanded(text):
    assert Address.of(text).parameters.get("sslmode") in (None, "disable")


@pytest.mark.parametrize(
    "text", ["", "faces", "mysql://a@b/c", "postgresql:///faces", "postgresql://a@b/c?nonsense=1", "postgresql://a@,/c"]
)
def test_what_is_no_address_is_one_sentence(text):
    with pytest.raises(GalleryError, match="postgresql://ROLE@HOST/DATABASE"):
        Address.of(text)


def test_a_password_is_never_shown_and_the_copy_is_one_per_gallery():
    kiosk = Address.of("postgresql://kiosk:secret@db.example.org/faces")
    owner = Address.of("postgresql://owner:other@db.example.org/faces")
    assert (kiosk.shown, kiosk.file_name) == ("db.example.org/faces", owner.file_name)
    assert kiosk.file_name != Address.of("postgresql://kiosk@db.example.org/others").file_name
    with pytest.raises(GalleryError) as caught:
        Address.of("postgresql://kiosk:secret@db.example.org/faces?sslmode=disable")
    assert "secret" not in str(caught.value)
