//! Owns the way of notices into the queues of SQS, as Amazon's account puts them there. It never decides
//! what is told to whom.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use serde_json::json;
use tokio::time::MissedTickBehavior;

use super::{Notices, Outgoing};
use crate::Sandbox;

/// Feeds end and orders age by the clock alone: a notice can be due although nobody called.
const LOOKS_EVERY: Duration = Duration::from_millis(25);
const TRIES_AGAIN: Duration = Duration::from_millis(500);
const MOST_TRIES: u32 = 5;

/// A notice that is due now.
struct Due {
    outgoing: Outgoing,
    queue: String,
    endpoint: String,
    body: String,
}

/// Delivers for as long as it is polled.
pub(crate) async fn deliver(sandbox: Arc<Sandbox>) {
    let client = reqwest::Client::new();
    let mut looks = tokio::time::interval(LOOKS_EVERY);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        looks.tick().await;
        let due = sandbox.due_notices();
        for due in due {
            let sent = send(&client, &due).await;
            sandbox.note_delivery(due.outgoing, sent);
        }
    }
}

impl Sandbox {
    fn due_notices(&self) -> Vec<Due> {
        if !self.has_subscribers() {
            return Vec::new();
        }
        self.world().notices.due(Instant::now())
    }

    fn note_delivery(&self, outgoing: Outgoing, sent: Result<(), String>) {
        self.world().notices.delivered(outgoing, sent);
    }
}

impl Notices {
    fn due(&mut self, now: Instant) -> Vec<Due> {
        let Some(endpoint) = self.sqs_endpoint.clone() else {
            return Vec::new();
        };
        let (due, later): (Vec<_>, Vec<_>) = std::mem::take(&mut self.outbox)
            .into_iter()
            .partition(|outgoing| outgoing.due <= now);
        self.outbox = later;
        let read = |outgoing: Outgoing| {
            let told = &self.told[outgoing.told];
            Some(Due {
                queue: told.queue.clone()?,
                endpoint: endpoint.clone(),
                body: told.notification.to_string(),
                outgoing,
            })
        };
        due.into_iter().filter_map(read).collect()
    }

    fn delivered(&mut self, mut outgoing: Outgoing, sent: Result<(), String>) {
        let Some(told) = self.told.get_mut(outgoing.told) else {
            return;
        };
        match sent {
            Ok(()) => told.deliveries += 1,
            Err(why) => {
                told.error = Some(why);
                outgoing.tries += 1;
                outgoing.due = Instant::now() + TRIES_AGAIN;
                if outgoing.tries < MOST_TRIES {
                    self.outbox.push(outgoing);
                }
            }
        }
    }
}

/// SQS speaks JSON; the credentials are those of the local cloud's root user, whose signature it does not
/// check. They open nothing anywhere else.
async fn send(client: &reqwest::Client, due: &Due) -> Result<(), String> {
    let mut parts = due.queue.split(':').skip(3);
    let (Some(region), Some(account), Some(name)) = (parts.next(), parts.next(), parts.next())
    else {
        return Err(format!("`{}` is no queue's ARN", due.queue));
    };
    let body = json!({
        "QueueUrl": format!("{}/{account}/{name}", due.endpoint),
        "MessageBody": due.body,
    });
    let credential = format!("test/20260101/{region}/sqs/aws4_request");
    let answer = client
        .post(format!("{}/", due.endpoint))
        .header("content-type", "application/x-amz-json-1.0")
        .header("x-amz-target", "AmazonSQS.SendMessage")
        .header(
            "authorization",
            format!("AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders=host, Signature=0"),
        )
        .body(body.to_string())
        .send()
        .await
        .map_err(|error| error.to_string())?;
    match answer.status() {
        status if status.is_success() => Ok(()),
        status => Err(format!(
            "{status}: {}",
            answer.text().await.unwrap_or_default()
        )),
    }
}
