//! From the claims of a verified token to a request's `agent`, `via` and `user`.
//!
//! The token must have been verified before: signature, audience, times, and that it is bound to whom it came from. Here
//! its claims are only read, and strictly: whatever could be meant in two ways is refused. Whoever sends tokens decides
//! what they look like, so the host says for each issuer which [`Shape`] its tokens have; it is never guessed.
//!
//! An agent is known by issuer and subject (`identity token issuer "..." subject "..."` in policies); a `client_id` never
//! stands in for it. A user is known by the subject, behind a prefix where several issuers name users.
//!
//! # RFC 8693
//!
//! `act` is who acts now, `act` in it who acted before. `sub` is the user; without `act` the token is an agent's own if
//! `sub_profile` says `ai_agent`, and of an unknown actor otherwise.
//!
//! ```
//! use agentpol::claims::{Issuer, Issuers, Shape};
//!
//! let issuers = Issuers::new(vec![Issuer::new("https://as.example.com", Shape::Delegation)])?;
//! let parties = issuers.read(br#"{
//!     "iss": "https://as.example.com", "sub": "ana", "aud": "https://service26.example.com",
//!     "act": { "sub": "https://service16.example.com", "act": { "sub": "https://service77.example.com" } }
//! }"#)?;
//! assert_eq!(
//!     parties.to_string(),
//!     concat!(
//!         r#""agent":{"issuer":"https://as.example.com","subject":"https://service16.example.com"},"#,
//!         r#""via":[{"issuer":"https://as.example.com","subject":"https://service77.example.com"}],"#,
//!         r#""user":{"id":"ana"}"#,
//!     )
//! );
//! # Ok::<(), agentpol::claims::ClaimsError>(())
//! ```
//!
//! # Microsoft Entra
//!
//! There is no `act`. `xms_act_fct` holds the facet 11 where an agent acts: for the user `oid` if `idtyp` is `user`, as the
//! application `azp` (version 2) or `appid` (version 1); for nobody if `idtyp` is `app`, as `oid`. A user account of the
//! agent's own (facet 13 in `xms_sub_fct`) is nobody either. An agent that does both has both identities in the policy.
//!
//! ```
//! use agentpol::claims::{Issuer, Issuers, Shape};
//!
//! let issuer = "https://login.microsoftonline.com/00000001-0000-0000-0000-000000000000/v2.0";
//! let issuers = Issuers::new(vec![Issuer::new(issuer, Shape::Entra).users("entra:")])?;
//! let parties = issuers.read(br#"{
//!     "iss": "https://login.microsoftonline.com/00000001-0000-0000-0000-000000000000/v2.0",
//!     "tid": "00000001-0000-0000-0000-000000000000", "sub": "pairwise", "oid": "bbbbbbbb", "azp": "aaaaaaaa",
//!     "idtyp": "user", "xms_act_fct": "3 9 11", "xms_sub_fct": "2 8", "scp": "Mail.Read"
//! }"#)?;
//! assert_eq!(
//!     parties.to_string(),
//!     format!(r#""agent":{{"issuer":"{issuer}","subject":"aaaaaaaa"}},"user":{{"id":"entra:bbbbbbbb"}}"#)
//! );
//! # Ok::<(), agentpol::claims::ClaimsError>(())
//! ```
//!
//! # Okta
//!
//! As RFC 8693, with `sub_profile` for each actor. The oldest actor is the application that the user began with, a
//! `service`: it is no agent and left out.
//!
//! ```
//! use agentpol::claims::{Issuer, Issuers, Shape};
//!
//! let issuers = Issuers::new(vec![Issuer::new("https://acme.okta.example/oauth2/default", Shape::Okta)])?;
//! let parties = issuers.read(br#"{
//!     "iss": "https://acme.okta.example/oauth2/default", "sub": "ana@acme.example", "cid": "0oa1", "scp": ["chat.read"],
//!     "act": { "sub": "wlp1", "sub_profile": "ai_agent", "act": { "sub": "0oa9", "sub_profile": "service" } }
//! }"#)?;
//! assert_eq!(
//!     parties.to_string(),
//!     concat!(
//!         r#""agent":{"issuer":"https://acme.okta.example/oauth2/default","subject":"wlp1"},"#,
//!         r#""user":{"id":"ana@acme.example"}"#,
//!     )
//! );
//! # Ok::<(), agentpol::claims::ClaimsError>(())
//! ```
//!
//! # Auth0
//!
//! As RFC 8693. Where there are several actors the oldest is the client that the user began with, and left out. An agent's
//! own token has it as `sub`, with `sub_profile`.
//!
//! ```
//! use agentpol::claims::{Issuer, Issuers, Shape};
//!
//! let issuers = Issuers::new(vec![Issuer::new("https://acme.auth0.example/", Shape::Auth0)])?;
//! let parties = issuers.read(br#"{
//!     "iss": "https://acme.auth0.example/", "sub": "auth0|507f1f77", "azp": "tpGN",
//!     "act": { "sub": "agt_1a2b", "act": { "sub": "tpGN" } }
//! }"#)?;
//! assert_eq!(
//!     parties.to_string(),
//!     concat!(
//!         r#""agent":{"issuer":"https://acme.auth0.example/","subject":"agt_1a2b"},"#,
//!         r#""user":{"id":"auth0|507f1f77"}"#,
//!     )
//! );
//! let parties = issuers.read(br#"{
//!     "iss": "https://acme.auth0.example/", "sub": "agt_1a2b", "azp": "tpGN",
//!     "sub_profile": "ai_agent", "client_profile": "service ai_agent"
//! }"#)?;
//! assert_eq!(
//!     parties.to_string(),
//!     r#""agent":{"issuer":"https://acme.auth0.example/","subject":"agt_1a2b"},"user":"none""#
//! );
//! # Ok::<(), agentpol::claims::ClaimsError>(())
//! ```

mod json;
mod shape;

pub use shape::Shape;

use crate::events::{OnBehalf, Presented};
use json::Claims;
use std::fmt;

/// The issuers whose tokens are taken.
#[derive(Clone, Debug)]
pub struct Issuers {
    issuers: Vec<Issuer>,
}

/// One issuer, and what its tokens mean.
#[derive(Clone, Debug)]
pub struct Issuer {
    issuer: String,
    shape: Shape,
    prefix: String,
    speaks_for: Vec<String>,
}

impl Issuer {
    /// Takes the issuer exactly as `iss` has it.
    pub fn new(issuer: &str, shape: Shape) -> Issuer {
        Issuer { issuer: issuer.to_owned(), shape, prefix: String::new(), speaks_for: Vec::new() }
    }

    /// Puts a prefix before the ids of its users, so that those of another issuer are not taken for them.
    #[must_use]
    pub fn users(self, prefix: &str) -> Issuer {
        Issuer { prefix: prefix.to_owned(), ..self }
    }

    /// Lets it say that agents of another issuer act. It may always say so of its own.
    #[must_use]
    pub fn speaks_for(mut self, issuer: &str) -> Issuer {
        self.speaks_for.push(issuer.to_owned());
        self
    }
}

impl Issuers {
    /// Takes the issuers.
    ///
    /// # Errors
    /// [`ClaimsError::SameUsers`] where two would give their users the same ids, or one is named twice.
    pub fn new(issuers: Vec<Issuer>) -> Result<Issuers, ClaimsError> {
        for (at, one) in issuers.iter().enumerate() {
            let clash = |other: &&Issuer| {
                let (a, b) = (&one.prefix, &other.prefix);
                one.issuer == other.issuer || a.starts_with(b.as_str()) || b.starts_with(a.as_str())
            };
            if let Some(other) = issuers.iter().skip(at + 1).find(clash) {
                let (one, other) = (one.issuer.clone(), other.issuer.clone());
                return Err(ClaimsError::SameUsers { one, other });
            }
        }
        Ok(Issuers { issuers })
    }

    /// Reads the claims of a verified token, given as the bytes of their JSON.
    ///
    /// # Errors
    /// Where they are not those of a known issuer, are not of its shape, or could be meant in two ways.
    pub fn read(&self, claims: &[u8]) -> Result<Parties, ClaimsError> {
        let claims = Claims::parse(claims)?;
        let issuer = claims.needed("iss")?;
        let known = self.issuers.iter().find(|known| known.issuer == issuer);
        let known = known.ok_or_else(|| ClaimsError::UnknownIssuer { found: issuer.to_owned() })?;
        let found = shape::read(known.shape, &claims, issuer)?;
        let strangers = |hop: &&Hop| hop.issuer != issuer && !known.speaks_for.contains(&hop.issuer);
        if let Some(stranger) = found.hops.iter().find(strangers) {
            return Err(ClaimsError::ForeignActor { issuer: stranger.issuer.clone() });
        }
        let mut via = found.hops;
        let agent = via.pop().ok_or(ClaimsError::NoAgent)?;
        let user = found.user.map(|user| format!("{}{user}", known.prefix));
        if user.as_deref() == Some("none") {
            // The word for nobody is nobody's name.
            return Err(ClaimsError::Malformed { claim: "sub".to_owned() });
        }
        Ok(Parties { agent, via, user })
    }
}

/// Who acts, through whom, for whom. Shown, it is these members of a request: `agent`, `via` where there are earlier
/// agents, `user`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parties {
    agent: Hop,
    via: Vec<Hop>,
    user: Option<String>,
}

/// An agent of a chain.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Hop {
    issuer: String,
    subject: String,
}

impl Hop {
    fn presented(&self) -> Presented<'_> {
        Presented::Token { issuer: &self.issuer, subject: &self.subject }
    }
}

impl Parties {
    /// Returns who acts.
    pub fn agent(&self) -> Presented<'_> {
        self.agent.presented()
    }

    /// Returns who delegated to the agent, the first of the chain first.
    pub fn via(&self) -> impl Iterator<Item = Presented<'_>> {
        self.via.iter().map(Hop::presented)
    }

    /// Returns on whose behalf.
    pub fn user(&self) -> OnBehalf<'_> {
        self.user.as_deref().map_or(OnBehalf::Nobody, OnBehalf::User)
    }
}

impl fmt::Display for Parties {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, r#""agent":{},"#, self.agent())?;
        let mut via = self.via();
        if let Some(first) = via.next() {
            write!(f, r#""via":[{first}"#)?;
            via.try_for_each(|hop| write!(f, ",{hop}"))?;
            f.write_str("],")?;
        }
        write!(f, r#""user":{}"#, self.user())
    }
}

/// Why claims are refused.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ClaimsError {
    /// They are not one JSON object in which every name stands once.
    NotClaims,
    /// A claim is missing, empty, or of another type.
    Malformed {
        /// Which.
        claim: String,
    },
    /// The issuer is none of those that are taken.
    UnknownIssuer {
        /// As the token has it.
        found: String,
    },
    /// Nothing says which agent acts: a client's id is no agent's.
    NoAgent,
    /// Who acts is not said to be an agent.
    NotAnAgent {
        /// The claim that says what it is.
        claim: String,
    },
    /// Claims that contradict each other, or that this shape does not have.
    Ambiguous {
        /// Which.
        claim: String,
    },
    /// More than five actors.
    TooDeep,
    /// The issuer says that an agent of another issuer acts, for which it does not speak.
    ForeignActor {
        /// The other.
        issuer: String,
    },
    /// Two issuers that would give their users the same ids.
    SameUsers {
        /// The one.
        one: String,
        /// The other.
        other: String,
    },
}

impl fmt::Display for ClaimsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ClaimsError::NotClaims => f.write_str("the claims are not one JSON object with every name once"),
            ClaimsError::Malformed { claim } => write!(f, "the claim `{claim}` is missing or not as it must be"),
            ClaimsError::UnknownIssuer { found } => write!(f, "tokens of `{found}` are not taken"),
            ClaimsError::NoAgent => f.write_str("nothing in the token says which agent acts"),
            ClaimsError::NotAnAgent { claim } => write!(f, "`{claim}` does not say that an agent acts"),
            ClaimsError::Ambiguous { claim } => write!(f, "`{claim}` can be meant in two ways"),
            ClaimsError::TooDeep => f.write_str("more than five actors stand behind each other"),
            ClaimsError::ForeignActor { issuer } => write!(f, "the token speaks for an agent of `{issuer}`"),
            ClaimsError::SameUsers { one, other } => {
                write!(f, "`{one}` and `{other}` could name different users alike")
            }
        }
    }
}

impl std::error::Error for ClaimsError {}
