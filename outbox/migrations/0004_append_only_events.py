from django.db import migrations

# The name of the constraint is Django's own, made from a digest.
FOREIGN_KEY = """
DO $$
DECLARE key_name text;
BEGIN
    SELECT conname INTO STRICT key_name FROM pg_constraint
    WHERE conrelid = 'outbox_job_event'::regclass AND contype = 'f';
    EXECUTE format('ALTER TABLE outbox_job_event DROP CONSTRAINT %I', key_name);
    EXECUTE format(
        'ALTER TABLE outbox_job_event ADD CONSTRAINT %I FOREIGN KEY (job_id)'
        ' REFERENCES outbox_job (id) {on_delete} DEFERRABLE INITIALLY DEFERRED', key_name);
END $$;
"""

# When a deleted job takes its events along, it is no longer there to be found.
APPEND_ONLY = """
CREATE FUNCTION outbox_job_event_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND NOT EXISTS (SELECT 1 FROM outbox_job WHERE id = OLD.job_id) THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'event % of job % stays as it was written', OLD.id, OLD.job_id
        USING ERRCODE = 'check_violation';
END $$;
CREATE TRIGGER outbox_job_event_append_only BEFORE UPDATE OR DELETE ON outbox_job_event
    FOR EACH ROW EXECUTE FUNCTION outbox_job_event_refuse_change();
"""


class Migration(migrations.Migration):
    dependencies = [("outbox", "0003_counters")]

    operations = [
        migrations.RunSQL(
            FOREIGN_KEY.format(on_delete="ON DELETE CASCADE"), FOREIGN_KEY.format(on_delete="")
        ),
        migrations.RunSQL(
            APPEND_ONLY,
            "DROP TRIGGER outbox_job_event_append_only ON outbox_job_event;"
            " DROP FUNCTION outbox_job_event_refuse_change();",
        ),
    ]
