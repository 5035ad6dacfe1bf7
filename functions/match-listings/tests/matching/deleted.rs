//! The listing of a deleted product is let go once Amazon shows its zero, and no sooner.

use crate::seller::Seller;
use crate::states::send;
use crate::world::{World, hours_before, line, made_at};
use stallkeeper::domain::listing::ListingState::{Matched, UnknownHere};
use stallkeeper::domain::marketplace::Marketplace::Uk;
use stallkeeper::domain::product::ListingsOfDeleted;
use stallkeeper::store::ProductWritten;

async fn delete(seller: &Seller<'_>, sku: &str, listings: ListingsOfDeleted) {
    let (tenant, sku) = (&seller.connection.tenant, &sku.parse().unwrap());
    let store = &seller.world.store;
    let read = store.sku_inputs(tenant, sku).await.unwrap();
    let deleted = store.delete_product(tenant, sku, listings, made_at(), &read, 0);
    assert_eq!(deleted.await.unwrap(), ProductWritten::Done);
}

#[tokio::test]
async fn a_listing_whose_zero_is_not_at_amazon_yet_stays_matched_and_is_computed_again() {
    let world = World::new().await;
    let seller = world.connect("deleted", &[Uk]).await;
    seller.publish().await;
    for sku in ["ZERO", "LEFT"] {
        seller.put_product(sku, &[]).await;
    }
    world.report(Uk, &[line("ZERO", "5"), line("LEFT", "5")]);
    seller.match_listings().await;
    seller.recomputed();
    delete(&seller, "ZERO", ListingsOfDeleted::Zero).await;
    delete(&seller, "LEFT", ListingsOfDeleted::Leave).await;
    seller.match_listings().await;
    let state = async |sku| seller.listing(sku).await.unwrap().state;
    assert_eq!(
        (state("ZERO").await, state("LEFT").await),
        (Matched, UnknownHere)
    );
    let queued = seller.recomputed();
    let skus: Vec<&str> = queued.iter().map(|(sku, _)| sku.as_str()).collect();
    assert_eq!(skus, ["ZERO"]);

    send(&seller, "ZERO", 0, hours_before(24)).await;
    world.report(Uk, &[line("ZERO", "0"), line("LEFT", "5")]);
    seller.match_listings().await;
    let gone = seller.listing("ZERO").await.unwrap();
    assert_eq!((gone.state, gone.product), (UnknownHere, None));
    assert!(seller.recomputed().is_empty());
}

#[tokio::test]
async fn a_product_that_comes_back_is_not_taken_for_closed_by_somebody_else() {
    let world = World::new().await;
    let seller = world.connect("returns", &[Uk]).await;
    seller.publish().await;
    seller.put_product("ZERO", &[]).await;
    world.report(Uk, &[line("ZERO", "5")]);
    seller.match_listings().await;
    delete(&seller, "ZERO", ListingsOfDeleted::Zero).await;
    send(&seller, "ZERO", 0, hours_before(24)).await;
    world.report(Uk, &[line("ZERO", "0")]);
    seller.match_listings().await;
    assert_eq!(seller.listing("ZERO").await.unwrap().state, UnknownHere);
    let tenant = &seller.connection.tenant;
    let read = world
        .store
        .sku_inputs(tenant, &"ZERO".parse().unwrap())
        .await;
    seller.put_product_after(&read.unwrap(), "ZERO", &[]).await;
    seller.match_listings().await;
    assert_eq!(seller.listing("ZERO").await.unwrap().state, Matched);
}
