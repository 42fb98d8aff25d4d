//! The catalogue: every fault can be injected wherever it makes sense, on payments of its own, with a place to find it.

use crate::reading::text;
use lab::world::faults::Fault;
use lab::world::layout::Layout;
use lab::world::style::Style;
use lab::world::{Plan, World};
use std::collections::BTreeSet;

/// The kinds that matching classifies.
const MATCHING: &str = "REJECTED_LINE UNKNOWN_TYPE DUPLICATE_IN_REPORT DUPLICATE_IN_LEDGER SETTLED_TWICE AMBIGUOUS \
    UNKNOWN_SUB_MERCHANT MISSING_IN_LEDGER MISSING_IN_REPORT SETTLED_NOT_REPORTED NOT_SETTLED ORPHAN_REVERSAL \
    CURRENCY_MISMATCH AMOUNT_MISMATCH STATUS_MISMATCH SUB_MERCHANT_MISMATCH SPLIT_MISMATCH REFUND_EXCEEDS_PAYMENT \
    CAPTURE_EXCEEDS_AUTHORIZATION";

/// The kinds of files, contract and proofs but for `FILE_MISSING`, which ends a run unless it is allowed, and
/// `FILE_RESTATED`, which needs a second delivery.
const PROOFS: &str = "FILE_INCOMPLETE SCHEMA_DRIFT CONTROL_TOTAL DUPLICATE_IN_REPORT FEE_OVERCHARGED FEE_UNDERCHARGED \
    FEE_WITHOUT_RULE FEE_CURRENCY FX_VARIANCE NET_FORMULA BATCH_TOTAL BALANCE_ROLL PAYOUT_MISSING PAYOUT_AMOUNT \
    UNEXPLAINED_ADJUSTMENT";

/// A week with the faults of the proofs alone.
fn proofs(plan: Plan) -> World {
    World::generate(Plan { faults: Fault::PROOFS.to_vec(), proofs: true, book_adjustments: true, ..plan })
}

#[test]
fn every_fault_fits_a_week_of_every_layout_that_can_show_it() {
    for layout in Layout::ALL {
        let world = World::generate(Plan { layout, ..Plan::one_week(21) });
        let injected: Vec<Fault> = world.expected.iter().map(|want| want.fault).collect();
        let absent: Vec<Fault> = Fault::MATCHING.into_iter().filter(|fault| !injected.contains(fault)).collect();
        let cannot: &[Fault] = match layout {
            Layout::Gen1 => &[Fault::UnreadableSettlementAmount, Fault::AmbiguousDispute],
            Layout::Marketplace | Layout::Gen2 => &[Fault::AmbiguousDispute],
            Layout::Gen3 => &[],
        };
        assert_eq!(absent, cannot, "{layout:?}");
    }
}

#[test]
fn every_kind_of_matching_has_a_fault() {
    let faults = Fault::MATCHING.to_vec();
    let world = World::generate(Plan { layout: Layout::Gen3, faults, ..Plan::one_week(22) });
    let kinds: BTreeSet<&str> = world.expected.iter().map(|want| want.kind).collect();
    assert_eq!(kinds, MATCHING.split_whitespace().collect());
}

#[test]
fn every_kind_of_files_contract_and_proofs_has_a_fault() {
    let world = proofs(Plan { layout: Layout::Gen3, ..Plan::one_week(22) });
    let kinds: BTreeSet<&str> = world.expected.iter().map(|want| want.kind).collect();
    assert_eq!(kinds, PROOFS.split_whitespace().collect());
}

#[test]
fn every_fault_of_the_proofs_fits_every_layout_that_can_show_it() {
    for layout in Layout::ALL {
        for plan in [Plan::one_week(28), Plan::one_day(28)] {
            let world = proofs(Plan { layout, ..plan });
            let injected = world.expected.iter().chain(&world.later_expected).map(|want| want.fault);
            let injected: BTreeSet<Fault> = injected.collect();
            let absent: Vec<Fault> = Fault::PROOFS.into_iter().filter(|fault| !injected.contains(fault)).collect();
            let totals = [Fault::TotalDiffers, Fault::TotalCountDiffers, Fault::TotalFeeDiffers];
            let of_yesterday = [Fault::ColumnAppears, Fault::BalanceDiffers, Fault::BalanceVanishes];
            let mut cannot = if world.plan.days == 1 { of_yesterday.to_vec() } else { Vec::new() };
            cannot.extend(match layout {
                Layout::Marketplace => [&totals[..], &[Fault::ConvertedDiffers]].concat(),
                Layout::Gen1 | Layout::Gen2 => vec![Fault::FeeInOtherCurrency, Fault::ConvertedDiffers],
                Layout::Gen3 => Vec::new(),
            });
            cannot.sort();
            assert_eq!(absent, cannot, "{layout:?}");
        }
    }
}

#[test]
fn what_a_proof_must_say_is_known_by_one_id_each() {
    for layout in Layout::ALL {
        let world = proofs(Plan { layout, ..Plan::one_week(29) });
        let mut known = BTreeSet::new();
        for want in &world.expected {
            let id = want.request_id.as_ref().or(want.antom_id.as_ref()).or(want.report_file.as_ref());
            assert!(known.insert((want.kind, id.unwrap())), "{want:?}");
            assert_eq!(want.business_date, Some(world.plan.last_day()), "the file's date");
        }
    }
}

#[test]
fn the_proofs_have_no_faults_unless_the_plan_says_so() {
    let world = World::generate(Plan { faults: Fault::ALL.to_vec(), proofs: false, ..Plan::one_week(30) });
    assert!(world.expected.iter().all(|want| Fault::MATCHING.contains(&want.fault)));
}

#[test]
fn the_catalogue_names_each_fault_once() {
    let faults: BTreeSet<Fault> = Fault::ALL.into_iter().collect();
    let stories: BTreeSet<&str> = Fault::ALL.into_iter().map(Fault::story).collect();
    assert_eq!((faults.len(), stories.len()), (Fault::ALL.len(), Fault::ALL.len()));
}

#[test]
fn a_single_day_has_all_but_the_faults_that_need_time() {
    let world = World::generate(Plan { faults: Fault::ALL.to_vec(), ..Plan::one_day(23) });
    let injected: BTreeSet<Fault> = world.expected.iter().map(|want| want.fault).collect();
    let absent: Vec<Fault> = Fault::MATCHING.into_iter().filter(|fault| !injected.contains(fault)).collect();
    assert_eq!(absent, [Fault::AmbiguousDispute, Fault::NotSettled, Fault::PendingTooLong]);
    assert!(world.expected.iter().all(|want| want.seen_on == world.plan.last_day()));
}

#[test]
fn faults_are_on_payments_of_their_own_and_change_nothing_else() {
    let with = World::generate(Plan::one_week(24));
    let without = World::generate(Plan { faults: Vec::new(), ..Plan::one_week(24) });
    let requests: Vec<&String> = with.expected.iter().filter_map(|want| want.request_id.as_ref()).collect();
    let distinct: BTreeSet<&&String> = requests.iter().collect();
    assert_eq!(distinct.len(), requests.len(), "no two faults share a movement");
    let honest = without.stories.len();
    assert_eq!(with.stories[..honest], without.stories[..], "honest stories are the same with and without faults");
    assert!(requests.iter().all(|request| !without.ledger_csv().contains(request.as_str())));
}

#[test]
fn expected_places_are_the_physical_lines_of_the_files() {
    for style in [Style::default(), Style::hardest()] {
        let world = World::generate(Plan { style, ..Plan::one_week(25) });
        let mut placed = 0;
        for want in world.expected.iter().filter(|want| want.line.is_some()) {
            let name = want.report_file.as_deref().unwrap();
            let file = world.files.iter().find(|file| file.name() == name).unwrap();
            let text = text(file);
            let number = usize::try_from(want.report_line.unwrap()).unwrap();
            let line = text.split('\n').nth(number - 1).unwrap();
            if let Some(request_id) = &want.request_id {
                // A line break inside the description may put the rest of the columns on the next physical line.
                let next = text.split('\n').nth(number).unwrap_or_default();
                let splits = matches!(want.stage, Some("splits"));
                assert!(splits || format!("{line}{next}").contains(request_id.as_str()), "{want:?}: {line}");
                placed += 1;
            }
        }
        assert!(placed > 10);
    }
}

#[test]
fn traps_wait_or_cross_midnight_without_being_expected_as_discrepancies() {
    let world = World::generate(Plan::one_week(26));
    assert_eq!(world.waiting.len(), 2);
    for item in &world.waiting {
        assert!(world.ledger_csv().contains(&item.request_id));
        assert!(world.files.iter().all(|file| !text(file).contains(&item.request_id)));
        assert!(world.expected.iter().all(|want| want.request_id.as_ref() != Some(&item.request_id)));
    }
    let ledger = world.ledger_csv();
    assert!(ledger.contains("2026-11-19T15:58:00+00:00"), "booked two minutes before Antom's midnight");
    assert!(ledger.contains("2026-11-19T16:00:09+00:00"), "booked nine seconds after Antom's midnight");
}

#[test]
fn ambiguity_needs_two_entries_and_one_line() {
    let faults = vec![Fault::AmbiguousDispute];
    let world = World::generate(Plan { layout: Layout::Gen3, faults, payments: 0, traps: false, ..Plan::one_day(27) });
    let disputes = world.ledger.iter().filter(|entry| entry.entry_type == "DISPUTE").count();
    let lines = world.files.iter().map(|file| text(file).matches(",DISPUTE,").count()).sum::<usize>();
    assert_eq!((disputes, lines), (2, 1));
}
