//! Writes the invented world into a database, in slices, through the same tables as real work.

use std::collections::{BTreeMap, HashMap};

use chrono::{Days, Duration, NaiveDate, NaiveDateTime, NaiveTime};
use diesel::prelude::*;
use indicatif::ProgressBar;
use rand::RngExt;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use shiryan_kernel::blood::{BloodGroup, Component, DonationType};
use shiryan_kernel::din::{Din, FICTITIOUS_FIN};
use shiryan_kernel::ids::{
    BloodUnitId, DonationId, DonorId, DriveId, FacilityId, GivingId, Mint, MovementId, UnitId,
};
use shiryan_kernel::place::Governorate;
use shiryan_kernel::shelf::{Additive, Keeping};
use shiryan_kernel::status::{FacilityKind, MoveReason, UnitStatus};
use shiryan_kernel::text::{Email, NationalId, PersonName, Phone, ServiceNumber, ShortCode};
use shiryan_kernel::{Problem, Result};

use super::history::{Bag, Fate, FlowKey, History, TESTING};
use super::people::Person;
use super::places as invented;
use crate::db::tables::{blood_units, daily_flows, donations, givings, unit_movements};
use crate::db::{Lane, Tx, on_each};
use crate::donors::{self, FullName, NewDonor};
use crate::eligibility::{self, NewDeferral};
use crate::http::House;
use crate::places::{self, NewFacility, NewUnit, PlaceName};

/// Rows in one write.
const SLICE: usize = 500;

/// The ids of what was written, by its place in the invented lists.
#[derive(Debug, Default)]
pub struct Written {
    pub units: Vec<UnitId>,
    /// Hospital and blood bank of a governorate.
    pub hospitals: HashMap<Governorate, FacilityId>,
    pub banks: HashMap<Governorate, FacilityId>,
    pub donors: Vec<DonorId>,
}

impl Written {
    /// Who collects in a governorate: its blood bank, else its hospital.
    pub fn collector(&self, place: Governorate) -> Result<FacilityId> {
        let found = self.banks.get(&place).or_else(|| self.hospitals.get(&place));
        found.copied().ok_or_else(|| Problem::internal(format!("{place} has no facility")))
    }
}

/// Mints ids as of the moments of the facts, oldest first.
pub struct Ids(Mint);

impl Ids {
    pub const fn new() -> Self {
        Self(Mint::new())
    }

    pub fn at(&self, at: NaiveDateTime) -> i64 {
        self.0.next(at.and_utc())
    }
}

/// Writes rows in slices, each one write.
pub fn in_slices<R: Send + Sync + Clone + 'static>(
    house: &House,
    bar: &ProgressBar,
    rows: &[R],
    write: impl Fn(&mut Tx, &[R]) -> Result<()> + Send + Sync + Copy + 'static,
) -> Result<()> {
    for slice in rows.chunks(SLICE) {
        let mine = slice.to_vec();
        house.db.write_now(Lane::Bulk, move |tx| write(tx, &mine))?;
        bar.inc(u64::try_from(slice.len()).unwrap_or(0));
    }
    Ok(())
}

pub fn places(house: &House, written: &mut Written) -> Result<()> {
    let vault = house.vault.clone();
    let (units, hospitals, banks) = house.db.write_now(Lane::Bulk, move |tx| {
        let mut units: Vec<UnitId> = Vec::new();
        for unit in invented::units() {
            units.push(places::create_unit(
                tx,
                &vault,
                None,
                &NewUnit {
                    code: ShortCode::parse(&unit.code)?,
                    name_ar: PlaceName::parse(&unit.name_ar)?,
                    name_en: PlaceName::parse(&unit.name_en)?,
                    parent: unit.parent.and_then(|n| units.get(n).copied()),
                    governorate: unit.governorate,
                },
            )?);
        }
        let (mut hospitals, mut banks) = (HashMap::new(), HashMap::new());
        for facility in invented::facilities() {
            let id = places::create_facility(
                tx,
                &vault,
                None,
                &NewFacility {
                    code: ShortCode::parse(&facility.code)?,
                    kind: facility.kind,
                    name_ar: PlaceName::parse(&facility.name_ar)?,
                    name_en: PlaceName::parse(&facility.name_en)?,
                    governorate: facility.governorate,
                },
            )?;
            let list = if facility.kind == FacilityKind::Hospital { &mut hospitals } else { &mut banks };
            list.insert(facility.governorate, id);
        }
        Ok((units, hospitals, banks))
    })?;
    (written.units, written.hospitals, written.banks) = (units, hospitals, banks);
    Ok(())
}

/// Donors, sealed; registered some time before they first gave.
pub fn donors(
    house: &House,
    bar: &ProgressBar,
    people: &[Person],
    first_day: NaiveDate,
    ids: &Ids,
    written: &mut Written,
) -> Result<()> {
    let at = house.zone.start_of(first_day).naive_utc();
    for slice in people.chunks(SLICE) {
        let mut prepared = Vec::with_capacity(slice.len());
        for person in slice {
            let id = DonorId(ids.at(at));
            written.donors.push(id);
            let new = new_donor(person, &written.units)?;
            let typed = donors::prepare(&house.vault, id, None, at, &new);
            prepared.push(typed.known_as(person.evidence, !person.given.is_empty()));
        }
        let batch = donors::Batch::of(prepared);
        house.db.write_now(Lane::Bulk, move |tx| donors::insert(tx.conn, &batch))?;
        bar.inc(u64::try_from(slice.len()).unwrap_or(0));
    }
    Ok(())
}

fn new_donor(person: &Person, units: &[UnitId]) -> Result<NewDonor> {
    let [first, father, grandfather, family] = person.names;
    Ok(NewDonor {
        name: FullName {
            first: Some(PersonName::parse(first)?),
            father: Some(PersonName::parse(father)?),
            grandfather: Some(PersonName::parse(grandfather)?),
            family: Some(PersonName::parse(family)?),
        },
        sex: Some(person.sex),
        birth_date: Some(person.birth),
        national_id: Some(NationalId::parse(&person.national_id)?),
        service_number: Some(ServiceNumber::parse(&person.service_number)?),
        phone: Some(Phone::parse(&person.phone)?),
        email: person.email.as_deref().map(Email::parse).transpose()?,
        blood_group: Some(person.group),
        unit: units.get(person.unit).copied(),
        governorate: Some(person.governorate),
        weight_kg: Some(person.weight_kg),
        height_cm: Some(person.height_cm),
        ..NewDonor::default()
    })
}

#[derive(Debug, Clone, Insertable)]
#[diesel(table_name = givings, treat_none_as_default_value = false)]
struct GivingRow {
    id: GivingId,
    donor: DonorId,
    given_on: NaiveDate,
    donation_type: DonationType,
    volume_ml: i32,
    red_cells_lost: bool,
    voided: bool,
    source: &'static str,
    recorded_at: NaiveDateTime,
}

#[derive(Debug, Clone, Insertable)]
#[diesel(table_name = donations, treat_none_as_default_value = false)]
struct DonationRow {
    id: DonationId,
    donor: DonorId,
    din: Din,
    donation_type: DonationType,
    volume_ml: i32,
    collected_at: NaiveDateTime,
    given_on: NaiveDate,
    facility: FacilityId,
    drive: Option<DriveId>,
    recorded_at: NaiveDateTime,
}

#[derive(Debug, Clone, Insertable)]
#[diesel(table_name = blood_units, treat_none_as_default_value = false)]
struct BagRow {
    id: BloodUnitId,
    donation: Option<DonationId>,
    din: Din,
    component: Component,
    division: i32,
    blood_group: Option<BloodGroup>,
    volume_ml: i32,
    status: UnitStatus,
    facility: FacilityId,
    collected_on: NaiveDate,
    expires_at: NaiveDateTime,
    expires_on: NaiveDate,
    additive: Option<Additive>,
    changed_at: NaiveDateTime,
    version: i64,
}

#[derive(Debug, Clone, Insertable)]
#[diesel(table_name = unit_movements, treat_none_as_default_value = false)]
struct MovementRow {
    id: MovementId,
    blood_unit: BloodUnitId,
    from_status: Option<UnitStatus>,
    to_status: UnitStatus,
    reason: MoveReason,
    facility: FacilityId,
    moved_at: NaiveDateTime,
}

#[derive(Debug, Clone, Insertable)]
#[diesel(table_name = daily_flows, treat_none_as_default_value = false)]
struct FlowRow {
    governorate: Governorate,
    component: Component,
    blood_group: BloodGroup,
    flow_on: NaiveDate,
    received: i32,
    from_drives: i32,
    issued: i32,
    expired: i32,
}

/// The drive at which gifts of a day and place were taken, where one was kept.
pub type Drives = BTreeMap<(NaiveDate, Governorate), DriveId>;

/// Donations and what donors remember of them.
pub fn gifts(
    house: &House,
    bar: &ProgressBar,
    history: &History,
    drives: &Drives,
    ids: &Ids,
    written: &Written,
) -> Result<Vec<(DonationId, Din)>> {
    let mut made = Vec::with_capacity(history.gifts.len());
    let (mut rows, mut given) = (Vec::new(), Vec::new());
    let mut numbers = Numbers::default();
    for (n, gift) in history.gifts.iter().enumerate() {
        let at = at_drive(house, gift.day, n);
        let din = numbers.next(gift.day)?;
        let id = DonationId(ids.at(at));
        made.push((id, din));
        let donor = *written.donors.get(gift.person).ok_or_else(|| Problem::internal("a gift of nobody"))?;
        rows.push(DonationRow {
            id,
            donor,
            din,
            donation_type: DonationType::WholeBlood,
            volume_ml: 450,
            collected_at: at,
            given_on: gift.day,
            facility: written.collector(gift.governorate)?,
            drive: drives.get(&(gift.day, gift.governorate)).copied(),
            recorded_at: at,
        });
        given.push(GivingRow {
            id: GivingId(ids.at(at)),
            donor,
            given_on: gift.day,
            donation_type: DonationType::WholeBlood,
            volume_ml: 450,
            red_cells_lost: false,
            voided: false,
            source: "donation",
            recorded_at: at,
        });
    }
    in_slices(house, bar, &rows, |tx, rows| {
        on_each!(tx.conn => c, diesel::insert_into(donations::table).values(rows).execute(c))?;
        Ok(())
    })?;
    in_slices(house, bar, &given, |tx, rows| {
        on_each!(tx.conn => c, diesel::insert_into(givings::table).values(rows).execute(c))?;
        Ok(())
    })?;
    Ok(made)
}

/// Donation numbers under the fictitious facility number, in order within each year; past a million a
/// year they go on under the next.
#[derive(Debug, Default)]
pub struct Numbers(HashMap<i32, u32>);

impl Numbers {
    pub fn next(&mut self, day: NaiveDate) -> Result<Din> {
        use chrono::Datelike;
        let used = self.0.entry(day.year()).or_default();
        let number = *used;
        *used += 1;
        let fin = if number < 1_000_000 {
            FICTITIOUS_FIN.to_owned()
        } else {
            format!("A{:04}", 9_999 - number / 1_000_000)
        };
        let year = u32::try_from(day.year().rem_euclid(100)).map_err(Problem::internal)?;
        Din::compose(&fin, year, number % 1_000_000)
    }
}

fn at_drive(house: &House, day: NaiveDate, n: usize) -> NaiveDateTime {
    let minutes = i64::try_from(n % 240).unwrap_or(0);
    let nine = NaiveTime::from_hms_opt(9, 0, 0).unwrap_or_default();
    (house.zone.moment(day, nine) + Duration::minutes(minutes)).naive_utc()
}

/// Bags with their whole life line, and what went in and out each day.
pub fn bags(
    house: &House,
    bar: &ProgressBar,
    history: &History,
    gifts: &[(DonationId, Din)],
    ids: &Ids,
    written: &Written,
    rng: &mut StdRng,
) -> Result<()> {
    let mut outside = Outside::default();
    let usual = Keeping::default().bags;
    let (mut rows, mut moves) = (Vec::new(), Vec::new());
    for bag in &history.bags {
        let (donation, din) = match bag.gift.and_then(|n| gifts.get(n)) {
            Some((donation, din)) => (Some(*donation), *din),
            None => (None, outside.next(bag.collected)?),
        };
        let born = at_drive(house, bag.collected, 200);
        let id = BloodUnitId(ids.at(born));
        let home = written.collector(bag.governorate)?;
        let hospital = written.hospitals.get(&bag.governorate).copied();
        let moved = hospital.filter(|_| bag.fate == Fate::Shelf && rng.random_bool(0.35));
        let facility = moved.unwrap_or(home);
        let steps = life(house, bag, born);
        let (status, changed_at) = steps.last().copied().unwrap_or((UnitStatus::Quarantine, born));
        let mut before = None;
        for (to_status, moved_at) in steps {
            moves.push(MovementRow {
                id: MovementId(ids.at(born)),
                blood_unit: id,
                from_status: before,
                to_status,
                reason: reason(to_status, donation.is_some()),
                facility,
                moved_at,
            });
            before = Some(to_status);
        }
        rows.push(BagRow {
            id,
            donation,
            din,
            component: bag.component,
            division: 0,
            blood_group: (status != UnitStatus::Quarantine).then_some(bag.group),
            volume_ml: volume_ml(bag.component),
            status,
            facility,
            collected_on: bag.collected,
            expires_at: house.zone.end_of(bag.expires).naive_utc(),
            expires_on: bag.expires,
            additive: bag.component.is_kept_in_additive().then_some(usual),
            changed_at,
            version: 1,
        });
    }
    in_slices(house, bar, &rows, |tx, rows| {
        on_each!(tx.conn => c, diesel::insert_into(blood_units::table).values(rows).execute(c))?;
        Ok(())
    })?;
    in_slices(house, bar, &moves, |tx, rows| {
        on_each!(tx.conn => c, diesel::insert_into(unit_movements::table).values(rows).execute(c))?;
        Ok(())
    })
}

/// Why a bag of the demo comes into a state.
const fn reason(to: UnitStatus, given_here: bool) -> MoveReason {
    match to {
        UnitStatus::Quarantine if given_here => MoveReason::Collected,
        UnitStatus::Quarantine => MoveReason::Delivered,
        UnitStatus::Released => MoveReason::Tested,
        UnitStatus::Expired => MoveReason::DatePassed,
        _ => MoveReason::Used,
    }
}

/// Numbers of bags that came from outside stand under a fictitious facility number of their own.
#[derive(Debug, Default)]
struct Outside(u32);

impl Outside {
    fn next(&mut self, day: NaiveDate) -> Result<Din> {
        use chrono::Datelike;
        self.0 += 1;
        let year = u32::try_from(day.year().rem_euclid(100)).map_err(Problem::internal)?;
        Din::compose(&format!("A{:04}", 9_000 - self.0 / 1_000_000), year, self.0 % 1_000_000)
    }
}

fn life(house: &House, bag: &Bag, born: NaiveDateTime) -> Vec<(UnitStatus, NaiveDateTime)> {
    let morning = |day: NaiveDate| at_drive(house, day, 30);
    let tested = bag.collected.checked_add_days(Days::new(if bag.gift.is_some() { 2 } else { 0 }));
    let released = tested.map_or(born, morning).max(born);
    let mut steps = vec![(UnitStatus::Quarantine, born)];
    let (last, day) = match bag.fate {
        Fate::Quarantine => return steps,
        Fate::Discarded(day) => {
            steps.push((UnitStatus::Discarded, morning(day).max(born)));
            return steps;
        }
        Fate::Shelf => {
            steps.push((UnitStatus::Released, released));
            return steps;
        }
        Fate::Issued(day) => (UnitStatus::Issued, day),
        Fate::Expired(day) => (UnitStatus::Expired, day),
    };
    steps.push((UnitStatus::Released, released));
    let at = at_drive(house, day, 150).max(released);
    steps.push((last, at));
    // A hospital reports the next day what it used; the last ones it has not yet.
    if let (UnitStatus::Issued, Some(next)) = (last, day.checked_add_days(Days::new(1)))
        && next < house.today()
    {
        steps.push((UnitStatus::Transfused, morning(next).max(at)));
    }
    steps
}

const fn volume_ml(component: Component) -> i32 {
    match component {
        Component::WholeBlood => 450,
        Component::RedCells => 280,
        Component::Platelets => 60,
        Component::Plasma => 220,
        Component::Cryoprecipitate => 20,
    }
}

/// What went in and out of shelves, day by day; what a drive that was kept brought is told apart.
pub fn flows(house: &House, bar: &ProgressBar, history: &History, drives: &Drives) -> Result<()> {
    let mut of_drives: BTreeMap<FlowKey, i32> = BTreeMap::new();
    for bag in &history.bags {
        let is_received = matches!(bag.fate, Fate::Shelf | Fate::Issued(_) | Fate::Expired(_));
        let of_drive = bag.gift.is_some() && drives.contains_key(&(bag.collected, bag.governorate));
        if is_received && of_drive {
            let day = bag.collected + Days::new(TESTING);
            *of_drives.entry((day, bag.governorate, bag.component, bag.group)).or_default() += 1;
        }
    }
    let rows: Vec<FlowRow> = history
        .flows
        .iter()
        .map(|(key @ (day, governorate, component, group), flow)| FlowRow {
            governorate: *governorate,
            component: *component,
            blood_group: *group,
            flow_on: *day,
            received: flow.received,
            from_drives: of_drives.get(key).copied().unwrap_or(0).min(flow.received),
            issued: flow.issued,
            expired: flow.expired,
        })
        .collect();
    in_slices(house, bar, &rows, |tx, rows| {
        on_each!(tx.conn => c, diesel::insert_into(daily_flows::table).values(rows).execute(c))?;
        Ok(())
    })
}

/// What keeps some donors away for a while, and a few for good: code, days since its base event.
const CAUSES: [(&str, i64); 8] = [
    ("INF-ACUTE", 4),
    ("DENT-EXT", 3),
    ("TAT", 60),
    ("SURG-MIN", 2),
    ("HB-LOW", 20),
    ("VAC-LIVE", 9),
    ("TRANSF", 120),
    ("P-HBV", 300),
];

/// Defers about one donor in thirty.
pub fn deferrals(
    house: &House,
    bar: &ProgressBar,
    today: NaiveDate,
    written: &Written,
    rng: &mut StdRng,
) -> Result<()> {
    let mut chosen = Vec::new();
    for donor in &written.donors {
        if rng.random_bool(0.03) {
            let Some((code, ago)) = CAUSES.choose(rng).copied() else { continue };
            chosen.push(NewDeferral {
                donor: *donor,
                code: code.to_owned(),
                base: today.checked_sub_days(Days::new(ago.unsigned_abs())),
                second_base: None,
                ended_on: None,
            });
        }
    }
    for slice in chosen.chunks(50) {
        let (mine, vault, rules) = (slice.to_vec(), house.vault.clone(), house.rules.clone());
        house.db.write_now(Lane::Bulk, move |tx| {
            for deferral in &mine {
                eligibility::defer(tx, &vault, &rules, None, deferral)?;
            }
            Ok(())
        })?;
        bar.tick();
    }
    Ok(())
}
