//! What a workbook may make us do at most. Each bound is stated with the sentence that it follows from.

/// Bytes of a workbook as it lies in the archive. A full sheet of 100 columns packs to about 600 MB; the memory that its
/// directory of parts can claim grows with the file, so that it stays below twice that.
pub const MAX_WORKBOOK_BYTES: u64 = 1 << 30;

/// Parts of a workbook, its sheets, and parts that one part names. One of a single sheet has about ten; a thousand sheets with a drawing
/// and notes each have 4,000.
pub const MAX_ENTRIES: usize = 4_096;

/// Bytes that are read to find the parts: 4,096 entries of at most 1 KiB each, and the 64 KiB in which the end of the directory
/// is looked for.
pub const MAX_DIRECTORY_BYTES: u64 = 5 << 20;

/// Bytes, unpacked, of a part that only describes others (relationships, the list of sheets, styles). The largest, 64,000 cell
/// formats of 200 bytes, is below 13 MB.
pub const MAX_INDEX_BYTES: u64 = 16 << 20;

/// Bytes, unpacked, of all parts that are read. A full sheet of 100 columns with 45 bytes of XML each is below 5 GB. Whatever is
/// packed into a workbook, unpacking ends here; a ratio is not looked at, since honest sheets pack a hundredfold too.
pub const MAX_UNPACKED_BYTES: u64 = 8 << 30;

/// Bytes of the CSV. A sheet's cells are longer in XML than in CSV unless long texts are shared.
pub const MAX_CSV_BYTES: u64 = 8 << 30;

/// Rows of a sheet, by the format.
pub const MAX_ROWS: u32 = 1_048_576;

/// Columns of a sheet, by the format.
pub const MAX_COLUMNS: u32 = 16_384;

/// Characters in a cell, by the format.
pub const MAX_CELL_CHARS: usize = 32_767;

/// Bytes of a cell's text in XML: a character takes seven at most, as `_x000D_`.
pub const MAX_CELL_BYTES: usize = 7 * MAX_CELL_CHARS;

/// Bytes of one piece of XML (a tag, a text, a comment), which has to be held as a whole: the longest is the text of a cell.
pub const MAX_PIECE_BYTES: usize = 256 << 10;

/// Elements inside each other. The documented ones stay below twenty, extensions included.
pub const MAX_DEPTH: usize = 64;

/// Shared strings: 16 columns of a full sheet whose texts (ids) are all different.
pub const MAX_SHARED_STRINGS: usize = 16 << 20;

/// Bytes of the shared strings: each as long as the longest id in Antom's reports, 64 characters.
pub const MAX_SHARED_BYTES: usize = 1 << 30;

/// Bytes of the shared strings that are held in memory: a sheet of 50,000 lines with four ids each, and an eighth of the least that a
/// run may take of memory. The others lie in a file.
pub const HELD_SHARED_BYTES: usize = 8 << 20;

/// Cells whose number lost digits or whose formula has no value. A workbook with more does not have some bad lines, it keeps a column
/// of ids as numbers, or was never computed.
pub const MAX_LOSSY_CELLS: usize = 100_000;

/// The bounds that tests lower, so that they need no large workbooks.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    pub(super) workbook_bytes: u64,
    pub(super) entries: usize,
    pub(super) index_bytes: u64,
    pub(super) unpacked_bytes: u64,
    pub(super) csv_bytes: u64,
    pub(super) rows: u32,
    pub(super) columns: u32,
    pub(super) cell_chars: usize,
    pub(super) shared_strings: usize,
    pub(super) shared_bytes: usize,
    pub(super) held_bytes: usize,
    pub(super) lossy_cells: usize,
}

impl Limits {
    /// The bounds in force.
    pub(super) const FORMAT: Self = Self {
        workbook_bytes: MAX_WORKBOOK_BYTES,
        entries: MAX_ENTRIES,
        index_bytes: MAX_INDEX_BYTES,
        unpacked_bytes: MAX_UNPACKED_BYTES,
        csv_bytes: MAX_CSV_BYTES,
        rows: MAX_ROWS,
        columns: MAX_COLUMNS,
        cell_chars: MAX_CELL_CHARS,
        shared_strings: MAX_SHARED_STRINGS,
        shared_bytes: MAX_SHARED_BYTES,
        held_bytes: HELD_SHARED_BYTES,
        lossy_cells: MAX_LOSSY_CELLS,
    };
}
