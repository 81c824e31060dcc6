"""The thorough check: what is refused, what is kept, and that what is kept is what was checked."""

import ast
import io
import re
import sys
import zlib
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone
from PIL import Image
from procrastinate.contrib.django.models import ProcrastinateJob
from pypdf import PdfWriter
from pytest_django.fixtures import Settings

from accounts.models import User
from tests.factories import make_mentor, make_student
from tests.jobs import run_jobs
from tests.races import race
from tests.signin import sign_in
from tests.uploads.clamd import EICAR
from tests.uploads.conftest import Clamd
from tests.uploads.files import PAGE, SECRET_PLACE, ask_to_send, fetch, jpeg, pdf, png, post_to_storage, send
from uploads import inspection, inspector
from uploads.gateways.scanner import ClamdScanner, ScannerSilent, configured_scanner
from uploads.gateways.storage import private_files
from uploads.models import Upload
from uploads.services import check_upload, checking, requeue_lost_checks
from uploads.tasks import WAITS

OUTSIDE = "private/of-someone-else"


def check(upload_id: str, scanner: ClamdScanner | None = None) -> Upload:
    check_upload(upload_id=UUID(upload_id), scanner=scanner)
    return Upload.objects.get(pk=upload_id)


def kept(upload: Upload) -> bytes:
    data = private_files.read(upload.private_key, max_bytes=settings.UPLOAD_MAX_BYTES)
    assert data is not None
    return data


def nothing_is_kept(upload: Upload) -> bool:
    return upload.private_key == "" and private_files.size(upload.quarantine_key) is None


def send_pdf(client: Client, data: bytes) -> str:
    return send(client, data, name="certificate.pdf", content_type="application/pdf")


def stream(data: bytes, entries: bytes) -> bytes:
    return b"<< /Length %d %s >>\nstream\n%s\nendstream" % (len(data), entries, data)


def test_what_passes_is_kept_under_a_fresh_private_key(client: Client, owner: User) -> None:
    upload = check(send_pdf(client, pdf()))
    assert upload.status == "ready"
    assert re.fullmatch(r"private/[0-9a-f-]{36}", upload.private_key)
    assert kept(upload) == pdf()
    assert upload.size == len(pdf())
    assert private_files.size(upload.quarantine_key) is None
    assert client.get(f"/api/uploads/{upload.pk}").json()["status"] == "ready"


def test_what_is_served_is_what_was_checked_whatever_quarantine_holds_later(client: Client, owner: User) -> None:
    """The form may be posted again until it lapses: before the check it is that file that is checked, after it nothing
    of it is ever served."""
    ticket = ask_to_send(client, content_type="application/pdf")
    post_to_storage(ticket["upload"], pdf())
    client.post(f"/api/uploads/{ticket['id']}/complete")
    upload = check(ticket["id"])
    evil = pdf(catalog=b"/OpenAction << /S /JavaScript /JS (app.alert(1)) >>")
    assert post_to_storage(ticket["upload"], evil).status == 204

    link = client.get(f"/api/uploads/{upload.pk}/content").headers["Location"]

    assert fetch(link).data == pdf()
    assert upload.quarantine_key not in link


def test_a_file_overwritten_between_completing_and_check_is_checked_as_it_is_then(client: Client, owner: User) -> None:
    upload_id = send_pdf(client, pdf())
    evil = pdf(catalog=b"/OpenAction << /S /JavaScript /JS (app.alert(1)) >>")
    private_files.write(Upload.objects.get(pk=upload_id).quarantine_key, evil, content_type="application/pdf")
    upload = check(upload_id)
    assert (upload.status, upload.refusal) == ("refused", "active")
    assert nothing_is_kept(upload)
    assert check(send_pdf(client, pdf())).status == "ready"


def test_a_file_overwritten_with_html_or_something_huge_is_refused_by_the_check(client: Client, owner: User) -> None:
    for data, refusal in ((b"<html>", "wrong_type"), (bytes(settings.UPLOAD_MAX_BYTES + 1), "too_big")):
        upload_id = send(client, png())
        private_files.write(Upload.objects.get(pk=upload_id).quarantine_key, data, content_type="image/png")
        assert check(upload_id).refusal == refusal


def test_an_image_is_written_anew_without_what_came_with_it(client: Client, owner: User) -> None:
    sent = jpeg((60, 40), orientation=6)
    assert SECRET_PLACE.encode() in sent
    data = kept(check(send(client, sent + b"<script>alert(1)</script>", content_type="image/jpeg")))
    assert SECRET_PLACE.encode() not in data
    assert b"script" not in data
    with Image.open(io.BytesIO(data)) as image:
        assert (image.format, image.size) == ("JPEG", (40, 60))  # turned as the camera was held
        assert not image.getexif()
        assert "comment" not in image.info


@pytest.mark.parametrize(
    ("data", "content_type"),
    [
        (b"\x89PNG\r\n\x1a\n<html>", "image/png"),
        (png()[:60], "image/png"),
        (b"\xff\xd8\xff\xe0 nothing", "image/jpeg"),
        (b"%PDF-1.7 nothing", "application/pdf"),
        (pdf(pages=b"<< /Type /Pages /Kids [] /Count 0 >>"), "application/pdf"),
    ],
)
def test_what_cannot_be_read_is_refused(client: Client, owner: User, data: bytes, content_type: str) -> None:
    upload = check(send(client, data, content_type=content_type))
    assert (upload.status, upload.refusal) == ("refused", "unreadable")
    assert nothing_is_kept(upload)
    assert "damaged" in client.get(f"/api/uploads/{upload.pk}").json()["detail"]


JAVASCRIPT = b"<< /S /JavaScript /JS (app.alert(1)) >>"
EMPTY_STREAM = stream(b"", b"")


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(pdf(catalog=b"/OpenAction " + JAVASCRIPT), id="script on opening"),
        pytest.param(pdf(catalog=b"/OpenAction << /S /J#61vaScript /#4aS (1) >>"), id="script under an escaped name"),
        pytest.param(pdf(catalog=b"/OpenAction << /S /URI /URI (https://example.org) >>"), id="goes elsewhere on opening"),
        pytest.param(pdf(catalog=b"/Names << /JavaScript << /Names [(a) 4 0 R] >> >>", objects=(JAVASCRIPT,)), id="names"),
        pytest.param(pdf(catalog=b"/Names << /EmbeddedFiles << /Names [(a) 4 0 R] >> >>", objects=(b"<< >>",)), id="files"),
        pytest.param(pdf(page=PAGE[:-2] + b"/AA << /O << /S /Named /N /Print >> >> >>"), id="action of a page"),
        pytest.param(pdf(objects=(b"<< /S /Launch /F (cmd.exe) >>",)), id="starts a program"),
        pytest.param(pdf(catalog=b"/AcroForm << /XFA 4 0 R >>", objects=(EMPTY_STREAM,)), id="XFA"),
        pytest.param(pdf(objects=(b"<< /Type /Annot /Subtype /RichMedia >>",)), id="rich media"),
        pytest.param(pdf(objects=(b"<< /Type /Annot /Subtype /FileAttachment >>",)), id="attachment"),
        pytest.param(pdf(objects=(b"<< /Type /Filespec /EF << /F 5 0 R >> >>", EMPTY_STREAM)), id="file"),
        pytest.param(pdf(objects=(b"<< /S /GoToR /F (other.pdf) >>",)), id="other file"),
    ],
)  # fmt: skip
def test_a_pdf_that_acts_or_carries_is_refused(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(inspector.Refused) as refusal:
        inspector.inspect_pdf(data, out=tmp_path, pages=0)
    assert refusal.value.reason == "active"
    assert not list(tmp_path.iterdir())


def with_compressed_object(inside: bytes) -> bytes:
    """A PDF whose catalog opens object 5, which stands compressed in object 4; the table of objects is number 6."""
    compressed = stream(zlib.compress(b"5 0 " + inside), b"/Type /ObjStm /N 1 /First 4 /Filter /FlateDecode")
    body = pdf(catalog=b"/OpenAction 5 0 R", objects=(compressed,))
    start = body.index(b"xref\n0")
    offsets = [int(found[1]) for found in re.finditer(rb"(\d{10}) 00000 n", body)]
    rows = [b"\x00\x00\x00\x00\xff", *(b"\x01" + offset.to_bytes(3) + b"\x00" for offset in offsets)]
    rows += [b"\x02" + (4).to_bytes(3) + b"\x00", b"\x01" + start.to_bytes(3) + b"\x00"]
    table = stream(b"".join(rows), b"/Type /XRef /Size 7 /W [1 3 1] /Root 1 0 R")
    return body[:start] + b"6 0 obj\n%s\nendobj\nstartxref\n%d\n%%%%EOF" % (table, start)


def test_a_script_in_a_compressed_object_is_found(client: Client, owner: User) -> None:
    hidden = with_compressed_object(b"<< /S /JavaScript /JS (app.alert(1)) >>")
    assert b"JavaScript" not in hidden
    assert check(send_pdf(client, hidden)).refusal == "active"
    assert check(send_pdf(client, with_compressed_object(b"<< /S /GoTo /D [3 0 R /Fit] >>"))).status == "ready"


@pytest.mark.parametrize(
    "catalog",
    [
        b"/OpenAction [3 0 R /Fit]",
        b"/OpenAction << /S /GoTo /D [3 0 R /Fit] >>",
        b"/AcroForm << /Fields [] >>",
        b"/Lang (en)",
    ],
)
def test_an_ordinary_pdf_passes(tmp_path: Path, catalog: bytes) -> None:
    inspector.inspect_pdf(pdf(catalog=catalog), out=tmp_path, pages=0)
    assert (tmp_path / "checked").read_bytes() == pdf(catalog=catalog)


@pytest.mark.parametrize("password", ["secret", ""])
def test_a_protected_pdf_is_refused(tmp_path: Path, password: str) -> None:
    writer = PdfWriter(clone_from=io.BytesIO(pdf()))
    writer.encrypt(password, "owner")
    out = io.BytesIO()
    writer.write(out)
    with pytest.raises(inspector.Refused) as refusal:
        inspector.inspect_pdf(out.getvalue(), out=tmp_path, pages=0)
    assert refusal.value.reason == "encrypted"


def test_an_image_of_too_many_pixels_is_refused(client: Client, owner: User) -> None:
    side = int(settings.UPLOAD_IMAGE_PIXELS_MAX**0.5) + 1
    out = io.BytesIO()
    Image.new("1", (side, side)).save(out, "PNG")
    assert check(send(client, out.getvalue())).refusal == "too_detailed"


@pytest.mark.parametrize(
    "greed",
    [
        pytest.param("bytearray(2 * inspector.MEMORY_BYTES)", id="memory"),
        pytest.param("while True: pass", id="time"),
        pytest.param("with open('big', 'wb') as big: big.write(bytes(inspector.FILE_BYTES + 1))", id="disk"),
    ],
)
def test_a_parser_that_runs_wild_ends_and_its_file_is_refused(tmp_path: Path, greed: str) -> None:
    start = f"import sys; sys.path.insert(0, {str(settings.BASE_DIR)!r}); from uploads import inspector\n"
    limits = "inspector.CPU_SECONDS = 1; inspector.limit_resources()\n"
    fine = "print('{}')\n"
    assert inspection._run([sys.executable, "-c", start + limits + fine], b"", tmp_path).refusal is None
    wild = inspection._run([sys.executable, "-c", start + limits + greed + "\n" + fine], b"", tmp_path)
    assert wild.refusal == "unreadable"


def test_the_parsers_see_no_secret(tmp_path: Path) -> None:
    """The process that opens strangers' files gets no environment at all, and nothing of ours is loaded in it."""
    program = "import os, json; print(json.dumps({'content_type': ','.join(k for k in os.environ if k != 'LC_CTYPE')}))"
    assert inspection._run([sys.executable, "-I", "-c", program], b"", tmp_path).content_type == ""
    tree = ast.parse(inspection.PROGRAM.read_text())
    imported = {name.name for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names}
    imported |= {str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert {name.partition(".")[0] for name in imported} - sys.stdlib_module_names == {"PIL", "pypdf", "pypdfium2"}


def test_reviewers_get_pictures_of_pages(client: Client, db: None) -> None:
    sign_in(client, make_mentor(status="draft").user)
    two = pdf(pages=b"<< /Type /Pages /Kids [3 0 R 3 0 R] /Count 2 >>")
    body = {"purpose": "verification", "kind": "government_id"}
    upload = check(send(client, two, content_type="application/pdf", **body))
    pages = upload.pages.order_by("number")
    assert [(page.number, page.content_type) for page in pages] == [(1, "image/png"), (2, "image/png")]
    for page in pages:
        data = private_files.read(page.private_key, max_bytes=10**7)
        assert data is not None
        with Image.open(io.BytesIO(data)) as image:
            assert image.size == (page.width, page.height)
    photo = check(send(client, jpeg(), content_type="image/jpeg", **body))
    assert [page.content_type for page in photo.pages.all()] == ["image/jpeg"]


def test_a_document_of_too_many_pages_is_refused(client: Client, db: None) -> None:
    sign_in(client, make_mentor(status="draft").user)
    most = settings.UPLOAD_PREVIEW_PAGES_MAX
    body = {"purpose": "verification", "kind": "government_id", "content_type": "application/pdf"}
    for count, refusal in ((most + 1, "too_long"), (most, "")):
        many = pdf(pages=b"<< /Type /Pages /Kids [%s] /Count %d >>" % (b"3 0 R " * count, count))
        assert check(send(client, many, **body)).refusal == refusal


def test_a_photo_is_cut_square(client: Client, db: None) -> None:
    sign_in(client, make_mentor(status="draft").user)
    upload = check(send(client, png((900, 600)), purpose="photo"))
    assert upload.content_type == "image/jpeg"
    with Image.open(io.BytesIO(kept(upload))) as image:
        assert (image.format, image.size) == ("JPEG", (480, 480))


def test_an_infected_file_is_refused(client: Client, owner: User, scanner: Clamd) -> None:
    upload = check(send_pdf(client, pdf(catalog=b"/Lang (" + EICAR + b")")), scanner.scanner)
    assert (upload.status, upload.refusal) == ("refused", "infected")
    assert nothing_is_kept(upload)
    assert check(send_pdf(client, pdf()), scanner.scanner).status == "ready"


def test_while_the_scanner_is_silent_the_file_waits(client: Client, owner: User, scanner: Clamd) -> None:
    upload_id = send_pdf(client, pdf())
    scanner.mute.touch()
    with pytest.raises(ScannerSilent) as silence:
        check(upload_id, scanner.scanner)
    job = ProcrastinateJob.objects.get(task_name="uploads.tasks.check_upload")
    assert WAITS.get_retry_decision(exception=silence.value, job=job) is not None
    with pytest.raises(ScannerSilent):
        check(upload_id, ClamdScanner("tcp://127.0.0.1:9"))  # nobody listens there
    upload = Upload.objects.get(pk=upload_id)
    assert (upload.status, upload.claimed_at) == ("checking", None)
    assert client.get(f"/api/uploads/{upload_id}/content").status_code == 409
    scanner.mute.unlink()
    assert check(upload_id, scanner.scanner).status == "ready"


def test_a_scanner_is_asked_only_where_one_is_configured(settings: Settings) -> None:
    settings.SCANNER_URL = ""
    assert configured_scanner() is None
    settings.SCANNER_URL = "tcp://clamd:3310"
    assert isinstance(configured_scanner(), ClamdScanner)


def test_the_worker_checks_what_was_completed(client: Client, owner: User) -> None:
    upload_id = send(client, png())
    assert run_jobs() == ["uploads.tasks.check_upload"]
    assert client.get(f"/api/uploads/{upload_id}").json() == {
        "id": upload_id,
        "status": "ready",
        "code": None,
        "reason": None,
        "detail": None,
    }


def test_a_check_is_done_once(client: Client, owner: User) -> None:
    upload = check(send(client, png()))
    assert check(str(upload.pk)).private_key == upload.private_key


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_keep_one_file(client: Client) -> None:
    sign_in(client, make_student())
    upload_id = send(client, png())
    assert race([lambda: check_upload(upload_id=UUID(upload_id), scanner=None)] * 2) == {"won": 2}
    upload = Upload.objects.get(pk=upload_id)
    assert upload.status == "ready"
    assert upload.size == len(kept(upload))


def test_a_worker_whose_turn_has_lapsed_leaves_nothing_behind(client: Client, owner: User) -> None:
    upload_id = send(client, png())
    slow = checking._claim(UUID(upload_id))
    assert slow is not None
    assert check(upload_id).status == "checking"  # the slow one still has its turn
    Upload.objects.update(claimed_at=timezone.now() - settings.UPLOAD_CHECK_TIMEOUT)
    upload = check(upload_id)
    assert upload.status == "ready"
    result = inspection.inspect(png(), content_type="image/png", purpose="message")
    checking._write(slow, result)
    assert not checking._record_ready(slow, result)
    assert Upload.objects.get().private_key == upload.private_key != slow.key


def test_a_lost_check_is_queued_again(client: Client, owner: User) -> None:
    send(client, png())
    jobs = ProcrastinateJob.objects.filter(task_name="uploads.tasks.check_upload")
    requeue_lost_checks()
    assert jobs.count() == 1
    Upload.objects.update(completed_at=timezone.now() - settings.UPLOAD_CHECK_TIMEOUT - timedelta(seconds=1))
    requeue_lost_checks()
    assert jobs.count() == 1  # it still stands in the queue
    assert run_jobs() == ["uploads.tasks.check_upload"]
    Upload.objects.update(status="checking", claimed_at=None)  # as if its worker had died before it could say so
    requeue_lost_checks()
    assert jobs.count() == 1
