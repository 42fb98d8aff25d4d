//! The laboratory's worlds obey Antom's documentation, add up, and are the same for the same seed.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on must stop")]

use lab::world::{Plan, World};

#[test]
fn tiny() {
    let world = World::generate(Plan { payments: 12, ..Plan::one_week(1) });
    world.write(std::path::Path::new("/tmp/world-look")).unwrap();
    for row in &world.expected {
        println!("{row:?}");
    }
}
