//! Instruction table, program format, verifier, listing, request and decision.
