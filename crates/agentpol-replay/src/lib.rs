//! Tests, golden decisions and reports over recorded actions.
