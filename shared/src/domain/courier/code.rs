//! The names of couriers and their services, and the one spelling of both together: `DPD/next-day`.

use crate::domain::described::{described, matching};
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

const LONGEST: usize = 32;

/// The rule of [`checked`].
const CODE: &str = "^[A-Za-z0-9._-]{1,32}$";

described!(CourierCode, matching(CODE).examples(["DPD"]));
described!(ServiceCode, matching(CODE).examples(["next-day"]));
described!(
    CourierServiceId,
    matching("^[A-Za-z0-9._-]{1,32}/[A-Za-z0-9._-]{1,32}$").examples(["DPD/next-day"])
);

/// Why a text names no courier, no service, or not both. Says the rule, never the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidCourierService {
    /// A courier's or a service's code breaks the rule.
    #[error("a {0} code is 1 to {LONGEST} letters, digits, `.`, `-` or `_`")]
    Code(&'static str),
    /// There is no slash between courier and service.
    #[error("a courier service is written `courier/service`, for instance `DPD/next-day`")]
    NoSlash,
}

fn checked(what: &'static str, text: &str) -> Result<String, InvalidCourierService> {
    let safe = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
    if text.is_empty() || text.len() > LONGEST || !text.bytes().all(safe) {
        return Err(InvalidCourierService::Code(what));
    }
    Ok(text.to_owned())
}

/// A courier's code, e.g. `DPD`; spelling and letter case are the tenant's and count.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CourierCode(String);

impl CourierCode {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for CourierCode {
    type Err = InvalidCourierService;

    fn from_str(text: &str) -> Result<Self, InvalidCourierService> {
        checked("courier", text).map(Self)
    }
}

impl TryFrom<String> for CourierCode {
    type Error = InvalidCourierService;

    fn try_from(text: String) -> Result<Self, InvalidCourierService> {
        text.parse()
    }
}

impl From<CourierCode> for String {
    fn from(code: CourierCode) -> String {
        code.0
    }
}

impl fmt::Display for CourierCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The code of a service within its courier, e.g. `next-day`; letter case counts.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ServiceCode(String);

impl ServiceCode {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ServiceCode {
    type Err = InvalidCourierService;

    fn from_str(text: &str) -> Result<Self, InvalidCourierService> {
        checked("service", text).map(Self)
    }
}

impl TryFrom<String> for ServiceCode {
    type Error = InvalidCourierService;

    fn try_from(text: String) -> Result<Self, InvalidCourierService> {
        text.parse()
    }
}

impl From<ServiceCode> for String {
    fn from(code: ServiceCode) -> String {
        code.0
    }
}

impl fmt::Display for ServiceCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One service of one courier, `DPD/next-day` in text and JSON.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CourierServiceId {
    pub courier: CourierCode,
    pub service: ServiceCode,
}

impl CourierServiceId {
    pub fn new(courier: CourierCode, service: ServiceCode) -> Self {
        Self { courier, service }
    }
}

impl FromStr for CourierServiceId {
    type Err = InvalidCourierService;

    fn from_str(text: &str) -> Result<Self, InvalidCourierService> {
        let (courier, service) = text.split_once('/').ok_or(InvalidCourierService::NoSlash)?;
        Ok(Self {
            courier: courier.parse()?,
            service: service.parse()?,
        })
    }
}

impl TryFrom<String> for CourierServiceId {
    type Error = InvalidCourierService;

    fn try_from(text: String) -> Result<Self, InvalidCourierService> {
        text.parse()
    }
}

impl From<CourierServiceId> for String {
    fn from(id: CourierServiceId) -> String {
        id.to_string()
    }
}

impl fmt::Display for CourierServiceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.courier, self.service)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_courier_service_reads_as_it_is_written() {
        for text in ["DPD/next-day", "Royal_Mail/TRACKED.24", "x/1"] {
            assert_eq!(text.parse::<CourierServiceId>().unwrap().to_string(), text);
            let json = serde_json::to_string(text).unwrap();
            assert_eq!(
                serde_json::to_string(&text.parse::<CourierServiceId>().unwrap()).unwrap(),
                json
            );
        }
    }

    #[test]
    fn a_name_that_could_break_a_key_or_a_path_is_refused() {
        let long = "x".repeat(33);
        for text in [
            "",
            "DPD",
            "/next",
            "DPD/",
            "DPD/a/b",
            "D#D/a",
            "D D/a",
            "DPD/Ä",
            &format!("{long}/a"),
        ] {
            assert!(text.parse::<CourierServiceId>().is_err(), "{text}");
            assert!(
                serde_json::from_value::<CourierServiceId>(text.into()).is_err(),
                "{text}"
            );
        }
    }
}
