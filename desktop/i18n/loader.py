"""Loads the translations of the client and of Qt's own words."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import structlog
from PySide6.QtCore import QCoreApplication, QLibraryInfo, QLocale, QTranslator

from desktop import texts

log = structlog.get_logger(__name__)

FOLDER = Path(__file__).resolve().parent
SOURCE = FOLDER / "app_zh_CN.ts"
COMPILED = FOLDER / "app_zh_CN.qm"
_installed: list[QTranslator] = []


def system_language() -> texts.Language:
    """Chinese on a Chinese system, English elsewhere."""
    return "zh" if QLocale.system().language() == QLocale.Language.Chinese else "en"


def install(application: QCoreApplication, language: str = "") -> texts.Language:
    """Use `language` ("zh", "en", or empty for the system's) from now on; returns the choice."""
    chosen: texts.Language = "zh" if language == "zh" else "en"
    if language not in ("zh", "en"):
        chosen = system_language()
    for translator in _installed:
        application.removeTranslator(translator)
    _installed.clear()
    if chosen == "zh":
        folder = QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)
        for file in (Path(folder) / "qtbase_zh_CN.qm", compiled()):
            translator = QTranslator()
            if file is not None and translator.load(str(file)):
                application.installTranslator(translator)
                _installed.append(translator)
            else:
                log.warning("translation_missing", file=str(file))
    texts.set_language(chosen)
    return chosen


def compiled() -> Path | None:
    """The compiled Chinese translation; it is made when it is missing or older than its source.

    Packaged clients carry it. In a source tree it is made beside its source, or in the user's
    cache directory where the tree cannot be written.
    """
    if _is_fresh(COMPILED):
        return COMPILED
    for target in (COMPILED, _cache_file()):
        if _is_fresh(target) or _compile(target):
            return target
    return COMPILED if COMPILED.exists() else None


def _is_fresh(file: Path) -> bool:
    if not file.exists():
        return False
    return not SOURCE.exists() or file.stat().st_mtime >= SOURCE.stat().st_mtime


def _cache_file() -> Path:
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "anyun" / "app_zh_CN.qm"


def _compile(target: Path) -> bool:
    program = Path(sys.executable).with_name("pyside6-lrelease")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        # Several clients may start at once: write aside, then rename.
        with tempfile.TemporaryDirectory(dir=target.parent) as folder:
            made = Path(folder) / target.name
            command = [str(program), "-silent", str(SOURCE), "-qm", str(made)]
            subprocess.run(command, check=True, capture_output=True, timeout=30)
            made.replace(target)
    except (OSError, subprocess.SubprocessError) as error:
        log.info("translation_not_compiled", target=str(target), error=str(error))
        return False
    return True
