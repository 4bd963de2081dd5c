//! The formatter, as a library.
