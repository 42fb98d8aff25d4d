//! One file per subcommand: its `Args`, whose doc comments are the help, and one function `run`.

pub mod check;
pub mod parse;
