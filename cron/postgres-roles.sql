-- Roles with no more rights than they need, for a PostgreSQL database of the job's own. The tests run this file.
-- Give each role a password or a certificate of its own, and the configuration `[database] schema = "recon"`.

-- 1. The administrator, once. `recon_migrator` owns the schema and runs `antom-recon migrate` (or what `migrate --print` prints)
-- at each upgrade, and `antom-recon prune`, which deletes rows; `recon_job` runs the job and changes no table.
CREATE ROLE recon_migrator LOGIN;
CREATE ROLE recon_job LOGIN;
CREATE SCHEMA recon AUTHORIZATION recon_migrator;
GRANT USAGE ON SCHEMA recon TO recon_job;
-- Tables of later versions as well: rows may be read and added.
ALTER DEFAULT PRIVILEGES FOR ROLE recon_migrator IN SCHEMA recon GRANT SELECT, INSERT ON TABLES TO recon_job;

-- 2. `recon_migrator`, after its first migration. Only the lease may be changed and taken away, and an entry of the ledger that
-- was pending moves on; whoever does not use `antom-recon ledger import` leaves the second line out.
GRANT UPDATE, DELETE ON recon.leases TO recon_job;
GRANT UPDATE ON recon.ledger_entries TO recon_job;
REVOKE INSERT ON recon._sqlx_migrations FROM recon_job;

-- 3. In the ledger's own database, for `[ledger] kind = "query"`: a role that reads one view and writes nothing. The view gives
-- the columns of the ledger under their names.
CREATE ROLE recon_reader LOGIN;
ALTER ROLE recon_reader SET default_transaction_read_only = on;
GRANT SELECT ON antom_recon_entries TO recon_reader;
