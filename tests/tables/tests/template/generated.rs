//! What is the same for every function and queue, between marks of the template: log groups, alarms on errors, names for
//! operators. `cargo dev generate` writes it; every other run only compares.

use crate::document::{Resource, Template};
use crate::needs::queues_of;
use crate::queues::dead_letters_of_rules;
use std::fmt::Write as _;

const FUNCTION: &str = "AWS::Serverless::Function";

/// Resources of a function.
fn watched(function: Resource<'_>) -> String {
    let (id, folder) = (function.id, function.folder());
    let name = id.trim_end_matches("Function");
    let failed = if !function.events("SQS").is_empty() {
        "A batch of messages crashed or timed out; it comes again."
    } else if !function.events("DynamoDB").is_empty() {
        "A batch of changes crashed or timed out; it is tried again in smaller ones."
    } else {
        "A call of the API got no proper answer."
    };
    format!(
        "  {name}LogGroup:
    Type: AWS::Logs::LogGroup
    Properties:
      LogGroupName: !Sub /aws/lambda/${{AWS::StackName}}/{folder}
      RetentionInDays: !Ref LogRetentionDays
      KmsKeyId: !GetAtt DataKey.Arn

  {name}ErrorsAlarm:
    Type: AWS::CloudWatch::Alarm
    Properties:
      AlarmDescription: {folder} - {failed}
      Namespace: AWS/Lambda
      MetricName: Errors
      Dimensions: [{{ Name: FunctionName, Value: !Ref {id} }}]
      Statistic: Sum
      Period: 300
      EvaluationPeriods: 1
      Threshold: 0
      ComparisonOperator: GreaterThanThreshold
      TreatMissingData: notBreaching
      AlarmActions: !If [TellAlarms, [!Ref AlarmTopicArn], !Ref AWS::NoValue]
      OKActions: !If [TellAlarms, [!Ref AlarmTopicArn], !Ref AWS::NoValue]

"
    )
}

/// What a queue holds, in an operator's words.
fn content(template: &Template, queue: &str) -> String {
    let functions = template.of_type(FUNCTION);
    let woken = |queue: &str| {
        let mut all = functions.iter();
        all.find(|function| queues_of(**function).iter().any(|woken| woken == queue))
            .map(|function| function.folder())
    };
    if let Some(function) = woken(queue) {
        return format!("Messages for {function}");
    }
    let source = queue.replace("DeadLetterQueue", "Queue");
    match woken(&source) {
        Some(function) => format!("Messages that {function} could not process"),
        None if dead_letters_of_rules(template).contains(queue) => {
            "Events that could not be delivered".to_owned()
        }
        None => "The places in the streams of changes that could not be processed".to_owned(),
    }
}

fn names(template: &Template) -> String {
    let mut names = String::new();
    for function in template.of_type(FUNCTION) {
        let (id, folder) = (function.id, function.folder());
        let _ = write!(
            names,
            "  {id}Name:\n    Description: {folder}\n    Value: !Ref {id}\n"
        );
    }
    for queue in template.of_type("AWS::SQS::Queue") {
        let (id, content) = (queue.id, content(template, queue.id));
        let condition = queue.attribute("Condition");
        let condition = condition.map(|name| format!("    Condition: {name}\n"));
        let _ = write!(
            names,
            "  {id}Url:\n{}    Description: {content}\n    Value: !Ref {id}\n",
            condition.unwrap_or_default()
        );
    }
    names
}

/// Puts `part` between two lines of the text.
fn between(text: &mut String, begin: &str, end: &str, part: &str) {
    let from = text.find(begin).expect(begin) + begin.len();
    let to = from + text[from..].find(end).expect(end);
    text.replace_range(from..to, part);
}

#[test]
fn generated_the_template_has_what_every_function_and_queue_needs() {
    let file = super::workspace().join("infra/template.yaml");
    let current = std::fs::read_to_string(&file).expect("the template is there");
    let template = Template::load();
    let watched: String = template
        .of_type(FUNCTION)
        .into_iter()
        .map(watched)
        .collect();
    let mut wanted = current.clone();
    between(
        &mut wanted,
        "  # Log groups and alarms of all functions, by `cargo dev generate`:\n",
        "  # End of the log groups and alarms.\n",
        &watched,
    );
    between(
        &mut wanted,
        "  # Names of all functions and queues, by `cargo dev generate`:\n",
        "  # End of the names.\n",
        &names(&template),
    );
    if std::env::var_os("STALLKEEPER_GENERATE").is_some() {
        std::fs::write(&file, wanted).expect("the template is written");
    } else {
        assert!(
            current == wanted,
            "infra/template.yaml is stale: run `cargo dev generate`"
        );
    }
}
