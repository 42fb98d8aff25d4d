//! `check`: findings are no failure unless `--fail-on` says so.

use std::fs;

use super::Place;

/// The place's report with this in place of that.
fn place_with(old: &str, new: &str) -> Place {
    let place = Place::quiet_day();
    let report = fs::read_to_string(place.report()).unwrap();
    assert!(report.contains(old), "`{old}`");
    place.write("report.csv", report.replacen(old, new, 1));
    place
}

#[test]
fn findings_have_the_severity_that_a_run_would_give_them() {
    // What is wrong, and whether a check fails on info, low, medium and high.
    for (case, old, new, fails) in [
        ("nothing", "pay-1", "pay-1", [false; 4]),
        ("a line that cannot be read", "100.00", "100,00.00", [true; 4]),
        ("a type that is not known", ",PAYMENT,", ",CASHBACK,", [true, true, true, false]),
        (
            "the same for much money",
            "PAYMENT,2026-03-02T10:00:00+08:00,CASHIER_PAYMENT,100.00",
            "CASHBACK,,,1000.00",
            [true; 4],
        ),
        ("a file without its end", "<END>", "", [true; 4]),
        ("a file without a column", "transactionId", "id", [true, false, false, false]),
    ] {
        let place = place_with(old, new);
        assert_eq!(place.run("check report.csv").code, Some(0), "{case}");
        for (level, fails) in ["info", "low", "medium", "high"].iter().zip(fails) {
            let ended = place.run(&format!("check report.csv --fail-on {level}"));
            assert_eq!(ended.code, Some(i32::from(fails)), "{case} at {level}: {}{}", ended.stdout, ended.stderr);
            assert!(ended.stdout.starts_with("report.csv\n"), "{case}: findings come first: {}", ended.stdout);
        }
    }
}

#[test]
fn the_configured_severity_holds_and_every_file_is_told() {
    let place = place_with("100.00", "ten");
    place.configure_more("[severity]\nREJECTED_LINE = \"low\"");
    assert_eq!(place.run("check report.csv --fail-on medium").code, Some(0));
    let both = place.run(&format!("check report.csv {} --fail-on low --format json", place.report().display()));
    assert_eq!(both.code, Some(1));
    assert_eq!(both.stderr, "discrepancies: 1 findings of severity low or higher, see above\n");
    let found: serde_json::Value = serde_json::from_str(&both.stdout).unwrap();
    assert_eq!(found["files"][0]["rejected"], 1);
    assert_eq!(found["files"][1]["lines"], 4);
}

#[test]
fn files_without_a_date_are_told_so() {
    let place = Place::quiet_day();
    let header =
        "settlementBatchId,merchantId,referenceMerchantId,settlementTime,settlementAmountValue,settlementCurrency";
    let row = "B1,M-1,seller-1,2026-03-03T23:00:00+08:00,90.00,USD";
    place.write("settlementSummary_USD_B1_000.csv", format!("{header}\n{row}\n<END>\n"));
    let told = place.run("check settlementSummary_USD_B1_000.csv");
    let why = "payouts are not proved: neither the names nor the folders of the files have a date";
    assert!(told.stdout.contains(why) && !told.stdout.contains("262143"), "{}", told.stdout);
    // In the folder of a day, it is the activity that is missing.
    fs::create_dir(place.path("20260303")).unwrap();
    fs::rename(place.path("settlementSummary_USD_B1_000.csv"), place.path("20260303/settlementSummary_USD_B1_000.csv"))
        .unwrap();
    let told = place.run("check 20260303/settlementSummary_USD_B1_000.csv");
    assert!(told.stdout.contains("there is no account activity of 2026-03-03"), "{}", told.stdout);
}
