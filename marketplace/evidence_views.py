"""``/admin/finance/disputes/<id>/evidence/``: spans payments, bookings and chat, so it stands above them."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404

from marketplace.common import audit
from marketplace.common.guards import FINANCE, GuardMixin, freshly
from marketplace.evidence import bundle
from payments.models import Dispute


class DisputeEvidence(GuardMixin):
    """A download. Private words of two people are in it: a fresh sign-in, and an audit row each time."""

    who = freshly(FINANCE)
    http_method_names = ["get"]

    def load(self) -> None:
        self.dispute = get_object_or_404(Dispute, pk=self.kwargs["dispute_id"])

    def get(self, request: HttpRequest, **_kwargs: object) -> HttpResponse:
        content = bundle(self.dispute)
        audit.record("evidence_downloaded", by=request.user, subject=self.dispute)  # type: ignore[arg-type]  # signed in
        response = HttpResponse(content, content_type="application/zip")
        response["Content-Disposition"] = f'attachment; filename="evidence-{self.dispute.pk}.zip"'
        response["Cache-Control"] = "no-store"
        return response
