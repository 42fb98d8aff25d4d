//! Choices and pieces, made from an input's bytes.

/// A number that any change of the bytes changes, to make choices with.
pub(crate) fn choice(data: &[u8]) -> u64 {
    data.iter().fold(0xcbf2_9ce4_8422_2325, |hash: u64, &byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// A number below `count`, taken from some bits of a choice.
pub(crate) fn below(choice: u64, shift: u32, count: usize) -> usize {
    usize::try_from((choice >> shift) & 0xffff_ffff).map_or(0, |number| number % count)
}

/// The first line, and what follows it.
pub(crate) fn line(data: &[u8]) -> (&[u8], &[u8]) {
    let end = data.iter().position(|&byte| byte == b'\n');
    end.map_or((data, b""), |end| (&data[..end], &data[end + 1..]))
}
