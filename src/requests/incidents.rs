//! Declared incidents: many wounded at once, in a sharing region or in one governorate of it.
//!
//! While one stands, O− red cells are kept for girls, women up to 50 and children: a patient of whom neither sex nor age
//! is known is given O+ first. It ends by itself, or when somebody ends it; nothing is taken back.

use chrono::{Duration, NaiveDateTime};
use diesel::prelude::*;
use shiryan_kernel::ids::{IncidentId, UserId};
use shiryan_kernel::place::{Governorate, Region};
use shiryan_kernel::problem::Faults;
use shiryan_kernel::role::Role;
use shiryan_kernel::text::Note;
use shiryan_kernel::time::Moment;
use shiryan_kernel::{Code, Problem, Result};

use super::region_of;
use crate::accounts::Principal;
use crate::audit::{self, Line};
use crate::db::tables::incidents;
use crate::db::{Conn, Tx, feed};
use crate::vault::{Place, Vault};

/// The longest time for which an incident is declared at once, in days.
pub const LONGEST_DAYS: i64 = 14;
/// How far from now an incident may begin, in days.
const FARTHEST_DAYS: i64 = 14;

/// Where an incident is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    Region(Region),
    Governorate(Governorate),
}

impl Extent {
    const fn region(self) -> Region {
        match self {
            Self::Region(region) => region,
            Self::Governorate(governorate) => governorate.region(),
        }
    }

    const fn governorate(self) -> Option<Governorate> {
        match self {
            Self::Region(_) => None,
            Self::Governorate(governorate) => Some(governorate),
        }
    }
}

/// An incident to be declared.
#[derive(Debug, Clone)]
pub struct NewIncident {
    pub extent: Extent,
    /// Now, when absent.
    pub from: Option<Moment>,
    pub until: Moment,
    pub reason: Note<300>,
}

/// A declared incident.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Incident {
    pub id: IncidentId,
    pub extent: Extent,
    pub from: Moment,
    /// When it is to end, or was ended before.
    pub until: Moment,
    pub reason: String,
    pub by: UserId,
    pub is_ended: bool,
}

#[derive(Debug, Queryable, Selectable)]
#[diesel(table_name = incidents)]
struct Row {
    id: IncidentId,
    region: Region,
    governorate: Option<Governorate>,
    from_at: NaiveDateTime,
    until_at: NaiveDateTime,
    reason: Vec<u8>,
    declared_by: UserId,
    ended_at: Option<NaiveDateTime>,
}

impl Row {
    fn open(self, vault: &Vault) -> Result<Incident> {
        let until = self.ended_at.map_or(self.until_at, |ended| ended.min(self.until_at));
        Ok(Incident {
            id: self.id,
            extent: self.governorate.map_or(Extent::Region(self.region), Extent::Governorate),
            from: self.from_at.and_utc(),
            until: until.and_utc(),
            reason: vault.house().open_text(place(self.id), &self.reason)?,
            by: self.declared_by,
            is_ended: self.ended_at.is_some(),
        })
    }
}

/// An incident in the record of changes.
const INCIDENT: audit::Thing = audit::Thing { name: "incident", tables: &[("incidents", "id")] };

/// Declares an incident: command anywhere, a blood bank in its own region.
///
/// # Errors
/// `forbidden` in another region; `out_of_range` of `from` and `until`.
pub fn declare(tx: &mut Tx, vault: &Vault, by: &Principal, new: &NewIncident) -> Result<IncidentId> {
    let region = new.extent.region();
    if own_region(tx.conn, by)?.is_some_and(|own| own != region) {
        return Err(Problem::new(Code::Forbidden));
    }
    let from = new.from.unwrap_or(tx.now);
    let mut faults = Faults::none();
    if (from - tx.now).abs() > Duration::days(FARTHEST_DAYS) {
        faults.add("from", Code::OutOfRange);
    }
    if new.until <= from || new.until <= tx.now || new.until - from > Duration::days(LONGEST_DAYS) {
        faults.add("until", Code::OutOfRange);
    }
    faults.settle()?;
    let id = IncidentId(tx.id());
    diesel::insert_into(incidents::table)
        .values((
            incidents::id.eq(id),
            incidents::region.eq(region),
            incidents::governorate.eq(new.extent.governorate()),
            incidents::from_at.eq(from.naive_utc()),
            incidents::until_at.eq(new.until.naive_utc()),
            incidents::reason.eq(vault.house().seal_text(place(id), new.reason.as_str())),
            incidents::declared_at.eq(tx.now.naive_utc()),
            incidents::declared_by.eq(by.user),
        ))
        .execute(tx.conn)?;
    let line = Line::new(Some(by.user), "requests.incident_declared").on(id).with("region", region);
    audit::made(&INCIDENT, id.0).record(tx, vault, line.alert())?;
    feed::append(tx, "incident", id.0, "declared")?;
    Ok(id)
}

/// Ends an incident before its time: command any, a blood bank one of its own region.
///
/// # Errors
/// `not_found`, of another region's too; `state_conflict` of one that is over.
pub fn end(tx: &mut Tx, vault: &Vault, by: &Principal, id: IncidentId) -> Result<()> {
    let row: Row = incidents::table.find(id.0).select(Row::as_select()).first(tx.conn)?;
    if own_region(tx.conn, by)?.is_some_and(|own| own != row.region) {
        return Err(Problem::new(Code::NotFound));
    }
    let now = tx.now.naive_utc();
    let seen = audit::seen(tx.conn, vault, &INCIDENT, id.0)?;
    let ended = diesel::update(incidents::table.find(id.0))
        .filter(incidents::ended_at.is_null())
        .filter(incidents::until_at.gt(now))
        .set((incidents::ended_at.eq(now), incidents::ended_by.eq(by.user)))
        .execute(tx.conn)?;
    if ended == 0 {
        return Err(Problem::new(Code::StateConflict).with("state", "over"));
    }
    seen.record(tx, vault, Line::new(Some(by.user), "requests.incident_ended").on(id))?;
    feed::append(tx, "incident", id.0, "ended")
}

/// Incidents after `after` in the order in which they were declared: a blood bank's region's, all for the others.
///
/// # Errors
/// `identity_damaged`.
pub fn list(conn: &mut Conn, vault: &Vault, by: &Principal, after: i64, limit: i64) -> Result<Vec<Incident>> {
    let mut rows = incidents::table
        .filter(incidents::id.gt(after))
        .order(incidents::id)
        .limit(limit)
        .select(Row::as_select())
        .into_boxed();
    if let Some(own) = own_region(conn, by)? {
        rows = rows.filter(incidents::region.eq(own));
    }
    rows.load(conn)?.into_iter().map(|row: Row| row.open(vault)).collect()
}

/// Whether an incident stands in this governorate, or in the whole region that it is of.
pub(super) fn is_declared(conn: &mut Conn, governorate: Governorate, now: Moment) -> Result<bool> {
    let now = now.naive_utc();
    let standing = incidents::table
        .filter(incidents::region.eq(governorate.region()))
        .filter(incidents::governorate.is_null().or(incidents::governorate.eq(governorate)))
        .filter(incidents::from_at.le(now))
        .filter(incidents::until_at.gt(now))
        .filter(incidents::ended_at.is_null())
        .select(incidents::id);
    Ok(standing.first::<IncidentId>(conn).optional()?.is_some())
}

/// Seals the reasons of at most `limit` incidents after `after` under another root key; the last of them, none at the
/// end.
///
/// # Errors
/// As any write. What does not open stays.
pub fn reseal(tx: &mut Tx, old: &Vault, new: &Vault, after: i64, limit: i64) -> Result<Option<i64>> {
    let rows: Vec<(IncidentId, Vec<u8>)> = incidents::table
        .filter(incidents::id.gt(after))
        .order(incidents::id)
        .limit(limit)
        .select((incidents::id, incidents::reason))
        .load(tx.conn)?;
    let last = rows.last().map(|(id, _)| id.0);
    for (id, reason) in rows {
        diesel::update(incidents::table.find(id.0))
            .set(incidents::reason.eq(new.reseal(old, place(id), &reason)))
            .execute(tx.conn)?;
    }
    Ok(last)
}

fn own_region(conn: &mut Conn, by: &Principal) -> Result<Option<Region>> {
    by.facility.filter(|_| by.role == Role::Bank).map(|own| region_of(conn, own)).transpose()
}

const fn place(id: IncidentId) -> Place {
    Place::of("incidents", "reason", id.0)
}
