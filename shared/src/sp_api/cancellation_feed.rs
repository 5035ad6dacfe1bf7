//! The document of a feed that cancels lines of orders: XML, one message an order, numbered from 1.
//!
//! Amazon page: *Order Feed Type Values*, "Order Acknowledgement feed", schema `OrderAcknowledgement`. Amazon's pages name its
//! elements and not the values of `CancelReason`: those here are the ones of the schema that integrations agree on.

use crate::domain::cancellation::CancelReason;
use crate::domain::ids::{OrderId, SellerId};
use crate::error::{Error, Result};
use quick_xml::Writer;
use quick_xml::events::{BytesDecl, Event};
use std::io;

/// Lines of one order that are to be cancelled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CancelMessage<'a> {
    pub order: &'a OrderId,
    /// Amazon's ids of the lines.
    pub lines: Vec<&'a str>,
    pub reason: CancelReason,
}

/// Amazon's word for a reason.
fn word(reason: CancelReason) -> &'static str {
    match reason {
        CancelReason::NoInventory => "NoInventory",
        CancelReason::BuyerAsked => "BuyerCanceled",
        CancelReason::UndeliverableAddress => "ShippingAddressUndeliverable",
        CancelReason::NoCarrier => "CarrierCoverageFailure",
        CancelReason::Exchange => "CustomerExchange",
        CancelReason::Other => "GeneralAdjustment",
    }
}

/// Writes the document. A message's number is its place, counted from 1.
///
/// # Errors
/// Permanent if it cannot be written, which no id of Amazon's makes happen.
pub fn cancellation_feed(seller: &SellerId, messages: &[CancelMessage<'_>]) -> Result<Vec<u8>> {
    let mut xml = Writer::new(Vec::new());
    write(&mut xml, seller, messages).map_err(|error| Error::permanent("write a feed", error))?;
    Ok(xml.into_inner())
}

type Xml = Writer<Vec<u8>>;

fn write(xml: &mut Xml, seller: &SellerId, messages: &[CancelMessage<'_>]) -> io::Result<()> {
    xml.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    let attributes = [
        ("xmlns:xsi", "http://www.w3.org/2001/XMLSchema-instance"),
        ("xsi:noNamespaceSchemaLocation", "amzn-envelope.xsd"),
    ];
    xml.create_element("AmazonEnvelope")
        .with_attributes(attributes)
        .write_inner_content(|xml| {
            xml.create_element("Header").write_inner_content(|xml| {
                text(xml, "DocumentVersion", "1.01")?;
                text(xml, "MerchantIdentifier", seller.as_str())
            })?;
            text(xml, "MessageType", "OrderAcknowledgement")?;
            for (number, message) in (1..).zip(messages) {
                write_message(xml, number, message)?;
            }
            Ok(())
        })?;
    Ok(())
}

fn write_message(xml: &mut Xml, number: u32, message: &CancelMessage<'_>) -> io::Result<()> {
    xml.create_element("Message").write_inner_content(|xml| {
        text(xml, "MessageID", &number.to_string())?;
        xml.create_element("OrderAcknowledgement")
            .write_inner_content(|xml| {
                text(xml, "AmazonOrderID", message.order.as_str())?;
                text(xml, "StatusCode", "Failure")?;
                for line in &message.lines {
                    xml.create_element("Item").write_inner_content(|xml| {
                        text(xml, "AmazonOrderItemCode", line)?;
                        text(xml, "CancelReason", word(message.reason))
                    })?;
                }
                Ok(())
            })?;
        Ok(())
    })?;
    Ok(())
}

fn text(xml: &mut Xml, name: &str, text: &str) -> io::Result<()> {
    let element = xml.create_element(name);
    element.write_text_content(quick_xml::events::BytesText::new(text))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_holds_a_message_an_order_and_an_item_a_line() {
        let (one, two) = ("026-1520163-6049104", "026-<&>-7");
        let (one, two) = (one.parse().unwrap(), two.parse().unwrap());
        let messages = [
            CancelMessage {
                order: &one,
                lines: vec!["60482910337711", "60482910337712"],
                reason: CancelReason::NoInventory,
            },
            CancelMessage {
                order: &two,
                lines: vec!["7"],
                reason: CancelReason::BuyerAsked,
            },
        ];
        let seller = "A1B2C3".parse().unwrap();
        let xml = cancellation_feed(&seller, &messages).unwrap();
        let expected = concat!(
            r#"<?xml version="1.0" encoding="UTF-8"?>"#,
            r#"<AmazonEnvelope xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:noNamespaceSchemaLocation="amzn-envelope.xsd">"#,
            "<Header><DocumentVersion>1.01</DocumentVersion><MerchantIdentifier>A1B2C3</MerchantIdentifier></Header>",
            "<MessageType>OrderAcknowledgement</MessageType>",
            "<Message><MessageID>1</MessageID><OrderAcknowledgement><AmazonOrderID>026-1520163-6049104</AmazonOrderID>",
            "<StatusCode>Failure</StatusCode>",
            "<Item><AmazonOrderItemCode>60482910337711</AmazonOrderItemCode><CancelReason>NoInventory</CancelReason></Item>",
            "<Item><AmazonOrderItemCode>60482910337712</AmazonOrderItemCode><CancelReason>NoInventory</CancelReason></Item>",
            "</OrderAcknowledgement></Message>",
            "<Message><MessageID>2</MessageID><OrderAcknowledgement><AmazonOrderID>026-&lt;&amp;&gt;-7</AmazonOrderID>",
            "<StatusCode>Failure</StatusCode>",
            "<Item><AmazonOrderItemCode>7</AmazonOrderItemCode><CancelReason>BuyerCanceled</CancelReason></Item>",
            "</OrderAcknowledgement></Message></AmazonEnvelope>",
        );
        assert_eq!(String::from_utf8(xml).unwrap(), expected);
    }
}
