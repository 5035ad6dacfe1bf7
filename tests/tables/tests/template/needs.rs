//! What a function needs to be allowed: the actions behind the AWS calls that its code reaches, each with what it is
//! done to, and what Lambda itself does in the function's name.

use crate::document::{Resource, Template, target};
use crate::source::{Call, Function, Source, functions_of};
use std::collections::{BTreeSet, HashSet};
use std::sync::LazyLock;

static SHARED: LazyLock<Source> =
    LazyLock::new(|| Source::read(&super::workspace().join("shared")));

/// An IAM action and what it is done to.
pub(crate) type Grant = (String, String);

/// Calls of the SDK's clients that take a table, and the action of each.
const ON_TABLES: [(&str, &str); 10] = [
    ("get_item", "dynamodb:GetItem"),
    ("put_item", "dynamodb:PutItem"),
    ("update_item", "dynamodb:UpdateItem"),
    ("delete_item", "dynamodb:DeleteItem"),
    ("query", "dynamodb:Query"),
    ("scan", "dynamodb:Scan"),
    ("batch_get_item", "dynamodb:BatchGetItem"),
    ("batch_write_item", "dynamodb:BatchWriteItem"),
    ("execute_statement", "dynamodb:PartiQLSelect"),
    ("describe_table", "dynamodb:DescribeTable"),
];

/// Parts of a transaction, built as `Put::builder()`: a transaction needs the actions of its parts.
const IN_TRANSACTIONS: [(&str, &str); 5] = [
    ("Put", "dynamodb:PutItem"),
    ("Update", "dynamodb:UpdateItem"),
    ("Delete", "dynamodb:DeleteItem"),
    ("ConditionCheck", "dynamodb:ConditionCheckItem"),
    ("Get", "dynamodb:GetItem"),
];

/// The other calls of the SDK's clients: the action, and what it is done to.
const ELSEWHERE: [(&str, &str, &str); 16] = [
    ("encrypt", "kms:Encrypt", "DataKey"),
    ("decrypt", "kms:Decrypt", "DataKey"),
    ("generate_data_key", "kms:GenerateDataKey", "DataKey"),
    (
        "get_secret_value",
        "secretsmanager:GetSecretValue",
        "LwaSecret",
    ),
    (
        "put_secret_value",
        "secretsmanager:PutSecretValue",
        "LwaSecret",
    ),
    ("put_events", "events:PutEvents", "EventBus"),
    ("get_schedule", "scheduler:GetSchedule", "ScheduleGroup/*"),
    (
        "create_schedule",
        "scheduler:CreateSchedule",
        "ScheduleGroup/*",
    ),
    (
        "update_schedule",
        "scheduler:UpdateSchedule",
        "ScheduleGroup/*",
    ),
    (
        "delete_schedule",
        "scheduler:DeleteSchedule",
        "ScheduleGroup/*",
    ),
    // A schedule is given the role it sends with.
    ("create_schedule", "iam:PassRole", "ScheduleRole"),
    ("update_schedule", "iam:PassRole", "ScheduleRole"),
    // Each send goes to the queues whose addresses the function reads: see `SENDS`.
    ("send_message", SENDS, ""),
    ("send_message_batch", SENDS, ""),
    // Done to the queue that wakes the function: see `WOKEN_BY`.
    ("change_message_visibility", WOKEN_BY, ""),
    ("change_message_visibility_batch", WOKEN_BY, ""),
];
const SENDS: &str = "sqs:SendMessage";
const WOKEN_BY: &str = "sqs:ChangeMessageVisibility";

/// All that the code of a function calls, with what Lambda does in its name.
pub(crate) fn of(template: &Template, function: Resource<'_>) -> BTreeSet<Grant> {
    let own = own_code(function);
    let mut needs = lambdas_own(function);
    for part in SHARED.reached_from(&own) {
        needs.extend(on_tables(part));
        needs.extend(elsewhere(part, template, function, &own));
    }
    needs
}

/// Names of variables that the code of a function reads: those of `expected` that it spells, and whatever else it
/// spells where the environment is read.
pub(crate) fn variables(function: Resource<'_>, expected: &BTreeSet<&str>) -> BTreeSet<String> {
    let own = own_code(function);
    let mut read = BTreeSet::new();
    for part in SHARED.reached_from(&own) {
        let reads = ["main", "from_env"].contains(&part.name.as_str())
            || part.calls.iter().any(reads_variable);
        let named = part
            .literals
            .iter()
            .filter(|text| expected.contains(text.as_str()) || reads && is_variable(text));
        read.extend(named.cloned());
    }
    read
}

fn own_code(function: Resource<'_>) -> Vec<Function> {
    functions_of(&super::workspace().join("functions").join(function.folder()))
}

/// The three readers of `shared/src/env.rs`.
fn reads_variable(call: &Call) -> bool {
    matches!(call, Call::Path { owner: None, name } if ["required", "optional", "parsed"].contains(&name.as_str()))
}

fn is_variable(text: &str) -> bool {
    text.contains('_')
        && text.chars().all(|c| c.is_ascii_uppercase() || c == '_')
        && !text.starts_with('_')
}

/// A client's operation is called without arguments and then built: `.get_item()`, `.query()`.
fn calls_operation(function: &Function, name: &str) -> bool {
    function.calls.contains(&Call::Method {
        name: name.to_owned(),
        arity: 0,
    })
}

/// A function that names no table works on the tables of its callers.
fn on_tables(function: &Function) -> Vec<Grant> {
    let actions = table_actions(function);
    let mut grants = Vec::new();
    for table in &function.tables {
        let table = table_id(table);
        for action in &actions {
            match action.as_str() {
                "dynamodb:Query" if !function.indexes.is_empty() => {
                    grants.extend(
                        function
                            .indexes
                            .iter()
                            .map(|index| (action.clone(), format!("{table}/index/{index}"))),
                    );
                }
                _ => grants.push((action.clone(), table.clone())),
            }
        }
    }
    grants
}

/// What a function does to tables, itself or through callees that name none.
fn table_actions(function: &Function) -> BTreeSet<String> {
    let mut seen = HashSet::from([std::ptr::from_ref(function)]);
    let mut waiting = vec![function];
    let mut actions = BTreeSet::new();
    while let Some(function) = waiting.pop() {
        let direct = ON_TABLES
            .iter()
            .filter(|(name, _)| calls_operation(function, name));
        let parts = IN_TRANSACTIONS.iter().filter(|(part, _)| {
            function.calls.contains(&Call::Path {
                owner: Some((*part).to_owned()),
                name: "builder".to_owned(),
            })
        });
        actions.extend(direct.chain(parts).map(|(_, action)| (*action).to_owned()));
        let callees = SHARED.called_by(function).into_iter();
        waiting.extend(
            callees.filter(|callee| {
                callee.tables.is_empty() && seen.insert(std::ptr::from_ref(*callee))
            }),
        );
    }
    actions
}

/// `orders` in the code is `OrdersTable` in the template.
fn table_id(field: &str) -> String {
    let (first, rest) = field.split_at(1);
    format!("{}{rest}Table", first.to_uppercase())
}

fn elsewhere(
    part: &Function,
    template: &Template,
    function: Resource<'_>,
    own: &[Function],
) -> Vec<Grant> {
    let mut grants = Vec::new();
    for (name, action, on) in ELSEWHERE {
        if !calls_operation(part, name) {
            continue;
        }
        let targets = match action {
            SENDS => sends_to(template, function, own),
            WOKEN_BY => queues_of(function),
            _ => vec![on.to_owned()],
        };
        grants.extend(
            targets
                .into_iter()
                .map(|target| (action.to_owned(), target)),
        );
    }
    grants
}

/// The queues whose addresses a function's own code reads from its environment.
fn sends_to(template: &Template, function: Resource<'_>, own: &[Function]) -> Vec<String> {
    let variables = template.variables_of(function).into_iter();
    variables
        .filter(|(name, _)| {
            name.ends_with("_QUEUE_URL") && own.iter().any(|part| part.literals.contains(*name))
        })
        .map(|(_, value)| target(value))
        .collect()
}

/// The queues that wake a function.
pub(crate) fn queues_of(function: Resource<'_>) -> Vec<String> {
    function
        .events("SQS")
        .iter()
        .filter_map(|(_, event)| event.get("Queue").map(target))
        .collect()
}

/// What Lambda does in the name of a function: logs, event sources, what failed for good.
fn lambdas_own(function: Resource<'_>) -> BTreeSet<Grant> {
    let grant = |action: &str, on: &str| (action.to_owned(), on.to_owned());
    let logs = function
        .points_at(&["LoggingConfig", "LogGroup"])
        .expect("a function has a log group");
    let mut grants = BTreeSet::from([
        grant("logs:CreateLogStream", &logs),
        grant("logs:PutLogEvents", &logs),
    ]);
    for queue in queues_of(function) {
        grants.extend(
            ["ReceiveMessage", "DeleteMessage", "GetQueueAttributes"]
                .map(|name| grant(&format!("sqs:{name}"), &queue)),
        );
    }
    for (_, event) in function.events("DynamoDB") {
        let stream = event
            .get("Stream")
            .map(target)
            .expect("the event names its stream");
        grants.extend(
            ["DescribeStream", "GetRecords", "GetShardIterator"]
                .map(|name| grant(&format!("dynamodb:{name}"), &stream)),
        );
        grants.insert(grant("dynamodb:ListStreams", "*"));
        let failed =
            crate::document::descend(event, &["DestinationConfig", "OnFailure", "Destination"]);
        grants.insert(grant(
            "sqs:SendMessage",
            &failed
                .map(target)
                .expect("what failed for good has a place"),
        ));
    }
    grants
}
