//! Owns the Feeds API 2021-06-30, as far as it is played: feeds of the types
//! `JSON_LISTINGS_FEED` and `POST_ORDER_ACKNOWLEDGEMENT_DATA`.

use base64::{Engine, prelude::BASE64_STANDARD};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use axum::{body::Bytes, http::StatusCode};

use super::{Feed, Feeds, Status};
use crate::{
    admitted::AdmittedRequest,
    back_office::Mishap,
    clock::iso_millis,
    documents::Content,
    operations::{LISTING_ROLES, LISTINGS_FEED, SHIPPING_ROLES},
    reply::{Refusal, Reply},
    world::World,
};

const LISTINGS: &str = "JSON_LISTINGS_FEED";
/// Its only use is to cancel lines of orders.
pub(super) const ACKNOWLEDGEMENT: &str = "POST_ORDER_ACKNOWLEDGEMENT_DATA";
/// Page "Submit a feed": "This feedDocumentId value expires after two days".
const INPUT_LIVES: SignedDuration = SignedDuration::from_hours(48);
/// Page "Submit a feed": feeds "that were created within the last 28 days".
const FEED_LIVES: SignedDuration = SignedDuration::from_hours(28 * 24);
const FIRST_ID: usize = 50_000_000_001;

/// `createFeedDocument`.
pub(crate) fn create_document(
    world: &mut World,
    admitted: &AdmittedRequest<'_>,
) -> Result<Reply, Refusal> {
    let body = body(admitted)?;
    let content_type = body["contentType"].as_str().unwrap_or_default();
    let documents = &mut world.documents;
    let id = documents.add(
        admitted.seller,
        content_type,
        Content::Awaited,
        admitted.now,
    );
    let url = documents.link(&id, admitted.url, true, false, admitted.now);
    let answer = json!({ "feedDocumentId": id, "url": url });
    Ok(Reply {
        status: StatusCode::CREATED,
        body: answer,
    })
}

/// `createFeed`.
pub(crate) fn create(world: &mut World, admitted: &AdmittedRequest<'_>) -> Result<Reply, Refusal> {
    let body = body(admitted)?;
    let (feed_type, roles) = match body["feedType"].as_str() {
        Some(LISTINGS) => (LISTINGS, LISTING_ROLES),
        Some(ACKNOWLEDGEMENT) => (ACKNOWLEDGEMENT, SHIPPING_ROLES),
        _ => {
            return broken(&format!(
                "the sandbox plays no feed type but {LISTINGS} and {ACKNOWLEDGEMENT}"
            ));
        }
    };
    if !roles.iter().any(|role| admitted.roles.contains(role)) {
        return Err(Refusal::Other(Reply::denied("")));
    }
    let marketplaces = body["marketplaceIds"]
        .as_array()
        .map_or(&[][..], Vec::as_slice);
    let [Value::String(marketplace)] = marketplaces else {
        return broken(&format!("a {feed_type} is for a single marketplace"));
    };
    let limited = feed_type == LISTINGS;
    if limited && !world.take_token(admitted.application, admitted.seller, LISTINGS_FEED) {
        return Err(Refusal::Other(Reply::throttled()));
    }
    let input = input(world, admitted, &body)?;
    let (sequence, held) = (world.next_submission(), world.back_office.feed_hold);
    let Some(seller) = world.sellers.get_mut(admitted.seller) else {
        return Err(Refusal::Other(Reply::denied("")));
    };
    if !seller.account.marketplaces.contains(marketplace) {
        return broken(&format!("the seller has no marketplace `{marketplace}`"));
    }
    let mishap = seller.feeds.mishaps.strike();
    if matches!(mishap, Some((Mishap::Quota, _))) {
        return Err(Refusal::Other(Reply::throttled()));
    }
    let index = seller.feeds.all.len();
    let id = (FIRST_ID + index).to_string();
    seller.feeds.all.push(Feed {
        id: id.clone(),
        feed_type: feed_type.to_owned(),
        marketplace: marketplace.clone(),
        created: admitted.now,
        sequence,
        input,
        status: Status::InQueue,
        started: None,
        ended: None,
        result: None,
        mishap,
        held,
        released: None,
    });
    seller.feeds.queue.push_back(index);
    Ok(Reply {
        status: StatusCode::ACCEPTED,
        body: json!({ "feedId": id }),
    })
}

/// What was put to the address of the document that the feed names.
fn input(world: &World, admitted: &AdmittedRequest<'_>, body: &Value) -> Result<Bytes, Refusal> {
    let id = body["inputFeedDocumentId"].as_str().unwrap_or_default();
    let document = world.documents.get(id, admitted.seller);
    match document.filter(|document| admitted.now.duration_since(document.created) <= INPUT_LIVES) {
        None => {
            let why = "unknown or expired inputFeedDocumentId";
            Err(Refusal::Other(Reply::invalid(why)))
        }
        Some(document) => match document.content.uploaded() {
            Some(input) => Ok(input),
            None => broken("the feed document was not uploaded before createFeed"),
        },
    }
}

/// `getFeed`.
pub(crate) fn get(world: &mut World, admitted: &AdmittedRequest<'_>) -> Result<Reply, Refusal> {
    let id = admitted.parameter("feedId");
    let mut feeds = feeds(world, admitted).iter();
    match feeds.find(|feed| feed.id == id && is_kept(feed, admitted.now)) {
        Some(feed) => Ok(Reply::ok(shown(feed))),
        None => Err(Refusal::Other(Reply::of_status(StatusCode::NOT_FOUND))),
    }
}

/// `getFeeds`: the newest first.
pub(crate) fn list(world: &mut World, admitted: &AdmittedRequest<'_>) -> Result<Reply, Refusal> {
    let wanted = match admitted.query("nextToken") {
        None => Wanted::from(admitted)?,
        Some(token) if admitted.incoming.query.len() == 1 => Wanted::from_token(token)?,
        Some(_) => return broken("a nextToken is the only parameter"),
    };
    let found: Vec<&Feed> = feeds(world, admitted)
        .iter()
        .rev()
        .filter(|feed| is_kept(feed, admitted.now) && wanted.wants(feed))
        .skip(wanted.from)
        .collect();
    let page = found.iter().take(wanted.page_size).map(|feed| shown(feed));
    let mut answer = json!({ "feeds": page.collect::<Vec<_>>() });
    if found.len() > wanted.page_size {
        answer["nextToken"] = json!(wanted.token_behind());
    }
    Ok(Reply::ok(answer))
}

/// `getFeedDocument`, for what was uploaded and for processing reports.
pub(crate) fn get_document(
    world: &mut World,
    admitted: &AdmittedRequest<'_>,
) -> Result<Reply, Refusal> {
    world.documents.show(admitted, "feedDocumentId")
}

fn feeds<'a>(world: &'a World, admitted: &AdmittedRequest<'_>) -> &'a [Feed] {
    let seller = world.sellers.get(admitted.seller);
    seller.map_or(&[], |seller| seller.feeds.all.as_slice())
}

impl Feeds {
    /// All of them in the order of their creation, with what goes wrong with them.
    pub(crate) fn shown(&self) -> Value {
        let one = |feed: &Feed| {
            let mut shown = shown(feed);
            shown["held"] = json!(feed.held);
            shown["fault"] = json!(feed.mishap.map(|(mishap, _)| mishap));
            shown
        };
        self.all.iter().map(one).collect()
    }
}

fn is_kept(feed: &Feed, now: Timestamp) -> bool {
    now.duration_since(feed.created) <= FEED_LIVES
}

fn shown(feed: &Feed) -> Value {
    let mut shown = json!({
        "feedId": feed.id,
        "feedType": feed.feed_type,
        "marketplaceIds": [feed.marketplace],
        "createdTime": iso_millis(feed.created),
        "processingStatus": feed.status,
    });
    for (name, at) in [
        ("processingStartTime", feed.started),
        ("processingEndTime", feed.ended),
    ] {
        if let Some(at) = at {
            shown[name] = json!(iso_millis(at));
        }
    }
    if let Some(result) = &feed.result {
        shown["resultFeedDocumentId"] = json!(result);
    }
    shown
}

/// The filters of `getFeeds`; its token holds them too.
#[derive(serde::Deserialize, serde::Serialize)]
struct Wanted {
    types: Vec<String>,
    marketplaces: Vec<String>,
    statuses: Vec<String>,
    since: Option<Timestamp>,
    until: Option<Timestamp>,
    page_size: usize,
    from: usize,
}

impl Wanted {
    fn from(admitted: &AdmittedRequest<'_>) -> Result<Self, Refusal> {
        let types = admitted.list("feedTypes");
        if types.is_empty() {
            return broken("either feedTypes or nextToken is required");
        }
        let time = |name| admitted.query(name).and_then(|text| text.parse().ok());
        let page_size = admitted
            .query("pageSize")
            .and_then(|size| size.parse().ok());
        Ok(Self {
            types,
            marketplaces: admitted.list("marketplaceIds"),
            statuses: admitted.list("processingStatuses"),
            since: time("createdSince"),
            until: time("createdUntil"),
            page_size: page_size.unwrap_or(10),
            from: 0,
        })
    }

    fn from_token(token: &str) -> Result<Self, Refusal> {
        let text = BASE64_STANDARD.decode(token).unwrap_or_default();
        serde_json::from_slice(&text).or_else(|_| broken("a nextToken is passed back as it came"))
    }

    fn token_behind(&self) -> String {
        let mut next = json!(self);
        next["from"] = json!(self.from + self.page_size);
        BASE64_STANDARD.encode(next.to_string())
    }

    fn wants(&self, feed: &Feed) -> bool {
        let any = |wanted: &[String], value: &str| {
            wanted.is_empty() || wanted.iter().any(|wanted| wanted == value)
        };
        any(&self.types, &feed.feed_type)
            && any(&self.marketplaces, &feed.marketplace)
            && any(
                &self.statuses,
                json!(feed.status).as_str().unwrap_or_default(),
            )
            && self.since.is_none_or(|since| feed.created >= since)
            && self.until.is_none_or(|until| feed.created <= until)
    }
}

fn body(admitted: &AdmittedRequest<'_>) -> Result<Value, Refusal> {
    serde_json::from_slice(admitted.body)
        .or_else(|error| broken(&format!("the body is no JSON: {error}")))
}

fn broken<T>(rule: &str) -> Result<T, Refusal> {
    Err(Refusal::Violation(rule.to_owned()))
}
