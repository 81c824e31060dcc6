"""Writes an export: one ZIP with a page that explains it, a JSON file for each chapter, and the person's own files.

Rows are read and written a few at a time, files one after the other, so that it takes no more memory for a long life here.
"""

import io
import json
import re
import zipfile
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import IO, cast

from django.conf import settings
from django.utils.translation import gettext as _

from accounts import personal_data as about_account
from accounts.models import User
from marketplace.common.mailing import speaking_to
from marketplace.common.personal_data import Chapter, Row, plain
from uploads import personal_data as about_files
from uploads.gateways.storage import private_files
from uploads.models import Upload
from uploads.signals import data_wanted

PAGE = "README.txt"
# What a name inside the ZIP may hold: it becomes a file on whatever system it is opened.
UNSAFE = re.compile(r"[^\w.() -]+")


def chapters_of(user: User) -> list[Chapter]:
    """All chapters about somebody, from every app. Asks the database nothing yet."""
    answers = data_wanted.send(sender=Upload, user=user)
    others = [chapter for _receiver, answer in answers for chapter in cast("list[Chapter]", answer)]
    return [*about_account.chapters_of(user), *others, *about_files.chapters_of(user)]


def write_bundle(into: IO[bytes], *, user: User, at: datetime) -> None:
    """Write the ZIP. Asks storage for each of the person's files; raises ``StorageUnavailable``."""
    with speaking_to(user), zipfile.ZipFile(into, "w", zipfile.ZIP_DEFLATED) as bundle:
        chapters = chapters_of(user)
        for chapter in chapters:
            with bundle.open(f"{chapter.name}.json", "w", force_zip64=True) as file:
                _write_chapter(file, chapter)
        _write_files(bundle, user)
        bundle.writestr(PAGE, _explain(chapters, at=at))


def file_name(upload: Upload) -> str:
    """Where a file of theirs stands in the ZIP. Its id comes first: two may have one name."""
    return f"files/{str(upload.pk)[:8]}-{UNSAFE.sub('_', upload.name)}"


def _write_chapter(file: IO[bytes], chapter: Chapter) -> None:
    text = io.TextIOWrapper(file, encoding="utf-8", newline="\n", write_through=True)
    for part in _listed(chapter.read()):
        text.write(part)
    text.detach()


def _listed(rows: object) -> Iterator[str]:
    """The text of a JSON list, row by row: ``json.dump`` would want them all at once."""
    yield "["
    before = "\n"
    for row in cast("Iterator[Row]", rows):
        yield before + json.dumps(row, default=plain, ensure_ascii=False, indent=2)
        before = ",\n"
    yield "\n]\n"


def _write_files(bundle: zipfile.ZipFile, user: User) -> None:
    for upload in about_files.kept_files(user).iterator(chunk_size=50):
        data = private_files.read(upload.private_key, max_bytes=settings.UPLOAD_MAX_BYTES)
        if data is not None:  # purged since the list was read
            bundle.writestr(zipfile.ZipInfo(file_name(upload), upload.created_at.timetuple()[:6]), data)


def _explain(chapters: Sequence[Chapter], *, at: datetime) -> str:
    title = _("What %(site)s keeps about you") % {"site": settings.SITE_NAME}
    lines = [
        title,
        "=" * len(title),
        "",
        _("Made on %(moment)s.") % {"moment": plain(at)},
        "",
        *(f"{chapter.name}.json\n    {chapter.about}" for chapter in chapters),
        _("files/\n    Your own files, as we keep them; files.json says what each is for."),
        "",
        _("The files ending in .json open in any browser or text editor. Times are UTC; amounts are in whole units."),
        _("Of other people it holds the name that you saw, and what they wrote to you."),
        _("Left out are passwords, keys and secret addresses, since whoever has them could use them."),
        "",
        f"{settings.SITE_URL}",
        "",
    ]
    return "\n".join(lines)
