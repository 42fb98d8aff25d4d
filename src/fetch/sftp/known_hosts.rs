//! What a known_hosts file says (sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT"). What is not understood lets no key in: an ordinary line
//! then lists nothing, and a line with a mark, which may revoke a key, makes the file unusable.

use crate::fetch::fingerprint::{Fingerprint, decode};

/// The lines of a file by what they are for.
#[derive(Debug, Default)]
pub(super) struct KnownHostsFile {
    /// Those that list a key under names, plain or hashed. Patterns among the names fit nothing.
    pub(super) lines: Vec<String>,
    /// Keys that are revoked. The hosts of these lines make no difference: a stolen key is not right for another host.
    pub(super) revoked: Vec<Fingerprint>,
    /// The number of the first line that may be meant for a host and is not followed.
    pub(super) not_followed: Option<usize>,
}

impl KnownHostsFile {
    /// Reads the text of a file; an error names the line.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let mut file = Self::default();
        for (at, line) in text.trim_start_matches('\u{feff}').lines().map(str::trim).enumerate() {
            let mut words = line.split_ascii_whitespace();
            match words.next() {
                None => {}
                Some(comment) if comment.starts_with('#') => {}
                Some("@revoked") => match key_of(words.nth(1), words.next()) {
                    Some(key) => file.revoked.push(Fingerprint::of_key(&key)),
                    None => {
                        return Err(format!("line {}: `@revoked` without a key that can be read; {EXPECTED}", at + 1));
                    }
                },
                // Certificates are not asked for, so nobody can vouch for a host by one.
                Some("@cert-authority") => file.skip(at),
                Some(mark) if mark.starts_with('@') => {
                    return Err(format!("line {}: unknown mark `{}`; {EXPECTED}", at + 1, mark.escape_debug()));
                }
                Some(names) => {
                    if names.contains(['*', '?', '!']) {
                        file.skip(at);
                    }
                    // Whom a negated pattern leaves out only patterns can tell.
                    if !names.contains('!') {
                        file.lines.push(line.to_owned());
                    }
                }
            }
        }
        Ok(file)
    }

    fn skip(&mut self, at: usize) {
        self.not_followed.get_or_insert(at + 1);
    }
}

/// What a line with a mark must be, in messages.
const EXPECTED: &str = "expected `@revoked` or `@cert-authority`, names of hosts, a type and a key; correct the line, or take it \
                        out if it revokes nothing";

/// The key of a line in its wire form, which begins with the name of its type (RFC 4253, section 6.6).
fn key_of(kind: Option<&str>, encoded: Option<&str>) -> Option<Vec<u8>> {
    let (kind, key) = (kind?, decode(encoded?)?);
    let length = u32::try_from(kind.len()).ok()?.to_be_bytes();
    let is_of_kind = key.strip_prefix(&length).is_some_and(|rest| rest.starts_with(kind.as_bytes()));
    is_of_kind.then_some(key)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBa2ZL8/mxqREG9l8qhnNJkA2oAuzkzX2gGXkqqTSBXo";

    #[test]
    fn lines_are_told_apart() {
        let table = "
            a.example.com,[b.example.com]:2222 KEY        => lists
            |1|c2FsdA==|aGFzaA== KEY comment              => lists
            a.example.com,*.example.com KEY               => lists, not followed
            ?.example.com KEY                             => lists, not followed
            *.example.com,!a.example.com KEY              => not followed
            a.example.com,!a.* KEY                        => not followed
            @cert-authority *.example.com KEY             => not followed
            @revoked * KEY                                => revokes
            @revoked \t |1|c2FsdA==|aGFzaA==  KEY comment => revokes
            # a.example.com KEY                           =>
            @Revoked * KEY                                => wrong
            @revoke * KEY                                 => wrong
            @ revoked * KEY                               => wrong
            @revoked KEY                                  => wrong
            @revoked * ssh-ed25519 AAAAC3NzaC1lZDI1       => wrong
            @revoked * ssh-rsa BLOB                       => wrong
            @revoked * 1024 35 1234567                    => wrong
        ";
        for row in table.lines().map(str::trim).filter(|row| !row.is_empty()) {
            let (line, expected) = row.split_once("=>").unwrap();
            let line = line.replace("KEY", KEY).replace("BLOB", KEY.split_once(' ').unwrap().1);
            let found = KnownHostsFile::parse(&line);
            let words = found.map_or("wrong".to_owned(), |file| {
                let of = |is: bool, word: &'static str| is.then_some(word);
                let words = [
                    of(!file.lines.is_empty(), "lists"),
                    of(!file.revoked.is_empty(), "revokes"),
                    of(file.not_followed == Some(1), "not followed"),
                ];
                words.into_iter().flatten().collect::<Vec<_>>().join(", ")
            });
            assert_eq!(words, expected.trim(), "`{row}`");
        }
    }

    #[test]
    fn the_mark_of_utf_8_hides_no_line() {
        let file = KnownHostsFile::parse(&format!("\u{feff}@revoked * {KEY}\r\n")).unwrap();
        assert_eq!(file.revoked.len(), 1);
    }

    #[test]
    fn a_message_names_the_line() {
        let message = KnownHostsFile::parse(&format!("# hosts\na {KEY}\n@revoked * ssh-ed25519\n")).unwrap_err();
        assert!(message.starts_with("line 3: `@revoked` without a key"), "{message}");
    }
}
