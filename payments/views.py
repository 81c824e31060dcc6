"""Pages of paying."""

from marketplace.common.guards import StudentRequiredMixin
from marketplace.common.views import OperationView, PageView


class Pay(StudentRequiredMixin, PageView):
    template_name = "payments/pay.html"


class SaveNote(StudentRequiredMixin, OperationView):
    template_name = "payments/pay.html"


class PayReturn(StudentRequiredMixin, PageView):
    template_name = "payments/return.html"
