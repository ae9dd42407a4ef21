//! Rows of whom to tell what about their appointments.

use chrono::{NaiveDate, NaiveDateTime};
use diesel::dsl::{exists, not};
use diesel::prelude::*;
use shiryan_kernel::blood::DonationType;
use shiryan_kernel::ids::{AppointmentId, DonorId, DriveId, MessageId, SlotId};
use shiryan_kernel::message::{MessageState, Template, Told};
use shiryan_kernel::status::{AppointmentStatus, DriveStatus};
use shiryan_kernel::time::Moment;
use shiryan_kernel::{Problem, Result};

use super::LIVE;
use crate::db::tables::{activities, appointments, drives, giving_windows, messages, slots};
use crate::db::{Conn, on_each};

/// An appointment and its place.
#[derive(Debug, Queryable)]
pub struct Place {
    pub id: AppointmentId,
    pub drive: DriveId,
    pub slot: SlotId,
    pub donor: DonorId,
    pub status: AppointmentStatus,
    pub starts_at: NaiveDateTime,
    pub version: i64,
    pub given: DonationType,
    pub first_timer: bool,
    pub created_at: NaiveDateTime,
    pub first_of_line: Option<AppointmentId>,
}

impl Place {
    /// The first of those that moved into one another until this one, by which calendars know them all.
    pub fn line(&self) -> AppointmentId {
        self.first_of_line.unwrap_or(self.id)
    }
}

macro_rules! place {
    () => {
        (
            appointments::id,
            appointments::drive,
            appointments::slot,
            appointments::donor,
            appointments::status,
            slots::starts_at,
            appointments::version,
            appointments::donation_type,
            appointments::first_timer,
            appointments::created_at,
            appointments::first_of_line,
        )
    };
}
pub(super) use place;

pub fn appointment(conn: &mut Conn, id: AppointmentId) -> Result<Place> {
    Ok(appointments::table
        .inner_join(slots::table)
        .filter(appointments::id.eq(id))
        .select(place!())
        .first(conn)?)
}

/// What became of the letters that put an appointment, or one that moved into it, into its donor's calendar: state and
/// tries of each.
pub fn told_of_line(conn: &mut Conn, place: &Place) -> Result<Vec<(MessageState, i32)>> {
    let line = place.line();
    on_each!(conn => c, messages::table
        .inner_join(appointments::table.on(appointments::id.eq(messages::subject)))
        .filter(messages::template.eq_any([Template::AppointmentConfirmed, Template::AppointmentChanged]))
        .filter(appointments::donor.eq(place.donor))
        .filter(appointments::id.eq(line).or(appointments::first_of_line.eq(line).assume_not_null()))
        .select((messages::state, messages::attempts))
        .load(c))
    .map_err(Problem::from)
}

/// The live appointments of a drive in slots to come, in the order in which slots are locked.
pub fn held_to_come(conn: &mut Conn, drive: DriveId, now: Moment) -> Result<Vec<Place>> {
    on_each!(conn => c, appointments::table
        .inner_join(slots::table)
        .filter(appointments::drive.eq(drive))
        .filter(appointments::status.eq_any(LIVE))
        .filter(slots::starts_at.gt(now.naive_utc()))
        .order((slots::starts_at, slots::id, appointments::id))
        .select(place!())
        .load(c))
    .map_err(Problem::from)
}

/// Drives that have not ended, and when they begin.
pub fn coming(conn: &mut Conn, now: Moment) -> Result<Vec<(DriveId, NaiveDateTime)>> {
    on_each!(conn => c, drives::table
        .inner_join(activities::table)
        .filter(drives::status.eq_any([DriveStatus::Open, DriveStatus::Closed]))
        .filter(activities::ends_at.gt(now.naive_utc()))
        .order(activities::starts_at)
        .select((drives::id, activities::starts_at))
        .load(c))
    .map_err(Problem::from)
}

/// Live appointments of a drive in slots to come whose donor has no window for what is to be given open on the
/// civil day `on` and of which no notice was queued: appointment, donor, start.
pub fn untold(
    conn: &mut Conn,
    drive: DriveId,
    on: NaiveDate,
    now: Moment,
    limit: i64,
) -> Result<Vec<(AppointmentId, DonorId, NaiveDateTime)>> {
    let open = giving_windows::table
        .filter(giving_windows::donor.eq(appointments::donor))
        .filter(giving_windows::donation_type.eq(appointments::donation_type))
        .filter(giving_windows::from_on.le(on))
        .filter(giving_windows::until_on.is_null().or(giving_windows::until_on.ge(on)));
    let queued = messages::table
        .filter(messages::template.eq(Template::AppointmentOff))
        .filter(messages::subject.eq(appointments::id));
    on_each!(conn => c, appointments::table
        .inner_join(slots::table)
        .filter(appointments::drive.eq(drive))
        .filter(appointments::status.eq_any(LIVE))
        .filter(slots::starts_at.gt(now.naive_utc()))
        .filter(not(exists(open)))
        .filter(not(exists(queued)))
        .order((slots::starts_at, appointments::id))
        .limit(limit)
        .select((appointments::id, appointments::donor, slots::starts_at))
        .load(c))
    .map_err(Problem::from)
}

/// A notice about an appointment.
#[derive(Debug, Queryable)]
pub struct Notice {
    pub id: MessageId,
    pub template: Template,
    pub donor: DonorId,
    pub appointment: AppointmentId,
    pub state: MessageState,
    pub ended_at: Option<NaiveDateTime>,
}

/// The notices about appointments of a drive after `after`; with `told`, those alone.
pub fn notices(
    conn: &mut Conn,
    drive: DriveId,
    told: Option<Told>,
    after: i64,
    limit: i64,
) -> Result<Vec<Notice>> {
    let is_it = |state: MessageState, template| told.is_none_or(|told| state.told(template) == told);
    let (mut states, mut templates) = (MessageState::ALL.to_vec(), Template::OF_APPOINTMENTS.to_vec());
    states.retain(|state| Template::OF_APPOINTMENTS.iter().any(|template| is_it(*state, *template)));
    templates.retain(|template| MessageState::ALL.iter().any(|state| is_it(*state, *template)));
    on_each!(conn => c, messages::table
        .inner_join(appointments::table.on(appointments::id.eq(messages::subject)))
        .filter(messages::template.eq_any(templates))
        .filter(appointments::drive.eq(drive))
        .filter(messages::state.eq_any(states))
        .filter(messages::id.gt(after))
        .order(messages::id)
        .limit(limit)
        .select((
            messages::id,
            messages::template,
            messages::donor.assume_not_null(),
            appointments::id,
            messages::state,
            messages::ended_at,
        ))
        .load(c))
    .map_err(Problem::from)
}

/// Proposals whose slot begins within the time in which they may lapse, by start.
pub fn proposed(conn: &mut Conn, now: Moment) -> Result<Vec<Place>> {
    let ahead = now + chrono::Duration::hours(49);
    Ok(appointments::table
        .inner_join(slots::table)
        .filter(appointments::status.eq(AppointmentStatus::Proposed))
        .filter(slots::starts_at.le(ahead.naive_utc()))
        .order((slots::starts_at, slots::id, appointments::id))
        .select(place!())
        .load(conn)?)
}

/// The live appointments of a drive, in the order in which slots are locked.
pub fn live(conn: &mut Conn, drive: DriveId) -> Result<Vec<Place>> {
    on_each!(conn => c, appointments::table
        .inner_join(slots::table)
        .filter(appointments::drive.eq(drive))
        .filter(appointments::status.eq_any(LIVE))
        .order((slots::starts_at, slots::id, appointments::id))
        .select(place!())
        .load(c))
    .map_err(Problem::from)
}
