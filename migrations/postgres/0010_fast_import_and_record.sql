-- The index over the instants of the ledger's entries by day instead of by millisecond: entries are imported a day or a few at a
-- time, so that it grows where it was touched last, is a fraction as large, and gives the entries of a day as they lie in the table.
DROP INDEX ledger_entries_by_instant;
CREATE INDEX ledger_entries_by_day ON ledger_entries ((occurred_at_ms / 86400000));
