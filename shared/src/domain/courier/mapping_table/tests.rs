//! What a table that is sent makes of the one there is.

use super::*;
use proptest::prelude::*;

fn term(text: &str) -> ShippingTerm {
    text.parse().unwrap()
}

fn carried(service: &str) -> Carried {
    Carried {
        service: service.parse().unwrap(),
        carries_prime: false,
    }
}

fn row(text: &str, service: &str, tied_to: &str) -> MappingRow {
    MappingRow {
        term: term(text),
        carried: (!service.is_empty()).then(|| carried(service)),
        tied_to: (!tied_to.is_empty()).then(|| term(tied_to)),
    }
}

fn table(mappings: &[(&str, &str)]) -> MappingTable {
    let mapping =
        |(text, service): &(&str, &str)| carried(service).mapping(term(text), Scope::Tenant);
    mappings.iter().map(mapping).collect()
}

fn of(table: &MappingTable) -> Vec<(String, String)> {
    let words = |(term, mapping): (&ShippingTerm, &Mapping)| {
        (term.to_string(), mapping.service.to_string())
    };
    table.mappings.iter().map(words).collect()
}

#[test]
fn rows_add_change_and_leave_what_they_do_not_name() {
    let before = table(&[
        ("STD UK DOM", "A/a"),
        ("UK NEXT", "A/b"),
        ("EXP UK DOM", "A/c"),
    ]);
    let rows = [
        row("Std UK Dom", "A/a", ""),
        row("UK NEXT", "B/b", ""),
        row("STD DE DOM", "B/c", ""),
        row("UK NEXT", "B/b", ""),
        row("UK NEXT", "B/z", ""),
    ];
    let merged = before.merged(&rows, Scope::Tenant, false);
    let verdicts = [
        RowVerdict::Unchanged,
        RowVerdict::Changed(carried("A/b")),
        RowVerdict::Added,
        RowVerdict::Changed(carried("A/b")),
        RowVerdict::Contradicts,
    ];
    assert_eq!(merged.verdicts, verdicts);
    assert!(merged.removed.is_empty() && merged.table.mappings.len() == 4);
    let replaced = before.merged(&rows[..4], Scope::Tenant, true);
    assert_eq!(replaced.removed, [term("EXP UK DOM")]);
    assert_eq!(replaced.table.mappings.len(), 3);
}

#[test]
fn an_old_rate_is_used_by_nobody_until_it_is_tied() {
    let rows = [
        row("Std UK Dom_1", "A/a", ""),
        row("EXP UK DOM_2-PRIME", "A/b", ""),
    ];
    let merged = MappingTable::default().merged(&rows, Scope::Tenant, false);
    assert_eq!(
        merged.verdicts,
        [RowVerdict::Inactive, RowVerdict::Inactive]
    );
    assert!(merged.said.is_empty());
    let mut kept = merged.table;
    assert!(kept.mappings.is_empty() && kept.old_rates.len() == 2);

    kept.tie_old_rate(term("STD UK DOM_1"), term("STD UK DOM"), Scope::Tenant);
    kept.tie_old_rate(term("STD UK DOM_1"), term("STD UK DOM"), Scope::Tenant);
    assert_eq!(of(&kept), [("STD UK DOM".to_owned(), "A/a".to_owned())]);

    let rows = [row("Std UK Dom_1", "B/z", "")];
    let again = kept.merged(&rows, Scope::Tenant, true);
    assert_eq!(again.verdicts, [RowVerdict::Changed(carried("A/a"))]);
    assert_eq!(
        of(&again.table),
        [("STD UK DOM".to_owned(), "B/z".to_owned())]
    );
    assert_eq!(again.removed, [term("EXP UK DOM_2-PRIME")]);
    assert_eq!(again.table.old_rates.len(), 1, "what is tied stays");
}

#[test]
fn a_tie_overrules_no_mapping_and_two_rates_of_one_term_must_agree() {
    let mut kept = table(&[("STD UK DOM", "A/a")]);
    let rows = [row("STD UK DOM_1", "B/b", "")];
    kept = kept.merged(&rows, Scope::Tenant, false).table;
    kept.tie_old_rate(term("STD UK DOM_1"), term("STD UK DOM"), Scope::Tenant);
    assert_eq!(of(&kept), [("STD UK DOM".to_owned(), "A/a".to_owned())]);

    let rows = [
        row("STD UK DOM_1", "A/a", "STD UK DOM"),
        row("STD UK DOM_2", "B/b", "STD UK DOM"),
        row("STD UK DOM_3", "", "STD UK DOM"),
    ];
    let merged = MappingTable::default().merged(&rows, Scope::Tenant, false);
    let verdicts = [RowVerdict::Added, RowVerdict::Contradicts, RowVerdict::Tied];
    assert_eq!(merged.verdicts, verdicts);
}

proptest! {
    #[test]
    fn the_same_table_again_changes_nothing(
        before in proptest::collection::vec((0usize..6, 0usize..3), 0..6),
        sent in proptest::collection::vec((0usize..8, 0usize..3), 0..8),
        replace: bool,
    ) {
        const TERMS: [&str; 8] = [
            "STD UK DOM", "UK NEXT", "EXP UK DOM", "STD DE DOM", "UK NEXT-PRIME", "STD FR DOM", "STD UK DOM_1", "EXP UK DOM_2",
        ];
        const SERVICES: [&str; 3] = ["A/a", "A/b", "B/a"];
        let pairs: Vec<_> = before.iter().map(|(term, service)| (TERMS[*term], SERVICES[*service])).collect();
        let before = table(&pairs);
        let rows: Vec<_> = sent.iter().map(|(term, service)| row(TERMS[*term], SERVICES[*service], "")).collect();
        let once = before.merged(&rows, Scope::Tenant, replace);
        prop_assume!(!once.verdicts.contains(&RowVerdict::Contradicts));
        let twice = once.table.merged(&rows, Scope::Tenant, replace);
        prop_assert_eq!(&twice.table, &once.table);
        prop_assert!(twice.removed.is_empty());
        let is_quiet = |it: &RowVerdict| matches!(it, RowVerdict::Unchanged | RowVerdict::Inactive);
        prop_assert!(twice.verdicts.iter().all(is_quiet));
    }
}
