//! The public half of an order in Amazon's shape, only the fields we read, and how each becomes ours. Knows no buyer
//! data: what it is given has been parted by the allow-list of [`super::read_order`].

use crate::domain::ids::OrderId;
use crate::domain::order::{
    AssociatedOrder, BuyerReason, CancelledBy, Money as OurMoney, Order as OurOrder, OrderItem,
    OrderPart, Package, PackageLine,
};
use jiff::Timestamp;
use rust_decimal::Decimal;
use serde::Deserialize;
use std::collections::BTreeSet;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Order {
    order_id: OrderId,
    created_time: Option<Timestamp>,
    last_updated_time: Timestamp,
    programs: Option<Vec<String>>,
    #[serde(default)]
    associated_orders: Vec<Associated>,
    sales_channel: Option<SalesChannel>,
    recipient: Option<Recipient>,
    proceeds: Option<Proceeds>,
    fulfillment: Option<Fulfillment>,
    #[serde(default)]
    order_items: Vec<Item>,
    packages: Option<Vec<WirePackage>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WirePackage {
    package_reference_id: Option<String>,
    carrier: Option<String>,
    shipping_service: Option<String>,
    tracking_number: Option<String>,
    package_status: Option<PackageStatus>,
    ship_time: Option<Timestamp>,
    #[serde(default)]
    package_items: Vec<PackageItem>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct PackageStatus {
    status: Option<String>,
    detailed_status: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PackageItem {
    order_item_id: Option<String>,
    quantity: Option<u32>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Associated {
    order_id: Option<String>,
    association_type: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SalesChannel {
    channel_name: Option<String>,
    marketplace_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Recipient {
    delivery_address: Option<Address>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Address {
    country_code: Option<String>,
    address_type: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Proceeds {
    grand_total: Option<Money>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Money {
    amount: Option<Decimal>,
    currency_code: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Fulfillment {
    fulfillment_status: Option<String>,
    fulfilled_by: Option<String>,
    fulfillment_service_level: Option<String>,
    ship_by_window: Option<Window>,
    deliver_by_window: Option<Window>,
    label_printing_window: Option<Window>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Window {
    earliest_date_time: Option<Timestamp>,
    latest_date_time: Option<Timestamp>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Item {
    order_item_id: Option<String>,
    quantity_ordered: Option<u32>,
    #[serde(default)]
    programs: Vec<String>,
    product: Option<Product>,
    proceeds: Option<ItemProceeds>,
    cancellation: Option<Cancellation>,
    fulfillment: Option<ItemFulfillment>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Product {
    asin: Option<String>,
    title: Option<String>,
    seller_sku: Option<String>,
    price: Option<Price>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Price {
    unit_price: Option<Money>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ItemProceeds {
    proceeds_total: Option<Money>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Cancellation {
    cancellation_request: Option<CancellationRequest>,
    cancellation_execution: Option<CancellationExecution>,
}

/// That it is there says enough: only buyers ask.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CancellationRequest {
    /// Only if it is one that Amazon offers.
    cancel_reason: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CancellationExecution {
    cancelled_by: Option<String>,
}

impl Cancellation {
    fn reason(&self) -> Option<BuyerReason> {
        let request = self.cancellation_request.as_ref()?;
        BuyerReason::of(request.cancel_reason.as_deref()?)
    }

    /// A word that is new to us names nobody; the reader has noted it.
    fn by(&self) -> Option<CancelledBy> {
        let execution = self.cancellation_execution.as_ref()?;
        execution.cancelled_by.as_deref()?.parse().ok()
    }
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ItemFulfillment {
    #[serde(default)]
    quantity_fulfilled: u32,
    quantity_unfulfilled: Option<u32>,
    shipping: Option<Shipping>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Shipping {
    /// Names of those that are mandatory; the allow-list has made a list of Amazon's object.
    #[serde(default)]
    shipping_constraints: Vec<String>,
}

impl Order {
    /// The parts that are there.
    pub(super) fn given(&self) -> BTreeSet<OrderPart> {
        let items = &self.order_items;
        let status = self.fulfillment.as_ref();
        let address = self
            .recipient
            .as_ref()
            .and_then(|it| it.delivery_address.as_ref());
        let parts = [
            (OrderPart::Head, true),
            (OrderPart::Programs, self.programs.is_some()),
            (OrderPart::Lines, items.iter().any(Item::is_whole)),
            (
                OrderPart::LineFulfilment,
                items.iter().any(|item| item.fulfillment.is_some()),
            ),
            (OrderPart::Cancellation, items.iter().any(Item::is_whole)),
            (
                OrderPart::Fulfilment,
                status.is_some_and(|it| it.fulfillment_status.is_some()),
            ),
            (
                OrderPart::Address,
                address.is_some_and(|it| it.country_code.is_some()),
            ),
            (OrderPart::Packages, self.packages.is_some()),
            (
                OrderPart::Proceeds,
                self.proceeds.is_some() || items.iter().any(|item| item.proceeds.is_some()),
            ),
        ];
        parts
            .into_iter()
            .filter(|(_, is_there)| *is_there)
            .map(|(part, _)| part)
            .collect()
    }

    /// Paths of what an order cannot do without and this one has not.
    pub(super) fn lacks(&self) -> impl Iterator<Item = &'static str> {
        let items = &self.order_items;
        let lacking = [
            ("createdTime", self.created_time.is_none()),
            (
                "orderItems.orderItemId",
                items.iter().any(|item| item.order_item_id.is_none()),
            ),
            (
                "orderItems.quantityOrdered",
                items.iter().any(|item| item.quantity_ordered.is_none()),
            ),
        ];
        lacking
            .into_iter()
            .filter(|(_, lacks)| *lacks)
            .map(|(path, _)| path)
    }
}

impl Item {
    /// Whether it says what is to be shipped; if not, it is no line.
    fn is_whole(&self) -> bool {
        self.order_item_id.is_some() && self.quantity_ordered.is_some()
    }

    fn line(self) -> Option<OrderItem> {
        let product = self.product.unwrap_or_default();
        let fulfillment = self.fulfillment.unwrap_or_default();
        let cancellation = self.cancellation.as_ref();
        Some(OrderItem {
            id: self.order_item_id?,
            sku: product.seller_sku,
            asin: product.asin,
            title: product.title,
            quantity: self.quantity_ordered?,
            quantity_fulfilled: fulfillment.quantity_fulfilled,
            quantity_unfulfilled: fulfillment.quantity_unfulfilled,
            unit_price: product
                .price
                .and_then(|price| price.unit_price)
                .and_then(Money::whole),
            proceeds: self
                .proceeds
                .and_then(|proceeds| proceeds.proceeds_total)
                .and_then(Money::whole),
            constraints: fulfillment
                .shipping
                .map(|shipping| shipping.shipping_constraints)
                .unwrap_or_default(),
            cancel_requested: cancellation.is_some_and(|it| it.cancellation_request.is_some()),
            cancel_reason: cancellation.and_then(Cancellation::reason),
            cancelled_by: cancellation.and_then(Cancellation::by),
            programs: self.programs,
        })
    }
}

impl From<Order> for OurOrder {
    fn from(wire: Order) -> Self {
        let channel = wire
            .sales_channel
            .filter(|channel| channel.channel_name.as_deref() != Some("NON_AMAZON"));
        let address = wire
            .recipient
            .and_then(|recipient| recipient.delivery_address);
        let (country, address_type) =
            address.map_or((None, None), |it| (it.country_code, it.address_type));
        let fulfillment = wire.fulfillment.unwrap_or_default();
        Self {
            id: wire.order_id,
            marketplace_id: channel.and_then(|channel| channel.marketplace_id),
            created_at: wire.created_time.unwrap_or(wire.last_updated_time),
            updated_at: wire.last_updated_time,
            amazon_status: fulfillment.fulfillment_status.map(Into::into),
            fulfilled_by: fulfillment.fulfilled_by.map(Into::into),
            service_level: fulfillment.fulfillment_service_level,
            ship_by: fulfillment
                .ship_by_window
                .and_then(|window| window.latest_date_time),
            deliver_by: fulfillment
                .deliver_by_window
                .and_then(|window| window.latest_date_time),
            label_from: fulfillment
                .label_printing_window
                .and_then(|window| window.earliest_date_time),
            programs: wire.programs.unwrap_or_default(),
            associated: wire.associated_orders.into_iter().map(Into::into).collect(),
            country,
            address_type,
            total: wire
                .proceeds
                .and_then(|proceeds| proceeds.grand_total)
                .and_then(Money::whole),
            items: wire
                .order_items
                .into_iter()
                .filter_map(Item::line)
                .collect(),
            packages: wire
                .packages
                .into_iter()
                .flatten()
                .filter_map(WirePackage::whole)
                .collect(),
        }
    }
}

impl WirePackage {
    /// Without a number it cannot be distinguished from another.
    fn whole(self) -> Option<Package> {
        let status = self.package_status.unwrap_or_default();
        let lines = self.package_items.into_iter();
        let lines = lines.filter_map(|item| {
            Some(PackageLine {
                line: item.order_item_id?,
                units: item.quantity?,
            })
        });
        Some(Package {
            reference: self.package_reference_id?,
            carrier: self.carrier,
            service: self.shipping_service,
            tracking_number: self.tracking_number,
            status: status.status,
            detailed_status: status.detailed_status,
            shipped_at: self.ship_time,
            lines: lines.collect(),
        })
    }
}

impl From<Associated> for AssociatedOrder {
    fn from(wire: Associated) -> Self {
        Self {
            order_id: wire.order_id,
            kind: wire.association_type,
        }
    }
}

impl Money {
    /// Half of it says nothing.
    fn whole(self) -> Option<OurMoney> {
        Some(OurMoney {
            amount: self.amount?,
            currency: self.currency_code?,
        })
    }
}
