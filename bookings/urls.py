"""Pages of bookings. Search and the public profile stand under ``/mentors/`` because they need live bookings."""

from django.urls import path

from bookings import (
    after_views,
    change_views,
    desk_views,
    feed_views,
    file_views,
    mentor_views,
    room_views,
    search,
    views,
)

app_name = "bookings"

urlpatterns = [
    path("mentors/", search.Search.as_view(), name="search"),
    path("mentors/<slug:handle>/", mentor_views.MentorPage.as_view(), name="mentor"),
    path("bookings/", views.HoldSlot.as_view(), name="hold"),
    path("bookings/resume/", views.ResumeHold.as_view(), name="resume"),
    path("bookings/<uuid:booking_id>/", views.Session.as_view(), name="session"),
    path("bookings/<uuid:booking_id>/calendar.ics", views.CalendarFile.as_view(), name="calendar"),
    path("bookings/<uuid:booking_id>/files/", file_views.SendSessionFile.as_view(), name="files"),
    path("bookings/<uuid:booking_id>/files/<uuid:upload_id>/", file_views.SessionFileSteps.as_view(), name="file"),
    path("bookings/<uuid:booking_id>/extend/", views.ExtendHold.as_view(), name="extend"),
    path("bookings/<uuid:booking_id>/cancel/", change_views.CancelBooking.as_view(), name="cancel"),
    path("bookings/<uuid:booking_id>/move/", change_views.MoveBooking.as_view(), name="move"),
    path("bookings/<uuid:booking_id>/proposal/accept/", change_views.AcceptProposal.as_view(), name="accept-proposal"),
    path(
        "bookings/<uuid:booking_id>/proposal/decline/", change_views.DeclineProposal.as_view(), name="decline-proposal"
    ),
    path("bookings/<uuid:booking_id>/let-go/", views.LetHoldGo.as_view(), name="let-go"),
    path("bookings/<uuid:booking_id>/join/", room_views.Join.as_view(), name="join"),
    path("bookings/<uuid:booking_id>/link/", room_views.SetMeetingLink.as_view(), name="meeting-link"),
    path("bookings/<uuid:booking_id>/notes/", room_views.SaveNotes.as_view(), name="notes"),
    path("bookings/<uuid:booking_id>/keep/", room_views.KeepSession.as_view(), name="keep"),
    path("bookings/<uuid:booking_id>/outcome/", after_views.SayOutcome.as_view(), name="outcome"),
    path("bookings/<uuid:booking_id>/problem/", after_views.ReportProblem.as_view(), name="problem"),
    path("bookings/<uuid:booking_id>/answer/", after_views.AnswerProblem.as_view(), name="answer"),
    path("bookings/<uuid:booking_id>/review/", after_views.WriteReview.as_view(), name="review"),
    path("bookings/<uuid:booking_id>/review/answer/", after_views.AnswerReview.as_view(), name="answer-review"),
    # The support desk stands among the staff's pages; it is asked for before Django admin's own addresses.
    path("admin/bookings/desk/", desk_views.Queue.as_view(), name="desk"),
    path("admin/bookings/desk/reports/<uuid:problem_id>/", desk_views.DecideReport.as_view(), name="desk-report"),
    path("admin/bookings/desk/strikes/<int:strike_id>/", desk_views.DecideStrike.as_view(), name="desk-strike"),
    path("mentor/strikes/", after_views.Strikes.as_view(), name="strikes"),
    path("mentor/strikes/<int:strike_id>/appeal/", after_views.AppealStrike.as_view(), name="appeal"),
    path("account/calendar/", feed_views.FeedSettings.as_view(), name="feed-settings"),
    path("account/calendar/close/", feed_views.CloseFeed.as_view(), name="close-feed"),
    path("calendar/<str:secret>.ics", feed_views.Feed.as_view(), name="feed"),
    path("sessions/", views.Sessions.as_view(), name="sessions"),
    path("mentor/sessions/", views.MentorSessions.as_view(), name="mentor-sessions"),
]
