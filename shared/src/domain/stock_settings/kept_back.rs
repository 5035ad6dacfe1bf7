//! What keeps a connection's stock from being sent, in words. Pure.

use super::{Freeze, StockPlan};
use crate::domain::connection::ConnectionStatus;

impl StockPlan {
    /// The first thing that keeps everything of a connection from being sent, whatever a round would find; `None` if
    /// nothing does. `deployment`: the brake of the whole deployment.
    pub fn kept_back(
        &self,
        status: ConnectionStatus,
        deployment: Option<&Freeze>,
    ) -> Option<String> {
        let because = |freeze: &Freeze| match &freeze.reason {
            Some(reason) => format!("since {}: {reason}", freeze.at),
            None => format!("since {}", freeze.at),
        };
        if !status.sends() {
            return Some(format!("the connection is `{}`", status.as_str()));
        }
        let Some(published) = &self.published else {
            return Some("no stock settings are published yet".to_owned());
        };
        if !published.settings.on {
            return Some("stock is switched off by the published settings".to_owned());
        }
        if let Some(freeze) = deployment {
            return Some(format!(
                "the operator froze the whole deployment, {}",
                because(freeze)
            ));
        }
        if let Some(freeze) = &self.frozen {
            return Some(format!("the connection is frozen, {}", because(freeze)));
        }
        published
            .shadow
            .then(|| "shadow mode: everything is computed and shown, nothing is sent".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Published, StockSettings};
    use super::*;
    use jiff::Timestamp;

    #[test]
    fn the_first_thing_that_keeps_stock_back_is_told() {
        let published = |on, shadow| {
            Some(Published {
                settings: StockSettings {
                    on,
                    ..StockSettings::default()
                },
                generation: 1,
                at: Timestamp::UNIX_EPOCH,
                shadow,
                rules: None,
                quantities: None,
            })
        };
        let plan = |published, frozen| StockPlan {
            published,
            frozen,
            ..StockPlan::default()
        };
        let freeze = || Freeze {
            at: Timestamp::UNIX_EPOCH,
            reason: Some("a wrong file".into()),
        };
        let on = || published(true, false);
        let rows = [
            (plan(None, None), None, Some("no stock settings")),
            (
                plan(published(false, false), None),
                None,
                Some("switched off"),
            ),
            (plan(on(), None), Some(freeze()), Some("deployment, since")),
            (plan(on(), Some(freeze())), None, Some("a wrong file")),
            (plan(published(true, true), None), None, Some("shadow")),
            (plan(on(), None), None, None),
        ];
        for (plan, deployment, words) in rows {
            let told = plan.kept_back(ConnectionStatus::Active, deployment.as_ref());
            match words {
                Some(words) => assert!(told.as_ref().unwrap().contains(words), "{told:?}"),
                None => assert_eq!(told, None),
            }
        }
        let paused = plan(on(), None).kept_back(ConnectionStatus::Paused, None);
        assert_eq!(paused.as_deref(), Some("the connection is `paused`"));
    }
}
