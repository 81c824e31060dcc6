"""Static files with a content hash in their names, imports between modules and style sheets included."""

import re
from collections.abc import Iterator
from typing import Any

from django.core.files.base import ContentFile
from whitenoise.storage import CompressedManifestStaticFilesStorage

STYLE_SHEET = "css/site.css"
IMPORT = re.compile(r'@import url\("([^":]+\.css)"\);\n')


class StaticStorage(CompressedManifestStaticFilesStorage):  # type: ignore[misc]  # whitenoise has no types
    """Hashes names, follows imports, and puts the style sheets that ``site.css`` imports into it.

    The sheets are written one per component; a page that fetched each would make some forty requests for 14 kB.
    """

    support_js_module_import_aggregation = True
    manifest_strict = True

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # Any: Django's own
        super().__init__(*args, **kwargs)
        self._urls: dict[str | None, str] = {}

    def url(self, name: str | None, force: bool = False) -> str:
        """Work each address out once: they do not change while we run, and a page of results asks some fifty times."""
        if name not in self._urls:
            self._urls[name] = str(super().url(name, force))
        return self._urls[name]

    def post_process(
        self, paths: dict[str, Any], dry_run: bool = False, **options: Any
    ) -> Iterator[Any]:  # Any: Django's own
        if STYLE_SHEET in paths and not dry_run:
            bundle = self._bundle(paths)
            self.delete(STYLE_SHEET)
            self.save(STYLE_SHEET, ContentFile(bundle.encode()))
            paths = {**paths, STYLE_SHEET: (self, STYLE_SHEET)}
        yield from super().post_process(paths, dry_run, **options)

    def _bundle(self, paths: dict[str, Any]) -> str:  # Any: Django's own
        return IMPORT.sub(lambda match: self._sheet(paths, match[1]), self._read(paths, STYLE_SHEET))

    def _sheet(self, paths: dict[str, Any], name: str) -> str:  # Any: Django's own
        text = self._read(paths, f"css/{name}")
        if "/" in name and "url(" in text:
            raise ValueError(f"css/{name}: url() would point elsewhere once the sheet stands in {STYLE_SHEET}")
        return text

    @staticmethod
    def _read(paths: dict[str, Any], name: str) -> str:  # Any: Django's own
        storage, path = paths[name]
        with storage.open(path) as file:
            return str(file.read().decode())
