//! Rows of donations.

pub mod visits;

use diesel::prelude::*;
use shiryan_kernel::Result;
use shiryan_kernel::din::Din;
use shiryan_kernel::ids::{AppointmentId, DecisionId, DonationId, FacilityId, UserId};
use shiryan_kernel::time::Zone;

use super::NewDonation;
use crate::db::tables::donations;
use crate::db::{Conn, Tx};

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
            donations::recorded_at.eq(tx.now.naive_utc()),
            donations::recorded_by.eq(by),
        ))
        .execute(tx.conn)?;
    Ok(())
}
