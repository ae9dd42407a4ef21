//! Labels as they are typed or scanned.

use std::collections::BTreeSet;

use serde::Deserialize;
use shiryan_kernel::blood::Component;
use shiryan_kernel::din::Din;
use shiryan_kernel::problem::Faults;
use shiryan_kernel::{Code, Problem, Result};
use utoipa::ToSchema;

use crate::stock::{Label, rules};

/// A bag as its label says.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LabelForm {
    /// Typed or scanned: 13 characters, with or without flags and check character.
    din: String,
    component: Component,
    /// 0, which it is unless said, for an undivided component; else 1 to 9.
    #[serde(default)]
    division: i32,
}

/// From 1 to `most` labels, no two the same.
pub fn labels(forms: &[LabelForm], most: usize) -> Result<Vec<Label>> {
    if forms.is_empty() {
        return Err(Problem::field("units", Code::OutOfRange));
    }
    some_labels(forms, most)
}

/// At most `most` labels, no two the same.
pub fn some_labels(forms: &[LabelForm], most: usize) -> Result<Vec<Label>> {
    if forms.len() > most {
        return Err(Problem::field("units", Code::OutOfRange));
    }
    let mut faults = Faults::none();
    let mut read: Vec<Label> = Vec::with_capacity(forms.len());
    let mut seen = BTreeSet::new();
    for (n, form) in forms.iter().enumerate() {
        if !(0..=rules::MOST_DIVISIONS).contains(&form.division) {
            faults.add(format!("units[{n}].division"), Code::OutOfRange);
        }
        let Some(din) = faults.keep(&format!("units[{n}].din"), Din::parse(&form.din)) else { continue };
        let label = Label { din, component: form.component, division: form.division };
        if !seen.insert(label) {
            faults.add(format!("units[{n}]"), Code::InvalidValue);
        }
        read.push(label);
    }
    faults.settle()?;
    Ok(read)
}
