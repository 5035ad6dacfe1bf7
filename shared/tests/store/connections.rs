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

#[tokio::test]
async fn the_list_of_all_tenants_takes_in_what_an_older_release_wrote_and_leaves_out_what_is_given_up()
 {
    let (db, store) = store().await;
    let listed = async || {
        let page = store.connected(None, None, 10).await.unwrap();
        let ids = page.connections.iter().map(|it| it.id.to_string());
        ids.collect::<Vec<_>>()
    };
    let given_up = Connection {
        status: ConnectionStatus::Disconnected,
        ..connection("c2")
    };
    for connection in [connection("c1"), given_up] {
        db.connect(&connection).await;
    }
    assert_eq!(listed().await, ["c1"]);
    // A release before this one writes the whole item without what it does not know.
    let client = &db.tables.client;
    let table = db.tables.name("ConnectionsTable");
    let mut items = db.items("ConnectionsTable").await;
    items.retain(|item| item["sk"].as_s().unwrap() == "CONNECTION#c1");
    let mut older = items.remove(0);
    older.remove("connected_pk");
    older.remove("connected_sk");
    let put = client.put_item().table_name(table).set_item(Some(older));
    put.send().await.unwrap();
    assert!(listed().await.is_empty());
    let other = ConnectionKey {
        id: "c2".parse().unwrap(),
        ..key()
    };
    let missing = ConnectionKey {
        id: "c3".parse().unwrap(),
        ..key()
    };
    for key in [key(), key(), other, missing] {
        store.list_as_connected(&key).await.unwrap();
    }
    assert_eq!(listed().await, ["c1"]);
    let unchanged = store.connection(&key()).await.unwrap();
    assert_eq!(unchanged, Some(connection("c1")));
}

#[tokio::test]
async fn tenants_whose_names_begin_alike_are_not_mixed() {
    let (db, store) = store().await;
    for tenant in ["north", "north b", "north#", "north~", "nort"] {
        for id in ["c", "c 1", "c#"] {
            db.connect(&kit::sample::connection(tenant, id)).await;
        }
    }
    let mut all = Vec::new();
    let mut after = None;
    loop {
        let page = store.connected(None, after.as_ref(), 2).await.unwrap();
        all.extend(page.connections.iter().map(Connection::key));
        match all.last().filter(|_| !page.is_last) {
            Some(last) => after = Some(ConnectedAfter::Connection(last.clone())),
            None => break,
        }
    }
    let unique: std::collections::HashSet<_> = all.iter().collect();
    assert_eq!((all.len(), unique.len()), (15, 15));
    let own = store.connected(Some(&north()), None, 100).await.unwrap();
    assert!(own.connections.iter().all(|it| it.tenant == north()));
    assert_eq!(own.connections.len(), 3);
    let end = ConnectedAfter::Tenant(north());
    let none = store.connected(Some(&north()), Some(&end), 100).await;
    assert!(none.unwrap().connections.is_empty());
}
