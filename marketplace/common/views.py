"""View bases: a page that reads, and an operation that changes something."""

from typing import Any

from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.views.generic import FormView, TemplateView

from marketplace.common.errors import DomainError, RateLimited


class PageView(TemplateView):
    """A page. ``partial_name`` names the fragment (a template partial) that answers htmx on the same URL."""

    partial_name: str = ""

    def get_template_names(self) -> list[str]:
        [name] = super().get_template_names()
        htmx = getattr(self.request, "htmx", None)
        if self.partial_name and htmx and not htmx.history_restore_request:
            return [f"{name}#{self.partial_name}"]
        return [name]

    def render_to_response(self, context: dict[str, Any], **kwargs: Any) -> HttpResponse:  # Any: Django's own
        response = super().render_to_response(context, **kwargs)
        if self.partial_name:
            response["Vary"] = "HX-Request" if not response.has_header("Vary") else f"{response['Vary']}, HX-Request"
        return response


class OperationView(FormView[Form]):
    """Validate (422), call one operation, redirect. A ``DomainError`` becomes a form error with its own status."""

    form_class = Form

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:  # Any: the URL's parts
        form = self.get_form()
        if not form.is_valid():
            return self.form_invalid(form)
        try:
            return self.form_valid(form)
        except DomainError as error:
            return self.refused(form, error)

    def form_invalid(self, form: Form) -> HttpResponse:
        return self.render_to_response(self.get_context_data(form=form), status=422)

    def refused(self, form: Form, error: DomainError) -> HttpResponse:
        """Show the refusal where it belongs and keep all that was typed."""
        field = error.field if error.field in form.fields else None
        form.add_error(field, str(error.user_message))
        response = self.render_to_response(self.get_context_data(form=form, refusal=error), status=error.status)
        if isinstance(error, RateLimited):
            response["Retry-After"] = str(error.retry_after)
        return response
