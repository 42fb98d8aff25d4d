//! Patterns of file names: literal text, placeholders and `*`.

use super::FetchError;

/// A pattern such as `settlementItems_<method>_<currency>_<batch>_<seq>.<ext>`.
///
/// Literal text is compared without regard to ASCII case. `<yyyymmdd>` is 8 digits, `<seq>` 3 digits, `<currency>` 3 capital
/// letters, `<batch>` letters and digits, `<method>` letters, digits and `_ + -`, `<ext>` is `csv` or `xlsx`, and `*` is
/// anything, also nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pattern {
    tokens: Vec<Token>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    Literal(String),
    Placeholder(Placeholder),
}

/// What a placeholder stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Placeholder {
    Date,
    Sequence,
    Currency,
    Batch,
    Method,
    Extension,
    Anything,
}

use Placeholder::*;

/// The placeholders and how they are written.
const PLACEHOLDERS: [(&str, Placeholder); 7] = [
    ("<yyyymmdd>", Date),
    ("<seq>", Sequence),
    ("<currency>", Currency),
    ("<batch>", Batch),
    ("<method>", Method),
    ("<ext>", Extension),
    ("*", Anything),
];

impl Placeholder {
    /// Whether the whole text can be what the placeholder stands for.
    fn accepts(self, text: &str) -> bool {
        let bytes = text.as_bytes();
        let all = |test: fn(&u8) -> bool| bytes.iter().all(test);
        match self {
            Date => bytes.len() == 8 && all(u8::is_ascii_digit),
            Sequence => bytes.len() == 3 && all(u8::is_ascii_digit),
            Currency => bytes.len() == 3 && all(u8::is_ascii_uppercase),
            Batch => !bytes.is_empty() && all(u8::is_ascii_alphanumeric),
            Method => !bytes.is_empty() && all(|byte| byte.is_ascii_alphanumeric() || b"_+-".contains(byte)),
            Extension => text.eq_ignore_ascii_case("csv") || text.eq_ignore_ascii_case("xlsx"),
            Anything => true,
        }
    }

    /// The shortest and the longest text that it can stand for.
    fn lengths(self, rest: usize) -> std::ops::RangeInclusive<usize> {
        match self {
            Date => 8..=8,
            Sequence | Currency => 3..=3,
            Extension => 3..=4,
            Batch | Method => 1..=rest,
            Anything => 0..=rest,
        }
    }
}

/// The parts of a name that placeholders stood for: which, and from where to where.
pub(super) type Captures = Vec<(Placeholder, std::ops::Range<usize>)>;

impl Pattern {
    /// Reads a pattern.
    pub(super) fn parse(text: &str) -> Result<Self, FetchError> {
        let wrong = |why: &str| {
            FetchError::Configuration(format!(
                "file pattern `{}`: {why}; expected text with `<yyyymmdd>`, `<seq>`, `<currency>`, `<batch>`, `<method>`, \
                 `<ext>` or `*`",
                text.escape_debug()
            ))
        };
        if text.is_empty() || text.contains(['/', '\\']) || text.chars().any(char::is_control) {
            return Err(wrong("it is not the name of a file"));
        }
        let (mut tokens, mut literal, mut rest) = (Vec::new(), String::new(), text);
        while let Some(next) = rest.chars().next() {
            if let Some(&(written, placeholder)) = PLACEHOLDERS.iter().find(|(written, _)| rest.starts_with(written)) {
                if !literal.is_empty() {
                    tokens.push(Token::Literal(std::mem::take(&mut literal)));
                }
                tokens.push(Token::Placeholder(placeholder));
                rest = &rest[written.len()..];
            } else if next == '<' || next == '>' {
                return Err(wrong("it has an unknown placeholder"));
            } else {
                literal.push(next);
                rest = &rest[next.len_utf8()..];
            }
        }
        if !literal.is_empty() {
            tokens.push(Token::Literal(literal));
        }
        if tokens.iter().filter(|token| **token == Token::Placeholder(Sequence)).count() > 1 {
            return Err(wrong("it has more than one `<seq>`"));
        }
        Ok(Self { tokens })
    }

    /// What the placeholders stand for in a name; `None` if the name does not fit. Of several readings it is the one whose
    /// first placeholders are shortest.
    pub(super) fn captures(&self, name: &str) -> Option<Captures> {
        let mut captures = Vec::new();
        let mut dead = vec![false; (self.tokens.len() + 1) * (name.len() + 1)];
        self.fits(name, 0, 0, &mut captures, &mut dead).then_some(captures)
    }

    /// Whether the tokens from `token` on fit the name from `at` on. `dead` remembers where they do not, so that the time is
    /// bounded by tokens times the square of the name's length, whatever the pattern.
    fn fits(&self, name: &str, token: usize, at: usize, captures: &mut Captures, dead: &mut [bool]) -> bool {
        let state = token * (name.len() + 1) + at;
        if dead[state] {
            return false;
        }
        let fits = match self.tokens.get(token) {
            None => at == name.len(),
            Some(Token::Literal(literal)) => {
                let end = at + literal.len();
                name.get(at..end).is_some_and(|found| found.eq_ignore_ascii_case(literal))
                    && self.fits(name, token + 1, end, captures, dead)
            }
            Some(&Token::Placeholder(placeholder)) => placeholder.lengths(name.len() - at).any(|length| {
                let end = at + length;
                if !name.get(at..end).is_some_and(|found| placeholder.accepts(found)) {
                    return false;
                }
                captures.push((placeholder, at..end));
                let fits = self.fits(name, token + 1, end, captures, dead);
                if !fits {
                    captures.pop();
                }
                fits
            }),
        };
        dead[state] = !fits;
        fits
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn patterns_fit_names() {
        let table = "
            a_<seq>.csv              a_000.csv                 yes
            a_<seq>.csv              A_999.CSV                 yes
            a_<seq>.csv              a_1000.csv                no
            a_<seq>.csv              a_00.csv                  no
            a_<seq>.csv              a_00x.csv                 no
            a_<seq>.csv              a_000.csv.part            no
            a_<yyyymmdd>.<ext>       a_20260301.xlsx           yes
            a_<yyyymmdd>.<ext>       a_20260301.txt            no
            a_<currency>_<batch>.csv a_USD_2C2PXXXXXX0101.csv  yes
            a_<currency>_<batch>.csv a_usd_1.csv               no
            a_<method>_<currency>.c  a_ALIPAY_CN_USD.c         yes
            *<seq>*                  x000                      yes
            *                        anything                  yes
            a*b*c*d*e*f              aaaaaaaaaaaaaaaaaaaaaaaa  no
            é<seq>                   é000                      yes
        ";
        for row in table.lines().map(str::trim).filter(|row| !row.is_empty()) {
            let [pattern, name, expected] = row.split_whitespace().collect::<Vec<_>>()[..] else { panic!("`{row}`") };
            let fits = Pattern::parse(pattern).unwrap().captures(name).is_some();
            assert_eq!(if fits { "yes" } else { "no" }, expected, "`{row}`");
        }
    }

    #[test]
    fn many_wildcards_take_bounded_time() {
        let pattern = Pattern::parse(&"*a".repeat(40)).unwrap();
        assert!(pattern.captures(&format!("{}b", "a".repeat(199))).is_none());
    }

    #[test]
    fn wrong_patterns_are_refused() {
        for wrong in ["", "a/b", "<sequence>", "a<", "<seq><seq>", "a\nb"] {
            assert!(Pattern::parse(wrong).is_err(), "`{wrong}`");
        }
    }
}
