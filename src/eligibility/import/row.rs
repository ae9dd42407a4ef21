//! One row of a register of donors.
//!
//! Registers know less than we ask and write it in many ways: an empty cell is unknown, a group is only
//! declared, a day and month that could be swapped are refused.

use std::collections::HashMap;

use chrono::NaiveDate;
use shiryan_kernel::blood::{BloodGroup, DonationType, Sex};
use shiryan_kernel::ids::UnitId;
use shiryan_kernel::text::{Email, NationalId, PersonName, Phone, ServiceNumber, ShortCode};
use shiryan_kernel::{Code, Problem, Result};

use super::cells::{Cells, NATIONAL_ID, SERVICE_NUMBER};
use crate::donors::{self, FullName, NewDonor};
use crate::places::governorate_named;
use crate::sheets::{Column, Row, civil_date, decimal, folded, whole};

pub const COLUMNS: [Column; 18] = [
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
];

/// A donor and the giving that the register knows of.
#[derive(Debug)]
pub struct Entry {
    pub new: NewDonor,
    pub given: Option<(NaiveDate, DonationType)>,
}

/// More in twelve months is a slip: even plasma is given less often.
const MOST_IN_12_MONTHS: u16 = 60;

/// Reads a row.
///
/// # Errors
/// `invalid_request` with every fault: besides what each cell's parser refuses, a row with more or fewer
/// cells than the header, one that names nobody, a unit that is not there, a donation to come or before
/// birth, and a kind of donation without its day.
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
    let named = !row.cell(0).is_empty() || !row.cell(1).is_empty();
    if !named && (row.cell(2).is_empty() || row.cell(5).is_empty()) {
        cells.faults.add("national_id", Code::MissingField);
    }
    cells.faults.settle()?;
    // A donation of unknown kind is taken for the one after which the donor waits longest.
    let given = given_on.map(|on| (on, kind.unwrap_or(DonationType::WholeBlood)));
    Ok(Entry { new: NewDonor { declared_12_months, ..new }, given })
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

fn unit(text: &str, units: &HashMap<String, UnitId>) -> Result<UnitId> {
    let code = ShortCode::parse(text)?;
    units.get(code.as_str()).copied().ok_or_else(|| Problem::new(Code::UnknownReference))
}

fn given_on(text: &str, born: Option<NaiveDate>, today: NaiveDate) -> Result<NaiveDate> {
    let on = civil_date(text)?;
    let first = born.or(NaiveDate::from_ymd_opt(1950, 1, 1)).unwrap_or(NaiveDate::MIN);
    if first <= on && on <= today { Ok(on) } else { Err(Problem::new(Code::OutOfRange)) }
}
