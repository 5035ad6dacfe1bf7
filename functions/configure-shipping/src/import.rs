//! Tables that are sent as a whole: every row is looked at first, and none is taken if one is refused.

use crate::mappings::Rehearsal;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use stallkeeper::api::{Fault, Problem, Revision};
use utoipa::ToSchema;

/// Refused rows that a problem names; the first ones are enough to find what is wrong with a file.
const MOST_FAULTS: usize = 100;

/// What becomes of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum RowOutcome {
    Added,
    Changed,
    Unchanged,
    /// Kept, and used by nobody until it is tied to a term of ours.
    Inactive,
    /// It is not about this tenant or not about Amazon.
    Skipped,
    /// It was there, and the table that was sent lacks it.
    Removed,
    Refused,
}

/// One row of a table that was sent, or one that it lacks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct ImportedRow {
    /// Counted from 1; a CSV's header is not counted. `null` for what the table lacks.
    pub(crate) row: Option<usize>,
    /// What the row is about, as far as it could be read.
    pub(crate) subject: Option<String>,
    pub(crate) outcome: RowOutcome,
    /// What there is so far,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    pub(crate) before: Option<String>,
    /// and afterwards.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    pub(crate) after: Option<String>,
    /// The field that is at fault.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    pub(crate) field: Option<String>,
    /// For a person.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    pub(crate) detail: Option<String>,
}

/// What a table that was sent changes, or would change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct ImportResult {
    /// Whether it was done. A dry run does nothing.
    pub(crate) applied: bool,
    pub(crate) added: usize,
    pub(crate) changed: usize,
    pub(crate) unchanged: usize,
    pub(crate) inactive: usize,
    pub(crate) skipped: usize,
    pub(crate) removed: usize,
    /// With these, nothing would be done at all.
    pub(crate) refused: usize,
    /// All rows but the unchanged ones.
    pub(crate) rows: Vec<ImportedRow>,
    /// What it would have chosen, if that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    pub(crate) rehearsal: Option<Rehearsal>,
}

/// Why a row is refused: the field, and words for a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refused {
    pub(crate) field: &'static str,
    pub(crate) detail: String,
}

impl Refused {
    pub(crate) fn at(field: &'static str, detail: impl ToString) -> Self {
        let detail = detail.to_string();
        Self { field, detail }
    }
}

impl ImportedRow {
    pub(crate) fn new(row: usize, subject: Option<String>, outcome: RowOutcome) -> Self {
        Self {
            row: Some(row),
            subject: subject.map(|subject| subject.chars().take(128).collect()),
            outcome,
            before: None,
            after: None,
            field: None,
            detail: None,
        }
    }

    pub(crate) fn refused(row: usize, subject: Option<String>, refused: Refused) -> Self {
        let field = (!refused.field.is_empty()).then(|| refused.field.to_owned());
        Self {
            field,
            detail: Some(refused.detail),
            ..Self::new(row, subject, RowOutcome::Refused)
        }
    }
}

impl ImportResult {
    pub(crate) fn new(applied: bool, mut rows: Vec<ImportedRow>) -> Self {
        let count = |outcome| rows.iter().filter(|row| row.outcome == outcome).count();
        let mut result = Self {
            applied,
            added: count(RowOutcome::Added),
            changed: count(RowOutcome::Changed),
            unchanged: count(RowOutcome::Unchanged),
            inactive: count(RowOutcome::Inactive),
            skipped: count(RowOutcome::Skipped),
            removed: count(RowOutcome::Removed),
            refused: count(RowOutcome::Refused),
            rows: Vec::new(),
            rehearsal: None,
        };
        rows.retain(|row| row.outcome != RowOutcome::Unchanged);
        result.rows = rows;
        result
    }

    /// The problem of a table that has a refused row.
    pub(crate) fn problem(&self) -> Option<Problem> {
        let refused = self.rows.iter();
        let refused: Vec<&ImportedRow> = refused
            .filter(|row| row.outcome == RowOutcome::Refused)
            .collect();
        let faults = refused.iter().take(MOST_FAULTS).map(|row| row.fault());
        (!refused.is_empty()).then(|| Problem::invalid_at(faults.collect()))
    }
}

impl ImportedRow {
    fn fault(&self) -> Fault {
        let number = self.row.unwrap_or_default();
        let field = self.field.as_ref().map(|field| format!("/{field}"));
        let pointer = format!("/{}{}", number.saturating_sub(1), field.unwrap_or_default());
        let detail = self.detail.as_deref().unwrap_or_default();
        Fault::new(pointer, format!("row {number}: {detail}; no row was taken"))
    }
}

/// Yes or no, in a query.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum YesNo {
    True,
    #[default]
    False,
}

impl YesNo {
    pub(crate) fn is_yes(self) -> bool {
        self == Self::True
    }
}

/// A revision in a query.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct RevisionText(Revision);

impl RevisionText {
    pub(crate) fn get(self) -> u64 {
        self.0.get()
    }
}

impl TryFrom<String> for RevisionText {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let number: Option<u64> = text.parse().ok();
        let revision = number.and_then(|number| Revision::try_from(number).ok());
        revision.map(Self).ok_or("expected a number up to 2^63 - 1")
    }
}

impl utoipa::PartialSchema for RevisionText {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
        Revision::schema()
    }
}

impl utoipa::ToSchema for RevisionText {}

/// The text of a field; `None` if it says nothing.
///
/// # Errors
/// It is no text.
pub(crate) fn text_of<'a>(row: &'a Value, field: &'static str) -> Result<Option<&'a str>, Refused> {
    match row.get(field) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) if text.trim().is_empty() => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.trim())),
        Some(_) => Err(Refused::at(field, "expected a text")),
    }
}

/// The text of a field that must say something.
///
/// # Errors
/// It is missing, or no text.
pub(crate) fn needed<'a>(row: &'a Value, field: &'static str) -> Result<&'a str, Refused> {
    text_of(row, field)?.ok_or_else(|| Refused::at(field, "it is missing"))
}

/// Whether a field says yes; `None` if it says nothing.
///
/// # Errors
/// It says something else than yes or no.
pub(crate) fn flag_of(row: &Value, field: &'static str) -> Result<Option<bool>, Refused> {
    if let Some(Value::Bool(flag)) = row.get(field) {
        return Ok(Some(*flag));
    }
    let Some(text) = text_of(row, field)? else {
        return Ok(None);
    };
    match text.to_ascii_lowercase().as_str() {
        "true" | "yes" | "y" | "1" => Ok(Some(true)),
        "false" | "no" | "n" | "0" => Ok(Some(false)),
        _ => Err(Refused::at(field, "expected true or false")),
    }
}

/// No field but these may be there: it would be misspelt.
///
/// # Errors
/// There is another one, or the row is no object.
pub(crate) fn only_fields(row: &Value, known: &[&str]) -> Result<(), Refused> {
    let Some(fields) = row.as_object() else {
        return Err(Refused::at("", "expected an object"));
    };
    match fields.keys().find(|name| !known.contains(&name.as_str())) {
        None => Ok(()),
        Some(_) => {
            let known = known.join(", ");
            Err(Refused::at(
                "",
                format!("it has a field that is none of: {known}"),
            ))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_refused_row_is_told_with_its_number_and_place() {
        let refused = Refused::at("service", "there is no such courier");
        let rows = vec![
            ImportedRow::new(1, None, RowOutcome::Unchanged),
            ImportedRow::refused(2, Some("STD UK DOM".into()), refused),
        ];
        let result = ImportResult::new(false, rows);
        assert_eq!(
            (result.unchanged, result.refused, result.rows.len()),
            (1, 1, 1)
        );
        let problem = serde_json::to_value(result.problem().unwrap()).unwrap();
        assert_eq!(problem["errors"][0]["pointer"], "/1/service");
        let detail = problem["errors"][0]["detail"].as_str().unwrap();
        assert!(
            detail.starts_with("row 2: there is no such courier"),
            "{detail}"
        );
        assert!(ImportResult::new(true, Vec::new()).problem().is_none());
    }

    #[test]
    fn fields_are_read_as_spreadsheets_write_them() {
        let row = json!({"a": " x ", "b": "", "c": "Yes", "d": false, "e": "maybe", "f": 1});
        assert_eq!(text_of(&row, "a"), Ok(Some("x")));
        assert_eq!(text_of(&row, "b"), Ok(None));
        assert!(needed(&row, "b").is_err() && needed(&row, "f").is_err());
        assert_eq!(flag_of(&row, "c"), Ok(Some(true)));
        assert_eq!(flag_of(&row, "d"), Ok(Some(false)));
        assert_eq!(flag_of(&row, "g"), Ok(None));
        assert!(flag_of(&row, "e").is_err());
        assert!(only_fields(&row, &["a"]).is_err() && only_fields(&json!([]), &[]).is_err());
        assert!(only_fields(&json!({"a": 1}), &["a", "b"]).is_ok());
    }
}
