-- What people decided about discrepancies, and the files in which they handed it in. A later decision takes the place of an
-- earlier one; none is changed.

-- A file is applied once per merchant: its key is what claims it.
CREATE TABLE decision_files (
    platform_merchant_id TEXT COLLATE "C" NOT NULL,
    sha256 TEXT COLLATE "C" NOT NULL,
    name TEXT NOT NULL,
    applied_at_ms BIGINT NOT NULL,
    PRIMARY KEY (platform_merchant_id, sha256)
);

-- `run_id` is the newest run when it was decided, `row_run_id` the run that lists the row as it was decided on.
CREATE TABLE decisions (
    decision_id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    platform_merchant_id TEXT COLLATE "C" NOT NULL,
    discrepancy_id TEXT COLLATE "C" NOT NULL,
    decision TEXT NOT NULL,
    decided_by TEXT NOT NULL,
    approved_by TEXT NOT NULL,
    assigned_to TEXT NOT NULL,
    reason TEXT NOT NULL,
    decided_at_ms BIGINT NOT NULL,
    file_sha256 TEXT COLLATE "C" NOT NULL,
    line BIGINT NOT NULL,
    run_id BIGINT NOT NULL REFERENCES runs (run_id),
    row_run_id BIGINT NOT NULL,
    UNIQUE (platform_merchant_id, file_sha256, line),
    FOREIGN KEY (platform_merchant_id, file_sha256) REFERENCES decision_files (platform_merchant_id, sha256),
    FOREIGN KEY (row_run_id, discrepancy_id) REFERENCES run_discrepancies (run_id, discrepancy_id)
);
CREATE INDEX decisions_by_discrepancy ON decisions (platform_merchant_id, discrepancy_id);

CREATE TRIGGER decision_files_refuses_change BEFORE UPDATE OR DELETE OR TRUNCATE ON decision_files
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_history();
CREATE TRIGGER decisions_refuses_change BEFORE UPDATE OR DELETE OR TRUNCATE ON decisions
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_history();
