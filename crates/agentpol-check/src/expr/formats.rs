//! The strict forms of typed texts, read at compile time and put into canonical form.
//!
//! The same forms hold for arguments at run time: what is refused here could never be equal to one.

use crate::policy::{Type, Value};
use std::net::{IpAddr, Ipv6Addr};

/// Why a text is not of a type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Malformed {
    /// What is wrong, for the label.
    pub(crate) why: String,
    /// An edit to make.
    pub(crate) help: Option<String>,
}

fn malformed<T>(why: impl Into<String>) -> Result<T, Malformed> {
    Err(Malformed { why: why.into(), help: None })
}

fn instead<T>(why: impl Into<String>, help: impl Into<String>) -> Result<T, Malformed> {
    Err(Malformed { why: why.into(), help: Some(help.into()) })
}

/// Reads a text as a value of a typed text; `None` for a type that is not written as text.
pub(super) fn literal_of(ty: &Type, text: &str) -> Option<Result<Value, Malformed>> {
    match ty {
        Type::Email | Type::Url { .. } | Type::Host | Type::Path { .. } => Some(canonical(ty, text).map(Value::Text)),
        Type::Ip => Some(ip(text)),
        Type::Date => Some(date(text)),
        Type::DateTime { .. } => Some(datetime(text)),
        _ => None,
    }
}

/// Puts an email, url, host or path into canonical form. Any other type takes the text as it is.
pub(crate) fn canonical(ty: &Type, text: &str) -> Result<String, Malformed> {
    match ty {
        Type::Email => email(text),
        Type::Url { allow_ip6 } => url(text, *allow_ip6),
        Type::Host => host(text),
        Type::Path { under } => {
            let path = path(text)?;
            match under {
                Some(root) if !lies_within(&path, root) => malformed(format!("this path type lies under `{root}`")),
                _ => Ok(path),
            }
        }
        _ => Ok(text.to_owned()),
    }
}

fn email(text: &str) -> Result<String, Malformed> {
    let Some((local, domain)) = text.split_once('@') else { return malformed("an email has one `@`") };
    let fits = |c: char| c.is_ascii_alphanumeric() || "#$&'*+-/=?^_`{|}~".contains(c);
    if local.is_empty() || local.len() > 64 {
        return malformed("the part before the `@` has 1 to 64 characters");
    }
    if !local.split('.').all(|atom| !atom.is_empty() && atom.chars().all(fits)) {
        return malformed("the part before the `@` is letters, digits and plain signs, with single dots inside");
    }
    let domain = name_of_host(domain)?;
    if !domain.contains('.') {
        return malformed("the part behind the `@` is a domain, such as `acme.example`");
    }
    Ok(format!("{local}@{domain}"))
}

/// A name of letters, digits and hyphens, or a dotted quad.
fn host(text: &str) -> Result<String, Malformed> {
    if text.contains("://") || text.contains('/') {
        return malformed("a host has neither scheme nor path");
    }
    if text.contains('@') {
        return malformed("a host has no `@`");
    }
    if let Some(domain) = text.strip_prefix("*.") {
        return instead("a host has no wildcard", format!("ask with `.in_domain(\"{domain}\")`"));
    }
    match text.parse::<std::net::Ipv4Addr>() {
        Ok(address) => Ok(address.to_string()),
        Err(_) => name_of_host(text),
    }
}

fn name_of_host(text: &str) -> Result<String, Malformed> {
    if let Some(rest) = text.strip_suffix('.') {
        return instead("a host has no dot at its end", format!("write `{rest}`"));
    }
    if text.is_empty() || text.len() > 253 {
        return malformed("a host has 1 to 253 characters");
    }
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '-';
    for label in text.split('.') {
        let edges = label.starts_with('-') || label.ends_with('-');
        if label.is_empty() || label.len() > 63 || edges || !label.chars().all(fits) {
            return malformed("the parts of a host are letters, digits and inner hyphens, at most 63 each");
        }
    }
    let last = text.rsplit('.').next().unwrap_or_default();
    if !last.starts_with(|c: char| c.is_ascii_alphabetic()) {
        return malformed("the last part of a host begins with a letter");
    }
    Ok(text.to_ascii_lowercase())
}

fn url(text: &str, allow_ip6: bool) -> Result<String, Malformed> {
    let Some((scheme, rest)) = text.split_once("://") else {
        return instead("a url begins with its scheme", format!("write `https://{text}`"));
    };
    if scheme != "http" && scheme != "https" {
        return malformed("the scheme of a url is `http` or `https`, in small letters");
    }
    if let Some(odd) = rest.chars().find(|c| !c.is_ascii_graphic() || *c == '\\') {
        return malformed(format!("a url has no `{}`", odd.escape_debug()));
    }
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, tail) = rest.split_at(end);
    if authority.contains('@') {
        return malformed("a url names no user");
    }
    let authority = authority_of(authority, allow_ip6)?;
    let path_end = tail.find(['?', '#']).unwrap_or(tail.len());
    url_path(&tail[..path_end])?;
    percents(tail)?;
    Ok(format!("{scheme}://{authority}{tail}"))
}

fn authority_of(text: &str, allow_ip6: bool) -> Result<String, Malformed> {
    if let Some(inside) = text.strip_prefix('[') {
        let Some((address, port)) = inside.split_once(']') else {
            return malformed("the `[` of the host is not closed");
        };
        let Ok(v6) = address.parse::<Ipv6Addr>() else { return malformed("this is not an IPv6 address") };
        if !allow_ip6 {
            return malformed("a `url` has no IPv6 address; the type for that is `url allow ip6`");
        }
        let port = port.strip_prefix(':').map(port_of).transpose()?;
        return Ok(format!("[{v6}]{}", port.map(|p| format!(":{p}")).unwrap_or_default()));
    }
    match text.split_once(':') {
        Some((name, port)) => Ok(format!("{}:{}", host(name)?, port_of(port)?)),
        None => host(text),
    }
}

fn port_of(text: &str) -> Result<u16, Malformed> {
    let plain = !text.starts_with('0') && text.chars().all(|c| c.is_ascii_digit());
    match text.parse::<u16>() {
        Ok(port) if plain => Ok(port),
        _ => malformed("a port is 1 to 65535, without a zero before it"),
    }
}

fn url_path(path: &str) -> Result<(), Malformed> {
    let code = |at: usize| u8::from_str_radix(path.get(at + 1..at + 3)?, 16).ok();
    let plain = |code: u8| code.is_ascii_alphanumeric() || b"-._~".contains(&code);
    let hidden = |code: u8| plain(code) || code.is_ascii_control() || matches!(code, b'/' | b'\\');
    if path.match_indices('%').filter_map(|(at, _)| code(at)).any(hidden) {
        return malformed("the path of a url hides no letters, digits, dots, slashes or controls behind `%`");
    }
    if path.split('/').any(|segment| segment == "." || segment == "..") {
        return malformed("the path of a url has no `.` or `..`");
    }
    Ok(())
}

fn percents(text: &str) -> Result<(), Malformed> {
    let two_digits = |at: usize| {
        let digits = text.as_bytes().get(at + 1..at + 3);
        digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
    };
    match text.match_indices('%').all(|(at, _)| two_digits(at)) {
        true => Ok(()),
        false => malformed("behind `%` stand two digits of sixteen"),
    }
}

/// An absolute path without `.` and `..`; repeated slashes are folded, one at the end is dropped.
fn path(text: &str) -> Result<String, Malformed> {
    if !text.starts_with('/') {
        return instead("a path here is absolute", format!("write `/{}`", text.trim_start_matches("./")));
    }
    if text.chars().any(|c| c.is_control() || c == '\\') {
        return malformed("a path has no controls and no `\\`");
    }
    if text.split('/').any(|segment| segment == "." || segment == "..") {
        return malformed("a path here has no `.` or `..`: links make them lie");
    }
    let segments: Vec<&str> = text.split('/').filter(|segment| !segment.is_empty()).collect();
    Ok(format!("/{}", segments.join("/")))
}

/// Returns whether a canonical path is a canonical directory or below it.
fn lies_within(path: &str, directory: &str) -> bool {
    let rest = path.strip_prefix(directory.trim_end_matches('/'));
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn ip(text: &str) -> Result<Value, Malformed> {
    match text.parse::<IpAddr>() {
        Ok(IpAddr::V4(v4)) => Ok(Value::Ip { bits: u128::from(v4.to_bits()), v6: false }),
        Ok(IpAddr::V6(v6)) => match v6.to_ipv4_mapped() {
            Some(v4) => instead("an IPv4 address in IPv6 clothes is read as IPv4", format!("write `{v4}`")),
            None if v6.to_string() != text => instead("not in the short form of RFC 5952", format!("write `{v6}`")),
            None => Ok(Value::Ip { bits: v6.to_bits(), v6: true }),
        },
        Err(_) => malformed("not an address such as `10.0.0.1` or `2001:db8::1`"),
    }
}

/// Reads a network: address bits, prefix length, whether v6.
pub(super) fn network(text: &str) -> Result<(u128, u8, bool), Malformed> {
    let Some((address, length)) = text.split_once('/') else {
        return instead("a network has its length behind a `/`", format!("write `{text}/32` for the one address"));
    };
    let (bits, v6) = match ip(address)? {
        Value::Ip { bits, v6 } => (bits, v6),
        _ => return malformed("not an address"),
    };
    let width: u8 = if v6 { 128 } else { 32 };
    let plain = length == "0" || !length.starts_with('0') && length.chars().all(|c| c.is_ascii_digit());
    let Some(length) = length.parse::<u8>().ok().filter(|length| plain && *length <= width) else {
        return malformed(format!("the length of this network is 0 to {width}"));
    };
    let host_bits = u32::from(width - length);
    let kept = if host_bits >= 128 { 0 } else { bits >> host_bits << host_bits };
    if kept != bits {
        let shown = match v6 {
            true => Ipv6Addr::from_bits(kept).to_string(),
            false => std::net::Ipv4Addr::from_bits(u32::try_from(kept).unwrap_or_default()).to_string(),
        };
        return instead("bits behind the length are set", format!("write `{shown}/{length}`"));
    }
    Ok((bits, length, v6))
}

fn date(text: &str) -> Result<Value, Malformed> {
    let shape = text.len() == 10
        && text.bytes().enumerate().all(|(at, byte)| match at {
            4 | 7 => byte == b'-',
            _ => byte.is_ascii_digit(),
        });
    match text.parse::<jiff::civil::Date>() {
        Ok(date) if shape => {
            let days = date.duration_since(jiff::civil::date(1970, 1, 1)).as_hours() / 24;
            i32::try_from(days).map(Value::Date).or_else(|_| malformed("out of range"))
        }
        _ => malformed("a date is written `2026-03-02`"),
    }
}

fn datetime(text: &str) -> Result<Value, Malformed> {
    const EARLIEST: i64 = 0;
    /// 2200-01-01T00:00:00Z
    const LATEST: i64 = 7_258_118_400_000;
    let instant = match text.parse::<jiff::Timestamp>() {
        Ok(instant) if text.as_bytes().get(10) == Some(&b'T') && !text.contains(":60") => instant,
        _ => return malformed("a time is written `2026-03-02T15:00:00Z`, with `Z` or an offset such as `+01:00`"),
    };
    if instant.subsec_nanosecond() % 1_000_000 != 0 {
        return malformed("a time has at most milliseconds");
    }
    match instant.as_millisecond() {
        millis @ EARLIEST..LATEST => Ok(Value::DateTime(millis)),
        _ => malformed("a time lies between the years 1970 and 2200"),
    }
}

#[cfg(test)]
mod tests;
