//! Connections: made once, changed only by a caller that read the last revision.

use super::*;

#[tokio::test]
async fn a_connection_is_made_once_and_changed_by_whoever_read_it_last() {
    let (_db, store) = store().await;
    let made = connection("c1");
    assert_eq!(store.create_connection(&made).await.unwrap(), Written::Done);
    assert_eq!(
        store.create_connection(&made).await.unwrap(),
        Written::Conflict
    );
    let renamed = Connection {
        name: "Other".into(),
        revision: 2,
        ..made.clone()
    };
    assert_eq!(
        store.replace_connection(&renamed).await.unwrap(),
        Written::Done
    );
    assert_eq!(
        store.replace_connection(&renamed).await.unwrap(),
        Written::Conflict
    );
    assert_eq!(
        store.connections(&north()).await.unwrap(),
        std::slice::from_ref(&renamed)
    );
    assert_eq!(
        store
            .connection(&ConnectionKey {
                tenant: "south".parse().unwrap(),
                id: c1()
            })
            .await
            .unwrap(),
        None
    );
}

#[tokio::test]
async fn a_seller_has_one_connection_in_a_region_until_it_is_freed() {
    let (_db, store) = store().await;
    let seller: SellerId = "A1SELLER".parse().unwrap();
    let attach = |id: &str| Connection {
        seller: Some(seller.clone()),
        ..connection(id)
    };
    assert_eq!(
        store
            .attach_seller(&attach("c1"), &seller, &sealed())
            .await
            .unwrap(),
        Attached::Done
    );
    assert_eq!(
        store
            .attach_seller(&attach("c2"), &seller, &sealed())
            .await
            .unwrap(),
        Attached::SellerTaken
    );
    assert_eq!(
        store.connection(&connection("c2").key()).await.unwrap(),
        None,
        "nothing is half written"
    );
    assert_eq!(store.credentials(&key()).await.unwrap(), Some(sealed()));
    assert_eq!(
        store
            .attach_seller(&attach("c1"), &seller, &sealed())
            .await
            .unwrap(),
        Attached::Conflict,
        "an old revision"
    );

    for _ in 0..2 {
        store.erase_credentials(&attach("c1")).await.unwrap();
    }
    assert_eq!(store.credentials(&key()).await.unwrap(), None);
    assert_eq!(
        store
            .attach_seller(&attach("c2"), &seller, &sealed())
            .await
            .unwrap(),
        Attached::Done
    );
    store.erase_credentials(&attach("c1")).await.unwrap();
    let holder = store
        .seller_holder(Region::Eu, &seller)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        holder.id.as_str(),
        "c2",
        "a late repeat does not free another's seller"
    );
}

#[tokio::test]
async fn a_refused_token_is_noted_once_and_not_after_a_new_authorisation() {
    let (_db, store) = store().await;
    let read = connection("c1");
    let _ = store.create_connection(&read).await.unwrap();
    assert_eq!(
        store.require_reauthorisation(&read).await.unwrap(),
        Written::Done
    );
    assert_eq!(
        store.require_reauthorisation(&read).await.unwrap(),
        Written::Conflict
    );
    let noted = store.connection(&key()).await.unwrap().unwrap();
    assert_eq!(
        (noted.status, noted.resume),
        (
            ConnectionStatus::NeedsReauthorisation,
            Some(ConnectionStatus::Active)
        )
    );
}
