//! Keys and sealing: what leaves this process for a disk is either no secret or sealed here.
//!
//! One root key, HKDF labels per purpose. A donor's fields are sealed under the donor's own key, which
//! is itself sealed under the house key: destroying that one row erases the person. A sealed value is
//! bound to table, column, row and key version, so a value moved elsewhere does not open. Nothing here
//! knows a database or prints a secret.

mod cipher;
mod root;

use hkdf::Hkdf;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use shiryan_kernel::{Code, Problem, Result};
use zeroize::Zeroizing;

pub use cipher::Cipher;
pub use root::{RootKey, Salt, private_dir, private_file};

/// The version of the keys that new values are sealed under.
pub const KEY_VERSION: i32 = 1;

/// Clear text is padded to a multiple of this, so that a length says little.
const BLOCK: usize = 32;

/// Where a sealed value lives. Part of the seal: elsewhere it does not open.
#[derive(Debug, Clone, Copy)]
pub struct Place {
    pub table: &'static str,
    pub column: &'static str,
    pub row: i64,
}

impl Place {
    #[must_use]
    pub const fn of(table: &'static str, column: &'static str, row: i64) -> Self {
        Self { table, column, row }
    }

    fn bytes(self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(64);
        for part in [self.table, self.column] {
            bytes.extend_from_slice(part.as_bytes());
            bytes.push(0);
        }
        bytes.extend_from_slice(&self.row.to_be_bytes());
        bytes.extend_from_slice(&KEY_VERSION.to_be_bytes());
        bytes
    }
}

/// A key that seals: the house's or one donor's.
#[derive(Clone)]
pub struct SealingKey(Cipher);

impl std::fmt::Debug for SealingKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[sealed]")
    }
}

impl SealingKey {
    fn new(bytes: [u8; 32]) -> Self {
        Self(Cipher::new(bytes))
    }

    /// Seals `clear` for `place`: nonce, then padded and authenticated text.
    #[must_use]
    pub fn seal(&self, place: Place, clear: &[u8]) -> Vec<u8> {
        self.0.seal(&place.bytes(), &pad(clear))
    }

    /// Opens what was sealed for `place`.
    ///
    /// # Errors
    /// `identity_damaged` when it was changed, moved or sealed under another key.
    pub fn open(&self, place: Place, sealed: &[u8]) -> Result<Vec<u8>> {
        let damaged = || Problem {
            cause: Some(format!("{}.{} of row {} does not open", place.table, place.column, place.row)),
            ..Problem::new(Code::IdentityDamaged)
        };
        self.0.open(&place.bytes(), sealed).and_then(unpad).ok_or_else(damaged)
    }

    /// Seals a text.
    #[must_use]
    pub fn seal_text(&self, place: Place, clear: &str) -> Vec<u8> {
        self.seal(place, clear.as_bytes())
    }

    /// Opens a text.
    ///
    /// # Errors
    /// As [`SealingKey::open`].
    pub fn open_text(&self, place: Place, sealed: &[u8]) -> Result<String> {
        String::from_utf8(self.open(place, sealed)?).map_err(|_| Problem::new(Code::IdentityDamaged))
    }
}

/// ISO 7816-4 padding: a mark, then zeros to the block's end.
fn pad(clear: &[u8]) -> Zeroizing<Vec<u8>> {
    let size = (clear.len() / BLOCK + 1) * BLOCK;
    let mut padded = Vec::with_capacity(size);
    padded.extend_from_slice(clear);
    padded.push(0x80);
    padded.resize(size, 0);
    Zeroizing::new(padded)
}

fn unpad(mut padded: Vec<u8>) -> Option<Vec<u8>> {
    while padded.last() == Some(&0) {
        padded.pop();
    }
    (padded.pop() == Some(0x80)).then_some(padded)
}

/// The house's keys, made from the root key.
#[derive(Clone)]
pub struct Vault {
    root: RootKey,
    house: SealingKey,
    trace: SealingKey,
    wraps: SealingKey,
    tags: Hmac<Sha256>,
    digests: Hmac<Sha256>,
}

impl std::fmt::Debug for Vault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[sealed]")
    }
}

impl Vault {
    #[must_use]
    pub fn new(root: RootKey) -> Self {
        Self {
            house: SealingKey::new(derive(&root, "house")),
            trace: SealingKey::new(derive(&root, "trace")),
            wraps: SealingKey::new(derive(&root, "donor-keys")),
            tags: mac(derive(&root, "tags")),
            digests: mac(derive(&root, "digests")),
            root,
        }
    }

    /// A key of its own for one purpose, such as `tokens` or `cursors`.
    #[must_use]
    pub fn purpose(&self, label: &str) -> [u8; 32] {
        derive(&self.root, label)
    }

    /// Seals what belongs to no single donor: titles and places of activities.
    #[must_use]
    pub const fn house(&self) -> &SealingKey {
        &self.house
    }

    /// The blood bank's own: seals who an erased donor was, for as long as blood is traced.
    #[must_use]
    pub const fn trace(&self) -> &SealingKey {
        &self.trace
    }

    /// What the database keeps to know its key again; says nothing of the key.
    #[must_use]
    pub fn key_check(&self) -> String {
        hex(&derive(&self.root, "key-check"))
    }

    /// A new key for one donor, and the same sealed for `donors.donor_key`.
    #[must_use]
    pub fn new_donor_key(&self, donor: i64) -> (SealingKey, Vec<u8>) {
        let bytes: [u8; 32] = rand::random();
        let key = SealingKey::new(bytes);
        let wrapped = self.wraps.seal(Place::of("donors", "donor_key", donor), key.0.key());
        (key, wrapped)
    }

    /// The donor's key again.
    ///
    /// # Errors
    /// `identity_damaged` when the row was changed or belongs to another donor.
    pub fn donor_key(&self, donor: i64, wrapped: &[u8]) -> Result<SealingKey> {
        let bytes = Zeroizing::new(self.wraps.open(Place::of("donors", "donor_key", donor), wrapped)?);
        let bytes: [u8; 32] = bytes.as_slice().try_into().map_err(|_| Problem::new(Code::IdentityDamaged))?;
        Ok(SealingKey::new(bytes))
    }

    /// A donor's key, sealed anew under this vault's root.
    ///
    /// # Errors
    /// `identity_damaged` when `old` cannot open it.
    pub fn rewrap(&self, old: &Self, donor: i64, wrapped: &[u8]) -> Result<Vec<u8>> {
        let place = Place::of("donors", "donor_key", donor);
        Ok(self.wraps.seal(place, &Zeroizing::new(old.wraps.open(place, wrapped)?)))
    }

    /// What the house sealed under another root, sealed anew under this one. What `old` does not open stays as it
    /// is, and says so in the log.
    #[must_use]
    pub fn reseal(&self, old: &Self, place: Place, sealed: &[u8]) -> Vec<u8> {
        moved(&old.house, &self.house, place, sealed)
    }

    /// The same of a trace record.
    #[must_use]
    pub fn reseal_trace(&self, old: &Self, place: Place, sealed: &[u8]) -> Vec<u8> {
        moved(&old.trace, &self.trace, place, sealed)
    }

    /// The key of another root's digests, sealed under this one: what it digested can still be verified.
    #[must_use]
    pub fn keep_digests_of(&self, old: &Self, place: Place) -> Vec<u8> {
        self.house.seal(place, &derive(&old.root, "digests"))
    }

    /// The digests of an earlier root.
    ///
    /// # Errors
    /// `identity_damaged` when it was changed or moved.
    pub fn digests_kept(&self, place: Place, sealed: &[u8]) -> Result<Digests> {
        let bytes = Zeroizing::new(self.house.open(place, sealed)?);
        let bytes: [u8; 32] = bytes.as_slice().try_into().map_err(|_| Problem::new(Code::IdentityDamaged))?;
        Ok(Digests(mac(bytes)))
    }

    /// The digests of this root.
    #[must_use]
    pub fn digests(&self) -> Digests {
        Digests(self.digests.clone())
    }

    /// A keyed tag of an exact value, one key per field: equal values, equal tags; 16 bytes.
    #[must_use]
    pub fn tag(&self, field: &str, value: &str) -> Vec<u8> {
        let mut tag = keyed(&self.tags, &[field.as_bytes(), value.as_bytes()]);
        tag.truncate(16);
        tag
    }

    /// A keyed digest of parts, such as an audit line's.
    #[must_use]
    pub fn digest(&self, parts: &[&[u8]]) -> Vec<u8> {
        keyed(&self.digests, parts)
    }
}

fn moved(from: &SealingKey, to: &SealingKey, place: Place, sealed: &[u8]) -> Vec<u8> {
    match from.open(place, sealed) {
        Ok(clear) => to.seal(place, &Zeroizing::new(clear)),
        Err(problem) => {
            let cause = problem.cause.as_deref().unwrap_or_default();
            tracing::error!(cause, "left under the old root key");
            sealed.to_vec()
        }
    }
}

/// Keyed digests under one root.
#[derive(Clone)]
pub struct Digests(Hmac<Sha256>);

impl std::fmt::Debug for Digests {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[sealed]")
    }
}

impl Digests {
    /// As [`Vault::digest`].
    #[must_use]
    pub fn of(&self, parts: &[&[u8]]) -> Vec<u8> {
        keyed(&self.0, parts)
    }
}

fn mac(key: [u8; 32]) -> Hmac<Sha256> {
    // A key shorter than a block is one padded with zeros: the same as HMAC does, and it cannot fail.
    let mut block = [0; 64];
    block.split_at_mut(key.len()).0.copy_from_slice(&key);
    <Hmac<Sha256> as KeyInit>::new(&block.into())
}

/// Each part is written with its length, so that no two lists of parts look alike.
fn keyed(mac: &Hmac<Sha256>, parts: &[&[u8]]) -> Vec<u8> {
    let mut mac = mac.clone();
    for part in parts {
        mac.update(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        mac.update(part);
    }
    mac.finalize().into_bytes().to_vec()
}

fn derive(root: &RootKey, label: &str) -> [u8; 32] {
    let mut out = [0; 32];
    let expanded = Hkdf::<Sha256>::new(Some(b"shiryan/v1"), root.bytes()).expand(label.as_bytes(), &mut out);
    debug_assert!(expanded.is_ok(), "32 bytes is a length that HKDF can give");
    out
}

/// SHA-256.
#[must_use]
pub fn sha256(bytes: &[u8]) -> Vec<u8> {
    Sha256::digest(bytes).to_vec()
}

/// 256 random bits as 64 hexadecimal characters: a bearer's secret.
#[must_use]
pub fn random_token() -> String {
    hex(&rand::random::<[u8; 32]>())
}

/// Lower-case hexadecimal.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Reads hexadecimal; `None` for anything else.
#[must_use]
pub fn unhex(text: &str) -> Option<Vec<u8>> {
    if !text.bytes().all(|byte| byte.is_ascii_hexdigit()) || text.len() % 2 == 1 {
        return None;
    }
    (0..text.len() / 2).map(|n| u8::from_str_radix(text.get(n * 2..n * 2 + 2)?, 16).ok()).collect()
}

#[cfg(test)]
mod tests;
