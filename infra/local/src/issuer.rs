//! A small sign-in service for this machine: it signs tokens as the platform's own identity
//! provider would, and publishes the key by OIDC discovery, so the template's JWT authorizer is
//! used as it is. The key lives in memory and for one run. Never a part of a deployment.

use std::sync::Arc;

use anyhow::{Context as _, Result};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_SHA256};
use axum::extract::State;
use axum::response::Html;
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// The audience that the local deployment asks of a token.
pub(crate) const AUDIENCE: &str = "stallkeeper-local";

/// What a token says of its bearer.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Bearer {
    pub(crate) tenant: String,
    /// Scopes, separated by spaces.
    pub(crate) scope: String,
    /// Seconds; negative for a token that is over already.
    #[serde(default = "one_day")]
    pub(crate) valid_for: i64,
}

fn one_day() -> i64 {
    86_400
}

/// The running service; it ends with this value.
pub(crate) struct Issuer {
    pub(crate) url: String,
    server: JoinHandle<()>,
}

struct Signer {
    url: String,
    run: String,
    key: KeyPair,
}

impl Issuer {
    /// `run` is what [`identity`](Self) answers with: it distinguishes this run from any other.
    pub(crate) async fn start(run: &str) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}", listener.local_addr()?);
        let key = KeyPair::generate(KeySize::Rsa2048)
            .ok()
            .context("cannot make a key for the local issuer")?;
        let signer = Arc::new(Signer {
            url: url.clone(),
            run: run.to_owned(),
            key,
        });
        let router = Router::new()
            .route("/.well-known/openid-configuration", get(discovery))
            .route("/jwks.json", get(keys))
            .route("/token", post(token))
            .route("/run", get(run_of))
            .route("/sign-in", get(sign_in))
            .with_state(signer);
        let server = tokio::spawn(async move {
            // It ends with its task; nobody is left to report an error to.
            let _ = axum::serve(listener, router).await;
        });
        Ok(Self { url, server })
    }
}

impl Drop for Issuer {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Signer {
    fn key_id(&self) -> &str {
        &self.run
    }

    fn sign(&self, bearer: &Bearer, now: Timestamp) -> Result<String> {
        let header = json!({"alg": "RS256", "typ": "JWT", "kid": self.key_id()});
        let now = now.as_second();
        let claims = json!({
            "iss": self.url, "aud": AUDIENCE, "sub": format!("local-user-of-{}", bearer.tenant),
            "tenant": bearer.tenant, "scope": bearer.scope,
            "iat": now - 1, "exp": now + bearer.valid_for,
        });
        let text = format!(
            "{}.{}",
            encode(header.to_string()),
            encode(claims.to_string())
        );
        let mut signature = vec![0; self.key.public_modulus_len()];
        self.key
            .sign(
                &RSA_PKCS1_SHA256,
                &SystemRandom::new(),
                text.as_bytes(),
                &mut signature,
            )
            .ok()
            .context("cannot sign a token")?;
        Ok(format!("{text}.{}", encode(signature)))
    }
}

/// Modulus and exponent out of the key's DER form, which ends with both: the modulus, two bytes
/// that announce the exponent, and its three bytes (65537).
fn public_numbers(key: &KeyPair) -> (&[u8], &[u8]) {
    let (rest, exponent) = key
        .public_key()
        .as_ref()
        .split_at(key.public_key().as_ref().len() - 3);
    let modulus = &rest[rest.len() - 2 - key.public_modulus_len()..rest.len() - 2];
    (modulus, exponent)
}

fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

async fn discovery(State(signer): State<Arc<Signer>>) -> Json<Value> {
    Json(json!({"issuer": signer.url, "jwks_uri": format!("{}/jwks.json", signer.url)}))
}

async fn keys(State(signer): State<Arc<Signer>>) -> Json<Value> {
    let (modulus, exponent) = public_numbers(&signer.key);
    Json(json!({"keys": [{
        "kty": "RSA", "use": "sig", "alg": "RS256", "kid": signer.key_id(),
        "n": encode(modulus), "e": encode(exponent),
    }]}))
}

async fn token(State(signer): State<Arc<Signer>>, Json(bearer): Json<Bearer>) -> Json<Value> {
    match signer.sign(&bearer, Timestamp::now()) {
        Ok(token) => Json(json!({"access_token": token, "token_type": "Bearer"})),
        Err(problem) => Json(json!({"error": problem.to_string()})),
    }
}

async fn run_of(State(signer): State<Arc<Signer>>) -> String {
    signer.run.clone()
}

async fn sign_in() -> Html<&'static str> {
    Html(
        "<h1>Sign in</h1><p>Here the platform asks its user to sign in, then continues with the connection.</p>",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_lc_rs::rsa::PublicKeyComponents;
    use aws_lc_rs::signature::RSA_PKCS1_2048_8192_SHA256;

    #[test]
    fn a_token_carries_tenant_and_scopes_and_its_signature_holds() {
        let key = KeyPair::generate(KeySize::Rsa2048).unwrap();
        let signer = Signer {
            url: "http://127.0.0.1:1".into(),
            run: "r1".into(),
            key,
        };
        let bearer = Bearer {
            tenant: "t1".into(),
            scope: "desk buyer".into(),
            valid_for: 60,
        };
        let token = signer.sign(&bearer, Timestamp::UNIX_EPOCH).unwrap();
        let (text, signature) = token.rsplit_once('.').unwrap();
        let claims = URL_SAFE_NO_PAD
            .decode(text.split_once('.').unwrap().1)
            .unwrap();
        let claims: Value = serde_json::from_slice(&claims).unwrap();
        assert_eq!(
            (&claims["tenant"], &claims["scope"], &claims["exp"]),
            (&json!("t1"), &json!("desk buyer"), &json!(60))
        );
        let (n, e) = public_numbers(&signer.key);
        let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
        PublicKeyComponents { n, e }
            .verify(&RSA_PKCS1_2048_8192_SHA256, text.as_bytes(), &signature)
            .unwrap();
    }
}
