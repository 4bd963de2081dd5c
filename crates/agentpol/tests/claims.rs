//! Claims that must be refused, and chains that must come out in order.

use agentpol::claims::{ClaimsError, Issuer, Issuers, Shape};

const AS: &str = "https://as.example";
const ENTRA: &str = "https://sts.windows.net/00000001/";

fn read(shape: Shape, claims: &str) -> Result<String, ClaimsError> {
    let issuer = if shape == Shape::Entra { ENTRA } else { AS };
    let issuers = Issuers::new(vec![Issuer::new(issuer, shape).speaks_for("https://friend.example")]).unwrap();
    let claims = claims.replace("AS", AS).replace("ENTRA", ENTRA);
    issuers.read(claims.as_bytes()).map(|parties| parties.to_string())
}

fn ambiguous(claim: &str) -> Result<String, ClaimsError> {
    Err(ClaimsError::Ambiguous { claim: claim.to_owned() })
}

fn malformed(claim: &str) -> Result<String, ClaimsError> {
    Err(ClaimsError::Malformed { claim: claim.to_owned() })
}

fn not_an_agent(claim: &str) -> Result<String, ClaimsError> {
    Err(ClaimsError::NotAnAgent { claim: claim.to_owned() })
}

#[test]
fn the_oldest_actor_is_the_first_of_the_chain() {
    let claims = r#"{"iss": "AS", "sub": "ana", "act": {"sub": "c", "act": {"iss": "https://friend.example", "sub": "b",
        "act": {"sub": "a"}}}}"#;
    let hop = |issuer: &str, subject: &str| format!(r#"{{"issuer":"{issuer}","subject":"{subject}"}}"#);
    let expected = format!(
        r#""agent":{},"via":[{},{}],"user":{{"id":"ana"}}"#,
        hop(AS, "c"),
        hop(AS, "a"),
        hop("https://friend.example", "b")
    );
    assert_eq!(read(Shape::Delegation, claims), Ok(expected));
    let alone = r#"{"iss": "AS", "sub": "a", "sub_profile": "service ai_agent", "act": {"sub": "b"}}"#;
    let expected = format!(r#""agent":{},"via":[{}],"user":"none""#, hop(AS, "b"), hop(AS, "a"));
    assert_eq!(read(Shape::Delegation, alone), Ok(expected), "an agent that nobody sent sends another");
}

#[test]
fn what_does_not_say_who_acts_is_refused() {
    for shape in [Shape::Delegation, Shape::Okta, Shape::Auth0] {
        let claims = r#"{"iss": "AS", "sub": "ana", "client_id": "bot", "azp": "bot"}"#;
        assert_eq!(read(shape, claims), Err(ClaimsError::NoAgent), "{shape:?}: a client is no agent");
        let both = r#"{"iss": "AS", "sub": "x", "sub_profile": "user ai_agent", "act": {"sub": "b"}}"#;
        assert_eq!(read(shape, both), ambiguous("sub_profile"));
        let service = r#"{"iss": "AS", "sub": "ana", "act": {"sub": "b", "sub_profile": "service"}}"#;
        assert_eq!(read(shape, service), not_an_agent("act.sub_profile"));
    }
    let between = r#"{"iss": "AS", "sub": "ana", "act": {"sub": "c", "sub_profile": "ai_agent",
        "act": {"sub": "b", "sub_profile": "service", "act": {"sub": "a", "sub_profile": "ai_agent"}}}}"#;
    assert_eq!(read(Shape::Okta, between), not_an_agent("act.sub_profile"));
    let silent = r#"{"iss": "AS", "sub": "ana", "act": {"sub": "b"}}"#;
    assert_eq!(read(Shape::Okta, silent), not_an_agent("act.sub_profile"), "Okta says what an actor is");
}

#[test]
fn what_is_not_as_it_must_be_is_refused() {
    for claims in ["", "[]", "null", "{", r#"{"iss": "AS", "iss": "AS"}"#, r#"{"x": [{"a": 1, "a": 2}]}"#] {
        assert_eq!(read(Shape::Delegation, claims), Err(ClaimsError::NotClaims), "{claims}");
    }
    let twice = r#"{"iss": "AS", "sub": "ana", "act": {"sub": "a", "s\u0075b": "b"}}"#;
    assert_eq!(read(Shape::Delegation, twice), Err(ClaimsError::NotClaims));
    assert_eq!(read(Shape::Delegation, r#"{"sub": "ana"}"#), malformed("iss"));
    assert_eq!(read(Shape::Delegation, r#"{"iss": "AS", "act": {"sub": "a"}}"#), malformed("sub"));
    assert_eq!(read(Shape::Delegation, r#"{"iss": "AS", "sub": "", "act": {"sub": "a"}}"#), malformed("sub"));
    assert_eq!(read(Shape::Delegation, r#"{"iss": "AS", "sub": "ana", "act": "a"}"#), malformed("act"));
    assert_eq!(read(Shape::Delegation, r#"{"iss": "AS", "sub": "none", "act": {"sub": "a"}}"#), malformed("sub"));
    let other = r#"{"iss": "https://other.example", "sub": "ana", "act": {"sub": "a"}}"#;
    let found = "https://other.example".to_owned();
    assert_eq!(read(Shape::Delegation, other), Err(ClaimsError::UnknownIssuer { found }));
    let foreign = r#"{"iss": "AS", "sub": "ana", "act": {"iss": "https://x.example", "sub": "a"}}"#;
    let issuer = "https://x.example".to_owned();
    assert_eq!(read(Shape::Delegation, foreign), Err(ClaimsError::ForeignActor { issuer }));
    let deep = |levels: usize| {
        let nest = (1..levels)
            .fold(r#"{"sub": "a0"}"#.to_owned(), |inner, at| format!(r#"{{"sub": "a{at}", "act": {inner}}}"#));
        format!(r#"{{"iss": "AS", "sub": "ana", "act": {nest}}}"#)
    };
    assert!(read(Shape::Delegation, &deep(5)).is_ok());
    assert_eq!(read(Shape::Delegation, &deep(6)), Err(ClaimsError::TooDeep));
}

#[test]
fn facets_are_whole_numbers_and_do_not_contradict() {
    let entra =
        |members: &str| read(Shape::Entra, &format!(r#"{{"iss": "ENTRA", "tid": "00000001", "oid": "o", {members}}}"#));
    let alone = entra(r#""idtyp": "app", "appid": "a", "xms_act_fct": "3 9 11", "xms_sub_fct": "9 3 11""#);
    assert_eq!(alone, Ok(format!(r#""agent":{{"issuer":"{ENTRA}","subject":"o"}},"user":"none""#)));
    let own = entra(r#""idtyp": "user", "appid": "a", "xms_act_fct": "11", "xms_sub_fct": "13""#);
    assert_eq!(own, Ok(format!(r#""agent":{{"issuer":"{ENTRA}","subject":"a"}},"user":"none""#)));
    assert_eq!(entra(r#""idtyp": "user", "azp": "a", "xms_act_fct": "111""#), not_an_agent("xms_act_fct"));
    assert_eq!(entra(r#""idtyp": "app", "xms_act_fct": "11""#), not_an_agent("xms_sub_fct"));
    assert_eq!(entra(r#""idtyp": "user", "azp": "a", "appid": "b", "xms_act_fct": "11""#), ambiguous("azp"));
    assert_eq!(entra(r#""idtyp": "user", "azp": "a", "act": {"sub": "b"}, "xms_act_fct": "11""#), ambiguous("act"));
    assert_eq!(entra(r#""idtyp": "device", "xms_act_fct": "11""#), malformed("idtyp"));
    let moved = r#"{"iss": "ENTRA", "tid": "00000002", "oid": "o", "idtyp": "user", "azp": "a", "xms_act_fct": "11"}"#;
    assert_eq!(read(Shape::Entra, moved), ambiguous("tid"));
}

#[test]
fn issuers_do_not_name_each_others_users() {
    let two = |one: &str, other: &str| {
        let first = Issuer::new("https://a.example", Shape::Delegation).users(one);
        Issuers::new(vec![first, Issuer::new("https://b.example", Shape::Okta).users(other)])
    };
    assert!(two("a:", "b:").is_ok());
    for (one, other) in [("", ""), ("", "b:"), ("a", "ab"), ("a:", "a:")] {
        assert!(matches!(two(one, other), Err(ClaimsError::SameUsers { .. })), "{one} and {other}");
    }
}
