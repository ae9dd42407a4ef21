//! What moved on days that are over, kept until one of them changes: reading it anew for each question would be most of
//! the work of an outlook.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::NaiveDate;
use shiryan_kernel::Result;
use shiryan_kernel::blood::{BloodGroup, Component};
use shiryan_kernel::time::{Moment, Zone, plus_days};

use super::silence::Silences;
use super::store::{self, Flow};
use crate::db::Conn;
use crate::stock::NOTED_WITHIN;

/// Flows older than this are not read: four years, the time in which days with an event count half, and eight weeks.
pub const HISTORY_DAYS: i64 = 1_517;

/// Flows of one component, by group.
pub type Flows = HashMap<BloodGroup, Vec<Flow>>;

/// Everything that is kept; cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Past(Arc<Mutex<Kept>>);

#[derive(Debug, Default)]
struct Kept {
    /// The roster's count of changes to days that were over, and the day on which it was read.
    of: Option<(u64, NaiveDate)>,
    flows: HashMap<Component, Arc<Flows>>,
    silences: Option<Arc<Silences>>,
}

impl Past {
    /// The flows of a component and the silences of every governorate, on days before `today`. `edition` is the roster's
    /// count of changes to such days, taken before. Nothing is kept while something of yesterday may still be on its way.
    ///
    /// # Errors
    /// As any read.
    pub fn read(
        &self,
        conn: &mut Conn,
        component: Component,
        edition: u64,
        (now, zone): (Moment, Zone),
    ) -> Result<(Arc<Flows>, Arc<Silences>)> {
        let today = zone.date(now);
        let of = Some((edition, today)).filter(|_| zone.date(now - NOTED_WITHIN) == today);
        let from = plus_days(today, -HISTORY_DAYS);
        let (flows, silences) = {
            let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let holds = of.is_some() && kept.of == of;
            let flows = kept.flows.get(&component).filter(|_| holds).cloned();
            (flows, kept.silences.clone().filter(|_| holds))
        };
        let flows = match flows {
            Some(flows) => flows,
            None => Arc::new(store::flows(conn, component, from, today)?),
        };
        let silences = match silences {
            Some(silences) => silences,
            None => Arc::new(store::silences(conn, today)?),
        };
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.of != of {
            *kept = Kept { of, ..Kept::default() };
        }
        kept.flows.insert(component, flows.clone());
        kept.silences = Some(silences.clone());
        Ok((flows, silences))
    }
}
