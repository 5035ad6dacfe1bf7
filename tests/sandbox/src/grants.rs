//! Owns what Login with Amazon has handed out: codes, refresh tokens, access tokens, and how long
//! each lives. It never speaks HTTP (that is `login.rs`) and never knows a client secret.
//!
//! From Amazon's pages "Website Authorization Workflow" (a code lives 5 minutes), "Connect to the
//! SP-API" (an access token one hour) and "Reauthorize Applications" (a year).

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

const CODE_LIVES: SignedDuration = SignedDuration::from_mins(5);
const ACCESS_LIVES: SignedDuration = SignedDuration::from_hours(1);
const AUTHORISATION_LIVES: SignedDuration = SignedDuration::from_hours(365 * 24);

/// Seconds an access token lives, as the answer says.
pub(crate) const EXPIRES_IN: i64 = ACCESS_LIVES.as_secs();

/// Who calls: an application, and the seller it calls for unless the call is grantless.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Caller {
    pub(crate) application: String,
    pub(crate) seller: Option<String>,
    pub(crate) scope: Option<String>,
}

/// Why a grant is refused; each is `invalid_grant` with its own words.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Refused {
    Code,
    RedirectUri,
    RefreshToken,
    /// The seller took the authorisation back, or its year is over.
    Revoked,
}

/// Why an access token is no good.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum BadToken {
    Missing,
    Invalid,
    Expired,
}

struct Code {
    application: String,
    seller: String,
    redirect_uri: String,
    expires: Timestamp,
}

struct Authorisation {
    application: String,
    seller: String,
    expires: Timestamp,
    revoked: bool,
}

struct Access {
    caller: Caller,
    expires: Timestamp,
    refresh_token: Option<String>,
}

#[derive(Default)]
pub(crate) struct Grants {
    codes: BTreeMap<String, Code>,
    authorisations: BTreeMap<String, Authorisation>,
    access: BTreeMap<String, Access>,
}

/// A random name no one can guess, in hexadecimal.
pub(crate) fn secret() -> String {
    format!("{:032x}", rand::random::<u128>())
}

impl Grants {
    pub(crate) fn issue_code(
        &mut self,
        application: &str,
        seller: &str,
        redirect_uri: &str,
        now: Timestamp,
    ) -> String {
        let code = format!("RH{}", &secret()[..18]);
        let expires = later(now, CODE_LIVES);
        let (application, seller) = (application.to_owned(), seller.to_owned());
        self.codes.insert(
            code.clone(),
            Code {
                application,
                seller,
                redirect_uri: redirect_uri.to_owned(),
                expires,
            },
        );
        code
    }

    /// A new refresh token: the end of a self-authorisation, or of a code.
    pub(crate) fn authorise(&mut self, application: &str, seller: &str, now: Timestamp) -> String {
        // `|` as in Amazon's own: it must survive a form, an environment variable and a log filter.
        let token = format!("Atzr|{}", secret());
        let expires = later(now, AUTHORISATION_LIVES);
        let (application, seller) = (application.to_owned(), seller.to_owned());
        self.authorisations.insert(
            token.clone(),
            Authorisation {
                application,
                seller,
                expires,
                revoked: false,
            },
        );
        token
    }

    /// A code for a refresh token. Whatever comes of it, the code is used up once its own
    /// application shows it.
    pub(crate) fn redeem_code(
        &mut self,
        code: &str,
        application: &str,
        redirect_uri: Option<&str>,
        now: Timestamp,
    ) -> Result<String, Refused> {
        if self
            .codes
            .get(code)
            .is_none_or(|known| known.application != application)
        {
            return Err(Refused::Code);
        }
        let known = self.codes.remove(code).ok_or(Refused::Code)?;
        if known.expires <= now {
            return Err(Refused::Code);
        }
        if redirect_uri.is_some_and(|given| given != known.redirect_uri) {
            return Err(Refused::RedirectUri);
        }
        Ok(self.authorise(application, &known.seller, now))
    }

    /// A refresh token for an access token.
    pub(crate) fn refresh(
        &mut self,
        token: &str,
        application: &str,
        now: Timestamp,
    ) -> Result<String, Refused> {
        let known = self
            .authorisations
            .get(token)
            .ok_or(Refused::RefreshToken)?;
        if known.application != application {
            return Err(Refused::RefreshToken);
        }
        if known.revoked || known.expires <= now {
            return Err(Refused::Revoked);
        }
        let caller = Caller {
            application: known.application.clone(),
            seller: Some(known.seller.clone()),
            scope: None,
        };
        Ok(self.give_access(caller, Some(token.to_owned()), now))
    }

    /// An access token for calls on behalf of no seller.
    pub(crate) fn grantless(&mut self, application: &str, scope: &str, now: Timestamp) -> String {
        let caller = Caller {
            application: application.to_owned(),
            seller: None,
            scope: Some(scope.to_owned()),
        };
        self.give_access(caller, None, now)
    }

    fn give_access(
        &mut self,
        caller: Caller,
        refresh_token: Option<String>,
        now: Timestamp,
    ) -> String {
        let token = format!("Atza|{}", secret());
        self.access.insert(
            token.clone(),
            Access {
                caller,
                expires: later(now, ACCESS_LIVES),
                refresh_token,
            },
        );
        token
    }

    pub(crate) fn caller(
        &self,
        access_token: Option<&str>,
        now: Timestamp,
    ) -> Result<Caller, BadToken> {
        let token = access_token.ok_or(BadToken::Missing)?;
        let access = self.access.get(token).ok_or(BadToken::Invalid)?;
        if access.expires <= now {
            return Err(BadToken::Expired);
        }
        Ok(access.caller.clone())
    }

    /// Whose code or refresh token this is.
    pub(crate) fn seller_of(&self, token: &str) -> Option<&str> {
        let of_code = self.codes.get(token).map(|code| code.seller.as_str());
        of_code.or_else(|| Some(self.authorisations.get(token)?.seller.as_str()))
    }

    /// The seller takes back what it allowed (to one application, or to all); its access tokens die
    /// at once. Returns how many authorisations that were.
    pub(crate) fn revoke(&mut self, seller: &str, application: Option<&str>) -> usize {
        let mut revoked = Vec::new();
        for (token, known) in &mut self.authorisations {
            let meant =
                known.seller == seller && application.is_none_or(|one| one == known.application);
            if meant && !known.revoked {
                known.revoked = true;
                revoked.push(token.clone());
            }
        }
        self.access.retain(|_, access| {
            access
                .refresh_token
                .as_ref()
                .is_none_or(|token| !revoked.contains(token))
        });
        revoked.len()
    }

    /// Makes every access token worthless, as if its hour were over.
    pub(crate) fn expire_access(&mut self) {
        for access in self.access.values_mut() {
            access.expires = Timestamp::MIN;
        }
    }
}

fn later(now: Timestamp, by: SignedDuration) -> Timestamp {
    now.saturating_add(by).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests;
