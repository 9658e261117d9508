"""Settings: defaults in code, overrides in a file, and nothing in the file stops the start."""

from dataclasses import replace

import pytest

from depthface_app.core.errors import InputError
from depthface_app.pipeline.settings import Settings, load_settings, save_changes


def test_no_file_means_defaults_without_a_warning(tmp_path):
    assert load_settings(tmp_path / "none.toml") == (Settings(), ())


def test_what_was_saved_comes_back_and_only_differences_are_written(tmp_path):
    path = tmp_path / "deep" / "settings.toml"
    chosen = Settings(source="realsense:", threads=3, threshold=0.5, dds=True)
    save_changes(path, Settings(), chosen)
    assert load_settings(path) == (chosen, ())
    assert "colour_map" not in path.read_text()
    assert [each.name for each in path.parent.iterdir()] == ["settings.toml"]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("colour = 'red'", "there is no such setting"),
        ("threads = 0", "not between 1 and 256"),
        ("threads = true", "not a whole number"),
        ("threads = 2.5", "not a whole number"),
        ("threshold = 'high'", "not a number"),
        ("colour_map = 'rainbow'", "not one of"),
        ("fine = 1", "not true or false"),
        ("source = 3", "not a text"),
    ],
)
def test_a_bad_line_warns_and_the_good_ones_count(tmp_path, line, words):
    path = tmp_path / "settings.toml"
    path.write_text(f"dds = true\n{line}\n")
    settings, (warning,) = load_settings(path)
    assert settings == Settings(dds=True)
    assert words in warning


@pytest.mark.parametrize("content", [b"threads = = 2", b"\xff\xfe\x00"])
def test_an_unreadable_file_warns_and_gives_the_defaults(tmp_path, content):
    path = tmp_path / "settings.toml"
    path.write_bytes(content)
    settings, (warning,) = load_settings(path)
    assert settings == Settings()
    assert "cannot be read" in warning


def test_whole_numbers_are_numbers_too(tmp_path):
    path = tmp_path / "settings.toml"
    path.write_text("threshold = 1\n")
    settings, warnings = load_settings(path)
    assert settings.threshold == 1.0
    assert isinstance(settings.threshold, float)
    assert warnings == ()


def test_settings_that_cannot_be_saved_say_so(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot be saved"):
        save_changes(tmp_path / "file" / "settings.toml", Settings(), Settings(dds=True))


def test_only_what_the_user_changed_is_written(tmp_path):
    path = tmp_path / "settings.toml"
    save_changes(path, Settings(), Settings(theme="dark"))
    for_this_run = replace(Settings(theme="dark"), source="recording:visit.mcap", threads=1)
    save_changes(path, for_this_run, replace(for_this_run, colour_map="turbo"))
    assert load_settings(path)[0] == Settings(theme="dark", colour_map="turbo")


def test_a_file_with_a_mistake_keeps_its_other_lines(tmp_path):
    path = tmp_path / "settings.toml"
    path.write_text('source = "kinect1:"\nthreads = = 2\n')
    with pytest.raises(InputError, match="until it is mended"):
        save_changes(path, Settings(), Settings(fine=True))
    assert path.read_text() == 'source = "kinect1:"\nthreads = = 2\n'


def test_the_line_of_a_newer_program_stays(tmp_path):
    path = tmp_path / "settings.toml"
    path.write_text("newer = 3\n")
    save_changes(path, Settings(), Settings(fine=True))
    assert path.read_text() == "newer = 3\nfine = true\n"


def test_what_is_changed_back_leaves_the_file_and_others_cannot_read_it(tmp_path):
    path = tmp_path / "settings.toml"
    save_changes(path, Settings(), Settings(fine=True, gallery="postgresql://kiosk:secret@host/faces"))
    assert path.stat().st_mode & 0o077 == 0
    save_changes(path, Settings(fine=True), Settings())
    assert "fine" not in path.read_text()
