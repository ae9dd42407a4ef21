//! Rows of what a shelf should hold, and counts of what it does.

use chrono::NaiveDate;
use diesel::dsl::count_star;
use diesel::prelude::*;
use shiryan_kernel::blood::{BloodGroup, Component};
use shiryan_kernel::ids::{FacilityId, UserId};
use shiryan_kernel::status::UnitStatus;
use shiryan_kernel::time::Moment;
use shiryan_kernel::{Problem, Result};

use crate::db::tables::{blood_units, pars};
use crate::db::{Conn, Tx, on_each};

/// What a shelf holds of a component and group.
pub type Counted = (Component, Option<BloodGroup>, i64);

/// Units of these states that are good now; of all of them, or of those good until `until` at the longest.
pub fn good(
    conn: &mut Conn,
    (own, states): (FacilityId, &[UnitStatus]),
    now: Moment,
    until: Option<NaiveDate>,
) -> Result<Vec<Counted>> {
    on_each!(conn => c, {
        let mut rows = blood_units::table
            .filter(blood_units::facility.eq(own))
            .filter(blood_units::status.eq_any(states))
            .filter(blood_units::expires_at.ge(now.naive_utc()))
            .group_by((blood_units::component, blood_units::blood_group))
            .select((blood_units::component, blood_units::blood_group, count_star()))
            .into_boxed();
        if let Some(until) = until {
            rows = rows.filter(blood_units::expires_on.le(until));
        }
        rows.load(c)
    })
    .map_err(Problem::from)
}

/// What was given to patients there since a moment.
pub fn used_since(conn: &mut Conn, own: FacilityId, since: Moment) -> Result<Vec<Counted>> {
    on_each!(conn => c, blood_units::table
        .filter(blood_units::facility.eq(own))
        .filter(blood_units::status.eq(UnitStatus::Transfused))
        .filter(blood_units::changed_at.ge(since.naive_utc()))
        .group_by((blood_units::component, blood_units::blood_group))
        .select((blood_units::component, blood_units::blood_group, count_star()))
        .load(c))
    .map_err(Problem::from)
}

/// What a shelf should hold.
pub fn pars(conn: &mut Conn, own: FacilityId) -> Result<Vec<(Component, BloodGroup, i32)>> {
    Ok(pars::table
        .filter(pars::facility.eq(own))
        .select((pars::component, pars::blood_group, pars::units))
        .load(conn)?)
}

pub fn set(
    tx: &mut Tx,
    own: FacilityId,
    (component, group): (Component, BloodGroup),
    units: i32,
    by: UserId,
) -> Result<()> {
    let row = (
        pars::facility.eq(own),
        pars::component.eq(component),
        pars::blood_group.eq(group),
        pars::units.eq(units),
        pars::set_at.eq(tx.now.naive_utc()),
        pars::set_by.eq(by),
    );
    let changes = (pars::units.eq(units), pars::set_at.eq(tx.now.naive_utc()), pars::set_by.eq(by));
    on_each!(tx.conn => c, diesel::insert_into(pars::table)
        .values(row)
        .on_conflict((pars::facility, pars::component, pars::blood_group))
        .do_update()
        .set(changes)
        .execute(c))?;
    Ok(())
}

pub fn unset(tx: &mut Tx, own: FacilityId, (component, group): (Component, BloodGroup)) -> Result<()> {
    let row = pars::table
        .filter(pars::facility.eq(own))
        .filter(pars::component.eq(component))
        .filter(pars::blood_group.eq(group));
    diesel::delete(row).execute(tx.conn)?;
    Ok(())
}
