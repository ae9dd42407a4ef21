//! Outlooks already worked out, kept under everything that they follow from.
//!
//! The key is the whole start (lots, drives, series, calendar, day, seed), so a changed shelf or a late line makes another
//! outlook; nothing kept here can be stale. Kept for the longest horizon: a shorter one is its beginning.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use shiryan_forecast::Sides;

use super::together::outlooks as work_out;
use super::{MOST_DAYS, Outlook, Start};

/// Six regions of four components, each with what is proposed and two scenarios; beyond that everything is forgotten and
/// begun again.
const MOST_KEPT: usize = 96;

type Kept = HashMap<u64, (Vec<Start>, Sides, Arc<Vec<Outlook>>)>;

static KEPT: LazyLock<Mutex<Kept>> = LazyLock::new(Mutex::default);

/// The first `days` days of the outlooks of the groups of one component and area, side by side; `None` where nothing can be
/// projected.
pub fn outlooks(starts: &[Start], sides: &Sides, days: usize) -> Option<Vec<Outlook>> {
    let key = key(starts, sides);
    let kept = {
        let kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
        let same = kept.get(&key).filter(|(own, of, _)| own == starts && of == sides);
        same.map(|(.., outlook)| outlook.clone())
    };
    let whole = match kept {
        Some(whole) => whole,
        None => {
            let whole = Arc::new(work_out(starts, sides, MOST_DAYS)?);
            let mut kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
            if kept.len() >= MOST_KEPT {
                kept.clear();
            }
            kept.insert(key, (starts.to_vec(), sides.clone(), whole.clone()));
            whole
        }
    };
    Some(whole.iter().map(|outlook| outlook.first(days)).collect())
}

fn key(starts: &[Start], sides: &Sides) -> u64 {
    let mut hasher = DefaultHasher::new();
    sides.hash(&mut hasher);
    starts.iter().for_each(|start| add(start, &mut hasher));
    hasher.finish()
}

fn add(start: &Start, hasher: &mut DefaultHasher) {
    (start.component, start.today, start.group, start.seed, &start.calendar).hash(hasher);
    for lot in &start.lots {
        (lot.expiry, lot.units).hash(hasher);
    }
    for batch in &start.batches {
        (batch.ahead, batch.of).hash(hasher);
    }
    for series in [&start.supply, &start.demand] {
        series.counts().iter().for_each(|count| count.map(f64::to_bits).hash(hasher));
    }
}
