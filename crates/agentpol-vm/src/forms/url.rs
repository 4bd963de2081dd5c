//! URLs: `(http|https)://host[:port][/path][?query][#fragment]`, ASCII, no user, nothing hidden behind `%`.

use super::host::{host, ip};
use core::ops::Range;

/// A url that was read; ranges are bytes of its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Url {
    pub(crate) scheme: Range<usize>,
    /// With brackets where it is IPv6. In canonical form its letters are small.
    pub(crate) host: Range<usize>,
    /// The scheme's own where none is written.
    pub(crate) port: u16,
    /// Empty where none is written.
    pub(crate) path: Range<usize>,
}

/// Reads a url.
pub(crate) fn url(text: &str, allow_ip6: bool) -> Option<Url> {
    let plain = text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    if !plain || !escapes_are_whole(text) {
        return None;
    }
    let scheme = text.find("://").filter(|end| matches!(text.get(..*end), Some("http" | "https")))?;
    let start = scheme.checked_add(3)?;
    let rest = text.get(start..)?;
    let authority = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (name, port) = authority_of(rest.get(..authority)?, allow_ip6)?;
    let tail = rest.get(authority..)?;
    let path = tail.find(['?', '#']).unwrap_or(tail.len());
    if !path_is_plain(tail.get(..path)?) {
        return None;
    }
    let path_start = start.checked_add(authority)?;
    let default = if scheme == "https".len() { 443 } else { 80 };
    Some(Url {
        scheme: 0..scheme,
        host: start..start.checked_add(name)?,
        port: port.unwrap_or(default),
        path: path_start..path_start.checked_add(path)?,
    })
}

/// Returns how long the host is, and the port.
fn authority_of(text: &str, allow_ip6: bool) -> Option<(usize, Option<u16>)> {
    let (name, port) = match text.strip_prefix('[') {
        Some(inner) => {
            let (address, port) = inner.split_once(']')?;
            let v6 = allow_ip6 && address.contains(':') && ip(address).is_some();
            (v6.then(|| address.len().saturating_add(2))?, port)
        }
        None => {
            let end = text.find(':').unwrap_or(text.len());
            let name = text.get(..end)?;
            (host(name).then_some(end)?, text.get(end..)?)
        }
    };
    match port.strip_prefix(':') {
        Some(digits) => Some((name, Some(port_of(digits)?))),
        None => port.is_empty().then_some((name, None)),
    }
}

/// 1 to 65535 without a leading zero.
fn port_of(digits: &str) -> Option<u16> {
    let plain = digits.bytes().all(|byte| byte.is_ascii_digit()) && !digits.starts_with('0');
    digits.parse().ok().filter(|_| plain)
}

/// Behind every `%` stand two hexadecimal digits.
fn escapes_are_whole(text: &str) -> bool {
    text.split('%').skip(1).all(|rest| {
        let digits = rest.as_bytes().first_chunk::<2>();
        digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
    })
}

/// No `.` or `..` between slashes, and behind `%` nothing that has to be seen: no slash, backslash or control, and no letter,
/// digit or sign that needs no `%` (RFC 3986, section 2.3), so that every path is spelt in one way.
fn path_is_plain(path: &str) -> bool {
    let hidden = path.split('%').skip(1).any(|rest| {
        let code = rest.get(..2).and_then(|digits| u8::from_str_radix(digits, 16).ok());
        let plain = |code: u8| code.is_ascii_alphanumeric() || matches!(code, b'-' | b'.' | b'_' | b'~');
        code.is_none_or(|code| plain(code) || matches!(code, b'/' | b'\\' | 0..=0x1f | 0x7f))
    });
    !hidden && !path.split('/').any(|segment| segment == "." || segment == "..")
}

#[cfg(test)]
mod tests {
    use super::url;

    #[test]
    fn parts_are_found() {
        let text = "https://Shop.Example:8443/a%20b?q=1#f";
        let read = url(text, false).unwrap();
        assert_eq!(
            (&text[read.host], read.port, &text[read.path], &text[read.scheme]),
            ("Shop.Example", 8443, "/a%20b", "https")
        );
        let bare = url("http://a.example?x", false).unwrap();
        assert_eq!((bare.port, bare.path.is_empty()), (80, true));
        let six = "http://[2001:db8::1]:80/";
        assert_eq!(&six[url(six, true).unwrap().host], "[2001:db8::1]");
    }

    #[test]
    fn urls_have_one_reading() {
        for refused in [
            "",
            "a.example",
            "ftp://a.example/",
            "HTTP://a.example/",
            "https:/a.example",
            "https://",
            "https:///a",
            "https://a.example@b.example/",
            "https://a:b@c.example/",
            "https://a.example:/",
            "https://a.example:0/",
            "https://a.example:065/",
            "https://a.example:65536/",
            "https://a.example:+1/",
            "https://a.example/../b",
            "https://a.example/.",
            "https://a.example/%2E%2e/b",
            "https://a.example/%2fb",
            "https://a.example/%5cb",
            "https://a.example/%00",
            "https://a.example/%1F",
            "https://a.example/%7f",
            "https://a.example/%61dmin",
            "https://a.example/%7E",
            "https://a.example/%zz",
            "https://a.example/%4",
            "https://a.example/?%",
            "https://a.example./",
            "https://1.2.3/",
            "https://01.2.3.4/",
            "https://0x7f.1/",
            "https://[::1]/",
            "https://a.example\\b",
            "https://a.example/ b",
            "https://a.example/\n",
            "https://ä.example/",
            "https://a%2eexample/",
            "https://a.example:80:80/",
            "https://a_b.example/",
        ] {
            assert_eq!(url(refused, false), None, "{refused}");
        }
        for refused in
            ["http://[::1", "http://[::1]x/", "http://[2001:DB8::1]/", "http://[10.0.0.1]/", "http://[fe80::1%25e]/"]
        {
            assert_eq!(url(refused, true), None, "{refused}");
        }
        for good in
            ["http://a.example", "https://10.0.0.1/x", "https://a.example/a.b/..c?../d#/../", "http://a.example/@x"]
        {
            assert!(url(good, false).is_some(), "{good}");
        }
    }
}
