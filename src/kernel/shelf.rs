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

impl Life {
    /// In civil days, begun ones whole.
    const fn days(self) -> i32 {
        match self {
            Self::Days(days) => days,
            Self::Hours(hours) => hours / 24 + 1,
        }
    }
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

/// How a house fills and keeps its bags, where nobody says otherwise of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keeping {
    /// What its sets of bags hold: of those with an additive solution, the whole blood is in CPD and the red cells in
    /// the solution.
    pub bags: Additive,
    pub platelets: Preparation,
    pub plasma: Preparation,
    /// Fewer days than the table's, where the house wants that. More are never given.
    pub at_most: Vec<(Component, i32)>,
}

impl Default for Keeping {
    fn default() -> Self {
        Self {
            bags: Additive::Cpda1,
            platelets: Preparation::Platelets,
            plasma: Preparation::Plasma,
            at_most: Vec::new(),
        }
    }
}

impl Keeping {
    /// Days that a bag keeps of which this is known; of an additive that nobody knows, the shortest.
    #[must_use]
    pub fn days(&self, component: Component, additive: Option<Additive>) -> i32 {
        let (preparation, additive) = match (component, additive) {
            (Component::WholeBlood, Some(Additive::AsSagm)) => (Preparation::WholeBlood, Some(Additive::Cpd)),
            (Component::WholeBlood, additive) => (Preparation::WholeBlood, additive),
            (Component::RedCells, additive) => (Preparation::RedCells, additive),
            (Component::Platelets, _) => (self.platelets, None),
            (Component::Plasma, _) => (self.plasma, None),
            (Component::Cryoprecipitate, _) => (Preparation::Cryoprecipitate, None),
        };
        let rows = SHELF_LIVES.iter().filter(|row| row.preparation == preparation);
        let fitting =
            rows.filter(|row| additive.is_none() || row.additive.is_none() || row.additive == additive);
        let own = self.at_most.iter().filter(|(of, _)| *of == component).map(|(_, days)| *days);
        fitting.map(|row| row.life.days()).chain(own).min().unwrap_or(0)
    }

    /// Days that a bag of the house keeps.
    #[must_use]
    pub fn usual_days(&self, component: Component) -> i32 {
        self.days(component, Some(self.bags))
    }

    /// The last civil date on which a bag collected on `collected` is good.
    #[must_use]
    pub fn expires(
        &self,
        component: Component,
        additive: Option<Additive>,
        collected: NaiveDate,
    ) -> NaiveDate {
        plus_days(collected, i64::from(self.days(component, additive)))
    }
}

impl Component {
    /// Whether the bag keeps longer or shorter by what was added.
    #[must_use]
    pub const fn is_kept_in_additive(self) -> bool {
        matches!(self, Self::WholeBlood | Self::RedCells)
    }

    /// The most days that a bag keeps, however it is prepared and kept; of what is in this additive where the label
    /// says so.
    #[must_use]
    pub fn longest_life_days(self, additive: Option<Additive>) -> i32 {
        match additive.filter(|_| self.is_kept_in_additive()) {
            Some(additive) => Keeping::default().days(self, Some(additive)),
            None => {
                let own = SHELF_LIVES.iter().filter(|row| row.preparation.component() == self);
                own.map(|row| row.life.days()).max().unwrap_or(0)
            }
        }
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
    fn a_bag_keeps_as_long_as_what_it_holds() {
        use Additive::*;
        let house = Keeping::default();
        for (component, additive, days) in [
            (Component::WholeBlood, Some(Cpd), 21),
            (Component::WholeBlood, Some(Cpda1), 35),
            (Component::WholeBlood, Some(AsSagm), 21),
            (Component::WholeBlood, None, 21),
            (Component::RedCells, Some(Cpd), 21),
            (Component::RedCells, Some(Cpda1), 35),
            (Component::RedCells, Some(AsSagm), 42),
            (Component::RedCells, None, 21),
            (Component::Platelets, None, 5),
            (Component::Platelets, Some(AsSagm), 5),
            (Component::Plasma, Some(Cpd), 365),
            (Component::Plasma, None, 365),
            (Component::Cryoprecipitate, None, 365),
        ] {
            assert_eq!(house.days(component, additive), days, "{component} {additive:?}");
            let (known, any) = (component.longest_life_days(additive), component.longest_life_days(None));
            assert!((days..=any).contains(&known), "{component} {additive:?}");
            assert!(!component.is_kept_in_additive() || additive.is_none() || known == days);
        }
        for (component, usual, longest) in [
            (Component::WholeBlood, 35, 35),
            (Component::RedCells, 35, 3_650),
            (Component::Platelets, 5, 14),
            (Component::Plasma, 365, 1_095),
            (Component::Cryoprecipitate, 365, 365),
        ] {
            assert_eq!(house.usual_days(component), usual, "{component}");
            assert_eq!(component.longest_life_days(None), longest, "{component}");
        }
        assert_eq!(Preparation::RedCells.shelf_life(None), None);
    }

    #[test]
    fn a_house_keeps_otherwise_and_never_longer_than_the_table() {
        let house = Keeping {
            bags: Additive::AsSagm,
            platelets: Preparation::PlateletsBacteriaTested,
            plasma: Preparation::PlasmaDeepFrozen,
            at_most: vec![(Component::RedCells, 35), (Component::Platelets, 99)],
        };
        assert_eq!(house.usual_days(Component::WholeBlood), 21);
        assert_eq!(house.usual_days(Component::RedCells), 35);
        assert_eq!(house.days(Component::RedCells, Some(Additive::Cpd)), 21);
        assert_eq!(house.usual_days(Component::Platelets), 7);
        assert_eq!(house.usual_days(Component::Plasma), 1_095);
        let collected = "2026-03-01".parse().unwrap();
        let last = house.expires(Component::RedCells, Some(Additive::AsSagm), collected);
        assert_eq!(last, "2026-04-05".parse().unwrap());
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
