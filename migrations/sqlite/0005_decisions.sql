-- What people decided about discrepancies, and the files in which they handed it in. A later decision takes the place of an
-- earlier one; none is changed.

-- A file is applied once per merchant: its key is what claims it.
CREATE TABLE decision_files (
    platform_merchant_id TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    name TEXT NOT NULL,
    applied_at_ms INTEGER NOT NULL,
    PRIMARY KEY (platform_merchant_id, sha256)
) STRICT;

-- `run_id` is the newest run when it was decided, `row_run_id` the run that lists the row as it was decided on.
CREATE TABLE decisions (
    decision_id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    platform_merchant_id TEXT NOT NULL,
    discrepancy_id TEXT NOT NULL,
    decision TEXT NOT NULL,
    decided_by TEXT NOT NULL,
    approved_by TEXT NOT NULL,
    assigned_to TEXT NOT NULL,
    reason TEXT NOT NULL,
    decided_at_ms INTEGER NOT NULL,
    file_sha256 TEXT NOT NULL,
    line INTEGER NOT NULL,
    run_id INTEGER NOT NULL REFERENCES runs (run_id),
    row_run_id INTEGER NOT NULL,
    UNIQUE (platform_merchant_id, file_sha256, line),
    FOREIGN KEY (platform_merchant_id, file_sha256) REFERENCES decision_files (platform_merchant_id, sha256),
    FOREIGN KEY (row_run_id, discrepancy_id) REFERENCES run_discrepancies (run_id, discrepancy_id)
) STRICT;
CREATE INDEX decisions_by_discrepancy ON decisions (platform_merchant_id, discrepancy_id);

CREATE TRIGGER decision_files_refuses_update BEFORE UPDATE ON decision_files
BEGIN SELECT RAISE(ABORT, '`decision_files` is history: rows are only added'); END;
CREATE TRIGGER decision_files_refuses_delete BEFORE DELETE ON decision_files
BEGIN SELECT RAISE(ABORT, '`decision_files` is history: rows are only added'); END;
CREATE TRIGGER decisions_refuses_update BEFORE UPDATE ON decisions
BEGIN SELECT RAISE(ABORT, '`decisions` is history: rows are only added'); END;
CREATE TRIGGER decisions_refuses_delete BEFORE DELETE ON decisions
BEGIN SELECT RAISE(ABORT, '`decisions` is history: rows are only added'); END;
