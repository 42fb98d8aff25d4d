//! The story of an id, in the order of time.

use serde_json::Value;

use super::Place;

impl Place {
    /// A scenario after runs of these days of March 2026.
    fn after(scenario: &str, days: std::ops::RangeInclusive<u32>) -> Self {
        let place = Self::of_scenario(scenario);
        for day in days {
            let ended = place.run(&format!("run --date 2026-03-{day:02} --allow-missing"));
            assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        }
        place
    }

    fn told(&self, args: &str) -> String {
        let ended = self.run(&format!("explain {args}"));
        assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""), "{args}");
        ended.stdout
    }

    fn object(&self, args: &str) -> Value {
        serde_json::from_str(&self.told(&format!("{args} --format json"))).unwrap()
    }
}

/// Where each part begins; they come one after the other.
fn in_order(text: &str, parts: &[&str]) {
    let mut from = 0;
    for part in parts {
        let at = text[from..].find(part).unwrap_or_else(|| panic!("`{part}` comes next in\n{text}"));
        from += at + part.len();
    }
}

/// The things that happened, without what names the id that was asked for.
fn moments(text: &str) -> Vec<&str> {
    text.lines().filter(|line| !line.starts_with("searched")).collect()
}

const ITEMS: &str = "settlementItems_USD_202603032188120000000001_000.csv";

#[test]
fn a_payment_is_told_from_its_entry_to_its_dispute() {
    let place = Place::after("the_life_of_a_payment", 2..=6);
    let text = place.told("pay-10");
    let settled = format!("line      2026-03-03  {ITEMS} line 2: ");
    in_order(
        &text,
        &[
            "entry     e-10  PAYMENT SUCCESS 100.00 USD  request `pay-10`",
            "2026-03-02T10:00:01+08:00  ledger line 2\n",
            "entry     e-13  SETTLEMENT SUCCESS 90.00 USD",
            "line      2026-03-02  transactionItems_20260302_000.csv line 2: 2188120000000101,Alipay_SG,seller-1,",
            "match     `transactionItems_20260302_000.csv` line 2 and entry `e-10`: type and request id agree\n",
            &settled,
            "entry     e-16  REFUND SUCCESS -20.00 USD",
            "line      2026-03-04  transactionItems_20260304_000.csv line 2: ",
            "line      2026-03-06  transactionItems_20260306_000.csv line 2: ",
            "run       2026-03-02 (revision 1)  in transit: PAYMENT 100.00 USD, waits for settlement until 2026-03-11\n",
            "run       2026-03-03 (revision 1)  cleared T-",
            "state     2026-03-06  `transactionItems_20260302_000.csv` line 2: matched\n",
            "searched  7 of 7 archived reports, ",
        ],
    );
    for part in [
        &*format!(
            "match     `{ITEMS}` line 2 and entry `e-13`: payment and party of the share agree; period_crossing\n"
        ),
        "line 2 and entry `e-17`: type and request id agree; it is one of the refund's sources, which are summed\n",
        "match     `transactionItems_20260306_000.csv` line 2 and entry `e-18`: type and Antom id agree\n",
        "state     2026-03-06  `transactionItems_20260306_000.csv` line 2: in transit, waits for the settlement until 2026-03-17\n",
        "state     2026-03-06  entry `e-13`: matched\n",
    ] {
        assert!(text.contains(part), "`{part}` in\n{text}");
    }
    // Every other id of the movement leads to the same story.
    for id in ["20260302194010800100188000000010", "order-10", "refund-10"] {
        assert_eq!(moments(&place.told(id)), moments(&text), "{id}");
    }
}

#[test]
fn a_capture_is_told_with_its_authorisation() {
    let place = Place::after("the_life_of_a_payment", 2..=3);
    let text = place.told("capture-11");
    for part in [
        "match     `transactionItems_20260302_000.csv` line 3 and entry `e-11`: type and request id agree\n",
        "match     `transactionItems_20260302_000.csv` line 4 and entry `e-12`: type and request id agree\n",
        &format!(
            "match     `{ITEMS}` line 4 and entry `e-15`: payment and party of the share agree; period_crossing\n"
        ),
    ] {
        assert!(text.contains(part), "`{part}` in\n{text}");
    }
}

#[test]
fn what_is_wrong_is_told_as_the_matcher_says_it() {
    let place = Place::after("duplicates", 2..=3);
    let text = place.told("pay-1");
    assert!(text.contains("line 4: DUPLICATE_IN_REPORT at stage `transactions`\n"), "{text}");
    let id = text.split_whitespace().find(|word| word.starts_with("D-")).unwrap();
    assert_eq!(moments(&place.told(id)), moments(&text), "by the discrepancy's id");
    // What the ledger does not book is excluded by a rule, which is named.
    let place = Place::after("a_batch_tied_out", 2..=3);
    let path = format!("remote/v1/settlements/2188120000000001/20260303/{ITEMS}");
    let lines = std::fs::read_to_string(place.path(&path)).unwrap();
    let reserve = lines.lines().find(|line| line.contains(",RESERVE,")).unwrap().split(',').nth(3).unwrap().to_owned();
    let text = place.told(&reserve);
    assert!(text.contains(": excluded by the rule `proved_by_totals`\n"), "{text}");
}

#[test]
fn a_rejected_line_stands_for_its_entry() {
    let place = Place::after("rejected_lines", 2..=2);
    let no_amount = "column `transactionAmountValue`: `10,00`: not an amount: expected an optional sign, digits and at most one decimal \
                     point";
    let file = "`transactionItems_20260302_000.csv` line 4";
    let text = place.told("bad-1");
    for part in [
        format!("state     2026-03-02  {file}: rejected, {no_amount}\n"),
        format!("state     2026-03-02  entry `e-b1`: its line was rejected: {file}, {no_amount}\n"),
        format!(" REJECTED_LINE (high): {file}, {no_amount}\n"),
    ] {
        assert!(text.contains(&part), "`{part}` in\n{text}");
    }
    assert!(!text.contains("MISSING_IN_"), "{text}");
    // So does a rejected row of the ledger for its line.
    let report = std::fs::read_to_string(place.report()).unwrap();
    let line = "2188120000000101,Alipay_SG,seller-1,antom-3,,pay-3,,,GCASH,GCash,PAYMENT,2026-03-02T10:00:00+08:00,CASHIER_PAYMENT,12.34,USD";
    std::fs::write(place.report(), report.replace("<END>", &format!("{line}\n<END>"))).unwrap();
    assert_eq!(place.run_day().code, Some(0));
    let text = place.told("pay-3");
    assert!(text.contains(": its entry was rejected: the ledger line 7, column `amount_minor`: "), "{text}");
    assert!(!text.contains("MISSING_IN_"), "{text}");
    // A settlement line that cannot be read says nothing of the payment.
    let text = place.told("pay-2");
    assert!(
        text.contains("`settlementItems_USD_B1_000.csv` line 3: rejected, column `settlementAmountValue`: "),
        "{text}"
    );
}

#[test]
fn a_line_of_a_workbook_that_lost_digits_is_rejected_there_too() {
    let place = Place::after("workbooks", 2..=4);
    let out = std::fs::read_to_string(place.path("out/2188120000000001/2026-03-04/rejected_lines.csv")).unwrap();
    let row =
        csv::Reader::from_reader(out.as_bytes()).deserialize::<std::collections::BTreeMap<String, String>>().next();
    let row = row.unwrap().unwrap();
    let text = place.told(&row["request_id"]);
    let said =
        format!("`{}` line {}: rejected, column `{}`: {}\n", row["file"], row["line"], row["column"], row["reason"]);
    assert!(text.contains(&said), "`{said}` in\n{text}");
}

#[test]
fn a_batch_is_told_in_sums() {
    let place = Place::after("a_batch_tied_out", 2..=3);
    let text = place.told("202603032188120000000001 --limit 3");
    in_order(
        &text,
        &[
            "batch     party ``  4 lines  gross 41.00  fees -2.04  other 0.00  net 38.96 USD\n",
            "batch     party `seller-1`  3 lines  gross 124.00  fees -2.48  other 0.00  net 121.52 USD\n",
            "batch     party `seller-2`  2 lines  gross 225.00  fees -1.92  other -11.25  net 211.83 USD\n",
            "output    2026-03-03  settlement_batches.csv: merchant_id 2188120000000001  currency USD  lines 4",
            "summary 38.96  difference 0.00",
            "payout -38.96\n",
            "line      2026-03-03  ",
            "lines     9 more; see `--limit`\n",
        ],
    );
    assert_eq!(text.matches("\nline      ").count(), 3, "{text}");
    let object = place.object("202603032188120000000001 --limit 100");
    assert_eq!(object["batch"]["sums"][1]["net"], "121.52");
    assert_eq!(object["batch"]["settlement_batches"]["rows"][0]["payout"], "-38.96");
    let summaries = |moment: &&Value| moment["line"]["report"] == "settlement_summary";
    assert_eq!(object["story"].as_array().unwrap().iter().filter(summaries).count(), 3);
}

#[test]
fn what_is_said_about_a_batch_leads_to_the_batch() {
    let place = Place::after("two_batches_in_one_file", 3..=3);
    let path = "out/2188120000000001/2026-03-03/discrepancies.csv";
    let rows = std::fs::read_to_string(place.path(path)).unwrap();
    let row = rows.lines().find(|row| row.contains(",BATCH_TOTAL,")).unwrap();
    let text = place.told(row.split(',').next().unwrap());
    assert!(text.starts_with("batch     party `") && text.contains(" BATCH_TOTAL ("), "{text}");
    assert!(!text.contains("\nstate "), "a batch's lines are not judged one by one: {text}");
}

#[test]
fn machines_get_the_same_story_as_one_object() {
    let place = Place::after("the_life_of_a_payment", 2..=6);
    let (object, text) = (place.object("pay-10"), place.told("pay-10"));
    let story = object["story"].as_array().unwrap();
    assert_eq!(story.len(), moments(&text).len());
    for (moment, line) in story.iter().zip(moments(&text)) {
        assert!(line.starts_with(moment["what"].as_str().unwrap()), "{moment} {line}");
    }
    let first = &story[0]["entry"];
    assert_eq!(
        (&first["entry_id"], &first["amount"], &first["ledger_line"]),
        (&"e-10".into(), &"100.00".into(), &2.into())
    );
    let line = story.iter().find(|moment| moment["what"] == "line").unwrap();
    assert_eq!(
        (&line["line"]["file"], &line["line"]["line"]),
        (&"transactionItems_20260302_000.csv".into(), &2.into())
    );
    assert!(line["line"]["raw"].as_str().unwrap().starts_with("2188120000000101,Alipay_SG,seller-1,"));
    assert!(object["ids"].as_array().unwrap().contains(&"order-10".into()), "{}", object["ids"]);
    assert_eq!((&object["as_of"], &object["searched"]["reports"]), (&"2026-03-06".into(), &7.into()));
}

#[test]
fn a_line_that_was_restated_is_told_and_takes_no_part() {
    let place = Place::after("a_restated_file", 2..=2);
    let corrected = std::fs::read(
        place.path("corrected/remote/v1/settlements/2188120000000001/20260302/transactionItems_20260302_000.csv"),
    );
    place
        .write("remote/v1/settlements/2188120000000001/20260302/transactionItems_20260302_000.csv", corrected.unwrap());
    assert_eq!(place.run("run --date 2026-03-02 --allow-missing").code, Some(0));
    let text = place.told("pay-1");
    assert_eq!(text.matches(" (restated since)\n").count(), 1, "{text}");
    assert_eq!(text.matches("\nstate ").count(), 2, "the entry and the line in force: {text}");
    in_order(&text, &["run       2026-03-02 (revision 1, superseded)", "run       2026-03-02 (revision 2)"]);
}

#[test]
fn entries_of_a_table_and_of_a_query_are_told() {
    let place = Place::of_scenario("the_life_of_a_payment");
    let expected = Place::after("the_life_of_a_payment", 2..=6).told("pay-10");
    let without_places = |text: &str| {
        let lines = text.lines().filter(|line| !line.starts_with("run ") && !line.starts_with("searched"));
        lines.map(|line| line.split("  ledger line").next().unwrap().to_owned()).collect::<Vec<String>>()
    };
    place.configure("kind = \"csv\"\npath = \"ledger.csv\"", "kind = \"table\"");
    let imported = place.run("ledger import ledger.csv");
    assert_eq!(imported.code, Some(0), "{}", imported.stderr);
    for day in 2..=6 {
        assert_eq!(place.run(&format!("run --date 2026-03-{day:02} --allow-missing")).code, Some(0));
    }
    assert_eq!(without_places(&place.told("pay-10")), without_places(&expected));
    let config = std::fs::read_to_string(place.path("antom-recon.toml")).unwrap();
    let database = config
        .lines()
        .find(|line| line.contains("sqlite://"))
        .map_or("sqlite://antom-recon.db", |line| line.split('"').nth(1).unwrap());
    let sql = "SELECT * FROM ledger_entries WHERE occurred_at_ms >= 1000 * unixepoch($1) AND occurred_at_ms < 1000 * unixepoch($2)";
    place.configure("kind = \"table\"", &format!("kind = \"query\"\nurl = \"{database}\"\nsql = \"{sql}\""));
    assert_eq!(without_places(&place.told("pay-10")), without_places(&expected));
}

#[test]
fn entries_that_are_too_many_are_counted() {
    let place = Place::after("a_quiet_day", 2..=2);
    let ledger = std::fs::read_to_string(place.path("ledger.csv")).unwrap();
    let columns: Vec<&str> = ledger.lines().next().unwrap().split(',').collect();
    let row = |at: usize| {
        let cells = columns.iter().zip(ledger.lines().nth(1).unwrap().split(','));
        let cells = cells.map(|(&column, cell)| match column {
            "entry_id" => format!("many-{at}"),
            "request_id" => format!("many-pay-{at}"),
            "antom_id" => String::new(),
            "order_id" => "order-of-many".to_owned(),
            _ => cell.to_owned(),
        });
        cells.collect::<Vec<String>>().join(",")
    };
    let rows: Vec<String> = (0..1_007).map(row).collect();
    place.write("ledger.csv", format!("{}\n{}\n", ledger.trim_end(), rows.join("\n")));
    let text = place.told("order-of-many");
    assert_eq!(text.matches("entry     many-").count(), 1_000);
    assert!(text.contains("\nentries   7 more in the ledger, which are not told\n"), "{text}");
    assert_eq!(place.object("order-of-many")["entries_not_told"], 7);
    assert!(!place.told("pay-1").contains("\nentries "));
    // What runs said of so many items is told, and not followed to the ids of each.
    assert!([0, 1].contains(&place.run("run --date 2026-03-02").code.unwrap()));
    let story = place.object("order-of-many");
    assert_eq!(story["ids"], serde_json::json!(["order-of-many"]));
    assert_eq!(place.told("order-of-many").matches("\nrun       2026-03-02 (revision 2)").count(), 1_007);
}

#[test]
fn a_file_that_was_delivered_under_two_dates_is_told_twice() {
    let place = Place::after("a_quiet_day", 2..=2);
    let text = std::fs::read(place.report()).unwrap();
    place.write("remote/v1/settlements/2188120000000001/20260303/transactionItems_20260303_000.csv", text);
    assert_eq!(place.run("run --date 2026-03-03 --allow-missing").code, Some(0));
    let told = place.told("pay-1");
    for date in ["2026-03-02", "2026-03-03"] {
        assert!(told.contains(&format!("\nline      {date}  transactionItems_")), "{date}: {told}");
    }
}

#[test]
fn reports_near_the_known_dates_are_searched_first() {
    let place = Place::after("a_quiet_day", 2..=2);
    for date in ["2026-05-04", "2026-05-05"] {
        let other = place.report().with_file_name(format!("transactionItems_{}_000.csv", date.replace('-', "")));
        let folder = place.path(&format!("remote/v1/settlements/2188120000000001/{}", date.replace('-', "")));
        std::fs::create_dir_all(&folder).unwrap();
        let text = std::fs::read_to_string(place.report()).unwrap();
        let of_day = text.replace("pay-", "later-").replace("2026-03-02", date);
        std::fs::write(folder.join(other.file_name().unwrap()), of_day).unwrap();
        assert_eq!(place.run(&format!("run --date {date} --allow-missing")).code, Some(0));
    }
    let entry = std::fs::read_to_string(place.path("ledger.csv"))
        .unwrap()
        .lines()
        .nth(1)
        .unwrap()
        .split(',')
        .next()
        .unwrap()
        .to_owned();
    let near = place.told(&entry);
    assert!(near.contains("\nline      2026-03-02  ") && near.contains("; `--all` searches every one\n"), "{near}");
    let all = place.told(&format!("{entry} --all"));
    assert!(all.contains("searched  5 of 5 archived reports"), "{all}");
    // An id that only reports have is looked for in all of them.
    let later = place.told("later-1");
    assert!(later.contains("searched  5 of 5 archived reports"), "{later}");
}

#[test]
fn lines_of_a_workbook_are_found() {
    let place = Place::after("workbooks", 2..=3);
    let listed = place.object("pay-1 --all");
    let files: Vec<&str> =
        listed["story"].as_array().unwrap().iter().filter_map(|moment| moment["line"]["file"].as_str()).collect();
    assert!(files.iter().any(|file| file.ends_with(".xlsx")), "{files:?}");
}

#[test]
fn an_id_that_nobody_knows_is_told_with_what_was_searched() {
    let place = Place::after("the_life_of_a_payment", 2..=3);
    let text = place.told("nobody-knows-this");
    let expected = "nothing is known about `nobody-knows-this`\nsearched  3 of 3 archived reports, 0 MiB, of 2026-03-02 to 2026-03-03\n";
    assert_eq!(text, expected);
    assert_eq!(place.object("nobody-knows-this")["story"], Value::Array(Vec::new()));
    // A part of an id is none.
    assert!(place.told("pay-1").starts_with("nothing is known about `pay-1`"));
    let empty = place.run("explain --limit 3 -- ");
    assert_eq!(empty.code, Some(2), "{}", empty.stderr);
}

/// The quiet day without orders, by which everything would be found at once, and with a ledger of these rows.
fn without_orders(rows: &str) -> Place {
    let place = Place::quiet_day();
    for report in std::fs::read_dir(place.report().parent().unwrap()).unwrap() {
        let path = report.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::write(path, ["order-1", "order-2", "order-3"].iter().fold(text, |text, id| text.replace(id, "")))
            .unwrap();
    }
    let ledger = std::fs::read_to_string(place.path("ledger.csv")).unwrap();
    place.write("ledger.csv", format!("{}\n{}\n", ledger.lines().next().unwrap(), rows));
    assert_eq!(place.run_day().code, Some(0));
    place
}

#[test]
fn every_id_leads_to_the_whole_movement() {
    // The shares name the payment, the one by its request id, the other by Antom's.
    let place = without_orders(
        "e-2,PAYMENT,pay-2,,,,,seller-2,2550,USD,SUCCESS,2026-03-02T10:00:01+08:00,,,\n\
         e-7,SETTLEMENT,settle-2,,pay-2,,,seller-2,2000,USD,SUCCESS,2026-03-02T12:00:00+08:00,SELLER,,\n\
         e-8,SETTLEMENT,settle-2,,,20260302194010800100188000000002,,,550,USD,SUCCESS,2026-03-02T12:00:00+08:00,MARKETPLACE,,",
    );
    let text = place.told("settle-2");
    assert!(text.contains("  entry `e-2`: matched\n") && !text.contains("MISSING_IN_LEDGER"), "{text}");
    assert_eq!(moments(&text), moments(&place.told("pay-2")));
    // From the reversal to the refund, and from there to the payment, of which one side of each knows the request id alone.
    let place = without_orders(
        "e-1,PAYMENT,pay-1,,,,,seller-1,10000,USD,SUCCESS,2026-03-02T10:00:01+08:00,,,\n\
         e-4,REFUND,refund-1,,pay-1,,,seller-1,-1000,USD,SUCCESS,2026-03-02T18:00:02+08:00,,SELLER,\n\
         e-9,REFUND_REVERSAL,back-1,,refund-1,,,seller-1,1000,USD,SUCCESS,2026-03-02T19:00:00+08:00,,SELLER,",
    );
    let text = place.told("back-1");
    assert!(text.contains("  entry `e-1`: matched\n"), "{text}");
    assert_eq!(moments(&text), moments(&place.told("pay-1")));
}

#[test]
fn what_no_run_has_seen_yet_was_not_closed_by_one() {
    let place = Place::quiet_day();
    let ledger = std::fs::read_to_string(place.path("ledger.csv")).unwrap();
    let row = |id: &str, at: &str| format!("e-{id},PAYMENT,{id},,,,,seller-1,1000,USD,SUCCESS,{at}+08:00,,,\n");
    let rows = [row("late-1", "2026-03-05T10:00:00"), row("late-2", "2026-03-03T00:00:30")].concat();
    place.write("ledger.csv", format!("{ledger}{rows}"));
    assert_eq!(place.run_day().code, Some(0));
    for id in ["late-1", "late-2"] {
        let text = place.told(id);
        assert!(text.contains(&format!("entry `e-{id}`: of a day that no run answers for\n")), "{text}");
    }
    assert!(place.told("pay-1").contains("entry `e-1`: matched\n"));
    // The run of the day says more.
    assert_eq!(place.run("run --date 2026-03-03 --allow-missing").code, Some(0));
    assert!(place.told("late-2").contains("entry `e-late-2`: in transit, waits for the missing report until "));
    assert!(place.told("late-1").contains("of a day that no run answers for\n"));
}
