//! The needle: who lies there is asked once more, three labels are compared, and the bag is known.
//!
//! The number on form, bag and tubes is one before the bed is left. What was drawn becomes units in quarantine; too
//! little, or blood that its donor does not want used, is stopped at once, and the answer is the same.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use shiryan_kernel::blood::Component;
use shiryan_kernel::din::Din;
use shiryan_kernel::ids::{DonationId, VisitId};
use shiryan_kernel::problem::Faults;
use shiryan_kernel::shelf::Additive;
use shiryan_kernel::status::{DinState, DonorKind, Drawn, MoveReason, VisitState};
use shiryan_kernel::text::ShortCode;
use shiryan_kernel::time::Moment;
use shiryan_kernel::{Code, Problem, Result};
use utoipa::ToSchema;

use super::store::visits::{self, NewCollection};
use super::visit::{VISIT, answer_of, conflict, on_the_day, open};
use super::{Came, Desk, NewDonation, RecordedUnit, rules, store, write};
use crate::accounts::Principal;
use crate::audit::{self, Line};
use crate::db::{Tx, feed};
use crate::{donors, stock};

/// What was drawn, as it is told at the bed.
#[derive(Debug, Clone)]
pub struct NewDrawing {
    pub form: Din,
    pub bag: Din,
    pub tubes: Din,
    pub bag_lot: ShortCode,
    pub bag_expires_on: NaiveDate,
    pub began_at: Moment,
    pub ended_at: Moment,
    pub volume_ml: i32,
    pub outcome: Drawn,
    pub components: Option<Vec<Component>>,
    /// How the donor came to give this time; as the register says, unless said.
    pub given_as: Option<DonorKind>,
    /// What the set of bags holds; as the house's do, unless said.
    pub additive: Option<Additive>,
}

/// A collection that was recorded. What its donor wants done with it changes nothing here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Collected {
    pub visit: VisitId,
    pub state: VisitState,
    /// None when nothing was drawn.
    pub donation: Option<DonationId>,
    pub units: Vec<RecordedUnit>,
}

/// Records what was drawn from somebody who is ready.
///
/// # Errors
/// `not_found`, also for a medic when the drive is of another unit; `drive_closed`; `state_conflict` with the fact
/// `state`; `din_mismatch` when the three numbers differ; `invalid_value` of `din_form` that the drive was not handed, or
/// that is used or spoilt; `din_used`; `out_of_range` of a bag past its date, of moments and of the volume; as
/// [`super::record`].
pub fn collect(
    tx: &mut Tx,
    desk: Desk<'_>,
    by: &Principal,
    id: VisitId,
    new: &NewDrawing,
) -> Result<Collected> {
    let (visit, drive) = open(tx.conn, by, id)?;
    if visit.state != VisitState::Ready {
        return Err(conflict(visit.state));
    }
    if new.form != new.bag || new.form != new.tubes {
        return Err(Problem::new(Code::DinMismatch));
    }
    on_the_day(desk, &drive, Some(new.began_at), tx.now, "began_at")?;
    rules::check_drawing(new, desk.zone, tx.now)?;
    take_number(tx, visit.drive, &new.form)?;
    let (donation, units) = if new.volume_ml > 0 {
        let given = NewDonation {
            donor: visit.donor,
            donation_type: visit.given,
            din: new.form,
            volume_ml: new.volume_ml,
            collected_at: new.ended_at,
            drive: Some(visit.drive),
            facility: None,
            components: new.components.clone(),
            given_as: new.given_as,
            additive: new.additive,
        };
        let recorded = write(tx, desk, by, &given, Came::ToVisit(visit.appointment))?;
        (Some(recorded.id), recorded.units)
    } else {
        (None, Vec::new())
    };
    stop(tx, desk, by, &visit, new.outcome, &units)?;
    let collection = NewCollection {
        visit: id,
        donation,
        din: new.form,
        outcome: new.outcome,
        bag_lot: new.bag_lot.as_str().to_owned(),
        bag_expires_on: new.bag_expires_on,
        began_at: new.began_at,
        ended_at: new.ended_at,
        volume_ml: new.volume_ml,
    };
    let seen = audit::seen(tx.conn, desk.vault, &VISIT, id.0)?;
    visits::insert_collection(tx, &collection, by.user)?;
    if !visits::end(tx, &visit, VisitState::Donated, new.ended_at)? {
        return Err(conflict(visits::get(tx.conn, id)?.state));
    }
    seen.record(tx, desk.vault, Line::new(Some(by.user), "donations.collected").on(id))?;
    feed::append(tx, "visit", id.0, VisitState::Donated.code())?;
    Ok(Collected { visit: id, state: VisitState::Donated, donation, units })
}

/// Uses a number of the drive's block; where none was handed out, a number that nobody used.
fn take_number(tx: &mut Tx, drive: shiryan_kernel::ids::DriveId, din: &Din) -> Result<()> {
    let has_block = !visits::din_counts(tx.conn, drive)?.is_empty();
    if has_block && !visits::end_din(tx, drive, din, DinState::Used)? {
        let mut faults = Faults::none();
        faults.add("din_form", Code::InvalidValue);
        return faults.settle();
    }
    if store::is_used(tx.conn, din)? || visits::is_drawn(tx.conn, din)? {
        return Err(Problem::new(Code::DinUsed).about("din_form", Code::DinUsed));
    }
    Ok(())
}

/// Stops what is too little, and what its donor does not want used. The donor's word comes last, so that a bag which is
/// stopped already shows no second reason.
fn stop(
    tx: &mut Tx,
    desk: Desk<'_>,
    by: &Principal,
    visit: &visits::Visit,
    outcome: Drawn,
    units: &[RecordedUnit],
) -> Result<()> {
    let known = donors::known(tx.conn, desk.vault, visit.donor)?;
    let sealed = visit.answer.as_deref().ok_or_else(|| conflict(visit.state))?;
    let answer = known.key.open_text(answer_of(visit.id), sealed)?;
    let reason = match (outcome, answer.as_str()) {
        (Drawn::LowVolume | Drawn::Failed, _) => MoveReason::LowVolume,
        (Drawn::Complete, rules::USE) => return Ok(()),
        (Drawn::Complete, _) => MoveReason::DonorLinked,
    };
    for unit in units {
        stock::block_standing(tx, desk.vault, Some(by.user), unit.id, reason)?;
    }
    Ok(())
}
