//! Owns a seller's feeds: one after another, in the order in which they were created. What a feed
//! means for a listing is `processing`'s to say; a feed counts from the moment it was **created**,
//! however late it is processed. What one means for an order is `acknowledgement`'s.

mod acknowledgement;
mod api;
mod offering;
mod processing;
mod xml;

use std::{collections::VecDeque, sync::Arc};

use axum::body::Bytes;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::json;

pub(crate) use api::{create, create_document, get, get_document, list};

use crate::{
    back_office::{BackOffice, Mishap, Mishaps},
    catalog::Catalogue,
    documents::{Content, Documents},
    listings::Submission,
    notices::Raised,
    world::{Seller, Violation},
};

/// What `processingStatus` of feeds and reports may say.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum Status {
    InQueue,
    InProgress,
    Done,
    Fatal,
    Cancelled,
}

#[derive(Debug)]
pub(crate) struct Feed {
    pub(crate) id: String,
    feed_type: String,
    marketplace: String,
    created: Timestamp,
    /// Its place among all submissions.
    sequence: u64,
    input: Bytes,
    status: Status,
    started: Option<Timestamp>,
    ended: Option<Timestamp>,
    result: Option<String>,
    mishap: Option<(Mishap, f64)>,
    held: bool,
    released: Option<Timestamp>,
}

#[derive(Debug, Default)]
pub(crate) struct Feeds {
    all: Vec<Feed>,
    /// Places in `all` of those that are not processed yet.
    queue: VecDeque<usize>,
    /// Places in `all` of those that ended and were not told of yet.
    ended: Vec<usize>,
    /// When the last one was done.
    free_from: Option<Timestamp>,
    pub(crate) mishaps: Mishaps,
}

impl Feeds {
    /// Lets go all that are held or stuck now, and says how many those were.
    pub(crate) fn release(&mut self, now: Timestamp) -> usize {
        let mut released = 0;
        for index in &self.queue {
            let feed = &mut self.all[*index];
            let stuck = matches!(feed.mishap, Some((Mishap::Stuck, _)));
            if feed.held || stuck {
                feed.held = false;
                feed.released = Some(now);
                released += 1;
            }
            if stuck {
                feed.mishap = None;
            }
        }
        released
    }

    /// Starts what is to start by now. Some: the first of the queue is processed, since then.
    fn next_end(&mut self, office: &BackOffice, now: Timestamp) -> Option<Timestamp> {
        loop {
            let feed = &mut self.all[*self.queue.front()?];
            let ready = feed.released.unwrap_or(feed.created).max(feed.created);
            let start = self.free_from.map_or(ready, |free| free.max(ready));
            if feed.held || start > now {
                return None;
            }
            if matches!(feed.mishap, Some((Mishap::Cancelled, _))) {
                feed.status = Status::Cancelled;
                self.ended.extend(self.queue.pop_front());
                continue;
            }
            let start = *feed.started.get_or_insert(start);
            feed.status = Status::InProgress;
            if matches!(feed.mishap, Some((Mishap::Stuck, _))) {
                return None;
            }
            let end = crate::clock::later(start, office.feed_seconds).max(ready);
            return (end <= now).then_some(end);
        }
    }
}

/// What Amazon goes by as it processes feeds.
pub(crate) struct Behind<'a> {
    pub(crate) office: &'a BackOffice,
    pub(crate) catalogue: &'a Catalogue,
}

/// Does everything for this seller that is due by now, in the order of its time.
pub(crate) fn advance(
    id: &str,
    seller: &mut Seller,
    behind: &Behind<'_>,
    documents: &mut Documents,
    violations: &mut Vec<Violation>,
    now: Timestamp,
) {
    while let Some(end) = seller.feeds.next_end(behind.office, now) {
        seller.listings.apply_late(end);
        for wrong in finish(id, seller, behind, documents, end) {
            violations.push(Violation {
                at: now,
                operation: "createFeed".to_owned(),
                seller: Some(id.to_owned()),
                path: "/feeds/2021-06-30/feeds".to_owned(),
                query: String::new(),
                wrong,
            });
        }
    }
    seller.listings.apply_late(now);
    for index in std::mem::take(&mut seller.feeds.ended) {
        let feed = &seller.feeds.all[index];
        seller.raised.push(Raised::Feed {
            id: feed.id.clone(),
            feed_type: feed.feed_type.clone(),
            status: json!(feed.status),
            result: feed.result.clone(),
        });
    }
}

/// Processes the first of the queue; returns what its document breaks of Amazon's rules.
fn finish(
    id: &str,
    seller: &mut Seller,
    behind: &Behind<'_>,
    documents: &mut Documents,
    end: Timestamp,
) -> Vec<String> {
    let office = behind.office;
    let Some(index) = seller.feeds.queue.pop_front() else {
        return Vec::new();
    };
    let feed = &mut seller.feeds.all[index];
    let (feed_id, marketplace, mishap) = (feed.id.clone(), feed.marketplace.clone(), feed.mishap);
    let cancels = feed.feed_type == api::ACKNOWLEDGEMENT;
    let input = std::mem::take(&mut feed.input);
    let task = processing::Task {
        seller: id,
        feed: &feed_id,
        marketplace: &marketplace,
        input: &input,
        catalogue: behind.catalogue,
        part: match mishap {
            Some((Mishap::Fatal, part)) => part,
            _ => 1.0,
        },
        accepts_unknown: office.accepts_unknown_skus,
        submission: Submission {
            sequence: feed.sequence,
            by: Arc::from(format!("feed {feed_id}")),
            at: end,
        },
    };
    let (outcome, content_type) = match cancels {
        true => (
            acknowledgement::process(&task, seller, office.cancel_restores),
            "text/xml; charset=UTF-8",
        ),
        false => (
            processing::process(&task, seller),
            "application/json; charset=UTF-8",
        ),
    };
    let kind = mishap.map(|(kind, _)| kind);
    let fatal = outcome.fatal || kind == Some(Mishap::Fatal);
    // A fatal feed has no report here: Amazon's page says that it may have one, "in some cases".
    let report = (!fatal && kind != Some(Mishap::ReportMissing)).then(|| {
        let mut report = outcome.report.into_bytes();
        if kind == Some(Mishap::ReportCut) {
            report.truncate(report.len() / 2);
        }
        documents.add(id, content_type, Content::text(report, office.gzip), end)
    });
    let feed = &mut seller.feeds.all[index];
    feed.status = if fatal { Status::Fatal } else { Status::Done };
    feed.ended = Some(end);
    feed.result = report;
    seller.feeds.ended.push(index);
    seller.feeds.free_from = Some(end);
    outcome.violations
}
