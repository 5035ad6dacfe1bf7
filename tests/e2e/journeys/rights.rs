//! What a function may do at most, tried with the function's own role.

use crate::stack::Stack;
use aws_config::SdkConfig;
use aws_config::sts::AssumeRoleProvider;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::types::AttributeValue;
use std::fmt::Debug;

const TABLES: [&str; 5] = [
    "ConnectionsTableName",
    "OrdersTableName",
    "BuyersTableName",
    "CatalogueTableName",
    "EventsTableName",
];

/// Clients of this configuration call as the function would.
async fn acting_as(function: &str) -> SdkConfig {
    let stack = Stack::running();
    let own = stack.aws().await;
    let lambda = aws_sdk_lambda::Client::new(&own);
    let configuration = lambda.get_function_configuration();
    let name = stack.output(&format!("{function}FunctionName"));
    let configuration = configuration.function_name(name).send().await.unwrap();
    let role = AssumeRoleProvider::builder(configuration.role().unwrap());
    let role = role.session_name("rights").configure(&own).build().await;
    let provider = aws_sdk_dynamodb::config::SharedCredentialsProvider::new(role);
    own.into_builder().credentials_provider(provider).build()
}

fn assert_denied<T: Debug, E: ProvideErrorMetadata + Debug>(
    what: &str,
    answer: Result<T, SdkError<E>>,
) {
    let error = answer.expect_err(what);
    let code = error.code().unwrap_or_default();
    assert!(code.contains("AccessDenied"), "{what}: {error:?}");
}

/// Reads an item that is not there; whether that is allowed is all that matters.
async fn read(aws: &SdkConfig, table: &str, sk: &str) -> Result<(), String> {
    let db = aws_sdk_dynamodb::Client::new(aws);
    let item = db.get_item().table_name(Stack::running().output(table));
    let item = item.key("pk", AttributeValue::S("nobody".to_owned()));
    let item = item.key("sk", AttributeValue::S(sk.to_owned()));
    match item.send().await {
        Ok(_) => Ok(()),
        Err(error) => Err(error.code().unwrap_or_default().to_owned()),
    }
}

#[tokio::test]
async fn a_function_reads_the_tables_of_its_own_work_alone() {
    let may_read = [
        ("ConnectAccount", [true, false, false, false, false]),
        ("ConfigureSelling", [true, false, false, true, false]),
        // What a changed table of mappings would choose for the latest orders.
        ("ConfigureShipping", [true, true, false, false, false]),
        // Whether what a notice tells is stored, and which feed it names.
        ("PollOrders", [true, true, false, true, false]),
        // It completes buyer data with what a reading leaves out, and looks for an order's SKUs.
        ("RemapCarriers", [true, true, true, true, false]),
        // To know whether a schedule is still wanted.
        ("AnnounceChanges", [true, false, false, false, false]),
        ("ReserveStock", [false, false, false, true, false]),
        // Whose a parcel is, and when it is confirmed.
        ("DeskOrders", [true, true, true, false, false]),
        ("ComputeListings", [true, false, false, true, false]),
        ("ManageCatalogue", [true, false, false, true, false]),
        ("MatchListings", [true, false, false, true, false]),
        ("SyncStock", [true, false, false, true, false]),
        ("ConfirmShipments", [true, true, false, false, false]),
        ("SettleFeeds", [true, true, false, true, false]),
        ("CancelOrders", [true, true, false, true, false]),
        ("CreateOffers", [true, false, false, true, false]),
    ];
    for (function, may) in may_read {
        let aws = acting_as(function).await;
        for (table, may) in TABLES.into_iter().zip(may) {
            let answer = read(&aws, table, "ITEM").await;
            assert_eq!(answer.is_ok(), may, "{function} reads {table}: {answer:?}");
        }
    }
}

#[tokio::test]
async fn no_function_scans_a_table_and_only_who_calls_amazon_opens_secrets() {
    let stack = Stack::running();
    for function in [
        "ConnectAccount",
        "ConfigureSelling",
        "ConfigureShipping",
        "PollOrders",
        "RemapCarriers",
        "AnnounceChanges",
        "ReserveStock",
        "DeskOrders",
        "ComputeListings",
        "ManageCatalogue",
        "MatchListings",
        "SyncStock",
        "SettleFeeds",
        "ConfirmShipments",
        "CancelOrders",
        "CreateOffers",
    ] {
        let aws = acting_as(function).await;
        let db = aws_sdk_dynamodb::Client::new(&aws);
        for table in TABLES {
            let scan = db.scan().table_name(stack.output(table)).send().await;
            assert_denied(&format!("{function} scans {table}"), scan);
        }
        if matches!(
            function,
            "AnnounceChanges"
                | "ComputeListings"
                | "ConfigureSelling"
                | "ConfigureShipping"
                | "DeskOrders"
                | "ManageCatalogue"
                | "ReserveStock"
        ) {
            let secrets = aws_sdk_secretsmanager::Client::new(&aws);
            let secret = secrets.get_secret_value();
            let secret = secret.secret_id(stack.output("LwaSecretArn")).send().await;
            assert_denied(&format!("{function} reads the app's secret"), secret);
        }
    }
}

#[tokio::test]
async fn what_computes_stock_cannot_put_orders_and_what_sends_it_cannot_wake_who_computes() {
    let stack = Stack::running();
    let may_not_send = [
        ("ComputeListings", "OrdersQueueUrl"),
        ("ComputeListings", "FeedChecksQueueUrl"),
        ("ComputeListings", "ListingJobsQueueUrl"),
        ("ManageCatalogue", "OrdersQueueUrl"),
        ("ManageCatalogue", "FeedChecksQueueUrl"),
        ("MatchListings", "StockTicksQueueUrl"),
        ("SyncStock", "StockChangesQueueUrl"),
        ("SettleFeeds", "StockChangesQueueUrl"),
        ("AnnounceChanges", "StockChangesQueueUrl"),
        ("ReserveStock", "StockTicksQueueUrl"),
    ];
    for (function, queue) in may_not_send {
        let sqs = aws_sdk_sqs::Client::new(&acting_as(function).await);
        let send = sqs.send_message().message_body("{}");
        let sent = send.queue_url(stack.output(queue)).send().await;
        assert_denied(&format!("{function} sends to {queue}"), sent);
    }
}
