//! A feed whose manifest is one part, until Amazon has it: how cancellations and new offers go out.
//!
//! What a feed carries says so before Amazon is called. This never decides what becomes of it: whoever sends the feed gives
//! back what a stop, a refusal or a lost answer left.

use crate::domain::feed::{Feed, FeedState};
use crate::error::{Error, Result};
use crate::queue::{FeedCheck, Queue};
use crate::seller_session::{CallOutcome, SellerSession};
use crate::sp_api::{Account, FeedType, Operation, SpApi, refusal};
use crate::store::{Store, Written};
use jiff::Timestamp;
use serde::Serialize;
use tracing::{info, warn};

/// Calls of `createFeed` that are left to the feeds of stock, whose decreases are urgent.
const RESERVE: u32 = 2;
/// How long to wait before asking Amazon how far it is.
const FIRST_CHECK_SECONDS: u32 = 60;

/// What small feeds of one seller are sent with.
#[derive(Clone, Copy)]
pub struct SmallFeeds<'a> {
    pub store: &'a Store,
    pub amazon: &'a SpApi,
    pub seller: &'a SellerSession<'a>,
    /// Where feeds are looked after once Amazon has them.
    pub checks: &'a Queue,
    pub kind: FeedType,
    /// The role at Amazon that an app needs for them.
    pub role: &'static str,
}

/// What a run that was stopped left of a feed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leftover {
    /// Amazon cannot have it.
    NotSent,
    /// Amazon may have it.
    Unknown,
}

/// What became of a feed.
#[must_use]
pub enum Submission {
    /// Amazon has it, and its check is queued.
    Submitted,
    /// Amazon certainly has not.
    NotCreated(Error),
    /// Amazon's answer is lost.
    Unknown,
}

impl SmallFeeds<'_> {
    /// Takes the calls of a feed out of Amazon's limits: a feed is only begun if it may be submitted.
    ///
    /// # Errors
    /// Throttled if the limits have no room for it now: the message waits.
    pub async fn permits(&self) -> Result<()> {
        let seller = self.seller;
        seller.spare_permit(Operation::CreateFeed, RESERVE).await?;
        seller.permit(Operation::CreateFeedDocument).await
    }

    /// What a stopped run left of an open feed; `None` if Amazon has it. One whose check was lost is checked now.
    ///
    /// # Errors
    /// As the tables and the queue answer.
    pub async fn left_behind(&self, feed: &Feed, now: Timestamp) -> Result<Option<Leftover>> {
        match feed.state {
            FeedState::Building | FeedState::Claimed => return Ok(Some(Leftover::NotSent)),
            FeedState::Submitting => return Ok(Some(Leftover::Unknown)),
            FeedState::Submitted if feed.is_forgotten(now) => {
                self.check(feed, 0).await?;
                let looked = |feed: &mut Feed| feed.next_check_at = Some(now);
                self.store.change_open_feed(feed, looked).await?;
            }
            _ => {}
        }
        Ok(None)
    }

    /// Stores a new feed with its manifest. The manifest comes first: with the feed, what it carries can be found.
    ///
    /// # Errors
    /// Retryable if its name is taken.
    pub async fn begin(&self, feed: &Feed, manifest: &[impl Serialize]) -> Result<()> {
        self.store.put_manifest_part(feed, 0, manifest).await?;
        match self.store.save_feed(feed).await? {
            Written::Done => Ok(()),
            Written::Conflict => Err(Error::retryable("store a feed", "its name is taken")),
        }
    }

    /// Uploads the document and returns its id; the call was permitted.
    ///
    /// # Errors
    /// As Amazon answers; throttled if its limit is reached all the same.
    pub async fn upload(&self, document: Vec<u8>) -> Result<String> {
        let create = async |amazon: &SpApi, account: Account<'_>| {
            amazon.create_feed_document(&account, self.kind).await
        };
        let operation = Operation::CreateFeedDocument;
        let made = self.seller.call_permitted(operation, create).await?;
        let address = made.or_throttled()?.value;
        self.amazon.upload_feed_document(&address, document).await?;
        Ok(address.document_id)
    }

    /// Marks a feed as being submitted, and calls `createFeed`, which was permitted. `lines`: what its document holds.
    ///
    /// # Errors
    /// Retryable if another run has the feed; else as the tables and the queue answer.
    pub async fn submit(&self, feed: &Feed, lines: usize, document: &str) -> Result<Submission> {
        let submitting = Feed {
            state: FeedState::Submitting,
            lines: u32::try_from(lines).unwrap_or(u32::MAX),
            submitted_at: Some(Timestamp::now()),
            revision: feed.revision + 1,
            ..feed.clone()
        };
        if self.store.save_feed(&submitting).await? == Written::Conflict {
            return Err(Error::retryable("submit a feed", "another run has it"));
        }
        let create = async |amazon: &SpApi, account: Account<'_>| {
            let create = amazon.create_feed(&account, self.kind, feed.marketplace, document);
            create.await
        };
        let operation = Operation::CreateFeed;
        let outcome = self.seller.call_permitted(operation, create).await;
        match outcome.and_then(CallOutcome::or_throttled) {
            Ok(answer) => self.submitted(submitting, answer.value).await,
            Err(error) if error.is_throttled() || certainly_not_created(&error) => {
                Ok(Submission::NotCreated(error))
            }
            Err(error) => {
                warn!(feed.id = %feed.id, error = error.chain(), "Amazon's answer to feed `{}` is lost", feed.id);
                Ok(Submission::Unknown)
            }
        }
    }

    /// The check comes first: if it were lost, nobody would look for the verdict for hours.
    async fn submitted(&self, feed: Feed, amazon_id: String) -> Result<Submission> {
        self.check(&feed, FIRST_CHECK_SECONDS).await?;
        let submitted = Feed {
            state: FeedState::Submitted,
            amazon_id: Some(amazon_id),
            revision: feed.revision + 1,
            ..feed
        };
        let _ = self.store.save_feed(&submitted).await?;
        let kind = submitted.kind;
        info!(feed.id = %submitted.id, feed.lines = submitted.lines, feed.kind = ?kind, "feed `{}` is submitted", submitted.id);
        Ok(Submission::Submitted)
    }

    /// Why Amazon did not take a feed, in words.
    pub fn refused(&self, feed: &Feed, error: &Error) -> String {
        warn!(feed.id = %feed.id, error = error.chain(), "Amazon did not take feed `{}`", feed.id);
        match refusal(error) {
            Some(refusal) => format!(
                "Amazon answered {} with {}; the app may lack the role {}",
                refusal.operation, refusal.status, self.role
            ),
            None => "Amazon did not take the feed".to_owned(),
        }
    }

    /// Has `settle-feeds` look at a feed.
    async fn check(&self, feed: &Feed, delay_seconds: u32) -> Result<()> {
        let message = FeedCheck::Check {
            connection: feed.connection.clone(),
            feed: feed.id.clone(),
            hop: 0,
        };
        let checks = self.checks;
        checks.send(&feed.connection, message, delay_seconds).await
    }
}

/// Amazon said no to a feed, or was never asked.
pub fn certainly_not_created(error: &Error) -> bool {
    refusal(error)
        .is_some_and(|refusal| (400..500).contains(&refusal.status) && refusal.status != 408)
}
