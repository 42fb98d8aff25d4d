//! What a server may make us do at most. Each bound is stated with the sentence that it follows from.

/// Entries of one directory. A cycle's parts are numbered 000 to 999 (antom.md 2.0), so five reports in two formats fill at
/// most 10,000 names; more is not a directory of reports.
pub const MAX_DIRECTORY_ENTRIES: usize = 10_000;

/// Bytes of one file. Ten million lines of settlement details with every fee column are about 8 GB; twice that is room
/// enough, and a thousand times less than what fills a disk unnoticed.
pub const MAX_FILE_BYTES: u64 = 16 << 30;

/// Bytes of one file name. The longest documented name has two ids of 64 characters, a method, a currency and a sequence
/// number, which stays below 180.
pub const MAX_NAME_BYTES: usize = 200;

/// Bytes of a known_hosts file. One entry takes at most about 1 KiB (an RSA key of 4,096 bits), so this holds thousands.
pub const MAX_KNOWN_HOSTS_BYTES: u64 = 16 << 20;

/// Connections at once. Antom states no limit; servers commonly refuse more than ten that are not logged in (`MaxStartups`).
pub const MAX_CONNECTIONS: usize = 16;

/// Room for one read. libssh2 keeps requests for four times as much on their way (of 30,000 bytes each, up to 8 MiB, and gives back
/// what is there): 8 MiB are 80 MB/s over a line whose answers take a tenth of a second.
pub const READ_BYTES: usize = 2 << 20;

/// Bytes after which what was read goes to the archive.
pub const BLOCK_BYTES: usize = 256 << 10;

/// Blocks that wait between the network and the archive: 4 MiB a file, enough to bridge the bursts of a compressor.
pub const BLOCKS_WAITING: usize = 16;

/// Bytes after which a transfer that breaks counts as having got ahead, so that its attempts start anew: a file of 10 GB over a
/// line that drops every minute arrives, and one byte a connection does not go on for ever.
pub const AHEAD_BYTES: u64 = 16 << 20;

/// Characters of a partner's text (a line, a name) that a message quotes.
pub const MAX_QUOTED_CHARS: usize = 120;

/// Quotes a partner's text for a message: escaped, and cut to [`MAX_QUOTED_CHARS`].
#[must_use]
pub(super) fn quoted(bytes: &[u8]) -> String {
    // One character takes at most four bytes, so cutting first keeps the work small whatever the length.
    let cut = &bytes[..bytes.len().min(MAX_QUOTED_CHARS * 4)];
    let text = match std::str::from_utf8(cut) {
        Ok(text) => text.escape_debug().to_string(),
        // A character that was cut in two at the end is dropped; anything else is shown byte by byte.
        Err(error) if error.error_len().is_none() && cut.len() < bytes.len() => {
            String::from_utf8_lossy(&cut[..error.valid_up_to()]).escape_debug().to_string()
        }
        Err(_) => cut.escape_ascii().to_string(),
    };
    match text.char_indices().nth(MAX_QUOTED_CHARS) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None if cut.len() < bytes.len() => format!("{text}…"),
        None => text,
    }
}
