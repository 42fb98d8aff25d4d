-- An index over the ids of the items of all runs grew at as many places as a run has items, in as many pages as history has days of them.
-- A run's rows are found by their key, which begins with the run: nothing asks for an id in all runs but run by run. The two tables are
-- their own index by that key, so that each row is written once, at the end.

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
) STRICT, WITHOUT ROWID;
INSERT INTO new_run_in_transit SELECT * FROM run_in_transit ORDER BY run_id, item_id;
DROP TABLE run_in_transit;
ALTER TABLE new_run_in_transit RENAME TO run_in_transit;
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
) STRICT, WITHOUT ROWID;
INSERT INTO new_run_cleared SELECT * FROM run_cleared ORDER BY run_id, item_id;
DROP TABLE run_cleared;
ALTER TABLE new_run_cleared RENAME TO run_cleared;
CREATE TRIGGER run_cleared_refuses_update BEFORE UPDATE ON run_cleared
BEGIN SELECT RAISE(ABORT, '`run_cleared` is history: rows are only added'); END;
CREATE TRIGGER run_cleared_refuses_delete BEFORE DELETE ON run_cleared
WHEN NOT EXISTS (SELECT 1 FROM prunings JOIN runs ON runs.platform_merchant_id = prunings.platform_merchant_id
    WHERE runs.run_id = OLD.run_id AND runs.business_date < prunings.before_date)
BEGIN SELECT RAISE(ABORT, '`run_cleared` is history: rows are only added'); END;
