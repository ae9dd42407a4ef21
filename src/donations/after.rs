//! After the needle: reactions and the call of the next day, and what a donor tells later.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use shiryan_kernel::ids::{DonationId, DonorId, DriveId, ReactionId, UserId, VisitId};
use shiryan_kernel::status::{MoveReason, ReactionGrade, ReactionKind, UnitStatus};
use shiryan_kernel::time::{Moment, plus_days};
use shiryan_kernel::{Code, Problem, Result};
use utoipa::ToSchema;

use super::Desk;
use super::store::visits;
use crate::accounts::Principal;
use crate::audit::{self, Line};
use crate::db::{Conn, Tx, feed};
use crate::{drives, stock};

/// A reaction at or after a drive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Reaction {
    pub id: ReactionId,
    pub visit: VisitId,
    pub donor: DonorId,
    pub kind: ReactionKind,
    pub grade: ReactionGrade,
    pub began_at: DateTime<Utc>,
    /// The civil day on which the donor is called.
    pub call_on: NaiveDate,
    pub called_at: Option<DateTime<Utc>>,
}

/// A reaction that was recorded, or a call that was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Noted {
    pub id: ReactionId,
    pub call_on: NaiveDate,
}

/// A reaction in the record of changes.
const REACTION: audit::Thing = audit::Thing { name: "reaction", tables: &[("reactions", "id")] };

/// Records how a donor took it; also after the day is over.
///
/// # Errors
/// `not_found`, also for a medic when the drive is of another unit; `out_of_range` of a moment before the donor came or
/// to come.
pub fn react(
    tx: &mut Tx,
    desk: Desk<'_>,
    by: &Principal,
    id: VisitId,
    (kind, grade, began_at): (ReactionKind, ReactionGrade, Moment),
) -> Result<Noted> {
    let visit = visits::get(tx.conn, id)?;
    drives::day_of(tx.conn, by, visit.drive)?;
    if began_at > tx.now || began_at < visit.checked_in_at.and_utc() {
        return Err(Problem::field("began_at", Code::OutOfRange));
    }
    let call_on = plus_days(desk.zone.date(began_at), 1);
    let reaction = visits::insert_reaction(tx, id, (kind, grade, began_at), call_on, by.user)?;
    let line = Line::new(Some(by.user), "donations.reaction").on(reaction).with("grade", grade);
    audit::made(&REACTION, reaction.0).record(tx, desk.vault, line)?;
    feed::append(tx, "reaction", reaction.0, "made")?;
    Ok(Noted { id: reaction, call_on })
}

/// The reactions at a drive after `after`, oldest first: each donor is called on the next day.
///
/// # Errors
/// `not_found`, also for a medic when the drive is of another unit.
pub fn reactions(
    conn: &mut Conn,
    by: &Principal,
    drive: DriveId,
    after: i64,
    limit: i64,
) -> Result<Vec<Reaction>> {
    drives::day_of(conn, by, drive)?;
    let rows = visits::reactions_of(conn, drive, after, limit)?;
    let show = |row: visits::Reaction| Reaction {
        id: row.id,
        visit: row.visit,
        donor: row.donor,
        kind: row.kind,
        grade: row.grade,
        began_at: row.began_at.and_utc(),
        call_on: row.call_on,
        called_at: row.called_at.map(|at| at.and_utc()),
    };
    Ok(rows.into_iter().map(show).collect())
}

/// Notes that the donor was called.
///
/// # Errors
/// `not_found`, also for a medic when the drive is of another unit; `state_conflict` of one who was called.
pub fn call(tx: &mut Tx, desk: Desk<'_>, by: &Principal, id: ReactionId) -> Result<Noted> {
    let (found, drive) = visits::reaction(tx.conn, id)?;
    drives::day_of(tx.conn, by, drive)?;
    let seen = audit::seen(tx.conn, desk.vault, &REACTION, id.0)?;
    if !visits::called(tx, id, by.user)? {
        return Err(Problem::new(Code::StateConflict).with("state", "called"));
    }
    seen.record(tx, desk.vault, Line::new(Some(by.user), "donations.called").on(id))?;
    feed::append(tx, "reaction", id.0, "called")?;
    Ok(Noted { id, call_on: found.call_on })
}

/// What a donor told was taken in. The answer is the same whatever was told and whatever became of the blood.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Informed {
    pub donation: DonationId,
    pub received_at: DateTime<Utc>,
}

/// Takes in what a donor tells after giving, such as a fever, something forgotten, or that the blood shall not be used:
/// every unit of the donation that can still be stopped is stopped, wherever it is; one that a hospital holds is an
/// alert in the record.
///
/// # Errors
/// `not_found` of a donation whose donor is outside the scope.
pub fn inform(tx: &mut Tx, desk: Desk<'_>, by: &Principal, id: DonationId) -> Result<Informed> {
    super::giver(tx.conn, by, id)?;
    take_in(tx, desk, Some(by.user), id)
}

/// The same by the donor's own link.
///
/// # Errors
/// As any write.
pub fn inform_by_link(tx: &mut Tx, desk: Desk<'_>, id: DonationId) -> Result<Informed> {
    take_in(tx, desk, None, id)
}

/// The same of a visit by its own link, whatever came of it: where nothing was given there is nothing to stop, and the
/// answer is the same.
///
/// # Errors
/// As any write.
pub fn speak_by_link(tx: &mut Tx, desk: Desk<'_>, id: VisitId) -> Result<()> {
    match visits::given_at(tx.conn, id)? {
        Some(donation) => take_in(tx, desk, None, donation).map(drop),
        None => Ok(()),
    }
}

fn take_in(tx: &mut Tx, desk: Desk<'_>, by: Option<UserId>, id: DonationId) -> Result<Informed> {
    let mut out = 0;
    for unit in stock::units_of_donation(tx.conn, id)? {
        out += usize::from(matches!(unit.status, UnitStatus::Issued | UnitStatus::EmergencyUntested));
        stock::block_standing(tx, desk.vault, by, unit.id, MoveReason::DonorLinked)?;
    }
    let line = Line::new(by, "donations.information").on(id);
    audit::record(tx, desk.vault, &line)?;
    if out > 0 {
        let line = Line::new(by, "donations.issued_units_stopped").on(id).with("issued", out);
        audit::record(tx, desk.vault, &line.alert())?;
    }
    feed::append(tx, "donation", id.0, "information")?;
    Ok(Informed { donation: id, received_at: tx.now })
}
