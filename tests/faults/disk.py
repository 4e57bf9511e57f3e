"""A small disk of the campaign's own, so that it can be filled without harming the machine."""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

SIZE = 1024**3
BALLAST = ".ballast"


class Disk:
    """A folder on a file system of its own, where this machine lets us make one.

    As root: an ext4 image on a loop device, where an fsync costs what it costs, else memory
    (tmpfs). Otherwise a plain folder, whose users may write no byte more to any file
    (RLIMIT_FSIZE) while the disk is "full".
    """

    def __init__(self, folder: Path, image: Path) -> None:
        self.folder, self.image = folder, image
        self.kind = "limit"
        self._users: Callable[[], Iterable[int]] = lambda: ()

    def make(self) -> None:
        """Make the folder, as separate a disk as this machine allows."""
        self.folder.mkdir(parents=True, exist_ok=True)
        if os.geteuid() == 0:
            if self._mount_image():
                self.kind = "ext4 image"
            elif _run("mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", str(self.folder)):
                self.kind = "tmpfs"
        self.folder.chmod(0o755)

    def used_by(self, users: Callable[[], Iterable[int]]) -> None:
        """Name the processes that are limited where the disk is only a folder."""
        self._users = users

    def _mount_image(self) -> bool:
        with self.image.open("wb") as file:
            file.truncate(SIZE)
        # Without a journal: nobody pulls this disk's plug, and it lies on one that has its own.
        made = _run("mkfs.ext4", "-q", "-F", "-m", "0", "-O", "^has_journal", str(self.image))
        return made and _run("mount", "-o", "loop", str(self.image), str(self.folder))

    def fill(self) -> None:
        """Take away all room."""
        if self.kind == "limit":
            self._limit(1)
            return
        handle = os.open(self.folder / BALLAST, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        free = os.fstatvfs(handle)
        with suppress(OSError):
            os.posix_fallocate(handle, 0, max(1, (free.f_bavail - 8) * free.f_frsize))
        size = 1 << 20
        while size:
            try:
                os.write(handle, bytes(size))
            except OSError:
                size = 0 if size == 4096 else 4096
        os.close(handle)

    def clear(self) -> None:
        """Give all room back."""
        (self.folder / BALLAST).unlink(missing_ok=True)
        if self.kind == "limit":
            self._limit(resource.RLIM_INFINITY)

    def _limit(self, most: int) -> None:
        for pid in self._users():
            with suppress(ProcessLookupError, PermissionError):
                _soft, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
                resource.prlimit(pid, resource.RLIMIT_FSIZE, (most, hard))

    def remove(self) -> None:
        """Unmount it and leave nothing behind."""
        if self.kind != "limit":
            _run("umount", str(self.folder)) or _run("umount", "-l", str(self.folder))
        self.image.unlink(missing_ok=True)
        shutil.rmtree(self.folder, ignore_errors=True)


def _run(*command: str) -> bool:
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        return False
