//! The demo's donors: invented people with Levantine blood groups and Arabic four-part names.
//!
//! Group shares: Lebanon, n = 103 967, the only full ABO and RhD table of the region.

use chrono::{Days, NaiveDate};
use rand::seq::IndexedRandom;
use rand::{Rng, RngExt};
use shiryan_kernel::blood::{BloodGroup, GroupEvidence, Sex};
use shiryan_kernel::place::Governorate;

use super::places::{self, Unit};

/// Per cent.
pub const SHARES: [(BloodGroup, f64); 8] = [
    (BloodGroup::APos, 33.86),
    (BloodGroup::OPos, 33.09),
    (BloodGroup::BPos, 17.79),
    (BloodGroup::ONeg, 5.36),
    (BloodGroup::ANeg, 4.02),
    (BloodGroup::AbPos, 3.64),
    (BloodGroup::BNeg, 1.81),
    (BloodGroup::AbNeg, 0.43),
];

const MEN: [&str; 40] = [
    "محمد",
    "أحمد",
    "محمود",
    "خالد",
    "عمر",
    "يوسف",
    "إبراهيم",
    "حسن",
    "حسين",
    "علي",
    "مصطفى",
    "سامر",
    "رامي",
    "طارق",
    "وائل",
    "نضال",
    "ماهر",
    "فادي",
    "زياد",
    "بلال",
    "أنس",
    "معتز",
    "ياسر",
    "جهاد",
    "كمال",
    "جمال",
    "صلاح",
    "عماد",
    "إياد",
    "باسم",
    "هاني",
    "رائد",
    "مروان",
    "عبد الله",
    "عبد الرحمن",
    "ليث",
    "قصي",
    "أيمن",
    "شادي",
    "مهند",
];
const WOMEN: [&str; 24] = [
    "فاطمة",
    "مريم",
    "عائشة",
    "سارة",
    "نور",
    "آية",
    "هبة",
    "رنا",
    "دعاء",
    "إيمان",
    "سلمى",
    "ليلى",
    "هدى",
    "أمل",
    "رشا",
    "منى",
    "سناء",
    "وفاء",
    "إسراء",
    "ولاء",
    "رغد",
    "شهد",
    "جنى",
    "ميساء",
];
const FAMILIES: [&str; 56] = [
    "الخطيب",
    "النجار",
    "حداد",
    "عودة",
    "زيدان",
    "الشريف",
    "أبو علي",
    "أبو زيد",
    "سلامة",
    "منصور",
    "خليل",
    "حمدان",
    "صالح",
    "عيسى",
    "ناصر",
    "دراغمة",
    "الأسمر",
    "قاسم",
    "عواد",
    "جبر",
    "شاهين",
    "بدران",
    "حمد",
    "البرغوثي",
    "جرادات",
    "عمرو",
    "التميمي",
    "القواسمي",
    "الجعبري",
    "النتشة",
    "أبو سنينة",
    "العملة",
    "دويكات",
    "المصري",
    "طوقان",
    "عبد الهادي",
    "السعدي",
    "أبو الرب",
    "نزال",
    "زكارنة",
    "بشارات",
    "مسلم",
    "رباح",
    "أبو شمالة",
    "المدهون",
    "الأغا",
    "شعث",
    "النحال",
    "أبو طه",
    "الفرا",
    "السقا",
    "حجازي",
    "عاشور",
    "مهنا",
    "الحلو",
    "شبير",
];

/// One invented person.
#[derive(Debug, Clone)]
pub struct Person {
    pub sex: Sex,
    pub birth: NaiveDate,
    /// Own, father's, grandfather's, family.
    pub names: [&'static str; 4],
    pub national_id: String,
    pub service_number: String,
    pub phone: String,
    pub email: Option<String>,
    pub group: BloodGroup,
    pub evidence: GroupEvidence,
    /// Into the list of units.
    pub unit: usize,
    pub governorate: Governorate,
    pub weight_kg: f64,
    pub height_cm: f64,
    /// Oldest first.
    pub given: Vec<NaiveDate>,
}

/// Makes `count` people, spread over the units.
pub fn people(count: usize, units: &[Unit], today: NaiveDate, rng: &mut impl Rng) -> Vec<Person> {
    let placed: Vec<(usize, f64)> = units
        .iter()
        .enumerate()
        .skip(1)
        .map(|(n, unit)| {
            (n, places::weight(unit.governorate) * if unit.code.contains('-') { 1.0 } else { 0.15 })
        })
        .collect();
    (0..count).map(|n| person(n, units, &placed, today, rng)).collect()
}

fn person(n: usize, units: &[Unit], placed: &[(usize, f64)], today: NaiveDate, rng: &mut impl Rng) -> Person {
    let sex = if rng.random_bool(0.12) { Sex::Female } else { Sex::Male };
    let age_days: u64 = rng.random_range(18 * 365 + 6..50 * 365);
    let own = if sex == Sex::Male { MEN.choose(rng) } else { WOMEN.choose(rng) };
    let mut man = || MEN.choose(rng).copied().unwrap_or("محمد");
    let (father, grandfather) = (man(), man());
    let unit = pick(placed, rng).unwrap_or(1);
    let governorate = units.get(unit).map_or(Governorate::RamallahAlBireh, |unit| unit.governorate);
    let evidence = match rng.random_range(0..10) {
        0 => GroupEvidence::Declared,
        1 => GroupEvidence::TypedOnce,
        _ => GroupEvidence::Confirmed,
    };
    let (height, weight) = match sex {
        Sex::Male => (rng.random_range(165..190), rng.random_range(60..98)),
        Sex::Female => (rng.random_range(155..175), rng.random_range(50..80)),
    };
    Person {
        sex,
        birth: today.checked_sub_days(Days::new(age_days)).unwrap_or(today),
        names: [
            own.copied().unwrap_or("محمد"),
            father,
            grandfather,
            FAMILIES.choose(rng).copied().unwrap_or("الخطيب"),
        ],
        national_id: national_id(n),
        service_number: format!("S{:07}", 1_000_000 + n),
        phone: format!(
            "05{}{:07}",
            if rng.random_bool(0.7) { 9 } else { 6 },
            (n * 7919 + 1_234_567) % 10_000_000
        ),
        email: rng.random_bool(0.1).then(|| format!("donor{n}@example.org")),
        group: pick(&SHARES, rng).unwrap_or(BloodGroup::OPos),
        evidence,
        unit,
        governorate,
        weight_kg: f64::from(weight),
        height_cm: f64::from(height),
        given: Vec::new(),
    }
}

/// One of the things by its weight.
pub fn pick<T: Copy>(weighted: &[(T, f64)], rng: &mut impl Rng) -> Option<T> {
    let total: f64 = weighted.iter().map(|(_, weight)| weight).sum();
    let mut left = rng.random::<f64>() * total;
    weighted
        .iter()
        .find(|(_, weight)| {
            left -= weight;
            left < 0.0
        })
        .or(weighted.last())
        .map(|(thing, _)| *thing)
}

/// A number of the right form whose check digit agrees; nobody's.
fn national_id(n: usize) -> String {
    let body = format!("{:08}", 90_000_000 + n % 10_000_000);
    let sum: u32 = body
        .bytes()
        .zip([1, 2].into_iter().cycle())
        .map(|(digit, weight)| {
            let product = u32::from(digit - b'0') * weight;
            product / 10 + product % 10
        })
        .sum();
    format!("{body}{}", (10 - sum % 10) % 10)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;
    use shiryan_kernel::text::{NationalId, PersonName, Phone, ServiceNumber};

    #[test]
    fn invented_people_pass_the_parsers() {
        let mut rng = rand::rngs::StdRng::seed_from_u64(1);
        let units = places::units();
        assert!(units.len() > 40);
        for person in people(2_000, &units, "2026-11-24".parse().unwrap(), &mut rng) {
            assert!(NationalId::parse(&person.national_id).unwrap().check_agrees());
            Phone::parse(&person.phone).unwrap();
            ServiceNumber::parse(&person.service_number).unwrap();
            for name in person.names {
                PersonName::parse(name).unwrap();
            }
            assert!(person.governorate.has_donors());
        }
    }

    #[test]
    fn group_shares_are_levantine() {
        let mut rng = rand::rngs::StdRng::seed_from_u64(1);
        let people = people(20_000, &places::units(), "2026-11-24".parse().unwrap(), &mut rng);
        for (group, share) in SHARES {
            let count = people.iter().filter(|person| person.group == group).count();
            let found = 100.0 * f64::from(u32::try_from(count).unwrap()) / 20_000.0;
            assert!((found - share).abs() < 1.2, "{group}: {found} against {share}");
        }
    }
}
