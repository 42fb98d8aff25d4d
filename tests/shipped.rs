//! What ships contains no call that moves money.
//!
//! `antom-api` has such calls behind its feature `marketplace`, which the laboratory's tests switch on. Two things keep them out of
//! the job: nothing that `cargo build` builds asks for the feature, however many packages are built together; and nothing in the
//! job refers to the calls, so that even the binary of this very test run, whose library has them, does not.

use std::path::Path;
use std::process::Command;

use lab::api::Endpoint;

/// The inquiries that the job asks; all other calls change something at Antom's.
const ASKED: [Endpoint; 2] = [Endpoint::InquiryPayment, Endpoint::InquiryRefund];

/// How the client spells a call's path in memory. Put together here, so that the text is not in this test's own binary.
fn path(endpoint: Endpoint) -> Vec<u8> {
    ["v1/", endpoint.path()].concat().into_bytes()
}

fn contains(bytes: &[u8], text: &[u8]) -> bool {
    memchr::memmem::find(bytes, text).is_some()
}

#[test]
fn no_call_that_moves_money_is_in_the_binary() {
    let binary = std::fs::read(env!("CARGO_BIN_EXE_antom-recon")).unwrap();
    let missing: Vec<Endpoint> = ASKED.into_iter().filter(|endpoint| !contains(&binary, &path(*endpoint))).collect();
    assert!(missing.is_empty(), "the search finds nothing, not even {missing:?}");
    let others = Endpoint::ALL.into_iter().filter(|endpoint| !endpoint.is_inquiry());
    let found: Vec<&str> = others.filter(|endpoint| contains(&binary, &path(*endpoint))).map(Endpoint::path).collect();
    assert!(found.is_empty(), "the job's binary has {found:?}");
}

/// The features of `antom-api` that the whole workspace asks for, as cargo resolves them.
fn features(edges: &str) -> String {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml");
    let tree = ["tree", "--workspace", "--locked", "--offline", "--invert", "antom-api", "--edges", edges];
    let output = Command::new(env!("CARGO")).args(tree).arg("--manifest-path").arg(manifest).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn no_build_asks_for_the_calls_that_move_money() {
    let marketplace = "antom-api feature \"marketplace\"";
    let tested = features("normal,build,dev,features");
    assert!(tested.contains(marketplace), "tests ask for them, or the search finds nothing:\n{tested}");
    let built = features("normal,build,features");
    assert!(built.contains("antom-recon") && built.contains("lab"), "both packages are looked at:\n{built}");
    assert!(!built.contains(marketplace), "`cargo build --workspace` would compile them in:\n{built}");
}
