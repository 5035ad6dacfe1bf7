//! Reports API v2021-06-30: ask for a report, ask until it is there, then download it. Its content is the work of
//! [`super::listings_report`].

use super::documents::DocumentAddress;
use super::limits::Operation;
use super::processing_status::ProcessingState;
use super::{Account, Answer, SpApi};
use crate::domain::marketplace::Marketplace;
use crate::error::Result;
use serde::Deserialize;
use serde_json::json;

/// The kinds of reports that we read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::IntoStaticStr)]
pub enum ReportType {
    /// Every listing of the seller, active or not, as [`super::listings_report`] reads it.
    #[strum(serialize = "GET_MERCHANT_LISTINGS_ALL_DATA")]
    AllListings,
}

impl ReportType {
    /// Amazon's spelling.
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

impl SpApi {
    /// Asks for a report of one marketplace; its id. Asked again soon, Amazon may answer with the same data as before.
    ///
    /// Amazon pages: *Reports API v2021-06-30 Reference*, `createReport`; *Inventory Reports*: of several marketplaces
    /// only the first would be heeded, and the names of the columns come in the language we ask for.
    ///
    /// # Errors
    /// Throttled; retryable if Amazon fails or its answer is cut off; authorisation revoked; permanent if
    /// Amazon refuses.
    pub async fn create_report(
        &self,
        account: &Account<'_>,
        kind: ReportType,
        marketplace: Marketplace,
    ) -> Result<Answer<String>> {
        let body = json!({
            "reportType": kind.as_str(),
            "marketplaceIds": [marketplace.id()],
            "reportOptions": { "preferredReportDocumentLocale": "en_US" },
        });
        let made: Answer<Created> = self
            .post(account, Operation::CreateReport, &REPORTS, &body)
            .await?;
        Ok(made.map(|created| created.report_id))
    }

    /// How far Amazon is with a report. Reads only.
    ///
    /// Amazon page: *Reports API v2021-06-30 Reference*, `getReport`.
    ///
    /// # Errors
    /// As [`Self::create_report`].
    pub async fn get_report(
        &self,
        account: &Account<'_>,
        report: &str,
    ) -> Result<Answer<ProcessingState>> {
        let [base, version, reports] = REPORTS;
        let path = [base, version, reports, report];
        self.get(account, Operation::GetReport, &path, &[]).await
    }

    /// Where a report can be downloaded for the next five minutes. Reads only.
    ///
    /// Amazon page: *Reports API v2021-06-30 Reference*, `getReportDocument`.
    ///
    /// # Errors
    /// As [`Self::create_report`].
    pub async fn get_report_document(
        &self,
        account: &Account<'_>,
        document: &str,
    ) -> Result<Answer<DocumentAddress>> {
        let [base, version, _] = REPORTS;
        let path = [base, version, "documents", document];
        self.get(account, Operation::GetReportDocument, &path, &[])
            .await
    }
}

const REPORTS: [&str; 3] = ["reports", "2021-06-30", "reports"];

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Created {
    report_id: String,
}
