//! Client for Antom's API.

mod key;
pub mod signature;

pub use key::{KeyError, PrivateKey, PublicKey};

/// Foreign text for a message: its first characters, without control characters.
fn excerpt(text: &str) -> String {
    /// An id has 64 characters; the rest of a longer text adds nothing to a message.
    const MOST: usize = 80;
    let mut excerpt: String = text
        .chars()
        .take(MOST)
        .map(|c| if c.is_control() { '\u{fffd}' } else { c })
        .collect();
    if text.chars().nth(MOST).is_some() {
        excerpt.push('…');
    }
    excerpt
}
