"""May we believe this database file? Looked at before it is opened: what is wrong, and what to do about it."""

import contextlib
import fcntl
import os
import stat
from collections.abc import Iterator
from pathlib import Path

MAGIC = b"SQLite format 3\0"
MOUNTS = Path("/proc/mounts")
#: File systems whose locks do not hold between machines, or whose fsync says yes too early.
_REMOTE = frozenset(
    "nfs nfs3 nfs4 cifs smb2 smb3 smbfs ncpfs afs ceph 9p virtiofs vboxsf prl_fs lustre gfs gfs2 ocfs2 glusterfs beegfs davfs acfs".split()
)
_LOCAL_FUSE = frozenset({"fuseblk", "fuse.fuse-overlayfs", "fuse.lxcfs"})


class Untrusted(Exception):
    """The database is not opened. `reason` says what was found, `way_out` what the operator can do."""

    def __init__(self, reason: str, way_out: str) -> None:
        super().__init__(f"{reason}. {way_out}")
        self.reason = reason
        self.way_out = way_out


def sidecars(path: Path) -> tuple[Path, Path]:
    """SQLite's log and shared memory beside the database."""
    return path.with_name(path.name + "-wal"), path.with_name(path.name + "-shm")


def check_file(path: Path) -> None:
    """Raises Untrusted unless this is a private, regular, local file that looks like a database."""
    check_folder(path.parent)
    try:
        found = path.lstat()
    except PermissionError:
        raise _closed(path.parent) from None
    except FileNotFoundError:
        raise Untrusted(
            f"there is no database at {path}",
            "A new installation makes one with `mailgate init`; if there was one, look for where it went, or restore a backup",
        ) from None
    _check_private(path, found)
    if not os.access(path, os.R_OK):
        raise Untrusted(f"this user may not read {path}", f"Run mailgate as the user that owns it, or chmod u+rw {path}")
    for what in (path, path.parent):
        if not os.access(what, os.W_OK | (os.X_OK if what == path.parent else 0)):
            why = "its file system is mounted read-only" if _is_read_only(what) else "this user may not write to it"
            way_out = "Mount it for writing" if _is_read_only(what) else f"Run mailgate as the user that owns it, or chmod u+rwX {what}"
            raise Untrusted(f"{what} is read-only: {why}, and a record has to be written to even to be read safely", way_out)
    if found.st_size == 0:
        raise Untrusted(
            f"{path} is empty",
            "An empty file is never taken for a new database: restore a backup, or remove the file if nothing was ever in it",
        )
    with path.open("rb") as file:
        if file.read(len(MAGIC)) != MAGIC:
            raise Untrusted(f"{path} is not an SQLite database, or its first page is damaged", "Restore a backup, or correct database.url")
    for sidecar in sidecars(path):
        # A running gateway may remove them at any moment.
        with contextlib.suppress(FileNotFoundError):
            _check_private(sidecar, sidecar.lstat())


def check_folder(folder: Path) -> None:
    """Raises Untrusted unless only its owner can put files there, and the file system is of this machine."""
    try:
        mode = folder.stat().st_mode
    except PermissionError:
        raise _closed(folder) from None
    except FileNotFoundError:
        raise Untrusted(f"there is no folder {folder}", f"Make it with `install -d -m 700 {folder}`, or correct database.url") from None
    if not stat.S_ISDIR(mode):
        raise Untrusted(f"{folder} is not a folder", "Correct database.url")
    if mode & 0o022:
        raise Untrusted(f"others may write into {folder}, where the database is", f"chmod go-w {folder}")
    kind = file_system(folder)
    if kind in _REMOTE or (kind.startswith("fuse") and kind not in _LOCAL_FUSE):
        raise Untrusted(
            f"{folder} is on a network file system ({kind}), where SQLite loses mail",
            "Put the database on a disk of this machine, or use PostgreSQL",
        )


def _closed(folder: Path) -> Untrusted:
    return Untrusted(f"this user may not look into {folder}", f"Run mailgate as the user that owns it, or chmod u+rwx {folder}")


def _is_read_only(path: Path) -> bool:
    return bool(os.statvfs(path).f_flag & os.ST_RDONLY)


def _check_private(path: Path, found: os.stat_result) -> None:
    if stat.S_ISLNK(found.st_mode):
        raise Untrusted(f"{path} is a symbolic link", "Name the file itself in database.url")
    if not stat.S_ISREG(found.st_mode):
        raise Untrusted(f"{path} is not a regular file", "Correct database.url")
    me = os.geteuid()
    if me not in (0, found.st_uid):
        raise Untrusted(f"{path} belongs to another user", f"Run mailgate as that user, or chown {me} {path}")
    if found.st_mode & 0o077:
        raise Untrusted(f"others may read or write {path}, which holds everybody's mail", f"chmod 600 {path}")


def file_system(folder: Path) -> str:
    """The type of the file system that holds a folder, "" where the machine does not say."""
    try:
        mounts = MOUNTS.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    return file_system_in(mounts, str(folder.resolve()))


def file_system_in(mounts: str, folder: str) -> str:
    """The same, read from the text of /proc/mounts: the longest mount point wins, and of equals the one mounted last."""
    best, kind = -1, ""
    for line in mounts.splitlines():
        fields = line.split(" ")
        if len(fields) < 3:
            continue
        point = fields[1].replace("\\040", " ").replace("\\011", "\t").replace("\\012", "\n").replace("\\134", "\\")
        inside = folder == point or folder.startswith(point.rstrip("/") + "/")
        if inside and len(point) >= best:
            best, kind = len(point), fields[2]
    return kind


@contextlib.contextmanager
def new_file(path: Path) -> Iterator[Path]:
    """A private file under another name to build a database in; it takes its name when the block ends well, whole or not at all.
    Nothing is ever overwritten: raises FileExistsError. Whatever the umask, nobody else can read it at any moment."""
    draft = path.with_name(path.name + ".new")
    if os.path.lexists(path):
        raise FileExistsError(path)
    handle = os.open(draft, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise FileExistsError(draft) from None
        # What a killed attempt left is of no use.
        os.fchmod(handle, 0o600)
        os.ftruncate(handle, 0)
        _forget_sidecars(draft)
        try:
            yield draft
            os.fsync(handle)
            os.link(draft, path)
        finally:
            draft.unlink()
            _forget_sidecars(draft)
        _sync_folder(path.parent)
    finally:
        os.close(handle)


def _forget_sidecars(path: Path) -> None:
    for sidecar in sidecars(path):
        sidecar.unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


class ServeLock:
    """One `serve` for one SQLite file. The kernel lets go of it when the holder dies, however it dies."""

    def __init__(self, database: Path) -> None:
        self.path = database.with_name(database.name + ".lock")
        self._handle: int | None = None
        self.boot = ""  #: in which the last serve worked (`lost_log.this_boot`)

    def acquire(self) -> None:
        """Raises Untrusted when another serve has it."""
        if not self.try_acquire():
            raise Untrusted(
                f"another `mailgate serve` works on this database{self._holder()}", "Stop that one first; to run several, use PostgreSQL"
            )

    def try_acquire(self) -> bool:
        handle = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
            return False
        os.fchmod(handle, 0o600)
        self.boot = self._lines(os.pread(handle, 200, 0))[1]
        self._handle = handle
        self._write()
        return True

    def note_boot(self, boot: str) -> None:
        """Who serves from here on does so in this boot of the machine."""
        self.boot = boot
        self._write()

    def _write(self) -> None:
        assert self._handle is not None
        text = f"{os.getpid()}\n{self.boot}\n".encode()
        os.ftruncate(self._handle, 0)
        os.pwrite(self._handle, text, 0)

    @staticmethod
    def _lines(content: bytes) -> tuple[str, str]:
        lines = [*content.decode("ascii", "replace").splitlines(), "", ""]
        return lines[0].strip(), lines[1].strip()

    def _holder(self) -> str:
        try:
            pid = self._lines(self.path.read_bytes())[0]
        except OSError:
            return ""
        return f" (its process is {pid})" if pid.isdigit() else ""

    def release(self) -> None:
        """The file stays: removing it would let two hold different files of one name."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None
