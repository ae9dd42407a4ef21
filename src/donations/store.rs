//! Rows of donations.

pub mod visits;

use chrono::NaiveDate;
use diesel::prelude::*;
use shiryan_kernel::din::Din;
use shiryan_kernel::ids::{AppointmentId, DecisionId, DonationId, DonorId, FacilityId, UserId};
use shiryan_kernel::status::DonorKind;
use shiryan_kernel::time::Zone;
use shiryan_kernel::{Problem, Result};

use super::NewDonation;
use crate::db::tables::donations;
use crate::db::{Conn, Tx, on_each};

pub fn is_used(conn: &mut Conn, din: &Din) -> Result<bool> {
    let found: Option<i64> =
        donations::table.filter(donations::din.eq(din)).select(donations::id).first(conn).optional()?;
    Ok(found.is_some())
}

/// What a donation is recorded with, beside what was said.
#[derive(Debug)]
pub struct NewRow {
    pub id: DonationId,
    pub facility: FacilityId,
    pub appointment: Option<AppointmentId>,
    pub decision: DecisionId,
    pub given_as: Option<DonorKind>,
}

pub fn insert(tx: &mut Tx, zone: Zone, by: UserId, new: &NewDonation, row: &NewRow) -> Result<()> {
    diesel::insert_into(donations::table)
        .values((
            donations::id.eq(row.id),
            donations::donor.eq(new.donor),
            donations::din.eq(new.din),
            donations::donation_type.eq(new.donation_type),
            donations::volume_ml.eq(new.volume_ml),
            donations::collected_at.eq(new.collected_at.naive_utc()),
            donations::given_on.eq(zone.date(new.collected_at)),
            donations::facility.eq(row.facility),
            donations::drive.eq(new.drive),
            donations::appointment.eq(row.appointment),
            donations::decision.eq(row.decision),
            donations::given_as.eq(row.given_as),
            donations::recorded_at.eq(tx.now.naive_utc()),
            donations::recorded_by.eq(by),
        ))
        .execute(tx.conn)?;
    Ok(())
}

/// Donations of a span of days by how the donor came: of one blood bank, or of all.
pub fn kinds(
    conn: &mut Conn,
    facility: Option<FacilityId>,
    (first, last): (NaiveDate, NaiveDate),
) -> Result<Vec<(Option<DonorKind>, i64)>> {
    on_each!(conn => c, {
        let mut rows = donations::table
            .filter(donations::given_on.between(first, last))
            .group_by(donations::given_as)
            .select((donations::given_as, diesel::dsl::count_star()))
            .into_boxed();
        if let Some(facility) = facility {
            rows = rows.filter(donations::facility.eq(facility));
        }
        rows.load(c)
    })
    .map_err(Problem::from)
}

/// What a person gave, under whichever record, latest first.
pub fn of_person(conn: &mut Conn, records: &[DonorId], limit: i64) -> Result<Vec<(DonationId, NaiveDate)>> {
    on_each!(conn => c, donations::table
        .filter(donations::donor.eq_any(records))
        .order((donations::given_on.desc(), donations::id.desc()))
        .limit(limit)
        .select((donations::id, donations::given_on))
        .load(c))
    .map_err(Problem::from)
}
