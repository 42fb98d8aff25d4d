-- What a run knew of the dates before it: the reports of each date that it reached, as they were in force then, and what the date
-- just before it came to. A later revision of one of these dates makes the run stale. Runs that were recorded before this
-- migration have no rows; then the order of the runs tells.
CREATE TABLE run_bases (
    run_id INTEGER NOT NULL REFERENCES runs (run_id),
    base_on TEXT NOT NULL,
    revision INTEGER NOT NULL,
    reports_digest TEXT NOT NULL,
    content_digest TEXT NOT NULL,
    PRIMARY KEY (run_id, base_on)
) STRICT;

CREATE TRIGGER run_bases_refuses_update BEFORE UPDATE ON run_bases
BEGIN SELECT RAISE(ABORT, '`run_bases` is history: rows are only added'); END;
CREATE TRIGGER run_bases_refuses_delete BEFORE DELETE ON run_bases
BEGIN SELECT RAISE(ABORT, '`run_bases` is history: rows are only added'); END;
