-- History is only added to. Each trigger refuses a change, whoever asks for it.
CREATE TRIGGER runs_refuses_update BEFORE UPDATE ON runs
BEGIN SELECT RAISE(ABORT, '`runs` is history: rows are only added'); END;
CREATE TRIGGER runs_refuses_delete BEFORE DELETE ON runs
BEGIN SELECT RAISE(ABORT, '`runs` is history: rows are only added'); END;
CREATE TRIGGER run_files_refuses_update BEFORE UPDATE ON run_files
BEGIN SELECT RAISE(ABORT, '`run_files` is history: rows are only added'); END;
CREATE TRIGGER run_files_refuses_delete BEFORE DELETE ON run_files
BEGIN SELECT RAISE(ABORT, '`run_files` is history: rows are only added'); END;
CREATE TRIGGER files_seen_refuses_update BEFORE UPDATE ON files_seen
BEGIN SELECT RAISE(ABORT, '`files_seen` is history: rows are only added'); END;
CREATE TRIGGER files_seen_refuses_delete BEFORE DELETE ON files_seen
BEGIN SELECT RAISE(ABORT, '`files_seen` is history: rows are only added'); END;
CREATE TRIGGER run_discrepancies_refuses_update BEFORE UPDATE ON run_discrepancies
BEGIN SELECT RAISE(ABORT, '`run_discrepancies` is history: rows are only added'); END;
CREATE TRIGGER run_discrepancies_refuses_delete BEFORE DELETE ON run_discrepancies
BEGIN SELECT RAISE(ABORT, '`run_discrepancies` is history: rows are only added'); END;
CREATE TRIGGER run_in_transit_refuses_update BEFORE UPDATE ON run_in_transit
BEGIN SELECT RAISE(ABORT, '`run_in_transit` is history: rows are only added'); END;
CREATE TRIGGER run_in_transit_refuses_delete BEFORE DELETE ON run_in_transit
BEGIN SELECT RAISE(ABORT, '`run_in_transit` is history: rows are only added'); END;
CREATE TRIGGER run_cleared_refuses_update BEFORE UPDATE ON run_cleared
BEGIN SELECT RAISE(ABORT, '`run_cleared` is history: rows are only added'); END;
CREATE TRIGGER run_cleared_refuses_delete BEFORE DELETE ON run_cleared
BEGIN SELECT RAISE(ABORT, '`run_cleared` is history: rows are only added'); END;
CREATE TRIGGER answers_refuses_update BEFORE UPDATE ON answers
BEGIN SELECT RAISE(ABORT, '`answers` is history: rows are only added'); END;
CREATE TRIGGER answers_refuses_delete BEFORE DELETE ON answers
BEGIN SELECT RAISE(ABORT, '`answers` is history: rows are only added'); END;
