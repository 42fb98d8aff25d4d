//! The auditor's own proofs of made-up weeks: nothing is wrong where nothing was injected, in any layout and any writing.

use crate::reading::honest_week;
use lab::audit::proofs::{Audited, prove};
use lab::world::layout::Layout;
use lab::world::style::Style;
use lab::world::{Plan, World};
use std::collections::BTreeSet;

/// The discrepancies of all days of a world, and how many settlement lines were read.
fn discrepancies(world: &World, minor_units: bool) -> (String, u64) {
    let folder = tempfile::tempdir().unwrap();
    world.write(folder.path()).unwrap();
    let days: Vec<_> = world.files.iter().map(|file| file.day).collect::<BTreeSet<_>>().into_iter().collect();
    let platform = world.files[0].path.split('/').nth(2).unwrap();
    let (mut found, mut lines) = (Vec::new(), 0);
    for date in &days {
        let audited = Audited {
            remote: &folder.path().join("remote"),
            platform,
            schedule: None,
            date: *date,
            days_before: &days,
            payout_types: &[],
            minor_units,
        };
        let proofs = prove(&audited).unwrap();
        lines += proofs.lines();
        found.extend(proofs.discrepancies().lines().map(|line| format!("{date} {line}")));
    }
    (found.join("\n"), lines)
}

#[test]
fn an_honest_week_holds_in_every_layout_and_writing() {
    for layout in Layout::ALL {
        for style in [Style::default(), Style::hardest(), Style { minor_units: true, ..Style::default() }] {
            let world = honest_week(Plan { layout, style, ..Plan::one_week(8) });
            let (found, lines) = discrepancies(&world, style.minor_units);
            assert_eq!(found, "", "{layout:?} {style:?}");
            assert!(lines > 100, "{layout:?} {style:?}: {lines} lines");
        }
    }
}

#[test]
fn amounts_read_in_the_wrong_unit_do_not_hold() {
    let style = Style { minor_units: true, ..Style::default() };
    let world = honest_week(Plan { layout: Layout::Gen3, style, ..Plan::one_week(8) });
    let (found, lines) = discrepancies(&world, false);
    assert!(lines > 100 && found.contains("FX_VARIANCE"), "won are not a hundredth of a dollar each: {found}");
}
