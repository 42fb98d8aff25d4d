-- The same tables, columns and version numbers as on SQLite; a test compares them.
-- Unknown text is empty, never NULL. Instants end in _ms: milliseconds since 1970-01-01T00:00:00Z. Dates are YYYY-MM-DD.
-- Amounts in the ledger are 64-bit smallest units; sums and differences of 128 bits are decimal text.
-- Ids, paths and dates sort by their bytes, as on SQLite, whatever the locale of the database.

-- The built-in ledger: the fifteen columns of the contract, then what makes its window exact and indexed.
CREATE TABLE ledger_entries (
    entry_id TEXT COLLATE "C" PRIMARY KEY NOT NULL,
    entry_type TEXT NOT NULL,
    request_id TEXT COLLATE "C" NOT NULL,
    antom_id TEXT COLLATE "C" NOT NULL,
    original_request_id TEXT COLLATE "C" NOT NULL,
    original_antom_id TEXT COLLATE "C" NOT NULL,
    order_id TEXT COLLATE "C" NOT NULL,
    sub_merchant_id TEXT COLLATE "C" NOT NULL,
    amount_minor BIGINT NOT NULL,
    currency TEXT NOT NULL,
    status TEXT NOT NULL,
    occurred_at TEXT NOT NULL,
    settle_to TEXT NOT NULL,
    refund_from TEXT NOT NULL,
    settlement_batch_id TEXT COLLATE "C" NOT NULL,
    occurred_at_ms BIGINT NOT NULL,
    imported_at_ms BIGINT NOT NULL
);
CREATE INDEX ledger_entries_by_instant ON ledger_entries (occurred_at_ms);
CREATE INDEX ledger_entries_by_request ON ledger_entries (request_id);
CREATE INDEX ledger_entries_by_antom ON ledger_entries (antom_id);

-- A row exists only for a run that was completed: it is inserted with everything that hangs on it, in one transaction.
CREATE TABLE runs (
    run_id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    platform_merchant_id TEXT COLLATE "C" NOT NULL,
    business_date TEXT COLLATE "C" NOT NULL,
    revision BIGINT NOT NULL CHECK (revision >= 1),
    started_at_ms BIGINT NOT NULL,
    finished_at_ms BIGINT NOT NULL,
    program_version TEXT NOT NULL,
    inputs_digest TEXT NOT NULL,
    content_digest TEXT NOT NULL,
    outcome TEXT NOT NULL,
    UNIQUE (platform_merchant_id, business_date, revision)
);

CREATE TABLE run_files (
    run_id BIGINT NOT NULL REFERENCES runs (run_id),
    position BIGINT NOT NULL,
    kind TEXT NOT NULL,
    path TEXT COLLATE "C" NOT NULL,
    name TEXT NOT NULL,
    size BIGINT NOT NULL,
    sha256 TEXT NOT NULL,
    lines BIGINT NOT NULL,
    rejects BIGINT NOT NULL,
    PRIMARY KEY (run_id, position)
);

-- Every content that a path ever had: a second one means that the file was restated.
CREATE TABLE files_seen (
    platform_merchant_id TEXT COLLATE "C" NOT NULL,
    path TEXT COLLATE "C" NOT NULL,
    sha256 TEXT NOT NULL,
    first_seen_at_ms BIGINT NOT NULL,
    PRIMARY KEY (platform_merchant_id, path, sha256)
);

CREATE TABLE run_discrepancies (
    run_id BIGINT NOT NULL REFERENCES runs (run_id),
    discrepancy_id TEXT COLLATE "C" NOT NULL,
    kind TEXT NOT NULL,
    severity TEXT NOT NULL,
    business_date TEXT COLLATE "C" NOT NULL,
    first_seen_on TEXT NOT NULL,
    age_days BIGINT NOT NULL,
    sub_merchant_id TEXT COLLATE "C" NOT NULL,
    entry_type TEXT NOT NULL,
    request_id TEXT COLLATE "C" NOT NULL,
    antom_id TEXT COLLATE "C" NOT NULL,
    original_request_id TEXT COLLATE "C" NOT NULL,
    original_antom_id TEXT COLLATE "C" NOT NULL,
    order_id TEXT COLLATE "C" NOT NULL,
    currency TEXT NOT NULL,
    ledger_currency TEXT NOT NULL,
    ledger_amount TEXT NOT NULL,
    report_amount TEXT NOT NULL,
    ledger_status TEXT NOT NULL,
    report_status TEXT NOT NULL,
    answer TEXT NOT NULL,
    answer_status TEXT NOT NULL,
    answer_amount TEXT NOT NULL,
    answer_currency TEXT NOT NULL,
    explanation TEXT NOT NULL,
    ledger_entry_id TEXT COLLATE "C" NOT NULL,
    report_file TEXT NOT NULL,
    report_line BIGINT,
    stage TEXT NOT NULL,
    PRIMARY KEY (run_id, discrepancy_id)
);
CREATE INDEX run_discrepancies_by_id ON run_discrepancies (discrepancy_id);
CREATE INDEX run_discrepancies_by_request ON run_discrepancies (request_id);
CREATE INDEX run_discrepancies_by_antom ON run_discrepancies (antom_id);

CREATE TABLE run_in_transit (
    run_id BIGINT NOT NULL REFERENCES runs (run_id),
    item_id TEXT COLLATE "C" NOT NULL,
    request_id TEXT COLLATE "C" NOT NULL,
    antom_id TEXT COLLATE "C" NOT NULL,
    entry_type TEXT NOT NULL,
    currency TEXT NOT NULL,
    amount TEXT NOT NULL,
    side TEXT NOT NULL,
    business_date TEXT COLLATE "C" NOT NULL,
    due_on TEXT NOT NULL,
    waits_for TEXT NOT NULL,
    PRIMARY KEY (run_id, item_id)
);
CREATE INDEX run_in_transit_by_id ON run_in_transit (item_id);
CREATE INDEX run_in_transit_by_request ON run_in_transit (request_id);
CREATE INDEX run_in_transit_by_antom ON run_in_transit (antom_id);

CREATE TABLE run_cleared (
    run_id BIGINT NOT NULL REFERENCES runs (run_id),
    item_id TEXT COLLATE "C" NOT NULL,
    request_id TEXT COLLATE "C" NOT NULL,
    antom_id TEXT COLLATE "C" NOT NULL,
    entry_type TEXT NOT NULL,
    currency TEXT NOT NULL,
    amount TEXT NOT NULL,
    side TEXT NOT NULL,
    business_date TEXT COLLATE "C" NOT NULL,
    due_on TEXT NOT NULL,
    cleared_by TEXT NOT NULL,
    cleared_on TEXT NOT NULL,
    PRIMARY KEY (run_id, item_id)
);
CREATE INDEX run_cleared_by_id ON run_cleared (item_id);
CREATE INDEX run_cleared_by_request ON run_cleared (request_id);
CREATE INDEX run_cleared_by_antom ON run_cleared (antom_id);

-- What Antom answered, byte for byte. Committed one by one, so that a run that was killed does not ask again.
CREATE TABLE answers (
    answer_id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    platform_merchant_id TEXT COLLATE "C" NOT NULL,
    run_date TEXT COLLATE "C" NOT NULL,
    question TEXT NOT NULL,
    endpoint TEXT NOT NULL,
    asked_at_ms BIGINT NOT NULL,
    answered_at_ms BIGINT,
    http_status BIGINT,
    signature TEXT NOT NULL,
    body BYTEA NOT NULL,
    outcome TEXT NOT NULL
);
CREATE INDEX answers_by_date ON answers (platform_merchant_id, run_date);
CREATE INDEX answers_by_question ON answers (platform_merchant_id, question);
