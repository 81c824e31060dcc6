"""What the stored bytes are: their first look (size, magic), and the thorough one in a process of its own."""

import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from pydantic import BaseModel, ConfigDict

from marketplace.common.logging import get_logger
from uploads.inspector import CPU_SECONDS, MAGIC
from uploads.models import Upload

log = get_logger(__name__)

PROGRAM = Path(__file__).with_name("inspector.py")
WALL_SECONDS = 2 * CPU_SECONDS
THUMBNAIL_SIDE = 640  # pixels on the longer side of what a conversation shows, twice what it takes on the page
LONGEST_MAGIC = max(len(magic) for magic in MAGIC.values())

Refusal = Upload.Refusal


class PreviewFact(BaseModel):
    model_config = ConfigDict(frozen=True)

    content_type: str
    width: int
    height: int


class Verdict(BaseModel):
    """What the inspector prints. Strictly read: the process that wrote it has seen a stranger's file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    refusal: Refusal | None = None
    content_type: str = ""
    pages: list[PreviewFact] = []


@dataclass(frozen=True)
class Preview:
    data: bytes
    content_type: str
    width: int
    height: int


@dataclass(frozen=True)
class Checked:
    """Bytes that may be kept, as they will be kept, and the pictures of their pages."""

    data: bytes
    content_type: str
    previews: list[Preview]


class NotKept(Exception):
    """The bytes may not be kept; ``refusal`` says why."""

    def __init__(self, refusal: Refusal) -> None:
        self.refusal = refusal
        super().__init__(refusal)


def look_at(*, size: int, start: bytes, content_type: str) -> None:
    """The first look, cheap enough for a request. Raises ``NotKept``."""
    if size == 0:
        raise NotKept(Refusal.EMPTY)
    if size > settings.UPLOAD_MAX_BYTES:
        raise NotKept(Refusal.TOO_BIG)
    if not start.startswith(MAGIC[content_type]):
        raise NotKept(Refusal.WRONG_TYPE)


def inspect(data: bytes, *, content_type: str, purpose: str) -> Checked:
    """Parse a file with limits on memory and time; images come back re-encoded, documents as they were.

    Verification documents come with pictures of their pages, images of a message with a small one of themselves,
    profile photos cut square. Raises ``NotKept``.
    """
    look_at(size=len(data), start=data[:LONGEST_MAGIC], content_type=content_type)
    command = [sys.executable, "-I", str(PROGRAM), "--type", content_type]
    command += ["--max-bytes", str(settings.UPLOAD_MAX_BYTES), "--max-pixels", str(settings.UPLOAD_IMAGE_PIXELS_MAX)]
    if purpose == Upload.Purpose.VERIFICATION:
        command += ["--pages", str(settings.UPLOAD_PREVIEW_PAGES_MAX)]
    if purpose == Upload.Purpose.MESSAGE and content_type.startswith("image/"):
        command += ["--pages", "1", "--side", str(THUMBNAIL_SIDE)]
    if purpose == Upload.Purpose.PHOTO:
        command += ["--photo"]
    with tempfile.TemporaryDirectory(prefix="upload-") as folder:
        verdict = _run(command, data, Path(folder))
        if verdict.refusal:
            raise NotKept(verdict.refusal)
        previews = [
            Preview((Path(folder) / f"page-{number}").read_bytes(), **fact.model_dump())
            for number, fact in enumerate(verdict.pages, start=1)
        ]
        return Checked((Path(folder) / "checked").read_bytes(), verdict.content_type, previews)


def _run(command: list[str], data: bytes, folder: Path) -> Verdict:
    try:
        done = subprocess.run(  # noqa: S603  # our own program; the file is on its standard input
            command, input=data, capture_output=True, cwd=folder, env={}, timeout=WALL_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        log.warning("inspection_took_too_long")
        return Verdict(refusal=Refusal.UNREADABLE)
    if done.returncode != 0:
        # Killed at a limit, or a parser crashed: nothing that could be shown to anyone.
        log.warning("inspection_failed", returncode=done.returncode, stderr=done.stderr[-500:].decode(errors="replace"))
        return Verdict(refusal=Refusal.UNREADABLE)
    return Verdict.model_validate_json(done.stdout)
