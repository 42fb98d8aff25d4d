//! All five reports tie out: lines with the contract and the formula, summaries with details, payouts with summaries,
//! balances with movements; and every fault of the proofs disturbs one of these, once.

use crate::contract::Contract;
use crate::proving::{Found, prove};
use crate::reading::{all, micros, rows};
use lab::world::calendar::is_business_day;
use lab::world::faults::Fault;
use lab::world::layout::{Layout, Report};
use lab::world::style::Style;
use lab::world::{Plan, World};
use std::collections::BTreeSet;

#[test]
fn a_clean_month_ties_out_in_every_layout() {
    for layout in Layout::ALL {
        let world = World::generate(Plan { layout, ..Plan::one_month(31) });
        let business_days = world.plan.all_days().into_iter().filter(|day| is_business_day(*day)).count();
        assert_eq!((business_days, world.expected.len()), (22, 0));
        assert_eq!(prove(&world), [], "{layout:?}");
        let details = all(&world, Report::SettlementDetails);
        let has = |kind: &str| details.iter().any(|line| line["transactionType"].starts_with(kind));
        assert_eq!(has("COLLATERAL_"), layout != Layout::Gen1, "{layout:?}");
        assert_eq!(has("DEFAULT"), layout.has_aggregate_fee(), "{layout:?}");
        assert!(details.len() > 1_000 && Contract::read(&world.fees_toml()).len() > 15);
    }
}

#[test]
fn every_way_of_writing_accounts_ties_out() {
    let styles = [
        Style { positive_out: true, dashed_dates: true, ..Style::default() },
        Style { detailed_activity: true, ..Style::default() },
        Style { parts: 3, reversed_columns: true, extra_column: true, ..Style::default() },
    ];
    for style in styles {
        let world = World::generate(Plan { style, faults: Vec::new(), ..Plan::one_week(32) });
        assert_eq!(prove(&world), [], "{style:?}");
        let (activity, balances) = (all(&world, Report::AccountActivity), all(&world, Report::DailyEndingBalance));
        let negative = activity.iter().any(|line| line["amount"].starts_with('-'));
        assert_eq!(negative, !style.positive_out);
        assert!(balances.iter().all(|line| line["accountDate"].contains('-') == style.dashed_dates));
        assert_eq!(activity[0].contains_key("transType"), style.detailed_activity);
        if style.detailed_activity {
            assert!(activity.iter().any(|line| line["transType"] == "PAYOUT" && line["transDirection"] == "OUT"));
        }
    }
}

#[test]
fn nothing_moves_on_weekends_and_balances_are_told_every_day() {
    let world = World::generate(Plan::one_month(33));
    let first = world.plan.first_day.pred_opt().unwrap();
    let days = |report| -> BTreeSet<_> {
        world.files.iter().filter(|file| file.report == report).map(|file| file.day).collect()
    };
    let all_days: BTreeSet<_> = world.plan.all_days().into_iter().collect();
    assert_eq!(days(Report::AccountActivity), all_days);
    assert_eq!(days(Report::DailyEndingBalance), all_days.iter().copied().chain([first]).collect());
    for file in world.files.iter().filter(|file| file.report == Report::AccountActivity) {
        assert_eq!(rows(file).is_empty(), !is_business_day(file.day), "{}", file.path);
    }
    let openings = world.files.iter().find(|file| file.report == Report::DailyEndingBalance).unwrap();
    assert!(openings.day == first && rows(openings).iter().any(|line| micros(&line["balance"]) > 0));
}

#[test]
fn account_numbers_are_stable_and_balances_carry_over_the_night() {
    let world = World::generate(Plan::one_month(34));
    let mut owners = BTreeSet::new();
    for line in all(&world, Report::DailyEndingBalance).iter().chain(&all(&world, Report::AccountActivity)) {
        assert_eq!(line["accountNo"].len(), 20);
        owners.insert([&line["accountNo"], &line["merchantId"], &line["accountCurrency"]].map(String::clone));
    }
    let numbers: BTreeSet<&String> = owners.iter().map(|[number, ..]| number).collect();
    assert_eq!(numbers.len(), owners.len(), "one owner and currency per account");
    let other = World::generate(Plan { payments: 5, ..Plan::one_month(35) });
    let again = all(&other, Report::AccountActivity);
    assert!(again.iter().filter(|line| numbers.contains(&line["accountNo"])).count() > 100);
}

#[test]
fn totals_stand_first_last_and_between() {
    let world = World::generate(Plan { layout: Layout::Gen2, ..Plan::one_month(36) });
    let mut places = BTreeSet::new();
    for batch in world.files.iter().filter(|file| file.report == Report::SettlementSummary) {
        let lines = rows(batch);
        for (index, line) in lines.iter().enumerate().filter(|(_, line)| line["summaryType"] == "TOTAL") {
            let is_same = |other: usize| lines.get(other).is_some_and(|near| near["customerId"] == line["customerId"]);
            places.insert((index > 0 && is_same(index - 1), is_same(index + 1)));
        }
    }
    assert!([(false, true), (true, false), (true, true)].iter().all(|place| places.contains(place)), "{places:?}");
}

/// With every fault of the catalogue in the world, the files disagree exactly where the proofs' faults say so: none of the
/// others reaches them, and none of them is seen twice.
#[test]
fn each_fault_of_the_proofs_is_seen_once_and_no_other_is() {
    for layout in Layout::ALL {
        for (seed, days) in [(37, 5), (38, 1)] {
            let plan = if days == 1 { Plan::one_day(seed) } else { Plan::one_week(seed) };
            let faults = Fault::ALL.to_vec();
            let world = World::generate(Plan { layout, faults, proofs: true, book_adjustments: true, ..plan });
            let is_proof = |fault: Fault| Fault::PROOFS.contains(&fault) && fault != Fault::ReserveNotBooked;
            let mut wanted: Vec<Found> =
                world.expected.iter().filter(|want| is_proof(want.fault)).map(Found::of).collect();
            wanted.sort();
            assert_eq!(prove(&world), wanted, "{layout:?} {days}");
            assert!(wanted.len() >= 16, "{layout:?} {}", wanted.len());
        }
    }
}

#[test]
fn adjustments_are_booked_but_for_the_one_at_fault() {
    for layout in Layout::ALL {
        let plan = Plan { layout, book_adjustments: true, proofs: true, ..Plan::one_week(39) };
        let world = World::generate(Plan { faults: vec![Fault::ReserveNotBooked], ..plan });
        let ledger = world.ledger_csv();
        let [want] = &world.expected[..] else { panic!("one fault") };
        let own = all(&world, Report::SettlementDetails);
        let own = own.iter().filter(|line| line["transactionAmountValue"].is_empty());
        let unbooked: Vec<_> = own.filter(|line| !ledger.contains(&line["transactionId"])).collect();
        assert_eq!(unbooked.len(), 1, "{layout:?}");
        assert_eq!(Some(&unbooked[0]["transactionId"]), want.antom_id.as_ref());
        assert_eq!(Some(&unbooked[0]["settlementAmountValue"]), want.report_amount.as_ref());
    }
}

#[test]
fn the_second_delivery_changes_one_file_and_nothing_that_counts() {
    let faults = vec![Fault::ReportRestated];
    let world = World::generate(Plan { faults, proofs: true, ..Plan::one_week(40) });
    assert!(world.expected.is_empty());
    let [want] = &world.later_expected[..] else { panic!("one row") };
    let changed: Vec<&str> = world
        .later_files
        .iter()
        .filter(|later| world.files.iter().all(|file| file.path != later.path || file.bytes != later.bytes))
        .map(|file| file.name())
        .collect();
    assert_eq!((want.kind, changed), ("FILE_RESTATED", vec![want.report_file.as_deref().unwrap()]));
    let folder = tempfile::tempdir().unwrap();
    world.write(folder.path()).unwrap();
    world.write_later(folder.path()).unwrap();
    let path = folder.path().join("remote").join(&world.later_files[0].path);
    assert!(std::fs::read_to_string(path).unwrap().contains("Described again"));
}

#[test]
fn all_five_reports_can_be_workbooks() {
    let style = Style { xlsx: true, ..Style::default() };
    let books = World::generate(Plan { style, faults: Vec::new(), ..Plan::one_week(41) });
    let texts = World::generate(Plan { faults: Vec::new(), ..Plan::one_week(41) });
    let names = |world: &World| -> Vec<String> {
        world.files.iter().map(|file| file.path.rsplit_once('.').unwrap().0.to_owned()).collect()
    };
    assert_eq!(names(&books), names(&texts));
    for (book, text) in books.files.iter().zip(&texts.files) {
        assert!(book.path.ends_with(".xlsx") && book.bytes.starts_with(b"PK"));
        assert_eq!(book.positions, text.positions, "without line breaks, rows are lines");
    }
    let kinds: BTreeSet<Report> = books.files.iter().map(|file| file.report).collect();
    assert_eq!(kinds, BTreeSet::from(Report::ALL));
}
