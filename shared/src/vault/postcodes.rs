//! Digests of postcodes, by which orders are found.
//!
//! There are so few postcodes that a plain digest is undone by trying them all. So each tenant has a random key, made with its
//! first order and sealed by KMS: who reads the tables learns no postcode, and no two tenants have the same digest of one.
//! A key is opened once an environment; an order costs no call of KMS.

use super::{Vault, of_tenant};
use crate::domain::ids::TenantId;
use crate::domain::order::{Postcode, PostcodeDigest};
use crate::error::{Error, Result};
use crate::store::{Store, Written};
use aws_lc_rs::{hmac, rand};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use secrecy::{ExposeSecret as _, SecretString};
use std::fmt;

const KEY_BYTES: usize = 32;
/// Enough that no two postcodes of a tenant meet.
const DIGEST_BYTES: usize = 16;

/// What makes a tenant's digests.
#[derive(Clone)]
pub struct PostcodeKey(hmac::Key);

impl PostcodeKey {
    /// The same for every spelling of a postcode.
    pub fn digest(&self, postcode: &Postcode) -> PostcodeDigest {
        let tag = hmac::sign(&self.0, postcode.expose().as_bytes());
        PostcodeDigest::new(URL_SAFE_NO_PAD.encode(&tag.as_ref()[..DIGEST_BYTES]))
    }

    fn opened(secret: &SecretString) -> Result<Self> {
        let bytes = STANDARD.decode(secret.expose_secret());
        let bytes = bytes.map_err(|_| Error::permanent("open a key", "it is not base64"))?;
        Ok(Self(hmac::Key::new(hmac::HMAC_SHA256, &bytes)))
    }
}

impl fmt::Debug for PostcodeKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PostcodeKey([redacted])")
    }
}

impl Vault {
    /// The key of a tenant's postcodes; none if no order of it ever had one.
    pub async fn postcode_key(
        &self,
        store: &Store,
        tenant: &TenantId,
    ) -> Result<Option<PostcodeKey>> {
        let mut known = self.postcode_keys.lock().await;
        if known.get(tenant).is_none()
            && let Some(key) = self.stored_postcode_key(store, tenant).await?
        {
            known.insert(tenant.clone(), key);
        }
        Ok(known.get(tenant).cloned())
    }

    /// The key of a tenant's postcodes, made if there is none. Of two environments that make one at the same moment, both get
    /// the one that is stored; within one, the first makes it for all.
    pub async fn made_postcode_key(&self, store: &Store, tenant: &TenantId) -> Result<PostcodeKey> {
        let mut known = self.postcode_keys.lock().await;
        if let Some(key) = known.get(tenant) {
            return Ok(key.clone());
        }
        for () in Written::attempts() {
            if let Some(key) = self.stored_postcode_key(store, tenant).await? {
                known.insert(tenant.clone(), key.clone());
                return Ok(key);
            }
            let mut bytes = [0; KEY_BYTES];
            rand::fill(&mut bytes).map_err(|error| Error::retryable("make a key", error))?;
            let secret = SecretString::from(STANDARD.encode(bytes));
            let sealed = self.encrypt(of_tenant(tenant), &secret).await?;
            let (Written::Done | Written::Conflict) =
                store.make_postcode_key(tenant, &sealed).await?;
        }
        Err(Written::given_up("make a key"))
    }

    async fn stored_postcode_key(
        &self,
        store: &Store,
        tenant: &TenantId,
    ) -> Result<Option<PostcodeKey>> {
        let Some(sealed) = store.postcode_key(tenant).await? else {
            return Ok(None);
        };
        let opened = self.decrypt(of_tenant(tenant), &sealed).await?;
        PostcodeKey::opened(&opened).map(Some)
    }
}
