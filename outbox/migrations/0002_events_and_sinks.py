from django.db import migrations

EVENTS = """
CREATE FUNCTION outbox_job_write_event() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO outbox_job_event (job_id, at, from_status, to_status, lease_token, lease_owner)
        VALUES (NEW.id, clock_timestamp(), '', NEW.status, NEW.lease_token, NEW.lease_owner);
    ELSIF NEW.status <> OLD.status THEN
        INSERT INTO outbox_job_event (job_id, at, from_status, to_status, lease_token, lease_owner)
        VALUES (NEW.id, clock_timestamp(), OLD.status, NEW.status, NEW.lease_token, NEW.lease_owner);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER outbox_job_events AFTER INSERT OR UPDATE OF status ON outbox_job
    FOR EACH ROW EXECUTE FUNCTION outbox_job_write_event();
"""

SINKS = """
CREATE FUNCTION outbox_job_refuse_revival() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'job % has ended as %; it cannot become %', OLD.job_id, OLD.status, NEW.status
        USING ERRCODE = 'check_violation';
END $$;
CREATE TRIGGER outbox_job_sinks BEFORE UPDATE OF status ON outbox_job
    FOR EACH ROW WHEN (OLD.status IN ('done', 'failed', 'cancelled') AND NEW.status <> OLD.status)
    EXECUTE FUNCTION outbox_job_refuse_revival();
"""

# The table is updated several times a job and stays small; dead rows must go quickly.
STORAGE = """
ALTER TABLE outbox_job SET
    (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 500);
"""


class Migration(migrations.Migration):
    dependencies = [("outbox", "0001_initial")]

    operations = [
        migrations.RunSQL(
            EVENTS,
            "DROP TRIGGER outbox_job_events ON outbox_job; DROP FUNCTION outbox_job_write_event();",
        ),
        migrations.RunSQL(
            SINKS,
            "DROP TRIGGER outbox_job_sinks ON outbox_job; DROP FUNCTION outbox_job_refuse_revival();",
        ),
        migrations.RunSQL(
            STORAGE,
            "ALTER TABLE outbox_job RESET (fillfactor, autovacuum_vacuum_scale_factor,"
            " autovacuum_vacuum_threshold);",
        ),
    ]
