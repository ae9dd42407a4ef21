//! Counts of those who could be called.

use chrono::NaiveDate;
use diesel::dsl::{count_star, exists, not, sql};
use diesel::prelude::*;
use diesel::sql_types::Bool;
use shiryan_kernel::blood::{BloodGroup, DonationType};
use shiryan_kernel::ids::UnitId;
use shiryan_kernel::place::Governorate;
use shiryan_kernel::status::{ActivityStatus, AppointmentStatus, DonorStatus, FacilityKind};
use shiryan_kernel::time::Moment;
use shiryan_kernel::{Problem, Result};

use crate::db::tables::{
    activities, appointments, assignments, donors, facilities, giving_windows, unit_absences, unit_tree,
    units,
};
use crate::db::{Conn, on_each};

/// The latest of what somebody said of being called holds: left out is a no after which no yes was said.
const DID_NOT_SAY_NO: &str = "donors.id NOT IN (SELECT n.donor FROM consents AS n \
     WHERE n.kind = 'contact' AND NOT n.given AND NOT EXISTS (SELECT 1 FROM consents AS y \
         WHERE y.donor = n.donor AND y.kind = 'contact' AND y.given \
             AND (y.said_on > n.said_on OR (y.said_on = n.said_on AND y.id > n.id))))";

/// Donors of one unit, group and governorate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row {
    pub unit: Option<UnitId>,
    pub group: BloodGroup,
    pub governorate: Governorate,
    pub donors: u32,
}

/// Who may give this today, did not say that they do not want to be called, and is neither booked nor on an activity in
/// the span. Who has no governorate is where the unit stands.
pub fn callable(
    conn: &mut Conn,
    donation: DonationType,
    (from, until): (Moment, Moment),
    today: NaiveDate,
) -> Result<Vec<Row>> {
    const EXPECTED: [AppointmentStatus; 2] = [AppointmentStatus::Proposed, AppointmentStatus::Booked];
    const OVER: [ActivityStatus; 2] = [ActivityStatus::Done, ActivityStatus::Cancelled];
    let (from, until) = (from.naive_utc(), until.naive_utc());
    type Counted = (Option<UnitId>, Option<BloodGroup>, Option<Governorate>, i64);
    let rows: Vec<Counted> = on_each!(conn => c, {
        let open = giving_windows::table
            .filter(giving_windows::donor.eq(donors::id))
            .filter(giving_windows::donation_type.eq(donation))
            .filter(giving_windows::from_on.le(today))
            .filter(giving_windows::until_on.is_null().or(giving_windows::until_on.ge(today)));
        let on_duty = assignments::table
            .inner_join(activities::table)
            .filter(assignments::ended_at.is_null())
            .filter(activities::status.ne_all(OVER))
            .filter(activities::starts_at.lt(until))
            .filter(activities::ends_at.gt(from))
            .select(assignments::donor);
        let booked = appointments::table
            .inner_join(activities::table.on(activities::id.eq(appointments::drive)))
            .filter(appointments::status.eq_any(EXPECTED))
            .filter(activities::starts_at.lt(until))
            .filter(activities::ends_at.gt(from))
            .select(appointments::donor);
        // Who refused every way is not called; what nobody asked is no refusal.
        let refused = donors::may_call.eq(false).and(donors::may_text.eq(false)).and(donors::may_email.eq(false));
        donors::table
            .filter(donors::status.eq(DonorStatus::Active))
            .filter(donors::merged_into.is_null())
            .filter(donors::blood_group.is_not_null())
            .filter(refused.is_null().or(not(refused)))
            .filter(exists(open))
            .filter(sql::<Bool>(DID_NOT_SAY_NO))
            .filter(donors::id.ne_all(on_duty))
            .filter(donors::id.ne_all(booked))
            .group_by((donors::unit_id, donors::blood_group, donors::governorate))
            .select((donors::unit_id, donors::blood_group, donors::governorate, count_star()))
            .load(c)
    })
    .map_err(Problem::from)?;
    let stands: Vec<(UnitId, Governorate)> =
        units::table.select((units::id, units::governorate)).order(units::id).load(conn)?;
    let stands_in = |unit: UnitId| {
        let at = stands.binary_search_by_key(&unit, |(id, _)| *id).ok()?;
        stands.get(at).map(|(_, governorate)| *governorate)
    };
    rows.into_iter()
        .filter_map(|(unit, group, governorate, donors)| {
            Some((unit, group?, governorate.or_else(|| stands_in(unit?))?, donors))
        })
        .map(|(unit, group, governorate, donors)| {
            Ok(Row { unit, group, governorate, donors: u32::try_from(donors).map_err(Problem::internal)? })
        })
        .collect()
}

/// Units that are not there that day, with all below them.
pub fn away(conn: &mut Conn, today: NaiveDate) -> Result<Vec<UnitId>> {
    on_each!(conn => c, unit_absences::table
        .inner_join(unit_tree::table.on(unit_tree::ancestor.eq(unit_absences::unit_id)))
        .filter(unit_absences::withdrawn_at.is_null())
        .filter(unit_absences::from_on.le(today))
        .filter(unit_absences::until_on.ge(today))
        .select(unit_tree::descendant)
        .distinct()
        .load(c))
    .map_err(Problem::from)
}

/// The governorate of each blood bank.
pub fn sites(conn: &mut Conn) -> Result<Vec<Governorate>> {
    Ok(facilities::table
        .filter(facilities::kind.eq(FacilityKind::BloodBank))
        .select(facilities::governorate)
        .load(conn)?)
}
