//! What every handler works with: one value, shared by all workers.

use std::sync::Arc;

use chrono::Duration;
use serde::Serialize;
use serde::de::DeserializeOwned;
use shiryan_kernel::blood::Component;
use shiryan_kernel::page::Page;
use shiryan_kernel::shelf::Keeping;
use shiryan_kernel::time::Zone;
use shiryan_kernel::{Code, Problem, Result};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::health::Pulse;
use super::{Cursors, Freshness};
use crate::accounts::{Budget, Principal, Sessions};
use crate::db::{Db, Isolation, Lane, Tx, off_loop, once};
use crate::donations::Desk;
use crate::donations::questions::Questionnaire;
use crate::donors::{self, Names, TitreLimits};
use crate::drives::{Ground, Limits, Reminders};
use crate::eligibility::Rulebook;
use crate::mail::Post;
use crate::places::calendar::Calendar;
use crate::projections::{Given, Past, shelf};
use crate::reserve::{Levels, Sources};
use crate::roster::{Index, Roster};
use crate::settings::Settings;
use crate::vault::Vault;

/// Files that may be in the making, or on their way, at once.
pub const FILES: usize = 2;

/// The installation as handlers see it.
#[derive(Debug)]
pub struct House {
    pub db: Db,
    pub vault: Vault,
    pub zone: Zone,
    pub settings: Arc<Settings>,
    /// Who may give what: the rule sets and the catalogue of causes.
    pub rules: Arc<Rulebook>,
    /// How bags are filled and kept.
    pub keeping: Arc<Keeping>,
    /// What donors are asked at a drive.
    pub questions: Arc<Questionnaire>,
    /// Hijri months, feasts, holidays, before what was sighted.
    pub calendar: Arc<Calendar>,
    /// What the levels of the reserve mean, and what is done at each.
    pub levels: Arc<Levels>,
    /// Names in memory, to be searched.
    pub names: Names,
    /// Who may give and what lies on the shelves, in memory.
    pub roster: Roster,
    /// What the reserve is told from.
    pub reserve: Sources,
    /// What moved on days that are over.
    pub past: Past,
    /// How letters leave the house.
    pub post: Post,
    pub sessions: Sessions,
    pub cursors: Cursors,
    /// A demo's world: its pages say so, and its API description is open.
    pub is_demo: bool,
    /// Whether the root key lies beside the data.
    pub key_on_same_disk: bool,
    /// Whether writes go through, and the clock runs evenly.
    pub pulse: Arc<Pulse>,
    /// Room for files that are being made and sent.
    pub files: Arc<Semaphore>,
    /// How often a facility asks what is available.
    pub asked: Arc<Budget>,
    /// Links of donors that were opened or followed, by the address of whoever did.
    pub links: Arc<Budget>,
    /// Clicks of mail programs that stop letters, by the address of the program.
    pub stops: Arc<Budget>,
}

impl House {
    /// The civil date now.
    #[must_use]
    pub fn today(&self) -> chrono::NaiveDate {
        self.zone.date(self.db.now())
    }

    /// What is told with every figure of the reserve.
    ///
    /// # Errors
    /// As any read.
    pub async fn freshness(&self) -> Result<Freshness> {
        let sources = self.reserve.clone();
        off_loop(move || Ok(Freshness::from(&*sources.facts()?))).await
    }

    /// What outlooks of a component follow from beside what is read for them.
    ///
    /// # Errors
    /// As any read.
    pub async fn given(&self, component: Component) -> Result<Given> {
        let (now, zone) = (self.db.now(), self.zone);
        let of = move |index: &Index| (index.past_edition, shelf(index, Some(component), now, zone));
        let (edition, shelf) = self.roster(of).await?;
        Ok(Given {
            calendar: self.calendar.clone(),
            bands: self.levels.bands,
            keeping: self.keeping.clone(),
            past: self.past.clone(),
            shelf: shelf.into(),
            edition,
            now,
            zone,
        })
    }

    /// Asks the roster, which has seen every write that was answered before; off the loop only when it has something to
    /// take in.
    ///
    /// # Errors
    /// As any read.
    pub async fn roster<T: Send + 'static>(&self, f: impl Fn(&Index) -> T + Send + 'static) -> Result<T> {
        if let Some(answer) = self.roster.glance(&self.db, &f) {
            return Ok(answer);
        }
        let (roster, db, zone) = (self.roster.clone(), self.db.clone(), self.zone);
        off_loop(move || roster.look(&db, zone, f)).await
    }

    /// How many identities a user may open today.
    #[must_use]
    pub fn openings(&self) -> donors::Budget {
        donors::Budget { a_day: self.settings.donors.identities_a_day, today: self.today() }
    }

    /// For what an identity is opened, within the day's budget.
    #[must_use]
    pub fn opening(&self, purpose: donors::Purpose) -> donors::Opening {
        donors::Opening { purpose, budget: self.openings() }
    }

    /// What the use cases of a drive's day work with.
    #[must_use]
    pub fn desk(&self) -> Desk<'_> {
        Desk {
            vault: &self.vault,
            book: &self.rules,
            zone: self.zone,
            whole_blood_becomes: &self.settings.stock.whole_blood_becomes,
            keeping: &self.keeping,
            questions: &self.questions,
        }
    }

    /// When a titre is low, and how long it counts here.
    #[must_use]
    pub fn titre_limits(&self) -> TitreLimits {
        let settings = &self.settings.titres;
        TitreLimits {
            low_below: settings.low_below,
            operational_days: settings.operational_days,
            routine_days: settings.routine_days,
        }
    }

    /// What drives are planned on here.
    #[must_use]
    pub fn ground(&self) -> Ground {
        let settings = &self.settings.drives;
        Ground {
            zone: self.zone,
            calendar: self.calendar.clone(),
            limits: Limits {
                first_timers: settings.first_timers_per_cent,
                overbooked: settings.overbooked_per_cent,
                hottest: settings.hottest_outdoors_c,
            },
        }
    }

    /// How long before an appointment its donor is reminded here.
    #[must_use]
    pub fn reminders(&self) -> Reminders {
        let mail = &self.settings.mail;
        Reminders { days: Duration::days(mail.reminder_days), hours: Duration::hours(mail.reminder_hours) }
    }

    /// Room to make a file and send it: at most [`FILES`] at once, each holds its rows on the disk until it is sent.
    ///
    /// # Errors
    /// `busy`.
    pub fn room_for_a_file(&self) -> Result<OwnedSemaphorePermit> {
        let room = self.files.clone().try_acquire_owned();
        room.map_err(|_| Problem::new(Code::Busy).with("retry_after", 10))
    }

    /// A use case under its idempotency key, serialisable.
    ///
    /// # Errors
    /// As [`Db::write_once`].
    pub async fn once<T>(
        &self,
        by: &Principal,
        request: once::Request,
        f: impl Fn(&mut Tx) -> Result<T> + Send + 'static,
    ) -> Result<T>
    where
        T: Serialize + DeserializeOwned + Send + 'static,
    {
        let request = self.sealed(request);
        self.db.write_once(Isolation::Whole, Lane::Actor(by.user.0), request, f).await
    }

    /// The same where one conditional statement and a constraint hold the invariant.
    ///
    /// # Errors
    /// As [`Db::write_once`].
    pub async fn once_guarded<T>(
        &self,
        by: &Principal,
        request: once::Request,
        f: impl Fn(&mut Tx) -> Result<T> + Send + 'static,
    ) -> Result<T>
    where
        T: Serialize + DeserializeOwned + Send + 'static,
    {
        let request = self.sealed(request);
        self.db.write_once(Isolation::Guarded, Lane::Actor(by.user.0), request, f).await
    }

    /// The request with its fingerprint keyed: a body of few possible contents, such as a cause and a
    /// day, could be guessed from a plain digest.
    fn sealed(&self, request: once::Request) -> once::Request {
        let fingerprint = self.vault.digest(&[&request.fingerprint]);
        once::Request { fingerprint, ..request }
    }

    /// Where a list goes on: the sort key after which its next page begins.
    ///
    /// # Errors
    /// `cursor_invalid`, about the key `cursor`.
    pub fn after<K: DeserializeOwned>(&self, cursor: Option<&str>, list: &str) -> Result<Option<K>> {
        cursor
            .map(|cursor| {
                let opened = self.cursors.open(cursor, list, self.db.now());
                opened.map_err(|problem| problem.about("cursor", Code::CursorInvalid))
            })
            .transpose()
    }

    /// A page of rows that were read one past `limit`; `key` is a row's sort key.
    ///
    /// # Errors
    /// `internal` alone.
    pub fn page<R, K: Serialize, T>(
        &self,
        mut rows: Vec<R>,
        limit: i64,
        list: &str,
        key: impl Fn(&R) -> K,
        show: impl Fn(R) -> T,
    ) -> Result<Page<T>> {
        let limit = usize::try_from(limit).map_err(Problem::internal)?;
        let more = rows.len() > limit;
        rows.truncate(limit);
        let next = match rows.last().filter(|_| more) {
            Some(last) => Some(self.cursors.seal(&key(last), list, self.db.now())?),
            None => None,
        };
        Ok(Page { items: rows.into_iter().map(show).collect(), next })
    }
}
