"""The program that opens a stranger's file, run by ``inspection.py`` in a process of its own with nothing to lose.

Reads the file on standard input; leaves ``checked`` and ``page-1``, ``page-2`` … in the current directory and prints
one JSON verdict. It limits its own memory, time and files before it loads a parser. Imports nothing of this project,
so that neither settings nor secrets are ever in reach of a parser that a hostile file has taken over.
"""

import argparse
import io
import json
import re
import resource
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

MEBIBYTE = 1024 * 1024
MEMORY_BYTES = 1024 * MEBIBYTE
CPU_SECONDS = 20
FILE_BYTES = 64 * MEBIBYTE

MAGIC = {"application/pdf": b"%PDF-", "image/jpeg": b"\xff\xd8\xff", "image/png": b"\x89PNG\r\n\x1a\n"}

PAGE_SIDE = 2_000  # pixels on the longer side of a page's picture
PHOTO_SIDE = 480
JPEG_QUALITY = 90

# What makes a PDF act by itself or carry something else. Names are those of ISO 32000-2.
ACTIVE_NAMES = frozenset(
    {
        "/JavaScript", "/JS", "/AA", "/Launch", "/EmbeddedFile", "/EmbeddedFiles", "/EF", "/FileAttachment", "/AF",
        "/RichMedia", "/RichMediaContent", "/XFA", "/GoToE", "/GoToR", "/SubmitForm", "/ImportData", "/Rendition",
        "/Movie", "/Sound", "/Screen", "/3D",
    }
)  # fmt: skip
# Looked for in the raw bytes too, where a reader that repairs the file would find them and ours does not. Only those
# long enough not to turn up in compressed data by chance.
RAW_NAMES = re.compile(rb"/(?:JavaScript|EmbeddedFiles?|RichMedia|Launch\b|SubmitForm|ImportData)")
NAME_ESCAPE = re.compile(rb"#([0-9A-Fa-f]{2})")
# Actions a document may take when it is opened: show one of its own pages.
HARMLESS_ON_OPEN = {"/GoTo"}


class Refused(Exception):
    """``reason`` is one of ``Upload.Refusal``."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


def limit_resources() -> None:
    for limit, most in (
        (resource.RLIMIT_AS, MEMORY_BYTES),
        (resource.RLIMIT_CPU, CPU_SECONDS),
        (resource.RLIMIT_FSIZE, FILE_BYTES),
        (resource.RLIMIT_NOFILE, 64),
        (resource.RLIMIT_CORE, 0),
    ):
        with suppress(ValueError):  # macOS knows no limit on memory
            resource.setrlimit(limit, (most, most))


def inspect_image(
    data: bytes, content_type: str, *, out: Path, max_pixels: int, photo: bool, pages: int, side: int
) -> Any:
    """Decode and write anew: what is kept holds the picture and nothing that came with it."""
    from PIL import Image, ImageOps, UnidentifiedImageError  # noqa: PLC0415  # after the limits

    Image.MAX_IMAGE_PIXELS = max_pixels
    kind = "PNG" if content_type == "image/png" else "JPEG"
    try:
        with Image.open(io.BytesIO(data), formats=[kind]) as image:
            if image.width * image.height > max_pixels:
                raise Refused("too_detailed")
            picture = ImageOps.exif_transpose(image)
            has_alpha = picture.mode in {"RGBA", "LA", "PA"} or "transparency" in picture.info
            picture = picture.convert("RGBA" if has_alpha and kind == "PNG" and not photo else "RGB")
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as exc:
        raise Refused("too_detailed") from exc
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, EOFError, IndexError, KeyError) as exc:
        raise Refused("unreadable") from exc
    picture.info.clear()  # comments, colour profiles and EXIF would be written again from here
    if photo:
        picture = ImageOps.fit(picture, (PHOTO_SIDE, PHOTO_SIDE))
        kind = "JPEG"
    save(picture, out / "checked", kind)
    previews = []
    if pages:
        picture.thumbnail((side, side))
        save(flat(picture), out / "page-1", "JPEG")
        previews.append({"content_type": "image/jpeg", "width": picture.width, "height": picture.height})
    return {"content_type": f"image/{kind.lower()}", "pages": previews}


def flat(picture: Any) -> Any:  # Any: PIL is loaded after the limits
    """Lay a picture on white paper: what is see-through would come out black."""
    from PIL import Image  # noqa: PLC0415  # after the limits

    if picture.mode != "RGBA":
        return picture
    paper = Image.new("RGB", picture.size, "white")
    paper.paste(picture, mask=picture.getchannel("A"))
    return paper


def save(picture: Any, path: Path, kind: str) -> None:  # Any: PIL is loaded after the limits
    options = {"quality": JPEG_QUALITY, "progressive": True} if kind == "JPEG" else {"compress_level": 6}
    picture.save(path, format=kind, **options)


def inspect_pdf(data: bytes, *, out: Path, pages: int) -> Any:
    """Refuse what acts or carries, keep the very bytes, and (for reviewers) draw each page."""
    from pypdf import PdfReader  # noqa: PLC0415  # after the limits

    try:
        reader = PdfReader(io.BytesIO(data))
        if reader.is_encrypted:
            raise Refused("encrypted")
        refuse_active_content(reader, data)
        count = len(reader.pages)
    except Refused:
        raise
    except Exception as exc:  # a parser may fail in any way on a hostile file; each is a refusal
        raise Refused("unreadable") from exc
    if not count:
        raise Refused("unreadable")
    previews = draw_pages(data, out=out, most=pages) if pages else []
    (out / "checked").write_bytes(data)
    return {"content_type": "application/pdf", "pages": previews}


def refuse_active_content(reader: Any, data: bytes) -> None:  # Any: pypdf is loaded after the limits
    if RAW_NAMES.search(NAME_ESCAPE.sub(lambda found: bytes([int(found[1], 16)]), data)):
        raise Refused("active")
    for entries in every_dictionary(reader):
        for name, value in dict.items(entries):  # as they stand in the file, references unresolved
            if name in ACTIVE_NAMES or (isinstance(value, str) and value in ACTIVE_NAMES):
                raise Refused("active")
            if name == "/OpenAction" and not is_harmless_on_open(value):
                raise Refused("active")


def is_harmless_on_open(value: Any) -> bool:
    """A destination (a list, a name) or an action that leads to one."""
    action = value.get_object()
    return not isinstance(action, dict) or action.get("/S") in HARMLESS_ON_OPEN


def every_dictionary(reader: Any) -> Iterator[dict[str, Any]]:
    """Walk all objects of the file, those that nothing leads to included, each once."""
    numbers = {number for table in reader.xref.values() for number in table} | set(reader.xref_objStm)
    waiting = [reader.trailer, *(reader.get_object(number) for number in sorted(numbers) if number)]
    seen: set[int] = set()
    while waiting:
        value = waiting.pop()
        if hasattr(value, "idnum"):  # a reference: its object stands in the list already, or is broken
            if value.idnum not in numbers:
                numbers.add(value.idnum)
                waiting.append(value.get_object())
            continue
        if id(value) in seen:
            continue
        seen.add(id(value))
        if isinstance(value, dict):
            yield value
            waiting.extend(dict.values(value))
        elif isinstance(value, list):
            waiting.extend(list.__iter__(value))


def draw_pages(data: bytes, *, out: Path, most: int) -> list[dict[str, Any]]:
    import pypdfium2  # noqa: PLC0415  # after the limits

    try:
        document = pypdfium2.PdfDocument(data)
        if len(document) > most:
            raise Refused("too_long")
        return [draw_page(document[index], out / f"page-{index + 1}") for index in range(len(document))]
    except pypdfium2.PdfiumError as exc:
        raise Refused("unreadable") from exc


def draw_page(page: Any, path: Path) -> dict[str, Any]:
    width, height = page.get_size()
    if not (width > 0 and height > 0):
        raise Refused("unreadable")
    picture = page.render(scale=PAGE_SIDE / max(width, height)).to_pil().convert("RGB")
    picture.save(path, format="PNG", compress_level=6)
    return {"content_type": "image/png", "width": picture.width, "height": picture.height}


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--type", required=True, choices=MAGIC)
    options.add_argument("--max-bytes", type=int, required=True)
    options.add_argument("--max-pixels", type=int, required=True)
    options.add_argument("--pages", type=int, default=0)
    options.add_argument("--side", type=int, default=PAGE_SIDE)
    options.add_argument("--photo", action="store_true")
    given = options.parse_args()
    limit_resources()
    data = sys.stdin.buffer.read(given.max_bytes + 1)
    try:
        verdict = inspect(data, given)
    except Refused as refusal:
        verdict = {"refusal": refusal.reason}
    except (MemoryError, RecursionError):
        verdict = {"refusal": "unreadable"}
    json.dump(verdict, sys.stdout)


def inspect(data: bytes, given: argparse.Namespace) -> Any:
    out = Path.cwd()
    if not data.startswith(MAGIC[given.type]):
        raise Refused("wrong_type")
    if given.type == "application/pdf":
        return inspect_pdf(data, out=out, pages=given.pages)
    return inspect_image(
        data, given.type, out=out, max_pixels=given.max_pixels, photo=given.photo, pages=given.pages, side=given.side
    )


if __name__ == "__main__":
    main()
