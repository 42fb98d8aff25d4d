//! The example that a reader starts from does what it says.

#[path = "../../examples/marketplace_day.rs"]
pub mod marketplace_day;

#[test]
fn the_example_reconciles_its_day_and_finds_what_was_forgotten() {
    let folder = tempfile::tempdir().unwrap();
    let mut told = Vec::new();
    marketplace_day::run(folder.path(), &mut told).unwrap();
    let told = String::from_utf8(told).unwrap();
    let lines: Vec<&str> = told.lines().filter(|line| line.starts_with("discrepancies")).collect();
    assert_eq!(lines, ["discrepancies: 0", "discrepancies: 1"], "{told}");
    assert!(told.contains("MISSING_IN_LEDGER") && told.contains("refund-2"), "{told}");
    let reports = folder.path().join("remote/v1/settlements/2188120000000001/20261120");
    assert_eq!(std::fs::read_dir(reports).unwrap().count(), 5);
}
