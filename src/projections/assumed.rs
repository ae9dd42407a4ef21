//! What projections assume, by code. Pure.

use super::{AreaOutlook, Outlook, Rest};

/// What every projection assumes; those of [`rested`] join them where they apply.
const ASSUMPTIONS: [&str; 8] = [
    "drives_as_booked",
    "closures_as_now",
    "first_to_expire_first",
    "others_by_the_rule_of_issue",
    "full_life_less_2_days",
    "silence_is_unknown",
    "moon_a_day_off",
    "no_sharing_between_regions",
];

/// What the outlooks of an answer rest on: several where areas differ.
fn rested<'a>(areas: impl Iterator<Item = &'a AreaOutlook> + Clone) -> impl Iterator<Item = &'static str> {
    let is = |which: fn(&Outlook) -> Rest, rest: Rest| {
        areas.clone().filter_map(|area| area.outlook.as_ref()).any(|outlook| which(outlook) == rest)
    };
    let none = areas.clone().any(|area| area.outlook.is_none());
    [
        (is(|outlook| outlook.demand, Rest::Calendar), "demand_by_calendar"),
        (is(|outlook| outlook.demand, Rest::Believed), "demand_as_believed"),
        (is(|outlook| outlook.demand, Rest::Weekdays), "demand_as_last_8_weeks"),
        (is(|outlook| outlook.supply, Rest::Calendar), "supply_by_calendar"),
        (is(|outlook| outlook.supply, Rest::Believed), "supply_as_believed"),
        (is(|outlook| outlook.supply, Rest::Weekdays), "supply_as_last_8_weeks"),
        (none, "no_history"),
    ]
    .into_iter()
    .filter_map(|(applies, code)| applies.then_some(code))
}

/// Everything that these outlooks assume.
#[must_use]
pub fn assumptions<'a>(areas: impl Iterator<Item = &'a AreaOutlook> + Clone) -> Vec<&'static str> {
    rested(areas).chain(ASSUMPTIONS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::texts::{self, Lang};

    #[test]
    fn every_assumption_can_be_said_in_both_languages() {
        let rests = [
            "demand_by_calendar",
            "demand_as_believed",
            "supply_as_believed",
            "demand_as_last_8_weeks",
            "supply_by_calendar",
            "supply_as_last_8_weeks",
            "no_history",
        ];
        for code in ASSUMPTIONS.into_iter().chain(rests) {
            let id = format!("assumption-{}", code.replace('_', "-"));
            for lang in Lang::ALL.iter().copied() {
                assert!(texts::has(lang, &id), "{lang:?} has no {id}");
            }
            assert_ne!(texts::word(Lang::Ar, "assumption", code), texts::word(Lang::En, "assumption", code));
        }
    }
}
