//! `POST /mappings`: a table of mappings, all or none.

use super::row::{OfMappings, Reader, Said, TableRow};
use crate::App;
use crate::import::{ImportResult, ImportedRow, Refused, RevisionText, RowOutcome, YesNo, text_of};
use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use serde_json::Value;
use stallkeeper::api::scope::Connections;
use stallkeeper::api::{Answer, Parameters, Problem, Rows, Tenant, changed_meanwhile};
use stallkeeper::domain::courier::{
    Carried, Courier, MOST_MAPPINGS, MappingOwner, MappingRow, MappingTable, Merged, RowVerdict,
};
use stallkeeper::domain::ids::ConnectionId;
use stallkeeper::domain::shipping_term::ShippingTerm;
use stallkeeper::store::{RevisedMappings, Written};
use std::sync::Arc;
use utoipa::IntoParams;

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct ImportParams {
    /// Only say what would change.
    #[serde(default)]
    #[param(inline, required = false)]
    dry_run: YesNo,
    /// With a dry run: also say what the table would have chosen for the latest orders of the terms that change.
    #[serde(default)]
    #[param(inline, required = false)]
    rehearse: YesNo,
    /// Narrows all mappings to this connection.
    #[param(inline, value_type = Option<ConnectionId>)]
    pub(super) connection: Option<String>,
    /// The table is all there is to be: mappings and inactive ones that it lacks are removed. Not with a table of which no row
    /// is about this tenant.
    #[serde(default)]
    #[param(inline, required = false)]
    replace: YesNo,
    /// Which of the clients that the table names this tenant is; rows of others are skipped.
    client: Option<String>,
    /// Only if the mappings are still of this revision, that the list was answered with; or are already as the table would
    /// leave them, so that a request whose answer was lost can be sent again.
    #[param(inline)]
    revision: Option<RevisionText>,
}

/// What a table that was sent makes of what there is.
pub(super) struct Sent {
    pub(super) after: RevisedMappings,
    /// Terms whose orders may go with another service now.
    pub(super) changed: Vec<ShippingTerm>,
    pub(super) result: ImportResult,
}

/// Put a table of mappings: all of it or nothing.
///
/// At most 2,000 rows, as a JSON array or as CSV whose header names the columns `term`, `service`, `carries_prime`, `tied_to`;
/// or as Mintsoft's with `Source`, `Client`, `Courier Service`, `Name`: rows of other channels and clients are skipped, and a
/// service may be spelt as people call it if only one fits. A term of Amazon's old API with a number at its end (`Std UK
/// Dom_1`) is kept and used by nobody until it is tied to a term of ours, by `tied_to` or `PUT /mappings/tie`. Send the table
/// with `dry_run=true` first. All is one write: a refused row, or somebody else's change meanwhile, leaves everything as it
/// was. Sending the same again changes nothing. Orders that wait for what changed are looked at again.
#[utoipa::path(post, path = "/mappings", operation_id = "importMappings", tag = "mappings", params(ImportParams),
    request_body(content(
        (Vec<TableRow> = "application/json"),
        (String = "text/csv", example = "term,service,carries_prime\nSTD UK DOM,DPD/next-day,false\n"),
    )),
    responses(
        (status = 200, body = ImportResult),
        (status = 404, description = "There is no such connection"),
        (status = 409, description = "The mappings are of another revision, or would be more than 2,000"),
        (status = 422, description = "Rows are refused; `errors` says which and why, and none was taken"),
    ))]
pub(crate) async fn import(
    State(app): State<Arc<App>>,
    tenant: Tenant<Connections>,
    Parameters(params): Parameters<ImportParams>,
    rows: Rows<OfMappings>,
) -> Answer<Json<ImportResult>> {
    let connection = params.connection.as_deref();
    let owner = app.owner(&tenant, connection).await?;
    let couriers = app.store.couriers(&tenant).await?;
    let nobody = |_: &ImportResult| ();
    app.import(&owner, &couriers, &params, rows, nobody).await
}

impl App {
    /// Takes a table, or says what it would change. `record` is called before each try to write it.
    pub(super) async fn import(
        &self,
        owner: &MappingOwner,
        couriers: &[Courier],
        params: &ImportParams,
        rows: Rows<OfMappings>,
        record: impl Fn(&ImportResult),
    ) -> Answer<Json<ImportResult>> {
        if params.rehearse.is_yes() && !params.dry_run.is_yes() {
            return Err(Problem::invalid("rehearse", "needs `dry_run=true`"));
        }
        let rows = read_rows(rows, owner, couriers, params.client.as_deref());
        let is_dry = params.dry_run.is_yes();
        for () in Written::attempts() {
            let before = self.store.mapping_table(owner).await?;
            let sent = Sent::new(&before, &rows, owner, params)?;
            if is_dry {
                let mut result = sent.result;
                if params.rehearse.is_yes() {
                    let (before, after) = (&before.table, &sent.after.table);
                    result.rehearsal = Some(self.rehearse(owner, before, after).await?);
                }
                return Ok(Json(result));
            }
            if let Some(problem) = sent.result.problem() {
                return Err(problem);
            }
            let written = if sent.after == before {
                Written::Done
            } else {
                record(&sent.result);
                self.store.save_mapping_table(owner, &sent.after).await?
            };
            if written == Written::Done {
                // Also if nothing changed: a caller that got no answer sends the same again.
                self.wake(owner, &sent.changed).await?;
                let applied = true;
                return Ok(Json(ImportResult {
                    applied,
                    ..sent.result
                }));
            }
        }
        Err(changed_meanwhile())
    }
}

/// A row as far as it could be read.
pub(super) struct ReadRow {
    number: usize,
    subject: Option<String>,
    said: Result<Said, Refused>,
}

pub(super) fn read_rows(
    rows: Rows<OfMappings>,
    owner: &MappingOwner,
    couriers: &[Courier],
    client: Option<&str>,
) -> Vec<ReadRow> {
    let reader = Reader {
        owner,
        couriers,
        client,
    };
    let read = |(number, row): (usize, Result<Value, &'static str>)| {
        let term = |row: &Value| text_of(row, "term").ok().flatten().map(str::to_owned);
        let subject = row.as_ref().ok().and_then(term);
        let row = row.map_err(|detail| Refused::at("", detail));
        let said = row.and_then(|row| reader.read(&row));
        ReadRow {
            number,
            subject,
            said,
        }
    };
    rows.decoded().map(read).collect()
}

impl Sent {
    /// # Errors
    /// 409 if the table changes mappings of another revision than the caller read, or makes too many; 422 if it would replace
    /// what there is by nothing.
    pub(super) fn new(
        before: &RevisedMappings,
        rows: &[ReadRow],
        owner: &MappingOwner,
        params: &ImportParams,
    ) -> Answer<Self> {
        let said = rows.iter().filter_map(|row| match &row.said {
            Ok(Said::Mapping(mapping)) => Some(mapping.clone()),
            _ => None,
        });
        let mappings: Vec<MappingRow> = said.collect();
        let replace = params.replace.is_yes();
        if replace && mappings.is_empty() && rows.iter().all(|row| row.said.is_ok()) {
            return Err(says_nothing());
        }
        let merged = before.table.merged(&mappings, owner.scope(), replace);
        let read = params.revision.map(RevisionText::get);
        if read.is_some_and(|read| read != before.revision) && merged.table != before.table {
            return Err(changed_meanwhile().showing(&before.revision));
        }
        if merged.table.is_too_large() {
            return Err(Problem::limit_reached("mappings", MOST_MAPPINGS));
        }
        let mut verdicts = merged.verdicts.iter();
        let mut answers: Vec<ImportedRow> =
            rows.iter().map(|row| row.answer(&mut verdicts)).collect();
        answers.extend(merged.removed.iter().map(|term| removed(term, before)));
        Ok(Self {
            changed: changed(&before.table, &merged),
            result: ImportResult::new(false, answers),
            after: RevisedMappings {
                table: merged.table,
                revision: before.revision,
            },
        })
    }
}

/// Terms that go with another service than before, and those that were sent although nothing changed: their orders may not
/// have been looked at again.
fn changed(before: &MappingTable, merged: &Merged) -> Vec<ShippingTerm> {
    let mappings = merged.table.mappings.iter();
    let changed = mappings.filter(|(term, mapping)| {
        before.mappings.get(term) != Some(mapping) || merged.said.contains(term)
    });
    changed.map(|(term, _)| term.clone()).collect()
}

/// A file for another client, or one that was cut off: removing all that there is would be no one's wish.
fn says_nothing() -> Problem {
    let detail = "no row of the table is about this tenant and Amazon, so it would remove all mappings; name the tenant's `client`, or delete mappings one by one: DELETE /mappings";
    Problem::invalid("replace", detail)
}

fn removed(term: &ShippingTerm, before: &RevisedMappings) -> ImportedRow {
    let mapping = before.table.mappings.get(term).map(Carried::of);
    ImportedRow {
        row: None,
        before: mapping.as_ref().map(words),
        ..ImportedRow::new(0, Some(term.to_string()), RowOutcome::Removed)
    }
}

fn words(carried: &Carried) -> String {
    let prime = if carried.carries_prime {
        " (Prime too)"
    } else {
        ""
    };
    format!("{}{prime}", carried.service)
}

impl ReadRow {
    fn answer<'a>(&self, verdicts: &mut impl Iterator<Item = &'a RowVerdict>) -> ImportedRow {
        let subject = self.subject.clone();
        let mapping = match &self.said {
            Err(refused) => return ImportedRow::refused(self.number, subject, refused.clone()),
            Ok(Said::Nothing(why)) => {
                let row = ImportedRow::new(self.number, subject, RowOutcome::Skipped);
                let detail = Some((*why).to_owned());
                return ImportedRow { detail, ..row };
            }
            Ok(Said::Mapping(mapping)) => mapping,
        };
        let Some(verdict) = verdicts.next() else {
            return ImportedRow::new(self.number, subject, RowOutcome::Unchanged);
        };
        let (outcome, before, detail) = match verdict {
            RowVerdict::Contradicts => {
                let detail = "a row before it says something else of the same term";
                let refused = Refused::at("term", detail);
                return ImportedRow::refused(self.number, subject, refused);
            }
            RowVerdict::Added => (RowOutcome::Added, None, None),
            RowVerdict::Changed(before) => (RowOutcome::Changed, Some(words(before)), None),
            RowVerdict::Unchanged | RowVerdict::Tied => (RowOutcome::Unchanged, None, None),
            RowVerdict::Inactive => {
                let detail = "its number is a rate of Amazon's old API: tie it to a term of ours, PUT /mappings/tie";
                (RowOutcome::Inactive, None, Some(detail.to_owned()))
            }
        };
        ImportedRow {
            before,
            detail,
            after: mapping.carried.as_ref().map(words),
            ..ImportedRow::new(self.number, Some(mapping.term.to_string()), outcome)
        }
    }
}
