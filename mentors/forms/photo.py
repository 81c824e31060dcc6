"""A photo sent without script: its type must be known before storage can be asked to take it."""

from uploads.steps import FileTypeForm


class PhotoTypeForm(FileTypeForm):
    types = ("image/jpeg", "image/png")
    usual = "image/jpeg"
