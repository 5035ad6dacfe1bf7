//! A refresh token that the seller copied out of Seller Central. Only read here; Amazon decides whether it is good.

use secrecy::{ExposeSecret as _, SecretString};
use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use stallkeeper::api::{Answer, Problem};
use stallkeeper::domain::connection::{AppCredentials, Credentials};
use stallkeeper::domain::ids::SellerId;
use std::fmt;
use utoipa::ToSchema;

/// How the seller authorises us.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(tag = "kind", deny_unknown_fields, remote = "Self")]
pub(crate) enum Authorisation {
    /// The seller consents in Seller Central; the answer holds the page to begin at.
    #[serde(rename = "oauth")]
    OAuth {},
    /// The seller copied a refresh token out of Seller Central.
    #[serde(rename = "token")]
    Token(PastedToken),
}

/// An object alone: serde would also take an array that begins with the kind.
impl<'de> Deserialize<'de> for Authorisation {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;

        impl<'de> Visitor<'de> for Object {
            type Value = Authorisation;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, fields: A) -> Result<Authorisation, A::Error> {
                Authorisation::deserialize(MapAccessDeserializer::new(fields))
            }
        }

        deserializer.deserialize_map(Object)
    }
}

/// What the seller copied out of Seller Central.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PastedToken {
    /// The merchant token, once called Merchant ID.
    #[schema(value_type = SellerId, example = "A1B2C3D4E5F6G7")]
    pub(crate) seller_id: String,
    #[schema(value_type = String, format = Password, min_length = 1, max_length = 4096, pattern = r"^[!-~]+$")]
    pub(crate) refresh_token: SecretString,
    /// If the token comes from the seller's own private app: that app's.
    #[schema(min_length = 1, max_length = 4096, pattern = r"^[!-~]+$")]
    pub(crate) client_id: Option<String>,
    #[schema(value_type = Option<String>, format = Password, min_length = 1, max_length = 4096, pattern = r"^[!-~]+$")]
    pub(crate) client_secret: Option<SecretString>,
}

impl PastedToken {
    /// Seller and credentials; blanks around pasted text are dropped.
    pub(crate) fn read(&self) -> Answer<(SellerId, Credentials)> {
        let seller =
            self.seller_id.trim().parse().map_err(|error| {
                Problem::invalid("/authorisation/seller_id", format!("{error}"))
            })?;
        let own_app = match (&self.client_id, &self.client_secret) {
            (None, None) => None,
            (Some(client_id), Some(client_secret)) => Some(AppCredentials {
                client_id: one_line("/authorisation/client_id", client_id)?.to_owned(),
                client_secret: pasted("/authorisation/client_secret", client_secret)?,
            }),
            (Some(_), None) => {
                let detail = "must come with `client_id`";
                return Err(Problem::invalid("/authorisation/client_secret", detail));
            }
            (None, Some(_)) => {
                let detail = "must come with `client_secret`";
                return Err(Problem::invalid("/authorisation/client_id", detail));
            }
        };
        let credentials = Credentials {
            refresh_token: pasted("/authorisation/refresh_token", &self.refresh_token)?,
            own_app,
        };
        Ok((seller, credentials))
    }
}

fn pasted(pointer: &str, secret: &SecretString) -> Answer<SecretString> {
    Ok(SecretString::from(one_line(
        pointer,
        secret.expose_secret(),
    )?))
}

fn one_line<'a>(pointer: &str, text: &'a str) -> Answer<&'a str> {
    let text = text.trim();
    if text.is_empty() || text.len() > 4096 || text.chars().any(char::is_control) {
        return Err(Problem::invalid(
            pointer,
            "must be copied whole, on one line",
        ));
    }
    Ok(text)
}
