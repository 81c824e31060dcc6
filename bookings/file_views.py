"""Files of a session, sent without script: the kind of file, the form to storage, the button that hands it in."""

from typing import Any, cast

from django.contrib import messages
from django.forms import Form
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _

from accounts.models import User
from bookings import services
from bookings.models import Booking
from marketplace.common.guards import ParticipantRequiredMixin
from marketplace.common.limits import check_rate
from marketplace.common.views import OperationView
from uploads.models import Upload
from uploads.steps import EXTENSIONS, FileSteps, FileTypeForm


class SendSessionFile(ParticipantRequiredMixin, OperationView):
    """``/bookings/<id>/files/``: what kind of file it is."""

    form_class = FileTypeForm
    template_name = "bookings/file_type.html"

    def load(self) -> None:
        mine = Booking.objects.visible_to(cast("User", self.request.user))
        self.booking = get_object_or_404(mine, pk=self.kwargs["booking_id"])

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:  # Any: template data
        return super().get_context_data(**kwargs, booking=self.booking)

    def form_valid(self, form: Form) -> HttpResponse:
        check_rate(self.request, "UPLOAD_SIGN")
        content_type = form.cleaned_data["content_type"]
        ticket = services.issue_session_file(
            booking=self.booking,
            name=f"file.{EXTENSIONS[content_type]}",
            content_type=content_type,
            size=0,
            by=cast("User", self.request.user),
        )
        return redirect("bookings:file", self.booking.pk, ticket.upload.pk)


class SessionFileSteps(ParticipantRequiredMixin, FileSteps):
    """``/bookings/<id>/files/<upload>/``: the form that posts to storage, and its way back."""

    template_name = "bookings/file.html"

    def load(self) -> None:
        own = Upload.objects.owned_by(cast("User", self.request.user)).filter(purpose=Upload.Purpose.BOOKING)
        self.upload = get_object_or_404(own, pk=self.kwargs["upload_id"])

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:  # Any: template data
        return super().get_context_data(**kwargs, booking_id=self.kwargs["booking_id"])

    def handed_in(self) -> HttpResponse:
        messages.success(self.request, _("Checking the file. You can leave this page."))
        return redirect("bookings:session", self.kwargs["booking_id"])
