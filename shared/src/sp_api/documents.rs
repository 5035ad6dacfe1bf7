//! The documents behind feeds and reports: uploaded to and downloaded from addresses that Amazon hands out for a few
//! minutes. Such an address is a secret, since anybody who has it has the document: it never gets into a log or an error, and
//! no access token goes there. A download is never held as a whole.

use super::SpApi;
use super::check::{Call, Reply, check_document, unreached};
use super::gunzip::Gunzip;
use crate::error::{Error, Result};
use axum::body::Bytes;
use reqwest::header::{CONTENT_TYPE, HeaderMap};
use serde::{Deserialize, Deserializer};
use std::fmt;
use std::time::Duration;
use url::Url;

const UPLOAD: Call = Call {
    name: "uploadDocument",
    doing: "upload a document to Amazon",
};
const DOWNLOAD: Call = Call {
    name: "downloadDocument",
    doing: "download a document from Amazon",
};

/// Ten mebibytes over a slow line.
const UPLOAD_TIMEOUT: Duration = Duration::from_secs(120);
/// How long a download may bring nothing.
const READ_TIMEOUT: Duration = Duration::from_secs(30);
/// How long a download may take in all, pauses of its reader included; no function runs longer.
const DOWNLOAD_TIMEOUT: Duration = Duration::from_secs(15 * 60);

/// Where a feed's document is to be uploaded, and its id for [`SpApi::create_feed`].
pub struct UploadAddress {
    pub document_id: String,
    pub(super) url: Url,
    pub(super) content_type: &'static str,
}

/// Where a document can be downloaded.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DocumentAddress {
    #[serde(deserialize_with = "address")]
    url: Url,
    compression_algorithm: Option<String>,
}

impl DocumentAddress {
    /// A document that Amazon names by its address alone.
    pub(super) fn of(url: Url) -> Self {
        Self {
            url,
            compression_algorithm: None,
        }
    }
}

impl fmt::Debug for UploadAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UploadAddress")
            .field("document_id", &self.document_id)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for DocumentAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DocumentAddress")
            .field("compression_algorithm", &self.compression_algorithm)
            .finish_non_exhaustive()
    }
}

impl SpApi {
    /// Uploads a feed's document. The same once more does no harm.
    ///
    /// Amazon page: *Submit a feed*, "Upload the feed data".
    ///
    /// # Errors
    /// Retryable, with a new address, whatever goes wrong; permanent only for an address that is not to be called.
    pub async fn upload_feed_document(
        &self,
        address: &UploadAddress,
        document: Vec<u8>,
    ) -> Result<()> {
        let request = self
            .http
            .put(address.url.clone())
            .timeout(UPLOAD_TIMEOUT)
            .header(CONTENT_TYPE, address.content_type)
            .body(document);
        let Reply {
            status, headers, ..
        } = self.send(UPLOAD, request).await?;
        check_document(UPLOAD, status, &headers)
    }

    /// Begins to download a document.
    ///
    /// Amazon page: *Retrieve a report*, "Download the report"; a feed's result the same.
    ///
    /// # Errors
    /// Retryable, with a new address, whatever goes wrong; permanent if the document is compressed in a way unknown
    /// to us, or the address is not to be called.
    pub async fn open_document(&self, address: &DocumentAddress) -> Result<Download> {
        if !matches!(
            address.compression_algorithm.as_deref(),
            None | Some("GZIP")
        ) {
            return Err(Error::permanent(
                DOWNLOAD.doing,
                "it is compressed in a way that is new to us",
            ));
        }
        let request = self.http.get(address.url.clone()).timeout(DOWNLOAD_TIMEOUT);
        let response = in_time(request.send()).await?;
        check_document(DOWNLOAD, response.status(), response.headers())?;
        Ok(Download {
            content_type: content_type(response.headers()),
            response,
            arrived: Bytes::new(),
            gunzip: Gunzip::new(),
        })
    }
}

/// A document on its way: pulled piece by piece, so that its reader sets the pace and nobody holds it whole.
pub struct Download {
    response: reqwest::Response,
    content_type: Option<String>,
    /// Arrived, and not yet handed on.
    arrived: Bytes,
    gunzip: Gunzip,
}

impl Download {
    /// The `Content-Type`, which may name the character set.
    pub fn content_type(&self) -> Option<&str> {
        self.content_type.as_deref()
    }

    /// The next piece, unpacked, never empty; `None` at the end.
    ///
    /// Its first bytes show whether it is packed, since the header of the answer may have had it unpacked already.
    ///
    /// # Errors
    /// Retryable if it breaks off, comes to a standstill or cannot be unpacked.
    pub async fn next(&mut self) -> Result<Option<Bytes>> {
        loop {
            if let Some(piece) = self.gunzip.unpack(&mut self.arrived).map_err(broken)? {
                return Ok(Some(piece));
            }
            match in_time(self.response.chunk()).await? {
                Some(arrived) => self.arrived = arrived,
                None => return self.gunzip.finish().map_err(broken),
            }
        }
    }

    /// Hands the whole document piece by piece to `each`, whose first failure ends it.
    ///
    /// # Errors
    /// As [`Self::next`], or as `each` fails.
    pub async fn read(mut self, mut each: impl FnMut(&[u8]) -> Result<()>) -> Result<()> {
        while let Some(piece) = self.next().await? {
            each(&piece)?;
        }
        Ok(())
    }
}

async fn in_time<T>(step: impl Future<Output = reqwest::Result<T>>) -> Result<T> {
    match tokio::time::timeout(READ_TIMEOUT, step).await {
        Ok(done) => done.map_err(|error| unreached(DOWNLOAD, error)),
        Err(late) => Err(Error::retryable(DOWNLOAD.doing, late)),
    }
}

pub(super) fn address<'de, D: Deserializer<'de>>(json: D) -> Result<Url, D::Error> {
    let text = String::deserialize(json)?;
    Url::parse(&text).map_err(serde::de::Error::custom)
}

/// What came out is no document, or not all of it.
fn broken(error: std::io::Error) -> Error {
    Error::retryable(DOWNLOAD.doing, error)
}

fn content_type(headers: &HeaderMap) -> Option<String> {
    Some(headers.get(CONTENT_TYPE)?.to_str().ok()?.to_owned())
}
