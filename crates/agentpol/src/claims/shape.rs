//! How the tokens of different issuers say who acts for whom.

use super::json::Claims;
use super::{ClaimsError, Hop};

/// How many actors may stand behind each other.
const MAX_ACTORS: usize = 5;
/// What `sub_profile` says of agents.
const AGENT: &str = "ai_agent";
/// The facets of Entra: what acts is an agent, what is acted for is an agent's own user account.
const AGENT_IDENTITY: &str = "11";
const AGENT_USER: &str = "13";

/// What the tokens of an issuer look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Shape {
    /// RFC 8693 and its actor profile: nested `act`, every actor an agent.
    Delegation,
    /// Microsoft Entra Agent ID: facets.
    Entra,
    /// Okta for AI Agents: nested `act` with `sub_profile`, a service at the bottom.
    Okta,
    /// Auth0 agents as principals: nested `act`, a client at the bottom where there are several.
    Auth0,
}

/// What claims come to: the agents from the first of the chain to the one that acts, and the user.
pub(super) struct Found {
    pub(super) hops: Vec<Hop>,
    pub(super) user: Option<String>,
}

pub(super) fn read(shape: Shape, claims: &Claims, issuer: &str) -> Result<Found, ClaimsError> {
    match shape {
        Shape::Entra => entra(claims, issuer),
        Shape::Delegation | Shape::Okta | Shape::Auth0 => delegation(shape, claims, issuer),
    }
}

/// An actor of the nest.
struct Actor {
    hop: Hop,
    /// What `sub_profile` says: an agent, something else, nothing.
    is_agent: Option<bool>,
}

fn delegation(shape: Shape, claims: &Claims, issuer: &str) -> Result<Found, ClaimsError> {
    let subject = claims.needed("sub")?;
    let subject_is = profile(claims)?;
    let mut actors = Vec::new();
    let mut inner = claims.object("act")?;
    while let Some(act) = inner {
        if actors.len() == MAX_ACTORS {
            return Err(ClaimsError::TooDeep);
        }
        let issuer = act.text("iss")?.unwrap_or(issuer).to_owned();
        let hop = Hop { issuer, subject: act.needed("sub")?.to_owned() };
        actors.push(Actor { hop, is_agent: profile(act)? });
        inner = act.object("act")?;
    }
    // From the oldest to the one that acts.
    actors.reverse();
    let begun_with_client = match (shape, actors.as_slice()) {
        (Shape::Okta, [oldest, _, ..]) => oldest.is_agent == Some(false),
        (Shape::Auth0, [oldest, _, ..]) => oldest.is_agent != Some(true),
        _ => false,
    };
    if begun_with_client {
        actors.remove(0);
    }
    let must_say = shape == Shape::Okta;
    if actors.iter().any(|actor| actor.is_agent == Some(false) || must_say && actor.is_agent.is_none()) {
        return Err(ClaimsError::NotAnAgent { claim: "act.sub_profile".to_owned() });
    }
    let mut hops: Vec<Hop> = actors.into_iter().map(|actor| actor.hop).collect();
    if subject_is != Some(true) {
        if hops.is_empty() {
            return Err(ClaimsError::NoAgent);
        }
        return Ok(Found { hops, user: Some(subject.to_owned()) });
    }
    // An agent that nobody sent: whatever acts now acts for it.
    hops.insert(0, Hop { issuer: issuer.to_owned(), subject: subject.to_owned() });
    Ok(Found { hops, user: None })
}

/// Whether a profile says that somebody is an agent; nothing where it says nothing.
fn profile(claims: &Claims) -> Result<Option<bool>, ClaimsError> {
    if claims.text("sub_profile")?.is_none() {
        return Ok(None);
    }
    let (agent, user) = (claims.has_word("sub_profile", AGENT)?, claims.has_word("sub_profile", "user")?);
    if agent && user {
        return Err(ClaimsError::Ambiguous { claim: "sub_profile".to_owned() });
    }
    Ok(Some(agent))
}

fn entra(claims: &Claims, issuer: &str) -> Result<Found, ClaimsError> {
    let ambiguous = |claim: &str| ClaimsError::Ambiguous { claim: claim.to_owned() };
    if claims.object("act")?.is_some() {
        return Err(ambiguous("act"));
    }
    // The tenant is part of the issuer: a token that says otherwise is from elsewhere.
    let tenant = claims.needed("tid")?;
    if !issuer.split('/').any(|part| part == tenant) {
        return Err(ambiguous("tid"));
    }
    if !claims.has_word("xms_act_fct", AGENT_IDENTITY)? {
        return Err(ClaimsError::NotAnAgent { claim: "xms_act_fct".to_owned() });
    }
    let object = claims.needed("oid")?;
    let hop = |subject: &str| vec![Hop { issuer: issuer.to_owned(), subject: subject.to_owned() }];
    match claims.needed("idtyp")? {
        "app" if claims.has_word("xms_sub_fct", AGENT_IDENTITY)? => Ok(Found { hops: hop(object), user: None }),
        "app" => Err(ClaimsError::NotAnAgent { claim: "xms_sub_fct".to_owned() }),
        "user" => {
            let application = match (claims.text("azp")?, claims.text("appid")?) {
                (Some(azp), Some(appid)) if azp != appid => return Err(ambiguous("azp")),
                (Some(application), _) | (None, Some(application)) => application,
                (None, None) => return Err(ClaimsError::NoAgent),
            };
            let own_account = claims.has_word("xms_sub_fct", AGENT_USER)?;
            Ok(Found { hops: hop(application), user: (!own_account).then(|| object.to_owned()) })
        }
        _ => Err(ClaimsError::Malformed { claim: "idtyp".to_owned() }),
    }
}
