//! What proofs found, and what closes it on later days: one seller or two, reports of a few lines.

use super::Place;

const MERCHANT: &str = "2188120000000001";
const DETAILS: &str = "settlementBatchId,merchantId,referenceMerchantId,transactionId,originalTransactionId,\
                       transactionRequestId,referenceTransactionId,paymentMethodType,pspName,transactionType,paymentTime,\
                       settlementTime,productCode,transactionAmountValue,transactionCurrency,settlementAmountValue,\
                       settlementCurrency,quoteCurrencyPair,quotePrice";
const TRANSACTIONS: &str = "merchantId,acquirer,referenceMerchantId,transactionId,originalTransactionId,transactionRequestId,\
                            referenceTransactionId,orderDescription,paymentMethodType,pspName,transactionType,paymentTime,\
                            productCode,transactionAmountValue,transactionCurrency";
const SUMMARY: &str =
    "settlementBatchId,merchantId,referenceMerchantId,settlementTime,settlementAmountValue,settlementCurrency";
const ACTIVITY: &str = "merchantId,referenceMerchantId,accountNo,accountCurrency,accountLogId,transDirection,amount";

/// A marketplace without a ledger, whose reports are written as they are needed.
fn place(more: &str) -> Place {
    let place = Place::quiet_day();
    std::fs::remove_dir_all(place.path("remote")).unwrap();
    std::fs::create_dir_all(place.path(&format!("remote/v1/settlements/{MERCHANT}"))).unwrap();
    let ledger = std::fs::read_to_string(place.path("ledger.csv")).unwrap();
    place.write("ledger.csv", format!("{}\n", ledger.lines().next().unwrap()));
    place.configure_more(&format!("[matching]\nsplits = false\n[expect]\ntransaction_details = \"optional\"\n{more}"));
    place
}

fn put(place: &Place, date: &str, name: &str, header: &str, rows: &[String]) {
    let rows: String = rows.iter().map(|row| format!("{row}\n")).collect();
    let path = format!("remote/v1/settlements/{MERCHANT}/{}/{name}", date.replace('-', ""));
    place.write(&path, format!("{header}\n{rows}<END>\n"));
}

/// Settlement details: batch, seller, type, amount, currency.
fn details(place: &Place, date: &str, batch: &str, lines: &[(&str, &str, &str, &str)]) {
    let row = |(at, (seller, word, amount, currency)): (usize, &(&str, &str, &str, &str))| {
        let id = format!("{batch}-{at}");
        let original = if *word == "REFUND" { format!("a-{batch}-0") } else { String::new() };
        format!(
            "{batch},M-{seller},{seller},a-{id},{original},{id},o-{id},GCASH,GCash,{word},{date}T10:00:00+08:00,\
             {date}T23:00:00+08:00,CASHIER_PAYMENT,{amount},{currency},{amount},{currency},,"
        )
    };
    let rows: Vec<String> = lines.iter().enumerate().map(row).collect();
    put(place, date, &format!("settlementItems_USD_{batch}_000.csv"), DETAILS, &rows);
}

/// The movements of these settlement details in transaction details and in the ledger: seller, type, amount in USD.
fn reported_and_booked(place: &Place, date: &str, batch: &str, lines: &[(&str, &str, &str)]) {
    let (mut reported, mut booked) = (Vec::new(), std::fs::read_to_string(place.path("ledger.csv")).unwrap());
    for (at, (seller, word, amount)) in lines.iter().enumerate() {
        let id = format!("{batch}-{at}");
        let original = if *word == "REFUND" { format!("a-{batch}-0") } else { String::new() };
        reported.push(format!(
            "M-{seller},A,{seller},a-{id},{original},{id},o-{id},,GCASH,GCash,{word},{date}T10:00:00+08:00,\
             CASHIER_PAYMENT,{amount},USD"
        ));
        let minor = amount.replace('.', "");
        booked.push_str(&format!(
            "e-{id},{word},{id},a-{id},,{original},o-{id},{seller},{minor},USD,SUCCESS,{date}T10:00:00+08:00,,,\n"
        ));
    }
    place.write("ledger.csv", booked);
    put(place, date, &format!("transactionItems_{}_000.csv", date.replace('-', "")), TRANSACTIONS, &reported);
}

/// A settlement summary: seller, amount, currency.
fn summary(place: &Place, date: &str, batch: &str, rows: &[(&str, &str, &str)]) {
    let row = |(seller, amount, currency): &(&str, &str, &str)| {
        format!("{batch},M-{seller},{seller},{date}T23:00:00+08:00,{amount},{currency}")
    };
    let rows: Vec<String> = rows.iter().map(row).collect();
    put(place, date, &format!("settlementSummary_USD_{batch}_000.csv"), SUMMARY, &rows);
}

/// Account activity: seller, what left the account, currency.
fn activity(place: &Place, date: &str, left: &[(&str, &str, &str)]) {
    let row = |(at, (seller, amount, currency)): (usize, &(&str, &str, &str))| {
        format!("M-{seller},{seller},A-{seller},{currency},{date}-{at},OUT,{amount}")
    };
    let rows: Vec<String> = left.iter().enumerate().map(row).collect();
    put(place, date, &format!("accountActivity_{}_000.csv", date.replace('-', "")), ACTIVITY, &rows);
}

/// The rows of an output, each as the cells of these columns.
fn cells(place: &Place, date: &str, name: &str, columns: &[&str], wanted: impl Fn(&str) -> bool) -> Vec<String> {
    let mut reader = csv::Reader::from_path(place.path(&format!("out/{MERCHANT}/{date}/{name}"))).unwrap();
    let header = reader.headers().unwrap().clone();
    let at = |column: &str| header.iter().position(|known| known == column).unwrap();
    let shown = reader.records().map(|row| {
        let row = row.unwrap();
        columns.iter().map(|column| row[at(column)].to_owned()).collect::<Vec<_>>().join(" ").trim().to_owned()
    });
    let mut shown: Vec<String> = shown.filter(|row| wanted(row)).collect();
    shown.sort();
    shown
}

const ROW: [&str; 6] = ["kind", "antom_id", "sub_merchant_id", "currency", "ledger_amount", "report_amount"];

/// The rows of this kind that are open after a date.
fn open(place: &Place, date: &str, kind: &str) -> Vec<String> {
    cells(place, date, "discrepancies.csv", &ROW, |row| row.starts_with(kind))
}

/// What a date closed: batch, currency, amount, and by what.
fn cleared(place: &Place, date: &str) -> Vec<String> {
    cells(place, date, "cleared.csv", &["antom_id", "currency", "amount", "cleared_by"], |_| true)
}

#[track_caller]
fn run(place: &Place, from: &str, to: &str) {
    let ended = place.run(&format!("run --from {from} --to {to}"));
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
}

const D1: &str = "2026-03-02";
const D2: &str = "2026-03-03";
const D3: &str = "2026-03-04";
const D4: &str = "2026-03-05";

#[test]
fn a_payout_in_one_currency_closes_none_in_another() {
    let place = place("");
    summary(&place, D1, "B1", &[("s1", "10.00", "USD"), ("s1", "1000", "JPY")]);
    activity(&place, D1, &[]);
    activity(&place, D2, &[("s1", "-10.00", "USD")]);
    activity(&place, D3, &[("s1", "-1000", "JPY")]);
    run(&place, D1, D3);
    assert_eq!(open(&place, D1, "PAYOUT"), ["PAYOUT_MISSING B1 s1 JPY -1000", "PAYOUT_MISSING B1 s1 USD -10.00"]);
    assert_eq!(open(&place, D2, "PAYOUT"), ["PAYOUT_MISSING B1 s1 JPY -1000"]);
    assert_eq!(cleared(&place, D2), ["B1 USD -10.00 `accountActivity_20260303_000.csv` line 2"]);
    assert_eq!(open(&place, D3, "PAYOUT"), [""; 0]);
    assert_eq!(cleared(&place, D3), ["B1 JPY -1000 `accountActivity_20260304_000.csv` line 2"]);
}

#[test]
fn a_summary_row_that_cannot_be_read_agrees_with_nothing() {
    let place = place("");
    details(&place, D1, "B0", &[("s1", "PAYMENT", "1.00", "USD")]);
    details(&place, D1, "B1", &[("s1", "PAYMENT", "10.00", "USD"), ("s2", "PAYMENT", "20.00", "USD")]);
    summary(&place, D1, "B0", &[("s1", "1.00", "USD")]);
    summary(&place, D2, "B1", &[("s1", "10.00", "USD"), ("s2", "2O.00", "USD")]);
    summary(&place, D3, "B1", &[("s2", "20.00", "USD")]);
    run(&place, D1, D3);
    let of_batch = |date: &str| open(&place, date, "BATCH_TOTAL");
    assert_eq!(of_batch(D1), ["BATCH_TOTAL B1 s1 USD 10.00", "BATCH_TOTAL B1 s2 USD 20.00"]);
    assert_eq!(of_batch(D2), ["BATCH_TOTAL B1 s2 USD 20.00"]);
    assert_eq!(cleared(&place, D2), ["B1 USD 10.00 details and summary of the batch agree now"]);
    assert_eq!(of_batch(D3), [""; 0]);
    assert_eq!(cleared(&place, D3), ["B1 USD 20.00 details and summary of the batch agree now"]);
}

#[test]
fn a_late_payout_is_no_wrong_amount_of_another_batch() {
    let place = place("");
    summary(&place, D1, "B1", &[("s1", "100.00", "USD")]);
    activity(&place, D1, &[]);
    summary(&place, D2, "B2", &[("s1", "200.00", "USD")]);
    activity(&place, D2, &[("s1", "-100.00", "USD")]);
    activity(&place, D3, &[("s1", "-200.00", "USD")]);
    run(&place, D1, D3);
    assert_eq!(open(&place, D1, "PAYOUT"), ["PAYOUT_MISSING B1 s1 USD -100.00"]);
    assert_eq!(open(&place, D2, "PAYOUT"), ["PAYOUT_MISSING B2 s1 USD -200.00"]);
    assert_eq!(cleared(&place, D2), ["B1 USD -100.00 `accountActivity_20260303_000.csv` line 2"]);
    assert_eq!(open(&place, D3, "PAYOUT"), [""; 0]);
    assert_eq!(cleared(&place, D3), ["B2 USD -200.00 `accountActivity_20260304_000.csv` line 2"]);
}

#[test]
fn a_payout_that_came_very_late_is_no_wrong_amount_of_another_batch_the_day_after() {
    let place = place("[proof]\npayout_due_days = 1");
    let days = ["02", "03", "04", "05", "06", "09", "10"].map(|day| format!("2026-03-{day}"));
    days.iter().for_each(|day| activity(&place, day, &[]));
    summary(&place, &days[0], "B1", &[("s1", "100.00", "USD")]);
    // It comes while the payout of B2 may still come, which is judged on the day after.
    summary(&place, &days[4], "B2", &[("s1", "200.00", "USD")]);
    activity(&place, &days[4], &[("s1", "-100.00", "USD")]);
    activity(&place, &days[6], &[("s1", "-200.00", "USD")]);
    run(&place, &days[0], &days[6]);
    assert_eq!(open(&place, &days[3], "PAYOUT"), ["PAYOUT_MISSING B1 s1 USD -100.00"]);
    assert_eq!(open(&place, &days[4], "PAYOUT"), [""; 0]);
    assert_eq!(open(&place, &days[5], "PAYOUT"), ["PAYOUT_MISSING B2 s1 USD -200.00"]);
    assert_eq!(cleared(&place, &days[6]), ["B2 USD -200.00 `accountActivity_20260310_000.csv` line 2"]);
}

#[test]
fn a_refund_of_the_days_before_is_no_wrong_amount_of_a_payout() {
    // What no run has matched, and what an earlier run has closed, whose lines are no longer read.
    for is_booked in [false, true] {
        let place = place("[proof]\npayout_due_days = 2");
        details(&place, D1, "B1", &[("s1", "PAYMENT", "119.60", "USD"), ("s1", "REFUND", "-19.60", "USD")]);
        summary(&place, D1, "B1", &[("s1", "100.00", "USD")]);
        activity(&place, D1, &[("s1", "-19.60", "USD")]);
        activity(&place, D2, &[]);
        activity(&place, D3, &[]);
        if is_booked {
            reported_and_booked(&place, D1, "B1", &[("s1", "PAYMENT", "119.60"), ("s1", "REFUND", "-19.60")]);
        }
        run(&place, D1, D3);
        assert_eq!(open(&place, D1, "").is_empty(), is_booked);
        assert_eq!(open(&place, D3, "PAYOUT"), ["PAYOUT_MISSING B1 s1 USD -100.00"], "{is_booked}");
    }
}

/// A settled payment on which a fee was taken: id, day of the payment, amount, fee, net.
fn settled(place: &Place, date: &str, (id, on, amount, fee, net): (&str, &str, &str, &str, &str)) {
    let row = format!(
        "{id},M-s1,s1,a-{id},,{id},o-{id},GCASH,GCash,PAYMENT,{on}T10:00:00+08:00,{date}T23:00:00+08:00,CASHIER_PAYMENT,\
         {amount},USD,{net},USD,,,{fee},USD"
    );
    let header = format!("{DETAILS},paymentMethodFeeAmountValue,paymentMethodFeeCurrency");
    put(place, date, &format!("settlementItems_USD_{id}_000.csv"), &header, &[row]);
}

#[test]
fn volumes_reach_as_far_back_as_the_lines_of_the_lookback() {
    let place = place("[fees]\nschedule = \"fees.toml\"");
    place.write(
        "fees.toml",
        "[[rule]]\nkind = \"payment_method\"\nmethod = \"GCASH\"\ncurrency = \"USD\"\n\
         tiers = [{ from = \"0.00\", percent = \"2.0\" }, { from = \"10000.00\", percent = \"1.8\" }]\n",
    );
    settled(&place, "2026-03-03", ("big", "2026-03-02", "10000.00", "-200.00", "9800.00"));
    settled(&place, "2026-04-02", ("late", "2026-03-31", "1.00", "-0.02", "0.98"));
    // April's line comes in May, and is judged by all of March.
    settled(&place, "2026-05-05", ("x", "2026-04-30", "100.00", "-1.80", "98.20"));
    // One that is older than any lookback is judged by nothing, though a little is known of March, and that is said.
    settled(&place, "2026-07-31", ("y", "2026-04-29", "100.00", "-2.00", "98.00"));
    for date in ["2026-03-03", "2026-04-02", "2026-05-05", "2026-07-31"] {
        run(&place, date, date);
        assert_eq!(open(&place, date, "FEE"), [""; 0], "{date}");
    }
    let said = |date: &str| {
        let summary = std::fs::read_to_string(place.path(&format!("out/{MERCHANT}/{date}/summary.json"))).unwrap();
        summary.contains("no volume of 2026-03 is known")
    };
    assert_eq!(["2026-05-05", "2026-07-31"].map(said), [false, true]);
}

/// Decides about every row that was open after a date.
#[track_caller]
fn decide(place: &Place, date: &str, decision: &str) {
    let ids = cells(place, date, "discrepancies.csv", &["discrepancy_id"], |_| true);
    let rows: String = ids.iter().map(|id| format!("{id},{decision},anna,so it is\n")).collect();
    place.write("decided.csv", format!("discrepancy_id,decision,decided_by,reason\n{rows}"));
    let ended = place.run("decide decided.csv");
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
}

/// A batch of which one seller's details are missing and nothing is paid; all of it is accepted.
fn accepted() -> Place {
    let place = place("");
    details(&place, D1, "B1", &[("s1", "PAYMENT", "10.00", "USD")]);
    summary(&place, D1, "B1", &[("s1", "10.00", "USD"), ("s2", "5.00", "USD"), ("s3", "7.00", "USD")]);
    activity(&place, D1, &[]);
    activity(&place, D2, &[]);
    run(&place, D1, D1);
    assert_eq!(open(&place, D1, "").len(), 6, "{:?}", open(&place, D1, ""));
    decide(&place, D1, "accept");
    run(&place, D2, D2);
    assert_eq!(open(&place, D2, ""), [""; 0]);
    place
}

#[test]
fn what_came_while_a_row_was_accepted_closes_it_when_it_is_reopened() {
    let place = accepted();
    details(&place, D3, "B1", &[("s2", "PAYMENT", "5.00", "USD")]);
    activity(&place, D3, &[("s1", "-10.00", "USD"), ("s2", "-5.00", "USD")]);
    details(&place, D3, "B3", &[("s1", "PAYMENT", "10.00", "USD")]);
    summary(&place, D3, "B3", &[("s1", "10.00", "USD")]);
    activity(&place, D4, &[("s1", "-10.00", "USD")]);
    run(&place, D3, D3);
    // The only movement of that amount is B3's own, which was in time.
    assert_eq!(open(&place, D3, "PAYOUT"), [""; 0]);
    decide(&place, D1, "reopen");
    run(&place, D4, D4);
    let proofs = [open(&place, D4, "PAYOUT"), open(&place, D4, "BATCH_TOTAL")].concat();
    let expected = ["PAYOUT_MISSING B1 s3 USD -7.00", "BATCH_TOTAL B1 s3 USD  7.00"];
    assert_eq!(proofs, expected);
    assert_eq!(
        cleared(&place, D4),
        [
            "B1 USD -10.00 `accountActivity_20260305_000.csv` line 2",
            "B1 USD -5.00 `accountActivity_20260304_000.csv` line 3",
            "B1 USD 5.00 details and summary of the batch agree now",
        ]
    );
    let before = cleared(&place, D4);
    run(&place, D4, D4);
    assert_eq!(cleared(&place, D4), before, "a rerun says the same");
}

#[test]
fn what_is_reopened_after_the_lookback_is_said_not_to_have_been_looked_at() {
    let place = accepted();
    decide(&place, D1, "reopen");
    run(&place, "2026-04-20", "2026-04-20");
    assert_eq!(open(&place, "2026-04-20", "PAYOUT").len(), 3);
    let summary = std::fs::read_to_string(place.path(&format!("out/{MERCHANT}/2026-04-20/summary.json"))).unwrap();
    assert_eq!(summary.matches("was reopened: what came for it before 2026-03-16 was not looked at").count(), 5);
}
