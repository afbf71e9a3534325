"""Keeps the translations whole: collects strings from the sources, checks them, compiles them.

`python -m desktop.i18n.update` brings app_zh_CN.ts up to date; `--check` changes nothing and
fails when it is out of date or a Chinese text is missing; `--compile` makes the .qm file.
"""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ET
from pathlib import Path

from desktop.i18n import loader

ROOT = Path(__file__).resolve().parents[2]
Key = tuple[str, str]


def sources() -> list[Path]:
    """All Python files of the client, in a fixed order."""
    return sorted((ROOT / "desktop").rglob("*.py"))


def collect(target: Path) -> None:
    """Bring a .ts file up to date with the sources; texts no longer used are dropped."""
    program = Path(sys.executable).with_name("pyside6-lupdate")
    command = [str(program), "-silent", "-no-obsolete", "-locations", "none"]
    command += ["-source-language", "en", "-target-language", "zh_CN"]
    command += [str(path) for path in sources()]
    command += ["-ts", str(target)]
    subprocess.run(command, check=True, capture_output=True, timeout=120)


def entries(file: Path) -> dict[Key, str]:
    """Translation by (context, English text); empty where it is missing or unfinished."""
    found: dict[Key, str] = {}
    # The file is our own.
    for context in ET.parse(file).getroot().iter("context"):  # noqa: S314
        name = context.findtext("name", "")
        for message in context.iter("message"):
            translation = message.find("translation")
            text = (translation.text or "") if translation is not None else ""
            if translation is not None and translation.get("type") == "unfinished":
                text = ""
            found[(name, message.findtext("source", ""))] = text
    return found


def problems() -> list[str]:
    """What keeps the translations from being whole, one sentence each."""
    with tempfile.TemporaryDirectory() as folder:
        fresh = Path(folder) / loader.SOURCE.name
        shutil.copy(loader.SOURCE, fresh)
        collect(fresh)
        wanted = entries(fresh)
    kept = entries(loader.SOURCE)
    found = [f"not collected: {context}: {text}" for context, text in wanted.keys() - kept.keys()]
    found += [f"no longer used: {context}: {text}" for context, text in kept.keys() - wanted.keys()]
    for (context, text), chinese in wanted.items():
        if not chinese:
            found.append(f"not translated: {context}: {text}")
        elif placeholders(text) != placeholders(chinese):
            found.append(f"placeholders differ: {context}: {text} → {chinese}")
    return sorted(found)


def placeholders(text: str) -> list[str]:
    """The names in braces, sorted: a translation must have the same."""
    return sorted(re.findall(r"\{(\w*)\}", text))


def main(arguments: list[str] | None = None) -> int:
    """Run the tool; returns 1 when a check fails."""
    parser = argparse.ArgumentParser(description="Keep the client's translations whole")
    parser.add_argument("--check", action="store_true", help="change nothing, fail on problems")
    parser.add_argument("--compile", action="store_true", help="make the .qm file")
    chosen = parser.parse_args(arguments)
    if chosen.check:
        found = problems()
        for line in found:
            print(line)
        print(f"{len(entries(loader.SOURCE))} texts, {len(found)} problems")
        return 1 if found else 0
    if chosen.compile:
        print(loader.compiled() or "not compiled")
        return 0
    collect(loader.SOURCE)
    missing = [key for key, text in entries(loader.SOURCE).items() if not text]
    print(f"{loader.SOURCE}: {len(missing)} to translate")
    return 0


if __name__ == "__main__":
    sys.exit(main())
