//! What Amazon wants of an offer, and what ours would lack.

use super::OfferSettings;

/// A shipping template of the seller's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShippingTemplate {
    /// What is sent.
    pub key: String,
    /// What Seller Central shows.
    pub name: String,
}

/// What Amazon's definition of sales terms says, as far as we look at it. `None`: it does not say.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OfferRules {
    /// Attributes that must be there.
    pub required: Vec<String>,
    /// Attributes that may be there.
    pub known: Option<Vec<String>>,
    /// The conditions that may be offered.
    pub conditions: Option<Vec<String>>,
    pub templates: Option<Vec<ShippingTemplate>>,
}

/// Why an offer would be refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LackingOffer {
    #[error(
        "Amazon wants {0} with an offer, which is not sent from here: make it in Seller Central"
    )]
    Attribute(String),
    #[error(
        "Amazon does not know {0} with an offer on this marketplace: take it out of the settings"
    )]
    NotKnown(String),
    #[error("Amazon does not take the condition {0} on this marketplace")]
    Condition(&'static str),
    #[error(
        "the seller has no shipping template named “{0}” on this marketplace: Seller Central, Settings, Shipping Settings"
    )]
    Template(String),
}

/// The attributes that an offer of ours has, `template`: with a shipping template.
pub fn attributes(template: bool) -> impl Iterator<Item = &'static str> {
    let always = [
        "condition_type",
        "merchant_suggested_asin",
        "fulfillment_availability",
        "purchasable_offer",
    ];
    always
        .into_iter()
        .chain(template.then_some("merchant_shipping_group"))
}

impl OfferRules {
    /// The key of the shipping template that the settings name, if they name one.
    ///
    /// # Errors
    /// What Amazon would refuse an offer for.
    pub fn template(&self, settings: &OfferSettings) -> Result<Option<&str>, LackingOffer> {
        let Some(name) = settings.shipping_template.as_deref() else {
            return self.fits(settings, false).map(|()| None);
        };
        self.fits(settings, true)?;
        let templates = self.templates.as_deref().unwrap_or_default();
        let found = templates.iter().find(|it| it.name.trim() == name.trim());
        match found {
            Some(template) => Ok(Some(&template.key)),
            None => Err(LackingOffer::Template(name.to_owned())),
        }
    }

    fn fits(&self, settings: &OfferSettings, template: bool) -> Result<(), LackingOffer> {
        let ours: Vec<&str> = attributes(template).collect();
        let lacks = |name: &&String| !ours.contains(&name.as_str());
        if let Some(name) = self.required.iter().find(lacks) {
            return Err(LackingOffer::Attribute(name.clone()));
        }
        if let Some(known) = &self.known {
            let unknown = |name: &&&str| !known.iter().any(|it| it == **name);
            if let Some(name) = ours.iter().find(unknown) {
                return Err(LackingOffer::NotKnown((*name).to_owned()));
            }
        }
        let condition = settings.condition.amazon();
        match &self.conditions {
            Some(taken) if !taken.iter().any(|it| it == condition) => {
                Err(LackingOffer::Condition(condition))
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_amazon_would_refuse_is_said_before_anything_is_sent() {
        let names = |names: &[&str]| names.iter().map(|it| (*it).to_owned()).collect::<Vec<_>>();
        let template = |key: &str, name: &str| ShippingTemplate {
            key: key.into(),
            name: name.into(),
        };
        let rules = OfferRules {
            required: names(&["condition_type", "purchasable_offer"]),
            known: Some(attributes(true).map(str::to_owned).collect()),
            conditions: Some(names(&["new_new"])),
            templates: Some(vec![template("legacy-template-id", "Migrated Template")]),
        };
        let new = OfferSettings::default();
        assert_eq!(rules.template(&new), Ok(None));
        let named = |name: &str| OfferSettings {
            shipping_template: Some(name.to_owned()),
            ..OfferSettings::default()
        };
        assert_eq!(
            rules.template(&named("Migrated Template")),
            Ok(Some("legacy-template-id"))
        );
        let lacking = rules.template(&named("UK")).unwrap_err();
        assert_eq!(lacking, LackingOffer::Template("UK".into()));
        let used = OfferSettings {
            condition: super::super::OfferCondition::UsedGood,
            ..new.clone()
        };
        assert_eq!(
            rules.template(&used),
            Err(LackingOffer::Condition("used_good"))
        );
        let more = OfferRules {
            required: names(&["batteries_required"]),
            ..rules.clone()
        };
        let lacking = more.template(&new).unwrap_err().to_string();
        assert!(lacking.contains("batteries_required"), "{lacking}");
        assert_eq!(
            OfferRules::default().template(&new),
            Ok(None),
            "left to Amazon"
        );
    }
}
