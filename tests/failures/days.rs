//! Days that follow one another: catching up, what is missing, what is about to be deleted, what rests on superseded revisions.

use std::fs;

use antom_recon::calendar::{BusinessDate, CutOff};
use antom_recon::clock;
use sqlx::{Connection, PgConnection};

use super::{Place, copy};

/// The current business date of the scenarios' merchant.
fn today() -> BusinessDate {
    CutOff::parse("+08:00").unwrap().date_of(clock::now())
}

/// A case about the days around now. Should midnight pass while it is played, it is played again.
fn around_now(case: impl Fn(BusinessDate)) {
    loop {
        let before = today();
        let played = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| case(before)));
        match played {
            Ok(()) => return,
            Err(_) if today() != before => {}
            Err(problem) => std::panic::resume_unwind(problem),
        }
    }
}

/// A place whose source has no date yet.
fn place() -> Place {
    let place = Place::quiet_day();
    fs::remove_dir_all(place.path("remote/v1/settlements/2188120000000001/20260302")).unwrap();
    place
}

/// Antom delivers the transaction details of dates; nothing happened on them.
fn deliver(place: &Place, dates: &[BusinessDate]) {
    let header = fs::read_to_string(Place::quiet_day().report()).unwrap().lines().next().unwrap().to_owned();
    for date in dates {
        let day = date.compact();
        let name = format!("remote/v1/settlements/2188120000000001/{day}/transactionItems_{day}_000.csv");
        place.write(&name, format!("{header}\n<END>\n"));
    }
}

/// The dates whose pages a run printed, in its order.
fn pages(stdout: &str) -> Vec<String> {
    let is_title = |line: &&str| line.ends_with("  2188120000000001") && !line.starts_with(' ');
    stdout.lines().filter(is_title).map(|line| line[..10].to_owned()).collect()
}

#[test]
fn without_dates_a_run_catches_up() {
    around_now(|today| {
        let place = place();
        let days: Vec<BusinessDate> = (1..=4).rev().map(|back| today.minus_days(back)).collect();
        deliver(&place, &days);
        let date = |at: usize| days[at].to_string();
        // The first time yesterday alone.
        let first = place.run("run");
        assert_eq!((first.code, pages(&first.stdout)), (Some(0), vec![date(3)]), "{}", first.stderr);
        let nothing = place.run("run");
        let expected =
            format!("nothing to run: {} is complete, and {today} has not ended; `--date` runs a date anew\n", days[3]);
        assert_eq!((nothing.code, nothing.stdout), (Some(0), expected));

        // From the day after the last completed one.
        let place = self::place();
        deliver(&place, &days);
        assert_eq!(place.run(&format!("run --date {}", days[0])).code, Some(0));
        let caught_up = place.run("run");
        let expected = vec![date(1), date(2), date(3)];
        assert_eq!((caught_up.code, pages(&caught_up.stdout)), (Some(0), expected), "{}", caught_up.stderr);

        // Somebody mistyped a year.
        let place = self::place();
        deliver(&place, &days);
        assert_eq!(place.run(&format!("run --date {}", days[2])).code, Some(0));
        assert_eq!(place.run(&format!("run --date {} --allow-missing", today.plus_days(365))).code, Some(0));
        let caught_up = place.run("run");
        assert_eq!((caught_up.code, pages(&caught_up.stdout)), (Some(0), vec![date(3)]), "{}", caught_up.stderr);
    });
}

#[test]
fn a_range_stops_where_a_date_is_not_ready_and_goes_on_there() {
    around_now(|today| {
        let place = place();
        let days: Vec<BusinessDate> = (1..=5).rev().map(|back| today.minus_days(back)).collect();
        deliver(&place, &[days[0], days[1], days[3]]);
        assert_eq!(place.run(&format!("run --date {}", days[0])).code, Some(0));
        let mut command = place.command("run");
        command.env("ANTOM_RECON_LOG", "warn");
        let stopped = place.end(command);
        assert_eq!((stopped.code, pages(&stopped.stdout)), (Some(3), vec![days[1].to_string()]), "{}", stopped.stderr);
        let missing = |date: &BusinessDate| format!("/{}`; found no such", date.compact());
        let said: Vec<bool> = days.iter().map(|date| stopped.stderr.contains(&missing(date))).collect();
        assert_eq!(said, [false, false, true, false, true], "{}", stopped.stderr);
        assert!(stopped.stderr.contains(&format!("business date {}", days[2])), "{}", stopped.stderr);
        assert!(stopped.stderr.contains("missing on later dates as well"), "{}", stopped.stderr);
        // Three days old, and nobody has its file: four days are left. Yesterday's may just be late.
        let ending = format!("{} lacks transaction_details, and Antom may delete its files in 4 days", days[2]);
        assert!(stopped.stderr.contains(&ending), "{}", stopped.stderr);
        assert!(!stopped.stderr.contains(&format!("{} lacks", days[4])), "{}", stopped.stderr);

        let status = place.run("status");
        let line = |date: &BusinessDate| {
            let date = format!("  {date}  ");
            let of_reports = status.stdout.lines().skip_while(|line| !line.starts_with("reports expected"));
            of_reports.filter(|line| line.starts_with(&date)).map(str::trim).collect::<String>()
        };
        assert!(line(&days[1]).ends_with("revision 1  expected transaction_details; all there"), "{}", status.stdout);
        let expected =
            "not run     expected transaction_details; missing transaction_details, which Antom may delete in 4 days";
        assert!(line(&days[2]).ends_with(expected), "{}", status.stdout);

        deliver(&place, &days[2..=2]);
        let went_on = place.run("run");
        let expected = vec![days[2].to_string(), days[3].to_string()];
        assert_eq!((went_on.code, pages(&went_on.stdout)), (Some(3), expected), "{}", went_on.stderr);
        deliver(&place, &days[4..]);
        let done = place.run("run");
        assert_eq!((done.code, pages(&done.stdout)), (Some(0), vec![days[4].to_string()]), "{}", done.stderr);
    });
}

#[test]
fn what_is_kept_longer_is_warned_of_later() {
    around_now(|today| {
        let place = place();
        place.configure("path = \"remote\"", "path = \"remote\"\nretention_days = 30\nretention_warning_days = 2");
        deliver(&place, &[today.minus_days(5)]);
        assert_eq!(place.run(&format!("run --date {}", today.minus_days(5))).code, Some(0));
        let mut command = place.command("run");
        command.env("ANTOM_RECON_LOG", "warn");
        let ended = place.end(command);
        assert_eq!(ended.code, Some(3), "{}", ended.stderr);
        assert!(!ended.stderr.contains("may delete"), "{}", ended.stderr);
        assert!(place.run("status").stdout.contains("of the last 30 days"));
        place.configure("retention_warning_days = 2", "retention_warning_days = 31");
        let refused = place.run("status");
        assert_eq!(refused.code, Some(2), "{}", refused.stderr);
        assert!(refused.stderr.contains("a whole number from 0 to 30"), "{}", refused.stderr);
    });
}

#[test]
fn what_fetch_saw_is_found_in_the_archive_later() {
    let place = Place::quiet_day();
    assert_eq!(place.run("fetch --date 2026-03-02").code, Some(0));
    fs::remove_dir_all(place.report().parent().unwrap()).unwrap();
    let ended = place.run_day();
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(ended.stdout.contains("transactionItems_20260302_000.csv"), "{}", ended.stdout);
    // Without the archive there is nothing to read.
    fs::remove_dir_all(place.path("archive")).unwrap();
    assert_eq!(place.run_day().code, Some(3));
}

#[test]
fn fetch_goes_on_without_its_database() {
    let place = Place::quiet_day();
    place.configure_more("[database]\nurl = \"postgres://nobody@127.0.0.1:1/none\"");
    let mut command = place.command("fetch --date 2026-03-02");
    command.env("ANTOM_RECON_LOG", "warn");
    let ended = place.end(command);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(ended.stderr.contains("what is fetched cannot be noted"), "{}", ended.stderr);
}

#[test]
fn dates_that_rest_on_a_superseded_revision_are_stale_until_they_are_run_anew() {
    let place = Place::of_scenario("a_restatement_and_the_days_after");
    assert_eq!(place.run("run --from 2026-03-02 --to 2026-03-04").code, Some(0));
    assert!(!place.run("status").stdout.contains("stale"));
    copy(&place.path("corrected"), place.folder.path());
    let mut command = place.command("run --date 2026-03-02");
    command.env("ANTOM_RECON_LOG", "warn");
    let restated = place.end(command);
    let warning = "2 dates from 2026-03-03 to 2026-03-04 rest on superseded revisions of earlier dates: `antom-recon run --from \
                   2026-03-03 --to 2026-03-04` runs them anew";
    assert!(restated.stderr.contains(warning), "{}", restated.stderr);
    let status = place.run("status").stdout;
    let reason = "rests on revision 1 of 2026-03-02, which has revision 2 now";
    for date in ["2026-03-03", "2026-03-04"] {
        assert!(status.contains(&format!("  {date}  {reason}\n")), "{status}");
    }
    // One of them: the one after it rests on what it was before.
    assert_eq!(place.run("run --date 2026-03-03").code, Some(0));
    let status = place.run("status").stdout;
    let also = "rests on revision 1 of 2026-03-03, which has revision 2 now";
    assert!(!status.contains("  2026-03-03  rests"), "{status}");
    assert!(status.contains(&format!("  2026-03-04  {reason}; {also}\n")), "{status}");
    assert_eq!(place.run("run --from 2026-03-03 --to 2026-03-04").code, Some(0));
    let status = place.run("status").stdout;
    assert!(!status.contains("stale"), "{status}");
    // Nothing is left to say, and running all of it again is the same runs.
    let database = |place: &Place| place.run("status").stdout.lines().filter(|line| line.contains("revision")).count();
    let before = (database(&place), status);
    assert_eq!(place.run("run --from 2026-03-02 --to 2026-03-04").code, Some(0));
    assert_eq!((database(&place), place.run("status").stdout), before);
}

#[test]
fn a_date_that_is_run_only_later_makes_those_after_it_stale() {
    let place = Place::of_scenario("a_restatement_and_the_days_after");
    assert_eq!(place.run("run --date 2026-03-04").code, Some(0));
    assert_eq!(place.run("run --date 2026-03-03").code, Some(0));
    let status = place.run("status").stdout;
    assert!(status.contains("  2026-03-04  was run before revision 1 of 2026-03-03\n"), "{status}");
    assert!(!status.contains("never run"), "{status}");
    // Nobody ever ran the day between these two.
    assert_eq!(place.run("run --date 2026-03-01 --allow-missing").code, Some(0));
    let status = place.run("status").stdout;
    assert!(status.contains("never run, and older than that: 2026-03-02\n"), "{status}");
}

#[test]
fn what_was_taken_back_before_anybody_used_it_is_not_used() {
    let place = Place::quiet_day();
    assert_eq!(place.run("fetch --date 2026-03-02").code, Some(0));
    // The settlement files of the date are still at the source.
    fs::remove_file(place.report()).unwrap();
    assert_eq!(place.run_day().code, Some(3));
}

#[test]
fn a_restated_workbook_is_compared_as_the_csv_that_it_stands_for() {
    let place = Place::quiet_day();
    let text = fs::read_to_string(place.report()).unwrap();
    let write = |text: &str| {
        let rows: Vec<Vec<String>> = text.lines().map(|line| line.split(',').map(str::to_owned).collect()).collect();
        fs::write(place.report().with_extension("xlsx"), lab::xlsx::workbook(&rows, &[])).unwrap();
    };
    fs::remove_file(place.report()).unwrap();
    write(&text);
    assert_eq!(place.run_day().code, Some(0));
    assert!(!place.path("out/2188120000000001/2026-03-02/restated_lines.csv").exists());
    write(&text.replace("PAYMENT,25.50,USD", "PAYMENT,=1+1,USD"));
    let ended = place.run_day();
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let rows = fs::read_to_string(place.path("out/2188120000000001/2026-03-02/restated_lines.csv")).unwrap();
    let rows: Vec<&str> = rows.lines().collect();
    let expected = "transactionItems_20260302_000.xlsx,changed,3,3,PAYMENT,pay-2,20260302194010800100188000000002,seller-2,\
                    transactionAmountValue,25.50,'=1+1";
    assert_eq!(rows[1..], [expected]);
}

#[test]
fn an_older_content_that_was_pruned_is_said_and_does_not_stop_the_run() {
    let place = Place::quiet_day();
    assert_eq!(place.run_day().code, Some(0));
    let text = fs::read_to_string(place.report()).unwrap();
    fs::write(place.report(), text.replace("pay-3,order-3", "pay-3,order-9")).unwrap();
    let explanation = || {
        let ended = place.run_day();
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        let rows = fs::read_to_string(place.path("out/2188120000000001/2026-03-02/discrepancies.csv")).unwrap();
        rows.lines().find(|line| line.contains("FILE_RESTATED")).unwrap().to_owned()
    };
    let told = explanation();
    assert!(
        told.contains("lines added 0, removed 0, changed 1, as before 3: line 4 changed in `referenceTransactionId`"),
        "{told}"
    );
    assert_eq!(explanation(), told);
    // Two months later the date is beyond any lookback.
    assert_eq!(place.run("run --date 2026-05-01 --allow-missing").code, Some(0));
    let pruned = place.run("prune --before 2026-05-01");
    assert_eq!(pruned.code, Some(0), "{}", pruned.stderr);
    let told = explanation();
    assert!(told.contains("what differs cannot be told: the older content was pruned from the archive"), "{told}");
    assert!(!place.path("out/2188120000000001/2026-03-02/restated_lines.csv").exists());
    assert_eq!(explanation(), told);
}

/// What a run says of restated files: the explanations.
fn restated(place: &Place) -> Vec<String> {
    let ended = place.run_day();
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let rows = fs::read_to_string(place.path("out/2188120000000001/2026-03-02/discrepancies.csv")).unwrap();
    rows.lines().filter(|line| line.contains("FILE_RESTATED")).map(str::to_owned).collect()
}

/// Two contents of the day's transaction details, each with its SHA-256.
fn contents(place: &Place) -> [(String, String); 2] {
    let text = fs::read_to_string(place.report()).unwrap();
    let other = text.replace("pay-3,order-3", "pay-3,order-9");
    [text, other].map(|text| {
        let sha256 = antom_recon::fetch::Digest::of(text.as_bytes()).to_string();
        (text, sha256)
    })
}

#[test]
fn what_fetch_saw_after_a_run_is_in_force_when_the_source_has_let_go() {
    let place = Place::quiet_day();
    let [(_, older), (newer_text, newer)] = contents(&place);
    assert_eq!(restated(&place), [""; 0]);
    fs::write(place.report(), newer_text).unwrap();
    assert_eq!(place.run("fetch --date 2026-03-02").code, Some(0));
    fs::remove_dir_all(place.report().parent().unwrap()).unwrap();
    let told = restated(&place);
    let expected = format!("was restated: it has the SHA-256 {newer} now and had {older} before");
    assert!(told.len() == 1 && told[0].contains(&expected), "{told:?}");
    assert_eq!(restated(&place), told);
}

#[test]
fn what_the_newest_run_read_stays_in_force_when_nothing_newer_was_seen() {
    let place = Place::quiet_day();
    let [(first_text, first), (other_text, other)] = contents(&place);
    assert_eq!(restated(&place), [""; 0]);
    fs::write(place.report(), other_text).unwrap();
    assert_eq!(restated(&place).len(), 1);
    // Antom takes the correction back.
    fs::write(place.report(), first_text).unwrap();
    let told = restated(&place);
    let expected = format!("was restated: it has the SHA-256 {first} now and had {other} before");
    assert!(told.len() == 1 && told[0].contains(&expected), "{told:?}");
    fs::remove_dir_all(place.report().parent().unwrap()).unwrap();
    assert_eq!(restated(&place), told);
}

#[test]
fn a_content_that_came_later_is_not_called_the_older_one() {
    let place = Place::quiet_day();
    let [(first_text, _), (other_text, _)] = contents(&place);
    assert_eq!(restated(&place), [""; 0]);
    fs::write(place.report(), other_text).unwrap();
    assert_eq!(place.run("fetch --date 2026-03-02").code, Some(0));
    // Taken back before any run read it.
    fs::write(place.report(), first_text).unwrap();
    assert_eq!(restated(&place), [""; 0]);
}

#[tokio::test]
async fn fetch_goes_on_while_another_holds_the_journal() {
    let Some(url) = crate::store::postgres::new_database().await else { return };
    let place = Place::quiet_day();
    place.configure_more(&format!("[database]\nurl = \"{url}\"\nconnect_timeout = \"1s\""));
    let migrated = place.run("migrate");
    assert_eq!(migrated.code, Some(0), "{}", migrated.stderr);
    let mut holder = PgConnection::connect(&url).await.unwrap();
    let hold = "SELECT pg_advisory_lock(hashtextextended('antom-recon journal 2188120000000001', 0))";
    sqlx::query(hold).execute(&mut holder).await.unwrap();
    let fetch = || {
        let mut command = place.command("fetch --date 2026-03-02");
        command.env("ANTOM_RECON_LOG", "warn");
        place.end(command)
    };
    let ended = fetch();
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(ended.stdout.contains("transactionItems_20260302_000.csv"), "{}", ended.stdout);
    assert!(ended.stderr.contains("what is fetched cannot be noted"), "{}", ended.stderr);
    holder.close().await.unwrap();
    let ended = fetch();
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
}
