//! Queues and streams: what fails is kept and told, what wakes a function is bounded and not handed out twice.

use crate::document::{Template, many, target};
use crate::needs::queues_of;
use crate::rules::has_alarm;
use serde_yaml_ng::Value;
use std::collections::BTreeSet;

const QUEUE: &str = "AWS::SQS::Queue";
const FUNCTION: &str = "AWS::Serverless::Function";
const DAY: u64 = 86_400;

/// Queues that hold what a rule could not deliver.
pub(crate) fn dead_letters_of_rules(template: &Template) -> BTreeSet<String> {
    let rules = template.of_type("AWS::Events::Rule").into_iter();
    let targets = rules.flat_map(|rule| rule.property(&["Targets"]).map(many).unwrap_or_default());
    targets
        .filter_map(|of| crate::document::descend(of, &["DeadLetterConfig", "Arn"]).map(target))
        .collect()
}

/// Queues that hold what failed: other queues' dead letters, or what a stream's consumer or a rule gave up.
fn dead_letter_queues(template: &Template) -> BTreeSet<String> {
    let of_queues = template
        .of_type(QUEUE)
        .into_iter()
        .filter_map(|queue| queue.points_at(&["RedrivePolicy", "deadLetterTargetArn"]));
    let functions = template.of_type(FUNCTION);
    let of_streams = functions
        .iter()
        .flat_map(|function| function.events("DynamoDB"))
        .filter_map(|(_, event)| {
            crate::document::descend(event, &["DestinationConfig", "OnFailure", "Destination"])
                .map(target)
        });
    let of_rules = dead_letters_of_rules(template);
    of_queues.chain(of_streams).chain(of_rules).collect()
}

#[test]
fn every_queue_has_its_dead_letter_queue_and_alarms() {
    let template = Template::load();
    let dead = dead_letter_queues(&template);
    for queue in template.of_type(QUEUE) {
        let id = queue.id;
        let days = queue
            .number(&["MessageRetentionPeriod"])
            .map(|seconds| seconds / DAY);
        if dead.contains(id) {
            assert_eq!(days, Some(14), "days that `{id}` keeps messages");
            assert!(
                has_alarm(&template, "ApproximateNumberOfMessagesVisible", id),
                "`{id}` has an alarm on its depth"
            );
        } else {
            assert_eq!(days, Some(4), "days that `{id}` keeps messages");
            let own = format!("{}DeadLetterQueue", id.trim_end_matches("Queue"));
            assert_eq!(
                queue.points_at(&["RedrivePolicy", "deadLetterTargetArn"]),
                Some(own),
                "dead letters of `{id}`"
            );
            assert!(
                queue
                    .number(&["RedrivePolicy", "maxReceiveCount"])
                    .is_some_and(|count| count >= 5),
                "tries of `{id}`"
            );
            assert!(
                has_alarm(&template, "ApproximateAgeOfOldestMessage", id),
                "`{id}` has an alarm on its age"
            );
        }
    }
}

#[test]
fn every_queue_hides_a_message_for_six_runs_of_its_function() {
    let template = Template::load();
    let dead = dead_letter_queues(&template);
    let mut woken = BTreeSet::new();
    for function in template.of_type(FUNCTION) {
        let timeout = template
            .function_number(function, "Timeout")
            .expect("a function has a timeout");
        for (name, event) in function.events("SQS") {
            let responses = event
                .get("FunctionResponseTypes")
                .map(many)
                .unwrap_or_default();
            assert!(
                responses
                    .iter()
                    .any(|kind| kind.as_str() == Some("ReportBatchItemFailures")),
                "`{name}` reports failures one by one"
            );
            assert!(
                crate::document::descend(event, &["ScalingConfig", "MaximumConcurrency"]).is_some(),
                "`{name}` is bounded"
            );
        }
        for queue in queues_of(function) {
            let hidden = template
                .resource(&queue)
                .number(&["VisibilityTimeout"])
                .unwrap_or(30);
            assert!(
                hidden >= 6 * timeout,
                "`{queue}` hides a message for {hidden} s, `{}` runs for {timeout} s",
                function.id
            );
            woken.insert(queue);
        }
    }
    let all: BTreeSet<String> = template
        .of_type(QUEUE)
        .iter()
        .map(|queue| queue.id.to_owned())
        .collect();
    assert_eq!(woken, &all - &dead, "each queue wakes a function");
}

#[test]
fn every_stream_is_filtered_bisected_and_given_up_to_a_queue() {
    let template = Template::load();
    for function in template.of_type(FUNCTION) {
        for (name, event) in function.events("DynamoDB") {
            for setting in [
                "FilterCriteria",
                "MaximumRecordAgeInSeconds",
                "DestinationConfig",
            ] {
                assert!(
                    event.get(setting).is_some(),
                    "`{name}` of `{}` has {setting}",
                    function.id
                );
            }
            assert_eq!(
                event
                    .get("BisectBatchOnFunctionError")
                    .and_then(Value::as_bool),
                Some(true),
                "`{name}`"
            );
            assert!(
                has_alarm(&template, "IteratorAge", function.id),
                "`{}` has an alarm on how far it lags",
                function.id
            );
        }
    }
}

/// The patterns of a function's filter on the stream of `table`.
fn patterns(template: &Template, function: &str, table: &str) -> Vec<Value> {
    let function = template.resource(function);
    let stream = format!("{table}/stream");
    let events = function.events("DynamoDB");
    let event = events
        .iter()
        .find(|(_, event)| event.get("Stream").map(target).as_ref() == Some(&stream));
    let (_, event) = event.unwrap_or_else(|| panic!("nothing listens to `{table}`"));
    let filters = crate::document::descend(event, &["FilterCriteria", "Filters"]).map(many);
    filters
        .expect("it is filtered")
        .into_iter()
        .map(|filter| {
            let text = filter.get("Pattern").and_then(Value::as_str);
            serde_yaml_ng::from_str(text.expect("a filter has a pattern")).expect("it is JSON")
        })
        .collect()
}

fn text_at(pattern: &Value, path: &[&str]) -> String {
    let part = crate::document::descend(pattern, path);
    part.map(|part| serde_yaml_ng::to_string(part).expect("it is data"))
        .unwrap_or_default()
}

/// The catalogue changes with every sale and every round; most of it is nobody's news.
#[test]
fn the_catalogues_stream_wakes_for_what_can_be_announced_alone() {
    let template = Template::load();
    for pattern in patterns(&template, "AnnounceChangesFunction", "CatalogueTable") {
        let keys = text_at(&pattern, &["dynamodb", "Keys"]);
        let kind = ["LISTING#", "FEED#", "REJECTED"];
        let kind = kind.into_iter().find(|kind| keys.contains(kind));
        assert!(kind.is_some(), "{keys}");
        let image = text_at(&pattern, &["dynamodb", "NewImage"]);
        assert!(
            kind == Some("REJECTED") || !image.is_empty(),
            "not every change of a listing or feed is news: {keys}"
        );
        let happened = pattern.get("eventName").map(many).unwrap_or_default();
        assert!(
            !happened.is_empty() && happened.iter().all(|name| name.as_str() != Some("REMOVE")),
            "nothing is announced of what is gone"
        );
    }
}

/// A filter that asks for an attribute by a name that nobody writes would let nothing through, and no one would know.
#[test]
fn what_filters_ask_of_an_image_is_what_the_store_writes() {
    let template = Template::load();
    let (listing, feed, rounds) = ("domain/listing.rs", "domain/feed.rs", "store/rounds.rs");
    let matching = "store/matching.rs";
    let written = [
        ("LISTING#", listing, "Listing"),
        ("FEED#", feed, "Feed"),
        ("STOCK_ROUND", rounds, "Round"),
        ("MATCH", matching, "Matching"),
    ];
    let tables = ["CatalogueTable", "ConnectionsTable"];
    for pattern in tables
        .map(|table| patterns(&template, "AnnounceChangesFunction", table))
        .concat()
    {
        let keys = text_at(&pattern, &["dynamodb", "Keys"]);
        let asked = crate::document::descend(&pattern, &["dynamodb", "NewImage"]);
        let asked = asked.and_then(Value::as_mapping).into_iter().flatten();
        for (attribute, _) in asked {
            let (_, file, name) = written
                .iter()
                .find(|(kind, ..)| keys.contains(kind))
                .unwrap_or_else(|| panic!("nobody knows what `{keys}` holds"));
            let path = super::workspace().join("shared/src").join(file);
            let fields = crate::source::fields_of(&path, name);
            let attribute = attribute.as_str().expect("names are text");
            assert!(fields.contains(attribute), "`{name}` has `{attribute}`");
        }
    }
}

/// A function that sends to the queue that wakes it would be stopped as a runaway after sixteen rounds.
#[test]
fn functions_that_queue_to_themselves_are_allowed_to() {
    let template = Template::load();
    for function in template.of_type(FUNCTION) {
        let needs = crate::needs::of(&template, function);
        let loops = queues_of(function)
            .into_iter()
            .any(|queue| needs.contains(&("sqs:SendMessage".to_owned(), queue)));
        let allowed = function
            .property(&["RecursiveLoop"])
            .and_then(Value::as_str)
            == Some("Allow");
        assert_eq!(
            loops, allowed,
            "`{}`: queues to itself, RecursiveLoop is Allow",
            function.id
        );
    }
}
