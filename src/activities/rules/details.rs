//! What people tell of an activity beyond the common columns, checked against what its branch records.

use chrono::NaiveDate;
use serde_json::{Map, Value};
use shiryan_kernel::branch::Branch;
use shiryan_kernel::branch::fields::{Field, Kind, MOST, Part, Reach};
use shiryan_kernel::problem::Faults;
use shiryan_kernel::text::{Note, PlainText};
use shiryan_kernel::{Code, Problem, Result};

use super::is_in_range;

/// Fields by their codes, each checked. Prints nothing of them.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Details(Map<String, Value>);

impl std::fmt::Debug for Details {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[sealed]")
    }
}

impl Details {
    /// What was stored by [`Details::stored`]; a field that the branch no longer has is kept, and shown to nobody.
    ///
    /// # Errors
    /// `identity_damaged`.
    pub fn restore(text: &str) -> Result<Self> {
        serde_json::from_str(text).map(Self).map_err(|_| Problem::new(Code::IdentityDamaged))
    }

    /// As text, to be sealed.
    #[must_use]
    pub fn stored(&self) -> String {
        Value::Object(self.0.clone()).to_string()
    }

    /// Lays a merge-patch over a part of the details: `null` takes a field away. Faults are noted under
    /// `facts.…` or `outcomes.…`; whether anything changed.
    pub fn amend(
        &mut self,
        faults: &mut Faults,
        branch: Branch,
        part: Part,
        patch: &Map<String, Value>,
    ) -> bool {
        let mut changed = false;
        for (code, value) in patch {
            let path = format!("{}.{code}", name(part));
            let Some(field) = branch.fields(part).find(|field| field.code == code) else {
                // The name came from outside: it is told back only where it can be one of ours.
                let is_code = code.len() <= 40 && code.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
                faults.add(if is_code { path } else { name(part).to_owned() }, Code::UnknownField);
                continue;
            };
            if value.is_null() {
                changed |= self.0.remove(field.code).is_some();
            } else if let Some(value) = faults.keep(&path, check(field, value)) {
                changed |= self.0.insert(field.code.to_owned(), value.clone()) != Some(value);
            }
        }
        changed
    }

    /// Notes which facts the branch needs and which are not there.
    pub fn check_needed(&self, faults: &mut Faults, branch: Branch) {
        for line in branch.record().needed {
            if !line.iter().any(|code| self.0.contains_key(*code))
                && let Some(first) = line.first()
            {
                faults.add(format!("{}.{first}", name(Part::Facts)), Code::MissingField);
            }
        }
    }

    /// A part of the details; confidential fields only `with_confidential`.
    #[must_use]
    pub fn part(&self, branch: Branch, part: Part, reach: Reach) -> Map<String, Value> {
        branch
            .fields(part)
            .filter(|field| field.reach == Reach::Seen || reach == Reach::Confidential)
            .filter_map(|field| Some((field.code.to_owned(), self.0.get(field.code)?.clone())))
            .collect()
    }
}

const fn name(part: Part) -> &'static str {
    match part {
        Part::Facts => "facts",
        Part::Outcomes => "outcomes",
    }
}

/// The most names in one field.
const MOST_NAMES: usize = 20;

fn check(field: &Field, value: &Value) -> Result<Value> {
    let wrong = || Problem::new(Code::WrongType);
    let text = || value.as_str().ok_or_else(wrong);
    Ok(match field.kind {
        Kind::Name => PlainText::<120>::parse(text()?)?.into_string().into(),
        Kind::Words => Note::<500>::parse(text()?)?.into_string().into(),
        Kind::Names => {
            let items = value.as_array().ok_or_else(wrong)?;
            if items.is_empty() || items.len() > MOST_NAMES {
                return Err(Problem::new(Code::OutOfRange));
            }
            let mut names: Vec<String> = Vec::with_capacity(items.len());
            for item in items {
                let name = PlainText::<120>::parse(item.as_str().ok_or_else(wrong)?)?.into_string();
                if names.contains(&name) {
                    return Err(Problem::new(Code::InvalidValue));
                }
                names.push(name);
            }
            names.into()
        }
        Kind::Count => {
            let count = value.as_number().ok_or_else(wrong)?;
            count
                .as_u64()
                .filter(|count| *count <= MOST)
                .ok_or_else(|| Problem::new(Code::OutOfRange))?
                .into()
        }
        Kind::Day => {
            let day: NaiveDate = text()?.parse().map_err(|_| Problem::new(Code::DateInvalid))?;
            if !is_in_range(day) {
                return Err(Problem::new(Code::OutOfRange));
            }
            day.to_string().into()
        }
        Kind::HijriDay => hijri(text()?)?.into(),
        Kind::Choice(choices) => {
            let text = text()?;
            let known = choices.iter().find(|choice| choice.code == text);
            known.ok_or_else(|| Problem::new(Code::InvalidValue))?.code.into()
        }
    })
}

/// `1448-09-01`: a year from 1400 to 1600, a month, a day from 1 to 30.
fn hijri(text: &str) -> Result<String> {
    let bad = || Problem::new(Code::DateInvalid);
    let parts: Vec<u16> = text
        .split('-')
        .zip([4, 2, 2])
        .map(|(part, width)| {
            let plain = part.len() == width && part.bytes().all(|byte| byte.is_ascii_digit());
            plain.then(|| part.parse().ok()).flatten().ok_or_else(bad)
        })
        .collect::<Result<_>>()?;
    match parts.as_slice() {
        [1400..=1600, 1..=12, 1..=30] if text.len() == 10 => Ok(text.to_owned()),
        _ => Err(bad()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn amended(branch: Branch, part: Part, patch: &Value) -> (Details, Vec<(String, Code)>) {
        let (mut details, mut faults) = (Details::default(), Faults::none());
        details.amend(&mut faults, branch, part, patch.as_object().unwrap());
        let errors = faults.settle().err().map(|problem| problem.errors).unwrap_or_default();
        (details, errors.into_iter().map(|error| (error.field, error.code)).collect())
    }

    #[test]
    fn each_kind_takes_its_own_values_and_no_others() {
        let good = [
            (Branch::Farmers, Part::Facts, json!({"crop": " زيتون ", "groves": 0, "needs": ["سلالم"]})),
            (Branch::Construction, Part::Facts, json!({"stage": "finishing", "works": "سقف\nوجدران"})),
            (Branch::Religious, Part::Facts, json!({"occasion": "المولد", "hijri_date": "1448-03-12"})),
            (
                Branch::Families,
                Part::Outcomes,
                json!({"next_visit": "2027-01-31", "people_reached": 10_000_000}),
            ),
        ];
        for (branch, part, patch) in good {
            assert_eq!(amended(branch, part, &patch).1, [], "{branch}");
        }
        for (patch, code) in [
            (json!({"crop": 3}), Code::WrongType),
            (json!({"crop": ""}), Code::BadText),
            (json!({"crop": "ز".repeat(121)}), Code::OutOfRange),
            (json!({"groves": -1}), Code::OutOfRange),
            (json!({"groves": 1.5}), Code::OutOfRange),
            (json!({"groves": 10_000_001}), Code::OutOfRange),
            (json!({"groves": "1"}), Code::WrongType),
            (json!({"needs": []}), Code::OutOfRange),
            (json!({"needs": ["x", "x"]}), Code::InvalidValue),
            (json!({"needs": "x"}), Code::WrongType),
            (json!({"sacks_moved": 1}), Code::UnknownField),
            (json!({"household": "x"}), Code::UnknownField),
        ] {
            let (details, errors) = amended(Branch::Farmers, Part::Facts, &patch);
            let code_of = patch.as_object().unwrap().keys().next().unwrap();
            assert_eq!(errors, [(format!("facts.{code_of}"), code)], "{patch}");
            assert_eq!(details, Details::default());
        }
        for day in ["1448-13-01", "1448-01-31", "1448-1-01", "1399-01-01", "1448-01", "1448-01-01-01", "٠"] {
            let (_, errors) = amended(Branch::Religious, Part::Facts, &json!({"hijri_date": day}));
            assert_eq!(errors, [("facts.hijri_date".to_owned(), Code::DateInvalid)], "{day}");
        }
        let (_, errors) = amended(Branch::Families, Part::Outcomes, &json!({"next_visit": "1999-01-01"}));
        assert_eq!(errors, [("outcomes.next_visit".to_owned(), Code::OutOfRange)]);
    }

    #[test]
    fn a_field_that_cannot_be_ours_is_not_told_back() {
        let (_, errors) = amended(Branch::Farmers, Part::Facts, &json!({"Um Khaled, house 7": 1}));
        assert_eq!(errors, [("facts".to_owned(), Code::UnknownField)]);
    }

    #[test]
    fn null_takes_a_field_away_and_the_same_value_changes_nothing() {
        let (mut details, mut faults) = (Details::default(), Faults::none());
        let mut lay = |patch: Value| {
            details.amend(&mut faults, Branch::Farmers, Part::Facts, patch.as_object().unwrap())
        };
        assert!(lay(json!({"crop": "زيتون", "groves": 2})));
        assert!(!lay(json!({"crop": "زيتون"})));
        assert!(lay(json!({"groves": null})));
        assert!(!lay(json!({"groves": null})));
        assert_eq!(details.stored(), r#"{"crop":"زيتون"}"#);
        assert_eq!(Details::restore(&details.stored()).unwrap(), details);
        assert!(Details::restore("{").is_err());
    }

    #[test]
    fn confidential_fields_are_for_those_who_need_them() {
        let facts = json!({"household": "دار", "services": "زيارة"});
        let (details, _) = amended(Branch::Families, Part::Facts, &facts);
        let seen = |reach| Value::Object(details.part(Branch::Families, Part::Facts, reach));
        assert_eq!(seen(Reach::Confidential), facts);
        assert_eq!(seen(Reach::Seen), json!({"services": "زيارة"}));
        assert_eq!(format!("{details:?}"), "[sealed]");
    }

    #[test]
    fn of_needed_facts_one_of_a_line_is_enough() {
        let lacks = |branch, facts: Value| {
            let (details, mut faults) = (amended(branch, Part::Facts, &facts).0, Faults::none());
            details.check_needed(&mut faults, branch);
            faults.settle().err().map_or(Vec::new(), |problem| problem.errors)
        };
        let fields = |branch, facts| lacks(branch, facts).into_iter().map(|e| e.field).collect::<Vec<_>>();
        assert_eq!(fields(Branch::Construction, json!({})), ["facts.works", "facts.stage"]);
        assert_eq!(fields(Branch::Orphans, json!({})), ["facts.institution"]);
        assert!(fields(Branch::Orphans, json!({"household": "دار"})).is_empty());
        assert!(fields(Branch::BloodDonation, json!({})).is_empty());
    }
}
