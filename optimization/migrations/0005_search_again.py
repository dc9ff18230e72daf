import django.db.models.deletion
import django.db.models.fields.json
import django.db.models.lookups
from django.db import migrations, models

# A session goes back for other scenarios only if it keeps what it has found.
EDGES = """
CREATE OR REPLACE FUNCTION optimization_session_check_edge() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (OLD.status, NEW.status) IN (
        ('REQUESTED', 'MATRIX_GENERATING'), ('REQUESTED', 'OPTIMIZING'),
        ('MATRIX_GENERATING', 'OPTIMIZING'), ('OPTIMIZING', 'VALIDATING'),
        ('VALIDATING', 'COMPLETED')
    ) OR (
        (OLD.status, NEW.status) = ('OPTIMIZING', 'MATRIX_GENERATING')
        AND NEW.allocation_matrix_id = OLD.matrix_id AND NEW.matrix_id <> OLD.matrix_id
    ) OR (
        OLD.status IN ('REQUESTED', 'MATRIX_GENERATING', 'OPTIMIZING', 'VALIDATING')
        AND NEW.status IN ('FAILED', 'CANCELLED')
    ) THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'session % cannot go from % to %', OLD.id, OLD.status, NEW.status
        USING ERRCODE = 'check_violation';
END $$;
"""

EDGES_BEFORE = """
CREATE OR REPLACE FUNCTION optimization_session_check_edge() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (OLD.status, NEW.status) IN (
        ('REQUESTED', 'MATRIX_GENERATING'), ('REQUESTED', 'OPTIMIZING'),
        ('MATRIX_GENERATING', 'OPTIMIZING'), ('OPTIMIZING', 'VALIDATING'),
        ('VALIDATING', 'COMPLETED')
    ) OR (
        OLD.status IN ('REQUESTED', 'MATRIX_GENERATING', 'OPTIMIZING', 'VALIDATING')
        AND NEW.status IN ('FAILED', 'CANCELLED')
    ) THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'session % cannot go from % to %', OLD.id, OLD.status, NEW.status
        USING ERRCODE = 'check_violation';
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("scenarios", "0006_cash_flows"),
        ("optimization", "0004_split_long_validations"),
    ]

    operations = [
        migrations.AddField(
            model_name="optimizationsession",
            name="allocation_matrix",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="scenarios.scenariomatrix",
            ),
        ),
        migrations.AddField(
            model_name="optimizationsession",
            name="rounds",
            field=models.JSONField(null=True),
        ),
        migrations.AddConstraint(
            model_name="optimizationsession",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("allocation_matrix__isnull", True),
                    models.Q(
                        ("allocation__isnull", False),
                        models.Q(("status__in", ["VALIDATING", "COMPLETED"]), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="only_searching_sessions_keep_another_matrix",
            ),
        ),
        migrations.AddConstraint(
            model_name="optimizationsession",
            constraint=models.CheckConstraint(
                condition=django.db.models.lookups.LessThanOrEqual(
                    models.Func(
                        django.db.models.fields.json.KeyTransform("searches", "rounds"),
                        function="jsonb_array_length",
                        output_field=models.IntegerField(),
                    ),
                    4,
                ),
                name="searches_of_a_session_are_bounded",
            ),
        ),
        migrations.RunSQL(EDGES, EDGES_BEFORE),
    ]
