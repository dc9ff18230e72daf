from django.db import migrations

EVENTS = """
CREATE FUNCTION optimization_session_write_event() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO optimization_session_event (session_id, at, from_status, to_status)
        VALUES (NEW.id, clock_timestamp(), '', NEW.status);
    ELSIF NEW.status <> OLD.status THEN
        INSERT INTO optimization_session_event (session_id, at, from_status, to_status)
        VALUES (NEW.id, clock_timestamp(), OLD.status, NEW.status);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER optimization_session_events
    AFTER INSERT OR UPDATE OF status ON optimization_session
    FOR EACH ROW EXECUTE FUNCTION optimization_session_write_event();
"""

# A matrix that exists already lets a session skip MATRIX_GENERATING.
EDGES = """
CREATE FUNCTION optimization_session_check_edge() RETURNS trigger LANGUAGE plpgsql AS $$
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
CREATE TRIGGER optimization_session_edges BEFORE UPDATE OF status ON optimization_session
    FOR EACH ROW WHEN (NEW.status <> OLD.status)
    EXECUTE FUNCTION optimization_session_check_edge();
"""

SINKS = """
CREATE FUNCTION optimization_session_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'session % has ended as % and never changes', OLD.id, OLD.status
        USING ERRCODE = 'check_violation';
END $$;
CREATE TRIGGER optimization_session_sinks BEFORE UPDATE ON optimization_session
    FOR EACH ROW WHEN (OLD.status IN ('COMPLETED', 'FAILED', 'CANCELLED'))
    EXECUTE FUNCTION optimization_session_refuse_change();
"""


def without(name: str, function: str) -> str:
    return f"DROP TRIGGER {name} ON optimization_session; DROP FUNCTION {function}();"


class Migration(migrations.Migration):
    dependencies = [("optimization", "0001_initial")]

    operations = [
        migrations.RunSQL(
            EVENTS, without("optimization_session_events", "optimization_session_write_event")
        ),
        migrations.RunSQL(
            EDGES, without("optimization_session_edges", "optimization_session_check_edge")
        ),
        migrations.RunSQL(
            SINKS, without("optimization_session_sinks", "optimization_session_refuse_change")
        ),
    ]
