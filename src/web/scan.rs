//! Labels as a scanner or a person writes them into a page: one to a line, in a field of their component; a part of what
//! was divided has its figure after a stroke. The label of the product may follow its number on a line of its own.

use std::collections::BTreeSet;

use shiryan_kernel::blood::Component;
use shiryan_kernel::din::Din;
use shiryan_kernel::{Code, Problem, Result};

use super::{Fields, Say, field};
use crate::settings::Settings;
use crate::stock::{Label, rules};

/// What the label of a product begins with.
const PRODUCT: &str = "=<";

/// A field of labels of one component.
#[derive(Debug)]
pub struct ScanField {
    pub name: &'static str,
    pub label: String,
    pub value: String,
}

impl ScanField {
    /// The field of one component, as it was filled in.
    #[must_use]
    pub fn of(say: Say, form: &Fields, component: Component) -> Self {
        let name = component.code();
        Self { name, label: say.word("component", name), value: field(form, name).to_owned() }
    }

    /// One field for each component.
    #[must_use]
    pub fn all(say: Say, form: &Fields) -> Vec<Self> {
        Component::ALL.iter().map(|own| Self::of(say, form, *own)).collect()
    }
}

/// The labels of every component's field, none twice, at most `most`.
///
/// # Errors
/// Of the component's field: what a number has wrong, `out_of_range` of a division and of too many, `invalid_value` of one
/// that comes twice and of a product that is not known here, is another component or follows no number.
pub fn labels(form: &Fields, settings: &Settings, most: usize) -> Result<Vec<Label>> {
    let mut found = Vec::new();
    let mut seen = BTreeSet::new();
    for component in Component::ALL.iter().copied() {
        let name = component.code();
        let mut may_follow = false;
        for line in field(form, name).lines().map(str::trim).filter(|line| !line.is_empty()) {
            if line.starts_with(PRODUCT) {
                if !may_follow || settings.component_of(line) != Some(component) {
                    return Err(Problem::field(name, Code::InvalidValue));
                }
                may_follow = false;
                continue;
            }
            may_follow = true;
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
pub fn some_labels(form: &Fields, settings: &Settings, most: usize) -> Result<Vec<Label>> {
    let found = labels(form, settings, most)?;
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
    use crate::settings::Flags;

    fn usual() -> Settings {
        Settings::load(None, [], &Flags::default()).unwrap()
    }

    fn form(component: Component, text: &str) -> Fields {
        Fields::of([(component.code(), text.to_owned())])
    }

    #[test]
    fn labels_are_read_line_by_line_component_by_component() {
        let din = Din::compose("A9999", 26, 7).unwrap();
        let text = format!(" {}\r\n\r\n{} / 2\n", din.printed(), din.barcode());
        let read = labels(&form(Component::Plasma, &text), &usual(), 2).unwrap();
        assert_eq!(read.iter().map(|label| label.division).collect::<Vec<_>>(), [0, 2]);
        assert!(read.iter().all(|label| label.din == din && label.component == Component::Plasma));
        assert_eq!(
            labels(&form(Component::Plasma, &text), &usual(), 1).unwrap_err().errors[0].code,
            Code::OutOfRange
        );
        assert_eq!(
            some_labels(&Fields::default(), &usual(), 1).unwrap_err().errors[0].code,
            Code::MissingField
        );
    }

    #[test]
    fn what_is_wrong_is_told_of_its_field() {
        let din = Din::compose("A9999", 26, 7).unwrap().printed();
        for (text, code) in [
            (format!("{din}\n{din}"), Code::InvalidValue),
            (format!("{din}/x"), Code::InvalidValue),
            (format!("{din}/10"), Code::OutOfRange),
        ] {
            let problem = labels(&form(Component::RedCells, &text), &usual(), 9).unwrap_err();
            assert_eq!((problem.errors[0].field.as_str(), problem.errors[0].code), ("red_cells", code));
        }
        assert!(labels(&form(Component::RedCells, "nothing"), &usual(), 9).is_err());
    }

    #[test]
    fn the_label_of_a_product_says_what_its_bag_is() {
        let mut settings = usual();
        settings.stock.component_codes = vec!["E0336=red_cells".into(), "E0701=plasma".into()];
        let [one, two] = [7, 8].map(|sequence| Din::compose("A9999", 26, sequence).unwrap().barcode());
        let read = |text: &str| labels(&form(Component::RedCells, text), &settings, 9);
        let read_both = read(&format!("{one}\n=<E0336V00\n{two}")).unwrap();
        assert_eq!(read_both.iter().map(|label| label.din.barcode()).collect::<Vec<_>>(), [&*one, &*two]);
        for wrong in [
            format!("{one}\n=<E0701V00"),
            format!("{one}\n=<E9999V00"),
            format!("=<E0336V00\n{one}"),
            format!("{one}\n=<E0336V00\n=<E0336V00"),
        ] {
            let problem = read(&wrong).unwrap_err();
            assert_eq!(problem.errors[0].code, Code::InvalidValue, "{wrong}");
        }
    }
}
