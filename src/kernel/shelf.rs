//! How long a bag keeps, by what it holds, what it was mixed with and how it is kept.
//!
//! Days end at 23:59 of the civil date, hours at the minute. Figures are 21 CFR 610.53 unless the row
//! says otherwise; they are defaults for the blood bank's physician to sign.

use chrono::{Duration, NaiveDate};

use crate::blood::Component;
use crate::time::{Moment, Zone, plus_days};

word! {
    /// What was added to the bag.
    pub enum Additive {
        Cpd = "cpd",
        Cpda1 = "cpda_1",
        /// An additive solution of the AS or SAGM family.
        AsSagm = "as_sagm",
    }
}

word! {
    /// A component together with what was done to it and how it is kept.
    pub enum Preparation {
        WholeBlood = "whole_blood",
        /// Fresh and warm, kept at room temperature.
        WholeBloodWarm = "whole_blood_warm",
        RedCells = "red_cells",
        RedCellsOpened = "red_cells_opened",
        RedCellsIrradiated = "red_cells_irradiated",
        RedCellsFrozen = "red_cells_frozen",
        Platelets = "platelets",
        PlateletsBacteriaTested = "platelets_bacteria_tested",
        PlateletsCold = "platelets_cold",
        Plasma = "plasma",
        /// Kept at -25 °C or colder.
        PlasmaDeepFrozen = "plasma_deep_frozen",
        PlasmaThawed = "plasma_thawed",
        Cryoprecipitate = "cryoprecipitate",
        CryoprecipitateThawed = "cryoprecipitate_thawed",
    }
}

/// A length of time that a bag keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Life {
    /// Civil days after the base, the last one whole.
    Days(i32),
    /// Hours after the base, to the minute.
    Hours(i32),
}

/// One row of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ShelfLife {
    pub preparation: Preparation,
    /// `None`: whatever was added.
    pub additive: Option<Additive>,
    pub life: Life,
    /// Lowest and highest storage temperature in °C.
    pub celsius: (i32, i32),
    pub source: &'static str,
}

const FDA: &str = "21 CFR 610.53";
const FRIDGE: (i32, i32) = (2, 6);
const BENCH: (i32, i32) = (20, 24);

const fn row(
    preparation: Preparation,
    additive: Option<Additive>,
    life: Life,
    celsius: (i32, i32),
    source: &'static str,
) -> ShelfLife {
    ShelfLife { preparation, additive, life, celsius, source }
}

/// Every known shelf life.
pub const SHELF_LIVES: &[ShelfLife] = &[
    row(Preparation::WholeBlood, Some(Additive::Cpd), Life::Days(21), FRIDGE, FDA),
    row(Preparation::WholeBlood, Some(Additive::Cpda1), Life::Days(35), FRIDGE, FDA),
    row(Preparation::WholeBloodWarm, None, Life::Hours(24), (18, 26), "Joint Trauma System, whole blood"),
    row(Preparation::RedCells, Some(Additive::Cpd), Life::Days(21), FRIDGE, FDA),
    row(Preparation::RedCells, Some(Additive::Cpda1), Life::Days(35), FRIDGE, FDA),
    row(Preparation::RedCells, Some(Additive::AsSagm), Life::Days(42), FRIDGE, FDA),
    row(Preparation::RedCellsOpened, None, Life::Hours(24), FRIDGE, FDA),
    row(Preparation::RedCellsIrradiated, None, Life::Days(28), FRIDGE, FDA),
    row(Preparation::RedCellsFrozen, None, Life::Days(3_650), (-273, -65), FDA),
    row(Preparation::Platelets, None, Life::Days(5), BENCH, FDA),
    row(Preparation::PlateletsBacteriaTested, None, Life::Days(7), BENCH, "common practice, to be signed"),
    row(Preparation::PlateletsCold, None, Life::Days(14), FRIDGE, "common practice, to be signed"),
    row(Preparation::Plasma, None, Life::Days(365), (-273, -18), FDA),
    row(Preparation::PlasmaDeepFrozen, None, Life::Days(1_095), (-273, -25), "EDQM guide, 36 months"),
    row(Preparation::PlasmaThawed, None, Life::Hours(24), FRIDGE, "common practice, to be signed"),
    row(Preparation::Cryoprecipitate, None, Life::Days(365), (-273, -18), FDA),
    row(Preparation::CryoprecipitateThawed, None, Life::Hours(6), BENCH, "common practice, to be signed"),
];

impl Preparation {
    #[must_use]
    pub const fn component(self) -> Component {
        match self {
            Self::WholeBlood | Self::WholeBloodWarm => Component::WholeBlood,
            Self::RedCells | Self::RedCellsOpened | Self::RedCellsIrradiated | Self::RedCellsFrozen => {
                Component::RedCells
            }
            Self::Platelets | Self::PlateletsBacteriaTested | Self::PlateletsCold => Component::Platelets,
            Self::Plasma | Self::PlasmaDeepFrozen | Self::PlasmaThawed => Component::Plasma,
            Self::Cryoprecipitate | Self::CryoprecipitateThawed => Component::Cryoprecipitate,
        }
    }

    /// The table's row for a bag with this additive; none where the additive has no known life.
    #[must_use]
    pub fn shelf_life(self, additive: Option<Additive>) -> Option<&'static ShelfLife> {
        SHELF_LIVES
            .iter()
            .find(|row| row.preparation == self && (row.additive.is_none() || row.additive == additive))
    }
}

impl Component {
    /// Days that a bag keeps when nothing more is said of it: whole blood in CPDA-1, red cells in
    /// additive solution, platelets on the agitator, plasma and cryoprecipitate at -18 °C or colder.
    #[must_use]
    pub const fn shelf_life_days(self) -> i32 {
        match self {
            Self::WholeBlood => 35,
            Self::RedCells => 42,
            Self::Platelets => 5,
            Self::Plasma | Self::Cryoprecipitate => 365,
        }
    }

    /// The most days that a bag keeps, however it is prepared and kept.
    #[must_use]
    pub fn longest_life_days(self) -> i32 {
        let days = |row: &ShelfLife| match row.life {
            Life::Days(days) => days,
            Life::Hours(hours) => hours / 24 + 1,
        };
        SHELF_LIVES.iter().filter(|row| row.preparation.component() == self).map(days).max().unwrap_or(0)
    }

    /// The last civil date on which a bag collected on `collected` is good, by default.
    #[must_use]
    pub fn default_expiry(self, collected: NaiveDate) -> NaiveDate {
        plus_days(collected, i64::from(self.shelf_life_days()))
    }

    /// The Arabic name.
    #[must_use]
    pub const fn name_ar(self) -> &'static str {
        match self {
            Self::WholeBlood => "دم كامل",
            Self::RedCells => "كريات الدم الحمراء المركّزة",
            Self::Platelets => "صفائح دموية",
            Self::Plasma => "بلازما طازجة مجمّدة",
            Self::Cryoprecipitate => "الراسب البردي (كرايو)",
        }
    }

    /// The English name.
    #[must_use]
    pub const fn name_en(self) -> &'static str {
        match self {
            Self::WholeBlood => "Whole blood",
            Self::RedCells => "Red cells",
            Self::Platelets => "Platelets",
            Self::Plasma => "Fresh frozen plasma",
            Self::Cryoprecipitate => "Cryoprecipitate",
        }
    }
}

impl ShelfLife {
    /// The last good moment of a bag whose life began at `base` (collection, thawing, opening or
    /// irradiation, as the preparation says).
    #[must_use]
    pub fn expires(&self, base: Moment, zone: Zone) -> Moment {
        match self.life {
            Life::Days(days) => zone.end_of(plus_days(zone.date(base), i64::from(days))),
            Life::Hours(hours) => base + Duration::hours(i64::from(hours)),
        }
    }
}

/// The last good moment after irradiation: 28 days from it, and never past the bag's own.
#[must_use]
pub fn irradiated_expires(irradiated: Moment, own: Moment, zone: Zone) -> Moment {
    Preparation::RedCellsIrradiated.shelf_life(None).map_or(own, |row| row.expires(irradiated, zone).min(own))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sources;

    fn moment(text: &str) -> Moment {
        text.parse().unwrap()
    }

    #[test]
    fn the_table_is_the_authors_table() {
        let Some(rules) = sources::domain("rules.json") else { return };
        let rows = rules["shelf_life"].as_array().unwrap();
        assert_eq!(rows.len(), SHELF_LIVES.len());
        for theirs in rows {
            let preparation = match theirs["component"].as_str().unwrap() {
                "WB" => Preparation::WholeBlood,
                "FWB_RT" => Preparation::WholeBloodWarm,
                "RBC" => Preparation::RedCells,
                "RBC_OPEN" => Preparation::RedCellsOpened,
                "RBC_IRR" => Preparation::RedCellsIrradiated,
                "RBC_FROZEN" => Preparation::RedCellsFrozen,
                "PLT" => Preparation::Platelets,
                "PLT_BACT_TESTED" => Preparation::PlateletsBacteriaTested,
                "PLT_COLD" => Preparation::PlateletsCold,
                "FFP" => Preparation::Plasma,
                "FFP_-25" => Preparation::PlasmaDeepFrozen,
                "FFP_THAWED" => Preparation::PlasmaThawed,
                "CRYO" => Preparation::Cryoprecipitate,
                "CRYO_THAWED" => Preparation::CryoprecipitateThawed,
                other => panic!("{other} is not in the table"),
            };
            let additive = match theirs["additive"].as_str().unwrap() {
                "CPD" => Some(Additive::Cpd),
                "CPDA-1" => Some(Additive::Cpda1),
                "AS/SAGM" => Some(Additive::AsSagm),
                _ => None,
            };
            let life = match (theirs["days"].as_i64(), theirs["hours"].as_i64()) {
                (Some(days), None) => Life::Days(days.try_into().unwrap()),
                (None, Some(hours)) => Life::Hours(hours.try_into().unwrap()),
                other => panic!("{preparation}: {other:?}"),
            };
            let ours = preparation.shelf_life(additive).unwrap();
            assert_eq!((ours.additive, ours.life), (additive, life), "{preparation}");
            let celsius = (theirs["temp_c"][0].as_i64().unwrap(), theirs["temp_c"][1].as_i64().unwrap());
            assert_eq!((i64::from(ours.celsius.0), i64::from(ours.celsius.1)), celsius, "{preparation}");
        }
    }

    #[test]
    fn defaults_are_rows_of_the_table() {
        for (component, preparation, additive) in [
            (Component::WholeBlood, Preparation::WholeBlood, Some(Additive::Cpda1)),
            (Component::RedCells, Preparation::RedCells, Some(Additive::AsSagm)),
            (Component::Platelets, Preparation::Platelets, None),
            (Component::Plasma, Preparation::Plasma, None),
            (Component::Cryoprecipitate, Preparation::Cryoprecipitate, None),
        ] {
            assert_eq!(
                preparation.shelf_life(additive).unwrap().life,
                Life::Days(component.shelf_life_days()),
                "{component}"
            );
            assert_eq!(preparation.component(), component);
        }
        assert_eq!(Preparation::RedCells.shelf_life(None), None);
    }

    #[test]
    fn days_end_at_local_midnight_and_hours_at_the_minute() {
        let zone = Zone::default();
        let drawn = moment("2026-11-02T22:30:00Z"); // already 3 November in Hebron
        let platelets = Preparation::Platelets.shelf_life(None).unwrap();
        assert_eq!(platelets.expires(drawn, zone), moment("2026-11-08T21:59:00Z"));
        let warm = Preparation::WholeBloodWarm.shelf_life(None).unwrap();
        assert_eq!(warm.expires(drawn, zone), moment("2026-11-03T22:30:00Z"));
    }

    #[test]
    fn irradiation_only_shortens() {
        let zone = Zone::default();
        let irradiated = moment("2026-01-10T08:00:00Z");
        let soon = moment("2026-01-20T21:59:00Z");
        assert_eq!(irradiated_expires(irradiated, soon, zone), soon);
        assert_eq!(
            irradiated_expires(irradiated, moment("2026-03-01T21:59:00Z"), zone),
            moment("2026-02-07T21:59:00Z")
        );
    }
}
