-- When an item was first listed: carried from run to run while it waits, kept when it is cleared. Empty in rows of older runs.
ALTER TABLE run_in_transit ADD COLUMN first_seen_on TEXT NOT NULL DEFAULT '';
ALTER TABLE run_cleared ADD COLUMN first_seen_on TEXT NOT NULL DEFAULT '';
