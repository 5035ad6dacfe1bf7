//! What EventBridge brings in and out, if it is wanted: Amazon's notices of listings, and the posts to a webhook. Nothing
//! that the webhook cannot deliver is lost unseen.

use crate::document::{Template, descend, many, target};
use crate::rules::has_alarm;
use serde_yaml_ng::Value;

/// What the names of the resources begin with, the condition of all of them, and the parameter that makes it true.
const WANTED: [(&str, &str, &str); 2] = [
    ("Webhook", "HasWebhook", "WebhookUrl"),
    ("AmazonEvent", "HasAmazonEvents", "AmazonEventSource"),
];

#[test]
fn nothing_exists_that_was_not_asked_for() {
    let template = Template::load();
    for (begin, condition, parameter) in WANTED {
        let resources = template.all();
        let resources: Vec<_> = resources.filter(|it| it.id.starts_with(begin)).collect();
        assert!(resources.len() > 1, "{begin}");
        for resource in resources {
            let has = resource.attribute("Condition");
            assert_eq!(has, Some(condition), "`{}`", resource.id);
        }
        let outputs = template.part(&["Outputs"]).and_then(Value::as_mapping);
        for (name, output) in outputs.into_iter().flatten() {
            if name.as_str().is_some_and(|it| it.starts_with(begin)) {
                let has = output.get("Condition").and_then(Value::as_str);
                assert_eq!(has, Some(condition), "{name:?}");
            }
        }
        let default = template.part(&["Parameters", parameter, "Default"]);
        assert_eq!(default.and_then(Value::as_str), Some(""));
    }
}

#[test]
fn amazons_events_go_to_the_queue_for_notices() {
    let template = Template::load();
    let rule = template.resource("AmazonEventRule");
    let bus = rule.points_at(&["EventBusName"]);
    assert_eq!(bus.as_deref(), Some("AmazonEventBus"));
    let targets = rule.property(&["Targets"]).map(many).unwrap_or_default();
    let to = targets.iter().filter_map(|to| to.get("Arn").map(target));
    assert_eq!(to.collect::<Vec<_>>(), ["NoticesQueue"]);
}

#[test]
fn the_webhook_tries_for_a_day_and_sets_aside_what_it_could_not_deliver() {
    let template = Template::load();
    let rule = template.resource("WebhookRule");
    assert_eq!(
        rule.points_at(&["EventBusName"]).as_deref(),
        Some("EventBus")
    );
    let targets = rule.property(&["Targets"]).map(many).unwrap_or_default();
    let [to] = targets[..] else {
        panic!("one target: {targets:?}");
    };
    let place = |path: &[&str]| descend(to, path).map(target);
    assert_eq!(place(&["Arn"]).as_deref(), Some("WebhookDestination"));
    let queue = "WebhookDeadLetterQueue";
    assert_eq!(place(&["DeadLetterConfig", "Arn"]).as_deref(), Some(queue));
    let age = descend(to, &["RetryPolicy", "MaximumEventAgeInSeconds"]);
    assert_eq!(age.and_then(Value::as_u64), Some(86_400));
    let source = rule.property(&["EventPattern", "source"]).map(many);
    let source = source.and_then(|of| of.first().and_then(|name| name.as_str()));
    assert_eq!(source, Some(announced_by()));
    for metric in ["FailedInvocations", "InvocationsFailedToBeSentToDlq"] {
        let named = rule.property(&["Name"]).and_then(Value::as_str);
        assert!(
            has_alarm(&template, metric, named.expect("it is named")),
            "{metric}"
        );
    }
}

#[test]
fn the_webhook_may_post_and_its_rule_alone_may_set_events_aside() {
    let template = Template::load();
    let statements = |resource: &str, path: &[&str]| {
        let resource = template.resource(resource);
        let part = resource.property(path);
        many(part.unwrap_or_else(|| panic!("`{}` allows something", resource.id)))
    };
    let policies = statements("WebhookRole", &["Policies"]);
    let [policy] = policies[..] else {
        panic!("one policy");
    };
    let allowed = descend(policy, &["PolicyDocument", "Statement"]).map(many);
    let allowed = allowed.unwrap_or_default();
    let [post] = allowed[..] else {
        panic!("one statement: {allowed:?}");
    };
    let says = |statement: &Value, word: &str| statement.get(word).map(target).unwrap_or_default();
    assert_eq!(says(post, "Action"), "events:InvokeApiDestination");
    assert_eq!(says(post, "Resource"), "WebhookDestination");
    let sends = statements(
        "WebhookDeadLetterQueuePolicy",
        &["PolicyDocument", "Statement"],
    );
    let [send] = sends[..] else {
        panic!("one statement: {sends:?}");
    };
    assert_eq!(says(send, "Action"), "sqs:SendMessage");
    let by = descend(send, &["Condition", "ArnEquals", "aws:SourceArn"]).map(target);
    assert_eq!(by.as_deref(), Some("WebhookRule"));
}

/// As the code names itself on the bus.
fn announced_by() -> &'static str {
    let code = include_str!("../../../../functions/announce-changes/src/event.rs");
    let (_, rest) = code
        .split_once("pub const SOURCE: &str = \"")
        .expect("it has a name");
    rest.split('"').next().expect("it ends")
}
