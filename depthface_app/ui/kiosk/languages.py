"""The kiosk's languages: shipped translations, changed while it runs."""

from PySide6.QtCore import QLocale, QObject, QTranslator, Signal
from PySide6.QtGui import QFontDatabase
from PySide6.QtWidgets import QApplication

from depthface_app.core.assets import asset

LANGUAGES = {"en": "English", "de": "Deutsch", "fr": "Français", "es": "Español", "zh": "中文"}
LOCALES = {"en": "en_GB", "de": "de_DE", "fr": "fr_FR", "es": "es_ES", "zh": "zh_CN"}
SOURCE = "en"  # the language that the texts are written in


class Languages(QObject):
    """Speaks one language at a time; `changed` asks every screen to say its texts again."""

    changed = Signal()

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.own = system_language()
        self.now = SOURCE
        self._translator: QTranslator | None = None
        self.speak(self.own)

    @property
    def locale(self) -> QLocale:
        """How numbers and dates are written."""
        return QLocale(LOCALES[self.now])

    def speak(self, language: str) -> None:
        """Change the language of every text that is said from now on."""
        if language == self.now:
            return
        self.quiet()
        self.now = language
        if language != SOURCE:
            self._translator = QTranslator(self)
            self._translator.load(str(asset(f"i18n/kiosk_{language}.qm")))
            QApplication.installTranslator(self._translator)
        self.changed.emit()

    def quiet(self) -> None:
        """Take the translation out of the application again."""
        if self._translator is not None:
            QApplication.removeTranslator(self._translator)
            self._translator.deleteLater()
            self._translator = None
        self.now = SOURCE


def system_language() -> str:
    """The first of the user's languages that the kiosk speaks."""
    wanted = (name.split("-")[0] for name in QLocale.system().uiLanguages())
    return next((each for each in wanted if each in LANGUAGES and can_write(each)), SOURCE)


def can_write(language: str) -> bool:
    """Whether this machine has letters for a language; every font has those of the European ones."""
    return language != "zh" or bool(QFontDatabase.families(QFontDatabase.WritingSystem.SimplifiedChinese))
