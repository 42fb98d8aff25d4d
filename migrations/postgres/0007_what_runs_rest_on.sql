-- What a run knew of the dates before it: the reports of each date that it reached, as they were in force then, and what the date
-- just before it came to. A later revision of one of these dates makes the run stale. Runs that were recorded before this
-- migration have no rows; then the order of the runs tells.
CREATE TABLE run_bases (
    run_id BIGINT NOT NULL REFERENCES runs (run_id),
    base_on TEXT COLLATE "C" NOT NULL,
    revision BIGINT NOT NULL,
    reports_digest TEXT COLLATE "C" NOT NULL,
    content_digest TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (run_id, base_on)
);

CREATE TRIGGER run_bases_refuses_change BEFORE UPDATE OR DELETE OR TRUNCATE ON run_bases
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_history();
