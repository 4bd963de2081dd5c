//! Identities on the wire: canonical forms, templates of fleets, and which of them two agents would share.
//!
//! SPIFFE ids follow the SPIFFE-ID standard, section 2: the trust domain is compared in lower case, the path exactly.

use crate::policy::Identity;

/// The longest SPIFFE id, in bytes.
const MAX_SPIFFE: usize = 2048;

/// The longest trust domain, in bytes.
const MAX_TRUST_DOMAIN: usize = 255;

/// Why a text is no identity: what is wrong, and what to write.
pub(crate) struct Refusal {
    pub(crate) title: String,
    pub(crate) help: String,
}

fn refuse<T>(title: impl Into<String>, help: impl Into<String>) -> Result<T, Refusal> {
    Err(Refusal { title: title.into(), help: help.into() })
}

/// Returns a SPIFFE id in canonical form. `attributes` are those of a fleet; an agent has none.
pub(crate) fn canonical_spiffe(text: &str, attributes: &[&str]) -> Result<String, Refusal> {
    let example = "write an id such as `spiffe://acme.example/agent/support-bot`";
    let scheme = text.get(..9).filter(|scheme| scheme.eq_ignore_ascii_case("spiffe://"));
    let Some(rest) = scheme.and_then(|_| text.get(9..)) else {
        return refuse(
            format!("`{text}` is not a SPIFFE id"),
            format!("{example}, or `identity issuer \"...\" subject \"...\"`"),
        );
    };
    if text.len() > MAX_SPIFFE {
        return refuse(format!("a SPIFFE id of more than {MAX_SPIFFE} bytes"), "shorten its path");
    }
    let Some((domain, path)) = rest.split_once('/') else {
        return refuse("a SPIFFE id without a path names no agent", example);
    };
    let domain = domain.to_ascii_lowercase();
    let plain = |c: u8| matches!(c, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'-' | b'_');
    if domain.is_empty() || domain.len() > MAX_TRUST_DOMAIN || !domain.bytes().all(plain) {
        return refuse(
            format!("`{domain}` is not a trust domain"),
            "use letters, digits, `.`, `-` and `_`, and no port, user or attribute in it",
        );
    }
    let mut used = Vec::new();
    for segment in path.split('/') {
        let literal = check_segment(segment, attributes, &mut used)?;
        if segment.is_empty() || matches!(segment, "." | "..") {
            return refuse("an empty, `.` or `..` part in the path of a SPIFFE id", example);
        }
        if !literal.bytes().all(|c| plain(c.to_ascii_lowercase())) {
            return refuse(
                format!("`{segment}` cannot stand in the path of a SPIFFE id"),
                "use letters, digits, `.`, `-` and `_`; nothing is percent-encoded",
            );
        }
    }
    Ok(format!("spiffe://{domain}/{path}"))
}

/// Checks the issuer and subject of tokens, which are compared exactly.
pub(crate) fn check_token(issuer: &str, subject: &str, attributes: &[&str]) -> Result<(), Refusal> {
    let visible = |text: &str| !text.is_empty() && !text.chars().any(|c| c.is_control() || c.is_whitespace());
    if !visible(issuer) || issuer.contains(['{', '}']) {
        return refuse(
            format!("`{issuer}` is not an issuer"),
            "write the `iss` of its tokens, such as `\"https://idp.acme.example\"`",
        );
    }
    if subject.is_empty() || subject.chars().any(char::is_control) {
        return refuse("a subject without text", "write the `sub` of its tokens");
    }
    let mut used = Vec::new();
    subject.split('/').try_for_each(|segment| check_segment(segment, attributes, &mut used).map(|_| ()))
}

/// Checks the braces of one segment: at most one attribute, known and not used before. Returns the rest of the segment.
fn check_segment<'t>(segment: &'t str, attributes: &[&str], used: &mut Vec<&'t str>) -> Result<String, Refusal> {
    let Some((before, rest)) = segment.split_once('{') else {
        return match segment.contains('}') {
            true => refuse(format!("`{segment}` closes a brace that nothing opens"), "write `{attribute}`"),
            false => Ok(segment.to_owned()),
        };
    };
    let Some((name, after)) = rest.split_once('}') else {
        return refuse(format!("`{segment}` opens a brace that nothing closes"), "write `{attribute}`");
    };
    if attributes.is_empty() {
        return refuse("only a fleet has attributes in its identity", "write `fleet NAME(attribute: string) { ... }`");
    }
    if !attributes.contains(&name) {
        let known = attributes.join("`, `");
        let help = agentpol_diagnostics::did_you_mean(name, attributes.iter().copied());
        return refuse(
            format!("the fleet has no text attribute `{name}`"),
            help.unwrap_or_else(|| format!("its text attributes are `{known}`")),
        );
    }
    if used.contains(&name) {
        return refuse(format!("`{{{name}}}` stands twice in the identity"), "write it once");
    }
    used.push(name);
    if before.contains('}') || after.contains(['{', '}']) {
        return refuse(
            format!("`{segment}` has more than one attribute"),
            "separate attributes by `/`, so that it is clear where each ends",
        );
    }
    Ok(format!("{before}{after}"))
}

/// Returns the parts of an identity's template: the attributes in it, in order.
pub(crate) fn attributes_in(identity: &Identity) -> Vec<&str> {
    let text = match identity {
        Identity::Spiffe(text) => text,
        Identity::Token { subject, .. } => subject,
    };
    text.split('/').filter_map(|segment| Some(segment.split_once('{')?.1.split_once('}')?.0)).collect()
}

/// Returns whether some presented identity would be both.
pub(crate) fn overlap(a: &Identity, b: &Identity) -> bool {
    match (a, b) {
        (Identity::Spiffe(a), Identity::Spiffe(b)) => texts_overlap(a, b),
        (Identity::Token { issuer: i, subject: a }, Identity::Token { issuer: j, subject: b }) => {
            i == j && texts_overlap(a, b)
        }
        _ => false,
    }
}

/// Compares segment by segment; an attribute stands for one or more characters other than `/`.
fn texts_overlap(a: &str, b: &str) -> bool {
    let (mut left, mut right) = (a.split('/'), b.split('/'));
    loop {
        match (left.next(), right.next()) {
            (None, None) => return true,
            (Some(a), Some(b)) if segments_overlap(a, b) => {}
            _ => return false,
        }
    }
}

fn segments_overlap(a: &str, b: &str) -> bool {
    match (split(a), split(b)) {
        (None, None) => a == b,
        (Some(open), None) => covers(open, b),
        (None, Some(open)) => covers(open, a),
        (Some((before, after)), Some((other_before, other_after))) => {
            (before.starts_with(other_before) || other_before.starts_with(before))
                && (after.ends_with(other_after) || other_after.ends_with(after))
        }
    }
}

/// Splits a segment around its attribute.
fn split(segment: &str) -> Option<(&str, &str)> {
    let (before, rest) = segment.split_once('{')?;
    Some((before, rest.split_once('}')?.1))
}

fn covers((before, after): (&str, &str), text: &str) -> bool {
    text.len() > before.len() + after.len() && text.starts_with(before) && text.ends_with(after)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spiffe_ids_are_canonical_or_refused() {
        let same =
            |text, canonical: &str| assert_eq!(canonical_spiffe(text, &["store"]).ok().as_deref(), Some(canonical));
        same("spiffe://acme.example/agent/Bot", "spiffe://acme.example/agent/Bot");
        same("SPIFFE://Acme.EXAMPLE/a", "spiffe://acme.example/a");
        same("spiffe://acme.example/s/{store}-bot", "spiffe://acme.example/s/{store}-bot");
        for text in [
            "",
            "spiffe:/x/y",
            "spiffe://acme.example",
            "spiffe://acme.example/",
            "spiffe://acme.example/a/",
            "spiffe://acme.example//a",
            "spiffe://acme.example/a/../b",
            "spiffe://acme.example/%61",
            "spiffe:///a",
            "spiffe://acme.example:443/a",
            "spiffe://u@acme.example/a",
            "spiffe://acme.example/a?b",
            "https://a/b",
            "spiffe://acme.example/a#b",
            "spiffe://{store}/a",
            "spiffe://a.b/{shop}",
            "spiffe://a.b/{store}{store}",
            "spiffe://a.b/{store",
            "spiffe://a.b/store}",
            "spiffe://a.b/{store}/{store}",
            "spiffe://ä.b/c",
        ] {
            assert!(canonical_spiffe(text, &["store"]).is_err(), "{text}");
        }
        assert!(canonical_spiffe("spiffe://a.b/{store}", &[]).is_err());
    }

    #[test]
    fn templates_overlap_where_one_text_is_both() {
        let spiffe = |text: &str| Identity::Spiffe(text.to_owned());
        let both = |a: &str, b: &str| overlap(&spiffe(a), &spiffe(b)) && overlap(&spiffe(b), &spiffe(a));
        assert!(both("spiffe://a/s/{x}/bot", "spiffe://a/s/9/bot"));
        assert!(both("spiffe://a/s/{x}/bot", "spiffe://a/s/{y}/bot"));
        assert!(both("spiffe://a/s-{x}", "spiffe://a/{y}-z"));
        assert!(!both("spiffe://a/s-{x}", "spiffe://a/s-"));
        assert!(!both("spiffe://a/s-{x}", "spiffe://a/t-{x}"));
        assert!(!both("spiffe://a/s/{x}/bot", "spiffe://a/s/bot"));
        assert!(!both("spiffe://a/s/{x}", "spiffe://a/s/{x}/bot"));
    }
}
