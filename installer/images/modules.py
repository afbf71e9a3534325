"""The modules of a Debian kernel: what each needs, and the order in which they load."""

from __future__ import annotations

import lzma
import shutil
from pathlib import Path

from installer.images import debs


class Modules:
    """The kernel's modules in the unpacked packages."""

    def __init__(self, tree: debs.Tree, version: str) -> None:
        self.version = version
        self._tree = tree
        self._folder = tree.folder / "usr/lib/modules" / version
        for name in ("modules.order", "modules.builtin"):
            (self._folder / name).touch()
        tree.run("usr/bin/kmod", "-b", tree.folder, version, name="depmod")
        self._needs: dict[str, list[str]] = {}
        for line in (self._folder / "modules.dep").read_text(encoding="utf-8").splitlines():
            path, _, needed = line.partition(":")
            # modules.dep lists the nearest first; loading goes the other way round.
            self._needs[module_name(path)] = [path, *needed.split()][::-1]
        # What one release has as a module, another has in the kernel itself.
        for path in (self._folder / "modules.builtin").read_text(encoding="utf-8").split():
            self._needs[module_name(path)] = []

    def with_needed(self, names: list[str]) -> list[str]:
        """Paths of the modules and all they need, in the order in which they load."""
        paths: list[str] = []
        for name in names:
            if name not in self._needs:
                raise debs.PackageError(f"the kernel has no module {name}")
            paths += [path for path in self._needs[name] if path not in paths]
        return paths

    def read(self, path: str) -> bytes:
        """The module itself, unpacked if the package has it compressed."""
        data = (self._folder / path).read_bytes()
        return lzma.decompress(data) if path.endswith(".xz") else data

    def copy_to(self, root: Path, names: list[str]) -> None:
        """Put modules and their index below `root`/usr/lib/modules."""
        target = root / "usr/lib/modules" / self.version
        for path in self.with_needed(names):
            file = target / path.removesuffix(".xz")
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(self.read(path))
        for name in ("modules.order", "modules.builtin", "modules.builtin.modinfo"):
            if (self._folder / name).exists():
                shutil.copyfile(self._folder / name, target / name)
        self._tree.run("usr/bin/kmod", "-b", root, self.version, name="depmod")


def module_name(path: str) -> str:
    """Name by which the kernel knows the module in a file."""
    return Path(path).name.split(".")[0].replace("-", "_")
