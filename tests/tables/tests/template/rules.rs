//! The house rules: errors are told, logs expire, nothing stored is lost with the stack, all of it is encrypted by our
//! key.

use crate::document::{Resource, Template, many, target};
use serde_yaml_ng::Value;
use std::collections::BTreeSet;

const FUNCTION: &str = "AWS::Serverless::Function";

/// Whether an alarm watches a metric of a resource.
pub(crate) fn has_alarm(template: &Template, metric: &str, on: &str) -> bool {
    template
        .of_type("AWS::CloudWatch::Alarm")
        .into_iter()
        .any(|alarm| {
            let measures = alarm.property(&["MetricName"]).and_then(Value::as_str) == Some(metric);
            let dimensions = alarm
                .property(&["Dimensions"])
                .map(many)
                .unwrap_or_default();
            measures
                && dimensions
                    .iter()
                    .any(|dimension| dimension.get("Value").map(target).as_deref() == Some(on))
        })
}

#[test]
fn every_function_logs_where_logs_expire_and_tells_its_errors() {
    let template = Template::load();
    for function in template.of_type(FUNCTION) {
        let group = function
            .points_at(&["LoggingConfig", "LogGroup"])
            .expect("it says where it logs");
        let group = template.resource(&group);
        assert_eq!(
            group.points_at(&["RetentionInDays"]).as_deref(),
            Some("LogRetentionDays"),
            "`{}`",
            group.id
        );
        assert!(
            has_alarm(&template, "Errors", function.id),
            "`{}` has an alarm on its errors",
            function.id
        );
    }
    let format = template
        .part(&["Globals", "Function", "LoggingConfig", "LogFormat"])
        .and_then(Value::as_str);
    assert_eq!(format, Some("JSON"));
}

#[test]
fn what_is_stored_outlives_the_stack() {
    let template = Template::load();
    for kind in [
        "AWS::DynamoDB::Table",
        "AWS::KMS::Key",
        "AWS::SecretsManager::Secret",
    ] {
        for resource in template.of_type(kind) {
            assert_eq!(
                resource.attribute("DeletionPolicy"),
                Some("Retain"),
                "`{}`",
                resource.id
            );
            assert_eq!(
                resource.attribute("UpdateReplacePolicy"),
                Some("Retain"),
                "`{}`",
                resource.id
            );
        }
    }
    for table in template.of_type("AWS::DynamoDB::Table") {
        let on = |path: &[&str]| {
            table
                .property(path)
                .and_then(Value::as_bool)
                .unwrap_or_default()
        };
        assert!(on(&["DeletionProtectionEnabled"]), "`{}`", table.id);
        assert!(
            on(&["TimeToLiveSpecification", "Enabled"]),
            "`{}`",
            table.id
        );
        let recoverable = on(&[
            "PointInTimeRecoverySpecification",
            "PointInTimeRecoveryEnabled",
        ]);
        assert_eq!(
            recoverable,
            table.id != "BuyersTable",
            "`{}` can be restored to a moment",
            table.id
        );
    }
}

#[test]
fn all_that_is_stored_is_encrypted_by_our_key() {
    let template = Template::load();
    let key_of = |resource: Resource<'_>| match resource.kind() {
        "AWS::DynamoDB::Table" => Some(resource.points_at(&["SSESpecification", "KMSMasterKeyId"])),
        "AWS::SQS::Queue" => Some(resource.points_at(&["KmsMasterKeyId"])),
        "AWS::SecretsManager::Secret" | "AWS::Logs::LogGroup" => {
            Some(resource.points_at(&["KmsKeyId"]))
        }
        _ => None,
    };
    for resource in template.all() {
        if let Some(key) = key_of(resource) {
            // Amazon's account uses the key of the queue that it sends to, and must be able to use no other.
            let own = match resource.id {
                "NoticesQueue" => "NoticesKey",
                _ => "DataKey",
            };
            assert_eq!(key.as_deref(), Some(own), "`{}`", resource.id);
        }
    }
}

/// What these two list is read by its key anyway, and a copy of it would be paid for with every change.
#[test]
fn the_catalogues_indexes_hold_keys_alone() {
    let template = Template::load();
    let indexes = template
        .resource("CatalogueTable")
        .property(&["GlobalSecondaryIndexes"])
        .map(many)
        .unwrap_or_default();
    let names: Vec<_> = indexes
        .iter()
        .map(|index| index.get("IndexName").and_then(Value::as_str))
        .collect();
    assert_eq!(names, [Some("by_tenant"), Some("by_connection")]);
    for index in indexes {
        let kind = crate::document::descend(index, &["Projection", "ProjectionType"]);
        assert_eq!(kind.and_then(Value::as_str), Some("KEYS_ONLY"));
    }
}

/// `cargo dev invoke` and `replay`, and whoever operates a stack, find everything by name.
#[test]
fn the_outputs_name_every_function_queue_and_table() {
    let template = Template::load();
    for (kind, tail) in [
        (FUNCTION, "Name"),
        ("AWS::SQS::Queue", "Url"),
        ("AWS::DynamoDB::Table", "Name"),
    ] {
        for resource in template.of_type(kind) {
            let output = format!("{}{tail}", resource.id);
            let told = template.part(&["Outputs", &output, "Value"]).map(target);
            assert_eq!(told.as_deref(), Some(resource.id), "output `{output}`");
        }
    }
}

#[test]
fn a_line_of_the_orders_list_is_what_its_indexes_hold() {
    let template = Template::load();
    let indexes = template
        .resource("OrdersTable")
        .property(&["GlobalSecondaryIndexes"])
        .map(many)
        .unwrap_or_default();
    let held = |name: &str| -> BTreeSet<String> {
        let mut indexes = indexes.iter();
        let index =
            indexes.find(|index| index.get("IndexName").and_then(Value::as_str) == Some(name));
        let index = index.expect("it is there");
        let held = crate::document::descend(index, &["Projection", "NonKeyAttributes"]).map(many);
        held.unwrap_or_default().into_iter().map(target).collect()
    };
    let mut line = crate::source::fields_of(
        &super::workspace().join("shared/src/store/orders.rs"),
        "OrderRow",
    );
    line.insert("v".to_owned());
    // What lists are narrowed by and do not show.
    line.insert("skus".to_owned());
    assert_eq!(held("by_status"), line, "template, code");
    line.insert("tenant".to_owned());
    assert_eq!(held("open"), line, "template, code");
}

/// What a pattern looks for: words in quotes, or the field of a line in JSON.
fn counted(pattern: &str) -> Vec<&str> {
    match pattern.split_once("$.fields.") {
        Some((_, rest)) => rest.split_whitespace().take(1).collect(),
        None => pattern
            .split('"')
            .filter(|words| !words.trim().is_empty())
            .collect(),
    }
}

/// An alarm that waits for words nobody writes would never go off.
#[test]
fn the_words_that_metrics_count_are_written_by_the_code() {
    let template = Template::load();
    for metric in template.of_type("AWS::Logs::MetricFilter") {
        let group = metric.points_at(&["LogGroupName"]);
        let functions = template.of_type(FUNCTION);
        let logs_there =
            |function: &&Resource<'_>| function.points_at(&["LoggingConfig", "LogGroup"]) == group;
        let function = functions
            .iter()
            .find(logs_there)
            .expect("a function logs there");
        let code = crate::source::text_of(&[
            &format!("functions/{}/src", function.folder()),
            "shared/src",
        ]);
        let pattern = metric
            .property(&["FilterPattern"])
            .and_then(Value::as_str)
            .expect("it has words");
        for words in counted(pattern) {
            assert!(code.contains(words), "`{}` counts \"{words}\"", metric.id);
        }
        let counts = metric
            .property(&["MetricTransformations"])
            .map(many)
            .unwrap_or_default();
        let name = counts
            .first()
            .and_then(|count| count.get("MetricName"))
            .and_then(Value::as_str);
        let told = template
            .of_type("AWS::CloudWatch::Alarm")
            .into_iter()
            .any(|alarm| alarm.property(&["MetricName"]).and_then(Value::as_str) == name);
        // What is only counted, by a dimension, is for a person who looks.
        let is_counted = counts
            .first()
            .is_some_and(|count| count.get("Dimensions").is_some());
        assert!(told || is_counted, "`{}` has an alarm", metric.id);
    }
}

/// Lambda takes 4 KiB of variables, and says so only when a stack is deployed.
#[test]
fn the_variables_fit_a_function_of_a_stack_with_a_long_name() {
    const STACK: usize = 40;
    // A dash before and twelve characters after the name of a resource; what stands before it in a URL or ARN, in the
    // region with the longest name; what a parameter may hold.
    const AROUND: usize = 14;
    const HEAD: usize = 55;
    const PARAMETER: usize = 60;
    let template = Template::load();
    let length = |value: &Value| {
        let id = target(value);
        let name = STACK + AROUND + id.len();
        match template.all().find(|resource| resource.id == id) {
            None => PARAMETER,
            Some(resource) if resource.kind() == "AWS::DynamoDB::Table" => name,
            // SQS shortens longer ones, and the others are no longer.
            Some(_) => HEAD + name.min(80),
        }
    };
    for function in template.of_type(FUNCTION) {
        let variables = template.variables_of(function).into_iter();
        let bytes: usize = variables
            .map(|(name, value)| name.len() + length(value))
            .sum();
        assert!(bytes <= 4096, "{bytes} bytes of `{}`", function.id);
    }
}
