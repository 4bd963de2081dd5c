//! The facade that a service embeds.
