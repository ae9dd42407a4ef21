//! Outlooks already worked out, kept under a digest of everything that they follow from.
//!
//! The digest is of the whole start (lots, drives, series, calendar, day, seed), so a changed shelf or a late line makes
//! another outlook; nothing kept here can be stale. Kept for the longest horizon: a shorter one is its beginning.

use std::collections::HashMap;
use std::hash::{Hash, Hasher};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::time::{Duration, Instant};

use sha2::{Digest as _, Sha256};
use shiryan_forecast::{Series, Sides};

use super::together::outlooks as work_out;
use super::{MOST_DAYS, Outlook, Start};

/// Six regions of four components, each with what is proposed and two scenarios; beyond that everything is forgotten and
/// begun again.
const MOST_KEPT: usize = 96;

type Key = [u8; 32];

#[derive(Default)]
struct Kept {
    outlooks: HashMap<Key, Arc<Vec<Outlook>>>,
    /// When the last of them was worked out.
    at: Option<Instant>,
}

/// Held by whoever works something out: that takes every core, and several who ask for the same would each do it.
static AT_WORK: Mutex<()> = Mutex::new(());
static KEPT: LazyLock<Mutex<Kept>> = LazyLock::new(Mutex::default);

/// The first `days` days of the outlooks of the groups of one component and area, side by side; `None` where nothing can be
/// projected.
pub fn outlooks(starts: &[Start], sides: &Sides, days: usize) -> Option<Vec<Outlook>> {
    let key = key(starts, sides);
    let held = || {
        let kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
        kept.outlooks.get(&key).cloned()
    };
    let whole = match held() {
        Some(whole) => whole,
        None => {
            let _turn = AT_WORK.lock().unwrap_or_else(PoisonError::into_inner);
            match held() {
                Some(whole) => whole,
                None => {
                    let whole = Arc::new(work_out(starts, sides, MOST_DAYS)?);
                    let mut kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
                    if kept.outlooks.len() >= MOST_KEPT {
                        kept.outlooks.clear();
                    }
                    kept.outlooks.insert(key, whole.clone());
                    kept.at = Some(Instant::now());
                    whole
                }
            }
        }
    };
    Some(whole.iter().map(|outlook| outlook.first(days)).collect())
}

/// How long ago the last outlook of this process was worked out.
pub fn age() -> Option<Duration> {
    KEPT.lock().unwrap_or_else(PoisonError::into_inner).at.map(|at| at.elapsed())
}

fn key(starts: &[Start], sides: &Sides) -> Key {
    let mut hasher = Digest(Sha256::new());
    sides.hash(&mut hasher);
    let mut shared = Shared::default();
    starts.iter().for_each(|start| add(start, &mut shared, &mut hasher));
    hasher.0.finalize().into()
}

/// Digests of what the groups of an area share, by where it lies: each is digested once for a key.
#[derive(Default)]
struct Shared(HashMap<*const (), Key>);

impl Shared {
    fn digest<T: ?Sized>(&mut self, of: &Arc<T>, add: impl FnOnce(&T, &mut Digest)) -> Key {
        *self.0.entry(Arc::as_ptr(of).cast()).or_insert_with(|| {
            let mut hasher = Digest(Sha256::new());
            add(of, &mut hasher);
            hasher.0.finalize().into()
        })
    }
}

fn add_series(series: &Series, hasher: &mut Digest) {
    format!("{:?}", series.axis()).hash(hasher);
    series.counts().len().hash(hasher);
    series.counts().iter().for_each(|count| count.map(f64::to_bits).hash(hasher));
}

/// What `Hash` writes, digested.
struct Digest(Sha256);

impl Hasher for Digest {
    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    fn finish(&self) -> u64 {
        0
    }
}

/// Every part of a start: a new one has to be named here.
fn add(start: &Start, shared: &mut Shared, hasher: &mut Digest) {
    let Start {
        component,
        group,
        today,
        lots,
        batches,
        supply,
        demand,
        supply_share,
        demand_share,
        recent_demand,
        calendars,
        bands,
        keeps_days,
        changes,
        seed,
    } = start;
    (component, today, group, seed, keeps_days).hash(hasher);
    lots.len().hash(hasher);
    for lot in lots {
        (lot.expiry, lot.units).hash(hasher);
    }
    for series in [supply, demand] {
        shared.digest(series, add_series).hash(hasher);
    }
    shared.digest(calendars, |own, hasher| own.hash(hasher)).hash(hasher);
    // Figures are written so that no two that differ are alike.
    format!("{batches:?} {bands:?} {changes:?} {supply_share:?} {demand_share:?} {recent_demand:?}")
        .hash(hasher);
}
