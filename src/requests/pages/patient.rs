//! The fields that say for whom something is asked.

use std::str::FromStr;

use shiryan_kernel::attribute::{Attribute, Attributes};
use shiryan_kernel::blood::{AgeBand, BloodGroup, GroupEvidence, Sex};
use shiryan_kernel::problem::Faults;
use shiryan_kernel::{Code, Problem};

use crate::web::{Choice, Fields, Say, field};

/// What the fields offer, as they were filled in.
pub struct PatientFields {
    pub patient: String,
    pub notes: String,
    pub groups: Vec<Choice>,
    pub evidences: Vec<Choice>,
    pub sexes: Vec<Choice>,
    pub ages: Vec<Choice>,
}

impl PatientFields {
    pub fn of(say: Say, form: &Fields) -> Self {
        let own = |name: &str| field(form, name).to_owned();
        let evidence = match field(form, "group_evidence") {
            "" => GroupEvidence::Confirmed.code(),
            code => code,
        };
        let evidences = [GroupEvidence::Confirmed, GroupEvidence::TypedOnce, GroupEvidence::Declared];
        let words = |list: &str, codes: Vec<&'static str>, name: &str| {
            Choice::words(say, list, codes.into_iter(), field(form, name))
        };
        Self {
            patient: own("patient"),
            notes: own("notes"),
            groups: words(
                "blood-group",
                BloodGroup::ALL.iter().map(|own| own.code()).collect(),
                "blood_group",
            ),
            evidences: Choice::words(say, "group-evidence", evidences.iter().map(|own| own.code()), evidence),
            sexes: words("sex", Sex::ALL.iter().map(|own| own.code()).collect(), "sex"),
            ages: words("age-band", AgeBand::ALL.iter().map(|own| own.code()).collect(), "age_band"),
        }
    }
}

/// A value that must be there.
pub fn needed<T: FromStr>(faults: &mut Faults, form: &Fields, name: &str) -> Option<T> {
    match optional(faults, form, name) {
        None if field(form, name).is_empty() => {
            faults.add(name, Code::MissingField);
            None
        }
        found => found,
    }
}

/// A value that an empty field leaves out.
pub fn optional<T: FromStr>(faults: &mut Faults, form: &Fields, name: &str) -> Option<T> {
    match field(form, name) {
        "" => None,
        text => faults.keep(name, text.parse().map_err(|_| Problem::new(Code::InvalidValue))),
    }
}

/// The group, and how it is known; that says nothing where there is none.
pub fn group(faults: &mut Faults, form: &Fields) -> (Option<BloodGroup>, Option<GroupEvidence>) {
    let group = optional(faults, form, "blood_group");
    let evidence = optional(faults, form, "group_evidence");
    (group, evidence.filter(|_| group.is_some()))
}

/// What each unit must have, by the boxes that are ticked.
#[must_use]
pub fn needs(form: &Fields) -> Attributes {
    let ticked = Attribute::ALL.iter().copied().filter(|own| field(form, own.code()) == "on");
    Attributes::of(&ticked.collect::<Vec<_>>())
}

/// The boxes.
pub fn needs_boxes(say: Say, ticked: Attributes) -> Vec<Choice> {
    let tick = |own: &Attribute| Choice {
        code: own.code().to_owned(),
        text: say.word("attribute", own.code()),
        chosen: ticked.has(*own),
    };
    Attribute::ALL.iter().map(tick).collect()
}
