//! The draft of the selling rules: changed together with the stock plan, so that one preview and one publication are of both.

use crate::App;
use stallkeeper::api::{Answer, changed_meanwhile};
use stallkeeper::domain::connection::Connection;
use stallkeeper::domain::selling_rules::{RulesDraft, SellingRules};
use stallkeeper::domain::stock_settings::StockPlan;
use stallkeeper::store::Written;

impl App {
    /// Changes the draft of the rules; decides again if somebody else was quicker. What is the same afterwards is not
    /// written.
    ///
    /// # Errors
    /// What `change` answers; 409 if others were quicker every time.
    pub(crate) async fn change_rules(
        &self,
        connection: &Connection,
        change: impl Fn(&mut SellingRules) -> Answer<()>,
    ) -> Answer<(StockPlan, RulesDraft)> {
        let key = &connection.key();
        for () in Written::attempts() {
            let mut plan = self.store.stock_plan(key).await?;
            let read = self.store.rules_draft(key).await?;
            let mut draft = read.clone();
            change(&mut draft.rules)?;
            if draft == read {
                return Ok((plan, read));
            }
            plan.draft_revision += 1;
            plan.revision += 1;
            draft.revision = plan.draft_revision;
            let saved = self.store.save_rules_draft(key, &plan, &draft).await?;
            if saved == Written::Done {
                return Ok((plan, draft));
            }
        }
        Err(changed_meanwhile())
    }
}
