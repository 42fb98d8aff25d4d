-- Two indexes over the ids of items gave each row of a run a place of its own among all runs: of a run with millions of items each row
-- touched two pages of them. A run's hints say where in the run the rows of an id may stand, and are added at the end. Runs that
-- were recorded before have none, and are looked through.
DROP INDEX run_in_transit_by_request;
DROP INDEX run_in_transit_by_antom;
DROP INDEX run_cleared_by_request;
DROP INDEX run_cleared_by_antom;

CREATE TABLE run_hints (
    run_id BIGINT NOT NULL REFERENCES runs (run_id),
    bucket BIGINT NOT NULL,
    segment BIGINT NOT NULL,
    table_name TEXT NOT NULL,
    hints TEXT NOT NULL,
    PRIMARY KEY (run_id, bucket, segment)
);
CREATE TRIGGER run_hints_refuses_change BEFORE UPDATE OR DELETE OR TRUNCATE ON run_hints
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_history();
