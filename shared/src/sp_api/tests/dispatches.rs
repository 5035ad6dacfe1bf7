//! Dispatches: what Amazon is sent, and which of its refusals are answers.

use super::*;
use crate::domain::courier::CarrierName;
use crate::domain::dispatch::{DispatchLine, PackageNumber};
use crate::error::Class;

const PATH: &str = "/orders/v0/orders/902-1106328-1059050/shipmentConfirmation";

async fn confirm(world: &World, answer: ResponseTemplate) -> Result<Answer<Confirmation>> {
    Mock::given(method("POST"))
        .and(path(PATH))
        .respond_with(answer)
        .mount(&world.server)
        .await;
    let number = PackageNumber::of(&"P1".parse().unwrap(), |_| false);
    let carrier = CarrierName::called("Pigeon Post", Some("Feather Ground")).unwrap();
    let lines = [DispatchLine {
        line: "79039765272157".into(),
        units: 1,
        transparency_codes: vec!["09876543211234567890".into()],
    }];
    let detail = PackageDetail {
        order: &"902-1106328-1059050".parse().unwrap(),
        marketplace_id: "ATVPDKIKX0DER",
        number,
        carrier: &carrier,
        tracking_number: &"112345678".parse().unwrap(),
        shipped_at: "2022-02-11T01:00:00.5Z".parse().unwrap(),
        lines: &lines,
    };
    world
        .amazon
        .confirm_shipment(&world.account(), &detail)
        .await
}

fn errors(message: &str) -> Value {
    json!({ "errors": [{ "code": "InvalidInput", "message": message, "details": "" }] })
}

#[tokio::test]
async fn a_dispatch_goes_as_amazon_documents_it() {
    let world = World::new().await;
    let answer = confirm(&world, ResponseTemplate::new(204)).await.unwrap();
    assert_eq!(answer.value, Confirmation::Confirmed);
    let request = world.the_request().await;
    let body: Value = serde_json::from_slice(&request.body).unwrap();
    let number = body["packageDetail"]["packageReferenceId"]
        .as_str()
        .unwrap();
    assert!(number.parse::<u32>().is_ok_and(|number| number > 0));
    let expected = json!({
        "marketplaceId": "ATVPDKIKX0DER",
        "packageDetail": {
            "packageReferenceId": number, "carrierCode": "Other", "carrierName": "Pigeon Post",
            "shippingMethod": "Feather Ground", "trackingNumber": "112345678", "shipDate": "2022-02-11T01:00:00Z",
            "orderItems": [{
                "orderItemId": "79039765272157", "quantity": 1, "transparencyCodes": ["09876543211234567890"],
            }],
        },
    });
    assert_eq!(body, expected);
}

#[tokio::test]
async fn a_refusal_is_an_answer_in_amazons_words() {
    let fulfilled = "Failed to create package due to not finding a matching package or order already fulfilled. \
                     ErrorMessage(errorMetric=PackageToUpdateNotFound)";
    for (message, is_fulfilled) in [("OrderItemId is invalid", false), (fulfilled, true)] {
        let world = World::new().await;
        let refused = ResponseTemplate::new(400).set_body_json(errors(message));
        match confirm(&world, refused).await.unwrap().value {
            Confirmation::AlreadyFulfilled(words) => {
                assert!(is_fulfilled && words.message == message);
            }
            Confirmation::Refused(words) => {
                assert!(!is_fulfilled);
                assert_eq!(
                    (words.code.as_str(), words.message.as_str()),
                    ("InvalidInput", message)
                );
            }
            Confirmation::Confirmed => panic!("{message}"),
        }
    }
}

#[tokio::test]
async fn every_other_failure_has_its_class() {
    let rows = [
        (429, "throttled"),
        (500, "retryable"),
        (503, "retryable"),
        (403, "permanent"),
    ];
    for (status, class) in rows {
        let world = World::new().await;
        let failure = ResponseTemplate::new(status).set_body_json(errors("no"));
        let error = confirm(&world, failure).await.unwrap_err();
        assert_eq!(error.class().name(), class, "{status}");
        assert_ne!(error.class(), Class::AuthRevoked);
    }
}
