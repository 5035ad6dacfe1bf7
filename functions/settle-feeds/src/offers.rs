//! The end of a feed that makes offers: each offer is settled, or goes again once it was looked for at Amazon.

use crate::feedback::{FeedReader, Feedback};
use crate::report::{LineVerdicts, RefusalReason, Report, line_verdicts};
use crate::wait::Patience;
use crate::{App, Stage, wait};
use jiff::Timestamp;
use stallkeeper::domain::connection::Connection;
use stallkeeper::domain::feed::{Feed, FeedLine, FeedState};
use stallkeeper::domain::listing::ListingIssue;
use stallkeeper::domain::new_offer::OfferVerdict;
use stallkeeper::error::Result;
use stallkeeper::fan_out;
use stallkeeper::offering;
use stallkeeper::queue::OfferJob;
use tracing::info;

const AT_ONCE: usize = 16;

/// Looks once whether Amazon is done with a feed.
pub(crate) async fn look(
    app: &App,
    connection: &Connection,
    feed: &Feed,
    amazon_id: &str,
    stage: Stage,
) -> Result<()> {
    let reader = FeedReader::new(app, connection);
    match reader.feed(amazon_id).await? {
        Feedback::Wait(note) => look_again(app, feed, stage, &note).await,
        Feedback::Unknown(why) => read_again(app, feed, stage, &why).await,
        Feedback::Returned(note) => give_back(app, feed, &OfferVerdict::NotSent(note)).await,
        Feedback::Fatal { .. } => {
            let why = "Amazon stopped processing its feed; some, none or all of it was applied";
            give_back(app, feed, &OfferVerdict::Unknown(why.to_owned())).await
        }
        Feedback::Done { report, applied_at } => match reader.report(report.as_deref()).await? {
            Ok(report) => by_report(app, feed, &report, applied_at).await,
            Err(why) => read_again(app, feed, stage, &why).await,
        },
    }
}

/// Settles each offer by Amazon's report. What the report leaves open is looked for later.
async fn by_report(app: &App, feed: &Feed, report: &Report, applied_at: Timestamp) -> Result<()> {
    let (store, now) = (&app.store, Timestamp::now());
    let lines: Vec<FeedLine> = store.manifest_part(feed, 0).await?;
    let verdicts = line_verdicts(feed, &lines, report);
    let settled = lines.iter().enumerate().map(|(place, line)| {
        let message_id = u32::try_from(place + 1).unwrap_or(u32::MAX);
        let issues = report.issues_of(message_id, line.sku.as_str());
        (&line.sku, verdict(&verdicts, report, place, issues))
    });
    fan_out(settled, AT_ONCE, |(sku, verdict)| async move {
        offering::settle_offer(store, feed, sku, &verdict, now).await
    })
    .await?;
    let refused = u32::try_from(verdicts.refused.len()).unwrap_or(u32::MAX);
    store
        .change_open_feed(feed, |feed| {
            feed.state = FeedState::Settled;
            feed.applied_at = Some(applied_at);
            feed.accepted = verdicts.accepted;
            feed.refused = refused;
            feed.note.clone_from(&verdicts.doubt);
        })
        .await?;
    info!(feed.id = %feed.id, connection.id = %feed.connection, lines.accepted = verdicts.accepted, lines.refused = refused, "settled feed `{}` of offers", feed.id);
    go_on(app, feed).await
}

fn verdict(
    verdicts: &LineVerdicts,
    report: &Report,
    place: usize,
    issues: Vec<ListingIssue>,
) -> OfferVerdict {
    let refused = verdicts.refused.get(&place);
    if let Some(said) = refused.or(verdicts.refused_as_a_whole(report)) {
        return OfferVerdict::Refused(with(said, issues));
    }
    match &verdicts.doubt {
        Some(why) => OfferVerdict::Unknown(why.clone()),
        None => OfferVerdict::Accepted(issues),
    }
}

/// What refuses it comes first.
fn with(said: &RefusalReason, issues: Vec<ListingIssue>) -> Vec<ListingIssue> {
    let refusal = ListingIssue {
        code: said.code.clone(),
        severity: "ERROR".to_owned(),
        message: said.words.clone(),
    };
    let others = issues.into_iter().filter(|it| it.code != said.code);
    std::iter::once(refusal).chain(others).collect()
}

async fn give_back(app: &App, feed: &Feed, verdict: &OfferVerdict) -> Result<()> {
    offering::return_offers(&app.store, feed, verdict, Timestamp::now()).await?;
    go_on(app, feed).await
}

/// Has a run begin, which finds out when it is to go on.
async fn go_on(app: &App, feed: &Feed) -> Result<()> {
    let job = OfferJob::Run {
        connection: feed.connection.clone(),
        hop: 0,
    };
    app.offer_jobs.send(&feed.connection, job, 0).await
}

/// Amazon is not done: looks again later, and gives it back in the end.
async fn look_again(app: &App, feed: &Feed, stage: Stage, note: &str) -> Result<()> {
    let now = Timestamp::now();
    match wait::patience(feed, stage, now) {
        Patience::Waits { hop, stuck } => wait::ask_later(app, feed, (hop, stuck), note, now).await,
        Patience::Early => Ok(()),
        Patience::Over => {
            let why = "Amazon never brought its feed to an end".to_owned();
            give_back(app, feed, &OfferVerdict::Unknown(why)).await
        }
    }
}

/// The report cannot be read: tries again, and gives the feed back in the end.
async fn read_again(app: &App, feed: &Feed, stage: Stage, why: &str) -> Result<()> {
    match wait::read_later(app, feed, stage).await? {
        true => Ok(()),
        false => give_back(app, feed, &OfferVerdict::Unknown(why.to_owned())).await,
    }
}
