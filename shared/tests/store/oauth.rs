//! The authorisation attempt in the store: one at a time, each step once; and settings that two people change.

use super::*;
use stallkeeper::domain::connection::MarketplaceSettings;
use stallkeeper::store::{AuthorisationAttempt, OAuthState};

fn attempt(digest: &str) -> AuthorisationAttempt {
    AuthorisationAttempt {
        digest: digest.into(),
        nonce: format!("nonce of {digest}"),
    }
}

fn state() -> OAuthState {
    OAuthState {
        connection: key(),
        browser: None,
        seller: None,
        credentials: None,
        authorised_at: None,
        code: None,
        expires: at(600),
    }
}

#[tokio::test]
async fn a_new_dance_ends_the_one_before() {
    let (_tables, store) = store().await;
    let (first, second, third) = (attempt("first"), attempt("second"), attempt("third"));
    let begin = async |attempt, former| {
        store
            .begin_attempt(attempt, &state(), former, at(0))
            .await
            .unwrap()
    };
    assert_eq!(begin(&first, None).await, Written::Done);
    assert_eq!(
        begin(&second, None).await,
        Written::Conflict,
        "another one is under way"
    );
    assert!(
        store.oauth_state("second", at(0)).await.unwrap().is_none(),
        "all or nothing"
    );
    assert_eq!(begin(&second, Some(&first)).await, Written::Done);
    assert_eq!(begin(&third, Some(&first)).await, Written::Conflict);
    assert!(store.oauth_state("first", at(0)).await.unwrap().is_none());
    assert_eq!(
        store.authorisation_attempt(&key()).await.unwrap(),
        Some(second.clone())
    );
    store.end_attempt(&key(), &first).await.unwrap();
    assert_eq!(
        store.authorisation_attempt(&key()).await.unwrap(),
        Some(second.clone()),
        "a former one ends nothing"
    );
    for _ in 0..2 {
        store.end_attempt(&key(), &second).await.unwrap();
        assert_eq!(store.authorisation_attempt(&key()).await.unwrap(), None);
        assert!(store.oauth_state("second", at(0)).await.unwrap().is_none());
    }
    assert_eq!(begin(&first, None).await, Written::Done);
}

#[tokio::test]
async fn a_state_expires_and_each_of_its_steps_is_taken_once() {
    let (_tables, store) = store().await;
    assert_eq!(
        store
            .begin_attempt(&attempt("d"), &state(), None, at(0))
            .await
            .unwrap(),
        Written::Done
    );
    assert!(store.oauth_state("d", at(599)).await.unwrap().is_some());
    assert!(store.oauth_state("d", at(600)).await.unwrap().is_none());
    let bound = OAuthState {
        browser: Some("browser".into()),
        ..state()
    };
    let step = async |to: &OAuthState, from: &OAuthState| {
        store.put_oauth_state("d", to, Some(from)).await.unwrap()
    };
    assert_eq!(step(&bound, &state()).await, Written::Done);
    assert_eq!(
        step(&bound, &state()).await,
        Written::Conflict,
        "a second browser must read again"
    );
    let elsewhere = OAuthState {
        browser: Some("another".into()),
        ..state()
    };
    assert_eq!(step(&elsewhere, &bound).await, Written::Done);
    let told = OAuthState {
        seller: "A1".parse().ok(),
        ..bound.clone()
    };
    assert_eq!(
        step(&told, &bound).await,
        Written::Conflict,
        "another browser began since"
    );
    assert_eq!(step(&bound, &elsewhere).await, Written::Done);
    assert_eq!(step(&told, &bound).await, Written::Done);
    for late in [&told, &elsewhere] {
        assert_eq!(
            step(late, &bound).await,
            Written::Conflict,
            "after the callback"
        );
    }
}

#[tokio::test]
async fn a_request_is_told_from_another_one() {
    let (_tables, store) = store().await;
    for (digest, outcome) in [
        ("a", Written::Done),
        ("a", Written::Done),
        ("b", Written::Conflict),
    ] {
        assert_eq!(
            store.remember_request(&key(), digest).await.unwrap(),
            outcome
        );
    }
}

#[tokio::test]
async fn two_people_who_change_a_marketplace_lose_nothing() {
    let (_tables, store) = store().await;
    let read = MarketplaceSettings::new(Marketplace::Uk);
    let mut without_dpd = read.clone();
    without_dpd.couriers.switch("DPD".parse().unwrap(), false);
    let active = MarketplaceSettings {
        active: true,
        ..read.clone()
    };
    let write = async |to, from| store.replace_marketplace(&key(), to, from).await.unwrap();
    assert_eq!(write(&without_dpd, &read).await, Written::Done);
    assert_eq!(write(&active, &read).await, Written::Conflict);
    let both = MarketplaceSettings {
        active: true,
        ..without_dpd.clone()
    };
    assert_eq!(write(&both, &without_dpd).await, Written::Done);
    assert_eq!(
        store.marketplace(&key(), Marketplace::Uk).await.unwrap(),
        both
    );
}
