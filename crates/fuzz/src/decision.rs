//! Files of decisions.

use antom_recon::decision::{Sheet, read};

/// What the outputs put before a text that a spreadsheet could take for a formula, taken off.
fn plain(cell: &str) -> &str {
    cell.strip_prefix('\'').unwrap_or(cell)
}

/// The bytes are a file that people hand in. Every row is a decision, a problem or undecided; decisions have what their kind
/// demands; those that are written out are read as themselves.
pub fn decision(data: &[u8]) {
    let Ok(sheet) = read(data, plain) else { return };
    let breaks = data.iter().filter(|&&byte| byte == b'\n').count() as u64;
    let lines = sheet.handed.iter().map(|row| row.line);
    assert!(
        lines.clone().is_sorted_by(|one, other| one < other),
        "lines of decisions: {:?}",
        lines.collect::<Vec<_>>()
    );
    assert!(sheet.problems.iter().map(|problem| problem.line).is_sorted());
    let all = sheet.handed.iter().map(|row| row.line).chain(sheet.problems.iter().map(|problem| problem.line));
    for line in all {
        assert!(line > 1 && line <= breaks + 1, "line {line} of {}", breaks + 1);
    }
    for row in &sheet.handed {
        let decision = &row.decision;
        assert!(!decision.discrepancy_id.is_empty() && !decision.decided_by.is_empty(), "{row:?}");
        assert!(!decision.kind.settles() || !decision.reason.is_empty(), "{row:?}");
        assert!(!decision.told().is_empty());
    }
    comes_back(&sheet);
}

fn comes_back(sheet: &Sheet) {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let header = ["discrepancy_id", "decision", "decided_by", "reason", "approved_by", "assigned_to"];
    writer.write_record(header).expect("memory takes everything");
    for row in &sheet.handed {
        let it = &row.decision;
        let cells = [&it.decided_by, &it.reason, &it.approved_by, &it.assigned_to].map(|cell| quoted(cell));
        let ids = [quoted(it.discrepancy_id.as_str()), it.kind.as_str().to_owned()];
        writer.write_record(ids.iter().chain(&cells)).expect("as many cells as columns");
    }
    let written = writer.into_inner().expect("memory takes everything");
    let again = read(&written, plain).expect("a file that was just written");
    assert!(again.problems.is_empty() && again.undecided == 0, "{again:?}");
    let decisions = |sheet: &Sheet| -> Vec<_> { sheet.handed.iter().map(|row| row.decision.clone()).collect() };
    assert_eq!(decisions(sheet), decisions(&again));
}

/// A text behind the mark that [`plain`] takes off.
fn quoted(cell: &str) -> String {
    if cell.is_empty() { String::new() } else { format!("'{cell}") }
}
