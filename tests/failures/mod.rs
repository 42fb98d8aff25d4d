//! Every way to end, as an operator meets it.
