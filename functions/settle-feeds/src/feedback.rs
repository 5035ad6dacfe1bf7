//! What Amazon reports about a feed and its lines, within Amazon's limits. Decides nothing about what follows.

use crate::App;
use crate::report::Report;
use jiff::Timestamp;
use stallkeeper::domain::connection::Connection;
use stallkeeper::error::{Class, Error, Result};
use stallkeeper::seller_session::{CallOutcome, SellerSession, Waiting};
use stallkeeper::sp_api::cancellation_report::{CancellationReport, cancellation_report};
use stallkeeper::sp_api::processing_report::ProcessingReport;
use stallkeeper::sp_api::{
    Account, Download, Operation, ProcessingState, ProcessingStatus, SpApi, refusal,
};
use tracing::warn;

const GET_FEED: Operation = Operation::GetFeed;
const GET_REPORT: Operation = Operation::GetFeedDocument;
/// The most bytes of a report that is held as a whole.
const LARGEST_REPORT: usize = 8 * 1024 * 1024;

/// How far Amazon is with a feed.
#[derive(Debug, PartialEq)]
pub(crate) enum Feedback {
    /// Not done; what it does, in words.
    Wait(String),
    /// Amazon does not know it, as far as one answer says; why.
    Unknown(String),
    /// Nothing came of it, or it is not known what.
    Returned(String),
    /// Amazon stopped processing it; its report may say why.
    Fatal { report: Option<String> },
    Done {
        /// Where its processing report is; done without one has been seen.
        report: Option<String>,
        /// Amazon's clock; not earlier than it was applied.
        applied_at: Timestamp,
    },
}

/// Reads feeds and reports of a seller's account.
pub(crate) struct FeedReader<'a> {
    amazon: &'a SpApi,
    session: SellerSession<'a>,
}

impl<'a> FeedReader<'a> {
    pub(crate) fn new(app: &'a App, connection: &'a Connection) -> Self {
        Self {
            amazon: &app.amazon,
            session: SellerSession::new(&app.store, &app.vault, &app.amazon, connection),
        }
    }

    /// How far Amazon is with a feed.
    ///
    /// # Errors
    /// Throttled if a limit is reached, ours or Amazon's: the message waits for it.
    pub(crate) async fn feed(&self, amazon_id: &str) -> Result<Feedback> {
        let get =
            async |amazon: &SpApi, account: Account<'_>| amazon.get_feed(&account, amazon_id).await;
        let outcome = self.session.call(GET_FEED, Waiting::No, get).await;
        match outcome.and_then(CallOutcome::or_throttled) {
            Ok(answer) => {
                let now = answer.server_time.unwrap_or_else(Timestamp::now);
                Ok(Feedback::of(answer.value, now))
            }
            Err(error) => {
                // Login with Amazon's refusals say nothing of the feed.
                let its_own = refusal(&error).filter(|it| it.operation == GET_FEED.name());
                match its_own {
                    Some(refusal) if error.class() == Class::Permanent => {
                        Ok(Feedback::refused(refusal.status))
                    }
                    _ => Err(error),
                }
            }
        }
    }

    /// Reads a processing report; or why it cannot be read.
    ///
    /// # Errors
    /// As [`Self::feed`]; authorisation revoked.
    pub(crate) async fn report(&self, document: Option<&str>) -> Result<Result<Report, String>> {
        self.readable(document, async |document| self.read(document).await)
            .await
    }

    /// Reads the report of a feed that cancels orders; or why it cannot be read.
    ///
    /// # Errors
    /// As [`Self::report`].
    pub(crate) async fn cancellation_report(
        &self,
        document: Option<&str>,
    ) -> Result<Result<CancellationReport, String>> {
        self.readable(document, async |document| {
            let bytes = self.read_whole(document).await?;
            cancellation_report(&bytes)
        })
        .await
    }

    async fn readable<T>(
        &self,
        document: Option<&str>,
        read: impl AsyncFnOnce(&str) -> Result<T>,
    ) -> Result<Result<T, String>> {
        let Some(document) = document else {
            return Ok(Err(
                "Amazon finished processing it and has no report".to_owned()
            ));
        };
        self.session.permit(GET_REPORT).await?;
        match read(document).await {
            Ok(report) => Ok(Ok(report)),
            Err(error) if matches!(error.class(), Class::Retryable | Class::Permanent) => {
                warn!(
                    error = error.chain(),
                    "the report of a feed cannot be read now"
                );
                Ok(Err("Amazon's report of it cannot be read".to_owned()))
            }
            Err(error) => Err(error),
        }
    }

    async fn read(&self, document: &str) -> Result<Report> {
        let (mut reader, mut report) = (ProcessingReport::new(), Report::default());
        self.download(document)
            .await?
            .read(|bytes| reader.push(bytes, |issue| report.take(issue)))
            .await?;
        report.summary = Some(reader.finish()?);
        Ok(report)
    }

    /// A report that is small: a minute of cancellations.
    async fn read_whole(&self, document: &str) -> Result<Vec<u8>> {
        let mut whole = Vec::new();
        self.download(document)
            .await?
            .read(|bytes| match whole.len() + bytes.len() <= LARGEST_REPORT {
                true => {
                    whole.extend_from_slice(bytes);
                    Ok(())
                }
                false => Err(Error::permanent(
                    "read a report of Amazon's",
                    "it is too large",
                )),
            })
            .await?;
        Ok(whole)
    }

    async fn download(&self, document: &str) -> Result<Download> {
        let get = async |amazon: &SpApi, account: Account<'_>| {
            amazon.get_feed_document(&account, document).await
        };
        let outcome = self.session.call_permitted(GET_REPORT, get).await?;
        let address = outcome.or_throttled()?.value;
        self.amazon.open_document(&address).await
    }
}

impl Feedback {
    fn of(status: ProcessingState, now: Timestamp) -> Self {
        match status.status {
            ProcessingStatus::Done => Self::Done {
                report: status.document,
                applied_at: status.processing_end.unwrap_or(now),
            },
            ProcessingStatus::Cancelled => {
                Self::Returned("Amazon cancelled it before any of it was applied".to_owned())
            }
            ProcessingStatus::Fatal => Self::Fatal {
                report: status.document,
            },
            other => Self::Wait(format!("Amazon: {}", String::from(other))),
        }
    }

    /// Amazon refuses the call. It keeps feeds for 90 days, so one that it does not know is lost, if it says so again.
    fn refused(status: u16) -> Self {
        match status {
            403 => Self::Wait("Amazon answers 403; the app may lack a role".to_owned()),
            status => Self::Unknown(format!("Amazon does not know it (answer {status})")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(word: &str) -> ProcessingState {
        ProcessingState {
            status: word.to_owned().into(),
            created_at: Timestamp::UNIX_EPOCH,
            processing_start: None,
            processing_end: None,
            document: None,
        }
    }

    #[test]
    fn a_status_that_amazon_adds_is_waited_for() {
        let now = Timestamp::UNIX_EPOCH;
        for word in ["IN_QUEUE", "IN_PROGRESS", "RESTING"] {
            let words = Feedback::Wait(format!("Amazon: {word}"));
            assert_eq!(Feedback::of(status(word), now), words);
        }
        let fatal = Feedback::Fatal { report: None };
        assert_eq!(Feedback::of(status("FATAL"), now), fatal);
        let cancelled = Feedback::of(status("CANCELLED"), now);
        assert!(matches!(cancelled, Feedback::Returned(_)));
    }

    #[test]
    fn done_without_an_end_was_applied_by_now() {
        let now = Timestamp::from_second(5).unwrap();
        let done = Feedback::Done {
            report: None,
            applied_at: now,
        };
        assert_eq!(Feedback::of(status("DONE"), now), done);
    }
}
