//! As many names in one directory as are read, and one more, at both sources.

use antom_recon::fetch::FetchError;

use super::tree::{TRANSACTIONS, World, report};

/// The bound that `README.md` states.
const NAMES: usize = 10_000;

#[test]
fn as_many_names_as_are_read_and_one_more() {
    let world = World::new();
    // At full size all of them are reports, each of which is archived and flushed.
    let full = std::env::var("ANTOM_RECON_LIMITS").is_ok_and(|size| size == "full");
    let settlements = if full { NAMES - 1 } else { 100 };
    world.put(TRANSACTIONS, report(100));
    for at in 0..settlements {
        world.put(&format!("settlementItems_USD_{at:06}_000.csv"), report(100 + at));
    }
    for at in settlements + 1..NAMES {
        world.put(&format!("note-{at}.txt"), "");
    }
    let (sources, _sshd) = world.sources();
    for source in &sources {
        let fetched = world.fetch(source).unwrap();
        assert_eq!(fetched.files.len(), settlements + 1);
        assert_eq!(fetched.ignored.len(), NAMES - settlements - 1, "what is not used is told");
    }
    world.put("one-more.txt", "");
    for source in &sources {
        let error = world.fetch(source).unwrap_err();
        let told = error.to_string();
        assert!(matches!(error, FetchError::Bounds(_)) && told.contains("has more than 10000 entries"), "{told}");
    }
}
