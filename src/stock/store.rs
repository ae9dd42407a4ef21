//! Rows of blood units, their movements and the daily flows.

use std::collections::HashMap;

use chrono::{NaiveDate, NaiveDateTime};
use diesel::prelude::*;
use shiryan_kernel::blood::{BloodGroup, Component, GroupEvidence};
use shiryan_kernel::din::Din;
use shiryan_kernel::ids::{BloodUnitId, DonationId, DonorId, FacilityId, MovementId, UserId};
use shiryan_kernel::place::Governorate;
use shiryan_kernel::status::{MoveReason, UnitStatus};
use shiryan_kernel::time::{Moment, Zone};
use shiryan_kernel::{Code, Problem, Result};

use super::{Filter, NewUnit, Origin};
use crate::db::tables::{blood_units, daily_flows, donations, donors, facilities, unit_movements};
use crate::db::{Conn, Tx, on_each};

/// A bag.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = blood_units)]
pub struct BloodUnit {
    pub id: BloodUnitId,
    pub donation: Option<DonationId>,
    pub din: Din,
    pub component: Component,
    pub division: i32,
    pub blood_group: Option<BloodGroup>,
    pub volume_ml: i32,
    pub status: UnitStatus,
    pub facility: FacilityId,
    pub collected_on: NaiveDate,
    expires_at: NaiveDateTime,
}

impl BloodUnit {
    /// The last moment at which it is good.
    #[must_use]
    pub const fn expires_at(&self) -> Moment {
        self.expires_at.and_utc()
    }

    #[must_use]
    pub fn is_good_at(&self, moment: Moment) -> bool {
        moment <= self.expires_at()
    }
}

/// What went in or out of a shelf.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flow {
    Received,
    Issued,
    Expired,
}

pub fn insert(tx: &mut Tx, zone: Zone, id: BloodUnitId, origin: &Origin, unit: &NewUnit) -> Result<()> {
    diesel::insert_into(blood_units::table)
        .values((
            blood_units::id.eq(id),
            blood_units::donation.eq(origin.donation),
            blood_units::din.eq(origin.din),
            blood_units::component.eq(unit.component),
            blood_units::division.eq(unit.division),
            blood_units::blood_group.eq(origin.blood_group),
            blood_units::volume_ml.eq(unit.volume_ml),
            blood_units::status.eq(UnitStatus::Quarantine),
            blood_units::facility.eq(origin.facility),
            blood_units::collected_on.eq(zone.date(origin.collected_at)),
            blood_units::expires_at.eq(unit.expires_at.naive_utc()),
            blood_units::expires_on.eq(zone.date(unit.expires_at)),
            blood_units::changed_at.eq(tx.now.naive_utc()),
            blood_units::version.eq(1_i64),
        ))
        .execute(tx.conn)?;
    Ok(())
}

pub fn insert_movement(
    tx: &mut Tx,
    id: MovementId,
    unit: BloodUnitId,
    (from, to): (Option<UnitStatus>, UnitStatus),
    (reason, note): (MoveReason, Option<Vec<u8>>),
    facility: FacilityId,
    by: Option<UserId>,
) -> Result<()> {
    diesel::insert_into(unit_movements::table)
        .values((
            unit_movements::id.eq(id),
            unit_movements::blood_unit.eq(unit),
            unit_movements::from_status.eq(from),
            unit_movements::to_status.eq(to),
            unit_movements::reason.eq(reason),
            unit_movements::note.eq(note),
            unit_movements::facility.eq(facility),
            unit_movements::moved_at.eq(tx.now.naive_utc()),
            unit_movements::moved_by.eq(by),
        ))
        .execute(tx.conn)?;
    Ok(())
}

pub fn unit(conn: &mut Conn, id: BloodUnitId) -> Result<BloodUnit> {
    Ok(blood_units::table.find(id.0).select(BloodUnit::as_select()).first(conn)?)
}

pub fn units_of_donation(conn: &mut Conn, donation: DonationId) -> Result<Vec<BloodUnit>> {
    Ok(blood_units::table
        .filter(blood_units::donation.eq(donation))
        .order((blood_units::component, blood_units::division))
        .select(BloodUnit::as_select())
        .load(conn)?)
}

pub fn units(conn: &mut Conn, filter: Filter, after: i64, limit: i64) -> Result<Vec<BloodUnit>> {
    let mut query = blood_units::table
        .filter(blood_units::id.gt(after))
        .order(blood_units::id)
        .limit(limit)
        .select(BloodUnit::as_select())
        .into_boxed();
    if let Some(facility) = filter.facility {
        query = query.filter(blood_units::facility.eq(facility));
    }
    if let Some(component) = filter.component {
        query = query.filter(blood_units::component.eq(component));
    }
    if let Some(group) = filter.blood_group {
        query = query.filter(blood_units::blood_group.eq(group));
    }
    if let Some(status) = filter.status {
        query = query.filter(blood_units::status.eq(status));
    }
    Ok(query.load(conn)?)
}

/// Whether the unit was still in quarantine there, with this group or none.
pub fn release(tx: &mut Tx, id: BloodUnitId, facility: FacilityId, group: BloodGroup) -> Result<bool> {
    let agrees = blood_units::blood_group.is_null().or(blood_units::blood_group.eq(group));
    let changed = diesel::update(
        blood_units::table
            .filter(blood_units::id.eq(id))
            .filter(blood_units::facility.eq(facility))
            .filter(blood_units::status.eq(UnitStatus::Quarantine))
            .filter(blood_units::expires_at.ge(tx.now.naive_utc()))
            .filter(agrees),
    )
    .set((
        blood_units::status.eq(UnitStatus::Released),
        blood_units::blood_group.eq(group),
        blood_units::changed_at.eq(tx.now.naive_utc()),
        blood_units::version.eq(blood_units::version + 1),
    ))
    .execute(tx.conn)?;
    Ok(changed == 1)
}

/// Whether the unit was still in the state `from`.
pub fn step(tx: &mut Tx, id: BloodUnitId, from: UnitStatus, to: UnitStatus) -> Result<bool> {
    let changed = diesel::update(
        blood_units::table.filter(blood_units::id.eq(id)).filter(blood_units::status.eq(from)),
    )
    .set((
        blood_units::status.eq(to),
        blood_units::changed_at.eq(tx.now.naive_utc()),
        blood_units::version.eq(blood_units::version + 1),
    ))
    .execute(tx.conn)?;
    Ok(changed == 1)
}

/// What a unit must still be for a step toward a request.
#[derive(Debug, Clone, Copy)]
pub struct Still {
    pub facility: FacilityId,
    pub component: Component,
    pub blood_group: BloodGroup,
    pub good_at: Moment,
}

/// Whether the unit was still in the state `from`, and all that `still` says.
pub fn step_if(
    tx: &mut Tx,
    id: BloodUnitId,
    (from, to): (UnitStatus, UnitStatus),
    still: &Still,
) -> Result<bool> {
    let changed = diesel::update(
        blood_units::table
            .filter(blood_units::id.eq(id))
            .filter(blood_units::status.eq(from))
            .filter(blood_units::facility.eq(still.facility))
            .filter(blood_units::component.eq(still.component))
            .filter(blood_units::blood_group.eq(still.blood_group))
            .filter(blood_units::expires_at.ge(still.good_at.naive_utc())),
    )
    .set((
        blood_units::status.eq(to),
        blood_units::changed_at.eq(tx.now.naive_utc()),
        blood_units::version.eq(blood_units::version + 1),
    ))
    .execute(tx.conn)?;
    Ok(changed == 1)
}

/// Whether the unit was still at `from`; now it lies at `to`.
pub fn carry(tx: &mut Tx, id: BloodUnitId, from: FacilityId, to: FacilityId) -> Result<bool> {
    let changed = diesel::update(
        blood_units::table.filter(blood_units::id.eq(id)).filter(blood_units::facility.eq(from)),
    )
    .set((
        blood_units::facility.eq(to),
        blood_units::changed_at.eq(tx.now.naive_utc()),
        blood_units::version.eq(blood_units::version + 1),
    ))
    .execute(tx.conn)?;
    Ok(changed == 1)
}

/// Whether the unit made a step there.
pub fn was_at(conn: &mut Conn, id: BloodUnitId, facility: FacilityId) -> Result<bool> {
    let steps = unit_movements::table
        .filter(unit_movements::blood_unit.eq(id))
        .filter(unit_movements::facility.eq(facility));
    Ok(on_each!(conn => c, diesel::select(diesel::dsl::exists(steps)).get_result(c))?)
}

/// A line of the ledger of a bag.
#[derive(Debug, Queryable)]
pub struct MovementRow {
    pub id: MovementId,
    pub from: Option<UnitStatus>,
    pub to: UnitStatus,
    pub reason: MoveReason,
    pub note: Option<Vec<u8>>,
    pub facility: FacilityId,
    pub at: NaiveDateTime,
    pub by: Option<UserId>,
}

/// A bag's movements, oldest first.
pub fn movements(conn: &mut Conn, unit: BloodUnitId) -> Result<Vec<MovementRow>> {
    Ok(unit_movements::table
        .filter(unit_movements::blood_unit.eq(unit))
        .order(unit_movements::id)
        .select((
            unit_movements::id,
            unit_movements::from_status,
            unit_movements::to_status,
            unit_movements::reason,
            unit_movements::note,
            unit_movements::facility,
            unit_movements::moved_at,
            unit_movements::moved_by,
        ))
        .load(conn)?)
}

/// Sealed notes of at most `limit` movements after `after` that have one, in order.
pub fn notes_after(conn: &mut Conn, after: i64, limit: i64) -> Result<Vec<(MovementId, Vec<u8>)>> {
    Ok(unit_movements::table
        .filter(unit_movements::id.gt(after))
        .filter(unit_movements::note.is_not_null())
        .order(unit_movements::id)
        .limit(limit)
        .select((unit_movements::id, unit_movements::note.assume_not_null()))
        .load(conn)?)
}

pub fn set_note(conn: &mut Conn, id: MovementId, note: &[u8]) -> Result<()> {
    diesel::update(unit_movements::table.find(id.0)).set(unit_movements::note.eq(note)).execute(conn)?;
    Ok(())
}

/// Whether a donation here gave a bag of this number.
pub fn is_own_number(conn: &mut Conn, din: &Din) -> Result<bool> {
    Ok(diesel::select(diesel::dsl::exists(donations::table.filter(donations::din.eq(din))))
        .get_result(conn)?)
}

/// Whose donation it was; none for units that came from elsewhere.
pub fn giver(conn: &mut Conn, donation: Option<DonationId>) -> Result<Option<DonorId>> {
    let Some(donation) = donation else { return Ok(None) };
    Ok(donations::table.find(donation.0).select(donations::donor).first(conn).optional()?)
}

/// The group of the donor behind a donation, and how well it is known.
///
/// # Errors
/// `group_discrepancy` while the donor's typings disagree.
pub fn donor_group(
    conn: &mut Conn,
    donation: Option<DonationId>,
) -> Result<Option<(BloodGroup, GroupEvidence)>> {
    let Some(donation) = donation else { return Ok(None) };
    let row: Option<(Option<BloodGroup>, GroupEvidence)> = donations::table
        .inner_join(donors::table.on(donors::id.eq(donations::donor)))
        .filter(donations::id.eq(donation))
        .select((donors::blood_group, donors::group_evidence))
        .first(conn)
        .optional()?;
    if row.is_some_and(|(_, evidence)| evidence == GroupEvidence::Discrepant) {
        return Err(Problem::new(Code::GroupDiscrepancy).about("blood_group", Code::GroupDiscrepancy));
    }
    Ok(row.and_then(|(group, evidence)| Some((group?, evidence))))
}

/// Units of a donor's donations that left quarantine and may still reach somebody, with the group that each
/// carries.
pub fn out_of_quarantine(conn: &mut Conn, donor: DonorId) -> Result<Vec<(BloodUnitId, Option<BloodGroup>)>> {
    const STATES: [UnitStatus; 4] =
        [UnitStatus::Released, UnitStatus::Reserved, UnitStatus::Issued, UnitStatus::Returned];
    // By the number: it has an index, and units that another facility sent carry it too.
    let numbers = donations::table.filter(donations::donor.eq(donor)).select(donations::din);
    on_each!(conn => c, blood_units::table
        .filter(blood_units::din.eq_any(numbers))
        .filter(blood_units::status.eq_any(STATES))
        .order(blood_units::id)
        .select((blood_units::id, blood_units::blood_group))
        .load(c))
    .map_err(Problem::from)
}

/// The groups that units of this number carry.
pub fn groups_of_din(conn: &mut Conn, din: &Din) -> Result<Vec<BloodGroup>> {
    Ok(blood_units::table
        .filter(blood_units::din.eq(din))
        .filter(blood_units::blood_group.is_not_null())
        .select(blood_units::blood_group.assume_not_null())
        .load(conn)?)
}

/// Units that somebody holds and whose date has passed, those first that passed it first.
pub fn overdue(conn: &mut Conn, now: Moment, at_most: i64) -> Result<Vec<BloodUnit>> {
    const HELD: [UnitStatus; 5] = [
        UnitStatus::Quarantine,
        UnitStatus::Released,
        UnitStatus::Reserved,
        UnitStatus::Issued,
        UnitStatus::Returned,
    ];
    on_each!(conn => c, blood_units::table
        .filter(blood_units::status.eq_any(HELD))
        .filter(blood_units::expires_at.lt(now.naive_utc()))
        .order((blood_units::expires_at, blood_units::id))
        .limit(at_most)
        .select(BloodUnit::as_select())
        .load(c))
    .map_err(Problem::from)
}

/// Adds one unit to a civil day's flow.
pub fn add_flow(
    tx: &mut Tx,
    flow: Flow,
    governorate: Governorate,
    component: Component,
    group: BloodGroup,
    day: NaiveDate,
) -> Result<()> {
    let (received, issued, expired) = match flow {
        Flow::Received => (1, 0, 0),
        Flow::Issued => (0, 1, 0),
        Flow::Expired => (0, 0, 1),
    };
    let row = (
        daily_flows::governorate.eq(governorate),
        daily_flows::component.eq(component),
        daily_flows::blood_group.eq(group),
        daily_flows::flow_on.eq(day),
        daily_flows::received.eq(received),
        daily_flows::issued.eq(issued),
        daily_flows::expired.eq(expired),
    );
    on_each!(tx.conn => c, diesel::insert_into(daily_flows::table)
        .values(row)
        .on_conflict((
            daily_flows::governorate,
            daily_flows::component,
            daily_flows::blood_group,
            daily_flows::flow_on,
        ))
        .do_update()
        .set((
            daily_flows::received.eq(daily_flows::received + received),
            daily_flows::issued.eq(daily_flows::issued + issued),
            daily_flows::expired.eq(daily_flows::expired + expired),
        ))
        .execute(c))?;
    Ok(())
}

/// Released units that are good at a moment, counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ShelfCount {
    pub governorate: Governorate,
    pub blood_group: BloodGroup,
    pub units: i64,
}

/// Counts the released units of a component that are good at `good_at`, by facility and group; the
/// governorate is the facility's, so one may come several times.
///
/// # Errors
/// As any read.
pub fn count_on_shelf(conn: &mut Conn, component: Component, good_at: Moment) -> Result<Vec<ShelfCount>> {
    let places = governorates(conn)?;
    let counts: Vec<(FacilityId, BloodGroup, i64)> = blood_units::table
        .filter(blood_units::status.eq(UnitStatus::Released))
        .filter(blood_units::component.eq(component))
        .filter(blood_units::blood_group.is_not_null())
        .filter(blood_units::expires_at.ge(good_at.naive_utc()))
        .group_by((blood_units::facility, blood_units::blood_group))
        .select((
            blood_units::facility,
            blood_units::blood_group.assume_not_null(),
            diesel::dsl::count(blood_units::id),
        ))
        .load(conn)?;
    let placed = counts.into_iter().filter_map(|(facility, blood_group, units)| {
        Some(ShelfCount { governorate: *places.get(&facility)?, blood_group, units })
    });
    Ok(placed.collect())
}

/// Where each facility stands.
pub fn governorates(conn: &mut Conn) -> Result<HashMap<FacilityId, Governorate>> {
    let rows: Vec<(FacilityId, Governorate)> =
        facilities::table.select((facilities::id, facilities::governorate)).load(conn)?;
    Ok(rows.into_iter().collect())
}

/// A released unit and where it lies.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct OnShelf {
    pub id: BloodUnitId,
    pub blood_group: BloodGroup,
    expires_at: NaiveDateTime,
    pub facility: FacilityId,
    pub facility_code: String,
    pub facility_name_ar: String,
    pub facility_name_en: String,
    pub governorate: Governorate,
}

impl OnShelf {
    /// The last moment at which it is good.
    #[must_use]
    pub const fn expires_at(&self) -> Moment {
        self.expires_at.and_utc()
    }
}

/// The released units of one component and group in these governorates that are good at `good_at`, the
/// first to expire first.
///
/// # Errors
/// As any read.
pub fn first_to_expire(
    conn: &mut Conn,
    component: Component,
    group: BloodGroup,
    governorates: &[Governorate],
    good_at: Moment,
    at_most: i64,
) -> Result<Vec<OnShelf>> {
    on_each!(conn => c, blood_units::table
        .inner_join(facilities::table)
        .filter(blood_units::status.eq(UnitStatus::Released))
        .filter(blood_units::component.eq(component))
        .filter(blood_units::blood_group.eq(group))
        .filter(blood_units::expires_at.ge(good_at.naive_utc()))
        .filter(facilities::governorate.eq_any(governorates))
        .order((blood_units::expires_at, blood_units::id))
        .limit(at_most)
        .select((
            blood_units::id,
            blood_units::blood_group.assume_not_null(),
            blood_units::expires_at,
            blood_units::facility,
            facilities::code,
            facilities::name_ar,
            facilities::name_en,
            facilities::governorate,
        ))
        .load(c))
    .map_err(Problem::from)
}

/// The same of one facility's own shelf.
///
/// # Errors
/// As any read.
pub fn first_to_expire_at(
    conn: &mut Conn,
    component: Component,
    group: BloodGroup,
    facility: FacilityId,
    good_at: Moment,
    at_most: i64,
) -> Result<Vec<BloodUnit>> {
    Ok(blood_units::table
        .filter(blood_units::status.eq(UnitStatus::Released))
        .filter(blood_units::component.eq(component))
        .filter(blood_units::blood_group.eq(group))
        .filter(blood_units::facility.eq(facility))
        .filter(blood_units::expires_at.ge(good_at.naive_utc()))
        .order((blood_units::expires_at, blood_units::id))
        .limit(at_most)
        .select(BloodUnit::as_select())
        .load(conn)?)
}
