"""What the pages of the workspace share: the mentor's own row, and refusals with several faults."""

from typing import Any

from django.forms import Form
from django.http import HttpResponse

from accounts.models import User
from marketplace.common.errors import DomainError
from marketplace.common.guards import MentorRequiredMixin
from marketplace.common.views import OperationView, PageView
from mentors import services
from mentors.errors import ManyFaults
from mentors.models import Mentor


class OwnMentorMixin(MentorRequiredMixin):
    """Pages about the signed-in mentor's own row; there is nobody else's to look up."""

    mentor: Mentor

    def load(self) -> None:
        assert isinstance(self.request.user, User)
        self.mentor = services.start_application(by=self.request.user)
        self.mentor.user = self.request.user  # read already: the pages need not ask for it again


class MentorPage(OwnMentorMixin, PageView):
    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:  # Any: template data
        return super().get_context_data(mentor=self.mentor, **kwargs)


class MentorOperation(OwnMentorMixin, OperationView):
    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:  # Any: template data
        return super().get_context_data(mentor=self.mentor, **kwargs)

    def refused(self, form: Form, error: DomainError) -> HttpResponse:
        """Put each fault beside its field; what has no field on this page goes to the top."""
        if not isinstance(error, ManyFaults):
            return super().refused(form, error)
        for fault in error.faults:
            form.add_error(fault.field if fault.field in form.fields else None, str(fault.message))
        return self.render_to_response(self.get_context_data(form=form, refusal=error), status=error.status)
