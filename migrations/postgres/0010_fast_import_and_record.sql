-- The index over the instants of the ledger's entries by day instead of by millisecond: entries are imported a day or a few at a
-- time, so that it grows where it was touched last, is a fraction as large, and gives the entries of a day as they lie in the table.
-- The new one is made before the old one goes, which locks readers out; without statistics it would not be used at first.
CREATE INDEX ledger_entries_by_day ON ledger_entries ((occurred_at_ms / 86400000));
DROP INDEX ledger_entries_by_instant;
ANALYZE ledger_entries;
