"""The window's command: what it hands to the window."""

from depthface_app.build import gallery_file, open_gallery
from depthface_app.cli import main
from tests.galleries import template


def test_the_demonstrations_people_do_not_come_into_the_users_gallery(tmp_path, monkeypatch):
    shown = []

    def enrol(setup):
        open_gallery(setup).add("Ada", [template(0)])
        return "simulated:?people=2", iter(("Ada",))

    def show(setup, **_):
        shown.append((setup.settings.source, setup.data_dir, gallery_file(setup), open_gallery(setup).people()))
        return 0

    monkeypatch.setattr("depthface_app.cli.app.enrol_demonstration", enrol)
    monkeypatch.setattr("depthface_app.cli.app.run_window", show)
    assert main(["--data-dir", str(tmp_path), "--gallery", "postgresql://kiosk@host/faces", "app", "--demo"]) == 0
    ((source, data_dir, gallery, people),) = shown
    assert (source, data_dir) == ("simulated:?people=2", tmp_path)  # recordings stay the user's
    assert [person.name for person in people] == ["Ada"]
    assert not gallery.parent.exists()
    assert list(tmp_path.iterdir()) == []
