//! What happens to lines while they are parsed: an [`Examiner`] looks at the money of each settlement line, so that proofs need no
//! second reading, and a [`Keeper`] takes the lines away block by block, so that millions of them are never in memory at once.

use crate::id::Symbol;
use crate::money::Currency;

use super::{FeeAmount, Line, Original};

/// The exchange rate of a line, as written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Quote<'a> {
    /// `quoteCurrencyPair`: left and right.
    pub pair: Option<(Currency, Currency)>,
    /// `quotePrice`: units of the right currency per unit of the left, digits with at most one point; empty if there is none.
    pub price: &'a [u8],
}

/// What a line of settlement details says of its own money, beside what [`Line`] keeps.
#[derive(Debug, Clone, Copy)]
pub struct Pricing<'a> {
    /// The line.
    pub line: &'a Line,
    /// Its exchange rate.
    pub quote: Quote<'a>,
    /// `convertedTransactionAmountValue` and its currency, if the cell is not empty.
    pub converted: Option<(i64, Currency)>,
    /// `nonGuaranteeCouponValue` and its currency, if the cell is not empty.
    pub coupon: Option<(i64, Currency)>,
    /// The aggregate `feeAmountValue` and its currency, if the cell is not empty.
    pub aggregate: Option<(i64, Currency)>,
    /// The single fees whose cells are not empty.
    pub fees: &'a [FeeAmount],
    /// Cells of columns that no rule knows and that are not empty: the column's name and the text.
    pub unknown: &'a [(&'a str, &'a [u8])],
    /// `paymentMethodType`.
    pub method: Symbol,
    /// `cardBrand`.
    pub brand: Symbol,
    /// `cardCountry` or `issuingCountry`.
    pub country: Symbol,
    /// `acquirer` or `PSP`.
    pub acquirer: Symbol,
}

/// Looks at every line of settlement details as it is parsed. Blocks are examined on all cores; their notes are put together in
/// file order, so that the result does not depend on threads.
pub trait Examiner: Sync {
    /// What is noted of the lines of one block.
    type Notes: Default + Send;

    /// Whether there is anything to look at: what only an examiner needs is not read otherwise.
    const LOOKS: bool = true;

    /// Looks at one line.
    fn examine(&self, pricing: &Pricing<'_>, notes: &mut Self::Notes);

    /// All lines of the block were looked at.
    fn finish_block(&self, _notes: &mut Self::Notes) {}

    /// Puts the notes of the next block behind those of the blocks before it.
    fn append(&self, notes: &mut Self::Notes, next: Self::Notes);
}

/// Nobody looks.
impl Examiner for () {
    type Notes = ();
    const LOOKS: bool = false;

    fn examine(&self, _: &Pricing<'_>, (): &mut ()) {}

    fn append(&self, (): &mut (), (): ()) {}
}

/// Takes the lines of details from the parser, block by block. Blocks are packed on all cores, and taken in file order.
pub trait Keeper: Sync {
    /// What is made of the lines of one block.
    type Packed: Default + Send;

    /// Whether lines are taken; if not, they stay in the report.
    const KEEPS: bool = true;

    /// Packs the lines of one block. A line's `original` is an index into these originals.
    fn pack(&self, lines: &[Line], originals: &[Original]) -> Self::Packed;

    /// Takes the next block. A block without lines gives the default.
    fn take(&self, packed: Self::Packed);
}

/// Nothing is taken.
impl Keeper for () {
    type Packed = ();
    const KEEPS: bool = false;

    fn pack(&self, _: &[Line], _: &[Original]) {}

    fn take(&self, (): ()) {}
}
