"""Every text of the kiosk, in one table; translated by the files `assets/i18n/kiosk_*.ts`."""

from PySide6.QtCore import QT_TRANSLATE_NOOP, QCoreApplication

from depthface_app.core.capture_score import CaptureScore

_TABLE = {
    # Start
    "welcome": QT_TRANSLATE_NOOP("Kiosk", "Welcome"),
    "welcome_text": QT_TRANSLATE_NOOP("Kiosk", "Stand about 70 cm away and look at the screen."),
    "looking": QT_TRANSLATE_NOOP("Kiosk", "One moment…"),
    "hello": QT_TRANSLATE_NOOP("Kiosk", "Hello, {0}"),
    "hello_text": QT_TRANSLATE_NOOP("Kiosk", "Good to see you."),
    "stranger": QT_TRANSLATE_NOOP("Kiosk", "I do not know you"),
    "stranger_text": QT_TRANSLATE_NOOP("Kiosk", "Would you like to be enrolled? It takes less than a minute."),
    "fake": QT_TRANSLATE_NOOP("Kiosk", "Show your own face"),
    "fake_text": QT_TRANSLATE_NOOP("Kiosk", "This does not look like a live face."),
    "enrol": QT_TRANSLATE_NOOP("Kiosk", "Enrol me"),
    "language": QT_TRANSLATE_NOOP("Kiosk", "Language"),
    "leave": QT_TRANSLATE_NOOP("Kiosk", "Leave the kiosk"),
    # Consent
    "consent": QT_TRANSLATE_NOOP("Kiosk", "Do you agree?"),
    "consent_what": QT_TRANSLATE_NOOP(
        "Kiosk", "This device measures the shape of your face and recognises you by it when you come back."
    ),
    "consent_stored": QT_TRANSLATE_NOOP(
        "Kiosk", "Stored, encrypted, on this device: your name and the measurements of your face. No photograph."
    ),
    "consent_frames": QT_TRANSLATE_NOOP("Kiosk", "Also stored, encrypted: the depth pictures they are made from."),
    "consent_long": QT_TRANSLATE_NOOP(
        "Kiosk", "It is erased by itself on {0}, and earlier whenever you ask the staff."
    ),
    "consent_free": QT_TRANSLATE_NOOP("Kiosk", "You are free to decline. Nothing is stored before the last step."),
    "consent_version": QT_TRANSLATE_NOOP("Kiosk", "Text {0}"),
    "agree": QT_TRANSLATE_NOOP("Kiosk", "I agree"),
    "decline": QT_TRANSLATE_NOOP("Kiosk", "I decline"),
    # Name
    "name": QT_TRANSLATE_NOOP("Kiosk", "What is your name?"),
    "next": QT_TRANSLATE_NOOP("Kiosk", "Next"),
    "cancel": QT_TRANSLATE_NOOP("Kiosk", "Cancel"),
    "name_taken": QT_TRANSLATE_NOOP("Kiosk", "Somebody has this name already. Add your family name."),
    "name_missing": QT_TRANSLATE_NOOP("Kiosk", "Type your name first."),
    "name_unusable": QT_TRANSLATE_NOOP("Kiosk", "This name is too long or has signs that cannot be stored."),
    "space": QT_TRANSLATE_NOOP("Kiosk", "Space"),
    # Capture
    "place": QT_TRANSLATE_NOOP("Kiosk", "Stand in front of the camera"),
    "capture": QT_TRANSLATE_NOOP("Kiosk", "Follow the arrow"),
    "verify": QT_TRANSLATE_NOOP("Kiosk", "Look at me once more"),
    "busy": QT_TRANSLATE_NOOP("Kiosk", "One moment…"),
    "views": QT_TRANSLATE_NOOP("Kiosk", "Directions: {0} of {1}"),
    "score": QT_TRANSLATE_NOOP("Kiosk", "Quality of the picture"),
    "fill": QT_TRANSLATE_NOOP("Kiosk", "Complete"),
    "noise": QT_TRANSLATE_NOOP("Kiosk", "Calm"),
    "pose": QT_TRANSLATE_NOOP("Kiosk", "Direction"),
    "distance": QT_TRANSLATE_NOOP("Kiosk", "Distance"),
    "clear": QT_TRANSLATE_NOOP("Kiosk", "Uncovered"),
    "relief": QT_TRANSLATE_NOOP("Kiosk", "Relief"),
    "look straight": QT_TRANSLATE_NOOP("Kiosk", "Look straight at the screen"),
    "turn a little left": QT_TRANSLATE_NOOP("Kiosk", "Turn your head a little to your left"),
    "turn a little right": QT_TRANSLATE_NOOP("Kiosk", "Turn your head a little to your right"),
    "look up a little": QT_TRANSLATE_NOOP("Kiosk", "Look up a little"),
    "look down a little": QT_TRANSLATE_NOOP("Kiosk", "Look down a little"),
    "step back": QT_TRANSLATE_NOOP("Kiosk", "Too near: take a step back"),
    "come closer": QT_TRANSLATE_NOOP("Kiosk", "Too far: come closer"),
    "move to the middle": QT_TRANSLATE_NOOP("Kiosk", "Move to the middle"),
    "something covers the face": QT_TRANSLATE_NOOP("Kiosk", "Something covers your face"),
    "turn to the camera": QT_TRANSLATE_NOOP("Kiosk", "Turn to the screen"),
    "hold still": QT_TRANSLATE_NOOP("Kiosk", "Hold still"),
    "show your own face": QT_TRANSLATE_NOOP("Kiosk", "Show your own face"),
    "come into the picture": QT_TRANSLATE_NOOP("Kiosk", "Come into the picture"),
    "come back alone": QT_TRANSLATE_NOOP("Kiosk", "One person at a time, please"),
    "done": QT_TRANSLATE_NOOP("Kiosk", "One moment…"),
    # Afterwards
    "duplicate": QT_TRANSLATE_NOOP("Kiosk", "You are already enrolled as {0}"),
    "duplicate_text": QT_TRANSLATE_NOOP("Kiosk", "If that is somebody else, the staff can let you go on."),
    "is_me": QT_TRANSLATE_NOOP("Kiosk", "That is me"),
    "not_me": QT_TRANSLATE_NOOP("Kiosk", "That is not me"),
    "stored": QT_TRANSLATE_NOOP("Kiosk", "Thank you, {0}"),
    "stored_text": QT_TRANSLATE_NOOP(
        "Kiosk", "You are enrolled, and I have recognised you. Look again whenever you like."
    ),
    "problem": QT_TRANSLATE_NOOP("Kiosk", "That did not work"),
    "slow": QT_TRANSLATE_NOOP("Kiosk", "I could not see all directions of your face. Nothing was stored."),
    "again": QT_TRANSLATE_NOOP("Kiosk", "I could not recognise you afterwards. Nothing was stored."),
    "gallery": QT_TRANSLATE_NOOP("Kiosk", "It could not be stored. Please call the staff."),
    "retry": QT_TRANSLATE_NOOP("Kiosk", "Try again"),
    "locked": QT_TRANSLATE_NOOP("Kiosk", "Closed for a moment"),
    "locked_text": QT_TRANSLATE_NOOP(
        "Kiosk", "Too often something other than a face was shown. I look again in {0} seconds."
    ),
    "camera": QT_TRANSLATE_NOOP("Kiosk", "I cannot see"),
    "camera_text": QT_TRANSLATE_NOOP("Kiosk", "The camera does not answer. I try again by myself."),
    "starting": QT_TRANSLATE_NOOP("Kiosk", "Starting…"),
    "models_text": QT_TRANSLATE_NOOP("Kiosk", "Faces cannot be recognised at present. Please call the staff."),
    "idle": QT_TRANSLATE_NOOP("Kiosk", "Still there? Back to the start in {0} seconds."),
    # Staff
    "pin": QT_TRANSLATE_NOOP("Kiosk", "PIN of the administrator"),
    "pin_staff": QT_TRANSLATE_NOOP("Kiosk", "PIN of the staff"),
    "pin_wrong": QT_TRANSLATE_NOOP("Kiosk", "This PIN is not right."),
    "pin_shut": QT_TRANSLATE_NOOP("Kiosk", "Too many wrong PINs. Wait before the next."),
    "unlock": QT_TRANSLATE_NOOP("Kiosk", "Unlock"),
    "no_pin": QT_TRANSLATE_NOOP("Kiosk", "No PIN is set"),
    "no_pin_text": QT_TRANSLATE_NOOP(
        "Kiosk", "Anybody may leave the kiosk. Set a PIN with: depthface gallery pin administrator"
    ),
    "back": QT_TRANSLATE_NOOP("Kiosk", "Back"),
}

TEXTS = {key: str(text) for key, text in _TABLE.items()}


def word(key: str, *values: object) -> str:
    """A text in the language of the moment, with values put in."""
    return QCoreApplication.translate("Kiosk", TEXTS[key]).format(*values)


def score_words() -> dict[str, str]:
    """What each part of a capture's score is called."""
    return {name: word(name) for name in CaptureScore.__dataclass_fields__}
