//! Parts of typed texts: `.domain`, `.host`, `.name` and the others.

use super::text;
use super::value::Value;
use agentpol_check::policy::{Part, Type};

/// The part of a value of this type. What is read from canonical text again cannot fail on a value that was read once.
pub(super) fn part(which: Part, of: &Type, value: &Value) -> Option<Value> {
    let whole = value.text()?;
    let found = match which {
        Part::Domain => whole.rsplit_once('@')?.1.to_owned(),
        Part::Local => whole.rsplit_once('@')?.0.to_owned(),
        Part::Host => text::url(whole, allows_ip6(of))?.host,
        Part::Scheme => text::url(whole, allows_ip6(of))?.scheme,
        Part::Port => return Some(Value::Int(i64::from(text::url(whole, allows_ip6(of))?.port))),
        Part::UrlPath => text::url(whole, allows_ip6(of))?.path,
        Part::Name => name(whole).to_owned(),
        Part::Extension => extension(name(whole)).to_owned(),
        Part::Lower => text::lower(whole),
        Part::Date(_) => return None,
    };
    Some(Value::Text(found))
}

fn allows_ip6(of: &Type) -> bool {
    matches!(of, Type::Url { allow_ip6: true })
}

/// `.name` of a path: its last segment.
fn name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or("")
}

/// `.extension`: behind the last dot of the name, empty without one or where the dot is first.
fn extension(name: &str) -> &str {
    match name.rsplit_once('.') {
        Some((before, behind)) if !before.is_empty() => behind,
        _ => "",
    }
}

/// `.in_domain(d)`: the domain itself or below it.
pub(super) fn in_domain(host: &str, domain: &str) -> bool {
    host == domain || host.strip_suffix(domain).is_some_and(|before| before.ends_with('.'))
}

/// `.within(dir)` by whole segments: the directory itself or below it.
pub(super) fn within(path: &str, directory: &str) -> bool {
    let segments = |text: &str| -> Vec<String> {
        text.split('/').filter(|segment| !segment.is_empty()).map(str::to_owned).collect()
    };
    segments(path).starts_with(&segments(directory))
}

/// `.in_network(cidr)`: the first `prefix` bits agree, in the same family.
pub(super) fn in_network(address: (u128, bool), network: (u128, bool), prefix: u8) -> bool {
    let width: u32 = if network.1 { 128 } else { 32 };
    let ignored = width.saturating_sub(u32::from(prefix));
    let head = |bits: u128| bits.checked_shr(ignored).unwrap_or(0);
    address.1 == network.1 && head(address.0) == head(network.0)
}
