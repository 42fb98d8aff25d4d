//! Which texts a spreadsheet could take for a formula.

/// Characters with which spreadsheets begin a formula, in their ordinary and their full-width forms (which Excel folds to the
/// ordinary ones in East Asian settings).
const FORMULA_STARTS: [char; 8] = ['=', '+', '-', '@', '＝', '＋', '－', '＠'];

/// Whether a cell of text needs a leading `'`: it begins with a formula, possibly behind blanks, quotes or invisible
/// characters, or contains control characters, which some importers drop or cut at.
///
/// ```text
/// =1+1            yes        seller-1        no
///   @SUM(A1)      yes        a=b             no
/// "＋1            yes        2023061819      no
/// ```
pub(super) fn needs_shield(text: &str) -> bool {
    // Nearly every cell is an id: decided without decoding a character.
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
    if !text.starts_with('-') && text.bytes().all(plain) {
        return false;
    }
    let first = text.chars().find(|&at| !at.is_whitespace() && !is_quote(at) && !is_invisible(at));
    first.is_some_and(|at| FORMULA_STARTS.contains(&at)) || text.chars().any(char::is_control)
}

/// The text of a cell without the `'` that outputs put before it.
#[must_use]
pub fn unshielded(cell: &str) -> &str {
    cell.strip_prefix('\'').filter(|text| needs_shield(text)).unwrap_or(cell)
}

const fn is_quote(at: char) -> bool {
    matches!(at, '\'' | '"' | '‘' | '’' | '“' | '”')
}

/// Zero-width characters, direction marks and byte order marks: not seen, and skipped by some importers.
const fn is_invisible(at: char) -> bool {
    matches!(at, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}' | '\u{ad}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_are_seen_through_disguises() {
        for text in [
            "=1+1",
            "+1",
            "-1",
            "@SUM(A1)",
            "\t=1",
            "\rx",
            "x\ry",
            "a\nb",
            "  =1",
            "\"=1",
            "'=1",
            "' \" @x",
            "＝1",
            "＋1",
            "－1",
            "＠x",
            "\u{feff}=1",
            "\u{200b}-1",
            "\u{a0}=1",
            "a\0b",
            "a\u{7f}",
            "-",
            "“=x",
        ] {
            assert!(needs_shield(text), "{text:?}");
            assert_eq!(unshielded(&format!("'{text}")), text);
        }
        for text in [
            "",
            "a",
            "a=b",
            "2023061819401080",
            "seller-1",
            "user@example.com",
            "1-2",
            "a b",
            "ordre n° 5",
            "商店",
            "`-5` is no date",
            ".5",
            "_-",
        ] {
            assert!(!needs_shield(text), "{text:?}");
            assert_eq!(unshielded(text), text);
        }
    }
}
