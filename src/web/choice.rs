//! What a select offers.

use std::str::FromStr;

use shiryan_kernel::ids::UnitId;
use shiryan_kernel::{Code, Problem, Result};

use super::Say;
use crate::places::Unit;
use crate::texts::Lang;

/// One value of a select.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    pub code: String,
    pub text: String,
    pub chosen: bool,
}

impl Choice {
    /// The values of a closed list in words.
    #[must_use]
    pub fn words(say: Say, list: &str, codes: impl Iterator<Item = &'static str>, chosen: &str) -> Vec<Self> {
        let choice =
            |code: &str| Self { code: code.to_owned(), text: say.word(list, code), chosen: code == chosen };
        codes.map(choice).collect()
    }

    /// Units by their names.
    #[must_use]
    pub fn units(say: Say, units: &[Unit], chosen: Option<UnitId>) -> Vec<Self> {
        let choice = |unit: &Unit| Self {
            code: unit.id.to_string(),
            text: if say.0 == Lang::Ar { unit.name_ar.clone() } else { unit.name_en.clone() },
            chosen: chosen == Some(unit.id),
        };
        units.iter().map(choice).collect()
    }
}

/// What a filter chose of a closed list; an empty one, as a form sends it, chooses nothing.
///
/// # Errors
/// `invalid_value` of the field.
pub fn chosen<T: FromStr>(name: &str, value: Option<&str>) -> Result<Option<T>> {
    let value = value.filter(|value| !value.is_empty());
    value.map(|value| value.parse().map_err(|_| Problem::field(name, Code::InvalidValue))).transpose()
}
