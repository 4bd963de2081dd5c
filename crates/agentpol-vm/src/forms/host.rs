//! Hosts, emails and addresses.

use core::fmt::{self, Write};
use core::net::{Ipv4Addr, Ipv6Addr};

/// The longest host name.
const MAX_HOST: usize = 253;
/// The longest part of a host name between dots.
const MAX_LABEL: usize = 63;
/// The longest part of an email before the `@`.
const MAX_LOCAL: usize = 64;

/// Returns whether the text is a host: names of letters, digits and inner hyphens with dots between, the last beginning
/// with a letter; or a dotted quad without leading zeros. In canonical form its letters are small.
pub(crate) fn host(text: &str) -> bool {
    is_name(text) || text.parse::<Ipv4Addr>().is_ok()
}

fn is_name(text: &str) -> bool {
    let label = |label: &str| {
        let inner = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        (1..=MAX_LABEL).contains(&label.len())
            && label.bytes().all(inner)
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let last = text.rsplit('.').next().unwrap_or("");
    text.len() <= MAX_HOST && text.split('.').all(label) && last.starts_with(|c: char| c.is_ascii_alphabetic())
}

/// Returns where the `@` stands in `dot-atom@name.name`, ASCII, without `%` and `!`. In canonical form the letters
/// behind it are small.
pub(crate) fn email(text: &str) -> Option<usize> {
    let at = text.find('@')?;
    let (local, domain) = (text.get(..at)?, text.get(at.checked_add(1)?..)?);
    let sign = |byte: u8| byte.is_ascii_alphanumeric() || b"#$&'*+-/=?^_`{|}~".contains(&byte);
    let atom = |atom: &str| !atom.is_empty() && atom.bytes().all(sign);
    let sound = local.len() <= MAX_LOCAL && local.split('.').all(atom) && domain.contains('.') && is_name(domain);
    sound.then_some(at)
}

/// Returns the bits of an address and whether it is IPv6: IPv4 without leading zeros, IPv6 as RFC 5952 writes it, without
/// zone. IPv4 inside of IPv6 becomes IPv4.
pub(crate) fn ip(text: &str) -> Option<(u128, bool)> {
    if let Ok(v4) = text.parse::<Ipv4Addr>() {
        return Some((u128::from(v4.to_bits()), false));
    }
    let v6: Ipv6Addr = text.parse().ok()?;
    let mut rest = Expected(text);
    let canonical = write!(rest, "{v6}").is_ok() && rest.0.is_empty();
    canonical.then(|| match v6.to_ipv4_mapped() {
        Some(v4) => (u128::from(v4.to_bits()), false),
        None => (v6.to_bits(), true),
    })
}

/// Fails where something else is written than expected.
struct Expected<'t>(&'t str);

impl Write for Expected<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0 = self.0.strip_prefix(text).ok_or(fmt::Error)?;
        Ok(())
    }
}

/// Returns whether the host is the domain or below it.
pub(crate) fn in_domain(host: impl DoubleEndedIterator<Item = u8>, domain: &str) -> bool {
    let mut host = host.rev();
    domain.bytes().rev().all(|byte| host.next() == Some(byte)) && host.next().is_none_or(|byte| byte == b'.')
}

#[cfg(test)]
mod tests {
    use super::{email, host, in_domain, ip};

    #[test]
    fn hosts_have_one_reading() {
        for good in ["localhost", "API.Acme.Example", "10.0.0.1", "a-b.c1", "xn--bcher-kva.example", "1a.b"] {
            assert!(host(good), "{good}");
        }
        let long = [b'a'; 64];
        let long = core::str::from_utf8(&long).unwrap();
        for refused in [
            "",
            ".",
            "a..b",
            "a.",
            ".a",
            "-a.example",
            "a-.example",
            "a_b.example",
            "a.1",
            "256.1.1.1",
            "01.2.3.4",
            "1.2.3",
            "ä.example",
            "a b",
            long,
        ] {
            assert!(!host(refused), "{refused}");
        }
    }

    #[test]
    fn emails_have_one_reading() {
        assert_eq!(email("Ana.B+x@Acme.Example"), Some(7));
        for refused in [
            "a",
            "@b.c",
            "a@",
            "a@b",
            "a@b@c.d",
            "\"a\"@b.c",
            "a@10.0.0.1",
            ".a@c.d",
            "a.@c.d",
            "a..b@c.d",
            "a@c.d\n",
            "a%b@c.d",
            "a!b@c.d",
            "a b@c.d",
            "a,b@c.d",
            "A <a@c.d>",
            "ä@c.d",
            "a@c.d.",
        ] {
            assert_eq!(email(refused), None, "{refused}");
        }
    }

    #[test]
    fn addresses_are_canonical() {
        assert_eq!(ip("10.0.0.1"), Some((0x0a00_0001, false)));
        assert_eq!(ip("::ffff:10.0.0.1"), Some((0x0a00_0001, false)));
        assert_eq!(ip("::1"), Some((1, true)));
        assert_eq!(ip("2001:db8::1"), Some((0x2001_0db8_0000_0000_0000_0000_0000_0001, true)));
        for refused in [
            "",
            "10.0.0.01",
            "::0001",
            "fe80::1%eth0",
            "1.2.3",
            "0:0:0:0:0:0:0:1",
            "2001:DB8::1",
            "::ffff:a00:1",
            "10.0.0.1 ",
        ] {
            assert_eq!(ip(refused), None, "{refused}");
        }
    }

    #[test]
    fn domains_end_at_dots() {
        assert!(in_domain("acme.example".bytes(), "acme.example"));
        assert!(in_domain("a.acme.example".bytes(), "acme.example"));
        assert!(!in_domain("evilacme.example".bytes(), "acme.example"));
        assert!(!in_domain("example".bytes(), "acme.example"));
    }
}
