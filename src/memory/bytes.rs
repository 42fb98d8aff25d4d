//! Values to bytes and back: little-endian numbers, numbers in as few bytes as they need, texts behind their length.

/// Bytes that are being written.
#[derive(Debug, Default)]
pub struct Put(pub(super) Vec<u8>);

impl Put {
    pub(super) fn u8(&mut self, value: u8) {
        self.0.push(value);
    }

    pub(super) fn u32(&mut self, value: u32) {
        self.0.extend_from_slice(&value.to_le_bytes());
    }

    pub(super) fn u64(&mut self, value: u64) {
        self.0.extend_from_slice(&value.to_le_bytes());
    }

    pub(super) fn u128(&mut self, value: u128) {
        self.0.extend_from_slice(&value.to_le_bytes());
    }

    pub(super) fn i128(&mut self, value: i128) {
        self.0.extend_from_slice(&value.to_le_bytes());
    }

    /// A number that is mostly small: seven bits a byte, the lowest first; all bytes but the last have their highest bit set.
    pub(super) fn number(&mut self, mut value: u64) {
        while value > 0x7f {
            self.0.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.0.push(value as u8);
    }

    /// A number that is mostly near to zero.
    pub(super) fn signed(&mut self, value: i64) {
        self.number((value << 1 ^ value >> 63).cast_unsigned());
    }

    /// A length. Nothing that is kept has 2^32 parts: a file has at most 16 GiB, and a line of it at least some bytes.
    pub(super) fn length(&mut self, value: usize) {
        self.u32(u32::try_from(value).unwrap_or(u32::MAX));
    }

    pub(super) fn bytes(&mut self, value: &[u8]) {
        self.length(value.len());
        self.0.extend_from_slice(value);
    }

    pub(super) fn text(&mut self, value: &str) {
        self.bytes(value.as_bytes());
    }
}

/// Bytes that are being read. Every question is answered with nothing behind their end.
#[derive(Debug, Clone, Copy)]
pub struct Take<'a>(pub(super) &'a [u8]);

impl<'a> Take<'a> {
    pub(super) fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (head, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*head)
    }

    pub(super) fn u8(&mut self) -> Option<u8> {
        self.array::<1>().map(|[byte]| byte)
    }

    pub(super) fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_le_bytes)
    }

    pub(super) fn u64(&mut self) -> Option<u64> {
        self.array().map(u64::from_le_bytes)
    }

    pub(super) fn u128(&mut self) -> Option<u128> {
        self.array().map(u128::from_le_bytes)
    }

    pub(super) fn i128(&mut self) -> Option<i128> {
        self.array().map(i128::from_le_bytes)
    }

    pub(super) fn number(&mut self) -> Option<u64> {
        let mut value = 0;
        for shift in (0..u64::BITS).step_by(7) {
            let byte = self.u8()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte <= 0x7f {
                return Some(value);
            }
        }
        None
    }

    pub(super) fn signed(&mut self) -> Option<i64> {
        self.number().map(|number| (number >> 1).cast_signed() ^ -(number & 1).cast_signed())
    }

    pub(super) fn length(&mut self) -> Option<usize> {
        usize::try_from(self.u32()?).ok()
    }

    pub(super) fn bytes(&mut self) -> Option<&'a [u8]> {
        let length = self.length()?;
        let (head, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(head)
    }

    pub(super) fn text(&mut self) -> Option<String> {
        std::str::from_utf8(self.bytes()?).ok().map(str::to_owned)
    }

    /// As many values as a length says. A length that lies ends where the bytes do.
    pub(super) fn list<T>(&mut self, mut one: impl FnMut(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        let length = self.length()?;
        let mut all = Vec::new();
        for _ in 0..length {
            all.push(one(self)?);
        }
        Some(all)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_put_is_taken_and_nothing_more() {
        let mut put = Put::default();
        put.u8(1);
        put.u32(3);
        put.u64(4);
        put.signed(-5);
        put.u128(6);
        put.i128(-7);
        put.text("Zürich");
        put.length(2);
        put.u8(8);
        put.u8(9);
        let mut take = Take(&put.0);
        assert_eq!((take.u8(), take.u32(), take.u64()), (Some(1), Some(3), Some(4)));
        assert_eq!((take.signed(), take.u128(), take.i128()), (Some(-5), Some(6), Some(-7)));
        assert_eq!(take.text().as_deref(), Some("Zürich"));
        assert_eq!(take.list(Take::u8), Some(vec![8, 9]));
        assert_eq!((take.u8(), take.text()), (None, None));
        assert_eq!(Take(&[255, 255, 255, 255, 1]).list(Take::u8), None, "a length that lies");
    }

    #[test]
    fn small_numbers_take_few_bytes() {
        for (number, bytes) in [(0, 1), (127, 1), (128, 2), (16_384, 3), (u64::from(u32::MAX), 5), (u64::MAX, 10)] {
            let mut put = Put::default();
            put.number(number);
            assert_eq!((put.0.len(), Take(&put.0).number()), (bytes, Some(number)));
        }
        for (number, bytes) in [(0, 1), (-64, 1), (64, 2), (-65, 2), (i64::MAX, 10), (i64::MIN, 10)] {
            let mut put = Put::default();
            put.signed(number);
            assert_eq!((put.0.len(), Take(&put.0).signed()), (bytes, Some(number)));
        }
        assert_eq!((Take(&[0x80]).number(), Take(&[0xff; 11]).number()), (None, None));
    }
}
