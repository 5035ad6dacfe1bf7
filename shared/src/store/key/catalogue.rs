//! Keys of the table of the catalogue: inputs by SKU, listings, what is to be sent, feeds.

use super::{Key, decoded, encoded, sortable};
use crate::domain::ids::{
    AmazonSku, ConnectionId, ConnectionKey, FeedId, ListingKey, OfferKey, OrderId, Sku, TenantId,
    WarehouseCode,
};
use crate::domain::listing::{ListingPart, ListingState};
use crate::domain::product::Category;
use jiff::Timestamp;

impl Key {
    pub(crate) fn levels(tenant: &TenantId, sku: &Sku) -> Self {
        Self::new(sku_pk(tenant, sku), LEVELS)
    }

    pub(crate) fn product(tenant: &TenantId, sku: &Sku) -> Self {
        Self::new(sku_pk(tenant, sku), PRODUCT)
    }

    pub(crate) fn part_of(tenant: &TenantId, part: &Sku, bundle: &Sku) -> Self {
        Self::new(
            sku_pk(tenant, part),
            format!("{PART_OF}{}", encoded(bundle.as_str())),
        )
    }

    pub(crate) fn listed(product: &Sku, listing: &ListingKey) -> Self {
        let connection = &listing.connection;
        Self::new(
            sku_pk(&connection.tenant, product),
            format!(
                "{LISTED}{}#{}",
                encoded(connection.id.as_str()),
                encoded(listing.amazon_sku.as_str())
            ),
        )
    }

    pub(crate) fn reserved(
        connection: &ConnectionKey,
        sku: &Sku,
        order: &OrderId,
        line: &str,
    ) -> Self {
        Self::new(
            sku_pk(&connection.tenant, sku),
            format!(
                "{RESERVED}{}#{}#{}",
                encoded(connection.id.as_str()),
                encoded(order.as_str()),
                encoded(line)
            ),
        )
    }

    /// A row that came by the queue and was refused.
    pub(crate) fn rejected(tenant: &TenantId, sku: &Sku) -> Self {
        Self::new(sku_pk(tenant, sku), REJECTED)
    }

    /// A reservation that was given up.
    pub(crate) fn given_up(
        connection: &ConnectionKey,
        sku: &Sku,
        order: &OrderId,
        line: &str,
    ) -> Self {
        let reserved = Self::reserved(connection, sku, order, line);
        Self::new(reserved.pk, format!("{GIVEN_UP}{}", reserved.sk))
    }

    pub(crate) fn folded(tenant: &TenantId, folded: &str, sku: &Sku) -> Self {
        Self::new(folded_pk(tenant, folded), encoded(sku.as_str()))
    }

    /// When a category appeared.
    pub(crate) fn category(tenant: &TenantId, category: &Category) -> Self {
        let pk = format!("CATEGORIES#{}", encoded(tenant.as_str()));
        Self::new(pk, encoded(&category.folded()))
    }

    /// That a connection asks about a category.
    pub(crate) fn category_asks(connection: &ConnectionKey, category: &Category) -> Self {
        let (tenant, id) = (connection.tenant.as_str(), connection.id.as_str());
        let pk = format!("CATEGORY_ASKS#{}#{}", encoded(tenant), encoded(id));
        Self::new(pk, format!("{ASKS}{}", encoded(&category.folded())))
    }

    pub(crate) fn listing(listing: &ListingKey) -> Self {
        Self::new(listing_pk(listing), LISTING)
    }

    pub(crate) fn offer(offer: &OfferKey) -> Self {
        Self::new(
            listing_pk(&offer.listing),
            format!("{OFFER}{}", offer.marketplace.country()),
        )
    }

    pub(crate) fn to_send(listing: &ListingKey, part: ListingPart) -> Self {
        let sku = encoded(listing.amazon_sku.as_str());
        let sk = match part {
            ListingPart::Quantity => format!("Q#{sku}"),
            ListingPart::Price(marketplace) => format!("P#{}#{sku}", marketplace.country()),
            ListingPart::End(marketplace) => format!("E#{}#{sku}", marketplace.country()),
        };
        let shard = shard_of(&listing.amazon_sku);
        Self::new(to_send_pk(&listing.connection, shard), sk)
    }

    /// An entry in the history of a listing's holds.
    pub(crate) fn hold_entry(listing: &ListingKey, at: Timestamp) -> Self {
        Self::new(listing_pk(listing), format!("{HOLD}{}", sortable(at)))
    }

    /// Says that a listing is held until then.
    pub(crate) fn held(listing: &ListingKey, until: Option<Timestamp>) -> Self {
        let end = until.map_or_else(|| NEVER.to_owned(), sortable);
        let sku = encoded(listing.amazon_sku.as_str());
        Self::new(held_pk(&listing.connection), format!("{end}#{sku}"))
    }

    pub(crate) fn feed(connection: &ConnectionKey, feed: &FeedId) -> Self {
        Self::new(feeds_pk(connection), feed.as_str())
    }

    /// A feed that makes offers.
    pub(crate) fn offer_feed(connection: &ConnectionKey, feed: &FeedId) -> Self {
        Self::new(offer_feeds_pk(connection), feed.as_str())
    }

    /// Says that somebody still has work to do on a feed.
    pub(crate) fn open_feed(connection: &ConnectionKey, of: OpenFeeds, feed: &FeedId) -> Self {
        Self::new(open_feeds_pk(connection, of), feed.as_str())
    }

    pub(crate) fn manifest_part(connection: &ConnectionKey, feed: &FeedId, part: u32) -> Self {
        Self::new(
            format!("{}#{}", feeds_pk(connection), encoded(feed.as_str())),
            format!("PART#{part:05}"),
        )
    }
}

/// Sorts before every other item of its partition, so that a query reads the generation before the inputs it counts.
pub(crate) const LEVELS: &str = "LEVELS";
/// Outside of what a recompute reads.
pub(crate) const GIVEN_UP: &str = "GIVEN_UP#";
pub(crate) const ASKS: &str = "ASKS#";
pub(crate) const LISTED: &str = "LISTED#";
pub(crate) const PART_OF: &str = "PART_OF#";
pub(crate) const PRODUCT: &str = "PRODUCT";
pub(crate) const REJECTED: &str = "REJECTED";
pub(crate) const RESERVED: &str = "RESERVED#";
pub(crate) const LISTING: &str = "LISTING";
pub(crate) const OFFER: &str = "OFFER#";
/// In the partition of a listing.
pub(crate) const HOLD: &str = "HOLD#";
/// Sorts after every moment.
const NEVER: &str = "~";
/// The partition of feeds begins so.
pub(crate) const FEED: &str = "FEED#";
/// An attribute of the item of levels: one for each warehouse.
pub(crate) const LEVEL: &str = "level:";
/// Partitions of what is to be sent of a connection.
pub(crate) const SHARDS: u8 = 16;

pub(crate) fn level_name(warehouse: &WarehouseCode) -> String {
    format!("{LEVEL}{}", warehouse.as_str())
}

pub(crate) fn sku_pk(tenant: &TenantId, sku: &Sku) -> String {
    format!("SKU#{}#{}", encoded(tenant.as_str()), encoded(sku.as_str()))
}

pub(crate) fn folded_pk(tenant: &TenantId, folded: &str) -> String {
    format!("FOLDED#{}#{}", encoded(tenant.as_str()), encoded(folded))
}

pub(crate) fn listing_pk(listing: &ListingKey) -> String {
    format!(
        "LISTING#{}#{}#{}",
        encoded(listing.connection.tenant.as_str()),
        encoded(listing.connection.id.as_str()),
        encoded(listing.amazon_sku.as_str())
    )
}

/// Which shard of what is to be sent holds a listing's entry.
pub(crate) fn shard_of(amazon_sku: &AmazonSku) -> u8 {
    use sha2::Digest as _;
    sha2::Sha256::digest(amazon_sku.as_str())[0] % SHARDS
}

pub(crate) fn to_send_pk(connection: &ConnectionKey, shard: u8) -> String {
    format!(
        "TOSEND#{}#{}#{shard:02}",
        encoded(connection.tenant.as_str()),
        encoded(connection.id.as_str())
    )
}

/// The listings of a connection that are held, by the end of the hold.
pub(crate) fn held_pk(connection: &ConnectionKey) -> String {
    format!(
        "HELD#{}#{}",
        encoded(connection.tenant.as_str()),
        encoded(connection.id.as_str())
    )
}

/// The listing that a sort key of [`held_pk`] names.
pub(crate) fn held_of(sk: &str) -> Option<AmazonSku> {
    let (_, sku) = sk.split_once('#')?;
    decoded(sku)?.parse().ok()
}

pub(crate) fn feeds_pk(connection: &ConnectionKey) -> String {
    format!(
        "{FEED}{}#{}",
        encoded(connection.tenant.as_str()),
        encoded(connection.id.as_str())
    )
}

/// Feeds that make offers: not among the others, which the release before reads.
pub(crate) fn offer_feeds_pk(connection: &ConnectionKey) -> String {
    format!(
        "OFFER_FEEDS#{}#{}",
        encoded(connection.tenant.as_str()),
        encoded(connection.id.as_str())
    )
}

/// Whose work open feeds are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OpenFeeds {
    /// Of stock and prices.
    Stock,
    Cancellations,
    Offers,
}

impl OpenFeeds {
    pub(crate) const ALL: [Self; 3] = [Self::Stock, Self::Cancellations, Self::Offers];
}

/// Those of each function lie apart.
pub(crate) fn open_feeds_pk(connection: &ConnectionKey, of: OpenFeeds) -> String {
    let of = match of {
        OpenFeeds::Stock => "OPEN_FEED",
        OpenFeeds::Cancellations => "OPEN_CANCELLATIONS",
        OpenFeeds::Offers => "OPEN_OFFERS",
    };
    format!(
        "{of}#{}#{}",
        encoded(connection.tenant.as_str()),
        encoded(connection.id.as_str())
    )
}

/// Index `by_connection`: a connection's listings by state.
pub(crate) fn listing_sk(state: ListingState, amazon_sku: &AmazonSku) -> String {
    format!("{}#{}", state.as_str(), encoded(amazon_sku.as_str()))
}

/// The state and the listing that a sort key of index `by_connection` names.
pub(crate) fn listing_of(listing_sk: &str) -> Option<(ListingState, AmazonSku)> {
    let (state, sku) = listing_sk.split_once('#')?;
    Some((state.parse().ok()?, decoded(sku)?.parse().ok()?))
}

/// The SKU that an encoded part of a key names.
pub(crate) fn sku_of(part: &str) -> Option<Sku> {
    decoded(part)?.parse().ok()
}

/// The connection and the Amazon SKU that a `LISTED#…` sort key names.
pub(crate) fn listed_of(sk: &str) -> Option<(ConnectionId, AmazonSku)> {
    let (connection, sku) = sk.strip_prefix(LISTED)?.split_once('#')?;
    Some((
        decoded(connection)?.parse().ok()?,
        decoded(sku)?.parse().ok()?,
    ))
}
