//! Rows of blood units.

pub mod counts;
mod flows;
mod movements;
pub mod pars;
mod shelf;
pub mod strays;
pub mod transfers;

use chrono::{NaiveDate, NaiveDateTime};
use diesel::prelude::*;
use shiryan_kernel::attribute::Attributes;
use shiryan_kernel::blood::{BloodGroup, Component, GroupEvidence};
use shiryan_kernel::din::Din;
use shiryan_kernel::ids::{BloodUnitId, DonationId, DonorId, FacilityId};
use shiryan_kernel::shelf::Additive;
use shiryan_kernel::status::UnitStatus;
use shiryan_kernel::time::{Moment, Zone};
use shiryan_kernel::{Code, Problem, Result};

use super::{Filter, NewUnit, Origin};
use crate::db::tables::{blood_units, donations, donors};
use crate::db::{Conn, Tx, on_each};

pub use flows::{Flow, NOTED_WITHIN, PAST_FLOW, add_flow};
pub use movements::{insert_movement, movements, notes_after, set_note, was_at};
pub use shelf::{OnShelf, Shelved, first_of_shelf, first_to_expire};

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
    /// What whole blood and red cells are kept in, where it is known.
    pub additive: Option<Additive>,
    pub attributes: Attributes,
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
            blood_units::additive.eq(origin.additive.filter(|_| unit.component.is_kept_in_additive())),
            blood_units::attributes.eq(origin.attributes.sized(unit.component, unit.volume_ml)),
            blood_units::changed_at.eq(tx.now.naive_utc()),
            blood_units::version.eq(1_i64),
        ))
        .execute(tx.conn)?;
    Ok(())
}

pub fn unit(conn: &mut Conn, id: BloodUnitId) -> Result<BloodUnit> {
    Ok(on_each!(conn => c, blood_units::table.find(id.0).select(BloodUnit::as_select()).first(c))?)
}

pub fn units_of_donation(conn: &mut Conn, donation: DonationId) -> Result<Vec<BloodUnit>> {
    Ok(blood_units::table
        .filter(blood_units::donation.eq(donation))
        .order((blood_units::component, blood_units::division))
        .select(BloodUnit::as_select())
        .load(conn)?)
}

/// What of the filter is asked of a query.
macro_rules! filtered {
    ($query:ident, $filter:ident) => {{
        if let Some(facility) = $filter.facility {
            $query = $query.filter(blood_units::facility.eq(facility));
        }
        if let Some(component) = $filter.component {
            $query = $query.filter(blood_units::component.eq(component));
        }
        if let Some(group) = $filter.blood_group {
            $query = $query.filter(blood_units::blood_group.eq(group));
        }
        if let Some(status) = $filter.status {
            $query = $query.filter(blood_units::status.eq(status));
        }
        if let Some(at) = $filter.good_at {
            $query = $query.filter(blood_units::expires_at.ge(at.naive_utc()));
        }
    }};
}

/// The oldest records after `after`.
pub fn units(conn: &mut Conn, filter: Filter, after: i64, limit: i64) -> Result<Vec<BloodUnit>> {
    let all = blood_units::table.filter(blood_units::id.gt(after)).order(blood_units::id);
    let mut query = all.limit(limit).select(BloodUnit::as_select()).into_boxed();
    filtered!(query, filter);
    Ok(query.load(conn)?)
}

/// Those that expire first. Which they are is read first, from the index alone.
pub fn units_to_expire(conn: &mut Conn, filter: Filter, limit: i64) -> Result<Vec<BloodUnit>> {
    let first = blood_units::table.order((blood_units::expires_at, blood_units::id)).limit(limit);
    let mut query = first.select(blood_units::id).into_boxed();
    filtered!(query, filter);
    let ids: Vec<BloodUnitId> = query.load(conn)?;
    let mut units = units_of_ids(conn, &ids)?;
    units.sort_by_key(|unit| (unit.expires_at(), unit.id));
    Ok(units)
}

/// Units in quarantine there and their numbers, by expiry.
pub fn in_quarantine(conn: &mut Conn, facility: FacilityId) -> Result<Vec<(BloodUnitId, Din)>> {
    Ok(blood_units::table
        .filter(blood_units::facility.eq(facility))
        .filter(blood_units::status.eq(UnitStatus::Quarantine))
        .order((blood_units::expires_at, blood_units::id))
        .select((blood_units::id, blood_units::din))
        .load(conn)?)
}

pub fn units_of_ids(conn: &mut Conn, ids: &[BloodUnitId]) -> Result<Vec<BloodUnit>> {
    on_each!(conn => c, blood_units::table
        .filter(blood_units::id.eq_any(ids))
        .select(BloodUnit::as_select())
        .load(c))
    .map_err(Problem::from)
}

/// Whether the one row of a condition was there, and is changed.
macro_rules! changed {
    ($tx:ident, $rows:expr, $set:expr) => {{
        let stamps = (
            blood_units::changed_at.eq($tx.now.naive_utc()),
            blood_units::version.eq(blood_units::version + 1),
        );
        Ok(diesel::update($rows).set(($set, stamps)).execute($tx.conn)? == 1)
    }};
}

/// Whether the unit was still in quarantine there, with this group or none.
pub fn release(tx: &mut Tx, id: BloodUnitId, facility: FacilityId, group: BloodGroup) -> Result<bool> {
    leave_quarantine(tx, id, (facility, group), UnitStatus::Released)
}

fn leave_quarantine(
    tx: &mut Tx,
    id: BloodUnitId,
    (facility, group): (FacilityId, BloodGroup),
    to: UnitStatus,
) -> Result<bool> {
    let agrees = blood_units::blood_group.is_null().or(blood_units::blood_group.eq(group));
    let rows = blood_units::table
        .filter(blood_units::id.eq(id))
        .filter(blood_units::facility.eq(facility))
        .filter(blood_units::status.eq(UnitStatus::Quarantine))
        .filter(blood_units::expires_at.ge(tx.now.naive_utc()))
        .filter(agrees);
    changed!(tx, rows, (blood_units::status.eq(to), blood_units::blood_group.eq(group)))
}

/// Whether the unit was still in quarantine there, with this group or none: it is given before its tests.
pub fn authorise_untested(
    tx: &mut Tx,
    id: BloodUnitId,
    facility: FacilityId,
    group: BloodGroup,
) -> Result<bool> {
    leave_quarantine(tx, id, (facility, group), UnitStatus::EmergencyUntested)
}

/// Whether the unit was still in quarantine, with the attributes that were read.
pub fn process(
    tx: &mut Tx,
    zone: Zone,
    unit: &BloodUnit,
    attributes: Attributes,
    expires_at: Moment,
) -> Result<bool> {
    let rows = blood_units::table
        .filter(blood_units::id.eq(unit.id))
        .filter(blood_units::facility.eq(unit.facility))
        .filter(blood_units::status.eq(UnitStatus::Quarantine))
        .filter(blood_units::attributes.eq(unit.attributes));
    let set = (
        blood_units::attributes.eq(attributes),
        blood_units::expires_at.eq(expires_at.naive_utc()),
        blood_units::expires_on.eq(zone.date(expires_at)),
    );
    changed!(tx, rows, set)
}

/// Whether the unit was still in the state `from`.
pub fn step(tx: &mut Tx, id: BloodUnitId, from: UnitStatus, to: UnitStatus) -> Result<bool> {
    let rows = blood_units::table.filter(blood_units::id.eq(id)).filter(blood_units::status.eq(from));
    changed!(tx, rows, blood_units::status.eq(to))
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
    let rows = blood_units::table
        .filter(blood_units::id.eq(id))
        .filter(blood_units::status.eq(from))
        .filter(blood_units::facility.eq(still.facility))
        .filter(blood_units::component.eq(still.component))
        .filter(blood_units::blood_group.eq(still.blood_group))
        .filter(blood_units::expires_at.ge(still.good_at.naive_utc()));
    changed!(tx, rows, blood_units::status.eq(to))
}

/// Whether the unit was still at `from`; now it lies at `to`.
pub fn carry(tx: &mut Tx, id: BloodUnitId, from: FacilityId, to: FacilityId) -> Result<bool> {
    let rows = blood_units::table.filter(blood_units::id.eq(id)).filter(blood_units::facility.eq(from));
    changed!(tx, rows, blood_units::facility.eq(to))
}

/// Whether the unit was still at `from` in this state; now it lies at the other place, in the other state.
pub fn arrive(
    tx: &mut Tx,
    id: BloodUnitId,
    (was, from): (UnitStatus, FacilityId),
    (now, to): (UnitStatus, FacilityId),
) -> Result<bool> {
    let rows = blood_units::table
        .filter(blood_units::id.eq(id))
        .filter(blood_units::status.eq(was))
        .filter(blood_units::facility.eq(from));
    changed!(tx, rows, (blood_units::status.eq(now), blood_units::facility.eq(to)))
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

/// When the donation was collected; none for units that came from elsewhere.
pub fn collected_at(conn: &mut Conn, donation: Option<DonationId>) -> Result<Option<Moment>> {
    let Some(donation) = donation else { return Ok(None) };
    let at: Option<NaiveDateTime> =
        donations::table.find(donation.0).select(donations::collected_at).first(conn).optional()?;
    Ok(at.map(|at| at.and_utc()))
}

/// The units of these numbers, oldest first.
pub fn units_of_numbers(conn: &mut Conn, numbers: &[Din]) -> Result<Vec<BloodUnit>> {
    on_each!(conn => c, blood_units::table
        .filter(blood_units::din.eq_any(numbers))
        .order(blood_units::id)
        .select(BloodUnit::as_select())
        .load(c))
    .map_err(Problem::from)
}

/// The numbers that these records of a donor gave.
pub fn numbers_of(conn: &mut Conn, records: &[DonorId]) -> Result<Vec<Din>> {
    on_each!(conn => c, donations::table
        .filter(donations::donor.eq_any(records))
        .order(donations::id)
        .select(donations::din)
        .load(c))
    .map_err(Problem::from)
}

/// Whether a donation was taken at a drive.
pub fn is_of_drive(conn: &mut Conn, donation: Option<DonationId>) -> Result<bool> {
    let Some(donation) = donation else { return Ok(false) };
    let of = donations::table.find(donation.0).filter(donations::drive.is_not_null());
    Ok(diesel::select(diesel::dsl::exists(of)).get_result(conn)?)
}

/// Every number that these records of a donor gave, with its civil day, the first first.
pub fn given_by(conn: &mut Conn, records: &[DonorId]) -> Result<Vec<(Din, NaiveDate)>> {
    on_each!(conn => c, donations::table
        .filter(donations::donor.eq_any(records))
        .order((donations::given_on, donations::id))
        .select((donations::din, donations::given_on))
        .load(c))
    .map_err(Problem::from)
}

/// Numbers of donations here of which units are in quarantine there, with the oldest of them and the day, after `after`.
pub fn numbers_in_quarantine(
    conn: &mut Conn,
    facility: FacilityId,
    after: i64,
    limit: i64,
) -> Result<Vec<(Din, i64, NaiveDate)>> {
    let first = diesel::dsl::min(blood_units::id);
    let rows: Vec<(Din, Option<i64>, Option<NaiveDate>)> = on_each!(conn => c, blood_units::table
        .filter(blood_units::facility.eq(facility))
        .filter(blood_units::status.eq_any([UnitStatus::Quarantine, UnitStatus::EmergencyUntested]))
        .filter(blood_units::donation.is_not_null())
        .group_by(blood_units::din)
        .having(first.gt(after))
        .order(first.asc())
        .limit(limit)
        .select((blood_units::din, first, diesel::dsl::min(blood_units::collected_on)))
        .load(c))?;
    Ok(rows.into_iter().filter_map(|(din, first, on)| Some((din, first?, on?))).collect())
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
    const STATES: [UnitStatus; 6] = [
        UnitStatus::EmergencyUntested,
        UnitStatus::Released,
        UnitStatus::Reserved,
        UnitStatus::Issued,
        UnitStatus::Returned,
        UnitStatus::InTransit,
    ];
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
    const HELD: [UnitStatus; 7] = [
        UnitStatus::EmergencyUntested,
        UnitStatus::Quarantine,
        UnitStatus::Released,
        UnitStatus::Reserved,
        UnitStatus::Issued,
        UnitStatus::Returned,
        UnitStatus::InTransit,
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
