//! Speed, measured: parse, check, decide.
