"""Freezes calibrations, and keeps a fund from starting from another fund's calibration."""

from django.db import migrations

CALIBRATION_IS_IMMUTABLE = """
CREATE FUNCTION funds_calibrationsnapshot_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'calibration % never changes: add a new version', OLD.version
        USING ERRCODE = 'restrict_violation', CONSTRAINT = 'funds_calibrationsnapshot_immutable';
END $$;

CREATE TRIGGER immutable BEFORE UPDATE ON funds_calibrationsnapshot FOR EACH ROW
WHEN (OLD.* IS DISTINCT FROM NEW.*) EXECUTE FUNCTION funds_calibrationsnapshot_refuse_change();
"""

DROP_CALIBRATION_IS_IMMUTABLE = """
DROP TRIGGER immutable ON funds_calibrationsnapshot;
DROP FUNCTION funds_calibrationsnapshot_refuse_change();
"""

# One-sided, because the fund of a calibration never changes.
DEFAULT_CALIBRATION_SUITS_FUND = """
CREATE FUNCTION funds_fund_check_default_calibration() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT FROM funds_calibrationsnapshot
        WHERE id = NEW.default_calibration_id AND fund_id <> NEW.id
    ) THEN
        RAISE EXCEPTION 'the default calibration of fund % belongs to another fund', NEW.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'funds_fund_default_calibration_own';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER check_default_calibration BEFORE INSERT OR UPDATE OF id, default_calibration_id
ON funds_fund FOR EACH ROW EXECUTE FUNCTION funds_fund_check_default_calibration();
"""

DROP_DEFAULT_CALIBRATION_SUITS_FUND = """
DROP TRIGGER check_default_calibration ON funds_fund;
DROP FUNCTION funds_fund_check_default_calibration();
"""


class Migration(migrations.Migration):
    dependencies = [("funds", "0003_taxonomy_rules")]

    operations = [
        migrations.RunSQL(CALIBRATION_IS_IMMUTABLE, DROP_CALIBRATION_IS_IMMUTABLE),
        migrations.RunSQL(DEFAULT_CALIBRATION_SUITS_FUND, DROP_DEFAULT_CALIBRATION_SUITS_FUND),
    ]
