//! What a run makes offers with: a connection whose offers may be sent now, its settings, and calls in the seller's name.

use crate::App;
use stallkeeper::domain::connection::Connection;
use stallkeeper::domain::ids::ConnectionKey;
use stallkeeper::domain::new_offer::OfferSettings;
use stallkeeper::error::Result;
use stallkeeper::seller_session::{SellerSession, Waiting};
use stallkeeper::sending::Sending;
use stallkeeper::small_feed::SmallFeeds;
use stallkeeper::sp_api::FeedType;
use std::time::{Duration, SystemTime};
use tracing::info;

/// The longest that a call waits for Amazon's limit.
const LONGEST_WAIT: Duration = Duration::from_secs(5);
/// What a feed from its first write to Amazon's answer may need.
const FEED_TIME: Duration = Duration::from_secs(60);

/// A connection for which something may be sent now, and how its offers are made, if they are.
#[derive(Debug, Clone)]
pub(crate) struct Offering {
    pub(crate) sending: Sending,
    pub(crate) settings: OfferSettings,
}

impl Offering {
    /// `None` if none may be made: what waits is in the table, and the connection's ticks go on with it.
    pub(crate) async fn load(app: &App, key: &ConnectionKey) -> Result<Option<Self>> {
        let settings = app.store.offer_settings(key).await?;
        let sending = Sending::load(&app.store, key).await?;
        let Some(sending) = sending.filter(|sending| !sending.shadow()) else {
            info!(connection.id = %key, "offers wait while nothing is sent for connection `{key}`");
            return Ok(None);
        };
        Ok(Some(Self { sending, settings }))
    }
}

/// One run.
pub(crate) struct Making<'a> {
    pub(crate) app: &'a App,
    pub(crate) offering: &'a Offering,
    pub(crate) seller: SellerSession<'a>,
    deadline: SystemTime,
}

impl<'a> Making<'a> {
    pub(crate) fn new(app: &'a App, offering: &'a Offering, deadline: SystemTime) -> Self {
        let connection = &offering.sending.connection;
        Self {
            app,
            offering,
            seller: SellerSession::new(&app.store, &app.vault, &app.amazon, connection),
            deadline,
        }
    }

    /// Whether it may go on as it began; `None`: nothing may be sent any more. What was changed since goes for the next run.
    pub(crate) async fn may_go_on(&self) -> Result<Option<bool>> {
        let now = Offering::load(self.app, &self.key()).await?;
        let begun = self.offering;
        Ok(now.filter(|now| now.settings.on).map(|now| {
            // A publication of price rules alone changes first prices, and has the same generation.
            now.settings == begun.settings && now.sending.published == begun.sending.published
        }))
    }

    pub(crate) fn feeds(&self) -> SmallFeeds<'_> {
        SmallFeeds {
            store: &self.app.store,
            amazon: &self.app.amazon,
            seller: &self.seller,
            checks: &self.app.checks,
            kind: FeedType::JsonListings,
            role: "Product Listing",
        }
    }

    pub(crate) fn connection(&self) -> &Connection {
        &self.offering.sending.connection
    }

    pub(crate) fn key(&self) -> ConnectionKey {
        self.connection().key()
    }

    /// How long a call may wait for Amazon's limit: what is found is still sent after it.
    pub(crate) fn waiting(&self) -> Waiting {
        Waiting::For {
            longest: LONGEST_WAIT,
            until: self
                .deadline
                .checked_sub(FEED_TIME)
                .unwrap_or(self.deadline),
        }
    }

    /// Whether there is time for more than what is at hand.
    pub(crate) fn is_late(&self) -> bool {
        let left = self.deadline.duration_since(SystemTime::now());
        left.unwrap_or_default() < FEED_TIME
    }
}
