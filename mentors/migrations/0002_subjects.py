"""The subjects a new marketplace starts with. Admins add, rename and remove them afterwards."""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

# (slug, name, the character drawn behind the initials of a mentor without a photo)
SUBJECTS = [
    ("linear-algebra", "Linear algebra", "∫"),
    ("calculus", "Calculus", "dx"),
    ("real-analysis", "Real analysis", "ε"),
    ("statistics", "Statistics", "Σ"),
    ("physics", "Physics", "Δ"),
    ("quantum-mechanics", "Quantum mechanics", "ψ"),
    ("chemistry", "Chemistry", "⇌"),
    ("biology", "Biology", "◌"),
    ("python", "Python", "λ"),
    ("data-analysis", "Data analysis", "µ"),
    ("web-development", "Web development", "<>"),
    ("economics", "Economics", "π"),
    ("accounting", "Accounting", "%"),
    ("psychology", "Psychology", "Ψ"),
    ("english", "English", "&"),
    ("spanish", "Spanish", "ñ"),
    ("french", "French", "ç"),
    ("german", "German", "ß"),
    ("academic-writing", "Academic writing", "“"),
    ("music-theory", "Music theory", "♪"),
]


def add_subjects(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Add those that are not there yet; can be run again."""
    subject = apps.get_model("mentors", "Subject")
    subject.objects.bulk_create(
        [subject(slug=slug, name=name, symbol=symbol) for slug, name, symbol in SUBJECTS], ignore_conflicts=True
    )


class Migration(migrations.Migration):
    dependencies = [("mentors", "0001_initial")]

    operations = [migrations.RunPython(add_subjects, migrations.RunPython.noop)]
