//! The demo's diary: drives past and coming with who came or is booked, and activities of all ten branches.

use std::collections::BTreeMap;

use chrono::{Datelike, Days, Duration, NaiveDate, NaiveTime, Weekday};
use indicatif::ProgressBar;
use rand::RngExt;
use rand::rngs::StdRng;
use rand::seq::{IndexedRandom, SliceRandom};
use serde_json::json;
use shiryan_kernel::branch::Branch;
use shiryan_kernel::branch::fields::Part;
use shiryan_kernel::ids::{DonorId, SlotId, UnitId};
use shiryan_kernel::place::Governorate;
use shiryan_kernel::problem::Faults;
use shiryan_kernel::status::{ActivityStatus, AppointmentStatus, DriveStatus};
use shiryan_kernel::{Problem, Result};

use super::history::{History, may_give};
use super::people::Person;
use super::places as invented;
use super::write::{Drives, Written};
use crate::activities::rules::details::Details;
use crate::activities::{self, NewActivity, PlaceText, Title};
use crate::db::{Lane, Tx};
use crate::drives::{self, NewDrive};
use crate::http::House;

/// How far back and ahead the diary goes, in days.
const BACK: i64 = 28;
const AHEAD: u64 = 21;

/// Drives of the last four weeks, with who came, and those who did not.
pub fn past_drives(
    house: &House,
    bar: &ProgressBar,
    history: &History,
    people: &[Person],
    today: NaiveDate,
    written: &Written,
    rng: &mut StdRng,
) -> Result<Drives> {
    let mut attended: BTreeMap<(NaiveDate, Governorate), Vec<usize>> = BTreeMap::new();
    for gift in history.gifts.iter().filter(|gift| (today - gift.day).num_days() <= BACK) {
        attended.entry((gift.day, gift.governorate)).or_default().push(gift.person);
    }
    let mut made = Drives::new();
    for ((day, place), came) in attended {
        let stayed_away = came.len() / 6;
        let mut booked: Vec<(DonorId, AppointmentStatus)> =
            came.iter().filter_map(|n| Some((*written.donors.get(*n)?, AppointmentStatus::Kept))).collect();
        let others = strangers(people, written, place, &came, stayed_away, rng);
        booked.extend(others.into_iter().map(|donor| (donor, AppointmentStatus::NoShow)));
        let drive = new_drive(place, day, booked.len(), written, rng)?;
        let id = write_drive(house, drive, DriveStatus::Done, booked)?;
        made.insert((day, place), id);
        bar.inc(1);
    }
    Ok(made)
}

/// Donors of a place who are not among `came`.
fn strangers(
    people: &[Person],
    written: &Written,
    place: Governorate,
    came: &[usize],
    count: usize,
    rng: &mut StdRng,
) -> Vec<DonorId> {
    let mut others: Vec<usize> = (0..people.len())
        .filter(|n| people.get(*n).is_some_and(|person| person.governorate == place) && !came.contains(n))
        .collect();
    others.shuffle(rng);
    others.into_iter().take(count).filter_map(|n| written.donors.get(n).copied()).collect()
}

/// Drives of the next three weeks, partly booked with donors who may give on that day.
pub fn coming_drives(
    house: &House,
    bar: &ProgressBar,
    people: &[Person],
    today: NaiveDate,
    written: &Written,
    rng: &mut StdRng,
) -> Result<()> {
    let mut taken = vec![false; people.len()];
    for ahead in 1..=AHEAD {
        let Some(day) = today.checked_add_days(Days::new(ahead)) else { continue };
        if matches!(day.weekday(), Weekday::Fri | Weekday::Sat) {
            continue;
        }
        for place in Governorate::ALL.iter().copied().filter(|place| place.has_donors()) {
            if !rng.random_bool((invented::weight(place) / 12.0).clamp(0.08, 0.5)) {
                continue;
            }
            let seats = rng.random_range(24..56);
            let share =
                rng.random_range(0.2..0.85) * (1.0 - f64::from(u32::try_from(ahead).unwrap_or(0)) / 30.0);
            let mut booked = Vec::new();
            for (n, person) in people.iter().enumerate() {
                let wanted = f64::from(seats) * share;
                if f64::from(u32::try_from(booked.len()).unwrap_or(u32::MAX)) >= wanted {
                    break;
                }
                let free = taken.get(n) == Some(&false) && person.governorate == place;
                if free
                    && may_give(person, day)
                    && rng.random_bool(0.3)
                    && let (Some(mark), Some(donor)) = (taken.get_mut(n), written.donors.get(n))
                {
                    *mark = true;
                    let status = if rng.random_bool(0.7) {
                        AppointmentStatus::Booked
                    } else {
                        AppointmentStatus::Proposed
                    };
                    booked.push((*donor, status));
                }
            }
            let drive = new_drive(place, day, usize::try_from(seats).unwrap_or(24), written, rng)?;
            write_drive(house, drive, DriveStatus::Open, booked)?;
            bar.inc(1);
        }
    }
    Ok(())
}

fn new_drive(
    place: Governorate,
    date: NaiveDate,
    seats: usize,
    written: &Written,
    rng: &mut StdRng,
) -> Result<NewDrive> {
    const SITES: [&str; 4] =
        ["قاعة المعسكر", "مقر القيادة", "النادي الرياضي", "عيادة الخدمات الطبية العسكرية"];
    let clock = |hour| NaiveTime::from_hms_opt(hour, 0, 0).unwrap_or_default();
    let site = SITES.choose(rng).copied().unwrap_or("قاعة المعسكر");
    Ok(NewDrive {
        title: Some(Title::parse(&format!("حملة تبرع بالدم – {}", place.name_ar()))?),
        governorate: place,
        place: PlaceText::parse(&format!("{site} – {}", place.name_ar()))?,
        date,
        hours: drives::Hours::new(clock(9), clock(14), 30)?,
        beds: i32::try_from(seats.div_ceil(10)).map_err(Problem::internal)?.clamp(1, 200),
        unit: unit_of(place, written, rng)?,
        facility: written.banks.get(&place).copied(),
        terms: drives::Terms::default(),
    })
}

fn unit_of(place: Governorate, written: &Written, rng: &mut StdRng) -> Result<UnitId> {
    let units = invented::units();
    let here: Vec<usize> = (0..units.len())
        .filter(|n| units.get(*n).is_some_and(|unit| unit.governorate == place && unit.parent == Some(0)))
        .collect();
    here.choose(rng)
        .and_then(|n| written.units.get(*n).copied())
        .ok_or_else(|| Problem::internal(format!("{place} has no unit")))
}

/// A drive with its bookings, spread over its slots.
fn write_drive(
    house: &House,
    drive: NewDrive,
    status: DriveStatus,
    booked: Vec<(DonorId, AppointmentStatus)>,
) -> Result<shiryan_kernel::ids::DriveId> {
    let (vault, zone) = (house.vault.clone(), house.zone);
    house.db.write_now(Lane::Bulk, move |tx| {
        let entered = drives::enter(tx, &vault, zone, None, &drive, status)?;
        let slots: Vec<SlotId> = entered.slots.iter().map(|(id, _)| *id).collect();
        book(tx, &slots, &booked)?;
        Ok(entered.id)
    })
}

fn book(tx: &mut Tx, slots: &[SlotId], booked: &[(DonorId, AppointmentStatus)]) -> Result<()> {
    for ((donor, status), slot) in booked.iter().zip(slots.iter().cycle()) {
        drives::enter_appointment(tx, None, *slot, *donor, *status)?;
    }
    Ok(())
}

/// What each branch does, in words of the programme.
const fn titles(branch: Branch) -> [&'static str; 3] {
    match branch {
        Branch::Construction => ["ترميم منزل أسرة محتاجة", "صبّ سقف منزل", "تأهيل مدرسة"],
        Branch::Farmers => ["قطف الزيتون مع المزارعين", "نقل محصول الزيتون", "زراعة أشتال زيتون"],
        Branch::BloodDonation => ["حملة تبرع بالدم", "حملة تبرع بالدم", "حملة تبرع بالدم"],
        Branch::Orphans => ["يوم ترفيهي للأيتام", "توزيع حقائب مدرسية", "زيارة دار أيتام"],
        Branch::ElderlyDisabled => ["زيارة دار المسنين", "يوم طبي لذوي الإعاقة", "تهيئة مدخل لذوي الإعاقة"],
        Branch::Families => ["زيارة أسرة شهيد", "زيارة أسر الأسرى", "تكريم أسر الشهداء"],
        Branch::Volunteering => ["تنظيف المقبرة", "حملة نظافة المدينة", "يوم تطوع مع الشباب"],
        Branch::Religious => ["إحياء ذكرى المولد النبوي", "إفطار جماعي", "استقبال الحجاج"],
        Branch::Band => ["مشاركة الفرقة في احتفال وطني", "عرض موسيقي في المدرسة", "استقبال رسمي"],
        Branch::Ceremonies => ["مراسم وطنية", "جنازة عسكرية", "حرس شرف"],
    }
}

/// What is known of an activity so many days from today: what its branch needs and, once it is past, what came of it.
fn details(branch: Branch, offset: i64, rng: &mut StdRng) -> Result<Details> {
    let facts = match branch {
        Branch::Construction => json!({"works": "ترميم وصيانة", "stage": "structure"}),
        Branch::Farmers => {
            json!({"crop": "زيتون", "groves": rng.random_range(1..9), "needs": ["سلالم", "مفارش"]})
        }
        Branch::BloodDonation => json!({}),
        Branch::Orphans | Branch::ElderlyDisabled => {
            json!({"institution": "دار رعاية", "services": "زيارة ودعم"})
        }
        Branch::Families => json!({"household": "أسرة", "services": "زيارة ودعم"}),
        Branch::Volunteering => json!({"kind": "city_cleaning", "partners": ["البلدية"]}),
        Branch::Religious => json!({"occasion": "مناسبة دينية"}),
        Branch::Band => json!({"event": "احتفال وطني"}),
        Branch::Ceremonies => json!({"kind": "national_day", "honour_guard": 12}),
    };
    let outcomes = match offset {
        ..0 => json!({"people_reached": rng.random_range(20..400), "hours": rng.random_range(10..200)}),
        _ => json!({}),
    };
    let (mut details, mut faults) = (Details::default(), Faults::none());
    for (part, told) in [(Part::Facts, facts), (Part::Outcomes, outcomes)] {
        details.amend(&mut faults, branch, part, &told.as_object().cloned().unwrap_or_default());
    }
    faults.settle()?;
    Ok(details)
}

/// Activities of the other nine branches, a week or so apart, past and coming.
pub fn activities(
    house: &House,
    bar: &ProgressBar,
    today: NaiveDate,
    written: &Written,
    rng: &mut StdRng,
) -> Result<()> {
    let places: Vec<Governorate> =
        Governorate::ALL.iter().copied().filter(|place| place.has_donors()).collect();
    for branch in Branch::ALL.iter().copied().filter(|branch| *branch != Branch::BloodDonation) {
        let mut offset = -90_i64;
        while offset < 45 {
            offset += rng.random_range(3..12);
            let day = today + Duration::days(offset);
            let Some(place) = places.choose(rng).copied() else { continue };
            let starts_at = house.zone.moment(day, NaiveTime::from_hms_opt(8, 30, 0).unwrap_or_default());
            let title = titles(branch).choose(rng).copied().unwrap_or_default();
            let new = NewActivity {
                branch,
                title: Some(Title::parse(title)?),
                governorate: place,
                place: Some(PlaceText::parse(place.name_ar())?),
                starts_at,
                ends_at: starts_at + Duration::hours(rng.random_range(2..7)),
                unit: unit_of(place, written, rng)?,
                units: Vec::new(),
                loads: branch.usual_loads().to_vec(),
                details: details(branch, offset, rng)?,
            };
            let status = match offset {
                ..0 if rng.random_bool(0.93) => ActivityStatus::Done,
                ..0 => ActivityStatus::Cancelled,
                0 => ActivityStatus::UnderWay,
                _ if rng.random_bool(0.6) => ActivityStatus::Approved,
                _ => ActivityStatus::Proposed,
            };
            let vault = house.vault.clone();
            house.db.write_now(Lane::Bulk, move |tx| activities::enter(tx, &vault, None, &new, status))?;
            bar.inc(1);
        }
    }
    Ok(())
}
