//! A batch of offers, from the moment a run takes them until a feed carries them. Each step drops those that cannot go on, and
//! stores why; what a limit of Amazon's keeps from going on stays taken, and is taken up again once its time is over.

use crate::check::{Facts, Ready, check, refused};
use crate::feed::{self, Outgoing};
use crate::making::Making;
use crate::other_sku::{OtherSku, take_item};
use crate::run::RunOutcome;
use crate::search::{Found, search};
use jiff::Timestamp;
use stallkeeper::domain::connection::{MarketplaceSettings, PriceMode};
use stallkeeper::domain::ids::{Asin, Sku};
use stallkeeper::domain::marketplace::Marketplace;
use stallkeeper::domain::new_offer::{NewOffer, OfferRules};
use stallkeeper::domain::price::Pricing;
use stallkeeper::domain::selling_rules::SellingRules;
use stallkeeper::error::{Class, Error, Result};
use stallkeeper::fan_out;
use stallkeeper::seller_session::CallOutcome;
use stallkeeper::sp_api::{Account, Operation, SpApi, refusal};
use stallkeeper::store::{Leased, OfferRun, RevisedRates, SkuInputs, Written};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use tracing::error;

/// Products that are read side by side.
const AT_ONCE: usize = 8;
/// After how many seconds a run goes on that met a limit.
const LIMITED_SECONDS: u32 = 30;

/// What one step makes of an offer.
enum Step<T> {
    On(T),
    Stored(Box<NewOffer>),
    /// Amazon's limit is reached.
    Limited,
}

/// Makes these offers.
pub(crate) async fn make(
    making: &Making<'_>,
    leased: &mut Leased<OfferRun>,
    batch: Vec<NewOffer>,
) -> Result<RunOutcome> {
    let batch = taken(making, batch).await?;
    match make_taken(making, leased, batch.clone()).await {
        Err(error) if error.class() == Class::Permanent => {
            put_off(making, batch, &error).await?;
            Ok(RunOutcome::Done)
        }
        other => other,
    }
}

/// What Amazon refuses for good, such as for a role that the app lacks, is tried ever later, and says why.
async fn put_off(making: &Making<'_>, batch: Vec<NewOffer>, error: &Error) -> Result<()> {
    let connection = making.connection();
    error!(connection.id = %connection.id, error = error.chain(), "offers of connection `{}` cannot be made", connection.id);
    let why = match refusal(error) {
        Some(refusal) => format!(
            "Amazon answered {} with {}; the app may lack the role Product Listing",
            refusal.operation, refusal.status
        ),
        None => "it cannot be made now: the log says why".to_owned(),
    };
    for offer in batch {
        let later = offer.put_off(&why, Timestamp::now());
        store(making, &offer, &later).await?;
    }
    Ok(())
}

async fn make_taken(
    making: &Making<'_>,
    leased: &mut Leased<OfferRun>,
    batch: Vec<NewOffer>,
) -> Result<RunOutcome> {
    let mut of_marketplace: BTreeMap<Marketplace, Vec<Ready>> = BTreeMap::new();
    for ready in checked(making, batch).await? {
        of_marketplace
            .entry(ready.offer.marketplace)
            .or_default()
            .push(ready);
    }
    for (marketplace, ready) in of_marketplace {
        let items = items(making, marketplace, ready).await?;
        let Some(rules) = rules(making, marketplace).await? else {
            return Ok(RunOutcome::Again(LIMITED_SECONDS));
        };
        let items = fitting(making, &rules, items).await?;
        let (outgoing, limited) = allowed(making, items).await?;
        feed::send(making, leased, marketplace, &rules, outgoing).await?;
        if limited {
            return Ok(RunOutcome::Again(LIMITED_SECONDS));
        }
    }
    Ok(RunOutcome::Done)
}

/// Says in each that a run has it; those that somebody changed meanwhile are left out.
async fn taken(making: &Making<'_>, batch: Vec<NewOffer>) -> Result<Vec<NewOffer>> {
    let (store, now) = (&making.app.store, Timestamp::now());
    let take = |read: NewOffer| async move {
        let taken = read.searching(now);
        let written = store.put_new_offer(&taken, Some(&read)).await?;
        Ok::<_, Error>((written == Written::Done).then_some(taken))
    };
    let taken = fan_out(batch, AT_ONCE, take).await?;
    Ok(taken.into_iter().flatten().collect())
}

/// Those that our own tables let be made.
async fn checked(making: &Making<'_>, batch: Vec<NewOffer>) -> Result<Vec<Ready>> {
    let prices = &Prices::load(making).await?;
    let look = |offer: NewOffer| async move {
        let (listing, inputs) = facts(making, &offer.sku).await?;
        let product = inputs.get(&offer.sku).and_then(|own| own.product.as_ref());
        let (tables, tenant) = (&making.app.store, &making.connection().tenant);
        let appeared = match product {
            Some(product) => tables.category_of(tenant, &prices.rules, product).await?,
            None => None,
        };
        let facts = Facts {
            appeared,
            listing: listing.as_ref(),
            inputs: &inputs,
            published: &making.offering.sending.published,
            rules: &prices.rules,
            pricing: prices.first(offer.marketplace),
            sends_first_prices: making.offering.settings.sends_first_prices,
        };
        let read = offer.clone();
        match check(offer, &facts, Timestamp::now()) {
            Ok(ready) => Ok::<_, Error>(Some(ready)),
            Err(not) => {
                store(making, &read, &not).await?;
                Ok(None)
            }
        }
    };
    let ready = fan_out(batch, AT_ONCE, look).await?;
    Ok(ready.into_iter().flatten().collect())
}

/// What decides the first price of an offer.
struct Prices {
    rules: SellingRules,
    marketplaces: Vec<MarketplaceSettings>,
    rates: Option<RevisedRates>,
}

impl Prices {
    async fn load(making: &Making<'_>) -> Result<Self> {
        let (store, key) = (&making.app.store, &making.key());
        let published = &making.offering.sending.published;
        Ok(Self {
            rules: store.published_rules(key, published.rules).await?,
            marketplaces: store.marketplaces(key).await?,
            rates: store.exchange_rates(&key.tenant).await?,
        })
    }

    /// As the marketplace's prices are decided; where they are left alone, the recommended one. `None`: it is switched off.
    fn first(&self, marketplace: Marketplace) -> Option<Pricing<'_>> {
        let mut settings = self.marketplaces.iter();
        let settings = settings.find(|it| it.marketplace == marketplace && it.active)?;
        let rates = self.rates.as_ref().map(|it| &it.rates);
        let pricing = self.rules.pricing(settings, rates, Timestamp::now());
        Some(match pricing.mode {
            PriceMode::Leave => Pricing {
                mode: PriceMode::Rrp,
                ..pricing
            },
            PriceMode::Rrp | PriceMode::Rules => pricing,
        })
    }
}

async fn facts(
    making: &Making<'_>,
    sku: &Sku,
) -> Result<(
    Option<stallkeeper::domain::listing::Listing>,
    HashMap<Sku, SkuInputs>,
)> {
    let (store, key) = (&making.app.store, making.key());
    let listing = store.listing(&key.listing(&sku.as_amazon_sku())).await?;
    let own = store.sku_inputs(&key.tenant, sku).await?;
    let mut all = HashMap::new();
    for part in own.parts() {
        let inputs = store.sku_inputs(&key.tenant, &part.sku).await?;
        all.insert(part.sku.clone(), inputs);
    }
    all.insert(sku.clone(), own);
    Ok((listing, all))
}

/// Stores what became of an offer; changed meanwhile, it is what somebody else made of it.
async fn store(making: &Making<'_>, read: &NewOffer, offer: &NewOffer) -> Result<()> {
    let _ = making.app.store.put_new_offer(offer, Some(read)).await?;
    Ok(())
}

/// Those whose item is known, or is found now.
async fn items(
    making: &Making<'_>,
    marketplace: Marketplace,
    ready: Vec<Ready>,
) -> Result<Vec<Ready>> {
    let unknown = ready.iter().filter(|it| it.offer.asin.is_none());
    let numbers: BTreeSet<String> = unknown.filter_map(|it| it.number.clone()).collect();
    let found = match numbers.is_empty() {
        true => HashMap::new(),
        false => search(making, marketplace, numbers).await?,
    };
    let mut known = Vec::with_capacity(ready.len());
    for mut one in ready {
        if one.offer.asin.is_some() {
            known.push(one);
            continue;
        }
        let now = Timestamp::now();
        let number = one.number.as_deref().unwrap_or_default();
        let next = match found.get(number) {
            None => continue,
            Some(Found::Refused) => one.offer.asks(
                "Amazon does not search by its number: name its ASIN, or list it in Seller Central",
                now,
            ),
            Some(Found::Items(items)) => one.offer.found(items.clone(), now),
        };
        if next.asin.is_some() {
            one.offer = next;
            known.push(one);
        } else {
            store(making, &one.offer, &next).await?;
        }
    }
    Ok(known)
}

/// What Amazon wants of an offer on a marketplace; `None`: its limit is reached.
async fn rules(making: &Making<'_>, marketplace: Marketplace) -> Result<Option<OfferRules>> {
    let seller = making.seller.seller().await?;
    let get = async |amazon: &SpApi, account: Account<'_>| {
        amazon
            .get_offer_definition(&account, seller, marketplace)
            .await
    };
    let operation = Operation::GetDefinitionsProductType;
    let outcome = making.seller.call(operation, making.waiting(), get).await?;
    let CallOutcome::Answered(answer) = outcome else {
        return Ok(None);
    };
    making.app.amazon.offer_rules(&answer.value).await.map(Some)
}

/// None, if Amazon would refuse all of them for what the settings say: they go on once those are mended, tried ever later.
async fn fitting(making: &Making<'_>, rules: &OfferRules, items: Vec<Ready>) -> Result<Vec<Ready>> {
    let Err(lacking) = rules.template(&making.offering.settings) else {
        return Ok(items);
    };
    for one in items {
        let why = format!("Amazon would refuse it: {lacking}");
        let later = one.offer.put_off(&why, Timestamp::now());
        store(making, &one.offer, &later).await?;
    }
    Ok(Vec::new())
}

/// Those that Amazon lets the seller offer and has no listing of; and whether a limit kept others from being asked for.
async fn allowed(making: &Making<'_>, items: Vec<Ready>) -> Result<(Vec<Outgoing>, bool)> {
    let mut outgoing = Vec::with_capacity(items.len());
    for ready in items {
        let Some(asin) = ready.offer.asin.clone() else {
            continue;
        };
        match allow(making, &ready.offer, &asin).await? {
            Step::On(()) => outgoing.push(Outgoing { ready, asin }),
            Step::Stored(not) => store(making, &ready.offer, &not).await?,
            Step::Limited => return Ok((outgoing, true)),
        }
    }
    Ok((outgoing, false))
}

/// Whether Amazon refuses what was asked, not who asks.
fn is_of_item(error: &Error) -> bool {
    refusal(error).is_some_and(|refusal| {
        refusal.operation == Operation::GetListingsRestrictions.name()
            && matches!(refusal.status, 400 | 404)
    })
}

async fn allow(making: &Making<'_>, offer: &NewOffer, asin: &Asin) -> Result<Step<()>> {
    let (session, waiting) = (&making.seller, making.waiting());
    let (seller, marketplace) = (session.seller().await?, offer.marketplace);
    let condition = making.offering.settings.condition;
    let ask = async |amazon: &SpApi, account: Account<'_>| {
        let ask = amazon.get_listings_restrictions(&account, seller, marketplace, asin, condition);
        ask.await
    };
    let operation = Operation::GetListingsRestrictions;
    let answer = match session.call(operation, waiting, ask).await {
        Ok(CallOutcome::Answered(answer)) => answer,
        Ok(CallOutcome::Limited(_)) => return Ok(Step::Limited),
        // Of this item alone: the others of the batch go on.
        Err(error) if is_of_item(&error) => {
            let not = refused(
                offer,
                "no_item",
                "Amazon knows no such item",
                Timestamp::now(),
            );
            return Ok(Step::Stored(not));
        }
        Err(error) => return Err(error),
    };
    if !answer.value.is_empty() {
        let restricted = offer.restricted(answer.value, Timestamp::now());
        return Ok(Step::Stored(Box::new(restricted)));
    }
    match take_item(making, offer, asin).await? {
        OtherSku::None => {}
        OtherSku::Found(why) => {
            return Ok(Step::Stored(Box::new(offer.asks(&why, Timestamp::now()))));
        }
        OtherSku::Limited => return Ok(Step::Limited),
    }
    // Just before it is sent: to send it to a listing that exists would replace all of that.
    let mut all: Vec<Marketplace> = making.connection().taken_part_in().collect();
    if !all.contains(&marketplace) {
        all.push(marketplace);
    }
    let sku = offer.sku.as_amazon_sku();
    match session.look_at(&sku, &all, &[marketplace], waiting).await? {
        CallOutcome::Limited(_) => Ok(Step::Limited),
        CallOutcome::Answered(shown) => Ok(match shown.value {
            None => Step::On(()),
            Some(_) => Step::Stored(Box::new(offer.shown(Timestamp::now()))),
        }),
    }
}
