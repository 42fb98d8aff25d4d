//! Where the program is started, and what overrides what, in a whole run.

use std::fs;

use super::{DATE, Place};

#[test]
fn paths_start_at_the_configuration_wherever_the_program_is_started() {
    let place = Place::quiet_day();
    let elsewhere = tempfile::tempdir().unwrap();
    let mut command =
        place.command(&format!("run --date {DATE} --config {}", place.path("antom-recon.toml").display()));
    command.current_dir(elsewhere.path());
    let ended = place.end(command);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    for name in ["out/2188120000000001/2026-03-02/summary.json", "archive", "antom-recon.db"] {
        assert!(place.path(name).exists(), "{name}");
    }
    assert_eq!(fs::read_dir(elsewhere.path()).unwrap().count(), 0, "nothing is left where it was started");
    // The same by a path that is relative itself.
    fs::remove_dir_all(place.path("out")).unwrap();
    let mut command = place.command(&format!("run --date {DATE} --config ../antom-recon.toml"));
    command.current_dir(place.path("remote"));
    assert_eq!(place.end(command).code, Some(0));
    assert!(place.has_outputs());
}

#[test]
fn the_environment_goes_over_the_file_and_a_flag_over_both() {
    let place = Place::quiet_day();
    place.configure("path = \"ledger.csv\"", "path = \"nowhere.csv\"");
    place.configure_more("[run]\nthreads = 2");
    let mut command = place.command(&format!("run --date {DATE} --threads 3"));
    command
        .env("ANTOM_RECON_LEDGER_PATH", "ledger.csv")
        .env("ANTOM_RECON_OUTPUT_DIR", "elsewhere/out")
        .env("ANTOM_RECON_DATABASE_URL", "sqlite://data/recon.db")
        .env("ANTOM_RECON_ARCHIVE_DIR", "data/archive")
        .env("ANTOM_RECON_RUN_THREADS", "100000")
        .env("ANTOM_RECON_MATCHING_SPLITS", "false")
        .env("ANTOM_RECON_EXPECT_SETTLEMENT_DETAILS", "business_days");
    let ended = place.end(command);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    for name in ["elsewhere/out/2188120000000001/2026-03-02/summary.json", "data/recon.db", "data/archive"] {
        assert!(place.path(name).exists(), "{name}");
    }
    assert!(!place.has_outputs() && !place.path("antom-recon.db").exists() && !place.path("archive").exists());
    let excluded = fs::read_to_string(place.path("elsewhere/out/2188120000000001/2026-03-02/summary.json")).unwrap();
    assert!(excluded.contains("splits"), "shares are excluded by name: {excluded}");
}

/// One answer for a folder that cannot be used, whoever asks: the configuration is to be changed, or what lies there moved away.
#[test]
fn a_file_where_a_folder_is_expected_is_a_fault_of_the_configuration() {
    let commands = [format!("run --date {DATE}"), format!("fetch --date {DATE}"), "doctor".to_owned()];
    for (variable, part) in [("ANTOM_RECON_OUTPUT_DIR", "output"), ("ANTOM_RECON_ARCHIVE_DIR", "archive")] {
        for folder in ["a-file", "a-file/below"] {
            for words in &commands {
                let place = Place::quiet_day();
                place.write("a-file", "");
                let mut command = place.command(words);
                command.env(variable, folder);
                let ended = place.end(command);
                let is_asked = part == "archive" || !words.starts_with("fetch");
                assert_eq!(ended.code, Some(if is_asked { 2 } else { 0 }), "{words}, {part}: {}", ended.stderr);
                let is_told = ended.stderr.starts_with("configuration: ") && ended.stderr.contains("<here>/a-file");
                assert_eq!(is_told, is_asked, "{words}, {part}: {}", ended.stderr);
                assert!(!place.path("out/2188120000000001").exists(), "{words}");
            }
        }
    }
    // One that was a folder, in which a run before had written.
    let place = Place::quiet_day();
    assert_eq!(place.run_day().code, Some(0));
    fs::remove_dir_all(place.path("archive/memory")).unwrap();
    place.write("archive/memory", "");
    let ended = place.run_day();
    assert_eq!(ended.code, Some(2), "{}", ended.stderr);
    assert!(ended.stderr.contains("archive/memory"), "{}", ended.stderr);
}
