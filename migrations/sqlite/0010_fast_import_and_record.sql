-- The index over the instants of the ledger's entries by day instead of by millisecond: entries are imported a day or a few at a
-- time, so that it grows where it was touched last, is a fraction as large, and gives the entries of a day as they lie in the table.
DROP INDEX ledger_entries_by_instant;
CREATE INDEX ledger_entries_by_day ON ledger_entries ((occurred_at_ms / 86400000));

-- The two tables that take a million rows of a run, made again with the reference to the run checked at the end of the transaction:
-- checked at each row, SQLite keeps a copy of every page that a statement touches. Their rows stay as they are.

CREATE TABLE new_run_in_transit (
    run_id INTEGER NOT NULL REFERENCES runs (run_id) DEFERRABLE INITIALLY DEFERRED,
    item_id TEXT NOT NULL,
    request_id TEXT NOT NULL,
    antom_id TEXT NOT NULL,
    entry_type TEXT NOT NULL,
    currency TEXT NOT NULL,
    amount TEXT NOT NULL,
    side TEXT NOT NULL,
    business_date TEXT NOT NULL,
    due_on TEXT NOT NULL,
    waits_for TEXT NOT NULL,
    first_seen_on TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (run_id, item_id)
) STRICT;
INSERT INTO new_run_in_transit SELECT * FROM run_in_transit ORDER BY run_id, item_id;
DROP TABLE run_in_transit;
ALTER TABLE new_run_in_transit RENAME TO run_in_transit;
CREATE INDEX run_in_transit_by_id ON run_in_transit (item_id);
CREATE INDEX run_in_transit_by_request ON run_in_transit (request_id);
CREATE INDEX run_in_transit_by_antom ON run_in_transit (antom_id);
CREATE TRIGGER run_in_transit_refuses_update BEFORE UPDATE ON run_in_transit
BEGIN SELECT RAISE(ABORT, '`run_in_transit` is history: rows are only added'); END;
CREATE TRIGGER run_in_transit_refuses_delete BEFORE DELETE ON run_in_transit
WHEN NOT EXISTS (SELECT 1 FROM prunings JOIN runs ON runs.platform_merchant_id = prunings.platform_merchant_id
    WHERE runs.run_id = OLD.run_id AND runs.business_date < prunings.before_date)
BEGIN SELECT RAISE(ABORT, '`run_in_transit` is history: rows are only added'); END;

CREATE TABLE new_run_cleared (
    run_id INTEGER NOT NULL REFERENCES runs (run_id) DEFERRABLE INITIALLY DEFERRED,
    item_id TEXT NOT NULL,
    request_id TEXT NOT NULL,
    antom_id TEXT NOT NULL,
    entry_type TEXT NOT NULL,
    currency TEXT NOT NULL,
    amount TEXT NOT NULL,
    side TEXT NOT NULL,
    business_date TEXT NOT NULL,
    due_on TEXT NOT NULL,
    cleared_by TEXT NOT NULL,
    cleared_on TEXT NOT NULL,
    first_seen_on TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (run_id, item_id)
) STRICT;
INSERT INTO new_run_cleared SELECT * FROM run_cleared ORDER BY run_id, item_id;
DROP TABLE run_cleared;
ALTER TABLE new_run_cleared RENAME TO run_cleared;
CREATE INDEX run_cleared_by_id ON run_cleared (item_id);
CREATE INDEX run_cleared_by_request ON run_cleared (request_id);
CREATE INDEX run_cleared_by_antom ON run_cleared (antom_id);
CREATE TRIGGER run_cleared_refuses_update BEFORE UPDATE ON run_cleared
BEGIN SELECT RAISE(ABORT, '`run_cleared` is history: rows are only added'); END;
CREATE TRIGGER run_cleared_refuses_delete BEFORE DELETE ON run_cleared
WHEN NOT EXISTS (SELECT 1 FROM prunings JOIN runs ON runs.platform_merchant_id = prunings.platform_merchant_id
    WHERE runs.run_id = OLD.run_id AND runs.business_date < prunings.before_date)
BEGIN SELECT RAISE(ABORT, '`run_cleared` is history: rows are only added'); END;
