"""Pages of the mentor's workspace. Search and the public profile stand in ``bookings``, which knows live bookings."""
