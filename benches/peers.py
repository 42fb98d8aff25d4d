"""The bench's day, reconciled by DuckDB or by Polars: the same three files, the same five kinds, rows written to a CSV.

    peers.py duckdb|polars FOLDER OUT.csv THREADS

All columns are read as text; amounts become smallest units, times instants; lines and entries meet in a full outer join of the
three by type and request id. What is not as it must be goes to OUT.csv, and what matched is counted on stdout, as JSON, with the
seconds that it took without starting Python and loading the engine.
"""

import json
import os
import sys
import time
from pathlib import Path

DAY_START, DAY_END = "2026-11-17T16:00:00+00:00", "2026-11-18T16:00:00+00:00"


def files(folder):
    """The two reports and the ledger."""
    day = next(Path(folder, "remote/v1/settlements").glob("*/20261118"))
    return [
        str(next(day.glob("transactionItems_*.csv"))),
        str(next(day.glob("settlementItems_*.csv"))),
        str(Path(folder, "ledger.csv")),
    ]


def duckdb(folder, out, threads):
    import duckdb

    started = time.monotonic()
    transactions, settlements, ledger = files(folder)
    db = duckdb.connect()
    db.execute(f"set threads={threads}")
    db.execute("set preserve_insertion_order=false")

    def minor(value, currency):
        units = f"case when {currency} = 'JPY' then 1 else 100 end"
        return f"cast(cast({value} as decimal(18, 2)) * {units} as bigint)"

    # The last line has one cell and not the header's number of them: `ignore_errors` leaves it out, and is the faster way to.
    def read(path):
        return f"read_csv('{path}', header=true, all_varchar=true, ignore_errors=true, quote='\"', delim=',')"

    db.execute(f"""
        create temp table movements as
        with t as (
            select transactionType as type, transactionRequestId as id, transactionCurrency as currency,
                   {minor('transactionAmountValue', 'transactionCurrency')} as amount,
                   cast(paymentTime as timestamptz) as at
            from {read(transactions)} where merchantId <> '<END>'),
        s as (
            select transactionType as type, transactionRequestId as id, transactionCurrency as currency,
                   {minor('transactionAmountValue', 'transactionCurrency')} as amount,
                   {minor('settlementAmountValue', 'settlementCurrency')} as net,
                   cast(paymentTime as timestamptz) as at, cast(settlementTime as timestamptz) as settled_at
            from {read(settlements)} where settlementBatchId <> '<END>'),
        l as (
            select entry_type as type, request_id as id, currency, cast(amount_minor as bigint) as amount, status,
                   cast(occurred_at as timestamptz) as at, entry_id
            from {read(ledger)})
        select coalesce(l.type, t.type, s.type) as type, coalesce(l.id, t.id, s.id) as request_id,
               coalesce(t.currency, s.currency, l.currency) as currency,
               l.amount as ledger_amount, coalesce(t.amount, s.amount) as report_amount, l.entry_id,
               case
                 when l.at < '{DAY_START}' or l.at >= '{DAY_END}' or t.at < '{DAY_START}' or t.at >= '{DAY_END}'
                      or s.at < '{DAY_START}' or s.at >= '{DAY_END}' or s.settled_at < '{DAY_START}' then 'OUTSIDE'
                 when l.id is null then 'MISSING_IN_LEDGER'
                 when t.id is null and s.id is null then 'MISSING_IN_REPORT'
                 when t.id is null then 'SETTLED_NOT_REPORTED'
                 when l.currency <> t.currency or s.currency <> t.currency then 'CURRENCY_MISMATCH'
                 when l.amount <> t.amount or s.amount <> t.amount or s.net <> s.amount then 'AMOUNT_MISMATCH'
                 when l.status <> 'SUCCESS' then 'STATUS_MISMATCH'
               end as kind
        from l full outer join t on l.type = t.type and l.id = t.id
               full outer join s on s.type = coalesce(l.type, t.type) and s.id = coalesce(l.id, t.id)""")
    db.execute(f"""
        copy (select kind, type, request_id, currency, ledger_amount, report_amount, entry_id from movements
              where kind is not null order by kind, request_id) to '{out}' (header)""")
    rows = db.execute("""
        select currency, count(*), sum(ledger_amount) from movements where kind is null group by 1 order by 1""").fetchall()
    return started, {currency: [count, int(total)] for currency, count, total in rows}


def polars(folder, out, threads):
    os.environ["POLARS_MAX_THREADS"] = str(threads)
    import polars as pl

    started = time.monotonic()
    transactions, settlements, ledger = files(folder)

    def minor(value, currency):
        units = pl.when(pl.col(currency) == "JPY").then(1).otherwise(100)
        return (pl.col(value).cast(pl.Decimal(18, 2)) * units).cast(pl.Int64)

    def instant(column):
        return pl.col(column).str.to_datetime("%Y-%m-%dT%H:%M:%S%:z", time_zone="UTC")

    def read(path):
        return pl.scan_csv(path, infer_schema=False, truncate_ragged_lines=True)

    key = ["type", "id"]
    t = read(transactions).filter(pl.col("merchantId") != "<END>").select(
        type="transactionType", id="transactionRequestId", t_currency="transactionCurrency",
        t_amount=minor("transactionAmountValue", "transactionCurrency"), t_at=instant("paymentTime"))
    s = read(settlements).filter(pl.col("settlementBatchId") != "<END>").select(
        type="transactionType", id="transactionRequestId", s_currency="transactionCurrency",
        s_amount=minor("transactionAmountValue", "transactionCurrency"),
        s_net=minor("settlementAmountValue", "settlementCurrency"), s_at=instant("paymentTime"),
        settled_at=instant("settlementTime"))
    l = read(ledger).select(
        type="entry_type", id="request_id", l_currency="currency", l_amount=pl.col("amount_minor").cast(pl.Int64),
        status="status", l_at=instant("occurred_at"), entry_id="entry_id")
    c = pl.col
    start, end = (pl.lit(text).str.to_datetime("%Y-%m-%dT%H:%M:%S%:z", time_zone="UTC") for text in (DAY_START, DAY_END))

    def outside(column):
        return (c(column) < start) | (c(column) >= end)

    no_entry, no_line, not_settled = c("l_amount").is_null(), c("t_amount").is_null(), c("s_amount").is_null()
    kind = (
        pl.when(outside("l_at") | outside("t_at") | outside("s_at") | (c("settled_at") < start)).then(pl.lit("OUTSIDE"))
        .when(no_entry).then(pl.lit("MISSING_IN_LEDGER"))
        .when(no_line & not_settled).then(pl.lit("MISSING_IN_REPORT"))
        .when(no_line).then(pl.lit("SETTLED_NOT_REPORTED"))
        .when((c("l_currency") != c("t_currency")) | (c("s_currency") != c("t_currency"))).then(pl.lit("CURRENCY_MISMATCH"))
        .when((c("l_amount") != c("t_amount")) | (c("s_amount") != c("t_amount")) | (c("s_net") != c("s_amount")))
        .then(pl.lit("AMOUNT_MISMATCH"))
        .when(c("status") != "SUCCESS").then(pl.lit("STATUS_MISMATCH")))
    movements = l.join(t, on=key, how="full", coalesce=True).join(s, on=key, how="full", coalesce=True).select(
        kind=kind, type="type", request_id="id", currency=pl.coalesce("t_currency", "s_currency", "l_currency"),
        ledger_amount="l_amount", report_amount=pl.coalesce("t_amount", "s_amount"), entry_id="entry_id")
    found = movements.filter(c("kind").is_not_null()).sort("kind", "request_id")
    matched = movements.filter(c("kind").is_null()).group_by("currency").agg(pl.len(), c("ledger_amount").sum())
    # Both from one pass over the join.
    found, matched = pl.collect_all([found, matched], engine="streaming")
    found.write_csv(out)
    return started, {currency: [count, total] for currency, count, total in matched.sort("currency").iter_rows()}


if __name__ == "__main__":
    engine, folder, out, threads = sys.argv[1:]
    started, matched = {"duckdb": duckdb, "polars": polars}[engine](folder, out, int(threads))
    print(json.dumps({"seconds": time.monotonic() - started, "matched": matched}))
