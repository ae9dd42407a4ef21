//! What moved on days that are over, and what follows from it alone, kept until one of those days changes: reading and
//! adding it up anew for each question would be most of the work of an outlook.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use chrono::NaiveDate;
use shiryan_forecast::{Axis, Calendar, Series};
use shiryan_kernel::Result;
use shiryan_kernel::blood::{BloodGroup, Component};
use shiryan_kernel::time::{Moment, Zone, plus_days};

use super::moved::series;
use super::silence::Silences;
use super::store::{self, Flow};
use super::{Area, days, recent_demand, shares};
use crate::db::Conn;
use crate::places::calendar;
use crate::stock::NOTED_WITHIN;

/// Flows older than this are not read: four years, the time in which days with an event count half, and eight weeks.
pub const HISTORY_DAYS: i64 = 1_517;

/// Days ahead of which the calendar is read: cover looks beyond the longest projection.
const CALENDAR_DAYS: i64 = 200;

/// Everything that is kept; cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Past(Arc<Mutex<Kept>>);

#[derive(Debug, Default)]
struct Kept {
    /// The roster's count of changes to days that were over, and the day on which it was read.
    of: Option<(u64, NaiveDate)>,
    moved: HashMap<Component, Arc<Moved>>,
    silences: Option<Arc<Silences>>,
    calendars: Option<Calendars>,
}

/// The days that move counts, and what they were read from.
#[derive(Debug)]
struct Calendars {
    of: calendar::Calendar,
    today: NaiveDate,
    days: Arc<[Calendar]>,
}

impl Past {
    /// What moved of a component before `today`. `edition` is the roster's count of changes to such days, taken before.
    /// Nothing is kept while something of yesterday may still be on its way.
    ///
    /// # Errors
    /// As any read.
    pub fn read(
        &self,
        conn: &mut Conn,
        component: Component,
        edition: u64,
        (now, zone): (Moment, Zone),
    ) -> Result<Arc<Moved>> {
        let today = zone.date(now);
        let of = Some((edition, today)).filter(|_| zone.date(now - NOTED_WITHIN) == today);
        let (moved, silences) = {
            let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let holds = of.is_some() && kept.of == of;
            let moved = kept.moved.get(&component).filter(|_| holds).cloned();
            (moved, kept.silences.clone().filter(|_| holds))
        };
        if let Some(moved) = moved {
            return Ok(moved);
        }
        let silences = match silences {
            Some(silences) => silences,
            None => Arc::new(store::silences(conn, today)?),
        };
        let flows = store::flows(conn, component, plus_days(today, -HISTORY_DAYS), today)?;
        let moved = Arc::new(Moved::new(flows, silences.clone(), today));
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.of != of {
            *kept = Kept { of, calendars: kept.calendars.take(), ..Kept::default() };
        }
        kept.moved.insert(component, moved.clone());
        kept.silences = Some(silences);
        Ok(moved)
    }

    /// The days of a calendar that move counts, from the first day that is read on.
    pub fn calendars(&self, calendar: &calendar::Calendar, today: NaiveDate) -> Arc<[Calendar]> {
        let kept = |kept: &Kept| {
            let own = kept.calendars.as_ref().filter(|own| own.today == today && own.of == *calendar);
            own.map(|own| own.days.clone())
        };
        if let Some(days) = kept(&self.0.lock().unwrap_or_else(PoisonError::into_inner)) {
            return days;
        }
        let (from, to) = (plus_days(today, -HISTORY_DAYS), plus_days(today, CALENDAR_DAYS));
        let days: Arc<[Calendar]> = days::under_each_moon(calendar, from, to, today).into();
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.calendars = Some(Calendars { of: calendar.clone(), today, days: days.clone() });
        days
    }
}

/// What moved of one component on days that are over.
#[derive(Debug)]
pub struct Moved {
    pub silences: Arc<Silences>,
    /// Units of each group in the whole country, old ones fading: received from elsewhere than drives, and issued.
    pub country: BTreeMap<BloodGroup, (f64, f64)>,
    flows: HashMap<BloodGroup, Vec<Flow>>,
    today: NaiveDate,
    here: Mutex<HashMap<Area, Arc<Here>>>,
}

/// What moved in one area.
#[derive(Debug)]
pub struct Here {
    /// What came in from elsewhere than drives and what was asked for, all groups together.
    pub totals: (Arc<Series>, Arc<Series>),
    /// Of the groups of which anything ever moved.
    pub groups: BTreeMap<BloodGroup, GroupMoved>,
}

/// What moved in one area of one group.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GroupMoved {
    /// Units a day that were asked for lately.
    pub recent_demand: f64,
    /// Units received from elsewhere than drives, and issued; old ones fading.
    pub weights: (f64, f64),
}

impl Moved {
    fn new(flows: HashMap<BloodGroup, Vec<Flow>>, silences: Arc<Silences>, today: NaiveDate) -> Self {
        let country = flows.iter().map(|(group, flows)| (*group, in_country(flows, today))).collect();
        Self { silences, country, flows, today, here: Mutex::default() }
    }

    /// The flows of a group in an area.
    pub fn flows(&self, area: Area, group: BloodGroup) -> impl Iterator<Item = &Flow> {
        let all = self.flows.get(&group).map_or(&[][..], Vec::as_slice);
        all.iter().filter(move |flow| area.has(flow.governorate))
    }

    /// What moved in an area.
    pub fn here(&self, area: Area) -> Arc<Here> {
        let mut kept = self.here.lock().unwrap_or_else(PoisonError::into_inner);
        kept.entry(area).or_insert_with(|| Arc::new(self.add_up(area))).clone()
    }

    fn add_up(&self, area: Area) -> Here {
        let of = |flows: &[&Flow]| series(flows, &self.silences, self.today);
        let all: Vec<&Flow> = self.flows.keys().flat_map(|group| self.flows(area, *group)).collect();
        let nothing = || Series::new(Axis::Dated(plus_days(self.today, -1)), [Some(0.0)]);
        let (supply, demand) = of(&all).unwrap_or_else(|| (nothing(), nothing()));
        let mut groups = BTreeMap::new();
        for group in self.flows.keys() {
            let own: Vec<&Flow> = self.flows(area, *group).collect();
            if let Some((supply, demand)) = of(&own) {
                let weights = (shares::weight(&supply), shares::weight(&demand));
                groups.insert(*group, GroupMoved { recent_demand: recent_demand(&demand), weights });
            }
        }
        Here { totals: (Arc::new(supply), Arc::new(demand)), groups }
    }
}

fn in_country(flows: &[Flow], today: NaiveDate) -> (f64, f64) {
    flows.iter().fold((0.0, 0.0), |(received, issued), flow| {
        let ago = i32::try_from((today - flow.on).num_days()).unwrap_or(0);
        let fades = shares::FADES.powi(ago);
        let own = f64::from(flow.received - flow.from_drives);
        (received + own * fades, issued + f64::from(flow.issued) * fades)
    })
}
