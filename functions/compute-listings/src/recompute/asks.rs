//! Categories about which a person must decide before anything of them is sold: noted once for each connection.

use super::Work;
use stallkeeper::domain::ids::ConnectionId;
use stallkeeper::domain::selection::ProductRules;
use stallkeeper::error::Result;
use stallkeeper::store::AskedCategory;

impl Work<'_> {
    /// Costs nothing for a product of which nothing is asked.
    pub(super) async fn note_asked(
        &self,
        connection: &ConnectionId,
        rules: &ProductRules,
    ) -> Result<()> {
        let Some(category) = rules.asked_category() else {
            return Ok(());
        };
        let asked = AskedCategory {
            tenant: self.tenant.clone(),
            connection: connection.clone(),
            category: category.clone(),
            at: self.now,
        };
        self.read.note_asked(&asked).await
    }
}
