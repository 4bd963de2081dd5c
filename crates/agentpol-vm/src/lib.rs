//! Program and request to decision: no_std, no panic, no allocation.
