//! The dates of a status: which reports are expected and which are there, and which dates rest on superseded revisions.

use std::io::Write;

use crate::calendar::BusinessDate;
use crate::config::Config;
use crate::movement::ReportKind;
use crate::pipeline::{DayOutlook, Superseded, never_run, outlook, put_right, stale};
use crate::store::Store;

/// How many dates that were never run are named.
const MAX_NAMED: usize = 10;

/// The dates whose files Antom keeps still, each with what is expected and what of it is missing.
pub(super) async fn expected(
    config: &Config,
    store: &Store,
    today: BusinessDate,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    let kept = config.retention()?.days;
    writeln!(out, "reports expected and missing, of the last {kept} days (Antom keeps files that long)")?;
    for day in outlook(config, store, today).await? {
        writeln!(out, "  {}", line(&day))?;
    }
    let never = never_run(config, store, today).await?;
    if !never.is_empty() {
        let named: Vec<String> = never.iter().take(MAX_NAMED).map(ToString::to_string).collect();
        let more = never.len() - named.len();
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        writeln!(out, "never run, and older than that: {}{more}", named.join(", "))?;
    }
    Ok(())
}

fn line(day: &DayOutlook) -> String {
    let names = |kinds: &[ReportKind]| kinds.iter().map(|kind| kind.as_str()).collect::<Vec<_>>().join(", ");
    let state = day.revision.map_or_else(|| "not run".to_owned(), |revision| format!("revision {revision}"));
    let mut line = format!("{}  {state:<12}", day.on);
    if day.expected.is_empty() {
        line.push_str("nothing is expected");
        return line;
    }
    line.push_str(&format!("expected {}", names(&day.expected)));
    line.push_str(&match (day.missing.is_empty(), day.revision.is_some()) {
        (true, true) => "; all there".to_owned(),
        (true, false) => "; all in the archive".to_owned(),
        (false, _) => format!("; missing {}, which Antom may delete {}", names(&day.missing), day.deadline()),
    });
    line
}

/// Completed dates that rest on what is no longer in force; nothing is said if there are none.
pub(super) async fn superseded(
    config: &Config,
    store: &Store,
    (first, last): (BusinessDate, BusinessDate),
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    let stale = stale(config, store, first, last).await?;
    let Some((_, command)) = put_right(&stale) else { return Ok(()) };
    writeln!(out, "stale: dates that rest on superseded revisions of earlier ones; {command} runs them anew")?;
    for date in &stale {
        let reasons: Vec<String> = date.because_of.iter().map(reason).collect();
        writeln!(out, "  {}  {}", date.on, reasons.join("; "))?;
    }
    Ok(())
}

fn reason(superseded: &Superseded) -> String {
    let Superseded { on, rests_on, stands } = superseded;
    match rests_on {
        Some(known) => format!("rests on revision {known} of {on}, which has revision {stands} now"),
        None => format!("was run before revision {stands} of {on}"),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn each_state_of_a_day_in_words() {
        use ReportKind::*;
        let day = |expected: &[ReportKind], revision, missing: &[ReportKind], days_left| {
            let on = "2026-03-02".parse().unwrap();
            line(&DayOutlook { on, expected: expected.to_vec(), revision, missing: missing.to_vec(), days_left })
        };
        assert_eq!(day(&[], None, &[], 3), "2026-03-02  not run     nothing is expected");
        assert_eq!(
            day(&[AccountActivity], Some(2), &[], 3),
            "2026-03-02  revision 2  expected account_activity; all there"
        );
        assert_eq!(
            day(&[AccountActivity], None, &[], 3),
            "2026-03-02  not run     expected account_activity; all in the archive"
        );
        assert_eq!(
            day(&[TransactionDetails, AccountActivity], Some(1), &[AccountActivity], 1),
            "2026-03-02  revision 1  expected transaction_details, account_activity; missing account_activity, which Antom may \
             delete in 1 day"
        );
        assert!(day(&[AccountActivity], None, &[AccountActivity], 0).ends_with("which Antom may delete today"));
    }
}
