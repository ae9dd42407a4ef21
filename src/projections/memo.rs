//! Outlooks already worked out, kept under everything that they follow from.
//!
//! The key is the whole start (lots, drives, series, calendar, day, seed), so a changed shelf or a late line makes another
//! outlook; nothing kept here can be stale. Kept for the longest horizon: a shorter one is its beginning.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use super::{MOST_DAYS, Outlook, Start, outlook as work_out};

/// Six regions of 32 cells fit; beyond that everything is forgotten and begun again.
const MOST_KEPT: usize = 256;

type Kept = HashMap<u64, (Start, Arc<Outlook>)>;

static KEPT: LazyLock<Mutex<Kept>> = LazyLock::new(Mutex::default);

/// The first `days` days of the outlook; `None` where the start cannot be projected.
pub fn outlook(start: &Start, days: usize) -> Option<Outlook> {
    let key = key(start);
    let kept = {
        let kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
        kept.get(&key).filter(|(same, _)| same == start).map(|(_, outlook)| outlook.clone())
    };
    let whole = match kept {
        Some(whole) => whole,
        None => {
            let whole = Arc::new(work_out(start, MOST_DAYS)?);
            let mut kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
            if kept.len() >= MOST_KEPT {
                kept.clear();
            }
            kept.insert(key, (start.clone(), whole.clone()));
            whole
        }
    };
    Some(whole.first(days))
}

fn key(start: &Start) -> u64 {
    let mut hasher = DefaultHasher::new();
    (start.component, start.today, start.seed, &start.calendar).hash(&mut hasher);
    for lot in &start.lots {
        (lot.expiry, lot.units).hash(&mut hasher);
    }
    for batch in &start.batches {
        (batch.ahead, batch.of).hash(&mut hasher);
    }
    for series in [&start.supply, &start.demand] {
        series.counts().iter().for_each(|count| count.map(f64::to_bits).hash(&mut hasher));
    }
    hasher.finish()
}
