from django.db import migrations

APPEND_ONLY = """
CREATE FUNCTION scenario_matrix_incident_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'incident % of matrix % stays as it was written', OLD.id, OLD.matrix_id
        USING ERRCODE = 'check_violation';
END $$;
CREATE TRIGGER scenario_matrix_incident_append_only
    BEFORE UPDATE OR DELETE ON scenario_matrix_incident
    FOR EACH ROW EXECUTE FUNCTION scenario_matrix_incident_refuse_change();
"""

# Results show the digest as that of the numbers they were made from, so it outlives the numbers.
SAME_NUMBERS = """
CREATE FUNCTION scenario_matrix_refuse_other_numbers() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'matrix % is that of SHA-256 %, it cannot become %', OLD.id, OLD.sha256, NEW.sha256
        USING ERRCODE = 'check_violation';
END $$;
CREATE TRIGGER scenario_matrix_same_numbers BEFORE UPDATE OF sha256 ON scenario_matrix
    FOR EACH ROW WHEN (OLD.sha256 <> '' AND NEW.sha256 <> OLD.sha256)
    EXECUTE FUNCTION scenario_matrix_refuse_other_numbers();
"""


class Migration(migrations.Migration):
    dependencies = [("scenarios", "0002_incidents")]

    operations = [
        migrations.RunSQL(
            APPEND_ONLY,
            "DROP TRIGGER scenario_matrix_incident_append_only ON scenario_matrix_incident;"
            " DROP FUNCTION scenario_matrix_incident_refuse_change();",
        ),
        migrations.RunSQL(
            SAME_NUMBERS,
            "DROP TRIGGER scenario_matrix_same_numbers ON scenario_matrix;"
            " DROP FUNCTION scenario_matrix_refuse_other_numbers();",
        ),
    ]
