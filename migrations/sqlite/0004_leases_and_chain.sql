-- Who runs, what each run came to as a chain of digests, what was published, what was pruned.
-- Instants, dates and texts as in the first migration.

-- The lease on a merchant: whoever runs holds the row and renews it. The one table whose rows may change and vanish: it says what
-- is now and nothing of what was, so it has no trigger. A run that recorded anything is in `runs`, for ever.
CREATE TABLE leases (
    platform_merchant_id TEXT PRIMARY KEY NOT NULL,
    host TEXT NOT NULL,
    process_id INTEGER NOT NULL,
    process TEXT NOT NULL,
    token TEXT NOT NULL,
    acquired_at_ms INTEGER NOT NULL,
    heartbeat_at_ms INTEGER NOT NULL,
    expires_at_ms INTEGER NOT NULL
) STRICT;

-- A link per run: its digest covers everything that was stored of the run, and the link before it. Runs that were recorded before
-- this migration have none.
CREATE TABLE run_chain (
    run_id INTEGER PRIMARY KEY NOT NULL REFERENCES runs (run_id),
    platform_merchant_id TEXT NOT NULL,
    sequence INTEGER NOT NULL CHECK (sequence >= 1),
    configuration_digest TEXT NOT NULL,
    previous_digest TEXT NOT NULL,
    previous_publications INTEGER NOT NULL,
    previous_outputs_digest TEXT NOT NULL,
    record_digest TEXT NOT NULL,
    UNIQUE (platform_merchant_id, sequence)
) STRICT;

-- The files that were published for a run. A second publication is the same run with other bytes, such as other timings.
CREATE TABLE run_outputs (
    run_id INTEGER NOT NULL REFERENCES runs (run_id),
    publication INTEGER NOT NULL CHECK (publication >= 1),
    name TEXT NOT NULL,
    size INTEGER NOT NULL,
    sha256 TEXT NOT NULL,
    PRIMARY KEY (run_id, publication, name)
) STRICT;

-- Files that `prune` took out of the archive, so that nobody takes them for lost.
CREATE TABLE pruned_files (
    platform_merchant_id TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    pruned_at_ms INTEGER NOT NULL,
    before_date TEXT NOT NULL,
    PRIMARY KEY (platform_merchant_id, sha256, pruned_at_ms)
) STRICT;

CREATE TRIGGER run_chain_refuses_update BEFORE UPDATE ON run_chain
BEGIN SELECT RAISE(ABORT, '`run_chain` is history: rows are only added'); END;
CREATE TRIGGER run_chain_refuses_delete BEFORE DELETE ON run_chain
BEGIN SELECT RAISE(ABORT, '`run_chain` is history: rows are only added'); END;
CREATE TRIGGER run_outputs_refuses_update BEFORE UPDATE ON run_outputs
BEGIN SELECT RAISE(ABORT, '`run_outputs` is history: rows are only added'); END;
CREATE TRIGGER run_outputs_refuses_delete BEFORE DELETE ON run_outputs
BEGIN SELECT RAISE(ABORT, '`run_outputs` is history: rows are only added'); END;
CREATE TRIGGER pruned_files_refuses_update BEFORE UPDATE ON pruned_files
BEGIN SELECT RAISE(ABORT, '`pruned_files` is history: rows are only added'); END;
CREATE TRIGGER pruned_files_refuses_delete BEFORE DELETE ON pruned_files
BEGIN SELECT RAISE(ABORT, '`pruned_files` is history: rows are only added'); END;
