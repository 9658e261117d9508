"""Identity, people, enrolment, status: text that is there, and signals that ask for the right thing."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from depthface_app.core.face import Match
from depthface_app.ui.enrolment import EnrolmentCard
from depthface_app.ui.history import History
from depthface_app.ui.identity import IdentityCard
from depthface_app.ui.marks import Standing
from depthface_app.ui.notices import Message
from depthface_app.ui.people import PeopleCard
from depthface_app.ui.stage import Stage
from depthface_app.ui.status import StatusFigures, StatusLine
from tests.ui.values import NEAR, face_of, frame_of


@pytest.fixture(scope="module")
def frame():
    return frame_of([NEAR])


@pytest.fixture
def card(qtbot):
    widget = IdentityCard(None)
    qtbot.addWidget(widget)
    return widget


def test_a_known_person(card, frame):
    card.show_face(face_of(frame, NEAR, yaw_deg=-17.6, hint="come closer"))
    assert (card.plate.name, card.plate.word, card.plate.standing) == ("Ada", "known", Standing.KNOWN)
    assert card.bar.texts() == ("0.83", "threshold 0.62")
    assert card.values() == {
        "next": "Bob 0.41",
        "quality": "good 0.90",
        "distance": "0.62 m",
        "yaw": "18° to their right",
    }
    assert card.hint.text() == "come closer"


def test_an_unknown_person_is_shown_as_unknown_with_whom_they_resemble_most(card, frame):
    card.show_face(face_of(frame, NEAR, name=None, similarity=0.44))
    assert (card.plate.name, card.plate.word) == ("Unknown", "unknown person")
    assert card.values()["next"] == "Ada 0.44"


def test_an_empty_gallery_has_no_similarity(card, frame):
    card.show_face(face_of(frame, NEAR, match=Match(None, float("nan"), 0.62)))
    assert card.plate.name == "Unknown"
    assert card.bar.texts() == ("—", "")
    assert card.values()["next"] == "—"


@pytest.mark.parametrize(
    ("known", "standing"),
    [
        ({"name": None, "quality": 0.1}, Standing.POOR),
        ({"live": False}, Standing.SPOOF),
        ({"match": None}, Standing.POOR),
    ],
)
def test_poor_and_suspected_pictures_have_their_own_mark(card, frame, known, standing):
    card.show_face(face_of(frame, NEAR, **known))
    assert card.plate.standing is standing


def test_rows_keep_their_places_without_a_face(card, frame):
    card.resize(card.sizeHint())
    card.show_face(face_of(frame, NEAR))
    height = card.sizeHint().height()
    card.show_none("No face", "Stand 0.4 to 1.2 m away and look at the camera.")
    assert card.sizeHint().height() == height
    assert (card.plate.name, card.plate.standing) == ("No face", None)
    assert set(card.values().values()) == {"—"}


@pytest.fixture
def people(qtbot):
    widget = PeopleCard(None)
    qtbot.addWidget(widget)
    widget.resize(260, 400)
    widget.show()
    qtbot.waitExposed(widget)
    widget.show_people(("Ada", "Bob", "Grace"))
    return widget


def test_nobody_enrolled_says_what_to_do(people):
    people.show_people(())
    assert people.title.text() == "People (0)"
    assert people.room.currentWidget() is people.empty
    assert "press E" in people.empty.text()
    assert not people.remove.isEnabled()


def test_the_selection_outlives_a_new_list(people):
    people.people.setCurrentRow(1)
    people.show_people(("Ada", "Ben", "Bob"))
    assert people.chosen() == "Bob"
    assert people.names() == ("Ada", "Ben", "Bob")


def test_removing_asks_first_and_keeping_is_the_default(people, qtbot):
    people.people.setCurrentRow(1)
    people.people.setFocus()
    asked = []
    people.removed.connect(asked.append)
    qtbot.keyClick(people.people, Qt.Key.Key_Delete)
    assert people.question.text() == "Remove Bob and all their pictures?"
    people.keep.click()
    assert asked == []
    people.remove.click()
    with qtbot.waitSignal(people.removed) as signal:
        people.confirm.click()
    assert signal.args == ["Bob"]


def test_renaming_in_place(people, qtbot):
    people.people.setCurrentRow(0)
    with qtbot.waitSignal(people.renamed) as signal:
        people.people.item(0).setText("  Ada Lovelace ")
    assert signal.args == ["Ada", "Ada Lovelace"]


def test_an_empty_new_name_changes_nothing(people, qtbot):
    with qtbot.assertNotEmitted(people.renamed):
        people.people.item(0).setText("   ")
    assert people.names()[0] == "Ada"


@pytest.fixture
def enrolment(qtbot):
    widget = EnrolmentCard(None)
    qtbot.addWidget(widget)
    widget.show()
    qtbot.waitExposed(widget)
    return widget


def test_enrolment_wants_a_name_first(enrolment, qtbot):
    with qtbot.assertNotEmitted(enrolment.begun):
        qtbot.keyClick(enrolment.name, Qt.Key.Key_Return)
    assert enrolment.reason.text() == "Type a name first."
    qtbot.keyClicks(enrolment.name, "Rosalind")
    with qtbot.waitSignal(enrolment.begun) as signal:
        qtbot.keyClick(enrolment.name, Qt.Key.Key_Return)
    assert signal.args == ["Rosalind"]


def test_enrolment_says_what_to_do_and_why_nothing_happens(enrolment):
    enrolment.show_progress("Turn a little left", "Waiting for the turn", 0.36, is_enough=True)
    assert enrolment.instruction.text() == "Turn a little left"
    assert enrolment.reason.text() == "Waiting for the turn"
    assert enrolment.progress.value() == 36
    assert enrolment.name.isReadOnly()
    assert enrolment.finish.isVisible()
    assert enrolment.finish.isEnabled()
    assert not enrolment.begin.isVisible()
    enrolment.clear()
    assert enrolment.begin.isVisible()
    assert not enrolment.finish.isVisible()


def test_the_status_line_says_all_figures(qtbot):
    line = StatusLine(None)
    qtbot.addWidget(line)
    line.show_figures(StatusFigures(29.97, 12.4, 48.2, (("locate", 3.14), ("denoise", 12.7)), "CPU", 3))
    assert line.text() == "30.0 fps  picture 12 ms  identity 48 ms  locate 3.1  denoise 13  CPU  dropped 3"
    line.show_figures(StatusFigures())
    assert line.text() == "— fps  picture — ms  identity — ms  dropped 0"


def test_history_forgets_after_ten_seconds_and_when_a_recording_jumps_back(qtbot, frame):
    history = History(None)
    qtbot.addWidget(history)
    face = face_of(frame, NEAR)
    for quarter in range(80):
        history.add(50 + quarter / 4, face)
    assert history.count() == 41
    history.add(50.0, face)
    assert history.count() == 1
    history.add(50.1, None)
    assert history.count() == 1


@pytest.mark.parametrize("is_banner_first", [True, False])
def test_what_stands_above_the_picture_is_not_said_again_below_it(qtbot, is_banner_first):
    holder = QWidget()
    qtbot.addWidget(holder)
    stage, fault = Stage(holder), Message("triangle-alert", "The people list has a problem", "It is damaged.")
    if is_banner_first:
        stage.say(None, fault)
        stage.toast.say_text("Recorded.")
        assert stage.toast.message is not None
        stage.toast.say_text("It is damaged.")
    else:
        stage.toast.say_text("It is damaged.")
        stage.say(None, fault)
    assert (stage.toast.message, stage.banner.message) == (None, fault)
