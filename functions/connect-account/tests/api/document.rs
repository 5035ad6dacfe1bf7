//! The sample event is answered, and so is whoever asks without a token for what is open.

use crate::world::World;
use connect_account::router;
use kit::Answer;

#[tokio::test]
async fn the_sample_event_is_answered() {
    let world = World::new().await;
    let event = include_str!("../../../../events/connect-account.json");
    let answer = Answer::to_event(router(world.app.clone()), event).await;
    answer.is(200);
}

#[tokio::test]
async fn the_document_needs_no_token() {
    let world = World::new().await;
    let told = world.browse("/openapi.json", None).await.with_status(200);
    assert_eq!(told.headers["content-type"], "application/json");
    assert!(told.json().is_object());
    assert_eq!(world.browse("/health", None).await.is(200)["status"], "ok");
}
