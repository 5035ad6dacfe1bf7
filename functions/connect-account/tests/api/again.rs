//! Authorising again.

use crate::oauth::{callback, code_of, confirm, started};
use crate::world::{World, oauth};
use kit::sample;
use serde_json::json;
use stallkeeper::store::Written;

#[tokio::test]
async fn authorising_again_goes_on_where_it_stopped_and_with_the_same_seller() {
    let world = World::new().await;
    let id = world.connected("north", "A1").await;
    let path = format!("/connections/{id}");
    world
        .ask("north", "PATCH", &path, json!({"status": "active"}))
        .await
        .is(200);
    let connection = sample::key("north", &id);
    let read = world
        .app
        .store
        .connection(&connection)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        world
            .app
            .store
            .require_reauthorisation(&read)
            .await
            .unwrap(),
        Written::Done
    );
    assert_eq!(
        world
            .ask("north", "PATCH", &path, json!({"status": "active"}))
            .await
            .problem_kind(409),
        "authorisation-revoked"
    );
    world.sent("ticks");

    for (seller, grant) in [("A2", "code-A2-1"), ("A1", "code-A1-1")] {
        let answer = world
            .ask(
                "north",
                "POST",
                &format!("{path}/reauthorise"),
                json!({"authorisation": {"kind": "oauth"}}),
            )
            .await
            .is(200);
        let (cookie, state) = started(&world, answer["authorise_url"].as_str().unwrap()).await;
        let page = world
            .browse(&callback(&state, seller, grant), Some(&cookie))
            .await
            .with_status(200);
        let told = confirm(&world, "north", &id, (seller, &code_of(&page))).await;
        if seller == "A2" {
            assert_eq!(told.problem_kind(409), "other-seller");
        } else {
            assert_eq!(told.is(200)["status"], "active");
        }
    }
    assert_eq!(world.sent("ticks").len(), 1, "it goes on at once");
}

#[tokio::test]
async fn of_two_that_ask_at_once_both_are_told_the_link_that_works() {
    let world = &World::new().await;
    for n in 0..20 {
        let key = format!("key-{n}");
        let ask = || world.ask_with("north", "POST", "/connections", oauth("Shop"), Some(&key));
        let (one, two) = tokio::join!(ask(), ask());
        let (one, two) = (one.is(201), two.is(201));
        assert_eq!(one["authorise_url"], two["authorise_url"], "time {n}");
    }
}
