//! Who calls: the tenant and the scopes, from the token alone.

use super::{Answer, Problem};
use crate::domain::ids::TenantId;
use axum::Router;
use axum::extract::{FromRequestParts, Request};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::middleware::{Next, from_fn};
use lambda_http::request::RequestContext;
use std::collections::HashMap;
use std::sync::Arc;

/// What a token may be allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum Scope {
    Connections,
    Desk,
    /// To see buyer data.
    Buyer,
    /// Products, stock levels and listings.
    Catalogue,
    /// What concerns every tenant of the deployment.
    Operator,
}

impl Scope {
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

/// The one who sent a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    pub tenant: TenantId,
    scopes: Vec<String>,
    author: Author,
}

/// Who sent a request, as the token names the person or program (claim `sub`): for colleagues who read what was decided.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Author(pub Option<String>);

/// Longest name of an author that is kept.
const LONGEST_AUTHOR: usize = 200;

impl Author {
    fn from_claims(claims: &HashMap<String, String>) -> Self {
        let printable = |letter: &char| !letter.is_control();
        let name = claims.get("sub").map(|sub| {
            let name: String = sub.chars().filter(printable).collect();
            name.trim().chars().take(LONGEST_AUTHOR).collect::<String>()
        });
        Self(name.filter(|name| !name.is_empty()))
    }
}

impl<S: Sync> FromRequestParts<S> for Author {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let caller = Caller::from_request_parts(parts, state).await?;
        Ok(caller.author)
    }
}

impl Caller {
    pub fn new(tenant: TenantId, scopes: &[Scope]) -> Self {
        Self {
            tenant,
            scopes: scopes
                .iter()
                .map(|scope| scope.as_str().to_owned())
                .collect(),
            author: Author::default(),
        }
    }

    /// The same caller, of whom the token says who it is.
    #[must_use]
    pub fn named(self, author: &str) -> Self {
        let author = Author(Some(author.to_owned()));
        Self { author, ..self }
    }

    /// Who it is, as the token says.
    pub fn author(&self) -> &Author {
        &self.author
    }

    /// # Errors
    /// 403 if the token lacks the scope.
    pub fn require(&self, scope: Scope) -> Answer<()> {
        if self.scopes.iter().any(|held| held == scope.as_str()) {
            return Ok(());
        }
        let detail = format!("Ask for a token with scope `{}`.", scope.as_str());
        Err(Problem::new(
            StatusCode::FORBIDDEN,
            "missing-scope",
            "The token does not allow this.",
            detail,
        ))
    }

    fn from_claims(claims: &HashMap<String, String>, tenant_claim: &str) -> Option<Self> {
        let tenant = tenant_of(claims.get(tenant_claim)?)?;
        // Okta and Entra name the claim `scp`. The gateway shows a claim that is a list as `[a b]`.
        let scopes = ["scope", "scp"]
            .into_iter()
            .filter_map(|name| claims.get(name))
            .flat_map(|text| text.trim_matches(['[', ']']).split([' ', ',']))
            .filter(|scope| !scope.is_empty());
        Some(Self {
            tenant,
            scopes: scopes.map(str::to_owned).collect(),
            author: Author::from_claims(claims),
        })
    }
}

/// Longest tenant that a token can name.
const LONGEST_TENANT: usize = 64;

/// The tenant that a claim names. The gateway writes a claim of another type as text, so that an issuer's mistake would
/// make `null` a tenant that all tokens with the same mistake share.
fn tenant_of(claim: &str) -> Option<TenantId> {
    let allowed = |letter: char| letter.is_ascii_alphanumeric() || "._-".contains(letter);
    let named = (1..=LONGEST_TENANT).contains(&claim.len()) && claim.chars().all(allowed);
    let no_text = ["null", "true", "false", "undefined", "none", "nil"];
    let is_text = !no_text.iter().any(|word| claim.eq_ignore_ascii_case(word));
    (named && is_text).then(|| claim.parse().ok()).flatten()
}

/// Lets every handler below ask for a [`Caller`]. The authorizer in front has checked the token; this only reads it.
pub fn with_caller<S: Clone + Send + Sync + 'static>(
    router: Router<S>,
    tenant_claim: String,
) -> Router<S> {
    let tenant_claim: Arc<str> = tenant_claim.into();
    router.layer(from_fn(move |mut request: Request, next: Next| {
        let tenant_claim = tenant_claim.clone();
        async move {
            if let Some(caller) = caller_of(&request, &tenant_claim) {
                request.extensions_mut().insert(caller);
            }
            next.run(request).await
        }
    }))
}

fn caller_of(request: &Request, tenant_claim: &str) -> Option<Caller> {
    match request.extensions().get::<RequestContext>()? {
        RequestContext::ApiGatewayV2(context) => Caller::from_claims(
            &context.authorizer.as_ref()?.jwt.as_ref()?.claims,
            tenant_claim,
        ),
        _ => None,
    }
}

impl<S: Sync> FromRequestParts<S> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        parts.extensions.get::<Caller>().cloned().ok_or_else(|| {
            Problem::new(
                StatusCode::UNAUTHORIZED,
                "no-tenant",
                "The token names no tenant.",
                "Send a token of the platform that carries the tenant claim.",
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claims(pairs: &[(&str, &str)]) -> HashMap<String, String> {
        pairs
            .iter()
            .map(|(name, value)| (name.to_string(), value.to_string()))
            .collect()
    }

    #[test]
    fn scopes_come_as_a_text_or_as_a_list() {
        for text in ["desk buyer", "[desk buyer]", "desk,buyer"] {
            let caller =
                Caller::from_claims(&claims(&[("tenant", "north"), ("scope", text)]), "tenant")
                    .unwrap();
            assert!(caller.require(Scope::Buyer).is_ok(), "{text}");
            assert_eq!(
                caller.require(Scope::Connections).unwrap_err().status(),
                StatusCode::FORBIDDEN
            );
        }
    }

    #[test]
    fn a_token_without_tenant_is_nobody() {
        assert_eq!(
            Caller::from_claims(&claims(&[("scope", "desk")]), "tenant"),
            None
        );
        for claim in [
            "",
            "null",
            "[]",
            "{}",
            "map[]",
            "true",
            "False",
            "a b",
            "a/b",
            "a#b",
            "ü",
            "[north]",
            "north\n",
            &"n".repeat(65),
        ] {
            let claims = claims(&[("tenant", claim), ("scope", "desk")]);
            assert_eq!(Caller::from_claims(&claims, "tenant"), None, "{claim}");
        }
        for claim in ["north", "N.o_r-th", "7", &"n".repeat(64)] {
            let claims = claims(&[("tenant", claim)]);
            assert!(Caller::from_claims(&claims, "tenant").is_some(), "{claim}");
        }
    }

    #[test]
    fn the_author_is_who_the_token_names() {
        let author = |sub: &[(&str, &str)]| {
            let all = [&[("tenant", "north")], sub].concat();
            let caller = Caller::from_claims(&claims(&all), "tenant").unwrap();
            caller.author.0
        };
        assert_eq!(author(&[("sub", " a\nb ")]).as_deref(), Some("ab"));
        assert_eq!(author(&[]), None);
        assert_eq!(author(&[("sub", "\t")]), None);
    }

    #[test]
    fn scopes_are_read_from_either_claim() {
        for name in ["scope", "scp"] {
            let claims = claims(&[("tenant", "north"), (name, "[connections desk]")]);
            let caller = Caller::from_claims(&claims, "tenant").unwrap();
            assert!(caller.require(Scope::Desk).is_ok(), "{name}");
        }
    }
}
