//! Decisions: handed in in the discrepancy file, refused as a whole, applied once, and seen by the runs that follow.

use std::collections::BTreeMap;
use std::fs;

use super::Place;

/// A row of an output, by column.
type Row = BTreeMap<String, String>;

/// The rows of an output of a date, by the id that stands first.
fn rows(place: &Place, date: &str, name: &str) -> BTreeMap<String, Row> {
    let file = place.path(&format!("out/2188120000000001/{date}/{name}"));
    let mut reader = csv::Reader::from_path(file).unwrap();
    let rows: Vec<Row> = reader.deserialize().map(|row| row.unwrap()).collect();
    rows.into_iter().map(|row| (row.get("discrepancy_id").unwrap_or_else(|| &row["item_id"]).clone(), row)).collect()
}

/// The id of the discrepancy of a request.
fn id_of(place: &Place, request: &str) -> String {
    let open = rows(place, "2026-03-02", "discrepancies.csv");
    let of = |row: &&Row| row["request_id"] == request && row["stage"] == "transactions";
    open.values().find(of).unwrap()["discrepancy_id"].clone()
}

/// The discrepancy file of the first day with decisions filled in, as a European spreadsheet saves it.
fn fill(place: &Place, decisions: &[(&str, [&str; 4])]) {
    let file = place.path("out/2188120000000001/2026-03-02/discrepancies.csv");
    let mut reader = csv::Reader::from_path(file).unwrap();
    let header = reader.headers().unwrap().clone();
    let at = |name: &str| header.iter().position(|column| column == name).unwrap();
    let mut filled = csv::WriterBuilder::new().delimiter(b';').from_writer(b"\xef\xbb\xbf".to_vec());
    filled.write_record(header.iter().chain(["approved_by"])).unwrap();
    for row in reader.records() {
        let mut cells: Vec<String> = row.unwrap().iter().map(str::to_owned).collect();
        for amount in ["ledger_amount", "report_amount", "delta"].map(at) {
            cells[amount] = cells[amount].replace('.', ",");
        }
        let is_it = |cells: &[String], request: &str| {
            cells[at("request_id")] == request && cells[at("stage")] == "transactions"
        };
        let decided = decisions.iter().find(|(request, _)| is_it(&cells, request));
        let [decision, by, reason, approved] = decided.map_or([""; 4], |(_, cells)| *cells);
        for (column, text) in [("decision", decision), ("decided_by", by), ("reason", reason)] {
            cells[at(column)] = text.to_owned();
        }
        cells.push(approved.to_owned());
        filled.write_record(&cells).unwrap();
    }
    place.write("decided.csv", filled.into_inner().unwrap());
}

/// A day on which Antom reports nothing.
fn put_empty_day(place: &Place, date: &str) {
    let report = fs::read_to_string(place.report()).unwrap();
    let compact = date.replace('-', "");
    let path = format!("remote/v1/settlements/2188120000000001/{compact}/transactionItems_{compact}_000.csv");
    place.write(&path, format!("{}\n<END>\n", report.lines().next().unwrap()));
}

#[track_caller]
fn succeed(place: &Place, args: &str) -> String {
    let ended = place.run(args);
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""), "{args}");
    ended.stdout
}

#[test]
fn decisions_are_applied_as_a_whole_or_not_at_all() {
    let place = Place::of_scenario("every_value_mismatch");
    place.run_day();
    fill(
        &place,
        &[
            ("pay-2", ["accept", "anna", "agreed", ""]),
            ("pay-4", ["Accept", "anna", "", ""]),
            ("pay-5", ["write_off", "anna", "lost", "Anna "]),
        ],
    );
    let ended = place.run("decide decided.csv");
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(2), ""));
    let start = "configuration: `decided.csv`: 2 decisions cannot be applied, nothing was applied:\n  line ";
    assert!(ended.stderr.starts_with(start), "{}", ended.stderr);
    assert!(ended.stderr.contains("`reason` is empty; expected why, which accept demands\n"), "{}", ended.stderr);
    assert!(ended.stderr.contains("must be approved by somebody else; `approved_by` is `Anna`"), "{}", ended.stderr);
    assert!(!succeed(&place, "status").contains("standing decisions"));
    let missing = place.run("decide nowhere.csv");
    assert_eq!(missing.code, Some(2), "{}", missing.stderr);
}

#[test]
fn what_was_decided_is_cleared_once_and_comes_back_when_it_changes_or_is_reopened() {
    let place = Place::of_scenario("every_value_mismatch");
    place.run_day();
    let [two, three, four, five] = ["pay-2", "pay-3", "pay-4", "pay-5"].map(|request| id_of(&place, request));
    fill(
        &place,
        &[
            ("pay-2", ["accept", "anna", "agreed", ""]),
            ("pay-3", ["assign", "anna", "bob", ""]),
            ("pay-4", ["write off", "anna", "too small", ""]),
            ("pay-5", ["ACCEPT", "anna", "known", "carl"]),
        ],
    );
    let told = succeed(&place, "decide decided.csv --dry-run");
    assert!(told.starts_with("4 decisions to apply (nothing was applied)\n"), "{told}");
    let told = succeed(&place, "decide decided.csv");
    assert_eq!(
        told,
        "4 decisions applied\n  accept          2\n  write_off       1\n  assign          1\n  undecided       6\n"
    );
    let again = succeed(&place, "decide decided.csv");
    assert!(again.ends_with(" already; nothing was applied\n"), "{again}");

    put_empty_day(&place, "2026-03-03");
    let told = succeed(&place, "run --date 2026-03-03");
    assert_eq!(told, succeed(&place, "run --date 2026-03-03").replace(" (unchanged)", ""), "a rerun says the same");
    let (open, cleared) = (rows(&place, "2026-03-03", "discrepancies.csv"), rows(&place, "2026-03-03", "cleared.csv"));
    for (id, by) in [
        (&two, "accepted by `anna`: agreed"),
        (&four, "written off by `anna`: too small"),
        (&five, "accepted by `anna`: known"),
    ] {
        assert!(!open.contains_key(id), "{id}");
        assert_eq!(cleared[id]["cleared_by"], by);
    }
    let cells = ["decision", "decided_by", "reason", "first_seen_on"].map(|column| open[&three][column].as_str());
    assert_eq!(cells, ["assign", "anna", "bob", "2026-03-02"]);
    put_empty_day(&place, "2026-03-04");
    succeed(&place, "run --date 2026-03-04");
    let (open, cleared) = (rows(&place, "2026-03-04", "discrepancies.csv"), rows(&place, "2026-03-04", "cleared.csv"));
    assert!([&two, &four, &five].iter().all(|id| !open.contains_key(*id) && !cleared.contains_key(*id)), "once");
    let explained = succeed(&place, &format!("explain {five}"));
    assert!(
        explained.contains(" accept by `anna`, approved by `carl`: known (after the run of 2026-03-02"),
        "{explained}"
    );
    let status = succeed(&place, "status");
    assert!(status.contains("standing decisions\n"), "{status}");

    // One changes, another is reopened.
    let ledger = fs::read_to_string(place.path("ledger.csv")).unwrap();
    place.write("ledger.csv", ledger.replace(",2000,USD", ",1900,USD"));
    place.write("reopen.csv", format!("discrepancy_id,decision,decided_by,reason\n{four},reopen,carl,wrong\n"));
    assert_eq!(succeed(&place, "decide reopen.csv"), "1 decisions applied\n  reopen          1\n");
    put_empty_day(&place, "2026-03-05");
    succeed(&place, "run --date 2026-03-05");
    let open = rows(&place, "2026-03-05", "discrepancies.csv");
    let why = "; the decision accept of `anna` no longer stands: ledger_amount was `20.00`, is `19.00`";
    assert!(open[&two]["explanation"].ends_with(why), "{}", open[&two]["explanation"]);
    assert_eq!(open[&four]["first_seen_on"], "2026-03-02");
    assert!(!open.contains_key(&five));
}

#[test]
fn a_file_about_an_older_state_is_refused() {
    let place = Place::of_scenario("every_value_mismatch");
    place.run_day();
    fill(&place, &[("pay-2", ["accept", "anna", "agreed", ""])]);
    let ledger = fs::read_to_string(place.path("ledger.csv")).unwrap();
    place.write("ledger.csv", ledger.replace(",2000,USD", ",1900,USD"));
    place.run_day();
    let ended = place.run("decide decided.csv");
    assert_eq!(ended.code, Some(2));
    assert!(ended.stderr.contains(" changed since: ledger_amount was `20,00`, is `19.00`"), "{}", ended.stderr);
}

#[test]
fn a_rerun_of_the_same_date_shows_what_was_decided_and_the_next_date_does_not_tell_it_again() {
    let place = Place::of_scenario("every_value_mismatch");
    place.run_day();
    let two = id_of(&place, "pay-2");
    place.write("a.csv", format!("discrepancy_id,decision,decided_by,reason\n{two},accept,anna,agreed\n"));
    succeed(&place, "decide a.csv");
    let revision = |on: &str| {
        let status = succeed(&place, "status");
        let line = status.lines().find(|line| line.contains(on)).unwrap().to_owned();
        line.split("revision ").nth(1).unwrap()[..1].to_owned()
    };
    for expected in ["2", "2"] {
        succeed(&place, "run --date 2026-03-02");
        assert_eq!(revision("2026-03-02"), expected);
    }
    assert!(!rows(&place, "2026-03-02", "discrepancies.csv").contains_key(&two));
    assert_eq!(rows(&place, "2026-03-02", "cleared.csv")[&two]["cleared_by"], "accepted by `anna`: agreed");
    put_empty_day(&place, "2026-03-03");
    succeed(&place, "run --date 2026-03-03");
    assert!(!rows(&place, "2026-03-03", "cleared.csv").contains_key(&two));
    // Decided when the third was the newest: the second is what it was.
    let four = id_of(&place, "pay-4");
    place.write("b.csv", format!("discrepancy_id,decision,decided_by,reason\n{four},accept,anna,agreed\n"));
    succeed(&place, "decide b.csv");
    succeed(&place, "run --from 2026-03-02 --to 2026-03-03");
    assert_eq!([revision("2026-03-02"), revision("2026-03-03")], ["2", "2"]);
}

#[test]
fn a_row_of_an_earlier_proof_comes_back_when_it_is_reopened() {
    let place = Place::of_scenario("proof_rows_stay_open");
    let dates: Vec<String> = fs::read_dir(place.path("remote/v1/settlements/2188120000000001"))
        .unwrap()
        .map(|date| date.unwrap().file_name().into_string().unwrap())
        .collect();
    let first = dates.iter().min().unwrap();
    let date = |day: u32| format!("{}-{}-{:02}", &first[..4], &first[4..6], first[6..].parse::<u32>().unwrap() + day);
    // Only the first day as it is; then nothing but empty days.
    for later in dates.iter().filter(|date| *date != first) {
        fs::remove_dir_all(place.path(&format!("remote/v1/settlements/2188120000000001/{later}"))).unwrap();
    }
    let header = fs::read_to_string(Place::quiet_day().report()).unwrap().lines().next().unwrap().to_owned();
    let run = |day: u32| {
        let compact = date(day).replace('-', "");
        let path = format!("remote/v1/settlements/2188120000000001/{compact}/transactionItems_{compact}_000.csv");
        place.write(&path, format!("{header}\n<END>\n"));
        succeed(&place, &format!("run --date {}", date(day)));
    };
    succeed(&place, &format!("run --date {}", date(0)));
    let open = rows(&place, &date(0), "discrepancies.csv");
    let (id, row) = open.iter().find(|(_, row)| row["stage"] == "proof").unwrap();
    let hand_in = |name: &str, decision: &str| {
        let head = "discrepancy_id,decision,decided_by,reason,approved_by";
        place.write(name, format!("{head}\n{id},{decision},anna,so,bob\n"));
        succeed(&place, &format!("decide {name}"));
    };
    hand_in("accept.csv", "accept");
    run(1);
    assert!(!rows(&place, &date(1), "discrepancies.csv").contains_key(id));
    assert!(rows(&place, &date(1), "cleared.csv").contains_key(id));
    hand_in("reopen.csv", "reopen");
    for day in [2, 3] {
        run(day);
        let again = &rows(&place, &date(day), "discrepancies.csv")[id];
        assert_eq!((&again["explanation"], &again["first_seen_on"]), (&row["explanation"], &date(0)));
    }
}

/// An adjustment that nobody booked: it is found on its own day, and after that it only stays open.
#[test]
fn what_was_settled_for_days_comes_back_when_it_is_reopened() {
    let place = Place::of_scenario("adjustments_that_must_be_booked");
    let header = fs::read_to_string(Place::quiet_day().report()).unwrap().lines().next().unwrap().to_owned();
    succeed(&place, "run --date 2026-03-03");
    let open = rows(&place, "2026-03-03", "discrepancies.csv");
    let (id, row) = open.iter().find(|(_, row)| row["kind"] == "UNEXPLAINED_ADJUSTMENT").unwrap();
    let decide = |decision: &str| {
        let name = format!("{decision}.csv");
        place.write(&name, format!("discrepancy_id,decision,decided_by,reason\n{id},{decision},anna,so\n"));
        succeed(&place, &format!("decide {name}"));
    };
    let run = |date: &str, flags: &str| {
        let compact = date.replace('-', "");
        let path = format!("remote/v1/settlements/2188120000000001/{compact}/transactionItems_{compact}_000.csv");
        place.write(&path, format!("{header}\n<END>\n"));
        succeed(&place, &format!("run --date {date}{flags}"));
        rows(&place, date, "discrepancies.csv")
    };
    decide("accept");
    for date in ["2026-03-04", "2026-03-05", "2026-03-06"] {
        assert!(!run(date, "").contains_key(id), "{date}");
    }
    decide("reopen");
    for date in ["2026-03-07", "2026-03-08"] {
        let remembered = run(date, "");
        assert_eq!(remembered[id]["first_seen_on"], row["first_seen_on"], "{date}");
        assert_eq!(remembered, run(date, " --without-memory"), "{date}");
    }
}

#[test]
fn a_decision_that_lapsed_and_fits_again_settles_again() {
    let place = Place::of_scenario("every_value_mismatch");
    place.run_day();
    let two = id_of(&place, "pay-2");
    place.write("a.csv", format!("discrepancy_id,decision,decided_by,reason\n{two},accept,anna,agreed\n"));
    succeed(&place, "decide a.csv");
    let ledger = fs::read_to_string(place.path("ledger.csv")).unwrap();
    let run = |date: &str, ledger: &str| {
        place.write("ledger.csv", ledger);
        put_empty_day(&place, date);
        succeed(&place, &format!("run --date {date}"));
        let is_in = |name| rows(&place, date, name).contains_key(&two);
        (is_in("discrepancies.csv"), is_in("cleared.csv"))
    };
    assert_eq!(run("2026-03-03", &ledger), (false, true));
    assert_eq!(run("2026-03-04", &ledger.replace(",2000,USD", ",1900,USD")), (true, false), "another break");
    assert_eq!(run("2026-03-05", &ledger), (false, true), "the one that was accepted");
    assert_eq!(run("2026-03-06", &ledger), (false, false), "told once");
}

#[test]
fn ten_thousand_decisions_are_taken_in_one_go() {
    let place = Place::quiet_day();
    let mut ledger = fs::read_to_string(place.path("ledger.csv")).unwrap();
    for at in 0..10_000 {
        ledger
            .push_str(&format!("x-{at},PAYMENT,miss-{at},,,,,seller-1,100,USD,SUCCESS,2026-03-02T10:00:01+08:00,,,\n"));
    }
    place.write("ledger.csv", ledger);
    assert_eq!(place.run_day().code, Some(0));
    let rows = fs::read_to_string(place.path("out/2188120000000001/2026-03-02/discrepancies.csv")).unwrap();
    let rows = rows.replace(",,,\r\n", ",accept,anna,known\r\n");
    place.write("decided.csv", &rows);
    let applied = place.run("decide decided.csv");
    assert!(applied.stdout.starts_with("10000 decisions applied\n"), "{} {}", applied.stdout, applied.stderr);
    // A row that swallows the next one is not taken for one that nobody decided.
    place.write("swallowed.csv", rows.replacen("\r\nD-", "\r\n\"D-", 1));
    let refused = place.run("decide swallowed.csv");
    assert_eq!(refused.code, Some(2), "{}", refused.stdout);
    assert!(refused.stderr.contains("line 2: a quote that opens a cell does not close it"), "{}", refused.stderr);
}
