-- What the proofs of later days need of a run: the headers of its files, the volumes that fee tiers count, what is held.
-- Rows keep the order in which they were given. Counts are integers, sums of smallest units decimal text.

-- The distinct headers of the accepted files of a kind: the names of the columns as a JSON list of texts, in file order.
CREATE TABLE run_headers (
    run_id INTEGER NOT NULL REFERENCES runs (run_id),
    position INTEGER NOT NULL,
    kind TEXT NOT NULL,
    columns TEXT NOT NULL,
    PRIMARY KEY (run_id, position)
) STRICT;

CREATE TABLE run_volumes (
    run_id INTEGER NOT NULL REFERENCES runs (run_id),
    position INTEGER NOT NULL,
    volume_on TEXT NOT NULL,
    method TEXT NOT NULL,
    brand TEXT NOT NULL,
    country TEXT NOT NULL,
    sub_merchant_id TEXT NOT NULL,
    currency TEXT NOT NULL,
    base_minor TEXT NOT NULL,
    PRIMARY KEY (run_id, position)
) STRICT;

CREATE TABLE run_held (
    run_id INTEGER NOT NULL REFERENCES runs (run_id),
    position INTEGER NOT NULL,
    merchant_id TEXT NOT NULL,
    sub_merchant_id TEXT NOT NULL,
    currency TEXT NOT NULL,
    kind TEXT NOT NULL,
    amount_minor TEXT NOT NULL,
    PRIMARY KEY (run_id, position)
) STRICT;

CREATE TRIGGER run_headers_refuses_update BEFORE UPDATE ON run_headers
BEGIN SELECT RAISE(ABORT, '`run_headers` is history: rows are only added'); END;
CREATE TRIGGER run_headers_refuses_delete BEFORE DELETE ON run_headers
BEGIN SELECT RAISE(ABORT, '`run_headers` is history: rows are only added'); END;
CREATE TRIGGER run_volumes_refuses_update BEFORE UPDATE ON run_volumes
BEGIN SELECT RAISE(ABORT, '`run_volumes` is history: rows are only added'); END;
CREATE TRIGGER run_volumes_refuses_delete BEFORE DELETE ON run_volumes
BEGIN SELECT RAISE(ABORT, '`run_volumes` is history: rows are only added'); END;
CREATE TRIGGER run_held_refuses_update BEFORE UPDATE ON run_held
BEGIN SELECT RAISE(ABORT, '`run_held` is history: rows are only added'); END;
CREATE TRIGGER run_held_refuses_delete BEFORE DELETE ON run_held
BEGIN SELECT RAISE(ABORT, '`run_held` is history: rows are only added'); END;
