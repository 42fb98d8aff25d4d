-- A journal of everything that is added to history, so that any change of any of it shows, whether or not a run came after it;
-- digests per table of a run, so that old rows of it can be pruned while their digests stay; and the pruning of such rows.

-- An entry per table that an act added rows to. The rows carry the number of the act: that of its first entry. Rows that were
-- there before the journal carry 0, and the first entries of a merchant cover them. Each entry's digest covers the one before it.
CREATE TABLE journal (
    platform_merchant_id TEXT COLLATE "C" NOT NULL,
    sequence BIGINT NOT NULL CHECK (sequence >= 1),
    covers BIGINT NOT NULL,
    table_name TEXT NOT NULL,
    row_count BIGINT NOT NULL,
    rows_digest TEXT NOT NULL,
    previous_digest TEXT NOT NULL,
    digest TEXT NOT NULL,
    PRIMARY KEY (platform_merchant_id, sequence)
);

-- What each table had of a run when it was recorded. Runs that were recorded before this migration have none.
CREATE TABLE run_digests (
    run_id BIGINT NOT NULL REFERENCES runs (run_id),
    table_name TEXT COLLATE "C" NOT NULL,
    row_count BIGINT NOT NULL,
    rows_digest TEXT NOT NULL,
    PRIMARY KEY (run_id, table_name)
);

-- How the files of a run lie packed in the archive: the digest of a file's content does not see every bit of its packing.
CREATE TABLE run_archived (
    run_id BIGINT NOT NULL REFERENCES runs (run_id),
    sha256 TEXT COLLATE "C" NOT NULL,
    packed_size BIGINT NOT NULL,
    packed_sha256 TEXT NOT NULL,
    PRIMARY KEY (run_id, sha256)
);

-- Rows of a run that `prune` deleted: how many, and what was left.
CREATE TABLE pruned_rows (
    run_id BIGINT NOT NULL REFERENCES runs (run_id),
    table_name TEXT COLLATE "C" NOT NULL,
    journal_sequence BIGINT NOT NULL DEFAULT 0,
    pruned_at_ms BIGINT NOT NULL,
    before_date TEXT COLLATE "C" NOT NULL,
    row_count BIGINT NOT NULL,
    kept_count BIGINT NOT NULL,
    kept_digest TEXT NOT NULL,
    PRIMARY KEY (run_id, table_name, journal_sequence)
);

-- The pruning that is under way, inside its own transaction: nobody else ever sees a row of this table. While one is there,
-- rows of the merchant's runs before the date may be deleted from the three tables that say what a run left open and closed.
CREATE TABLE prunings (
    platform_merchant_id TEXT COLLATE "C" PRIMARY KEY NOT NULL,
    before_date TEXT COLLATE "C" NOT NULL
);

ALTER TABLE files_seen ADD COLUMN journal_sequence BIGINT NOT NULL DEFAULT 0;
ALTER TABLE runs ADD COLUMN journal_sequence BIGINT NOT NULL DEFAULT 0;
ALTER TABLE run_chain ADD COLUMN journal_sequence BIGINT NOT NULL DEFAULT 0;
ALTER TABLE run_outputs ADD COLUMN journal_sequence BIGINT NOT NULL DEFAULT 0;
ALTER TABLE answers ADD COLUMN journal_sequence BIGINT NOT NULL DEFAULT 0;
ALTER TABLE decision_files ADD COLUMN journal_sequence BIGINT NOT NULL DEFAULT 0;
ALTER TABLE decisions ADD COLUMN journal_sequence BIGINT NOT NULL DEFAULT 0;
ALTER TABLE pruned_files ADD COLUMN journal_sequence BIGINT NOT NULL DEFAULT 0;
CREATE INDEX files_seen_by_act ON files_seen (platform_merchant_id, journal_sequence);
CREATE INDEX answers_by_act ON answers (platform_merchant_id, journal_sequence);
CREATE INDEX decision_files_by_act ON decision_files (platform_merchant_id, journal_sequence);
CREATE INDEX decisions_by_act ON decisions (platform_merchant_id, journal_sequence);
CREATE INDEX pruned_files_by_act ON pruned_files (platform_merchant_id, journal_sequence);
CREATE INDEX runs_by_act ON runs (platform_merchant_id, journal_sequence);
CREATE INDEX run_chain_by_act ON run_chain (platform_merchant_id, journal_sequence);
CREATE INDEX run_outputs_by_act ON run_outputs (journal_sequence);
CREATE INDEX run_discrepancies_by_order ON run_discrepancies (order_id);
CREATE INDEX ledger_entries_by_original_request ON ledger_entries (original_request_id) WHERE original_request_id <> '';
CREATE INDEX ledger_entries_by_original_antom ON ledger_entries (original_antom_id) WHERE original_antom_id <> '';
CREATE INDEX decisions_by_row ON decisions (row_run_id, discrepancy_id);

CREATE TRIGGER journal_refuses_change BEFORE UPDATE OR DELETE OR TRUNCATE ON journal
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_history();
CREATE TRIGGER run_digests_refuses_change BEFORE UPDATE OR DELETE OR TRUNCATE ON run_digests
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_history();
CREATE TRIGGER run_archived_refuses_change BEFORE UPDATE OR DELETE OR TRUNCATE ON run_archived
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_history();
CREATE TRIGGER pruned_rows_refuses_change BEFORE UPDATE OR DELETE OR TRUNCATE ON pruned_rows
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_history();

-- Deleting is refused but for rows that a pruning may take.
CREATE FUNCTION refuse_unless_pruning() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM prunings JOIN runs ON runs.platform_merchant_id = prunings.platform_merchant_id
               WHERE runs.run_id = OLD.run_id AND runs.business_date < prunings.before_date) THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION '`%` is history: rows are only added', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';
END
$$;
DROP TRIGGER run_discrepancies_refuses_change ON run_discrepancies;
CREATE TRIGGER run_discrepancies_refuses_change BEFORE UPDATE OR TRUNCATE ON run_discrepancies
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_history();
CREATE TRIGGER run_discrepancies_refuses_delete BEFORE DELETE ON run_discrepancies
FOR EACH ROW EXECUTE FUNCTION refuse_unless_pruning();
DROP TRIGGER run_in_transit_refuses_change ON run_in_transit;
CREATE TRIGGER run_in_transit_refuses_change BEFORE UPDATE OR TRUNCATE ON run_in_transit
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_history();
CREATE TRIGGER run_in_transit_refuses_delete BEFORE DELETE ON run_in_transit
FOR EACH ROW EXECUTE FUNCTION refuse_unless_pruning();
DROP TRIGGER run_cleared_refuses_change ON run_cleared;
CREATE TRIGGER run_cleared_refuses_change BEFORE UPDATE OR TRUNCATE ON run_cleared
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_history();
CREATE TRIGGER run_cleared_refuses_delete BEFORE DELETE ON run_cleared
FOR EACH ROW EXECUTE FUNCTION refuse_unless_pruning();
