"""Keeps a bucket inside the taxonomy of its fund, and freezes a taxonomy that a fund uses."""

from django.db import migrations

# FOR SHARE: the fund cannot change its taxonomy until the transaction that adds the bucket ends.
BUCKET_IN_TAXONOMY_OF_FUND = """
CREATE FUNCTION funds_bucketpolicy_check_taxonomy() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    taxonomy_of_fund bigint;
BEGIN
    SELECT taxonomy_id INTO taxonomy_of_fund FROM funds_fund WHERE id = NEW.fund_id FOR SHARE;
    IF NOT EXISTS (
        SELECT FROM funds_stage WHERE id = NEW.stage_id AND taxonomy_id = taxonomy_of_fund
    ) THEN
        RAISE EXCEPTION 'stage % is not in the taxonomy of fund %', NEW.stage_id, NEW.fund_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'funds_bucketpolicy_stage_in_taxonomy';
    END IF;
    IF NOT EXISTS (
        SELECT FROM funds_sector WHERE id = NEW.sector_id AND taxonomy_id = taxonomy_of_fund
    ) THEN
        RAISE EXCEPTION 'sector % is not in the taxonomy of fund %', NEW.sector_id, NEW.fund_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'funds_bucketpolicy_sector_in_taxonomy';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER check_taxonomy BEFORE INSERT OR UPDATE OF fund_id, stage_id, sector_id
ON funds_bucketpolicy FOR EACH ROW EXECUTE FUNCTION funds_bucketpolicy_check_taxonomy();
"""

DROP_BUCKET_IN_TAXONOMY_OF_FUND = """
DROP TRIGGER check_taxonomy ON funds_bucketpolicy;
DROP FUNCTION funds_bucketpolicy_check_taxonomy();
"""

FUND_WITH_BUCKETS_KEEPS_TAXONOMY = """
CREATE FUNCTION funds_fund_keep_taxonomy() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM funds_bucketpolicy WHERE fund_id = OLD.id) THEN
        RAISE EXCEPTION 'fund % has bucket policies and keeps its taxonomy', OLD.id
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'funds_fund_keeps_taxonomy';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER keep_taxonomy BEFORE UPDATE OF taxonomy_id ON funds_fund FOR EACH ROW
WHEN (OLD.taxonomy_id <> NEW.taxonomy_id) EXECUTE FUNCTION funds_fund_keep_taxonomy();
"""

DROP_FUND_WITH_BUCKETS_KEEPS_TAXONOMY = """
DROP TRIGGER keep_taxonomy ON funds_fund;
DROP FUNCTION funds_fund_keep_taxonomy();
"""

# FOR UPDATE waits for a transaction that is just adding a fund with this taxonomy, and makes the
# next one wait: its foreign key locks the row FOR KEY SHARE.
USED_TAXONOMY_IS_FROZEN = """
CREATE FUNCTION funds_taxonomy_refuse_change_once_used() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    touched bigint[] := ARRAY[
        (to_jsonb(OLD) ->> TG_ARGV[0])::bigint, (to_jsonb(NEW) ->> TG_ARGV[0])::bigint
    ];
BEGIN
    PERFORM FROM funds_taxonomy WHERE id = ANY (touched) ORDER BY id FOR UPDATE;
    IF EXISTS (SELECT FROM funds_fund WHERE taxonomy_id = ANY (touched)) THEN
        RAISE EXCEPTION 'a fund uses this taxonomy: add a new version instead of changing it'
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'funds_taxonomy_frozen_once_used';
    END IF;
    RETURN COALESCE(NEW, OLD);
END $$;

CREATE TRIGGER frozen_once_used BEFORE UPDATE ON funds_taxonomy FOR EACH ROW
WHEN (OLD.* IS DISTINCT FROM NEW.*)
EXECUTE FUNCTION funds_taxonomy_refuse_change_once_used('id');
"""

DROP_USED_TAXONOMY_IS_FROZEN = """
DROP TRIGGER frozen_once_used ON funds_taxonomy;
DROP FUNCTION funds_taxonomy_refuse_change_once_used();
"""

WORDS_OF_USED_TAXONOMY_ARE_FROZEN = """
CREATE TRIGGER frozen_insert_delete BEFORE INSERT OR DELETE ON {table} FOR EACH ROW
EXECUTE FUNCTION funds_taxonomy_refuse_change_once_used('taxonomy_id');

CREATE TRIGGER frozen_update BEFORE UPDATE ON {table} FOR EACH ROW
WHEN (OLD.* IS DISTINCT FROM NEW.*)
EXECUTE FUNCTION funds_taxonomy_refuse_change_once_used('taxonomy_id');
"""

DROP_WORDS_OF_USED_TAXONOMY_ARE_FROZEN = """
DROP TRIGGER frozen_insert_delete ON {table};
DROP TRIGGER frozen_update ON {table};
"""


class Migration(migrations.Migration):
    dependencies = [("funds", "0002_normalize_sector")]

    operations = [
        migrations.RunSQL(BUCKET_IN_TAXONOMY_OF_FUND, DROP_BUCKET_IN_TAXONOMY_OF_FUND),
        migrations.RunSQL(FUND_WITH_BUCKETS_KEEPS_TAXONOMY, DROP_FUND_WITH_BUCKETS_KEEPS_TAXONOMY),
        migrations.RunSQL(USED_TAXONOMY_IS_FROZEN, DROP_USED_TAXONOMY_IS_FROZEN),
        *[
            migrations.RunSQL(
                WORDS_OF_USED_TAXONOMY_ARE_FROZEN.format(table=table),
                DROP_WORDS_OF_USED_TAXONOMY_ARE_FROZEN.format(table=table),
            )
            for table in ("funds_stage", "funds_sector")
        ],
    ]
