//! A program that makes the calls contains their paths: what `tests/shipped.rs` looks for in the job can be found.

use lab::api::Endpoint;

#[test]
fn a_binary_with_the_calls_contains_their_paths() {
    let binary = std::fs::read(std::env::current_exe().unwrap()).unwrap();
    for endpoint in Endpoint::ALL {
        // Put together here, so that the text comes from the client and not from this test.
        let path = ["v1/", endpoint.path()].concat().into_bytes();
        assert!(binary.windows(path.len()).any(|window| window == path), "{endpoint:?}");
    }
}
