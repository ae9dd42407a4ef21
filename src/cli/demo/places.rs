//! The demo's places: a force of 61 units in 15 governorates, a hospital in each of the 16, nine blood banks.

use shiryan_kernel::place::Governorate;
use shiryan_kernel::status::FacilityKind;

/// A unit by its place in the list; parents stand before their children.
#[derive(Debug, Clone)]
pub struct Unit {
    pub code: String,
    pub name_ar: String,
    pub name_en: String,
    pub parent: Option<usize>,
    pub governorate: Governorate,
}

#[derive(Debug, Clone)]
pub struct Facility {
    pub code: String,
    pub kind: FacilityKind,
    pub name_ar: String,
    pub name_en: String,
    pub governorate: Governorate,
}

/// Where blood banks stand: what a governorate without one collects goes to its own hospital.
const BANKS: [Governorate; 9] = [
    Governorate::Jenin,
    Governorate::Nablus,
    Governorate::Tulkarm,
    Governorate::RamallahAlBireh,
    Governorate::Bethlehem,
    Governorate::Hebron,
    Governorate::Gaza,
    Governorate::KhanYunis,
    Governorate::DeirAlBalah,
];

pub fn units() -> Vec<Unit> {
    let mut units = vec![Unit {
        code: "HQ".into(),
        name_ar: "القيادة العامة".into(),
        name_en: "General Command".into(),
        parent: None,
        governorate: Governorate::RamallahAlBireh,
    }];
    for (n, governorate) in Governorate::ALL.iter().copied().filter(|place| place.has_donors()).enumerate() {
        let region = units.len();
        let short = governorate.code().trim_start_matches("PS-").to_owned();
        units.push(Unit {
            code: short.clone(),
            name_ar: format!("قيادة منطقة {}", governorate.name_ar()),
            name_en: format!("{} Area Command", governorate.name_en()),
            parent: Some(0),
            governorate,
        });
        for (kind, ar, en) in [
            ("B1", "الكتيبة الأولى", "First Battalion"),
            ("B2", "الكتيبة الثانية", "Second Battalion"),
            ("SUP", "سرية الإسناد", "Support Company"),
        ] {
            units.push(Unit {
                code: format!("{short}-{kind}"),
                name_ar: format!("{ar} – {}", governorate.name_ar()),
                name_en: format!("{en}, {}", governorate.name_en()),
                parent: Some(region),
                governorate,
            });
        }
        debug_assert_eq!(units.len(), 1 + (n + 1) * 4);
    }
    units
}

pub fn facilities() -> Vec<Facility> {
    let hospital = |governorate: Governorate| Facility {
        code: format!("H-{}", governorate.code().trim_start_matches("PS-")),
        kind: FacilityKind::Hospital,
        name_ar: format!("مستشفى {} الحكومي", governorate.name_ar()),
        name_en: format!("{} Government Hospital", governorate.name_en()),
        governorate,
    };
    let bank = |governorate: Governorate| Facility {
        code: format!("BB-{}", governorate.code().trim_start_matches("PS-")),
        kind: FacilityKind::BloodBank,
        name_ar: format!("بنك الدم – {}", governorate.name_ar()),
        name_en: format!("{} Blood Bank", governorate.name_en()),
        governorate,
    };
    Governorate::ALL.iter().copied().map(hospital).chain(BANKS.into_iter().map(bank)).collect()
}

/// Relative size of a governorate's part of force and need.
pub const fn weight(governorate: Governorate) -> f64 {
    match governorate {
        Governorate::Jenin => 3.2,
        Governorate::Tubas => 0.7,
        Governorate::Tulkarm => 1.9,
        Governorate::Nablus => 4.0,
        Governorate::Qalqilya => 1.1,
        Governorate::Salfit => 0.8,
        Governorate::RamallahAlBireh => 3.4,
        Governorate::Jericho => 0.6,
        Governorate::Jerusalem => 1.6,
        Governorate::Bethlehem => 2.2,
        Governorate::Hebron => 7.4,
        Governorate::NorthGaza => 2.4,
        Governorate::Gaza => 4.6,
        Governorate::DeirAlBalah => 2.0,
        Governorate::KhanYunis => 2.9,
        Governorate::Rafah => 1.7,
    }
}
