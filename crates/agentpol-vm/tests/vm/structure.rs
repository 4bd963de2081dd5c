//! Structural failures: each code, and which comes first.

use crate::ask::Ask;
use crate::lab::{Lab, READS, always};
use agentpol_bytecode::Program;
use agentpol_bytecode::code::Outcome;
use agentpol_bytecode::tables::{Effect, Identity, Phase, Piece, TypeDef};
use agentpol_vm::{Scratch, decide};

/// Agents `bot` (plain), `fleet` (a template, with attributes), `old` (rotates), `spiffe` and `token`; tools `mail` of a
/// server, `pinned` and `t`; everything is allowed.
fn program() -> Program {
    let mut lab = Lab::new(&[
        "bot",
        "allow",
        "fleet",
        "gmail",
        "https://issuer.example",
        "mail",
        "n",
        "note",
        "old",
        "pinned",
        "region",
        "sha256:aa",
        "spiffe",
        "spiffe://acme.example/bot",
        "spiffe://acme.example/store/",
        "/bot",
        "store",
        "sub",
        "t",
        "token",
        "user-",
        "cwd",
        "x",
    ]);
    let n = lab.field("n", TypeDef::Int);
    let mut note = lab.field("note", TypeDef::String);
    note.optional = true;
    let gmail = lab.word("gmail");
    lab.tool("mail", READS, &[]).servers = vec![gmail];
    lab.tool("pinned", READS, &[]).pinned = Some(lab_word(&lab, "sha256:aa"));
    lab.tool("t", READS, &[]).params = vec![n, note];
    agents(&mut lab);
    let mut region = lab.field("region", TypeDef::Int);
    region.optional = true;
    lab.tables.user = vec![region];
    let mut x = lab.field("x", TypeDef::Int);
    x.optional = true;
    lab.tables.context = vec![x];
    lab.rule("allow", Effect::Allow, &always());
    lab.program()
}

fn lab_word(lab: &Lab, text: &str) -> u32 {
    lab.word(text)
}

fn agents(lab: &mut Lab) {
    let text = |lab: &Lab, text| Piece::Text(lab.word(text));
    lab.agent("bot");
    let store = lab.field("store", TypeDef::String);
    let pieces = vec![text(lab, "spiffe://acme.example/store/"), Piece::Attribute(0), text(lab, "/bot")];
    let issuer = lab.word("https://issuer.example");
    let member = Identity { issuer: Some(issuer), pieces: vec![text(lab, "user-"), Piece::Attribute(0)] };
    let fleet = lab.agent("fleet");
    fleet.identities = vec![Identity { issuer: None, pieces }, member];
    fleet.fleet = Some(vec![store]);
    lab.agent("old").credential_max_age = Some(86_400_000);
    let identity = Identity { issuer: None, pieces: vec![text(lab, "spiffe://acme.example/bot")] };
    lab.agent("spiffe").identities = vec![identity];
    let identity = Identity { issuer: Some(issuer), pieces: vec![text(lab, "sub")] };
    let token = lab.agent("token");
    token.identities = vec![identity];
    token.phase = Phase::Autonomous;
}

/// Everything in order: allowed.
fn sound() -> Ask {
    Ask::new().with("args", r#"{"n":1}"#)
}

#[test]
fn a_sound_request_is_allowed() {
    let program = program();
    let everything = sound()
        .with("credential", r#"{"issued_at":"2026-03-02T14:00:00Z"}"#)
        .with("session", r#""s""#)
        .with("call", r#""c""#)
        .with("env", r#""prod""#)
        .with("task", r#""support""#)
        .with("context", "{}")
        .with("origin", r#"{"/n":"user"}"#)
        .with("tool_digest", r#""sha256:bb""#);
    for ask in [sound(), everything, sound().with("user", r#""none""#)] {
        let decision = ask.decide(&program);
        assert_eq!(decision.code().as_str(), "allowed", "{}", ask.json());
        assert!(decision.permits());
        assert_eq!(decision.dispatch_before(), Some(1_772_463_660_000));
    }
}

#[test]
fn requests_have_one_form() {
    let program = program();
    for key in ["at", "agent", "user", "tool", "args"] {
        assert_eq!(sound().without(key).code(&program), "request_malformed", "without {key}");
    }
    let malformed = [
        ("at", "1"),
        ("at", r#""2026-03-02T15:00:00""#),
        ("at", r#""2026-03-02T15:00:00.0001Z""#),
        ("agent", "null"),
        ("agent", "{}"),
        ("agent", r#"{"name":"bot"}"#),
        ("agent", r#"{"id":7}"#),
        ("agent", r#"{"issuer":"https://issuer.example"}"#),
        ("agent", r#"{"subject":"sub"}"#),
        ("agent", r#"{"id":"bot","attributes":[]}"#),
        ("agent", r#"{"id":"bot","attributes":{"store":"1"}}"#),
        ("user", "null"),
        ("user", r#""ana""#),
        ("user", "{}"),
        ("user", r#"{"id":1}"#),
        ("user", r#"{"id":"ana","groups":"staff"}"#),
        ("user", r#"{"id":"ana","groups":[1]}"#),
        ("user", r#"{"id":"ana","nickname":"a"}"#),
        ("session", "1"),
        ("call", "null"),
        ("env", "{}"),
        ("task", "[]"),
        ("server", "null"),
        ("tool", "null"),
        ("tool_digest", "1"),
        ("args", "[]"),
        ("args", "null"),
        ("context", "[]"),
        ("credential", "{}"),
        ("credential", r#"{"issued_at":"x"}"#),
        ("credential", r#"{"issued_at":"2026-03-02T14:00:00Z","by":"x"}"#),
        ("origin", "[]"),
        ("origin", r#"{"/n":"me"}"#),
        ("origin", r#"{"/n":1}"#),
        ("origin", r#"{"/m":"user"}"#),
        ("origin", r#"{"n":"user"}"#),
        ("extra", "1"),
    ];
    for (key, value) in malformed {
        assert_eq!(sound().with(key, value).code(&program), "request_malformed", "{key}: {value}");
    }
}

#[test]
fn json_has_one_reading() {
    let program = program();
    let mut scratch = Scratch::new(&program);
    let mut code = |bytes: &[u8]| decide(&program, bytes, &mut scratch).code().as_str();
    let good = sound().json();
    assert_eq!(code(format!(" \t\r\n{good}\n").as_bytes()), "allowed");
    assert_eq!(code(good.replace("\"n\"", r#""\u006e""#).as_bytes()), "allowed");
    let broken = [
        "",
        "{",
        "null",
        "[]",
        "{}",
        "\u{feff}{}",
        "{\"at\":1,}",
        "{\"at\" 1}",
        "{at:1}",
        "{'at':1}",
        "{\"at\":NaN}",
        "// x\n{}",
    ];
    for text in broken {
        assert_eq!(code(text.as_bytes()), "request_malformed", "{text}");
    }
    let args = [
        r#"{"n":1,"n":1}"#,
        r#"{"n":1,"\u006e":1}"#,
        r#"{"n":01}"#,
        r#"{"n":+1}"#,
        r#"{"n":.5}"#,
        r#"{"n":1.}"#,
        r#"{"n":1e}"#,
        r#"{"n":tru}"#,
        r#"{"n":"a	b"}"#,
        r#"{"n":"\x"}"#,
        r#"{"n":"\ud800"}"#,
        r#"{"n":"\udc00"}"#,
        r#"{"n":"\ud800\u0041"}"#,
        r#"{"n":"\u12"}"#,
        r#"{"n":[1,]}"#,
        r#"{"n":[,1]}"#,
        r#"{"n":1 2}"#,
    ];
    for text in args {
        assert_eq!(code(sound().with("args", text).json().as_bytes()), "request_malformed", "{text}");
    }
    assert_eq!(code(format!("{good}x").as_bytes()), "request_malformed");
    let mut invalid = good.into_bytes();
    invalid.extend(b" ");
    let at = invalid.iter().position(|byte| *byte == b'b').unwrap();
    invalid[at] = 0xff;
    assert_eq!(code(&invalid), "request_malformed");
}

#[test]
fn requests_are_bounded() {
    let program = program();
    let nested = |depth: usize| format!(r#"{{"n":1,"note":{}1{}}}"#, "[".repeat(depth), "]".repeat(depth));
    assert_eq!(sound().with("args", &nested(14)).code(&program), "argument_invalid");
    assert_eq!(sound().with("args", &nested(15)).code(&program), "request_malformed");
    assert_eq!(sound().with("args", &nested(100_000)).code(&program), "request_malformed");
    let long = |length: usize| format!(r#"{{"n":1,"note":"{}"}}"#, "a".repeat(length));
    assert_eq!(sound().with("args", &long(64 * 1024)).code(&program), "allowed");
    assert_eq!(sound().with("args", &long(64 * 1024 + 1)).code(&program), "argument_invalid");
    assert_eq!(sound().with("args", &long(256 * 1024)).code(&program), "request_too_large");
    assert_eq!(sound().with("session", &format!("\"{}\"", "a".repeat(1 << 20))).code(&program), "request_too_large");
    let many = format!(r#"{{"n":[{}1]}}"#, "1,".repeat(17_000));
    assert_eq!(sound().with("args", &many).code(&program), "request_too_large");
    let twins = format!(r#"{{{}"k1":1}}"#, (0..4000).map(|n| format!("\"k{n}\":1,")).collect::<String>());
    assert_eq!(sound().with("args", &twins).code(&program), "request_malformed");
}

#[test]
fn agents_are_identified() {
    let program = program();
    let code = |agent: &str| sound().with("agent", agent).code(&program);
    for good in [
        r#""bot""#,
        r#"{"id":"bot"}"#,
        r#"{"spiffe":"spiffe://acme.example/bot"}"#,
        r#"{"spiffe":"spiffe://ACME.Example/bot"}"#,
        r#"{"id":"spiffe","spiffe":"spiffe://acme.example/bot"}"#,
        r#"{"issuer":"https://issuer.example","subject":"sub"}"#,
        r#"{"spiffe":"spiffe://acme.example/store/17/bot"}"#,
        r#"{"spiffe":"spiffe://acme.example/store/17/bot","attributes":{"store":"17"}}"#,
        r#"{"spiffe":"spiffe://acme.example/store/17/bot","issuer":"https://issuer.example","subject":"user-17"}"#,
    ] {
        assert_eq!(code(good), "allowed", "{good}");
    }
    for unidentified in [
        r#""spiffe""#,
        r#"{"id":"token"}"#,
        r#"{"spiffe":"spiffe:///bot"}"#,
        r#"{"spiffe":"https://acme.example/bot"}"#,
        r#"{"id":"bot","spiffe":"spiffe://acme.example/bot"}"#,
        r#"{"spiffe":"spiffe://acme.example/bot","issuer":"https://issuer.example","subject":"sub"}"#,
        r#"{"spiffe":"spiffe://acme.example/store/17/bot","attributes":{"store":"18"}}"#,
        r#"{"spiffe":"spiffe://acme.example/store/17/bot","issuer":"https://issuer.example","subject":"user-18"}"#,
    ] {
        assert_eq!(code(unidentified), "agent_unidentified", "{unidentified}");
    }
    for unknown in [
        r#""nobody""#,
        r#""""#,
        r#"{"spiffe":"spiffe://acme.example/Bot"}"#,
        r#"{"spiffe":"spiffe://acme.example/store//bot"}"#,
        r#"{"spiffe":"spiffe://acme.example/store/1/2/bot"}"#,
        r#"{"spiffe":"spiffe://acme.example/store/17/bot/x"}"#,
        r#"{"issuer":"https://other.example","subject":"sub"}"#,
        r#"{"issuer":"https://issuer.example","subject":"user-"}"#,
        r#"{"id":"nobody","spiffe":"spiffe://acme.example/bot"}"#,
    ] {
        assert_eq!(code(unknown), "agent_unknown", "{unknown}");
    }
}

#[test]
fn credentials_age() {
    let program = program();
    let old = sound().with("agent", r#""old""#);
    assert_eq!(old.code(&program), "credential_missing");
    for (time, code) in [
        ("2026-03-02T15:00:00Z", "allowed"),
        ("2026-03-01T15:00:00.001Z", "allowed"),
        ("2026-03-01T15:00:00Z", "credential_stale"),
        ("2026-03-02T15:01:00Z", "allowed"),
        ("2026-03-02T15:01:00.001Z", "credential_invalid"),
    ] {
        let credential = format!(r#"{{"issued_at":"{time}"}}"#);
        assert_eq!(old.clone().with("credential", &credential).code(&program), code, "{time}");
    }
}

#[test]
fn tools_are_server_and_name() {
    let program = program();
    let mail = Ask::new().with("tool", r#""mail""#);
    assert_eq!(mail.clone().with("server", r#""gmail""#).code(&program), "allowed");
    assert_eq!(mail.clone().code(&program), "tool_unknown");
    assert_eq!(mail.with("server", r#""evil""#).code(&program), "tool_unknown");
    assert_eq!(sound().with("server", r#""gmail""#).code(&program), "tool_unknown");
    assert_eq!(sound().with("tool", r#""T""#).code(&program), "tool_unknown");
    let pinned = Ask::new().with("tool", r#""pinned""#);
    assert_eq!(pinned.code(&program), "tool_changed");
    assert_eq!(pinned.clone().with("tool_digest", r#""sha256:bb""#).code(&program), "tool_changed");
    assert_eq!(pinned.with("tool_digest", r#""sha256:aa""#).code(&program), "allowed");
}

#[test]
fn arguments_are_as_declared() {
    let program = program();
    for (args, code, argument) in [
        ("{}", "argument_missing", Some("/n")),
        (r#"{"x":1}"#, "argument_missing", Some("/n")),
        (r#"{"n":1,"x/y~z":1}"#, "argument_undeclared", Some("/x~1y~0z")),
        (r#"{"n":"1","x":1}"#, "argument_undeclared", Some("/x")),
        (r#"{"n":"1"}"#, "argument_invalid", Some("/n")),
        (r#"{"n":null}"#, "argument_invalid", Some("/n")),
        (r#"{"n":1,"note":null}"#, "allowed", None),
        (r#"{"n":1,"note":7}"#, "argument_invalid", Some("/note")),
    ] {
        let decision = sound().with("args", args).decide(&program);
        assert_eq!((decision.code().as_str(), decision.argument()), (code, argument), "{args}");
    }
    let long = format!(r#"{{"n":1,"{}":1}}"#, "ü".repeat(100));
    let decision = sound().with("args", &long).decide(&program);
    assert_eq!(decision.argument(), Some("..."));
    for (context, code, argument) in [
        ("{}", "allowed", None),
        (r#"{"x":null}"#, "allowed", None),
        (r#"{"x":"1"}"#, "context_invalid", Some("/x")),
        (r#"{"y":1}"#, "context_invalid", Some("/y")),
    ] {
        let decision = sound().with("context", context).decide(&program);
        assert_eq!((decision.code().as_str(), decision.argument()), (code, argument), "{context}");
    }
}

#[test]
fn the_first_failure_of_the_table_is_named() {
    let program = program();
    // Everything is wrong at once; what is put right uncovers the next.
    let mut ask = Ask::new()
        .with("agent", r#"{"id":"token"}"#)
        .with("tool", r#""none""#)
        .with("args", r#"{"x":1,"n":"1"}"#)
        .with("context", r#"{"x":"1"}"#)
        .with("extra", "1");
    let repairs = [
        ("request_malformed", "extra", None),
        ("agent_unidentified", "agent", Some(r#""nobody""#)),
        ("agent_unknown", "agent", Some(r#""old""#)),
        ("credential_missing", "credential", Some(r#"{"issued_at":"2027-01-01T00:00:00Z"}"#)),
        ("credential_invalid", "credential", Some(r#"{"issued_at":"2025-01-01T00:00:00Z"}"#)),
        ("credential_stale", "credential", Some(r#"{"issued_at":"2026-03-02T14:00:00Z"}"#)),
        ("tool_unknown", "tool", Some(r#""pinned""#)),
        ("tool_changed", "tool", Some(r#""t""#)),
        ("argument_undeclared", "args", Some("{}")),
        ("argument_missing", "args", Some(r#"{"n":"1"}"#)),
        ("argument_invalid", "args", Some(r#"{"n":1}"#)),
        ("context_invalid", "context", Some("{}")),
    ];
    for (code, key, value) in repairs {
        let decision = ask.decide(&program);
        assert_eq!(decision.code().as_str(), code);
        assert_eq!(decision.outcome(), Outcome::Deny);
        ask = match value {
            Some(value) => ask.with(key, value),
            None => ask.without(key),
        };
    }
    assert_eq!(ask.code(&program), "allowed");
}

#[test]
fn another_programs_scratch_is_refused() {
    let program = program();
    let other = Lab::new(&["bot"]).program();
    let decision = decide(&program, sound().json().as_bytes(), &mut Scratch::new(&other));
    assert_eq!(decision.code().as_str(), "internal");
}
