//! Blood units: their states, their movements, and which goes first to whom.
//!
//! A unit is born in quarantine, and only a released one that is in date counts anywhere. Every change
//! of state is one conditional statement that names the state before it, with a movement that is never
//! changed after. Releasing is the blood bank's, of its own shelf alone, and never of a unit whose tests
//! are missing or not clear, whose group nobody has named or whose names disagree.

pub mod api;
mod count;
mod delivery;
mod divide;
pub mod gift;
mod ledger;
mod own;
pub mod pages;
mod process;
pub mod rules;
mod serve;
mod stop;
mod store;
mod stray;
mod tested;
mod transfer;
mod typing;
mod untested;

use chrono::NaiveDate;
use shiryan_kernel::attribute::Attributes;
use shiryan_kernel::blood::{BloodGroup, Component, GroupEvidence};
use shiryan_kernel::din::Din;
use shiryan_kernel::ids::{BloodUnitId, DonationId, FacilityId, UserId};
use shiryan_kernel::laboratory::Marker;
use shiryan_kernel::shelf::Additive;
use shiryan_kernel::status::{MoveReason, UnitStatus};
use shiryan_kernel::time::{Moment, Zone};
use shiryan_kernel::{Code, Problem, Result};

use crate::accounts::{self, Principal};
use crate::audit::{self, Line};
use crate::db::{Conn, Tx};
use crate::vault::Vault;
use crate::{donors, places};

pub use count::{Count, Counted, Missed, count, counted_at, counts, look_at_count, settle_missing};
pub use delivery::{Delivery, deliver};
pub use divide::{Division, Made, Part, divide};
pub use ledger::{Movement, Why, movements, reseal};
pub use own::{OwnCell, OwnShelf, Par, confirm, own_shelf, set_par};
pub use process::{Processed, process};
pub use serve::{Fate, carry, free, hold, issue, quarantine_returned, report, stop_if_late};
pub use stop::{
    Stopped, Subject, block, block_standing, clear, correct, discard, stop, stop_all, stop_family, units_of,
};
pub use store::{BloodUnit, NOTED_WITHIN, OnShelf, PAST_FLOW, Shelved, first_of_shelf, first_to_expire};
pub use stray::{Explained, Stray, explain, reseal as reseal_strays, strays};
pub use tested::{
    Entered, LookBack, Tested, Waiting, await_physician, enter_results, look_back, results_of, waiting,
};
pub use transfer::{Label, Receipt, Sent, Transfer, TransferUnit, lose, receive, send, transfer, transfers};
pub use typing::{settle_approval, type_donor};
pub use untested::{authorise_untested, check_untested, give_untested, withdraw_untested};

/// What the units of one donation have in common.
#[derive(Debug, Clone)]
pub struct Origin {
    /// Absent for units that came from elsewhere.
    pub donation: Option<DonationId>,
    pub din: Din,
    /// The blood bank that keeps them.
    pub facility: FacilityId,
    pub collected_at: Moment,
    /// The donor's group when two typings confirmed it, or what another service's label says; else the release names it.
    pub blood_group: Option<BloodGroup>,
    /// What the units have from the first.
    pub attributes: Attributes,
    /// What whole blood and red cells of it are kept in, where it is known.
    pub additive: Option<Additive>,
}

/// One unit to be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NewUnit {
    pub component: Component,
    /// 0 for an undivided component, else 1, 2, …
    pub division: i32,
    pub volume_ml: i32,
    /// The last moment at which it is good.
    pub expires_at: Moment,
}

/// Makes the units of a donation, in quarantine.
///
/// # Errors
/// `state_conflict` when a unit of the same number, component and division is there.
pub fn create_units(
    tx: &mut Tx,
    vault: &Vault,
    zone: Zone,
    by: Option<UserId>,
    origin: &Origin,
    units: &[NewUnit],
) -> Result<Vec<BloodUnitId>> {
    let why = Why::of(if origin.donation.is_some() { MoveReason::Collected } else { MoveReason::Delivered });
    let mut made = Vec::with_capacity(units.len());
    for unit in units {
        let id = BloodUnitId(tx.id());
        store::insert(tx, zone, id, origin, unit)?;
        ledger::moved(tx, vault, id, (None, UnitStatus::Quarantine), &why, origin.facility, by)?;
        made.push(id);
    }
    Ok(made)
}

/// What a release answers.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
pub struct Released {
    pub id: BloodUnitId,
    pub status: UnitStatus,
    pub blood_group: BloodGroup,
}

/// Takes a unit of the caller's own facility out of quarantine, once every `required` marker of its donation is clear.
/// `named` is the group that whoever releases found in the bag; it may be left out where two groupings stand already.
///
/// # Errors
/// `tests_missing`, with which; `tests_reactive`; `second_person_required` for whoever entered a result or made the only
/// typing; `not_found` for a unit of another facility; `state_conflict` when it is not in quarantine (with
/// `state`); `unit_expired`; `group_unknown` unless two groupings name the group; `group_discrepancy` when
/// the named group is not that of the unit, of the donor's typings or of another unit of the donation.
pub fn release(
    tx: &mut Tx,
    (vault, zone): (&Vault, Zone),
    by: &Principal,
    id: BloodUnitId,
    named: Option<BloodGroup>,
    required: &[Marker],
) -> Result<Released> {
    let own = by.own_facility()?;
    let unit = store::unit(tx.conn, id)?;
    if unit.facility != own {
        return Err(Problem::new(Code::NotFound));
    }
    if !rules::may_follow(unit.status, UnitStatus::Released) || unit.status != UnitStatus::Quarantine {
        return Err(conflict(unit.status));
    }
    if !unit.is_good_at(tx.now) {
        return Err(Problem::new(Code::UnitExpired));
    }
    tested::check_tests(tx, vault, by, required, &unit)?;
    let Settled { group, typists } = settled_group(tx.conn, &unit, named)?;
    if let Some(typist) = typists.first() {
        let other = typists.iter().find(|typist| **typist != by.user).unwrap_or(typist);
        accounts::check_two_people(tx, by.user, *other)?;
    }
    let seen = audit::seen(tx.conn, vault, &UNIT, id.0)?;
    if !store::release(tx, id, own, group)? {
        return Err(conflict(store::unit(tx.conn, id)?.status));
    }
    let step = (Some(UnitStatus::Quarantine), UnitStatus::Released);
    ledger::moved(tx, vault, id, step, &Why::of(MoveReason::Tested), own, Some(by.user))?;
    let governorate = places::facility(tx.conn, own)?.governorate;
    let flow = if store::is_of_drive(tx.conn, unit.donation)? {
        store::Flow::FromDrive
    } else {
        store::Flow::Received
    };
    store::add_flow(tx, flow, governorate, unit.component, group, zone.date(tx.now))?;
    let line = Line::new(Some(by.user), "stock.released").on(id).with("blood_group", group);
    seen.record(tx, vault, line)?;
    Ok(Released { id, status: UnitStatus::Released, blood_group: group })
}

/// A unit in the record of changes.
pub(crate) const UNIT: audit::Thing = audit::Thing { name: "blood_unit", tables: &[("blood_units", "id")] };

/// The group of a unit that more than one grouping agrees on, and who made the only one beside the caller's own.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Settled {
    group: BloodGroup,
    /// Empty where the group stood already: two typings of the donor, another service's label, a sister that left
    /// quarantine.
    typists: Vec<UserId>,
}

/// The one group on which the laboratory, the unit, its sisters and the donor's typings agree. What is `named` now is one
/// grouping and needs another beside it. A group that the donor only declared is no typing and contradicts nothing.
fn settled_group(conn: &mut Conn, unit: &BloodUnit, named: Option<BloodGroup>) -> Result<Settled> {
    let unknown = || Problem::new(Code::GroupUnknown).about("blood_group", Code::GroupUnknown);
    let confirmed = store::donor_group(conn, unit.donation)?
        .filter(|(_, evidence)| *evidence == GroupEvidence::Confirmed)
        .map(|(group, _)| group);
    let sisters = store::groups_of_din(conn, &unit.din)?;
    let giver = store::giver(conn, unit.donation)?;
    let of_every_record = match giver {
        Some(donor) => donors::typed_groups(conn, donor)?,
        None => Vec::new(),
    };
    let standing = unit.blood_group.or(confirmed).or(sisters.first().copied());
    let group = named.or(standing).ok_or_else(unknown)?;
    let known = sisters.into_iter().chain(of_every_record).chain(unit.blood_group);
    if known.into_iter().any(|known| known != group) {
        return Err(Problem::new(Code::GroupDiscrepancy).about("blood_group", Code::GroupDiscrepancy));
    }
    let typists = match (standing, giver) {
        (Some(_), _) => Vec::new(),
        (None, Some(donor)) => donors::typists(conn, donor)?,
        (None, None) => Vec::new(),
    };
    if standing.is_none() && typists.is_empty() {
        return Err(unknown());
    }
    Ok(Settled { group, typists })
}

/// Marks units whose date has passed, at most `at_most` in one write; answers how many. Those that were
/// on the shelf go into the day's flow as expired.
///
/// # Errors
/// As any write.
pub fn expire_due(tx: &mut Tx, vault: &Vault, zone: Zone, at_most: i64) -> Result<usize> {
    let due = store::overdue(tx.conn, tx.now, at_most)?;
    for unit in &due {
        expire(tx, vault, zone, unit)?;
    }
    Ok(due.len())
}

fn expire(tx: &mut Tx, vault: &Vault, zone: Zone, unit: &BloodUnit) -> Result<()> {
    step(tx, vault, unit, UnitStatus::Expired, &Why::of(MoveReason::DatePassed), None)?;
    let was_stock = match unit.status {
        UnitStatus::Released | UnitStatus::Reserved => true,
        UnitStatus::InTransit => store::transfers::left_as(tx.conn, unit.id)? == Some(UnitStatus::Released),
        _ => false,
    };
    if let Some(group) = unit.blood_group.filter(|_| was_stock) {
        let governorate = places::facility(tx.conn, unit.facility)?.governorate;
        let day = zone.date(unit.expires_at());
        store::add_flow(tx, store::Flow::Expired, governorate, unit.component, group, day)?;
        if day < zone.date(tx.now) {
            crate::db::feed::append(tx, PAST_FLOW, unit.id.0, "expired")?;
        }
    }
    Ok(())
}

/// Which units a list shows.
#[derive(Debug, Clone, Copy, Default)]
pub struct Filter {
    pub facility: Option<FacilityId>,
    pub component: Option<Component>,
    pub blood_group: Option<BloodGroup>,
    pub status: Option<UnitStatus>,
    /// Only those that are good at this moment.
    pub good_at: Option<Moment>,
}

impl Filter {
    /// What of it the caller may see.
    fn within(self, by: &Principal) -> Result<Self> {
        let facility = match (by.facility, self.facility) {
            (Some(own), Some(asked)) if own != asked => return Err(Problem::new(Code::NotFound)),
            (own, asked) => own.or(asked),
        };
        Ok(Self { facility, ..self })
    }
}

/// Units after `after`, oldest first: of the caller's own facility, or of any for a role without one.
///
/// # Errors
/// `not_found` when another's shelf is asked for.
pub fn units(
    conn: &mut Conn,
    by: &Principal,
    filter: Filter,
    after: i64,
    limit: i64,
) -> Result<Vec<BloodUnit>> {
    let filter = filter.within(by)?;
    store::units(conn, filter, after, limit)
}

/// The units that expire first: of the caller's own facility, or of any for a role without one.
///
/// # Errors
/// As [`units`].
pub fn units_to_expire(
    conn: &mut Conn,
    by: &Principal,
    filter: Filter,
    limit: i64,
) -> Result<Vec<BloodUnit>> {
    let filter = filter.within(by)?;
    store::units_to_expire(conn, filter, limit)
}

/// At most `limit` units in quarantine on the own shelf, those first whose number is ready, then what expires first; and
/// whether there are more.
///
/// # Errors
/// As [`units`].
pub fn in_quarantine(
    conn: &mut Conn,
    by: &Principal,
    is_ready: impl Fn(Din) -> bool,
    limit: usize,
) -> Result<(Vec<BloodUnit>, bool)> {
    let own = by.own_facility()?;
    let mut all = store::in_quarantine(conn, own)?;
    all.sort_by_key(|(_, din)| !is_ready(*din));
    let is_cut = all.len() > limit;
    let ids: Vec<BloodUnitId> = all.into_iter().take(limit).map(|(id, _)| id).collect();
    let mut units = store::units_of_ids(conn, &ids)?;
    units.sort_by_key(|unit| ids.iter().position(|id| *id == unit.id));
    Ok((units, is_cut))
}

/// # Errors
/// `not_found`.
pub fn unit(conn: &mut Conn, id: BloodUnitId) -> Result<BloodUnit> {
    store::unit(conn, id)
}

/// A unit with its steps: one that lies or lay on the caller's own shelf or is on its way there, or for a role without one any.
///
/// # Errors
/// `not_found` of one that never did; as [`movements`].
pub fn trace(
    conn: &mut Conn,
    vault: &Vault,
    by: &Principal,
    id: BloodUnitId,
) -> Result<(BloodUnit, Vec<Movement>)> {
    let unit = store::unit(conn, id)?;
    if let Some(own) = by.facility
        && own != unit.facility
        && !store::was_at(conn, id, own)?
        && !store::transfers::is_bound_for(conn, id, own)?
    {
        return Err(Problem::new(Code::NotFound));
    }
    Ok((unit, movements(conn, vault, id)?))
}

/// Units that a donation became, by component and division.
///
/// # Errors
/// As any read.
pub fn units_of_donation(conn: &mut Conn, donation: DonationId) -> Result<Vec<BloodUnit>> {
    store::units_of_donation(conn, donation)
}

fn step(
    tx: &mut Tx,
    vault: &Vault,
    unit: &BloodUnit,
    to: UnitStatus,
    why: &Why,
    by: Option<UserId>,
) -> Result<()> {
    if !rules::may_follow(unit.status, to) || !store::step(tx, unit.id, unit.status, to)? {
        return Err(conflict(unit.status));
    }
    ledger::moved(tx, vault, unit.id, (Some(unit.status), to), why, unit.facility, by)
}

fn conflict(state: UnitStatus) -> Problem {
    Problem::new(Code::StateConflict).with("state", state)
}

/// The civil date up to which a shelf's units count as soon to expire: today and the three after it.
#[must_use]
pub fn soon(today: NaiveDate) -> NaiveDate {
    shiryan_kernel::time::plus_days(today, 3)
}
