//! Lines that differ only in numbers of fixed width: made once, patched per line, with nothing allocated.

/// A line with slots for numbers.
#[derive(Debug, Clone, Default)]
pub(super) struct Template {
    bytes: Vec<u8>,
    slots: Vec<(usize, usize)>,
}

impl Template {
    /// Reads a pattern: each run of `#` is a slot of that width.
    pub(super) fn new(pattern: &str) -> Self {
        let bytes = pattern.as_bytes().to_vec();
        let mut slots = Vec::new();
        let mut at = 0;
        while at < bytes.len() {
            let width = bytes[at..].iter().take_while(|byte| **byte == b'#').count();
            if width > 0 {
                slots.push((at, width));
            }
            at += width.max(1);
        }
        Self { bytes, slots }
    }

    /// The line with these numbers in its slots, in order, filled up with zeros on the left.
    pub(super) fn fill(&mut self, numbers: &[u64]) -> &[u8] {
        for ((start, width), number) in self.slots.iter().zip(numbers) {
            let mut rest = *number;
            for place in self.bytes[*start..*start + *width].iter_mut().rev() {
                *place = DIGITS[usize::try_from(rest % 10).expect("a digit fits")];
                rest /= 10;
            }
        }
        &self.bytes
    }
}

const DIGITS: [u8; 10] = *b"0123456789";

#[cfg(test)]
mod tests {
    use super::Template;

    #[test]
    fn slots_are_filled_in_order_and_to_their_width() {
        let mut template = Template::new("id####,##.##\n");
        assert_eq!(template.fill(&[42, 7, 5]), b"id0042,07.05\n");
        assert_eq!(template.fill(&[9_999, 99, 0]), b"id9999,99.00\n");
    }
}
