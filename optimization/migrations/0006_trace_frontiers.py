import uuid

import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("optimization", "0005_search_again"),
    ]

    operations = [
        migrations.AddField(
            model_name="optimizationsession",
            name="session_type",
            field=models.CharField(
                choices=[("allocation", "Allocation"), ("frontier", "Frontier")],
                db_default="allocation",
                default="allocation",
                max_length=10,
            ),
        ),
        migrations.AddField(
            model_name="optimizationsession",
            name="frontier",
            field=models.JSONField(null=True),
        ),
        migrations.AddField(
            model_name="optimizationsession",
            name="frontier_points_done",
            field=models.PositiveSmallIntegerField(db_default=0, default=0),
        ),
        migrations.RemoveConstraint(
            model_name="optimizationsession",
            name="validating_and_completed_sessions_have_an_allocation",
        ),
        migrations.AddConstraint(
            model_name="optimizationsession",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("status__in", ["VALIDATING", "COMPLETED"]), _negated=True),
                    models.Q(("allocation__isnull", False), ("session_type", "allocation")),
                    models.Q(("frontier__isnull", False), ("session_type", "frontier")),
                    _connector="OR",
                ),
                name="validating_and_completed_sessions_have_what_was_asked",
            ),
        ),
        migrations.AddConstraint(
            model_name="optimizationsession",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("frontier__isnull", True), ("session_type", "allocation")),
                    models.Q(("allocation__isnull", True), ("session_type", "frontier")),
                    _connector="OR",
                ),
                name="sessions_have_results_of_their_type_alone",
            ),
        ),
        migrations.CreateModel(
            name="FrontierSegment",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("first_point", models.PositiveSmallIntegerField()),
                ("points", models.PositiveSmallIntegerField()),
                (
                    "status",
                    models.CharField(
                        choices=[("waiting", "Waiting"), ("done", "Done")],
                        default="waiting",
                        max_length=7,
                    ),
                ),
                ("points_done", models.PositiveSmallIntegerField(db_default=0, default=0)),
                ("result", models.JSONField(null=True)),
                (
                    "created_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
                ),
                ("done_at", models.DateTimeField(null=True)),
                (
                    "session",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="frontier_segments",
                        to="optimization.optimizationsession",
                    ),
                ),
            ],
            options={
                "db_table": "optimization_frontier_segment",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("session", "first_point"), name="one_frontier_segment_per_range"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("points__gte", 1), ("points_done__lte", models.F("points"))
                        ),
                        name="frontier_segments_have_points",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("done_at__isnull", False),
                                ("points_done", models.F("points")),
                                ("result__isnull", False),
                                ("status", "done"),
                            ),
                            models.Q(
                                ("done_at__isnull", True),
                                ("result__isnull", True),
                                ("status", "waiting"),
                            ),
                            _connector="OR",
                        ),
                        name="exactly_done_frontier_segments_have_a_result",
                    ),
                ],
            },
        ),
    ]
