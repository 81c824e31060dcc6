from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("payments", "0002_earnings_ledger_disputes"),
    ]

    operations = [
        migrations.AddField(
            model_name="refund",
            name="note",
            field=models.TextField(blank=True, db_default="", max_length=500),
        ),
    ]
