//! Asking donors by message to come to a drive: those who may give that day, of the groups that are wanted, each once.
//!
//! Who is asked is told to nobody, only how many. The message holds a link by which the donor takes a time; it says
//! neither where nor what for, and no hour: hours that are meant for a group stand behind the link.

use chrono::{NaiveDate, NaiveTime};
use diesel::dsl::{exists, not};
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use shiryan_kernel::blood::{BloodGroup, DonationType};
use shiryan_kernel::ids::{DonorId, DriveId, InvitationId, SlotId, UnitId};
use shiryan_kernel::message::Template;
use shiryan_kernel::status::{DonorStatus, DriveStatus, LinkVerb};
use shiryan_kernel::time::{Moment, Zone};
use shiryan_kernel::{Code, Problem, Result};
use utoipa::ToSchema;

use super::{in_scope, rules, store};
use crate::accounts::Principal;
use crate::audit::{self, Line};
use crate::db::tables::{appointments, donors, giving_windows, invitations, unit_tree};
use crate::db::{Conn, Tx, feed, on_each};
use crate::messages::{self, About, Door, Notice};
use crate::vault::Vault;

/// The most who are asked at once.
pub const MOST: i64 = 200;

/// Who is to be asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// Any group when empty, unknown ones too.
    pub groups: Vec<BloodGroup>,
    /// Civil hours of the drive that they are to choose from; all when none.
    pub hours: Option<(NaiveTime, NaiveTime)>,
    /// 1 to [`MOST`].
    pub most: i64,
}

/// How many were asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = InvitationsSent)]
pub struct Sent {
    pub drive: DriveId,
    /// Messages that were queued: fewer than wanted where fewer may be asked.
    pub queued: usize,
}

/// Invitations in the record of changes.
const INVITATION: audit::Thing = audit::Thing { name: "invitation", tables: &[("invitations", "id")] };

/// Asks donors of the drive's unit and those below it who may give on its day, want to be written to, have no place in
/// it and were not asked before; whoever was asked least lately first.
///
/// # Errors
/// `not_found`, also for a medic when the drive is of another unit; `drive_closed`; `out_of_range` of `most`, of `to` where
/// hours end before they begin, and of `from` where no slot with a place begins in them.
pub fn invite(
    tx: &mut Tx,
    vault: &Vault,
    zone: Zone,
    by: &Principal,
    id: DriveId,
    asked: &Asked,
) -> Result<Sent> {
    let drive = in_scope(tx.conn, by, id)?;
    rules::takes_bookings(drive.status, drive.taken_until(), tx.now)?;
    if !(1..=MOST).contains(&asked.most) {
        return Err(Problem::field("most", Code::OutOfRange));
    }
    let types = store::planning::types_of(tx.conn, id)?;
    let on = zone.date(drive.starts_at.and_utc());
    let hours = asked.hours.map(|hours| hours_of(tx.conn, id, (zone, on), hours, tx.now)).transpose()?;
    let (from, to) = hours.unzip();
    let found = candidates(tx.conn, (id, drive.unit, on), &types, asked)?;
    let until = taken_until(&drive);
    let (mut queued, mut made) = (0, Vec::new());
    for donor in found {
        let invitation = InvitationId(tx.id());
        made.push(invitation.0);
        diesel::insert_into(invitations::table)
            .values((
                invitations::id.eq(invitation),
                invitations::drive.eq(id),
                invitations::donor.eq(donor),
                invitations::made_at.eq(tx.now.naive_utc()),
                invitations::made_by.eq(by.user),
                invitations::from_at.eq(from.map(|from| from.naive_utc())),
                invitations::to_at.eq(to.map(|to| to.naive_utc())),
            ))
            .execute(tx.conn)?;
        let notice = Notice {
            template: Template::Invitation,
            donor,
            subject: invitation.0,
            due_at: tx.now,
            useful_until: until,
        };
        queued += usize::from(messages::queue(tx, vault, &notice)?);
    }
    let line = Line::new(Some(by.user), "drives.invited").on(id).with("donors", queued);
    audit::made_all(&INVITATION, made).record(tx, vault, line)?;
    feed::append(tx, "drive", id.0, "invited")?;
    Ok(Sent { drive: id, queued })
}

/// The hours as moments, if a slot with a place begins in them.
fn hours_of(
    conn: &mut Conn,
    drive: DriveId,
    (zone, on): (Zone, NaiveDate),
    (from, to): (NaiveTime, NaiveTime),
    now: Moment,
) -> Result<(Moment, Moment)> {
    if from >= to {
        return Err(Problem::field("to", Code::OutOfRange));
    }
    let (from, to) = (zone.moment(on, from), zone.moment(on, to));
    let slots = store::slots(conn, drive)?;
    let is_free = |at: Moment| from <= at && at < to && now < at;
    if slots.iter().any(|slot| slot.booked < slot.capacity && is_free(slot.starts_at)) {
        Ok((from, to))
    } else {
        Err(Problem::field("from", Code::OutOfRange))
    }
}

/// Of the slots that a donor may take, those in the hours of the donor's invitation; all where none is left of them, or the
/// invitation names none.
///
/// # Errors
/// As any read.
pub fn meant_for(
    conn: &mut Conn,
    drive: DriveId,
    donor: DonorId,
    mut slots: Vec<(SlotId, Moment)>,
) -> Result<Vec<(SlotId, Moment)>> {
    let hours: Option<(Option<chrono::NaiveDateTime>, Option<chrono::NaiveDateTime>)> = invitations::table
        .filter(invitations::drive.eq(drive))
        .filter(invitations::donor.eq(donor))
        .select((invitations::from_at, invitations::to_at))
        .first(conn)
        .optional()?;
    let Some((Some(from), Some(to))) = hours else { return Ok(slots) };
    let is_meant = |(_, at): &(SlotId, Moment)| (from..to).contains(&at.naive_utc());
    if slots.iter().any(is_meant) {
        slots.retain(is_meant);
    }
    Ok(slots)
}

fn taken_until(drive: &store::Row) -> Moment {
    let (ends_at, book_until) = drive.taken_until();
    book_until.map_or(ends_at, |until| until.min(ends_at))
}

fn candidates(
    conn: &mut Conn,
    (drive, unit, on): (DriveId, UnitId, NaiveDate),
    types: &[DonationType],
    asked: &Asked,
) -> Result<Vec<DonorId>> {
    let below =
        unit_tree::table.filter(unit_tree::ancestor.eq(unit)).select(unit_tree::descendant.nullable());
    on_each!(conn => c, {
        let open = giving_windows::table
            .filter(giving_windows::donor.eq(donors::id))
            .filter(giving_windows::donation_type.eq_any(types))
            .filter(giving_windows::from_on.le(on))
            .filter(giving_windows::until_on.is_null().or(giving_windows::until_on.ge(on)));
        let known = invitations::table
            .filter(invitations::drive.eq(drive))
            .filter(invitations::donor.eq(donors::id));
        let placed = appointments::table
            .filter(appointments::drive.eq(drive))
            .filter(appointments::donor.eq(donors::id));
        let latest = invitations::table
            .filter(invitations::donor.eq(donors::id))
            .select(diesel::dsl::max(invitations::made_at))
            .single_value();
        let mut rows = donors::table
            .filter(donors::unit_id.eq_any(below))
            .filter(donors::status.eq(DonorStatus::Active))
            .filter(donors::merged_into.is_null())
            .filter(donors::may_email.eq(true).or(donors::may_text.eq(true)))
            .filter(exists(open))
            .filter(not(exists(known)))
            .filter(not(exists(placed)))
            .into_boxed();
        if !asked.groups.is_empty() {
            rows = rows.filter(donors::blood_group.eq_any(&asked.groups));
        }
        let mut found: Vec<(DonorId, Option<chrono::NaiveDateTime>)> =
            rows.order(donors::id).select((donors::id, latest)).load(c)?;
        // Never asked before anybody, then whoever waited longest.
        found.sort_by_key(|(donor, latest)| (*latest, *donor));
        found.truncate(usize::try_from(asked.most).unwrap_or(0));
        Ok::<_, diesel::result::Error>(found.into_iter().map(|(donor, _)| donor).collect())
    })
    .map_err(Problem::from)
}

/// Forgets that a donor who was erased was asked.
pub(super) fn forget(conn: &mut Conn, donor: DonorId) -> Result<()> {
    diesel::delete(invitations::table.filter(invitations::donor.eq(donor))).execute(conn)?;
    Ok(())
}

/// How what an invitation says stands now; none once the drive takes nobody any more, or the donor has a place in it.
///
/// # Errors
/// As any read.
pub fn about_invitation(conn: &mut Conn, zone: Zone, id: InvitationId, now: Moment) -> Result<Option<About>> {
    let found: Option<(DriveId, DonorId)> = invitations::table
        .find(id.0)
        .select((invitations::drive, invitations::donor))
        .first(conn)
        .optional()?;
    let Some((drive, donor)) = found else { return Ok(None) };
    let row = store::drive(conn, drive)?;
    let at = row.starts_at.and_utc();
    let until = taken_until(&row);
    let types = store::planning::types_of(conn, drive)?;
    let given = types.first().copied().unwrap_or(DonationType::WholeBlood);
    let is_open = row.status == DriveStatus::Open
        && now < until
        && store::live_appointment(conn, drive, donor)?.is_none()
        && store::may_give(conn, donor, given, zone.date(at))?;
    let door = Door { verb: LinkVerb::Book, subject: drive.0, until };
    Ok(is_open.then(|| About { at, entry: None, doors: vec![door] }))
}
