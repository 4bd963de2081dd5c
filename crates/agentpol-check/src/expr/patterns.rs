//! Patterns: whether they are valid, whether their automaton stays small, and whether their ends hold.

use crate::policy::{Pattern, PatternKind, Type};
use regex_automata::MatchKind;
use regex_automata::dfa::{StartKind, dense};
use regex_automata::nfa::thompson;
use regex_syntax::hir::{Hir, Look};

/// How large (bytes) the automaton of one pattern may be, before it is made minimal.
const MAX_AUTOMATON: usize = 1 << 20;
/// How much memory (bytes) may be used while it is made.
const MAX_BUILD: usize = 8 << 20;
/// How long (bytes) a pattern may be.
const MAX_PATTERN: usize = 4096;

/// Why a pattern cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refused {
    /// It is valid, only its automaton is not small.
    pub(crate) too_large: bool,
    /// For the label.
    pub(crate) why: String,
    /// An edit to make.
    pub(crate) help: Option<String>,
}

/// How long a glob may be whose automaton is known to be small: without `?`, a state for each place in it and each `*`
/// before that, at most.
const MAX_PLAIN_GLOB: usize = 64;

/// Tries a pattern: syntax, and the size of the automaton that it becomes.
pub(crate) fn check(pattern: &Pattern) -> Result<(), Refused> {
    if pattern.text.len() > MAX_PATTERN {
        return too_large(format!("longer than {MAX_PATTERN} characters"));
    }
    let plain = pattern.kind != PatternKind::Regex && !pattern.text.contains(['?', '\\']);
    if plain && pattern.text.len() <= MAX_PLAIN_GLOB {
        return Ok(());
    }
    build(pattern)
}

/// Makes the automaton of a pattern, to see that it can be made.
fn build(pattern: &Pattern) -> Result<(), Refused> {
    let expression = match pattern.kind {
        PatternKind::Regex => ascii_classes(&pattern.text),
        PatternKind::Glob => glob(&pattern.text, false)?,
        PatternKind::PathGlob => glob(&pattern.text, true)?,
    };
    let parsed = regex_syntax::Parser::new().parse(&expression).map_err(|error| invalid(&error))?;
    let whole = Hir::concat(vec![Hir::look(Look::Start), parsed, Hir::look(Look::End)]);
    let nfa = thompson::Compiler::new()
        .configure(thompson::Config::new().nfa_size_limit(Some(MAX_BUILD)))
        .build_from_hir(&whole)
        .or_else(|_| too_large("it repeats too much"))?;
    let config = dense::Config::new()
        .accelerate(false)
        .match_kind(MatchKind::All)
        .start_kind(StartKind::Anchored)
        .dfa_size_limit(Some(MAX_AUTOMATON))
        .determinize_size_limit(Some(MAX_BUILD));
    match dense::Builder::new().configure(config).build_from_nfa(&nfa) {
        Ok(_) => Ok(()),
        Err(_) => too_large("its automaton has over 1 MiB of states"),
    }
}

fn too_large<T>(why: impl Into<String>) -> Result<T, Refused> {
    let help = "make counts such as `{1,100}` smaller, or bound the text by a simpler pattern".to_owned();
    Err(Refused { too_large: true, why: why.into(), help: Some(help) })
}

fn invalid(error: &regex_syntax::Error) -> Refused {
    let why = match error {
        regex_syntax::Error::Parse(error) => error.kind().to_string(),
        regex_syntax::Error::Translate(error) => error.kind().to_string(),
        _ => "not a regular expression".to_owned(),
    };
    let help = if why.contains("look-around") {
        "write two tests joined by `and not`"
    } else if why.contains("unclosed") {
        "close the bracket that is open; a bracket itself is written in `[]`, as in `[(]`"
    } else if why.contains("repetition") {
        "put something before the sign; the sign itself is written in `[]`, as in `[*]`"
    } else {
        "correct the pattern; `like` takes a simpler one, in which `*` stands for anything"
    };
    Refused { too_large: false, why, help: Some(help.to_owned()) }
}

/// Puts ASCII classes and borders in the place of `\d`, `\w`, `\s` and `\b`; all else stays about characters.
fn ascii_classes(expression: &str) -> String {
    let mut written = String::with_capacity(expression.len() + 16);
    let mut rest = expression.chars();
    while let Some(next) = rest.next() {
        if next != '\\' {
            written.push(next);
            continue;
        }
        let Some(escaped) = rest.next() else {
            written.push('\\');
            break;
        };
        match escaped {
            'd' => written.push_str("[0-9]"),
            'D' => written.push_str("[^0-9]"),
            'w' => written.push_str("[0-9A-Za-z_]"),
            'W' => written.push_str("[^0-9A-Za-z_]"),
            's' => written.push_str(r"[\t\n\x0B\x0C\r\x20]"),
            'S' => written.push_str(r"[^\t\n\x0B\x0C\r\x20]"),
            'b' if !rest.as_str().starts_with('{') => written.push_str(r"(?-u:\b)"),
            'B' => written.push_str(r"(?-u:\B)"),
            other => written.extend(['\\', other]),
        }
    }
    written
}

/// Writes a glob as a regular expression.
fn glob(text: &str, path: bool) -> Result<String, Refused> {
    let (run, one) = if path { ("[^/]*", "[^/]") } else { ("(?s:.)*", "(?s:.)") };
    let mut written = String::with_capacity(text.len() + 16);
    let mut rest = text.chars();
    while let Some(next) = rest.next() {
        match next {
            '*' if path && rest.as_str().starts_with("*/") => {
                rest.nth(1);
                written.push_str("(?:(?s:.)*/)?");
            }
            '*' if path && rest.as_str().starts_with('*') => {
                rest.next();
                written.push_str("(?s:.)*");
            }
            '*' => written.push_str(run),
            '?' => written.push_str(one),
            '\\' => match rest.next() {
                Some(escaped) => written.push_str(&regex_syntax::escape(escaped.encode_utf8(&mut [0; 4]))),
                None => {
                    let why = "`\\` at the end escapes nothing".to_owned();
                    return Err(Refused {
                        too_large: false,
                        why,
                        help: Some("write `\\\\` for the sign itself".to_owned()),
                    });
                }
            },
            plain => written.push_str(&regex_syntax::escape(plain.encode_utf8(&mut [0; 4]))),
        }
    }
    Ok(written)
}

/// A glob that takes more, or less, than it seems to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Loose {
    /// Its end leaves the domain open.
    Domain(String),
    /// It matches no path, all of which begin with `/`; what was meant.
    NeverAbsolute(String),
}

/// Looks at the ends of a glob on an email, host, url or path.
pub(super) fn loose_end(ty: &Type, glob: &str) -> Option<Loose> {
    let domain = match ty {
        Type::Path { .. } => {
            let absolute = glob.starts_with('/') || glob.starts_with("**");
            return (!absolute)
                .then(|| Loose::NeverAbsolute(format!("**/{}", glob.trim_start_matches('*').trim_start_matches('/'))))
                .map(|loose| keep_star(glob, loose));
        }
        Type::Url { .. } => return loose_url(glob),
        Type::Host => glob,
        Type::Email => glob.rsplit_once('@').map_or(glob, |(_, domain)| domain),
        _ => return None,
    };
    let open_email = *ty == Type::Email && !glob.contains('@') && domain != "*";
    (open_email || is_open(domain)).then(|| Loose::Domain(bare(domain)))
}

/// Returns whether a `*` leaves open whose domain it is. `*` alone says so, `*.acme.example` and `a-*.acme.example` do not.
fn is_open(domain: &str) -> bool {
    let Some((before, after)) = domain.rsplit_once('*') else { return false };
    let is_below = after.strip_prefix('.').is_some_and(|parent| before.is_empty() || parent.contains('.'));
    domain != "*" && !is_below
}

/// Looks for wild characters before the path of a url. A `*` there runs over `/`, so that what looks like a domain may
/// be found in the path of any host. Only a host that is `*` as a whole says so openly.
fn loose_url(glob: &str) -> Option<Loose> {
    let is_wild = |text: &str| text.contains(['*', '?']);
    let Some((scheme, rest)) = glob.split_once("://") else {
        let rest = glob.trim_start_matches('*');
        let is_path = rest.len() < glob.len() && (rest.is_empty() || rest.starts_with('/') && !rest.starts_with("//"));
        return (!is_path && is_wild(glob)).then(|| Loose::Domain(bare(rest.split('/').next().unwrap_or(rest))));
    };
    let host = host_of(rest);
    let any = !host.is_empty() && host.chars().all(|c| c == '*');
    (!any && (is_wild(scheme) || is_wild(&host))).then(|| Loose::Domain(bare(&host)))
}

/// Returns what stands before the path, query and fragment of a glob on urls; an escaped sign stands for itself.
fn host_of(rest: &str) -> String {
    let mut host = String::new();
    let mut signs = rest.chars();
    while let Some(sign) = signs.next() {
        match sign {
            '/' | '#' => break,
            '\\' => match signs.next() {
                Some('/' | '#' | '?') | None => break,
                Some(escaped) => host.push(escaped),
            },
            _ => host.push(sign),
        }
    }
    host
}

/// Returns the domain that was meant: without wild characters at its ends, and without a port.
fn bare(host: &str) -> String {
    let ends = ['*', '.', '?', ':'];
    host.split(':').next().unwrap_or(host).trim_matches(ends).to_owned()
}

/// `*.pem` keeps its star: `**/*.pem`.
fn keep_star(glob: &str, loose: Loose) -> Loose {
    match loose {
        Loose::NeverAbsolute(_) if glob.starts_with('*') => Loose::NeverAbsolute(format!("**/{glob}")),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn regex(text: &str) -> Result<(), Refused> {
        check(&Pattern { kind: PatternKind::Regex, text: text.to_owned() })
    }

    #[test]
    fn takes_what_is_bounded() {
        for good in ["", "[A-Z0-9]{6}", r"\d+(\.\d{2})?", "(?i)abc", r"[\w-]+", ".*x.*", r"\bx\b", "(?x) a # b"] {
            assert_eq!(regex(good), Ok(()), "{good}");
        }
        assert_eq!(check(&Pattern { kind: PatternKind::PathGlob, text: "**/.ssh/**".to_owned() }), Ok(()));
    }

    #[test]
    fn refuses_what_is_not() {
        for bad in ["(", "a{2", "[z-a]", "(?=x)", "\\", r"\q"] {
            assert!(regex(bad).is_err_and(|refused| !refused.too_large), "{bad}");
        }
        for large in [".*a.{20}", "(a{1000}){1000}", "(?:a|b)*a(?:a|b){18}"] {
            assert!(regex(large).is_err_and(|refused| refused.too_large), "{large}");
        }
    }

    #[test]
    fn short_plain_globs_are_small() {
        let cases = ["*a", "*ab", "*aab", "*aba*ab", "**/a", "**/ab*", "*a*b*c*d", "aab*aa*", "*é", "*/a*/", "**a*b"];
        for case in cases {
            let text: String = case.chars().cycle().take(MAX_PLAIN_GLOB / 2).collect();
            for text in [text.clone() + &text, format!("{text}*"), format!("*{text}x{text}")] {
                for kind in [PatternKind::Glob, PatternKind::PathGlob] {
                    let text = text.chars().take(MAX_PLAIN_GLOB).collect();
                    assert_eq!(build(&Pattern { kind, text }), Ok(()), "{case}");
                }
            }
        }
    }

    #[test]
    fn sees_open_ends() {
        let url = Type::Url { allow_ip6: false };
        assert_eq!(loose_end(&Type::Email, "*acme.example"), Some(Loose::Domain("acme.example".to_owned())));
        assert_eq!(loose_end(&Type::Email, "*@acme.example"), None);
        assert_eq!(loose_end(&Type::Host, "*.acme.example"), None);
        assert_eq!(loose_end(&Type::Host, "acme*"), Some(Loose::Domain("acme".to_owned())));
        assert_eq!(loose_end(&Type::Host, "api-*.acme.example"), None);
        assert!(loose_end(&Type::Host, "acme*.example").is_some());
        assert!(loose_end(&Type::Email, "*@acme.*.example").is_some());
        assert_eq!(loose_end(&url, "https://docs.rs*"), Some(Loose::Domain("docs.rs".to_owned())));
        assert_eq!(loose_end(&url, "https://docs.rs/*"), None);
        assert_eq!(loose_end(&url, "*"), None);
        let acme = Some(Loose::Domain("acme.example".to_owned()));
        for open in [
            "https://*.acme.example/*",
            "https://*acme.example/*",
            "https://acme.example*",
            "https://acme.example?*",
            "https://acme.example:*/*",
            "https://*.acme.example:8443/*",
            r"https://acme\.example*",
            "*://acme.example/*",
            "http*://acme.example/*",
            "*.acme.example/*",
            "*.acme.example",
        ] {
            assert_eq!(loose_end(&url, open), acme, "{open}");
        }
        for open in ["https://a?me.example/*", "https://acme*.example/", "*//acme.example/*", "https*/acme.example/*"] {
            assert!(loose_end(&url, open).is_some(), "{open}");
        }
        for shut in [
            "https://acme.example",
            r"https://acme.example\?q=*",
            "https://acme.example/?*",
            "https://*/docs/*",
            "https://*",
            "*/docs/*",
            "*://*/docs/*",
        ] {
            assert_eq!(loose_end(&url, shut), None, "{shut}");
        }
        let path = Type::Path { under: None };
        assert_eq!(loose_end(&path, "*.pem"), Some(Loose::NeverAbsolute("**/*.pem".to_owned())));
        assert_eq!(loose_end(&path, "src/**"), Some(Loose::NeverAbsolute("**/src/**".to_owned())));
        assert_eq!(loose_end(&path, "**/*.pem"), None);
    }
}
