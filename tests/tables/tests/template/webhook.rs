//! The webhook: nothing of it exists without its URL, nothing that it cannot deliver is lost unseen, and it may do nothing
//! else.

use crate::document::{Template, descend, many, target};
use crate::rules::has_alarm;
use serde_yaml_ng::Value;

const CONDITION: &str = "HasWebhook";

#[test]
fn nothing_of_the_webhook_exists_without_its_url() {
    let template = Template::load();
    let resources: Vec<_> = template
        .all()
        .filter(|resource| resource.id.starts_with("Webhook"))
        .collect();
    assert!(resources.len() > 6);
    for resource in resources {
        assert_eq!(
            resource.attribute("Condition"),
            Some(CONDITION),
            "`{}`",
            resource.id
        );
    }
    let outputs = template.part(&["Outputs"]).and_then(Value::as_mapping);
    for (name, output) in outputs.into_iter().flatten() {
        if name.as_str().is_some_and(|it| it.starts_with("Webhook")) {
            let condition = output.get("Condition").and_then(Value::as_str);
            assert_eq!(condition, Some(CONDITION), "{name:?}");
        }
    }
    let default = template.part(&["Parameters", "WebhookUrl", "Default"]);
    assert_eq!(default.and_then(Value::as_str), Some(""));
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
