//! Counts of issues, of donors by window, and of sites: grouped in the database, a handful of queries
//! for any number of cells.

use std::collections::{BTreeSet, HashMap};

use chrono::NaiveDate;
use diesel::dsl::{count_star, min, sum};
use diesel::prelude::*;
use shiryan_kernel::blood::{BloodGroup, Component, DonationType};
use shiryan_kernel::ids::{FacilityId, least_at};
use shiryan_kernel::place::Governorate;
use shiryan_kernel::status::{DonorStatus, FacilityKind, MoveReason};
use shiryan_kernel::time::{Moment, plus_days};
use shiryan_kernel::{Problem, Result};

use super::rules::{DEMAND_DAYS, EligibleCount, HORIZONS, IssueCount, RECENT_DAYS, RegisteredCount};
use crate::db::tables::{daily_flows, donors, facilities, giving_windows, unit_movements};
use crate::db::{Conn, on_each};

/// A facility that holds blood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Site {
    pub id: FacilityId,
    pub kind: FacilityKind,
    pub code: String,
    pub name_ar: String,
    pub name_en: String,
    pub governorate: Governorate,
}

fn count(rows: i64) -> Result<u32> {
    u32::try_from(rows).map_err(Problem::internal)
}

type Cells = HashMap<(Governorate, Component, BloodGroup), u32>;

/// Units issued in each of the two windows that demand is told from; a cell is there when anything
/// moved in the longer one.
pub fn issues(conn: &mut Conn, component: Option<Component>, today: NaiveDate) -> Result<Vec<IssueCount>> {
    let month = issued_from(conn, component, plus_days(today, -DEMAND_DAYS), today)?;
    let week = issued_from(conn, component, plus_days(today, -RECENT_DAYS), today)?;
    let with_week =
        |(cell, month): (_, u32)| IssueCount { cell, month, week: week.get(&cell).copied().unwrap_or(0) };
    Ok(month.into_iter().map(with_week).collect())
}

fn issued_from(
    conn: &mut Conn,
    component: Option<Component>,
    from: NaiveDate,
    until: NaiveDate,
) -> Result<Cells> {
    let mut query = daily_flows::table
        .group_by((daily_flows::governorate, daily_flows::component, daily_flows::blood_group))
        .select((
            daily_flows::governorate,
            daily_flows::component,
            daily_flows::blood_group,
            sum(daily_flows::issued),
        ))
        .filter(daily_flows::flow_on.ge(from))
        .filter(daily_flows::flow_on.lt(until))
        .into_boxed();
    if let Some(component) = component {
        query = query.filter(daily_flows::component.eq(component));
    }
    let rows: Vec<(Governorate, Component, BloodGroup, Option<i64>)> = query.load(conn)?;
    rows.into_iter()
        .map(|(governorate, component, group, issued)| {
            Ok(((governorate, component, group), count(issued.unwrap_or(0))?))
        })
        .collect()
}

/// The first day, from `from` on, on which anything moved in each governorate.
pub fn first_flows(
    conn: &mut Conn,
    from: NaiveDate,
    until: NaiveDate,
) -> Result<HashMap<Governorate, NaiveDate>> {
    let rows: Vec<(Governorate, Option<NaiveDate>)> = daily_flows::table
        .group_by(daily_flows::governorate)
        .select((daily_flows::governorate, min(daily_flows::flow_on)))
        .filter(daily_flows::flow_on.ge(from))
        .filter(daily_flows::flow_on.lt(until))
        .load(conn)?;
    Ok(rows.into_iter().filter_map(|(governorate, first)| Some((governorate, first?))).collect())
}

/// Active donors of known group whose window for this donation is open on each of the horizons.
pub fn eligible(conn: &mut Conn, donation: DonationType, today: NaiveDate) -> Result<Vec<EligibleCount>> {
    let [first, second, third] = HORIZONS.map(|ahead| plus_days(today, ahead));
    macro_rules! open_on {
        ($day:expr) => {
            diesel::dsl::count(giving_windows::donor).aggregate_filter(giving_windows::from_on.le($day).and(
                giving_windows::until_on.is_null().or(giving_windows::until_on.assume_not_null().ge($day)),
            ))
        };
    }
    type Row = (Option<BloodGroup>, Option<Governorate>, i64, i64, i64);
    let rows: Vec<Row> = on_each!(conn => c, giving_windows::table
        .inner_join(donors::table)
        .group_by((donors::blood_group, donors::governorate))
        .select((
            donors::blood_group,
            donors::governorate,
            open_on!(first),
            open_on!(second),
            open_on!(third),
        ))
        .filter(donors::status.eq(DonorStatus::Active))
        .filter(donors::blood_group.is_not_null())
        .filter(donors::governorate.is_not_null())
        .filter(giving_windows::donation_type.eq(donation))
        .filter(giving_windows::from_on.le(third))
        .filter(giving_windows::until_on.is_null().or(giving_windows::until_on.ge(first)))
        .load(c))
    .map_err(Problem::from)?;
    rows.into_iter()
        .filter_map(|(group, governorate, a, b, c)| Some((group?, governorate?, [a, b, c])))
        .map(|(group, governorate, [a, b, c])| {
            let on = [count(a)?, count(b)?, count(c)?];
            Ok(EligibleCount { governorate, group, donation, on })
        })
        .collect()
}

/// Donors on the register by group and governorate, paused ones too; a person with several records once.
pub fn registered(conn: &mut Conn) -> Result<Vec<RegisteredCount>> {
    let rows: Vec<(Option<BloodGroup>, Option<Governorate>, i64)> = donors::table
        .group_by((donors::blood_group, donors::governorate))
        .select((donors::blood_group, donors::governorate, count_star()))
        .filter(donors::status.eq(DonorStatus::Active).or(donors::status.eq(DonorStatus::Paused)))
        .filter(donors::merged_into.is_null())
        .filter(donors::blood_group.is_not_null())
        .filter(donors::governorate.is_not_null())
        .load(conn)?;
    rows.into_iter()
        .filter_map(|(group, governorate, donors)| Some((group?, governorate?, donors)))
        .map(|(group, governorate, donors)| {
            Ok(RegisteredCount { governorate, group, donors: count(donors)? })
        })
        .collect()
}

/// Facilities where nobody moved anything since that moment, by code; a unit whose date passes is not heard of.
pub fn silent(conn: &mut Conn, since: Moment) -> Result<Vec<Site>> {
    let heard = heard(conn, since)?;
    let rows: Vec<(i64, FacilityKind, String, String, String, Governorate)> = facilities::table
        .order(facilities::code)
        .select((
            facilities::id,
            facilities::kind,
            facilities::code,
            facilities::name_ar,
            facilities::name_en,
            facilities::governorate,
        ))
        .load(conn)?;
    Ok(rows
        .into_iter()
        .filter(|(id, ..)| !heard.contains(id))
        .map(|(id, kind, code, name_ar, name_en, governorate)| Site {
            id: FacilityId(id),
            kind,
            code,
            name_ar,
            name_en,
            governorate,
        })
        .collect())
}

fn heard(conn: &mut Conn, since: Moment) -> Result<Vec<i64>> {
    // Ids are minted in order of time, so this is the end of the primary key, not the whole ledger.
    Ok(unit_movements::table
        .filter(unit_movements::id.ge(least_at(since)))
        .filter(unit_movements::moved_at.ge(since.naive_utc()))
        .filter(unit_movements::reason.ne(MoveReason::DatePassed))
        .select(unit_movements::facility)
        .distinct()
        .load(conn)?)
}

/// Governorates of which nothing was heard since that moment: no movement at any facility, no receipt and no issue of
/// that day or later.
pub fn silent_places(conn: &mut Conn, since: Moment, day: NaiveDate) -> Result<BTreeSet<Governorate>> {
    let heard = heard(conn, since)?;
    let facilities: Vec<(i64, Governorate)> =
        facilities::table.select((facilities::id, facilities::governorate)).load(conn)?;
    let moved: Vec<Governorate> = daily_flows::table
        .filter(daily_flows::flow_on.ge(day))
        .filter(daily_flows::received.gt(0).or(daily_flows::issued.gt(0)))
        .select(daily_flows::governorate)
        .distinct()
        .load(conn)?;
    let mut silent: BTreeSet<Governorate> = Governorate::ALL.iter().copied().collect();
    for (id, governorate) in facilities {
        if heard.contains(&id) {
            silent.remove(&governorate);
        }
    }
    silent.retain(|governorate| !moved.contains(governorate));
    Ok(silent)
}
