//! The normative grammar of the agentpol language, executable.
