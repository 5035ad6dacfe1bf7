//! Owns `patchListingsItem`: its answer names everything wrong with a patch, nothing comes later.

use serde_json::{Value, json};

use super::{Edit, Issue, LatePatch, Listing, Severity, Submission, api, edits};
use crate::{
    admitted::AdmittedRequest,
    clock, grants,
    reply::{Refusal, Reply},
    world::{Seller, World},
};

pub(crate) fn patch(world: &mut World, admitted: &AdmittedRequest<'_>) -> Result<Reply, Refusal> {
    let accepts_unknown = world.back_office.accepts_unknown_skus;
    let seller = &*api::own_account(world, admitted)?;
    let marketplaces = api::marketplaces(seller, admitted)?;
    let sku = admitted.parameter("sku");
    let listing = seller.listings.get(sku);
    let asin = listing.map(|listing| listing.asin.to_string());
    let remark = remark(seller, sku);
    let (status, issue) = match read(seller, admitted, &marketplaces, accepts_unknown)? {
        Err(issue) => {
            if issue.violates {
                world.violated(admitted, &format!("`{sku}`: {}", issue.message));
            }
            ("INVALID", Some(issue))
        }
        Ok(_) if admitted.query("mode") == Some("VALIDATION_PREVIEW") => ("VALID", remark),
        Ok(edits) => {
            accept(world, admitted, edits)?;
            ("ACCEPTED", remark)
        }
    };
    let issues: Vec<Value> = issue.iter().map(Issue::of_item).collect();
    let mut answer =
        json!({ "sku": sku, "status": status, "submissionId": grants::secret(), "issues": issues });
    if admitted
        .list("includedData")
        .iter()
        .any(|data| data == "identifiers")
    {
        let identifiers = marketplaces.iter().zip(asin.iter().cycle());
        let identifiers =
            identifiers.map(|(id, asin)| json!({ "marketplaceId": id, "asin": asin }));
        answer["identifiers"] = identifiers.collect();
    }
    Ok(Reply::ok(answer))
}

/// The edits for all the marketplaces, each of them once.
fn read(
    seller: &Seller,
    admitted: &AdmittedRequest<'_>,
    marketplaces: &[String],
    accepts_unknown: bool,
) -> Result<Result<Vec<Edit>, Issue>, Refusal> {
    let body: Value = serde_json::from_slice(admitted.body)
        .map_err(|error| Refusal::Violation(format!("the body is no JSON: {error}")))?;
    let patches = body["patches"].as_array().map_or(&[][..], Vec::as_slice);
    let sku = admitted.parameter("sku");
    let listing = seller.listings.get(sku);
    let mut all: Vec<Edit> = Vec::new();
    for marketplace in marketplaces {
        let read = refused(seller, listing, sku, marketplace, accepts_unknown)
            .and_then(|()| edits::read(patches, listing, marketplace));
        match read {
            Err(issue) => return Ok(Err(issue)),
            Ok(edits) => {
                for edit in edits {
                    if !all.contains(&edit) {
                        all.push(edit);
                    }
                }
            }
        }
    }
    Ok(Ok(all))
}

fn accept(
    world: &mut World,
    admitted: &AdmittedRequest<'_>,
    edits: Vec<Edit>,
) -> Result<(), Refusal> {
    let submission = Submission {
        sequence: world.next_submission(),
        by: "patch".into(),
        at: clock::later(admitted.now, world.back_office.patch_seconds),
    };
    let listings = &mut api::own_account(world, admitted)?.listings;
    listings.late.push(LatePatch {
        sku: admitted.parameter("sku").to_owned(),
        edits,
        submission,
    });
    listings.apply_late(admitted.now);
    Ok(())
}

/// What forbids any submission for this SKU in this marketplace.
pub(crate) fn refused(
    seller: &Seller,
    listing: Option<&Listing>,
    sku: &str,
    marketplace: &str,
    accepts_unknown: bool,
) -> Result<(), Issue> {
    if let Some(issue) = remark(seller, sku).filter(Issue::is_error) {
        return Err(issue);
    }
    if accepts_unknown || listing.is_some_and(|listing| listing.offer(marketplace).is_some()) {
        return Ok(());
    }
    let message = format!("The SKU '{sku}' does not exist in the marketplace {marketplace}.");
    Err(Issue::new("13013", message, None))
}

/// What a test has ordered to be said of this SKU.
pub(crate) fn remark(seller: &Seller, sku: &str) -> Option<Issue> {
    let ordered = seller.listings.refusals.get(sku)?;
    let attribute = ordered.attribute.as_deref();
    Some(Issue {
        severity: ordered.severity,
        ..Issue::new(&ordered.code, ordered.message.clone(), attribute)
    })
}

impl Issue {
    /// It keeps the submission from being accepted.
    pub(crate) fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}
