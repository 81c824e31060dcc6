"""Leave to open a file, given by the app that shares it."""

from django.contrib.auth.models import Group
from guardian.shortcuts import assign_perm, remove_perm

from accounts.models import User
from uploads.models import VIEW, Upload, UploadUserObjectPermission


def grant_view(*, upload: Upload, to: User | Group) -> None:
    """Let a person, or everyone in a group, open a file. Safe to repeat."""
    assign_perm(VIEW, to, upload)


def revoke_view(*, upload: Upload, of: User | Group) -> None:
    """Take that leave back. Safe to repeat."""
    remove_perm(VIEW, of, upload)


def revoke_all(*, of: User) -> None:
    """Take all leave back that somebody was given by name. In the caller's transaction."""
    UploadUserObjectPermission.objects.filter(user=of.pk).delete()
