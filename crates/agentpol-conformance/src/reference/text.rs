//! The strict texts of semantics 6, each a grammar as the paragraph has it, none with a second reading.

use super::pattern::regex;
use std::net::{Ipv4Addr, Ipv6Addr};

/// The longest host name.
const MAX_HOST: usize = 253;
/// The longest part of an email before the `@`.
const MAX_LOCAL: usize = 64;
/// One label of a host name: letters, digits, hyphens inside.
const LABEL: &str = "[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?";

fn captures<'t>(pattern: &str, text: &'t str) -> Option<regex::Captures<'t>> {
    regex(pattern)?.captures(text)
}

fn fits(pattern: &str, text: &str) -> bool {
    captures(pattern, text).is_some()
}

/// host = LDH labels, the last starts with a letter, no trailing dot, at most 253; or a dotted quad without leading
/// zeros. Letters are made small.
pub(super) fn host(text: &str) -> Option<String> {
    let name = text.len() <= MAX_HOST
        && fits(&format!(r"^({LABEL}\.)*{LABEL}$"), text)
        && text.rsplit('.').next()?.starts_with(|c: char| c.is_ascii_alphabetic());
    (name || dotted_quad(text).is_some()).then(|| text.to_ascii_lowercase())
}

/// An IPv4 address: four numbers to 255 without leading zeros.
fn dotted_quad(text: &str) -> Option<Ipv4Addr> {
    let number = "(0|[1-9][0-9]{0,2})";
    if !fits(&format!(r"^{number}\.{number}\.{number}\.{number}$"), text) {
        return None;
    }
    text.parse().ok()
}

/// The parts of a url that was read.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Url {
    pub(super) scheme: String,
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) path: String,
    /// The whole, host in small letters.
    pub(super) canonical: String,
}

/// url: ASCII; `(http|https)://host[:port][/path][?query][#fragment]`, no userinfo, no second way to write a path.
pub(super) fn url(text: &str, allow_ip6: bool) -> Option<Url> {
    let visible = text.bytes().all(|byte| (0x21..=0x7e).contains(&byte) && byte != b'\\');
    let escapes = !fits("%([^0-9A-Fa-f]|$|.[^0-9A-Fa-f]|.$)", text);
    if !visible || !escapes {
        return None;
    }
    let parts = captures(r"^(https?)://([^/?#]*)(/[^?#]*)?(\?[^#]*)?(#.*)?$", text)?;
    let part = |index| parts.get(index).map_or("", |found| found.as_str());
    let (scheme, path) = (part(1), part(3));
    let (host, port) = authority(part(2), allow_ip6)?;
    if !plain_path(path) {
        return None;
    }
    let written = port.map_or(String::new(), |port| format!(":{port}"));
    let canonical = format!("{scheme}://{host}{written}{path}{}{}", part(4), part(5));
    let default = if scheme == "https" { 443 } else { 80 };
    let path = if path.is_empty() { "/" } else { path };
    Some(Url { scheme: scheme.to_owned(), host, port: port.unwrap_or(default), path: path.to_owned(), canonical })
}

/// Host and port: no userinfo, no `%`, port 1 to 65535 without a leading zero, IPv6 only where allowed.
fn authority(text: &str, allow_ip6: bool) -> Option<(String, Option<u16>)> {
    let parts = captures(r"^(\[[^\]]*\]|[^:@%\[\]]*)(?::([1-9][0-9]{0,4}))?$", text)?;
    let name = parts.get(1)?.as_str();
    let port = match parts.get(2) {
        Some(digits) => Some(digits.as_str().parse::<u16>().ok()?),
        None => None,
    };
    let host = match name.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        Some(inner) if allow_ip6 => format!("[{}]", ip6(inner)?),
        Some(_) => return None,
        None => host(name)?,
    };
    Some((host, port))
}

/// No `.` or `..` segment plain or encoded; no `%2f %5c %00-%1f %7f`, and none of what needs no `%`: letters, digits, `-._~`.
fn plain_path(path: &str) -> bool {
    const HIDDEN: &str = "(?i)%([01][0-9a-f]|2[def]|3[0-9]|[46][1-9a-f]|[57][0-9a]|5c|5f|7e|7f)";
    !fits(HIDDEN, path) && path.split('/').all(|segment| segment != "." && segment != "..")
}

/// email: `dot-atom@LDH.LDH`, ASCII, local at most 64, the domain in small letters, the local part as it is.
pub(super) fn email(text: &str) -> Option<(String, String)> {
    let (local, domain) = text.split_once('@')?;
    let atom = "[A-Za-z0-9#$&'*+/=?^_`{|}~-]+";
    let good_local = local.len() <= MAX_LOCAL && fits(&format!(r"^{atom}(\.{atom})*$"), local);
    let named = domain.contains('.') && dotted_quad(domain).is_none();
    if !good_local || !named {
        return None;
    }
    Some((local.to_owned(), host(domain)?))
}

/// An IPv6 address as RFC 5952 writes it, no zone.
fn ip6(text: &str) -> Option<Ipv6Addr> {
    let address: Ipv6Addr = text.parse().ok()?;
    (address.to_string() == text).then_some(address)
}

/// ip: canonical v4, RFC 5952 v6; `::ffff:0:0/96` becomes v4. Gives the bits and whether it is v6.
pub(super) fn ip(text: &str) -> Option<(u128, bool)> {
    if let Some(v4) = dotted_quad(text) {
        return Some((u128::from(u32::from(v4)), false));
    }
    let v6 = ip6(text)?;
    match v6.to_ipv4_mapped() {
        Some(v4) => Some((u128::from(u32::from(v4)), false)),
        None => Some((u128::from(v6), true)),
    }
}

/// An address as text, canonical.
pub(super) fn ip_text(bits: u128, v6: bool) -> String {
    match u32::try_from(bits) {
        Ok(v4) if !v6 => Ipv4Addr::from(v4).to_string(),
        _ => Ipv6Addr::from(bits).to_string(),
    }
}

/// path: POSIX; no NUL, control, `\`, leading `~`; repeated `/` folded. Relative ones are joined to `cwd`, else
/// refused. Gives the text and whether it is free of `.` and `..` segments.
pub(super) fn path(text: &str, cwd: Option<&str>) -> Option<(String, bool)> {
    let refused = |c: char| c.is_control() || c == '\\';
    if text.is_empty() || text.contains(refused) || text.starts_with('~') {
        return None;
    }
    let whole = if text.starts_with('/') { text.to_owned() } else { format!("{}/{text}", cwd?) };
    let segments: Vec<&str> = whole.split('/').filter(|segment| !segment.is_empty()).collect();
    let plain = segments.iter().all(|segment| *segment != "." && *segment != "..");
    Some((format!("/{}", segments.join("/")), plain))
}

/// The ASCII letters of a text made small.
pub(super) fn lower(text: &str) -> String {
    text.to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::{email, host, ip, path, url};

    #[test]
    fn urls_have_one_reading() {
        let read = url("https://Shop.Example:8443/a%20b?q=1#f", false).expect("a url");
        assert_eq!((read.host.as_str(), read.port, read.path.as_str()), ("shop.example", 8443, "/a%20b"));
        assert_eq!(read.canonical, "https://shop.example:8443/a%20b?q=1#f");
        for refused in [
            "https://a.example@b.example/",
            "https://a.example:0/",
            "https://a.example:065/",
            "https://a.example:65536/",
            "https://a.example/../b",
            "https://a.example/%2E%2e/b",
            "https://a.example/%2fb",
            "https://a.example/%61dmin",
            "https://a.example/%zz",
            "https://a.example/%4",
            "https://a.example./",
            "https://1.2.3/",
            "https://01.2.3.4/",
            "https://[::1]/",
            "ftp://a.example/",
            "https://a.example\\b",
            "https://a.example/ b",
            "https:///a",
            "https://ä.example/",
        ] {
            assert_eq!(url(refused, false), None, "{refused}");
        }
        assert!(url("http://[2001:db8::1]:80/", true).is_some());
        assert!(url("http://[2001:DB8::1]/", true).is_none());
    }

    #[test]
    fn hosts_emails_addresses_and_paths() {
        assert_eq!(host("API.Acme.Example").as_deref(), Some("api.acme.example"));
        assert_eq!(host("10.0.0.1").as_deref(), Some("10.0.0.1"));
        for refused in ["", "a..b", "a.", "-a.example", "a_b.example", "a.1", "256.1.1.1"] {
            assert_eq!(host(refused), None, "{refused}");
        }
        assert_eq!(email("Ana.B@Acme.Example"), Some(("Ana.B".into(), "acme.example".into())));
        for refused in ["a", "a@b", "a@b@c.d", "\"a\"@b.c", "a@10.0.0.1", "a..b@c.d", "a@c.d\n", "a%b@c.d", "a!b@c.d"] {
            assert_eq!(email(refused), None, "{refused}");
        }
        assert_eq!(ip("::ffff:10.0.0.1"), Some((0x0a00_0001, false)));
        assert_eq!(ip("::1"), Some((1, true)));
        for refused in ["10.0.0.01", "::0001", "fe80::1%eth0", "1.2.3", "0:0:0:0:0:0:0:1"] {
            assert_eq!(ip(refused), None, "{refused}");
        }
        assert_eq!(path("/a//b", None), Some(("/a/b".into(), true)));
        assert_eq!(path("b", Some("/a")), Some(("/a/b".into(), true)));
        assert_eq!(path("/a/../b", None), Some(("/a/../b".into(), false)));
        for refused in ["b", "~/b", "/a\\b", "/a\u{0}b", ""] {
            assert_eq!(path(refused, None), None, "{refused}");
        }
    }
}
