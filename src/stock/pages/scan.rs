//! Labels as a scanner or a person writes them into a page: one to a line, in a field of their component; a part of what
//! was divided has its figure after a stroke.

use std::collections::BTreeSet;

use shiryan_kernel::blood::Component;
use shiryan_kernel::din::Din;
use shiryan_kernel::{Code, Problem, Result};

use crate::stock::{Label, rules};
use crate::web::{Fields, field};

/// The labels of every component's field, none twice, at most `most`.
///
/// # Errors
/// Of the component's field: what a number has wrong, `out_of_range` of a division and of too many, `invalid_value` of one
/// that comes twice.
pub fn labels(form: &Fields, most: usize) -> Result<Vec<Label>> {
    let mut found = Vec::new();
    let mut seen = BTreeSet::new();
    for component in Component::ALL.iter().copied() {
        let name = component.code();
        for line in field(form, name).lines().map(str::trim).filter(|line| !line.is_empty()) {
            let label = label(line, component).map_err(|problem| problem.on(name))?;
            if !seen.insert(label) {
                return Err(Problem::field(name, Code::InvalidValue));
            }
            found.push(label);
        }
    }
    if found.len() > most {
        return Err(Problem::field("units", Code::OutOfRange));
    }
    Ok(found)
}

/// The same, and one at least.
///
/// # Errors
/// `missing_field`; as [`labels`].
pub fn some_labels(form: &Fields, most: usize) -> Result<Vec<Label>> {
    let found = labels(form, most)?;
    if found.is_empty() { Err(Problem::field("units", Code::MissingField)) } else { Ok(found) }
}

/// A label as it is written: `A9999 26 000001`, or with `/2` after it.
fn label(line: &str, component: Component) -> Result<Label> {
    let (number, division) = match line.rsplit_once('/') {
        Some((number, division)) => {
            let division = division.trim().parse().map_err(|_| Problem::new(Code::InvalidValue))?;
            (number.trim(), division)
        }
        None => (line, 0),
    };
    if !(0..=rules::MOST_DIVISIONS).contains(&division) {
        return Err(Problem::new(Code::OutOfRange));
    }
    Ok(Label { din: Din::parse(number)?, component, division })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(component: Component, text: &str) -> Fields {
        Fields::of([(component.code(), text.to_owned())])
    }

    #[test]
    fn labels_are_read_line_by_line_component_by_component() {
        let din = Din::compose("A9999", 26, 7).unwrap();
        let text = format!(" {}\r\n\r\n{} / 2\n", din.printed(), din.barcode());
        let read = labels(&form(Component::Plasma, &text), 2).unwrap();
        assert_eq!(read.iter().map(|label| label.division).collect::<Vec<_>>(), [0, 2]);
        assert!(read.iter().all(|label| label.din == din && label.component == Component::Plasma));
        assert_eq!(labels(&form(Component::Plasma, &text), 1).unwrap_err().errors[0].code, Code::OutOfRange);
        assert_eq!(some_labels(&Fields::default(), 1).unwrap_err().errors[0].code, Code::MissingField);
    }

    #[test]
    fn what_is_wrong_is_told_of_its_field() {
        let din = Din::compose("A9999", 26, 7).unwrap().printed();
        for (text, code) in [
            (format!("{din}\n{din}"), Code::InvalidValue),
            (format!("{din}/x"), Code::InvalidValue),
            (format!("{din}/10"), Code::OutOfRange),
        ] {
            let problem = labels(&form(Component::RedCells, &text), 9).unwrap_err();
            assert_eq!((problem.errors[0].field.as_str(), problem.errors[0].code), ("red_cells", code));
        }
        assert!(labels(&form(Component::RedCells, "nothing"), 9).is_err());
    }
}
