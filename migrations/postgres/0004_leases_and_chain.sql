-- Who runs, what each run came to as a chain of digests, what was published, what was pruned.
-- Instants, dates and texts as in the first migration.

-- The lease on a merchant: whoever runs holds the row and renews it. The one table whose rows may change and vanish: it says what
-- is now and nothing of what was, so it has no trigger. A run that recorded anything is in `runs`, for ever.
CREATE TABLE leases (
    platform_merchant_id TEXT COLLATE "C" PRIMARY KEY NOT NULL,
    host TEXT NOT NULL,
    process_id BIGINT NOT NULL,
    process TEXT NOT NULL,
    token TEXT NOT NULL,
    acquired_at_ms BIGINT NOT NULL,
    heartbeat_at_ms BIGINT NOT NULL,
    expires_at_ms BIGINT NOT NULL
);

-- A link per run: its digest covers everything that was stored of the run, and the link before it. Runs that were recorded before
-- this migration have none.
CREATE TABLE run_chain (
    run_id BIGINT PRIMARY KEY NOT NULL REFERENCES runs (run_id),
    platform_merchant_id TEXT COLLATE "C" NOT NULL,
    sequence BIGINT NOT NULL CHECK (sequence >= 1),
    configuration_digest TEXT NOT NULL,
    previous_digest TEXT NOT NULL,
    previous_publications BIGINT NOT NULL,
    previous_outputs_digest TEXT NOT NULL,
    record_digest TEXT NOT NULL,
    UNIQUE (platform_merchant_id, sequence)
);

-- The files that were published for a run. A second publication is the same run with other bytes, such as other timings.
CREATE TABLE run_outputs (
    run_id BIGINT NOT NULL REFERENCES runs (run_id),
    publication BIGINT NOT NULL CHECK (publication >= 1),
    name TEXT COLLATE "C" NOT NULL,
    size BIGINT NOT NULL,
    sha256 TEXT NOT NULL,
    PRIMARY KEY (run_id, publication, name)
);

-- Files that `prune` took out of the archive, so that nobody takes them for lost.
CREATE TABLE pruned_files (
    platform_merchant_id TEXT COLLATE "C" NOT NULL,
    sha256 TEXT NOT NULL,
    pruned_at_ms BIGINT NOT NULL,
    before_date TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (platform_merchant_id, sha256, pruned_at_ms)
);

CREATE TRIGGER run_chain_refuses_change BEFORE UPDATE OR DELETE OR TRUNCATE ON run_chain
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_history();
CREATE TRIGGER run_outputs_refuses_change BEFORE UPDATE OR DELETE OR TRUNCATE ON run_outputs
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_history();
CREATE TRIGGER pruned_files_refuses_change BEFORE UPDATE OR DELETE OR TRUNCATE ON pruned_files
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_history();
