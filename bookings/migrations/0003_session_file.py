import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("bookings", "0002_search_row"),
        ("uploads", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="SessionFile",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "booking",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="files", to="bookings.booking"
                    ),
                ),
                (
                    "upload",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="uploads.upload"
                    ),
                ),
            ],
            options={
                "verbose_name": "session file",
                "verbose_name_plural": "session files",
            },
        ),
    ]
