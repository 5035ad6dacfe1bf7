//! An order and a stock level cross on their way, in every interleaving.

use super::scene::settings;
use super::stall::play;

#[tokio::test]
async fn what_is_listed_comes_to_show_what_is_there() {
    play(async |stall| {
        stall.open([10, 20, 30], settings(0)).await;
        stall.quiet().await;
        stall.shows_what_is_wanted([10, 20, 30], "at first").await;
    })
    .await;
}
