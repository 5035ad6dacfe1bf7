//! Mappings: all of one owner in one item, so that a table of them is taken whole or not at all, and a batch of orders
//! reads them in one piece.

use super::item::{Item, deflated, inflated, number, text, value};
use super::key::{self, Key};
use super::{Store, Written};
use crate::domain::courier::{Mapping, MappingOwner, MappingTable};
use crate::domain::shipping_term::ShippingTerm;
use crate::error::Result;
use std::collections::HashMap;

/// A table of mappings, and the revision it was read at; 0 if there was none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RevisedMappings {
    pub table: MappingTable,
    pub revision: u64,
}

impl Store {
    /// The mappings of one owner, read strongly.
    pub async fn mapping_table(&self, owner: &MappingOwner) -> Result<RevisedMappings> {
        let pk = key::mapping_pk(owner);
        let table = &self.tables.connections;
        let items = self
            .between(table, pk, key::MAPPING_TABLE, key::MAPPING)
            .await?;
        let mut read = MappingItems::default();
        for fields in items {
            read.take(fields)?;
        }
        Ok(read.done())
    }

    /// Writes the mappings of one owner, if nobody changed them since they were read.
    pub async fn save_mapping_table(
        &self,
        owner: &MappingOwner,
        mappings: &RevisedMappings,
    ) -> Result<Written> {
        let key = Key::mapping_table(owner);
        let mut fields: Item = HashMap::from([
            ("body".to_owned(), deflated(&mappings.table)?),
            ("revision".to_owned(), super::item::n(mappings.revision + 1)),
            ("v".to_owned(), super::item::n(super::item::VERSION)),
        ]);
        fields.extend(key.into_map());
        let table = &self.tables.connections;
        self.put_fields_revised("write mappings", table, fields, mappings.revision + 1)
            .await
    }

    /// The mappings of one owner.
    pub async fn mappings(&self, owner: &MappingOwner) -> Result<Vec<Mapping>> {
        let read = self.mapping_table(owner).await?;
        Ok(read.table.mappings.into_values().collect())
    }

    /// Writes a mapping. Idempotent.
    pub async fn put_mapping(&self, owner: &MappingOwner, mapping: &Mapping) -> Result<()> {
        let put = |table: &mut MappingTable| {
            table.mappings.insert(mapping.term.clone(), mapping.clone());
        };
        self.change_mappings(owner, put).await
    }

    pub async fn delete_mapping(&self, owner: &MappingOwner, term: &ShippingTerm) -> Result<()> {
        let remove = |table: &mut MappingTable| {
            table.mappings.remove(term);
        };
        self.change_mappings(owner, remove).await
    }

    /// Changes the mappings of one owner, whoever else changes them meanwhile.
    pub async fn change_mappings(
        &self,
        owner: &MappingOwner,
        change: impl Fn(&mut MappingTable),
    ) -> Result<()> {
        for () in Written::attempts_among_many() {
            let read = self.mapping_table(owner).await?;
            let mut changed = read.clone();
            change(&mut changed.table);
            if changed == read || self.save_mapping_table(owner, &changed).await? == Written::Done {
                return Ok(());
            }
        }
        Err(Written::given_up("write a mapping"))
    }
}

/// The items of an owner's mappings as they are read.
#[derive(Default)]
pub(super) struct MappingItems {
    table: Option<RevisedMappings>,
    /// Each mapping in an item of its own, as an earlier release wrote them: they count until the first write after it.
    single: Vec<Mapping>,
}

impl MappingItems {
    pub(super) fn take(&mut self, fields: Item) -> Result<()> {
        if text(&fields, "sk").as_deref() == Some(key::MAPPING_TABLE) {
            let revision = number(&fields, "revision").unwrap_or_default();
            self.table = Some(RevisedMappings {
                table: inflated(&fields, "body")?,
                revision: u64::try_from(revision).unwrap_or_default(),
            });
        } else {
            self.single.push(value(fields)?);
        }
        Ok(())
    }

    pub(super) fn done(self) -> RevisedMappings {
        let Self { table, single } = self;
        table.unwrap_or_else(|| RevisedMappings {
            table: single.into_iter().collect(),
            revision: 0,
        })
    }
}
