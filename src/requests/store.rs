//! Rows of requests and of the units held for them.

pub mod emergency;
pub mod packs;
pub mod standing;
pub mod untested;

use chrono::{NaiveDate, NaiveDateTime};
use diesel::dsl::{exists, not};
use diesel::prelude::*;
use shiryan_kernel::attribute::Attributes;
use shiryan_kernel::blood::{AgeBand, BloodGroup, Component, GroupEvidence, Sex};
use shiryan_kernel::ids::{
    BloodUnitId, EmergencyIssueId, FacilityId, PackId, RequestId, ReservationId, StandingOrderId, UserId,
};
use shiryan_kernel::place::Governorate;
use shiryan_kernel::status::{HoldEnd, RefusalReason, RequestState, UnitStatus, Urgency};
use shiryan_kernel::time::Moment;
use shiryan_kernel::{Problem, Result};

use crate::db::tables::{blood_requests, blood_units, facilities, reservations};
use crate::db::{Conn, Tx, on_each};
use crate::stock::BloodUnit;

/// A request without what is sealed of it.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = blood_requests)]
pub struct BloodRequest {
    pub id: RequestId,
    pub facility: FacilityId,
    pub blood_group: Option<BloodGroup>,
    pub group_evidence: GroupEvidence,
    pub sex: Option<Sex>,
    pub age_band: Option<AgeBand>,
    pub component: Component,
    pub units: i32,
    /// What each unit must have.
    pub needs: Attributes,
    pub urgency: Urgency,
    needed_at: NaiveDateTime,
    pub state: RequestState,
    pub refusal: Option<RefusalReason>,
    pub bank: Option<FacilityId>,
    /// The request of which this one asks what was not issued.
    pub rest_of: Option<RequestId>,
    pub line_of: Option<RequestId>,
    /// The standing order that made it, and the civil day for which.
    pub standing_order: Option<StandingOrderId>,
    pub due_on: Option<NaiveDate>,
    /// The pack and its round for which it was made.
    pub pack: Option<PackId>,
    pub pack_round: Option<i32>,
    /// Who answers for RhD-positive units.
    pub rhd_by: Option<UserId>,
    rhd_at: Option<NaiveDateTime>,
    made_at: NaiveDateTime,
    pub version: i64,
}

impl BloodRequest {
    #[must_use]
    pub const fn needed_at(&self) -> Moment {
        self.needed_at.and_utc()
    }

    #[must_use]
    pub const fn made_at(&self) -> Moment {
        self.made_at.and_utc()
    }

    #[must_use]
    pub fn rhd_at(&self) -> Option<Moment> {
        self.rhd_at.map(|at| at.and_utc())
    }
}

/// A unit that is, or was, held for a request.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = reservations)]
pub struct Reservation {
    pub id: ReservationId,
    pub request: RequestId,
    made_at: NaiveDateTime,
    pub made_by: UserId,
    held_until: NaiveDateTime,
    /// Absent of a hold for the usual issue.
    pub emergency: Option<EmergencyIssueId>,
    ended_at: Option<NaiveDateTime>,
    pub outcome: Option<HoldEnd>,
    arrived_at: Option<NaiveDateTime>,
    used_at: Option<NaiveDateTime>,
    /// Why it was held although something was warned of; sealed.
    pub reason: Option<Vec<u8>>,
}

impl Reservation {
    #[must_use]
    pub const fn made_at(&self) -> Moment {
        self.made_at.and_utc()
    }

    #[must_use]
    pub const fn held_until(&self) -> Moment {
        self.held_until.and_utc()
    }

    /// When the unit was issued, or the hold ended otherwise.
    #[must_use]
    pub fn ended_at(&self) -> Option<Moment> {
        self.ended_at.map(|at| at.and_utc())
    }

    /// When the hospital used the unit.
    #[must_use]
    pub fn used_at(&self) -> Option<Moment> {
        self.used_at.map(|at| at.and_utc())
    }

    #[must_use]
    pub fn arrived_at(&self) -> Option<Moment> {
        self.arrived_at.map(|at| at.and_utc())
    }
}

/// What goes into a new row.
#[derive(Debug)]
pub struct NewRow {
    pub facility: FacilityId,
    pub patient: Vec<u8>,
    pub patient_tag: Vec<u8>,
    pub blood_group: Option<BloodGroup>,
    pub group_evidence: GroupEvidence,
    pub sex: Option<Sex>,
    pub age_band: Option<AgeBand>,
    pub component: Component,
    pub units: i32,
    pub needs: Attributes,
    pub urgency: Urgency,
    pub needed_at: Moment,
    pub notes: Option<Vec<u8>>,
    pub rest_of: Option<RequestId>,
    pub line_of: Option<RequestId>,
    pub standing: Option<(StandingOrderId, NaiveDate)>,
    pub pack: Option<(PackId, i32)>,
}

pub fn insert(tx: &mut Tx, id: RequestId, by: UserId, row: NewRow) -> Result<()> {
    diesel::insert_into(blood_requests::table)
        .values((
            blood_requests::id.eq(id),
            blood_requests::facility.eq(row.facility),
            blood_requests::patient.eq(row.patient),
            blood_requests::patient_tag.eq(row.patient_tag),
            blood_requests::blood_group.eq(row.blood_group),
            blood_requests::group_evidence.eq(row.group_evidence),
            blood_requests::sex.eq(row.sex),
            blood_requests::age_band.eq(row.age_band),
            blood_requests::component.eq(row.component),
            blood_requests::units.eq(row.units),
            blood_requests::needs.eq(row.needs),
            blood_requests::urgency.eq(row.urgency),
            blood_requests::needed_at.eq(row.needed_at.naive_utc()),
            blood_requests::notes.eq(row.notes),
            blood_requests::rest_of.eq(row.rest_of),
            blood_requests::line_of.eq(row.line_of),
            blood_requests::standing_order.eq(row.standing.map(|(order, _)| order)),
            blood_requests::due_on.eq(row.standing.map(|(_, due_on)| due_on)),
            blood_requests::pack.eq(row.pack.map(|(pack, _)| pack)),
            blood_requests::pack_round.eq(row.pack.map(|(_, round)| round)),
            blood_requests::state.eq(RequestState::Submitted),
            blood_requests::made_at.eq(tx.now.naive_utc()),
            blood_requests::made_by.eq(by),
            blood_requests::changed_at.eq(tx.now.naive_utc()),
            blood_requests::version.eq(1_i64),
        ))
        .execute(tx.conn)?;
    Ok(())
}

pub fn request(conn: &mut Conn, id: RequestId) -> Result<BloodRequest> {
    Ok(blood_requests::table.find(id.0).select(BloodRequest::as_select()).first(conn)?)
}

/// Requests for the patient of this one, itself among them, which nobody may change until this transaction ends; in the
/// order of their ids. SQLite has one writer, so there the read is enough.
pub fn lock_patient(conn: &mut Conn, id: RequestId) -> Result<Vec<BloodRequest>> {
    let tag: Vec<u8> = blood_requests::table.find(id.0).select(blood_requests::patient_tag).first(conn)?;
    let rows = blood_requests::table.filter(blood_requests::patient_tag.eq(tag)).order(blood_requests::id);
    Ok(match conn {
        Conn::Pg(c) => rows.select(BloodRequest::as_select()).for_no_key_update().load(c)?,
        Conn::Sqlite(c) => rows.select(BloodRequest::as_select()).load(c)?,
    })
}

/// What is sealed of a request, with the tag of its patient.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, AsChangeset)]
#[diesel(table_name = blood_requests)]
pub struct Sealed {
    pub patient: Vec<u8>,
    pub patient_tag: Vec<u8>,
    pub notes: Option<Vec<u8>>,
    pub rhd_reason: Option<Vec<u8>>,
}

pub fn sealed(conn: &mut Conn, id: RequestId) -> Result<Sealed> {
    Ok(blood_requests::table.find(id.0).select(Sealed::as_select()).first(conn)?)
}

/// Whether nothing was issued yet and nobody answered for RhD-positive units before.
pub fn set_rhd(
    tx: &mut Tx,
    id: RequestId,
    from: &[RequestState],
    by: UserId,
    reason: Vec<u8>,
) -> Result<bool> {
    let now = tx.now.naive_utc();
    let set = (
        blood_requests::rhd_by.eq(by),
        blood_requests::rhd_at.eq(now),
        blood_requests::rhd_reason.eq(reason),
        blood_requests::changed_at.eq(now),
        blood_requests::version.eq(blood_requests::version + 1),
    );
    let changed = on_each!(tx.conn => c, diesel::update(blood_requests::table
        .filter(blood_requests::id.eq(id))
        .filter(blood_requests::rhd_by.is_null())
        .filter(blood_requests::state.eq_any(from)))
        .set(set)
        .execute(c))?;
    Ok(changed == 1)
}

/// Whose requests a list shows.
#[derive(Debug, Clone)]
pub enum Whose {
    Of(FacilityId),
    In(Vec<Governorate>),
    All,
}

/// Requests beyond `after`, the most urgent first, oldest first inside each urgency.
pub fn list(
    conn: &mut Conn,
    whose: &Whose,
    state: Option<RequestState>,
    after: Option<(Urgency, RequestId)>,
    limit: i64,
) -> Result<Vec<BloodRequest>> {
    let (first, beyond) = after.unwrap_or((Urgency::Emergency, RequestId(0)));
    let mut found = Vec::new();
    for urgency in Urgency::ALL.iter().copied().skip_while(|urgency| *urgency != first) {
        let left = limit - i64::try_from(found.len()).map_err(Problem::internal)?;
        if left <= 0 {
            break;
        }
        let beyond = if urgency == first { beyond } else { RequestId(0) };
        found.extend(of_urgency(conn, whose, (state, urgency), beyond, left)?);
    }
    Ok(found)
}

fn of_urgency(
    conn: &mut Conn,
    whose: &Whose,
    (state, urgency): (Option<RequestState>, Urgency),
    after: RequestId,
    limit: i64,
) -> Result<Vec<BloodRequest>> {
    on_each!(conn => c, {
        let mut rows = blood_requests::table
            .inner_join(facilities::table.on(facilities::id.eq(blood_requests::facility)))
            .filter(blood_requests::urgency.eq(urgency))
            .filter(blood_requests::id.gt(after))
            .order(blood_requests::id)
            .limit(limit)
            .select(BloodRequest::as_select())
            .into_boxed();
        match whose {
            Whose::Of(own) => rows = rows.filter(blood_requests::facility.eq(*own)),
            Whose::In(places) => rows = rows.filter(facilities::governorate.eq_any(places.clone())),
            Whose::All => {}
        }
        if let Some(state) = state {
            rows = rows.filter(blood_requests::state.eq(state));
        }
        rows.load(c)
    })
    .map_err(Problem::from)
}

/// How a request goes on.
#[derive(Debug, Clone, Copy)]
pub struct Advance {
    pub to: RequestState,
    /// The blood bank that does it; none for a hospital and for the program itself.
    pub bank: Option<FacilityId>,
    pub refusal: Option<RefusalReason>,
}

/// Whether the request was in one of these states, and of no other blood bank than the one that does it. Locks the
/// row until the transaction ends.
pub fn advance(tx: &mut Tx, id: RequestId, from: &[RequestState], step: Advance) -> Result<bool> {
    let now = tx.now.naive_utc();
    let advanced = (
        blood_requests::state.eq(step.to),
        blood_requests::refusal.eq(step.refusal),
        blood_requests::changed_at.eq(now),
        blood_requests::version.eq(blood_requests::version + 1),
    );
    let changed = match step.bank {
        None => on_each!(tx.conn => c, diesel::update(blood_requests::table
            .filter(blood_requests::id.eq(id))
            .filter(blood_requests::state.eq_any(from)))
            .set(advanced)
            .execute(c))?,
        Some(bank) => on_each!(tx.conn => c, diesel::update(blood_requests::table
            .filter(blood_requests::id.eq(id))
            .filter(blood_requests::state.eq_any(from))
            .filter(blood_requests::bank.is_null().or(blood_requests::bank.eq(bank))))
            .set((advanced, blood_requests::bank.eq(bank)))
            .execute(c))?,
    };
    Ok(changed == 1)
}

/// A hold to be written.
pub struct NewHoldRow {
    pub id: ReservationId,
    pub request: RequestId,
    pub unit: BloodUnitId,
    pub by: UserId,
    pub until: Moment,
    pub emergency: Option<EmergencyIssueId>,
    pub reason: Option<Vec<u8>>,
}

pub fn insert_hold(tx: &mut Tx, new: NewHoldRow) -> Result<()> {
    diesel::insert_into(reservations::table)
        .values((
            reservations::id.eq(new.id),
            reservations::request.eq(new.request),
            reservations::blood_unit.eq(new.unit),
            reservations::made_at.eq(tx.now.naive_utc()),
            reservations::made_by.eq(new.by),
            reservations::held_until.eq(new.until.naive_utc()),
            reservations::emergency.eq(new.emergency),
            reservations::reason.eq(new.reason),
        ))
        .execute(tx.conn)?;
    Ok(())
}

pub fn reasons_after(conn: &mut Conn, after: i64, limit: i64) -> Result<Vec<(ReservationId, Vec<u8>)>> {
    Ok(reservations::table
        .filter(reservations::id.gt(after))
        .filter(reservations::reason.is_not_null())
        .order(reservations::id)
        .limit(limit)
        .select((reservations::id, reservations::reason.assume_not_null()))
        .load(conn)?)
}

pub fn set_reason(conn: &mut Conn, id: ReservationId, reason: &[u8]) -> Result<()> {
    diesel::update(reservations::table.find(id.0)).set(reservations::reason.eq(reason)).execute(conn)?;
    Ok(())
}

/// Whether the hold was live.
pub fn end_hold(tx: &mut Tx, id: ReservationId, outcome: HoldEnd) -> Result<bool> {
    let live = reservations::table.filter(reservations::id.eq(id)).filter(reservations::ended_at.is_null());
    let ended = diesel::update(live)
        .set((reservations::ended_at.eq(tx.now.naive_utc()), reservations::outcome.eq(outcome)))
        .execute(tx.conn)?;
    Ok(ended == 1)
}

/// Whether the unit was on its way still.
pub fn set_arrived(tx: &mut Tx, id: ReservationId) -> Result<bool> {
    let under_way = reservations::table
        .filter(reservations::id.eq(id))
        .filter(reservations::outcome.eq(HoldEnd::Issued))
        .filter(reservations::arrived_at.is_null());
    let set =
        diesel::update(under_way).set(reservations::arrived_at.eq(tx.now.naive_utc())).execute(tx.conn)?;
    Ok(set == 1)
}

/// Notes when the hospital used the unit.
pub fn set_used(tx: &mut Tx, id: ReservationId, at: Option<Moment>) -> Result<()> {
    diesel::update(reservations::table.find(id.0))
        .set(reservations::used_at.eq(at.map(|at| at.naive_utc())))
        .execute(tx.conn)?;
    Ok(())
}

/// Units of these requests that are or were held, oldest hold first.
pub fn holds(conn: &mut Conn, requests: &[RequestId]) -> Result<Vec<(Reservation, BloodUnit)>> {
    on_each!(conn => c, reservations::table
        .inner_join(blood_units::table)
        .filter(reservations::request.eq_any(requests))
        .order(reservations::id)
        .select((Reservation::as_select(), BloodUnit::as_select()))
        .load(c))
    .map_err(Problem::from)
}

/// The live hold on a unit.
pub fn live_hold(conn: &mut Conn, unit: BloodUnitId) -> Result<Option<Reservation>> {
    let live = reservations::table
        .filter(reservations::blood_unit.eq(unit))
        .filter(reservations::ended_at.is_null())
        .select(Reservation::as_select());
    Ok(live.first(conn).optional()?)
}

/// The hold under which a unit was issued last.
pub fn issued_for(conn: &mut Conn, unit: BloodUnitId) -> Result<Option<Reservation>> {
    let issued = reservations::table
        .filter(reservations::blood_unit.eq(unit))
        .filter(reservations::outcome.eq(HoldEnd::Issued))
        .order(reservations::id.desc())
        .select(Reservation::as_select());
    Ok(issued.first(conn).optional()?)
}

/// Live holds whose time is up or whose unit is held no more.
pub fn stale(conn: &mut Conn, now: Moment, at_most: i64) -> Result<Vec<(Reservation, BloodUnit)>> {
    on_each!(conn => c, reservations::table
        .inner_join(blood_units::table)
        .filter(reservations::ended_at.is_null())
        .filter(reservations::held_until.le(now.naive_utc()).or(blood_units::status.ne(UnitStatus::Reserved)))
        .order(reservations::id)
        .limit(at_most)
        .select((Reservation::as_select(), BloodUnit::as_select()))
        .load(c))
    .map_err(Problem::from)
}

/// Requests that stand as reserved and for which nothing is held any more.
pub fn without_hold(conn: &mut Conn, at_most: i64) -> Result<Vec<RequestId>> {
    on_each!(conn => c, {
        let live = reservations::table
            .filter(reservations::request.eq(blood_requests::id))
            .filter(reservations::ended_at.is_null());
        blood_requests::table
            .filter(blood_requests::state.eq(RequestState::Reserved))
            .filter(not(exists(live)))
            .order(blood_requests::id)
            .limit(at_most)
            .select(blood_requests::id)
            .load(c)
    })
    .map_err(Problem::from)
}

/// Requests that arrived whole and of which no unit waits for its fate.
pub fn settled(conn: &mut Conn, at_most: i64) -> Result<Vec<RequestId>> {
    on_each!(conn => c, {
        let open = reservations::table
            .inner_join(blood_units::table)
            .filter(reservations::request.eq(blood_requests::id))
            .filter(reservations::outcome.eq(HoldEnd::Issued))
            .filter(blood_units::status.eq(UnitStatus::Issued));
        blood_requests::table
            .filter(blood_requests::state.eq(RequestState::Received))
            .filter(not(exists(open)))
            .order(blood_requests::id)
            .limit(at_most)
            .select(blood_requests::id)
            .load(c)
    })
    .map_err(Problem::from)
}

/// Sealed cells of at most `limit` requests after `after`, in order, each with its hospital.
pub fn sealed_after(conn: &mut Conn, after: i64, limit: i64) -> Result<Vec<(RequestId, FacilityId, Sealed)>> {
    Ok(blood_requests::table
        .filter(blood_requests::id.gt(after))
        .order(blood_requests::id)
        .limit(limit)
        .select((blood_requests::id, blood_requests::facility, Sealed::as_select()))
        .load(conn)?)
}

pub fn set_sealed(tx: &mut Tx, id: RequestId, sealed: &Sealed) -> Result<()> {
    diesel::update(blood_requests::table.find(id.0)).set(sealed).execute(tx.conn)?;
    Ok(())
}
