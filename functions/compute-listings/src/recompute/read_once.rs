//! What one recompute has read, so that nothing is read twice. Owns the reading; decides nothing.

use futures::lock::Mutex;
use jiff::Timestamp;
use stallkeeper::domain::connection::{ConnectionStatus, MarketplaceSettings};
use stallkeeper::domain::feed::{Feed, SentBy};
use stallkeeper::domain::ids::{ConnectionId, ConnectionKey, FeedId, Sku, TenantId};
use stallkeeper::domain::listing::Standing;
use stallkeeper::domain::product::Product;
use stallkeeper::domain::selection::ProductRules;
use stallkeeper::domain::selling_rules::SellingRules;
use stallkeeper::domain::stock_settings::Published;
use stallkeeper::error::Result;
use stallkeeper::store::{AskedCategory, RevisedRates, SkuInputs, Store};
use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;
use tokio::sync::OnceCell;

/// A connection for which stock is computed.
#[derive(Debug, Clone)]
pub(super) struct Seller {
    pub(super) published: Published,
    status: ConnectionStatus,
    frozen: bool,
}

impl Seller {
    /// Whether an urgent decrease may be sent now. If not, the first round that may send sends it.
    pub(super) fn sends_at_once(&self) -> bool {
        self.status.sends() && !self.frozen && !self.published.shadow
    }
}

/// What decides the prices of a connection's listings.
pub(super) struct PriceInputs {
    pub(super) rules: Arc<SellingRules>,
    marketplaces: Vec<MarketplaceSettings>,
}

impl PriceInputs {
    /// The marketplaces whose prices are ours to send.
    pub(super) fn priced(&self) -> impl Iterator<Item = &MarketplaceSettings> {
        let priced = self.rules.priced(&self.marketplaces);
        let settings = self.marketplaces.iter();
        settings.filter(move |it| priced.contains(&it.marketplace))
    }
}

pub(super) struct ReadOnce<'a> {
    store: &'a Store,
    tenant: &'a TenantId,
    inputs: Memory<Sku, SkuInputs>,
    sellers: Memory<ConnectionId, Option<Seller>>,
    rules: Memory<ConnectionId, SellingRules>,
    prices: Memory<ConnectionId, PriceInputs>,
    /// When categories appeared.
    categories: Memory<String, Option<Timestamp>>,
    /// Categories that were noted as asked about.
    asked: Memory<(ConnectionId, String), ()>,
    /// The tenant's.
    rates: OnceCell<Option<RevisedRates>>,
    feeds: Memory<(ConnectionId, FeedId), Option<Feed>>,
}

impl<'a> ReadOnce<'a> {
    pub(super) fn new(store: &'a Store, tenant: &'a TenantId) -> Self {
        Self {
            store,
            tenant,
            inputs: Memory::default(),
            sellers: Memory::default(),
            rules: Memory::default(),
            prices: Memory::default(),
            categories: Memory::default(),
            asked: Memory::default(),
            rates: OnceCell::new(),
            feeds: Memory::default(),
        }
    }

    pub(super) async fn inputs(&self, sku: &Sku) -> Result<Arc<SkuInputs>> {
        let read = self.store.sku_inputs(self.tenant, sku);
        self.inputs.get(sku.clone(), read).await
    }

    /// The connection, if stock is computed for it. It is computed also while the connection waits for its authorisation:
    /// what is to be sent is ready then.
    pub(super) async fn seller(&self, connection: &ConnectionId) -> Result<Arc<Option<Seller>>> {
        let read = self.read_seller(connection);
        self.sellers.get(connection.clone(), read).await
    }

    fn key(&self, connection: &ConnectionId) -> ConnectionKey {
        ConnectionKey::new(self.tenant, connection)
    }

    async fn read_seller(&self, id: &ConnectionId) -> Result<Option<Seller>> {
        let key = &self.key(id);
        let Some(connection) = self.store.connection(key).await? else {
            return Ok(None);
        };
        let status = connection.status;
        if !status.computes_stock() {
            return Ok(None);
        }
        let plan = self.store.stock_plan(key).await?;
        let Some(published) = plan.in_force().cloned() else {
            return Ok(None);
        };
        Ok(Some(Seller {
            published,
            status,
            frozen: plan.frozen.is_some(),
        }))
    }

    /// The selling rules in force.
    pub(super) async fn rules(
        &self,
        connection: &ConnectionId,
        published: &Published,
    ) -> Result<Arc<SellingRules>> {
        let key = self.key(connection);
        let read = self.store.published_rules(&key, published.rules);
        self.rules.get(connection.clone(), read).await
    }

    /// What the rules in force say of a product's stock.
    pub(super) async fn product_rules(
        &self,
        connection: &ConnectionId,
        published: &Published,
        product: Option<&Product>,
    ) -> Result<ProductRules> {
        let Some(product) = product else {
            return Ok(ProductRules::default());
        };
        let rules = Box::pin(self.rules(connection, published)).await?;
        let appeared = match rules.category_to_look_up(product) {
            Some(category) => {
                let read = self.store.category_appeared(self.tenant, &category);
                *Box::pin(self.categories.get(category.folded(), read)).await?
            }
            None => None,
        };
        Ok(rules.of_product(product, appeared))
    }

    /// Notes that a connection asks about a category, unless that was noted.
    pub(super) async fn note_asked(&self, asked: &AskedCategory) -> Result<()> {
        let which = (asked.connection.clone(), asked.category.folded());
        let note = self.store.note_asked_category(asked);
        Box::pin(self.asked.get(which, note)).await?;
        Ok(())
    }

    /// What decides the prices of a connection.
    pub(super) async fn prices(
        &self,
        connection: &ConnectionId,
        published: &Published,
    ) -> Result<Arc<PriceInputs>> {
        let key = self.key(connection);
        let read = async {
            Ok(PriceInputs {
                rules: Box::pin(self.rules(connection, published)).await?,
                marketplaces: self.store.marketplaces(&key).await?,
            })
        };
        self.prices.get(connection.clone(), read).await
    }

    /// The tenant's exchange rates, if any were uploaded.
    pub(super) async fn rates(&self) -> Result<Option<&RevisedRates>> {
        let read = || self.store.exchange_rates(self.tenant);
        let rates = self.rates.get_or_try_init(read).await?;
        Ok(rates.as_ref())
    }

    /// What became of what was sent last.
    pub(super) async fn standing(
        &self,
        connection: &ConnectionId,
        sent_by: Option<&SentBy>,
    ) -> Result<Standing> {
        let Some(id) = sent_by.and_then(SentBy::feed) else {
            return Ok(Standing::of(sent_by, None));
        };
        let (key, place) = (self.key(connection), (connection.clone(), id.clone()));
        let feed = self.feeds.get(place, self.store.feed(&key, id)).await?;
        Ok(Standing::of(sent_by, (*feed).as_ref()))
    }
}

/// Values that are read once, however many ask at the same time.
struct Memory<K, V>(Mutex<HashMap<K, Arc<OnceCell<Arc<V>>>>>);

impl<K, V> Default for Memory<K, V> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K: Eq + Hash, V> Memory<K, V> {
    async fn get(&self, key: K, read: impl Future<Output = Result<V>>) -> Result<Arc<V>> {
        let cell = self.0.lock().await.entry(key).or_default().clone();
        cell.get_or_try_init(|| async { read.await.map(Arc::new) })
            .await
            .cloned()
    }
}
