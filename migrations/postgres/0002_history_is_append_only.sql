-- History is only added to. Each trigger refuses a change, whoever asks for it.
CREATE FUNCTION refuse_change_of_history() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '`%` is history: rows are only added', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';
END
$$;
CREATE TRIGGER runs_refuses_change BEFORE UPDATE OR DELETE OR TRUNCATE ON runs
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_history();
CREATE TRIGGER run_files_refuses_change BEFORE UPDATE OR DELETE OR TRUNCATE ON run_files
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_history();
CREATE TRIGGER files_seen_refuses_change BEFORE UPDATE OR DELETE OR TRUNCATE ON files_seen
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_history();
CREATE TRIGGER run_discrepancies_refuses_change BEFORE UPDATE OR DELETE OR TRUNCATE ON run_discrepancies
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_history();
CREATE TRIGGER run_in_transit_refuses_change BEFORE UPDATE OR DELETE OR TRUNCATE ON run_in_transit
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_history();
CREATE TRIGGER run_cleared_refuses_change BEFORE UPDATE OR DELETE OR TRUNCATE ON run_cleared
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_history();
CREATE TRIGGER answers_refuses_change BEFORE UPDATE OR DELETE OR TRUNCATE ON answers
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_history();
