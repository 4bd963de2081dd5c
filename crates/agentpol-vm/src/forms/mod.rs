//! The strict forms of semantics 6: one reading each, so that no two parsers can disagree.

pub(crate) mod number;
pub(crate) mod path;
pub(crate) mod time;

mod host;
mod url;

pub(crate) use host::{email, host, in_domain, ip};
pub(crate) use url::url;
