//! What the reserve is told from, read once and kept until something of it changes or time has passed.
//!
//! Shelves and donors are counted by the roster; demand, roads, silent sites and the ledger of levels are read from the
//! tables. All of them move the feed when they change, and the roster follows it, so an answer is never older than the
//! last write that this process acknowledged. Demand is told from days that are over, so it is read once a day and when
//! such a day's flows change; of movements only the last are read again. What changes with time alone (a unit's last moment, a site that falls
//! silent) is read anew once an answer is a second old: by one reader, while the others are told what was; after three
//! seconds nobody is. Without that, all who ask in one moment read all of it, and it is old again before they are through.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use chrono::{NaiveDate, TimeDelta};
use flate2::Compression;
use flate2::write::GzEncoder;
use shiryan_kernel::Result;
use shiryan_kernel::blood::{BloodGroup, Component, DonationType};
use shiryan_kernel::place::Governorate;
use shiryan_kernel::time::{Moment, Zone, plus_days};

use super::levels::{self, store::Row};
use super::rules::{
    DEMAND_DAYS, EligibleCount, HORIZONS, IssueCount, RECENT_DAYS, RegisteredCount, areas, cells,
};
use super::store::Heard;
use super::{Ask, COMPONENTS, Cell, Levels, Picture, Scope, Site, rules, store};
use crate::db::{Conn, Db, feed};
use crate::places::closures::{self, Roads};
use crate::projections::{self, ShelfLot};
use crate::roster::{Index, Roster};
use crate::settings::Travel;
use crate::stock::NOTED_WITHIN;

/// So old facts are when somebody has to read them anew, and so old when nobody is told from them any more.
const GOOD_FOR: TimeDelta = TimeDelta::seconds(1);
const HOLDS_FOR: TimeDelta = TimeDelta::seconds(3);
/// For so long a count of screened donors holds: they change with a test, a titre or a consent.
const COUNTED_FOR: TimeDelta = TimeDelta::minutes(1);
/// What was usual of a place that is silent is told from so many days.
const YEAR_DAYS: i64 = 365;

/// Where everything about the reserve comes from; cheap to clone.
#[derive(Debug, Clone)]
pub struct Sources {
    pub db: Db,
    pub roster: Roster,
    pub levels: Arc<Levels>,
    pub zone: Zone,
    /// What a distance means on the road.
    pub travel: Travel,
    kept: Arc<Mutex<Kept>>,
    /// Held by whoever reads the facts anew.
    turn: Arc<Mutex<()>>,
    is_renewed: Arc<AtomicBool>,
    /// Screened donors by governorate, and when they were counted.
    screened: Arc<Mutex<Option<(Moment, Screened)>>>,
}

/// Donors of group O and low titre who are ready to be called.
pub type Screened = Arc<BTreeMap<Governorate, u32>>;

#[derive(Debug, Default)]
struct Kept {
    /// The roster's edition.
    edition: u64,
    facts: Option<Arc<Facts>>,
    said: HashMap<Ask, Bytes>,
    past: Option<Arc<Past>>,
}

/// What follows from days that are over, and what was heard of sites until a moment.
#[derive(Debug)]
struct Past {
    /// The roster's count of changes to those days.
    edition: u64,
    days: Arc<Days>,
    heard: Heard,
    until: Moment,
}

/// What is told from days that are over.
#[derive(Debug)]
struct Days {
    issues: Vec<IssueCount>,
    known: HashMap<Governorate, [u32; 2]>,
    usual: HashMap<(Governorate, Component, BloodGroup), f64>,
    week_ago: store::Cells,
}

impl Days {
    fn read(conn: &mut Conn, today: NaiveDate, zone: Zone) -> Result<Self> {
        let silences = projections::silences(conn, today)?;
        let since = |days: i64| plus_days(today, -days);
        let known =
            |own: Governorate| [DEMAND_DAYS, RECENT_DAYS].map(|days| silences.heard(own, since(days), today));
        let year = since(YEAR_DAYS);
        let gone = Governorate::ALL.iter().copied().filter(|own| {
            silences.heard(*own, since(DEMAND_DAYS), today) == 0 && silences.heard(*own, year, today) > 0
        });
        let gone: Vec<Governorate> = gone.collect();
        let mut usual = if gone.is_empty() { HashMap::new() } else { store::issued_from(conn, year, today)? };
        usual.retain(|cell, _| gone.contains(&cell.0));
        let a_day = |(cell, units): ((Governorate, Component, BloodGroup), u32)| {
            (cell, f64::from(units) / f64::from(silences.heard(cell.0, year, today).max(1)))
        };
        Ok(Self {
            issues: store::issues(conn, today)?,
            known: Governorate::ALL.iter().map(|own| (*own, known(*own))).collect(),
            usual: usual.into_iter().map(a_day).collect(),
            week_ago: store::usable_as_began(conn, since(RECENT_DAYS), zone)?,
        })
    }
}

impl Past {
    /// As of now; reads only what `before` does not tell.
    fn read(
        conn: &mut Conn,
        before: Option<&Self>,
        edition: u64,
        (now, zone): (Moment, Zone),
        silent_after: TimeDelta,
    ) -> Result<Self> {
        let today = zone.date(now);
        let before = before.filter(|own| own.edition == edition);
        // A day is over once nothing of it can still be on its way into the tables.
        let days = match before.filter(|own| zone.date(own.until - NOTED_WITHIN) == today) {
            Some(own) => own.days.clone(),
            None => Arc::new(Days::read(conn, today, zone)?),
        };
        let heard = match before.filter(|own| own.until <= now) {
            Some(own) => {
                let mut heard = own.heard.clone();
                heard.extend(store::heard(conn, own.until - NOTED_WITHIN)?);
                heard
            }
            None => store::heard(conn, now - silent_after)?,
        };
        Ok(Self { edition, days, heard, until: now })
    }
}

impl Kept {
    /// The facts, where they are of this edition and younger.
    fn held(&self, edition: u64, now: Moment, younger: TimeDelta) -> Option<&Arc<Facts>> {
        let facts = self.facts.as_ref().filter(|_| self.edition == edition)?;
        let age = now - facts.as_of;
        (TimeDelta::zero() <= age && age < younger).then_some(facts)
    }
}

/// The bytes of an answer, as they are and made smaller once somebody asks for that; cheap to clone.
#[derive(Debug, Clone)]
pub struct Bytes {
    pub plain: Arc<[u8]>,
    gzip: Arc<OnceLock<Option<Arc<[u8]>>>>,
}

impl Bytes {
    /// Of these.
    #[must_use]
    pub fn new(plain: Vec<u8>) -> Self {
        Self { plain: plain.into(), gzip: Arc::default() }
    }

    /// As gzip makes them.
    #[must_use]
    pub fn gzip(&self) -> Option<Arc<[u8]>> {
        let make = || {
            let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
            encoder.write_all(&self.plain).ok()?;
            Some(encoder.finish().ok()?.into())
        };
        self.gzip.get_or_init(make).clone()
    }
}

/// An answer that was given before.
#[derive(Debug, Clone)]
pub struct Said {
    pub bytes: Bytes,
    /// Whether it is time to read the facts anew.
    pub is_due: bool,
}

/// All that cells follow from, at one moment.
#[derive(Debug)]
pub struct Facts {
    pub as_of: Moment,
    /// The number of the latest change that was seen before they were read.
    pub position: i64,
    pub facts: rules::Facts,
    pub roads: Roads,
    pub silent: Vec<Site>,
    standing: HashMap<levels::Key, Row>,
}

impl Sources {
    /// From these.
    #[must_use]
    pub fn new(db: &Db, roster: &Roster, levels: &Arc<Levels>, zone: Zone, travel: Travel) -> Self {
        let (db, roster, levels) = (db.clone(), roster.clone(), levels.clone());
        Self {
            db,
            roster,
            levels,
            zone,
            travel,
            kept: Arc::default(),
            turn: Arc::default(),
            is_renewed: Arc::default(),
            screened: Arc::default(),
        }
    }

    /// The screened donors of `now`, or of up to [`COUNTED_FOR`] before: counted once, however many ask at once. On this
    /// thread, which may block.
    ///
    /// # Errors
    /// As any read.
    pub fn screened(
        &self,
        now: Moment,
        count: impl FnOnce(&mut Conn) -> Result<BTreeMap<Governorate, u32>>,
    ) -> Result<Screened> {
        let mut kept = self.screened.lock().unwrap_or_else(PoisonError::into_inner);
        let is_young = |at: Moment| (TimeDelta::zero()..COUNTED_FOR).contains(&(now - at));
        if let Some((_, counted)) = kept.as_ref().filter(|(at, _)| is_young(*at)) {
            return Ok(counted.clone());
        }
        let counted = Arc::new(self.db.read_now(count)?);
        *kept = Some((now, counted.clone()));
        Ok(counted)
    }

    /// The bytes of an answer that were made of what still holds; reads nothing.
    #[must_use]
    pub fn said(&self, ask: &Ask) -> Option<Said> {
        let edition = self.roster.glance(&self.db, |index| index.edition)?;
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let now = self.db.now();
        kept.held(edition, now, HOLDS_FOR)?;
        let is_due = kept.held(edition, now, GOOD_FOR).is_none();
        kept.said.get(ask).map(|bytes| Said { bytes: bytes.clone(), is_due })
    }

    /// Whether the caller is the one to read the facts anew, and says so when it is done, by dropping this.
    #[must_use]
    pub fn renew(&self) -> Option<Renewal> {
        let is_other = self.is_renewed.swap(true, Ordering::AcqRel);
        (!is_other).then(|| Renewal(self.is_renewed.clone()))
    }

    /// Keeps the bytes of an answer made of these facts, for as long as those hold.
    pub fn keep(&self, ask: Ask, facts: &Arc<Facts>, bytes: &Bytes) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.facts.as_ref().is_some_and(|own| Arc::ptr_eq(own, facts)) && kept.said.len() < MOST_SAID {
            kept.said.insert(ask, bytes.clone());
        }
    }

    /// The facts of now, on this thread, which may block.
    ///
    /// # Errors
    /// As any read.
    pub fn facts(&self) -> Result<Arc<Facts>> {
        let held = || -> Result<(u64, Option<Arc<Facts>>)> {
            let edition = self.roster.look(&self.db, self.zone, |index| index.edition)?;
            let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
            Ok((edition, kept.held(edition, self.db.now(), GOOD_FOR).cloned()))
        };
        if let (_, Some(facts)) = held()? {
            return Ok(facts);
        }
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        // Whoever had the turn read them for all who waited. The edition before the rest: what changes while that is
        // read asks for another reading.
        let (edition, facts) = held()?;
        if let Some(facts) = facts {
            return Ok(facts);
        }
        let now = self.db.now();
        let today = self.zone.date(now);
        let (past, counted) = self
            .roster
            .look(&self.db, self.zone, |index| (index.past_edition, Counted::of(index, now, self.zone)))?;
        let before = self.kept.lock().unwrap_or_else(PoisonError::into_inner).past.clone();
        let silent_after = self.levels.silent_after();
        let heard_from = now - silent_after;
        let (past, facts) = self.db.read_now(|conn: &mut Conn| {
            let position = feed::latest(conn)?;
            let past = Past::read(conn, before.as_deref(), past, (now, self.zone), silent_after)?;
            let sites = store::sites(conn)?;
            let is_heard = |site: &Site| past.heard.get(&site.id).is_some_and(|at| *at >= heard_from);
            let mut silent_places: BTreeSet<Governorate> = Governorate::ALL.iter().copied().collect();
            for moved in store::moved_places(conn, self.zone.date(heard_from))? {
                silent_places.remove(&moved);
            }
            for site in sites.iter().filter(|site| is_heard(site)) {
                silent_places.remove(&site.governorate);
            }
            let facts = Facts {
                as_of: now,
                position,
                facts: rules::Facts {
                    today,
                    shelf: counted.shelf,
                    issues: past.days.issues.clone(),
                    known: past.days.known.clone(),
                    usual: past.days.usual.clone(),
                    week_ago: past.days.week_ago.clone(),
                    eligible: counted.eligible,
                    registered: counted.registered,
                    silent: silent_places,
                    bands: self.levels.bands,
                },
                roads: closures::roads(conn, now)?,
                silent: sites.into_iter().filter(|site| !is_heard(site)).collect(),
                standing: levels::store::all(conn)?,
            };
            Ok((past, facts))
        })?;
        let facts = Arc::new(facts);
        *self.kept.lock().unwrap_or_else(PoisonError::into_inner) =
            Kept { edition, facts: Some(facts.clone()), said: HashMap::new(), past: Some(Arc::new(past)) };
        Ok(facts)
    }
}

/// Held by whoever reads the facts anew.
#[derive(Debug)]
pub struct Renewal(Arc<AtomicBool>);

impl Drop for Renewal {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Release);
    }
}

/// Answers kept at once: every form of the question, and no more than that.
const MOST_SAID: usize = 512;

impl Facts {
    /// The cells that are asked for.
    #[must_use]
    pub fn picture(&self, ask: &Ask, levels: &Levels) -> Picture {
        let components =
            COMPONENTS.into_iter().filter(|own| ask.component.is_none_or(|asked| asked == *own)).collect();
        let groups: Vec<BloodGroup> = BloodGroup::ALL
            .iter()
            .copied()
            .filter(|own| ask.group.is_none_or(|asked| asked == *own))
            .collect();
        let scope = Scope { areas: areas(ask.by, ask.within, &self.roads), components, groups };
        let mut cells: Vec<Cell> = cells(&self.facts, &scope);
        levels::stand(&self.standing, &mut cells, levels, self.as_of);
        Picture { as_of: self.as_of, cells, silent: self.silent.clone() }
    }

    /// How each cell stands in the ledger.
    #[must_use]
    pub const fn standing(&self) -> &HashMap<levels::Key, Row> {
        &self.standing
    }
}

/// What the roster counts.
struct Counted {
    shelf: Vec<ShelfLot>,
    eligible: Vec<EligibleCount>,
    registered: Vec<RegisteredCount>,
}

impl Counted {
    fn of(index: &Index, now: Moment, zone: Zone) -> Self {
        let today = zone.date(now);
        let days = HORIZONS.map(|ahead| plus_days(today, ahead));
        let open = DonationType::ALL.iter().flat_map(|donation| {
            index.donors.open(*donation, days).map(|(group, governorate, on)| EligibleCount {
                governorate,
                group,
                donation: *donation,
                on,
            })
        });
        let registered = index.donors.registered().map(|row| RegisteredCount {
            governorate: row.governorate,
            group: row.group,
            donors: row.donors,
        });
        let shelf = projections::shelf(index, None, now, zone);
        Self { shelf, eligible: open.collect(), registered: registered.collect() }
    }
}
