//! Planning a drive: an activity, the drive, what it collects and wants, its slots.

use std::sync::Arc;

use chrono::{NaiveDate, NaiveTime};
use shiryan_kernel::blood::{BloodGroup, DonationType};
use shiryan_kernel::branch::Branch;
use shiryan_kernel::calendar::KeptFree;
use shiryan_kernel::ids::{DriveId, FacilityId, SlotId, UnitId, UserId};
use shiryan_kernel::place::Governorate;
use shiryan_kernel::problem::Faults;
use shiryan_kernel::status::{ActivityStatus, DriveStatus, FacilityKind};
use shiryan_kernel::time::{Moment, Zone};
use shiryan_kernel::{Code, Problem, Result};

use super::rules::capacity::{overbooked, places, show_rate};
use super::rules::layout::{Layout, Uses};
use super::rules::{self, Hours};
use super::{DRIVE, store};
use crate::accounts::Principal;
use crate::activities::rules::is_in_range;
use crate::activities::{self, NewActivity, PlaceText, Title, absences};
use crate::audit::{self, Line};
use crate::db::{Conn, Tx, feed};
use crate::places::calendar::{self, Calendar};
use crate::vault::Vault;

/// A drive to be made.
#[derive(Debug, Clone)]
pub struct NewDrive {
    pub title: Option<Title>,
    pub governorate: Governorate,
    pub place: PlaceText,
    /// The civil day.
    pub date: NaiveDate,
    pub hours: Hours,
    /// 1 to 200; each is free again after half an hour.
    pub beds: i32,
    /// The unit that organises it.
    pub unit: UnitId,
    /// The blood bank that collects.
    pub facility: Option<FacilityId>,
    pub terms: Terms,
}

/// On which terms a drive takes people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms {
    /// What it collects.
    pub types: Vec<DonationType>,
    /// Those who collect, where they bound what can be served.
    pub staff: Option<i32>,
    /// Of each slot's places, those kept for whoever comes unannounced.
    pub walk_ins: i32,
    /// Lets more be booked than there are places, by the share of those booked who come.
    pub overbook: Option<Overbook>,
    /// Civil hours whose slots are for women.
    pub women: Vec<(NaiveTime, NaiveTime)>,
    pub uses: Uses,
    /// Outdoors, and how hot it will be there in °C.
    pub outdoor: Option<i32>,
    /// The last moment at which places are taken.
    pub book_until: Option<Moment>,
    /// How many units of a group it is to bring.
    pub targets: Vec<(BloodGroup, i32)>,
}

/// The share of those booked who come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Overbook {
    /// In per cent, as its planner says.
    Stated(i32),
    /// By the record of the unit's own drives.
    Learnt,
}

impl Default for Terms {
    fn default() -> Self {
        Self {
            types: vec![DonationType::WholeBlood],
            staff: None,
            walk_ins: 0,
            overbook: None,
            women: Vec::new(),
            uses: Uses::default(),
            outdoor: None,
            book_until: None,
            targets: Vec::new(),
        }
    }
}

/// Limits that an installation sets for its drives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The most of an hour's bookings who give for the first time, in per cent.
    pub first_timers: i32,
    /// The most that are booked beyond the places, in per cent of them.
    pub overbooked: i32,
    /// The highest temperature of a drive outdoors, in °C.
    pub hottest: i32,
}

/// What drives are planned on: civil time, the calendar before what was sighted, the limits.
#[derive(Debug, Clone)]
pub struct Ground {
    pub zone: Zone,
    pub calendar: Arc<Calendar>,
    pub limits: Limits,
}

/// A drive that was made, with its slots in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entered {
    pub id: DriveId,
    pub slots: Vec<(SlotId, Moment)>,
    /// Slots that the calendar keeps free.
    pub left_out: Vec<(Moment, KeptFree)>,
}

/// What a drive would be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Laid {
    pub layout: Layout,
    /// Places for those who book, in each slot.
    pub capacity: i32,
    /// The share of those booked who come by which more were let in, in per cent.
    pub overbooked_by: Option<i32>,
}

/// Plans a drive, and opens it for booking unless it is to be a draft. Slots that the calendar keeps free are left out.
///
/// # Errors
/// `unknown_reference` of a unit that is not there or not in the planner's scope; `unit_absent` on a day on which it
/// is deployed, on alert or on leave; `out_of_range` of `high_c` beyond the limit outdoors, of `from` when every slot
/// is kept free, of `staff`, `walk_ins` and `slot_minutes` that leave no place; as [`enter`].
pub fn plan(
    tx: &mut Tx,
    vault: &Vault,
    ground: &Ground,
    by: &Principal,
    new: &NewDrive,
    status: DriveStatus,
) -> Result<Entered> {
    let laid = lay_out(tx.conn, ground, by, new)?;
    write(tx, vault, ground.zone, Some(by.user), new, (&laid, ground.limits.first_timers), status)
}

/// What a drive would be, when it may be planned.
pub(super) fn lay_out(conn: &mut Conn, ground: &Ground, by: &Principal, new: &NewDrive) -> Result<Laid> {
    activities::check_scope(conn, by, new.unit)?;
    let unit =
        crate::places::unit(conn, new.unit).map_err(|_| Problem::field("unit", Code::UnknownReference))?.id;
    if !absences::on(conn, unit, new.date)?.is_empty() {
        return Err(Problem::new(Code::UnitAbsent).about("date", Code::UnitAbsent));
    }
    if new.terms.outdoor.is_some_and(|high| high > ground.limits.hottest) {
        return Err(Problem::field("high_c", Code::OutOfRange).with("most", ground.limits.hottest));
    }
    let show = match new.terms.overbook {
        None => None,
        Some(Overbook::Stated(show)) => Some(show),
        Some(Overbook::Learnt) => {
            let (came, stayed_away) = store::planning::record(conn, unit)?;
            Some(show_rate(came, stayed_away))
        }
    };
    let calendar = calendar::current(conn, &ground.calendar)?;
    laid(ground.zone, Some(&calendar), new, show.map(|show| (show, ground.limits.overbooked)))
}

fn laid(zone: Zone, calendar: Option<&Calendar>, new: &NewDrive, show: Option<(i32, i32)>) -> Result<Laid> {
    let terms = &new.terms;
    let day = (new.date, &new.hours);
    let layout = Layout::of(zone, calendar, new.governorate, day, &terms.women, terms.uses);
    if layout.slots.is_empty() {
        let problem = Problem::field("from", Code::OutOfRange);
        return Err(match layout.left_out.first() {
            Some((_, kept)) => problem.with("kept_free", kept),
            None => problem,
        });
    }
    let served = places(new.beds, terms.staff, new.hours.slot_minutes());
    if served < 1 {
        let field = if terms.staff.is_some() { "staff" } else { "slot_minutes" };
        return Err(Problem::field(field, Code::OutOfRange));
    }
    let kept = served - terms.walk_ins;
    if kept < 1 {
        return Err(Problem::field("walk_ins", Code::OutOfRange));
    }
    let capacity = show.map_or(kept, |(show, ceiling)| overbooked(kept, show, ceiling));
    Ok(Laid { layout, capacity, overbooked_by: show.map(|(show, _)| show) })
}

/// Enters a drive of any status, past ones too, asking nobody's scope and no calendar.
///
/// # Errors
/// `out_of_range` of `date` and `beds`, of `from` when clock changes leave no slot; `unknown_reference`
/// of `unit` and `facility`; `invalid_value` of a `facility` that is no blood bank.
pub fn enter(
    tx: &mut Tx,
    vault: &Vault,
    zone: Zone,
    by: Option<UserId>,
    new: &NewDrive,
    status: DriveStatus,
) -> Result<Entered> {
    let laid = laid(zone, None, new, None)?;
    // Who came is a fact, whatever the share of those who came for the first time.
    write(tx, vault, zone, by, new, (&laid, 100), status)
}

/// A drive's slots as they were laid, in the record of changes.
const SLOTS: audit::Thing = audit::Thing { name: "slots", tables: &[("slots", "drive")] };

fn write(
    tx: &mut Tx,
    vault: &Vault,
    zone: Zone,
    by: Option<UserId>,
    new: &NewDrive,
    (laid, first_timers): (&Laid, i32),
    status: DriveStatus,
) -> Result<Entered> {
    check(tx.conn, new)?;
    let (starts_at, ends_at) = new.hours.span(zone, new.date);
    let activity = NewActivity {
        branch: Branch::BloodDonation,
        title: new.title.clone(),
        governorate: new.governorate,
        place: Some(new.place.clone()),
        starts_at,
        ends_at,
        unit: new.unit,
        units: Vec::new(),
        loads: Vec::new(),
        details: activities::rules::details::Details::default(),
    };
    let id = DriveId(activities::enter(tx, vault, by, &activity, as_activity(status))?.0);
    store::planning::insert_drive(tx, id, new, laid.overbooked_by, status)?;
    let slots: Vec<(SlotId, _)> = laid.layout.slots.iter().map(|slot| (SlotId(tx.id()), *slot)).collect();
    store::planning::insert_slots(tx, id, &slots, (laid.capacity, new.terms.walk_ins))?;
    store::planning::insert_hours(tx, id, &laid.layout.first_timers(laid.capacity, first_timers))?;
    let line = Line::new(by, "drives.made").on(id).with("slots", slots.len()).with("beds", new.beds);
    audit::made(&DRIVE, id.0).and(audit::made(&SLOTS, id.0)).record(tx, vault, line)?;
    feed::append(tx, "drive", id.0, "made")?;
    let slots = slots.into_iter().map(|(id, slot)| (id, slot.starts_at)).collect();
    Ok(Entered { id, slots, left_out: laid.layout.left_out.clone() })
}

fn check(conn: &mut Conn, new: &NewDrive) -> Result<()> {
    if !is_in_range(new.date) {
        return Err(Problem::field("date", Code::OutOfRange));
    }
    let mut faults = Faults::none();
    if !(1..=rules::MOST_BEDS).contains(&new.beds) {
        faults.add("beds", Code::OutOfRange);
    }
    if new.terms.types.is_empty() {
        faults.add("donation_types", Code::MissingField);
    }
    faults.settle()?;
    if let Some(facility) = new.facility {
        let facility = crate::places::facility(conn, facility);
        let kind = facility
            .map_err(|_| Problem::field("facility", Code::UnknownReference))
            .map(|found| found.kind)?;
        if kind != FacilityKind::BloodBank {
            return Err(Problem::field("facility", Code::InvalidValue));
        }
    }
    Ok(())
}

pub(super) const fn as_activity(status: DriveStatus) -> ActivityStatus {
    match status {
        DriveStatus::Draft => ActivityStatus::Proposed,
        DriveStatus::Open | DriveStatus::Closed => ActivityStatus::Approved,
        DriveStatus::Cancelled => ActivityStatus::Cancelled,
        DriveStatus::Done => ActivityStatus::Done,
    }
}
