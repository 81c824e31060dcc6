from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("payments", "0006_mentors_money_found"),
    ]

    operations = [
        migrations.AddField(
            model_name="transfer",
            name="again_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
    ]
