//! The state of listings: what matching and people say of them. Leaves alone what is wanted and what was sent.

use super::nested;
use crate::domain::ids::{ListingKey, Sku};
use crate::domain::listing::{Listing, ListingState};
use crate::domain::stock::Wanted;
use crate::error::Result;
use crate::store::item::{Item, item, n, s};
use crate::store::key::{self, Key};
use crate::store::levels::read_levels;
use crate::store::{Store, Written};

/// What a generation may rise by between the reading of a listing and its being tied again: far more than it can.
const MEANWHILE: u64 = 1 << 20;

impl Store {
    /// Stores what matching or a person says of a listing: state, product, units, alias, marketplaces, type, what Amazon shows.
    /// Keeps wanted and sent, except that a listing tied to another product or other units forgets what was wanted (all
    /// that is wanted from then on has a greater generation), and that `forget_sent` forgets what was sent: it turned out not
    /// to be what Amazon shows. So does a listing that goes or comes back: what is shown then is not what was sent to the
    /// one that went; but our zero is remembered if only the product went, so that it is not taken for somebody else's once
    /// the product is back. What a look found is kept, unless `listing` has none any more. `read`: as it was read (`None`:
    /// it was not there). One write unit, two more if its
    /// state changes.
    pub async fn place_listing(
        &self,
        listing: &Listing,
        read: Option<&Listing>,
        forget_sent: bool,
    ) -> Result<Written> {
        let Some(read) = read else {
            return self.insert_listing(listing).await;
        };
        let whole = listing_item(listing)?;
        let mut set = vec!["revision = :next".to_owned()];
        let mut remove = Vec::new();
        for name in PLACED {
            if whole.contains_key(*name) {
                set.push(format!("#{name} = :{name}"));
            } else {
                remove.push(format!("#{name}"));
            }
        }
        let tied_anew = listing.product != read.product || listing.units != read.units;
        let unknown = match (&listing.product, &read.wanted) {
            (None, Some(wanted)) if tied_anew => Some(unknown_since(wanted)),
            _ => None,
        };
        if let Some(product) = listing.product.as_ref().filter(|_| tied_anew) {
            self.raise_generation_above(product, read).await?;
        }
        if unknown.is_some() {
            set.push("wanted = :unknown".to_owned());
        } else if tied_anew {
            remove.push("wanted".to_owned());
        }
        if forget_sent || changes_hands(listing, read) && !is_our_last_zero(listing, read) {
            remove.push("sent".to_owned());
            remove.push("refused".to_owned());
        }
        if read.look.is_some() && listing.look.is_none() {
            remove.push("look".to_owned());
        }
        let mut update = self
            .db
            .update_item()
            .table_name(&self.tables.catalogue)
            .set_key(Some(key_of(listing)))
            .condition_expression("revision = :read AND send_count = :send_count")
            .expression_attribute_values(":next", n(read.revision + 1))
            .expression_attribute_values(":read", n(read.revision))
            .expression_attribute_values(":send_count", n(read.send_count));
        for name in PLACED {
            update = update.expression_attribute_names(format!("#{name}"), *name);
            if let Some(value) = whole.get(*name) {
                update = update.expression_attribute_values(format!(":{name}"), value.clone());
            }
        }
        if let Some(unknown) = &unknown {
            update = update.expression_attribute_values(":unknown", nested(unknown)?);
        }
        let removed = if remove.is_empty() {
            String::new()
        } else {
            format!(" REMOVE {}", remove.join(", "))
        };
        let update = update.update_expression(format!("SET {}{removed}", set.join(", ")));
        Written::from_result("place a listing", update.send().await)
    }

    /// Raises the generation of a product that a listing is about to be tied to, so that whatever is computed from it has a
    /// greater generation than all that was wanted before: prices and entries to be sent carry those generations, too. Idempotent.
    async fn raise_generation_above(&self, product: &Sku, read: &Listing) -> Result<()> {
        let Some(wanted) = &read.wanted else {
            return Ok(());
        };
        let least = wanted.generation.saturating_add(MEANWHILE);
        let levels = Key::levels(&read.tenant, product);
        let levels = self.get_item(&self.tables.catalogue, levels).await?;
        let generation = levels.map_or(0, |levels| read_levels(&levels).generation);
        if generation < least {
            let by = least - generation;
            self.raise_counter(&read.tenant, product, by, false).await?;
        }
        Ok(())
    }

    async fn insert_listing(&self, listing: &Listing) -> Result<Written> {
        let mut fields = listing_item(listing)?;
        fields.insert("revision".into(), n(1));
        let put = self
            .db
            .put_item()
            .table_name(&self.tables.catalogue)
            .set_item(Some(fields))
            .condition_expression("attribute_not_exists(pk)");
        Written::from_result("place a listing", put.send().await)
    }

    /// Forgets a listing that neither Amazon nor the catalogue has any more, unless it changed since it was read or a person
    /// holds it.
    pub async fn forget_listing(&self, read: &Listing) -> Result<Written> {
        let delete = self
            .db
            .delete_item()
            .table_name(&self.tables.catalogue)
            .set_key(Some(key_of(read)))
            .condition_expression(
                "attribute_not_exists(pk) OR (revision = :read AND send_count = :send_count AND attribute_not_exists(#hold))",
            )
            .expression_attribute_names("#hold", "hold")
            .expression_attribute_values(":read", n(read.revision))
            .expression_attribute_values(":send_count", n(read.send_count));
        Written::from_result("forget a listing", delete.send().await)
    }

    /// Says that a product feeds a listing, with the units of it that one takes. Before the listing says so itself.
    /// Idempotent.
    pub async fn tie(&self, product: &Sku, listing: &ListingKey, units: u32) -> Result<()> {
        let mut fields = Key::listed(product, listing).into_map();
        fields.insert("units".into(), n(units));
        self.put_fields(
            "tie a listing to its product",
            &self.tables.catalogue,
            fields,
        )
        .await
    }

    /// Takes [`Self::tie`] back. After the listing says so itself. Idempotent.
    pub async fn untie(&self, product: &Sku, listing: &ListingKey) -> Result<()> {
        self.delete(&self.tables.catalogue, Key::listed(product, listing))
            .await
    }
}

/// What is wanted of a listing that has no product any more: nothing, and the generation stays, for the next product's must be
/// greater.
fn unknown_since(wanted: &Wanted) -> Wanted {
    Wanted {
        quantity: None,
        why: "it is tied to no product".to_owned(),
        level_at: None,
        ..wanted.clone()
    }
}

/// Whether a listing is sent to from now on and was not, or the other way round.
fn changes_hands(listing: &Listing, read: &Listing) -> bool {
    (listing.state == ListingState::Matched) != (read.state == ListingState::Matched)
}

/// Whether a listing goes because its product did, at the zero that we sent.
fn is_our_last_zero(listing: &Listing, read: &Listing) -> bool {
    let zero = read.sent.as_ref().is_some_and(|sent| sent.value == 0);
    zero && listing.state == ListingState::UnknownHere
}

/// The fields that matching and people write.
const PLACED: &[&str] = &[
    "state",
    "product",
    "units",
    "alias",
    "other_spelling",
    "marketplaces",
    "product_type",
    "observed",
    "differing",
    "closed",
    "inactive_on",
    "reopened_at",
    "listing_sk",
];

fn key_of(listing: &Listing) -> Item {
    Key::listing(&listing.key()).into_map()
}

fn listing_item(listing: &Listing) -> Result<Item> {
    let mut fields = item(Key::listing(&listing.key()), listing)?;
    // A condition that asks whether a field is there must not find an empty one.
    fields.retain(|_, value| !value.is_null());
    fields.insert(
        "listing_pk".into(),
        s(key::connection_pk(&listing.connection_key())),
    );
    fields.insert(
        "listing_sk".into(),
        s(key::listing_sk(listing.state, &listing.amazon_sku)),
    );
    Ok(fields)
}
