"""Bytes of files, good and bad, and the way they take: from a browser's form into storage."""

import io
from typing import Any

import urllib3
from django.test import Client
from PIL import Image

PAGES = b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>"
PAGE = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 200 300] >>"
SECRET_PLACE = "52.5163 N 13.3777 E"


def png(size: tuple[int, int] = (60, 40), colour: str = "teal") -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, colour).save(out, "PNG")
    return out.getvalue()


def jpeg(size: tuple[int, int] = (60, 40), *, colour: str = "teal", orientation: int = 1) -> bytes:
    """A photo as a phone leaves it: a comment, and EXIF that tells where it was taken and which way is up."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010E] = SECRET_PLACE
    out = io.BytesIO()
    Image.new("RGB", size, colour).save(out, "JPEG", exif=exif, comment=SECRET_PLACE)
    return out.getvalue()


def pdf(*, catalog: bytes = b"", page: bytes = PAGE, pages: bytes = PAGES, objects: tuple[bytes, ...] = ()) -> bytes:
    """A PDF of one page, with more in its catalog and further objects (numbered from 4)."""
    numbered = (b"<< /Type /Catalog /Pages 2 0 R " + catalog + b" >>", pages, page, *objects)
    out = io.BytesIO()
    out.write(b"%PDF-1.7\n")
    offsets = []
    for number, body in enumerate(numbered, start=1):
        offsets.append(out.tell())
        out.write(b"%d 0 obj\n%s\nendobj\n" % (number, body))
    table = out.tell()
    out.write(b"xref\n0 %d\n0000000000 65535 f \n" % (len(numbered) + 1))
    for offset in offsets:
        out.write(b"%010d 00000 n \n" % offset)
    out.write(b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF" % (len(numbered) + 1, table))
    return out.getvalue()


def post_to_storage(upload: dict[str, Any], data: bytes, **changed: str) -> urllib3.BaseHTTPResponse:  # Any: JSON
    """Send a file as a browser does: the signed fields, then the file. ``changed`` replaces fields."""
    fields: dict[str, Any] = {**upload["fields"], **{name.replace("_", "-"): value for name, value in changed.items()}}
    fields["file"] = ("chosen-by-the-browser", data, "application/octet-stream")
    return urllib3.request("POST", upload["url"], fields=fields, retries=False, redirect=False)


def fetch(url: str) -> urllib3.BaseHTTPResponse:
    return urllib3.request("GET", url, retries=False, redirect=False)


def ask_to_send(client: Client, *, content_type: str = "image/png", **body: object) -> dict[str, Any]:  # Any: JSON
    """``POST /api/uploads``, as the one who is signed in; a message's file unless said otherwise."""
    answer = client.post(
        "/api/uploads",
        {"purpose": "message", "name": "notes.png", "size": 100, "content_type": content_type, **body},
        content_type="application/json",
    )
    assert answer.status_code == 201, answer.content
    sent: dict[str, Any] = answer.json()
    return sent


def send(client: Client, data: bytes, **body: Any) -> str:  # Any: JSON
    """Send a file and say so; its check is not run yet. Returns the upload's id."""
    ticket = ask_to_send(client, **body)
    assert post_to_storage(ticket["upload"], data).status == 204
    answer = client.post(f"/api/uploads/{ticket['id']}/complete")
    assert answer.status_code == 200, answer.content
    return str(ticket["id"])
