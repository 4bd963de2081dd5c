//! What each typed text takes and refuses.

use super::*;

fn takes(ty: &Type, from: &str, to: &str) {
    assert_eq!(canonical(ty, from).as_deref(), Ok(to), "{from}");
}

fn refuses(ty: &Type, texts: &[&str]) {
    for text in texts {
        assert!(literal_of(ty, text).is_some_and(|read| read.is_err()), "{text} was taken");
    }
}

#[test]
fn emails() {
    takes(&Type::Email, "Ana.B+x@ACME.Example", "Ana.B+x@acme.example");
    let wrong = ["ana", "a@b", "a@@b.example", "a b@c.example", ".a@b.example", "a..b@c.example", "\"a\"@b.example"];
    refuses(&Type::Email, &wrong);
    refuses(
        &Type::Email,
        &[
            "a@b.example.",
            "a@[10.0.0.1]",
            "a%b@c.example",
            "a!b@c.example",
            "Ana <a@b.example>",
            "a@b.1",
            "é@b.example",
        ],
    );
}

#[test]
fn hosts() {
    takes(&Type::Host, "Docs.RS", "docs.rs");
    takes(&Type::Host, "localhost", "localhost");
    takes(&Type::Host, "10.0.0.1", "10.0.0.1");
    refuses(
        &Type::Host,
        &[
            "",
            "a.",
            "-a.example",
            "a_b.example",
            "*.acme.example",
            "https://a.example",
            "a/b",
            "010.0.0.1",
            "10.0.0",
            "a..b",
        ],
    );
}

#[test]
fn urls() {
    let url = Type::Url { allow_ip6: false };
    takes(&url, "https://Docs.RS/a%20b?q=%2e#x", "https://docs.rs/a%20b?q=%2e#x");
    takes(&url, "http://a.example:8080", "http://a.example:8080");
    takes(&Type::Url { allow_ip6: true }, "http://[2001:DB8::1]:80/", "http://[2001:db8::1]:80/");
    refuses(
        &url,
        &[
            "docs.rs",
            "ftp://a.example",
            "HTTPS://a.example",
            "https://u:p@a.example",
            "https://a.example:0",
            "https://a.example:080",
        ],
    );
    refuses(
        &url,
        &[
            "https://a.example/../x",
            "https://a.example/%2e%2E/x",
            "https://a.example/%2f",
            "https://a.example/%61dmin",
            "https://a.example/%7E",
            "https://a.example/%00",
            "https://a.example/%zz",
        ],
    );
    refuses(
        &url,
        &[
            "https://a.example\\x",
            "https://a.example/a b",
            "https://a.example.",
            "https://a%2eb",
            "https://[::1]/",
            "https://",
        ],
    );
}

#[test]
fn paths() {
    let path = Type::Path { under: None };
    takes(&path, "/a//b/", "/a/b");
    takes(&path, "/", "/");
    refuses(&path, &["a/b", "~/x", "/a/../b", "/a/./b", "/a\\b", "/a\nb", ""]);
    let under = Type::Path { under: Some("/work".to_owned()) };
    takes(&under, "/work/a", "/work/a");
    refuses(&under, &["/workshop", "/"]);
}

#[test]
fn addresses_and_networks() {
    assert_eq!(literal_of(&Type::Ip, "10.0.0.1"), Some(Ok(Value::Ip { bits: 0x0a00_0001, v6: false })));
    assert_eq!(literal_of(&Type::Ip, "::1"), Some(Ok(Value::Ip { bits: 1, v6: true })));
    refuses(&Type::Ip, &["10.0.0", "010.0.0.1", "2001:DB8::1", "::ffff:10.0.0.1", "fe80::1%eth0", ""]);
    assert_eq!(network("10.0.0.0/8"), Ok((0x0a00_0000, 8, false)));
    assert_eq!(network("0.0.0.0/0"), Ok((0, 0, false)));
    assert_eq!(network("::/0"), Ok((0, 0, true)));
    for wrong in ["10.0.0.1/8", "10.0.0.0", "10.0.0.0/33", "10.0.0.0/08", "10.0.0.0/-1", "10.0.0.0/+8"] {
        assert!(network(wrong).is_err(), "{wrong} was taken");
    }
}

#[test]
fn dates_and_times() {
    assert_eq!(literal_of(&Type::Date, "1970-01-03"), Some(Ok(Value::Date(2))));
    assert_eq!(literal_of(&Type::Date, "1969-12-31"), Some(Ok(Value::Date(-1))));
    refuses(&Type::Date, &["2026-02-30", "2026-3-2", "20260302", "2026-03-02T00:00:00Z"]);
    let time = Type::DateTime { zone: None };
    assert_eq!(literal_of(&time, "1970-01-01T01:00:00+01:00"), Some(Ok(Value::DateTime(0))));
    assert_eq!(literal_of(&time, "1970-01-01T00:00:00.250Z"), Some(Ok(Value::DateTime(250))));
    refuses(
        &time,
        &[
            "2026-03-02",
            "2026-03-02T15:00:00",
            "1969-12-31T23:59:59Z",
            "2200-01-01T00:00:00Z",
            "2026-03-02T15:00:60Z",
            "2026-03-02T15:00:00.1234Z",
        ],
    );
}
