//! Rows of the published table, and who is counted for it.

use std::collections::BTreeMap;

use chrono::{NaiveDate, NaiveDateTime};
use diesel::prelude::*;
use shiryan_kernel::blood::{BloodGroup, DonationType, GroupEvidence};
use shiryan_kernel::ids::DonorId;
use shiryan_kernel::place::Governorate;
use shiryan_kernel::status::DonorStatus;
use shiryan_kernel::{Problem, Result};

use super::{Area, Areas, Band, Cell, Member, Published, Shown};
use crate::db::tables::{
    donors, giving_windows, givings, published_areas, published_cells, published_tables, units,
};
use crate::db::{Conn, Tx, insert_all, on_each};

/// Donors read in one go.
const SLICE: i64 = 50_000;

/// Who is registered, by id. A donor without a governorate counts where the unit stands; one without either is not
/// counted.
pub fn registered(conn: &mut Conn) -> Result<Vec<Member>> {
    type Row = (DonorId, Option<BloodGroup>, Option<Governorate>, Option<i64>);
    let stands: Vec<(i64, Governorate)> = units::table.select((units::id, units::governorate)).load(conn)?;
    let stands: BTreeMap<i64, Governorate> = stands.into_iter().collect();
    let mut members = Vec::new();
    let mut after = i64::MIN;
    loop {
        let rows: Vec<Row> = on_each!(conn => c, donors::table
            .filter(donors::id.gt(after))
            .filter(donors::status.eq(DonorStatus::Active))
            .filter(donors::group_evidence.eq(GroupEvidence::Confirmed))
            .filter(diesel::dsl::exists(givings::table.filter(givings::donor.eq(donors::id))))
            .order(donors::id)
            .limit(SLICE)
            .select((donors::id, donors::blood_group, donors::governorate, donors::unit_id))
            .load(c))?;
        let Some(last) = rows.last() else { return Ok(members) };
        after = last.0.0;
        members.extend(rows.into_iter().filter_map(|(donor, group, own, unit)| {
            let governorate = own.or_else(|| stands.get(&unit?).copied())?;
            Some(Member { donor, blood_group: group?, governorate })
        }));
    }
}

/// Who may give a type that day, by id.
pub fn able(conn: &mut Conn, donation_type: DonationType, today: NaiveDate) -> Result<Vec<DonorId>> {
    let mut able: Vec<DonorId> = Vec::new();
    loop {
        let after = able.last().map_or(i64::MIN, |donor| donor.0);
        let rows: Vec<DonorId> = on_each!(conn => c, giving_windows::table
            .filter(giving_windows::donation_type.eq(donation_type))
            .filter(giving_windows::from_on.le(today))
            .filter(giving_windows::until_on.is_null().or(giving_windows::until_on.ge(today)))
            .filter(giving_windows::donor.gt(after))
            .order(giving_windows::donor)
            .select(giving_windows::donor)
            .distinct()
            .limit(SLICE)
            .load(c))?;
        if rows.is_empty() {
            return Ok(able);
        }
        able.extend(rows);
    }
}

pub fn areas(conn: &mut Conn, quarter: NaiveDate) -> Result<Areas> {
    let rows: Vec<(BloodGroup, Governorate, String, bool)> = published_areas::table
        .filter(published_areas::quarter.eq(quarter))
        .select((
            published_areas::blood_group,
            published_areas::governorate,
            published_areas::area,
            published_areas::holds,
        ))
        .load(conn)?;
    let read = |(group, governorate, area, holds): (BloodGroup, Governorate, String, bool)| {
        Ok(((group, governorate), Shown { area: Area::read(&area)?, holds }))
    };
    rows.into_iter().map(read).collect()
}

pub fn keep_areas(tx: &mut Tx, quarter: NaiveDate, areas: &Areas) -> Result<()> {
    diesel::delete(published_areas::table.filter(published_areas::quarter.eq(quarter))).execute(tx.conn)?;
    let rows: Vec<_> = areas
        .iter()
        .map(|((group, governorate), shown)| {
            (
                published_areas::quarter.eq(quarter),
                published_areas::blood_group.eq(*group),
                published_areas::governorate.eq(*governorate),
                published_areas::area.eq(shown.area.code()),
                published_areas::holds.eq(shown.holds),
            )
        })
        .collect();
    insert_all!(tx.conn => published_areas::table, rows)?;
    Ok(())
}

pub fn insert(tx: &mut Tx, today: NaiveDate, cells: &[Cell]) -> Result<()> {
    let id = tx.id();
    diesel::insert_into(published_tables::table)
        .values((
            published_tables::id.eq(id),
            published_tables::made_on.eq(today),
            published_tables::made_at.eq(tx.now.naive_utc()),
        ))
        .execute(tx.conn)?;
    let rows: Vec<_> = cells
        .iter()
        .map(|cell| {
            (
                published_cells::published.eq(id),
                published_cells::blood_group.eq(cell.blood_group),
                published_cells::area.eq(cell.area.code()),
                published_cells::donation_type.eq(cell.donation_type),
                published_cells::band.eq(cell.band),
                published_cells::is_weekly.eq(cell.is_weekly),
            )
        })
        .collect();
    insert_all!(tx.conn => published_cells::table, rows)?;
    Ok(())
}

pub fn is_made(conn: &mut Conn, today: NaiveDate) -> Result<bool> {
    let found: Option<i64> = published_tables::table
        .filter(published_tables::made_on.eq(today))
        .select(published_tables::id)
        .first(conn)
        .optional()?;
    Ok(found.is_some())
}

/// The newest table's cells of one donation type; none while no table was ever made.
///
/// # Errors
/// As any read.
pub fn latest(conn: &mut Conn, donation_type: DonationType) -> Result<Option<Published>> {
    let newest: Option<(i64, NaiveDate, NaiveDateTime)> = published_tables::table
        .order(published_tables::made_on.desc())
        .select((published_tables::id, published_tables::made_on, published_tables::made_at))
        .first(conn)
        .optional()?;
    let Some((id, made_on, made_at)) = newest else { return Ok(None) };
    let rows: Vec<(BloodGroup, String, Option<Band>, bool)> = published_cells::table
        .filter(published_cells::published.eq(id))
        .filter(published_cells::donation_type.eq(donation_type))
        .select((
            published_cells::blood_group,
            published_cells::area,
            published_cells::band,
            published_cells::is_weekly,
        ))
        .load(conn)
        .map_err(Problem::from)?;
    let mut cells = Vec::with_capacity(rows.len());
    for (blood_group, area, band, is_weekly) in rows {
        cells.push(Cell { blood_group, donation_type, area: Area::read(&area)?, band, is_weekly });
    }
    // The narrower first.
    cells.sort_by_key(|cell| {
        let region = cell.area.region();
        (cell.blood_group, cell.area.territory(), region.is_none(), region, cell.area)
    });
    Ok(Some(Published { made_on, made_at: made_at.and_utc(), cells }))
}
