//! One row of a register of donors.
//!
//! Registers know less than we ask and write it in many ways: an empty cell is unknown, a group is only
//! declared, a day and month that could be swapped are refused.

use std::collections::HashMap;

use chrono::NaiveDate;
use shiryan_kernel::blood::{BloodGroup, DonationType, Sex};
use shiryan_kernel::ids::UnitId;
use shiryan_kernel::status::DonorStatus;
use shiryan_kernel::text::{Email, NationalId, PersonName, Phone, ServiceNumber, ShortCode, digits};
use shiryan_kernel::time::clock_time;
use shiryan_kernel::{Code, Problem, Result};

use super::super::{Giving, MOST_ML};
use super::cells::{Cells, NATIONAL_ID, SERVICE_NUMBER};
use crate::donors::{self, FullName, Locality, NewDonor, Wishes};
use crate::places::governorate_named;
use crate::sheets::{Column, Row, civil_date, decimal, folded, whole, yes_no};

/// How many of [`COLUMNS`] a file must have, at their beginning.
pub const NEEDED: usize = 18;

pub const COLUMNS: [Column; 34] = [
    SERVICE_NUMBER,
    NATIONAL_ID,
    Column { name: "first_name", also: &["الاسم الأول", "الاسم"] },
    Column { name: "father_name", also: &["اسم الأب"] },
    Column { name: "grandfather_name", also: &["اسم الجد"] },
    Column { name: "family_name", also: &["اسم العائلة", "العائلة"] },
    Column { name: "sex", also: &["الجنس"] },
    Column { name: "birth_date", also: &["تاريخ الميلاد"] },
    Column { name: "blood_group", also: &["فصيلة الدم", "زمرة الدم"] },
    Column { name: "unit", also: &["الوحدة", "رمز الوحدة"] },
    Column { name: "governorate", also: &["المحافظة"] },
    Column { name: "phone", also: &["الهاتف", "رقم الهاتف", "الجوال"] },
    Column { name: "email", also: &["البريد الإلكتروني", "البريد"] },
    Column { name: "weight_kg", also: &["الوزن", "الوزن كغم"] },
    Column { name: "height_cm", also: &["الطول", "الطول سم"] },
    Column { name: "last_donation_date", also: &["تاريخ آخر تبرع"] },
    Column { name: "last_donation_type", also: &["نوع آخر تبرع"] },
    Column {
        name: "donations_last_12_months", also: &["عدد التبرعات خلال 12 شهرًا", "التبرعات في 12 شهرًا"]
    },
    Column { name: "last_donation_volume_ml", also: &["حجم آخر تبرع"] },
    Column { name: "last_donation_red_cells_lost", also: &["فقد كريات في آخر تبرع"] },
    Column { name: "status", also: &["حالة السجل"] },
    Column { name: "paused_until", also: &["نهاية التوقف"] },
    Column { name: "latin_first_name", also: &["الاسم الأول باللاتينية"] },
    Column { name: "latin_father_name", also: &["اسم الأب باللاتينية"] },
    Column { name: "latin_grandfather_name", also: &["اسم الجد باللاتينية"] },
    Column { name: "latin_family_name", also: &["اسم العائلة باللاتينية"] },
    Column { name: "place", also: &["مكان السكن"] },
    Column { name: "kind", also: &["نوع المتبرع"] },
    Column { name: "language", also: &["اللغة"] },
    Column { name: "may_call", also: &["يقبل الاتصال"] },
    Column { name: "may_text", also: &["يقبل الرسائل القصيرة"] },
    Column { name: "may_email", also: &["يقبل البريد الإلكتروني"] },
    Column { name: "quiet_from", also: &["بداية الهدوء"] },
    Column { name: "quiet_until", also: &["نهاية الهدوء"] },
];

/// A donor, where the register has him or her stand, and the giving that it knows of.
#[derive(Debug)]
pub struct Entry {
    pub new: NewDonor,
    pub status: DonorStatus,
    pub paused_until: Option<NaiveDate>,
    pub given: Option<Given>,
}

/// The last giving.
#[derive(Debug, Clone, Copy)]
pub struct Given {
    pub on: NaiveDate,
    pub donation_type: DonationType,
    pub volume_ml: Option<u16>,
    pub red_cells_lost: bool,
}

impl Given {
    /// As the rules count it.
    pub fn told(self) -> Giving {
        let lost = if self.red_cells_lost { u16::MAX } else { 0 };
        let given = Giving::completed(self.on, self.donation_type);
        Giving { volume_ml: self.volume_ml, red_cells_lost_ml: Some(lost), ..given }
    }
}

/// More in twelve months is a slip: even plasma is given less often.
const MOST_IN_12_MONTHS: u16 = 60;

/// Reads a row.
///
/// # Errors
/// `invalid_request` with every fault: besides what each cell's parser refuses, a row with more or fewer
/// cells than the header, one that names nobody, a unit that is not there, a donation to come or before
/// birth, what is said of a donation without its day, and the end of a pause of somebody who is not paused.
pub fn read(row: &Row, units: &HashMap<String, UnitId>, today: NaiveDate) -> Result<Entry> {
    let mut cells = Cells::of(row, &COLUMNS);
    // In the order of the columns.
    let new = NewDonor {
        service_number: cells.read(ServiceNumber::parse),
        national_id: cells.read(NationalId::parse),
        name: FullName {
            first: cells.read(PersonName::parse),
            father: cells.read(PersonName::parse),
            grandfather: cells.read(PersonName::parse),
            family: cells.read(PersonName::parse),
        },
        sex: cells.read(sex),
        birth_date: cells.read(|text| donors::birth_date(civil_date(text)?, today)),
        blood_group: cells.read(BloodGroup::from_import),
        unit: cells.read(|text| unit(text, units)),
        governorate: cells.read(governorate_named),
        phone: cells.read(Phone::parse),
        email: cells.read(Email::parse),
        weight_kg: cells.read(|text| donors::weight_kg(decimal(text)?)),
        height_cm: cells.read(|text| donors::height_cm(decimal(text)?)),
        ..NewDonor::default()
    };
    let born = new.birth_date;
    let given_on = cells.read(|text| given_on(text, born, today));
    let has_day = cells.had_any();
    let kind = cells.read(donation_type);
    if !has_day && kind.is_some() {
        cells.faults.add("last_donation_date", Code::MissingField);
    }
    let declared_12_months = cells.read(|text| {
        let count = whole(text)?;
        if count <= MOST_IN_12_MONTHS { Ok(count) } else { Err(Problem::new(Code::OutOfRange)) }
    });
    let volume_ml = cells.read(volume_ml);
    let red_cells_lost = cells.read(yes_no);
    if !has_day && (volume_ml.is_some() || red_cells_lost == Some(true)) {
        cells.faults.add("last_donation_date", Code::MissingField);
    }
    let status = cells.read(status).unwrap_or(DonorStatus::Active);
    let paused_until = cells.read(civil_date);
    if paused_until.is_some() && status != DonorStatus::Paused {
        cells.faults.add("paused_until", Code::InvalidValue);
    }
    let latin_name = FullName {
        first: cells.read(PersonName::parse_latin),
        father: cells.read(PersonName::parse_latin),
        grandfather: cells.read(PersonName::parse_latin),
        family: cells.read(PersonName::parse_latin),
    };
    let place = cells.read(Locality::parse);
    let kind_of_donor = cells.read(str::parse);
    let wishes = Wishes {
        language: cells.read(str::parse),
        may_call: cells.read(yes_no),
        may_text: cells.read(yes_no),
        may_email: cells.read(yes_no),
        quiet_from: cells.read(|text| clock_time(&digits(text))),
        quiet_until: cells.read(|text| clock_time(&digits(text))),
    };
    if let Err(problem) = wishes.check() {
        problem.errors.into_iter().for_each(|fault| cells.faults.add(fault.field, fault.code));
    }
    let named = !row.cell(0).is_empty() || !row.cell(1).is_empty();
    if !named && (row.cell(2).is_empty() || row.cell(5).is_empty()) {
        cells.faults.add("national_id", Code::MissingField);
    }
    cells.faults.settle()?;
    // A donation of unknown kind is taken for the one after which the donor waits longest.
    let given = given_on.map(|on| Given {
        on,
        donation_type: kind.unwrap_or(DonationType::WholeBlood),
        volume_ml,
        red_cells_lost: red_cells_lost == Some(true),
    });
    let new = NewDonor { declared_12_months, latin_name, place, kind: kind_of_donor, wishes, ..new };
    Ok(Entry { new, status, paused_until, given })
}

fn sex(text: &str) -> Result<Sex> {
    match folded(text).as_str() {
        "male" | "m" | "ذكر" => Ok(Sex::Male),
        "female" | "f" | "انثى" => Ok(Sex::Female),
        _ => Err(Problem::new(Code::InvalidValue)),
    }
}

pub fn donation_type(text: &str) -> Result<DonationType> {
    match folded(text).as_str() {
        "دم_كامل" => Ok(DonationType::WholeBlood),
        "كريات_حمراء_مزدوجة" => Ok(DonationType::DoubleRedCells),
        "صفائح" => Ok(DonationType::PlateletApheresis),
        "بلازما" => Ok(DonationType::PlasmaApheresis),
        code => code.parse(),
    }
}

/// What a bag or an apheresis held, in mL.
pub fn volume_ml(text: &str) -> Result<u16> {
    let volume = whole(text)?;
    if (1..=MOST_ML).contains(&volume) { Ok(volume) } else { Err(Problem::new(Code::OutOfRange)) }
}

/// A record that waited elsewhere is compared with those that are here.
fn status(text: &str) -> Result<DonorStatus> {
    match text.parse()? {
        DonorStatus::Erased => Err(Problem::new(Code::InvalidValue)),
        DonorStatus::Review => Ok(DonorStatus::Active),
        status => Ok(status),
    }
}

fn unit(text: &str, units: &HashMap<String, UnitId>) -> Result<UnitId> {
    let code = ShortCode::parse(text)?;
    units.get(code.as_str()).copied().ok_or_else(|| Problem::new(Code::UnknownReference))
}

fn given_on(text: &str, born: Option<NaiveDate>, today: NaiveDate) -> Result<NaiveDate> {
    let on = civil_date(text)?;
    let first = born.or(NaiveDate::from_ymd_opt(1950, 1, 1)).unwrap_or(NaiveDate::MIN);
    if first <= on && on <= today { Ok(on) } else { Err(Problem::new(Code::OutOfRange)) }
}
