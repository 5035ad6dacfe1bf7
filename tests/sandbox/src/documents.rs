//! Owns the documents of feeds and reports and the addresses they are put to and got from, which lie
//! on this server as Amazon's are on S3: a caller with the address needs no token, for five minutes.

mod http;

use std::{
    collections::BTreeMap,
    io::{self, Write},
    sync::{Arc, OnceLock},
};

use axum::{body::Bytes, http::StatusCode};
use flate2::{Compression, write::GzEncoder};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

pub(crate) use http::routes;

use crate::{
    admitted::AdmittedRequest,
    grants,
    reply::{Refusal, Reply},
    reports::Snapshot,
};

/// Lines that are written before the report is done.
const SMALL_REPORT: usize = 2_000;
const LINK_LIVES: SignedDuration = SignedDuration::from_mins(5);

#[derive(Clone, Debug)]
pub(crate) enum Content {
    /// Nobody has uploaded it yet.
    Awaited,
    Bytes {
        bytes: Bytes,
        gzip: bool,
    },
    /// A large report, which is written while it is sent.
    Report {
        snapshot: Arc<Snapshot>,
        gzip: bool,
        cut: bool,
        /// The whole of it, as soon as it is compressed.
        built: Arc<OnceLock<Bytes>>,
    },
}

impl Content {
    pub(crate) fn text(text: Vec<u8>, gzip: bool) -> Self {
        let bytes = if gzip {
            compressed(&text).unwrap_or_default()
        } else {
            text
        };
        Self::Bytes {
            bytes: bytes.into(),
            gzip,
        }
    }

    /// A report's document. A large one is compressed beside everything else, since nobody should wait
    /// for that who asks for something else.
    pub(crate) fn report(snapshot: Snapshot, gzip: bool, cut: bool) -> Self {
        let (snapshot, built) = (Arc::new(snapshot), Arc::new(OnceLock::new()));
        if snapshot.len() <= SMALL_REPORT {
            let bytes = snapshot.whole(gzip, cut);
            return Self::Bytes { bytes, gzip };
        }
        if gzip {
            let (snapshot, built) = (Arc::clone(&snapshot), Arc::clone(&built));
            std::thread::spawn(move || built.set(snapshot.whole(gzip, cut)));
        }
        Self::Report {
            snapshot,
            gzip,
            cut,
            built,
        }
    }

    /// What a client has put there.
    pub(crate) fn uploaded(&self) -> Option<Bytes> {
        match self {
            Self::Bytes { bytes, .. } => Some(bytes.clone()),
            _ => None,
        }
    }

    fn is_gzip(&self) -> bool {
        matches!(
            self,
            Self::Bytes { gzip: true, .. } | Self::Report { gzip: true, .. }
        )
    }
}

fn compressed(text: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text)?;
    encoder.finish()
}

#[derive(Debug)]
pub(crate) struct Document {
    seller: String,
    content_type: String,
    pub(crate) content: Content,
    pub(crate) created: Timestamp,
}

/// An address that was given out.
#[derive(Clone, Debug)]
struct Link {
    document: String,
    /// For a PUT, else for a GET.
    writes: bool,
    /// The answer says `Content-Encoding: gzip`, so that a client unpacks it unawares.
    unpacks: bool,
    expires: Timestamp,
}

#[derive(Debug, Default)]
pub(crate) struct Documents {
    by_id: BTreeMap<String, Document>,
    /// By signature.
    links: BTreeMap<String, Link>,
}

impl Documents {
    pub(crate) fn add(
        &mut self,
        seller: &str,
        content_type: &str,
        content: Content,
        now: Timestamp,
    ) -> String {
        let id = format!("amzn1.tortuga.4.eu.{}.T1SANDBOX", grants::secret());
        let document = Document {
            seller: seller.to_owned(),
            content_type: content_type.to_owned(),
            content,
            created: now,
        };
        self.by_id.insert(id.clone(), document);
        id
    }

    /// The seller's document: an id means something in combination with a seller alone.
    pub(crate) fn get(&self, id: &str, seller: &str) -> Option<&Document> {
        self.by_id
            .get(id)
            .filter(|document| document.seller == seller)
    }

    /// An address for five minutes.
    pub(crate) fn link(
        &mut self,
        id: &str,
        url: &str,
        writes: bool,
        unpacks: bool,
        now: Timestamp,
    ) -> String {
        let signature = grants::secret();
        let link = Link {
            document: id.to_owned(),
            writes,
            unpacks,
            expires: now.saturating_add(LINK_LIVES).unwrap_or(Timestamp::MAX),
        };
        self.links.insert(signature.clone(), link);
        format!("{url}/documents/{id}?X-Amz-Expires=300&X-Amz-Signature={signature}")
    }

    /// `getFeedDocument` and `getReportDocument`, whose answers differ in one name.
    pub(crate) fn show(
        &mut self,
        admitted: &AdmittedRequest<'_>,
        name: &str,
    ) -> Result<Reply, Refusal> {
        let id = admitted.parameter(name).to_owned();
        let Some(document) = self.get(&id, admitted.seller) else {
            return Err(Refusal::Other(Reply::of_status(StatusCode::NOT_FOUND)));
        };
        let gzip = document.content.is_gzip();
        let unpacks = gzip && admitted.query("enableContentEncodingUrlHeader") == Some("true");
        let url = self.link(&id, admitted.url, false, unpacks, admitted.now);
        let mut answer = json!({ "url": url });
        answer[name] = json!(id);
        if gzip {
            answer["compressionAlgorithm"] = json!("GZIP");
        }
        Ok(Reply::ok(answer))
    }

    fn find(&self, signature: &str, id: &str, writes: bool, now: Timestamp) -> Option<Link> {
        let link = self.links.get(signature)?;
        let fits = link.document == id && link.writes == writes && link.expires > now;
        fits.then(|| link.clone())
    }
}
