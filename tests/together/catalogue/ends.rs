//! Ends of offers, explained.

use super::explain::explained;
use super::*;
use stallkeeper::domain::listing::{EndNews, OfferEnd};
use stallkeeper::domain::stock::Wanted;
use stallkeeper::store::Claimed;

#[tokio::test]
async fn an_end_is_explained_and_so_is_that_a_person_opened_the_offer_again() {
    let stand = Stand::new().await;
    stand.put("/products", json!([{"sku": "P"}])).await.is(202);
    stand.work().await;
    stand.list("P", "P", 1, 5).await;
    let levels = levels_message(vec![level("P", "LON", 5, 10)]);
    stand.deliver(&[levels]).await;
    assert_eq!(explained(&stand, "P").await["ends"], json!([]));
    let (store, on) = (&stand.store, Marketplace::Uk);
    let name = key().listing(&"P".parse().unwrap());
    let read = store.listing(&name).await.unwrap().unwrap();
    let wanted = read.wanted.clone().unwrap();
    let generation = wanted.generation + 1;
    let wanted = Wanted {
        ended: [on].into(),
        generation,
        ..wanted
    };
    let tie = (read.product.as_ref().unwrap(), 1);
    let _ = store.write_wanted(&name, tie, &wanted).await.unwrap();
    let end = explained(&stand, "P").await["ends"][0].clone();
    assert_eq!(
        (&end["marketplace"], &end["wanted"], &end["sent"]),
        (&json!("UK"), &json!(true), &Value::Null)
    );
    assert_eq!(end["next"], "its end is to be sent");
    let sent = stallkeeper::domain::listing::Sent {
        value: true,
        generation,
        at: at(20),
        by: stallkeeper::domain::feed::SentBy::Patch,
    };
    let claimed = store.claim_end(&name, on, 0, &sent).await;
    assert_eq!(claimed.unwrap(), Claimed::Done);
    let end = explained(&stand, "P").await["ends"][0].clone();
    assert_eq!(
        (&end["sent"]["value"], &end["next"]),
        (&json!(true), &json!("nothing: it was sent its end"))
    );
    let kept: OfferEnd = store.listing(&name).await.unwrap().unwrap().end(on);
    let opened = kept.after(EndNews::Reopened, at(90));
    let noted = store.note_end(&name, on, &opened).await;
    assert_eq!(noted.unwrap(), Written::Done);
    let end = explained(&stand, "P").await["ends"][0].clone();
    assert_eq!(end["reopened"], true);
    assert!(end["next"].as_str().unwrap().contains("a person opened it"));
}
