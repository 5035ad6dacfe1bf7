//! Collects all that is wrong with a request, so that a caller learns it at once.

use super::Answer;
use super::problem::{Fault, Place, Problem};
use std::fmt::Display;

/// What is wrong with a request so far.
#[derive(Debug, Default)]
pub struct Faults(Vec<Fault>);

impl Faults {
    pub fn add(&mut self, place: impl Into<Place>, detail: impl Into<String>) {
        self.0.push(Fault::new(place, detail));
    }

    /// The value; or `None`, and what is wrong with it is noted.
    pub fn check<T, E: Display>(
        &mut self,
        place: impl Into<Place>,
        result: Result<T, E>,
    ) -> Option<T> {
        match result {
            Ok(value) => Some(value),
            Err(error) => {
                self.add(place, error.to_string());
                None
            }
        }
    }

    /// The number, if it is within the bounds; otherwise its default, and the fault is noted.
    pub fn within<T: TryFrom<i64> + Default>(
        &mut self,
        place: impl Into<Place>,
        number: i64,
        (least, most): (i64, i64),
        words: &str,
    ) -> T {
        let good = (least..=most).contains(&number).then_some(number);
        let Some(number) = good.and_then(|number| T::try_from(number).ok()) else {
            self.add(place, format!("must be {least} to {most}: {words}"));
            return T::default();
        };
        number
    }

    /// # Errors
    /// 422 with every fault, if there are any.
    pub fn done(self) -> Answer<()> {
        if self.0.is_empty() {
            return Ok(());
        }
        Err(Problem::invalid_at(self.0))
    }
}
