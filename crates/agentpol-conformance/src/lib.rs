//! Cases as data, the slow reference interpreter, the invariants.
