//! What each branch records of an activity: facts before it, outcomes after. A new field is one line here.
//!
//! Codes are unique inside a branch, the common ones included, and never renamed.

use super::Branch;

/// What a field holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// One line of 1 to 120 characters.
    Name,
    /// 1 to 500 characters, several lines.
    Words,
    /// 1 to 20 different names.
    Names,
    /// A whole number from 0 to [`MOST`].
    Count,
    /// A civil day of the years 2000 to 2100, `2026-11-24`.
    Day,
    /// A day of the Hijri calendar, `1448-09-01`.
    HijriDay,
    /// One of these codes.
    Choice(&'static [Choice]),
}

/// The most that a count may be.
pub const MOST: u64 = 10_000_000;

/// One answer to a closed question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Choice {
    pub code: &'static str,
    pub name_ar: &'static str,
    pub name_en: &'static str,
}

/// Who may read a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Whoever sees more of the activity than its day.
    Seen,
    /// It tells whom a visit is for: those who run it and those who answer for it.
    Confidential,
}

/// One field of a branch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field {
    pub code: &'static str,
    pub kind: Kind,
    pub reach: Reach,
    pub name_ar: &'static str,
    pub name_en: &'static str,
}

/// When a field is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// What is planned.
    Facts,
    /// What came of it: under way or done.
    Outcomes,
}

/// What a branch records.
#[derive(Debug, Clone, Copy)]
pub struct Record {
    facts: &'static [Field],
    outcomes: &'static [Field],
    /// Of each line one fact at least must be there before the activity is approved.
    pub needed: &'static [&'static [&'static str]],
}

const fn field(code: &'static str, kind: Kind, name_ar: &'static str, name_en: &'static str) -> Field {
    Field { code, kind, reach: Reach::Seen, name_ar, name_en }
}

const fn confidential(code: &'static str, kind: Kind, name_ar: &'static str, name_en: &'static str) -> Field {
    Field { code, kind, reach: Reach::Confidential, name_ar, name_en }
}

const fn choice(code: &'static str, name_ar: &'static str, name_en: &'static str) -> Choice {
    Choice { code, name_ar, name_en }
}

/// Of every branch.
const FACTS: &[Field] = &[
    field("description", Kind::Words, "الوصف", "Description"),
    field("needs", Kind::Names, "الاحتياجات", "Needs"),
    field("partners", Kind::Names, "الشركاء", "Partners"),
];

/// Of every branch.
const OUTCOMES: &[Field] = &[
    field("people_reached", Kind::Count, "عدد المستفيدين", "People reached"),
    field("hours", Kind::Count, "ساعات عمل المشاركين", "Hours worked by all who took part"),
    field("cost_note", Kind::Words, "ملاحظة الكلفة", "Cost note"),
];

const INSTITUTION: Field = confidential("institution", Kind::Name, "المؤسسة", "Institution");
const HOUSEHOLD: Field = confidential("household", Kind::Name, "الأسرة", "Household");

/// Of the three branches that care for people.
const CARE: Record = Record {
    facts: &[INSTITUTION, HOUSEHOLD, field("services", Kind::Words, "الخدمات المقدَّمة", "Services")],
    outcomes: &[confidential("next_visit", Kind::Day, "موعد الزيارة التالية", "Next visit due")],
    needed: &[&["institution", "household"]],
};

const STAGES: &[Choice] = &[
    choice("survey", "كشف ميداني", "Survey"),
    choice("structure", "هيكل", "Structure"),
    choice("finishing", "تشطيب", "Finishing"),
    choice("handed_over", "تسليم", "Handed over"),
];
const CAMPAIGNS: &[Choice] = &[
    choice("cemetery", "صيانة المقابر", "Cemetery upkeep"),
    choice("city_cleaning", "نظافة المدينة", "City cleaning"),
    choice("youth", "تطوع الشباب", "Youth volunteering"),
    choice("other", "أخرى", "Other"),
];
const CEREMONIES: &[Choice] = &[
    choice("funeral", "جنازة عسكرية", "Military funeral"),
    choice("reception", "استقبال رسمي", "Official reception"),
    choice("national_day", "مناسبة وطنية", "National occasion"),
    choice("other", "أخرى", "Other"),
];

impl Branch {
    /// What this branch records beside the common fields.
    #[must_use]
    pub const fn record(self) -> Record {
        match self {
            Self::Construction => {
                const {
                    Record {
                        facts: &[
                            field("works", Kind::Words, "الأعمال", "Works"),
                            field("stage", Kind::Choice(STAGES), "المرحلة", "Stage"),
                            confidential("site", Kind::Name, "موقع العمل", "Site"),
                            HOUSEHOLD,
                        ],
                        outcomes: &[
                            field("houses_built", Kind::Count, "منازل بُنيت", "Houses built"),
                            field("houses_repaired", Kind::Count, "منازل رُمّمت", "Houses repaired"),
                        ],
                        needed: &[&["works"], &["stage"]],
                    }
                }
            }
            Self::Farmers => {
                const {
                    Record {
                        facts: &[
                            field("crop", Kind::Name, "المحصول", "Crop"),
                            field("groves", Kind::Count, "عدد الكروم", "Groves"),
                        ],
                        outcomes: &[
                            field("trees_planted", Kind::Count, "أشجار زُرعت", "Trees planted"),
                            field("sacks_picked", Kind::Count, "أكياس قُطفت", "Sacks picked"),
                            field("sacks_moved", Kind::Count, "أكياس نُقلت", "Sacks moved"),
                        ],
                        needed: &[&["crop"]],
                    }
                }
            }
            // What a drive is and what came of it stands in its own rows.
            Self::BloodDonation => const { Record { facts: &[], outcomes: &[], needed: &[] } },
            Self::Orphans | Self::ElderlyDisabled | Self::Families => CARE,
            Self::Volunteering => {
                const {
                    Record {
                        facts: &[field("kind", Kind::Choice(CAMPAIGNS), "نوع الحملة", "Kind of campaign")],
                        outcomes: &[
                            field("volunteers", Kind::Count, "المتطوعون", "Volunteers"),
                            field("citizens_joined", Kind::Count, "مواطنون شاركوا", "Citizens who joined"),
                        ],
                        needed: &[&["kind"]],
                    }
                }
            }
            Self::Religious => {
                const {
                    Record {
                        facts: &[
                            field("occasion", Kind::Name, "المناسبة", "Occasion"),
                            field("hijri_date", Kind::HijriDay, "التاريخ الهجري", "Hijri date"),
                        ],
                        outcomes: &[],
                        needed: &[&["occasion"]],
                    }
                }
            }
            Self::Band => {
                const {
                    Record {
                        facts: &[
                            field("event", Kind::Name, "الفعالية", "Event"),
                            field("programme", Kind::Words, "البرنامج", "Programme"),
                        ],
                        outcomes: &[],
                        needed: &[&["event"]],
                    }
                }
            }
            Self::Ceremonies => {
                const {
                    Record {
                        facts: &[
                            field("kind", Kind::Choice(CEREMONIES), "نوع المراسم", "Kind of ceremony"),
                            field("honour_guard", Kind::Count, "عدد حرس الشرف", "Size of the honour guard"),
                        ],
                        outcomes: &[],
                        needed: &[&["kind"]],
                    }
                }
            }
        }
    }

    /// Every field of a part, the branch's own first.
    pub fn fields(self, part: Part) -> impl Iterator<Item = &'static Field> {
        let record = self.record();
        let (own, common) = match part {
            Part::Facts => (record.facts, FACTS),
            Part::Outcomes => (record.outcomes, OUTCOMES),
        };
        own.iter().chain(common)
    }

    /// Whether an activity of this branch leads to people who are to be left in peace: its place and title are then
    /// as confidential as its fields.
    #[must_use]
    pub fn is_confidential(self) -> bool {
        [Part::Facts, Part::Outcomes]
            .into_iter()
            .flat_map(|part| self.fields(part))
            .any(|field| field.reach == Reach::Confidential)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn codes_are_unique_in_a_branch_and_every_field_has_two_names() {
        for branch in Branch::ALL {
            let mut seen = BTreeSet::new();
            for field in branch.fields(Part::Facts).chain(branch.fields(Part::Outcomes)) {
                assert!(seen.insert(field.code), "{branch} has {} twice", field.code);
                assert!(!field.name_ar.is_ascii() && field.name_en.is_ascii(), "{branch} {}", field.code);
                if let Kind::Choice(choices) = field.kind {
                    let codes: BTreeSet<_> = choices.iter().map(|choice| choice.code).collect();
                    assert!(codes.len() == choices.len() && codes.len() > 1);
                }
            }
            let facts: BTreeSet<_> = branch.fields(Part::Facts).map(|field| field.code).collect();
            for code in branch.record().needed.iter().flat_map(|line| line.iter()) {
                assert!(facts.contains(code), "{branch} needs {code}, which it has not");
            }
        }
    }

    #[test]
    fn a_branch_that_visits_people_at_home_is_confidential() {
        let confidential: Vec<_> = Branch::ALL.iter().filter(|branch| branch.is_confidential()).collect();
        let homes = [Branch::Construction, Branch::Orphans, Branch::ElderlyDisabled, Branch::Families];
        assert_eq!(confidential, homes.iter().collect::<Vec<_>>());
    }
}
