//! Owns a request that was admitted: what an API's own file needs to answer it. It never answers it.

use std::collections::BTreeSet;

use jiff::Timestamp;

use crate::{
    incoming::Incoming,
    operations::{Role, Route},
};

pub(crate) struct AdmittedRequest<'a> {
    /// Where the sandbox listens, for the addresses of documents.
    pub(crate) url: &'a str,
    pub(crate) application: &'a str,
    pub(crate) seller: &'a str,
    pub(crate) roles: BTreeSet<Role>,
    pub(crate) route: &'a Route,
    pub(crate) incoming: &'a Incoming,
    pub(crate) body: &'a [u8],
    pub(crate) now: Timestamp,
}

impl AdmittedRequest<'_> {
    /// A variable of the path, decoded.
    pub(crate) fn parameter(&self, name: &str) -> &str {
        self.route.parameter(name)
    }

    pub(crate) fn query(&self, name: &str) -> Option<&str> {
        let mut query = self.incoming.query.iter();
        query
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }

    /// The parts of a list in the query, which Amazon separates by commas.
    pub(crate) fn list(&self, name: &str) -> Vec<String> {
        let text = self.query(name).unwrap_or_default();
        text.split(',')
            .filter(|part| !part.is_empty())
            .map(str::to_owned)
            .collect()
    }
}
