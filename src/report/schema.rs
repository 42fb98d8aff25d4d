//! What Antom's pages say about columns, types and layouts, as data.

/// Where the columns of one file's header stand.
#[derive(Debug, Clone, Default)]
pub struct Layout {}
