from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("funds", "0004_calibration_rules"),
    ]

    operations = [
        migrations.AddConstraint(
            model_name="calibrationsnapshot",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Func(
                        models.F("citations"),
                        models.Value(
                            '$[*] ? (!(@.claim.type() == "string" && @.source.type() == "string" && @.year.type() == "number"))'
                        ),
                        function="jsonb_path_exists",
                        output_field=models.BooleanField(),
                    ),
                    _negated=True,
                ),
                name="funds_calibrationsnapshot_citations_complete",
                violation_error_message="Each citation needs claim, source and year.",
            ),
        ),
    ]
