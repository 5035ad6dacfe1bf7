//! Least privilege: what the template grants a function is what its code needs, no more and no less.

use crate::document::{Resource, Template, descend, many, target};
use crate::needs::{self, Grant};
use serde_yaml_ng::Value;
use std::collections::BTreeSet;

/// What the role of a function grants.
fn granted(template: &Template, function: Resource<'_>) -> BTreeSet<Grant> {
    let role = function.points_at(&["Role"]);
    let role = role.expect("a function has a role of its own");
    allowed_by(template.resource(&role))
}

/// The actions of a role's policies, each with what it may be done to.
fn allowed_by(role: Resource<'_>) -> BTreeSet<Grant> {
    assert!(
        role.property(&["ManagedPolicyArns"]).is_none(),
        "`{}` is granted by statements alone",
        role.id
    );
    let policies = role
        .property(&["Policies"])
        .and_then(Value::as_sequence)
        .into_iter()
        .flatten();
    let statements = policies
        .filter_map(|policy| descend(policy, &["PolicyDocument", "Statement"]))
        .flat_map(many);
    let mut grants = BTreeSet::new();
    for statement in statements {
        let part = |name: &str| {
            many(
                statement
                    .get(name)
                    .unwrap_or_else(|| panic!("a statement of `{}` lacks `{name}`", role.id)),
            )
        };
        for action in part("Action") {
            for resource in part("Resource") {
                grants.insert((target(action), target(resource)));
            }
        }
    }
    grants
}

fn lines(grants: BTreeSet<Grant>) -> Vec<String> {
    grants
        .into_iter()
        .map(|(action, on)| format!("{action} on {on}"))
        .collect()
}

#[test]
fn each_function_is_granted_what_its_code_calls_and_nothing_else() {
    let template = Template::load();
    let mut wrong = Vec::new();
    for function in template.of_type("AWS::Serverless::Function") {
        let (needs, granted) = (needs::of(&template, function), granted(&template, function));
        let missing = lines(&needs - &granted);
        let unused = lines(&granted - &needs);
        wrong.extend(
            missing
                .iter()
                .map(|line| format!("{}: its code needs {line}", function.id)),
        );
        wrong.extend(
            unused
                .iter()
                .map(|line| format!("{}: nothing in its code needs {line}", function.id)),
        );
    }
    assert!(
        wrong.is_empty(),
        "infra/template.yaml\n{}",
        wrong.join("\n")
    );
}

/// A schedule without the right to send would look well and stay silent.
#[test]
fn schedules_may_send_to_the_queues_that_they_target_and_to_nothing_else() {
    let template = Template::load();
    let functions = template.of_type("AWS::Serverless::Function").into_iter();
    let mut needed: BTreeSet<Grant> = functions
        .flat_map(|function| template.variables_of(function))
        .filter(|(name, _)| name.ends_with("_QUEUE_ARN"))
        .map(|(_, queue)| ("sqs:SendMessage".to_owned(), target(queue)))
        .collect();
    // The queues are encrypted.
    needed.extend(
        ["kms:Decrypt", "kms:GenerateDataKey"]
            .map(|action| (action.to_owned(), "DataKey".to_owned())),
    );
    assert_eq!(allowed_by(template.resource("ScheduleRole")), needed);
}

#[test]
fn no_statement_allows_all_actions_or_all_of_a_kind() {
    let template = Template::load();
    for function in template.of_type("AWS::Serverless::Function") {
        for (action, on) in granted(&template, function) {
            assert!(
                !action.contains('*'),
                "`{}` is granted `{action}`",
                function.id
            );
            assert!(
                on != "*" || action == "dynamodb:ListStreams",
                "`{}` is granted `{action}` on everything",
                function.id
            );
        }
    }
}

#[test]
fn each_function_is_given_the_variables_it_reads() {
    let template = Template::load();
    let functions = template.of_type("AWS::Serverless::Function");
    let all: BTreeSet<&str> = functions
        .iter()
        .flat_map(|function| template.variables_of(*function).into_keys())
        .collect();
    let mut read = BTreeSet::new();
    for function in functions {
        let given = template.variables_of(function);
        let reads = needs::variables(function, &all);
        for variable in &reads {
            assert!(
                given.contains_key(variable.as_str()),
                "`{}` reads {variable}, which the template does not set",
                function.id
            );
        }
        for own in function.own_variables().into_keys() {
            assert!(reads.contains(own), "`{}` does not read {own}", function.id);
        }
        read.extend(reads);
    }
    let global = template.global_variables();
    let unread: Vec<_> = global.keys().filter(|it| !read.contains(**it)).collect();
    assert!(unread.is_empty(), "no function reads {unread:?}");
}
