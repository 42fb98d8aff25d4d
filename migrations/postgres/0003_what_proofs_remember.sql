-- What the proofs of later days need of a run: the headers of its files, the volumes that fee tiers count, what is held.
-- Rows keep the order in which they were given. Counts are integers, sums of smallest units decimal text.

-- The distinct headers of the accepted files of a kind: the names of the columns as a JSON list of texts, in file order.
CREATE TABLE run_headers (
    run_id BIGINT NOT NULL REFERENCES runs (run_id),
    position BIGINT NOT NULL,
    kind TEXT NOT NULL,
    columns TEXT NOT NULL,
    PRIMARY KEY (run_id, position)
);

CREATE TABLE run_volumes (
    run_id BIGINT NOT NULL REFERENCES runs (run_id),
    position BIGINT NOT NULL,
    volume_on TEXT NOT NULL,
    method TEXT NOT NULL,
    brand TEXT NOT NULL,
    country TEXT NOT NULL,
    sub_merchant_id TEXT COLLATE "C" NOT NULL,
    currency TEXT NOT NULL,
    base_minor TEXT NOT NULL,
    PRIMARY KEY (run_id, position)
);

CREATE TABLE run_held (
    run_id BIGINT NOT NULL REFERENCES runs (run_id),
    position BIGINT NOT NULL,
    merchant_id TEXT COLLATE "C" NOT NULL,
    sub_merchant_id TEXT COLLATE "C" NOT NULL,
    currency TEXT NOT NULL,
    kind TEXT NOT NULL,
    amount_minor TEXT NOT NULL,
    PRIMARY KEY (run_id, position)
);

CREATE TRIGGER run_headers_refuses_change BEFORE UPDATE OR DELETE OR TRUNCATE ON run_headers
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_history();
CREATE TRIGGER run_volumes_refuses_change BEFORE UPDATE OR DELETE OR TRUNCATE ON run_volumes
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_history();
CREATE TRIGGER run_held_refuses_change BEFORE UPDATE OR DELETE OR TRUNCATE ON run_held
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_history();
