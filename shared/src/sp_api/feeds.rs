//! Feeds API v2021-06-30: many changes in one document. Create a document, upload it, create the feed, ask until Amazon is
//! done with it, then read its processing report. The content of a document is the work of [`super::listings_feed`] and
//! [`super::processing_report`].

use super::documents::{DocumentAddress, UploadAddress, address};
use super::limits::Operation;
use super::processing_status::ProcessingState;
use super::{Account, Answer, SpApi};
use crate::domain::marketplace::Marketplace;
use crate::error::Result;
use serde::Deserialize;
use serde_json::json;
use url::Url;

/// The kinds of feeds that we send.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::IntoStaticStr)]
pub enum FeedType {
    /// Changes of listings, as [`super::listings_feed`] writes them. One marketplace a feed; at most 5 feeds in 5 minutes.
    #[strum(serialize = "JSON_LISTINGS_FEED")]
    JsonListings,
    /// Cancellations of orders' lines, as [`super::cancellation_feed`] writes them.
    #[strum(serialize = "POST_ORDER_ACKNOWLEDGEMENT_DATA")]
    OrderAcknowledgement,
}

impl FeedType {
    /// Amazon's spelling.
    pub fn as_str(self) -> &'static str {
        self.into()
    }

    /// What the document holds; Amazon signs the upload address for exactly this.
    pub(super) const fn content_type(self) -> &'static str {
        match self {
            Self::JsonListings => "application/json; charset=UTF-8",
            Self::OrderAcknowledgement => "text/xml; charset=UTF-8",
        }
    }
}

impl SpApi {
    /// Makes room for a document of this kind, to be uploaded within five minutes.
    ///
    /// Amazon page: *Feeds API v2021-06-30 Reference*, `createFeedDocument`. Does no harm if its answer is lost.
    ///
    /// # Errors
    /// Throttled; retryable if Amazon fails or its answer is cut off; authorisation revoked; permanent if
    /// Amazon refuses.
    pub async fn create_feed_document(
        &self,
        account: &Account<'_>,
        kind: FeedType,
    ) -> Result<Answer<UploadAddress>> {
        let body = json!({ "contentType": kind.content_type() });
        let operation = Operation::CreateFeedDocument;
        let made: Answer<CreatedDocument> =
            self.post(account, operation, &DOCUMENTS, &body).await?;
        Ok(made.map(|created| UploadAddress {
            document_id: created.feed_document_id,
            url: created.url,
            content_type: kind.content_type(),
        }))
    }

    /// Submits an uploaded document; its feed's id. **Not to be repeated blindly**: each call is a feed of its own.
    ///
    /// All the SKUs are listed on `marketplace`. Amazon page: *Feeds API v2021-06-30 Reference*,
    /// `createFeed`.
    ///
    /// # Errors
    /// As [`Self::create_feed_document`]. Retryable without a 4xx in its [`super::refusal`]: the feed may exist.
    pub async fn create_feed(
        &self,
        account: &Account<'_>,
        kind: FeedType,
        marketplace: Marketplace,
        document_id: &str,
    ) -> Result<Answer<String>> {
        let body = json!({
            "feedType": kind.as_str(),
            "marketplaceIds": [marketplace.id()],
            "inputFeedDocumentId": document_id,
        });
        let made: Answer<Created> = self
            .post(account, Operation::CreateFeed, &FEEDS, &body)
            .await?;
        Ok(made.map(|created| created.feed_id))
    }

    /// How far Amazon is with a feed. Reads only.
    ///
    /// Amazon page: *Feeds API v2021-06-30 Reference*, `getFeed`.
    ///
    /// # Errors
    /// As [`Self::create_feed_document`].
    pub async fn get_feed(
        &self,
        account: &Account<'_>,
        feed: &str,
    ) -> Result<Answer<ProcessingState>> {
        let [base, version, feeds] = FEEDS;
        let path = [base, version, feeds, feed];
        self.get(account, Operation::GetFeed, &path, &[]).await
    }

    /// Where a feed's document can be downloaded for the next five minutes. Reads only.
    ///
    /// Amazon page: *Feeds API v2021-06-30 Reference*, `getFeedDocument`.
    ///
    /// # Errors
    /// As [`Self::create_feed_document`].
    pub async fn get_feed_document(
        &self,
        account: &Account<'_>,
        document: &str,
    ) -> Result<Answer<DocumentAddress>> {
        let [base, version, documents] = DOCUMENTS;
        let path = [base, version, documents, document];
        self.get(account, Operation::GetFeedDocument, &path, &[])
            .await
    }
}

const FEEDS: [&str; 3] = ["feeds", "2021-06-30", "feeds"];
const DOCUMENTS: [&str; 3] = ["feeds", "2021-06-30", "documents"];

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Created {
    feed_id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CreatedDocument {
    feed_document_id: String,
    #[serde(deserialize_with = "address")]
    url: Url,
}
