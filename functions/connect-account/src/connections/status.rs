//! Which status follows which. Pure.

use serde::Deserialize;
use stallkeeper::api::{Problem, disconnected, must_be_authorised};
use stallkeeper::domain::connection::{Connection, ConnectionStatus};
use utoipa::ToSchema;

/// A status that a person may ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Wanted {
    /// Orders come, and are sent what belongs to them.
    Active,
    /// Nothing is sent, orders still come.
    Paused,
    /// Nothing is fetched or sent.
    Inactive,
}

impl From<Wanted> for ConnectionStatus {
    fn from(wanted: Wanted) -> Self {
        match wanted {
            Wanted::Active => Self::Active,
            Wanted::Paused => Self::Paused,
            Wanted::Inactive => Self::Inactive,
        }
    }
}

/// The status after somebody asked for one.
///
/// # Errors
/// 409 if something is missing first; says what.
pub(crate) fn changed(
    connection: &Connection,
    wanted: Wanted,
) -> Result<ConnectionStatus, Problem> {
    must_be_authorised(connection)?;
    Ok(wanted.into())
}

/// The status after the seller has authorised, for the first time or again.
///
/// # Errors
/// 409 if the connection is given up for good.
pub(crate) fn authorised(connection: &Connection) -> Result<ConnectionStatus, Problem> {
    match connection.status {
        ConnectionStatus::AwaitingAuthorisation => Ok(ConnectionStatus::Inactive),
        ConnectionStatus::NeedsReauthorisation => {
            Ok(connection.resume.unwrap_or(ConnectionStatus::Inactive))
        }
        ConnectionStatus::Disconnected => Err(disconnected()),
        same => Ok(same),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ConnectionStatus::{
        Active, AwaitingAuthorisation, Disconnected, Inactive, NeedsReauthorisation, Paused,
    };

    fn connection(status: ConnectionStatus, resume: Option<ConnectionStatus>) -> Connection {
        Connection {
            status,
            resume,
            ..kit::sample::connection("north", "c1")
        }
    }

    #[test]
    fn only_an_authorised_connection_is_switched() {
        for (from, kind) in [
            (Inactive, None),
            (Active, None),
            (Paused, None),
            (AwaitingAuthorisation, Some("not-authorised")),
            (NeedsReauthorisation, Some("authorisation-revoked")),
            (Disconnected, Some("disconnected")),
        ] {
            for wanted in [Wanted::Active, Wanted::Paused, Wanted::Inactive] {
                let outcome = changed(&connection(from, None), wanted);
                match kind {
                    None => assert_eq!(outcome.unwrap(), wanted.into(), "{from:?}"),
                    Some(kind) => assert_eq!(
                        outcome.unwrap_err().kind(),
                        format!("urn:stallkeeper:{kind}"),
                        "{from:?}"
                    ),
                }
            }
        }
    }

    #[test]
    fn authorising_again_goes_on_where_it_stopped() {
        for (from, resume, to) in [
            (AwaitingAuthorisation, None, Inactive),
            (NeedsReauthorisation, Some(Active), Active),
            (NeedsReauthorisation, Some(Paused), Paused),
            (NeedsReauthorisation, None, Inactive),
            (Active, None, Active),
            (Paused, None, Paused),
            (Inactive, None, Inactive),
        ] {
            assert_eq!(
                authorised(&connection(from, resume)).unwrap(),
                to,
                "{from:?}"
            );
        }
        assert!(authorised(&connection(Disconnected, None)).is_err());
    }
}
