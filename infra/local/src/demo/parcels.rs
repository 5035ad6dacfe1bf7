//! The outbound half of the journey: parcels are handed over, lines are cancelled, and Amazon's packages say whether
//! every hand-over came exactly once and nothing else.

mod compare;

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::{Value, json};

pub(crate) use compare::{Dispatches, Package, Parcel, Story, differences};

use super::Journey;
use super::platform::Row;
use super::scene::SHIP_PLUS_ORDER;
use super::watch::{Progress, STUCK};
use crate::console::{Console, Step};

/// Rows that the API takes in one call.
const ROWS: usize = 1_000;
/// One in so many orders stays on the shelf.
const STAYS: usize = 10;
/// Parcels without an answer that are looked at in one go: Amazon takes two confirmations a second of a seller.
const AT_ONCE: usize = 20;

impl Journey<'_> {
    pub(super) async fn ship(&mut self, console: &Console) -> Result<()> {
        let mut shelf = self.shelf().await?;
        let step = console.step("Two orders are cancelled here, two by their buyers");
        self.set_aside(&mut shelf);
        self.ask_to_cancel().await?;
        step.done();

        let step = console.step(
            "Parcels are handed over: whole orders, boxes, a part; Amazon's answer to one is lost",
        );
        self.hand_over(&mut shelf).await?;
        self.until_told(&step).await?;
        step.done();

        let step = console.step("One tracking number was wrong: the same parcel again");
        self.correct_tracking().await?;
        self.until_told(&step).await?;
        step.done();

        let step =
            console.step("The buyers' wishes are granted, and Amazon shows the cancellations");
        self.grant(&step).await?;
        step.done();
        Ok(())
    }

    /// What is ready to be packed, in the order of its ids; what Amazon labels is not.
    async fn shelf(&self) -> Result<Vec<Row>> {
        let mut shelf = self.platform.orders("ready").await?;
        shelf.extend(self.platform.orders("acknowledged").await?);
        shelf.retain(|row| {
            row.order_id != SHIP_PLUS_ORDER && row.label_source.as_deref() != Some("amazon")
        });
        shelf.sort_by(|a, b| a.order_id.cmp(&b.order_id));
        ensure!(
            shelf.len() >= 8,
            "only {} orders are ready: too few to show parcels",
            shelf.len()
        );
        Ok(shelf)
    }

    /// Those with a story one by one, the others by the thousand.
    async fn hand_over(&mut self, shelf: &mut Vec<Row>) -> Result<()> {
        if let Some((row, lines)) = self.take_with_units(shelf, 2).await? {
            let halves = halves(&lines);
            for (number, half) in halves.iter().enumerate() {
                let parcel = Parcel::of(&row, &format!("box-{}", number + 1), Story::Box);
                self.put(parcel, half).await?;
            }
        }
        if let Some((row, lines)) = self.take_with_units(shelf, 2).await? {
            let parcel = Parcel::of(&row, "part-1", Story::Part);
            self.put(parcel, &halves(&lines)[0]).await?;
        }
        if let Some(row) = shelf.pop() {
            self.scene.lose_confirmation(&row.order_id).await?;
            let parcel = Parcel::of(&row, "lost-1", Story::AnswerLost);
            self.put(parcel, &json!("all_open")).await?;
        }
        if let Some(row) = shelf.pop() {
            let parcel = Parcel::of(&row, "late-1", Story::Refused);
            self.put(parcel, &json!("all_open")).await?;
            // Before it is handed over.
            let seller = self.seller_of(&row.connection)?;
            self.scene.ship_by_hand(seller, &row.order_id).await?;
        }
        if let Some(row) = shelf.pop() {
            let parcel = Parcel::of(&row, "edit-1", Story::Edited);
            self.put(parcel, &json!("all_open")).await?;
        }
        let most = shelf.iter().enumerate();
        let most: Vec<Parcel> = most
            .filter(|(number, _)| number % STAYS != 0)
            .map(|(_, row)| Parcel::of(row, "1", Story::Whole))
            .collect();
        for parcels in most.chunks(ROWS) {
            let rows: Vec<Value> = parcels
                .iter()
                .map(|parcel| {
                    let mut row = parcel.body(&json!("all_open"));
                    row["connection"] = json!(parcel.connection);
                    row["order_id"] = json!(parcel.order);
                    row["parcel"] = json!(parcel.name);
                    row
                })
                .collect();
            let answer = self.platform.post("/dispatches", json!(rows)).await?;
            let rejected = answer["rejected"].as_array().map_or(0, Vec::len);
            ensure!(
                rejected == 0,
                "POST /dispatches refused rows: {}",
                answer["rejected"]
            );
        }
        self.parcels.extend(most);
        Ok(())
    }

    async fn put(&mut self, parcel: Parcel, lines: &Value) -> Result<()> {
        let body = parcel.body(lines);
        self.platform.put(&parcel.path(), body).await?;
        self.parcels.push(parcel);
        Ok(())
    }

    /// The first order with so many units, and its lines with their units.
    async fn take_with_units(
        &self,
        shelf: &mut Vec<Row>,
        units: u64,
    ) -> Result<Option<(Row, Vec<(String, u64)>)>> {
        for place in 0..shelf.len() {
            let Row {
                connection,
                order_id,
                ..
            } = &shelf[place];
            let order = self
                .platform
                .get(&format!("/orders/{connection}/{order_id}"))
                .await?;
            let lines = order.pointer("/amazon/items").and_then(Value::as_array);
            let open = |line: &Value| {
                Some((
                    line["id"].as_str()?.to_owned(),
                    line["open_quantity"].as_u64()?,
                ))
            };
            let lines: Vec<_> = lines.into_iter().flatten().filter_map(open).collect();
            if lines.iter().map(|(_, open)| open).sum::<u64>() >= units {
                return Ok(Some((shelf.remove(place), lines)));
            }
        }
        Ok(None)
    }

    async fn correct_tracking(&mut self) -> Result<()> {
        let edited = |parcel: &&mut Parcel| parcel.story == Story::Edited;
        for parcel in self.parcels.iter_mut().filter(edited) {
            parcel.tracking.push('X');
            parcel.state.clear();
            let body = parcel.body(&json!("all_open"));
            self.platform.put(&parcel.path(), body).await?;
        }
        Ok(())
    }

    /// Until each parcel has an answer of Amazon's that lasts, for its tracking number as it is now.
    async fn until_told(&mut self, step: &Step) -> Result<()> {
        let mut seen = Progress::new();
        loop {
            let mut open = 0;
            for place in 0..self.parcels.len() {
                if !self.parcels[place].is_told() && open < AT_ONCE {
                    self.look_at(place).await?;
                }
                open += usize::from(!self.parcels[place].is_told());
            }
            let all = self.parcels.len();
            seen.is_at(all - open);
            step.detail(&format!("{} of {all}", all - open));
            if open == 0 {
                return Ok(());
            }
            if seen.is_stuck() {
                let seconds = STUCK.as_secs();
                let some = self.parcels.iter().find(|parcel| !parcel.is_told());
                bail!(
                    "for {seconds} s {open} parcels have no answer of Amazon's, such as {some:?}"
                );
            }
            seen.pause().await;
        }
    }

    async fn look_at(&mut self, place: usize) -> Result<()> {
        let parcel = &self.parcels[place];
        let path = format!("/orders/{}/{}", parcel.connection, parcel.order);
        let order = self.platform.get(&path).await?;
        let dispatches = order["dispatches"].as_array();
        let mut dispatches = dispatches.into_iter().flatten();
        let Some(known) = dispatches.find(|known| known["parcel"] == *parcel.name) else {
            // A row of many is queued first, and stored in a moment.
            return Ok(());
        };
        let state = known["state"].as_str().unwrap_or_default().to_owned();
        let current = known["tracking_number"] == *parcel.tracking;
        let parcel = &mut self.parcels[place];
        if current {
            parcel.state = state;
        }
        Ok(())
    }

    pub(super) fn seller_of(&self, connection: &str) -> Result<&'static str> {
        let mut connected = self.connected.iter();
        let found = connected.find(|one| one.id == connection);
        Ok(found.context("no such connection")?.seller)
    }
}

/// Lines in two parcels: the first unit of all, and the rest.
fn halves(lines: &[(String, u64)]) -> [Value; 2] {
    let mut rest = lines.to_vec();
    let first = lines.iter().find(|(_, open)| *open > 0);
    if let (Some((id, _)), Some(left)) = (first, rest.iter_mut().find(|(_, open)| *open > 0)) {
        left.1 -= 1;
        let shown = |(id, units): &(String, u64)| json!({"order_item_id": id, "quantity": units});
        let rest: Vec<Value> = rest
            .iter()
            .filter(|(_, open)| *open > 0)
            .map(shown)
            .collect();
        return [json!([shown(&(id.clone(), 1))]), json!(rest)];
    }
    [json!([]), json!([])]
}
