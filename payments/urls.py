"""Pages of this app."""

from django.urls import path

from payments import desk_views, payout_views, receipt_views, views

app_name = "payments"

urlpatterns = [
    path("bookings/<uuid:booking_id>/pay/", views.Pay.as_view(), name="pay"),
    path("bookings/<uuid:booking_id>/pay/note/", views.SaveNote.as_view(), name="note"),
    path("bookings/<uuid:booking_id>/pay/return/", views.PayReturn.as_view(), name="return"),
    path("mentor/earnings/", payout_views.Earnings.as_view(), name="earnings"),
    path("mentor/earnings/table/", payout_views.EarningsTable.as_view(), name="earnings-table"),
    path("mentor/payouts/setup/", payout_views.SetUpPayouts.as_view(), name="payouts-setup"),
    path("mentor/payouts/return/", payout_views.PayoutsReturn.as_view(), name="payouts-return"),
    path("mentor/payouts/refresh/", payout_views.PayoutsRefresh.as_view(), name="payouts-refresh"),
    path("mentor/payouts/dashboard/", payout_views.PayoutsDashboard.as_view(), name="payouts-dashboard"),
    path("bookings/<uuid:booking_id>/receipt/", receipt_views.ReceiptPage.as_view(), name="receipt"),
    path("account/payments/", receipt_views.PaymentHistory.as_view(), name="history"),
    path("admin/finance/", desk_views.FinanceDesk.as_view(), name="desk"),
    path("admin/finance/disputes/", desk_views.Disputes.as_view(), name="desk-disputes"),
    path("admin/finance/bookings/<uuid:booking_id>/refund/", desk_views.DecideRefund.as_view(), name="decide-refund"),
    path("admin/finance/requests/<uuid:request_id>/", desk_views.DecideRequest.as_view(), name="decide-request"),
    path("admin/finance/refunds/<uuid:refund_id>/again/", desk_views.SendRefundAgain.as_view(), name="send-again"),
]
