//! Recorded actions: one model, one importer per format.
