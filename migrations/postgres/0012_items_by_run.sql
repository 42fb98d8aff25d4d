-- An index over the ids of the items of all runs grew at as many places as a run has items, in as many pages as history has days of them.
-- A run's rows are found by their key, which begins with the run: nothing asks for an id in all runs but run by run.
DROP INDEX run_in_transit_by_id;
DROP INDEX run_cleared_by_id;
