//! The ten branches of the programme, and the physical loads that their work puts on a body.
//!
//! A load decides how long somebody who gave blood (or stood at a drive) stays away from it.

use crate::blood::DonationType;

pub mod fields;

word! {
    /// A branch of the programme.
    pub enum Branch {
        Construction = "construction",
        Farmers = "farmers",
        BloodDonation = "blood_donation",
        Orphans = "orphans",
        ElderlyDisabled = "elderly_disabled",
        Families = "families",
        Volunteering = "volunteering",
        Religious = "religious",
        Band = "band",
        Ceremonies = "ceremonies",
    }
}

word! {
    /// What an activity asks of a body after giving.
    pub enum PhysicalLoad {
        /// Ladders, scaffolding, heavy machines.
        HazardHeightMachine = "hazard_height_machine",
        FlyCrew = "fly_crew",
        /// Operations room or traffic control.
        OpsControl = "ops_control",
        /// Standing still: parade, guard of honour, funeral.
        ParadeStanding = "parade_standing",
        HeavyLabour = "heavy_labour",
        FitnessTestMarch = "fitness_test_march",
        /// Driving a bus, a lorry or an ambulance.
        VehicleDuty = "vehicle_duty",
        DivingClimbing = "diving_climbing",
        /// Armed guard duty alone.
        ArmedAlone = "armed_alone",
    }
}

word! {
    /// What a load does while its rest lasts.
    pub enum RestMode {
        /// The duty is refused.
        Block = "block",
        /// The duty needs a reason and a name.
        Warn = "warn",
        /// Advice on the donor's own card; nobody else learns of it.
        DonorCardOnly = "donor_card_only",
    }
}

word! {
    /// Why somebody does a duty although its rest only warns.
    pub enum DespiteRest {
        /// The person is given lighter work there.
        LightWork = "light_work",
        NoSubstitute = "no_substitute",
        /// The person asked for it.
        OwnWish = "own_wish",
    }
}

impl Branch {
    /// The official Arabic name.
    #[must_use]
    pub const fn name_ar(self) -> &'static str {
        match self {
            Self::Construction => "خدمات البناء و الإعمار",
            Self::Farmers => "مساعدة المزارعين",
            Self::BloodDonation => "التبرع بالدم",
            Self::Orphans => "رعاية الايتام",
            Self::ElderlyDisabled => "رعاية المسنين و المعاقين",
            Self::Families => "رعاية أسر الاسرى و الشهداء",
            Self::Volunteering => "الحملات التطوعية",
            Self::Religious => "الأنشطة الدينية",
            Self::Band => "الفرقة القومية و الموسيقات العسكرية",
            Self::Ceremonies => "الجنازات العسكرية و المراسم",
        }
    }

    /// The English name.
    #[must_use]
    pub const fn name_en(self) -> &'static str {
        match self {
            Self::Construction => "Building and reconstruction",
            Self::Farmers => "Help for farmers",
            Self::BloodDonation => "Blood donation",
            Self::Orphans => "Care of orphans",
            Self::ElderlyDisabled => "Care of the elderly and of persons with disabilities",
            Self::Families => "Care of families of prisoners and martyrs",
            Self::Volunteering => "Volunteer campaigns",
            Self::Religious => "Religious activities",
            Self::Band => "National band and military music",
            Self::Ceremonies => "Military funerals and ceremonies",
        }
    }

    /// The loads that work of this branch brings unless the activity says otherwise.
    #[must_use]
    pub const fn usual_loads(self) -> &'static [PhysicalLoad] {
        use PhysicalLoad::{HazardHeightMachine, HeavyLabour, ParadeStanding, VehicleDuty};
        match self {
            Self::Construction => &[HazardHeightMachine, HeavyLabour],
            Self::Farmers => &[HeavyLabour, HazardHeightMachine],
            Self::BloodDonation => &[],
            Self::Orphans | Self::ElderlyDisabled | Self::Families => &[VehicleDuty],
            Self::Volunteering => &[HeavyLabour, VehicleDuty],
            Self::Religious => &[VehicleDuty, ParadeStanding],
            Self::Band | Self::Ceremonies => &[ParadeStanding],
        }
    }
}

impl PhysicalLoad {
    /// Hours to stay away from this load after giving. JPAC HA013, CAA, FAA and AR 40-8 for crews,
    /// UK AIC 97/2004 for control rooms, Guillotte 2021 and Ziegler 2015 for effort; the hours that
    /// those leave open are defaults for the blood bank's physician to sign.
    #[must_use]
    pub const fn rest_hours(self, given: DonationType) -> u16 {
        use DonationType::{DoubleRedCells, PlasmaApheresis, PlateletApheresis, WholeBlood};
        match (self, given) {
            (Self::HazardHeightMachine | Self::DivingClimbing, DoubleRedCells) => 48,
            (Self::HazardHeightMachine | Self::DivingClimbing, _) => 24,
            (Self::FlyCrew, WholeBlood | DoubleRedCells) => 72,
            (Self::FlyCrew, PlateletApheresis | PlasmaApheresis) => 24,
            (Self::OpsControl | Self::ArmedAlone, _) => 12,
            (Self::ParadeStanding, WholeBlood | DoubleRedCells) => 24,
            (Self::HeavyLabour, WholeBlood) => 24,
            (Self::HeavyLabour, DoubleRedCells) => 48,
            (Self::ParadeStanding | Self::HeavyLabour, PlateletApheresis | PlasmaApheresis) => 12,
            (Self::FitnessTestMarch, WholeBlood | DoubleRedCells) => 336,
            (Self::FitnessTestMarch, PlateletApheresis | PlasmaApheresis) => 48,
            (Self::VehicleDuty, DoubleRedCells) => 24,
            (Self::VehicleDuty, _) => 12,
        }
    }

    /// The longest rest over the donation types that a drive collects: everyone checked in there has
    /// this one, so that a rest tells nobody what was given.
    #[must_use]
    pub fn longest_rest_hours(self, collected: &[DonationType]) -> u16 {
        collected.iter().map(|given| self.rest_hours(*given)).max().unwrap_or(0)
    }

    /// What happens to a duty with this load while the rest lasts.
    #[must_use]
    pub const fn mode(self) -> RestMode {
        match self {
            Self::OpsControl | Self::HeavyLabour | Self::ArmedAlone => RestMode::Warn,
            Self::FitnessTestMarch => RestMode::DonorCardOnly,
            Self::HazardHeightMachine
            | Self::FlyCrew
            | Self::ParadeStanding
            | Self::VehicleDuty
            | Self::DivingClimbing => RestMode::Block,
        }
    }

    /// The Arabic name.
    #[must_use]
    pub const fn name_ar(self) -> &'static str {
        match self {
            Self::HazardHeightMachine => "عمل على السلالم والسقالات والآليات الثقيلة",
            Self::FlyCrew => "طاقم طيران",
            Self::OpsControl => "غرفة عمليات",
            Self::ParadeStanding => "وقوف طويل/عرض/حرس شرف/جنازة",
            Self::HeavyLabour => "أعمال مجهدة: بناء، قطاف زيتون",
            Self::FitnessTestMarch => "اختبار لياقة أو مسير",
            Self::VehicleDuty => "قيادة حافلة أو شاحنة أو إسعاف",
            Self::DivingClimbing => "غوص أو تسلّق أو قفز",
            Self::ArmedAlone => "حراسة فردية مسلّحة",
        }
    }

    /// The English name.
    #[must_use]
    pub const fn name_en(self) -> &'static str {
        match self {
            Self::HazardHeightMachine => "Work on ladders, scaffolding or heavy machines",
            Self::FlyCrew => "Flying crew",
            Self::OpsControl => "Operations room",
            Self::ParadeStanding => "Long standing: parade, guard of honour, funeral",
            Self::HeavyLabour => "Strenuous work: building, olive picking",
            Self::FitnessTestMarch => "Fitness test or march",
            Self::VehicleDuty => "Driving a bus, lorry or ambulance",
            Self::DivingClimbing => "Diving, climbing or jumping",
            Self::ArmedAlone => "Armed guard duty alone",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sources;

    #[test]
    fn there_are_ten_branches_with_their_official_names() {
        assert_eq!(Branch::ALL.len(), 10);
        let Some(glossary) = sources::domain("glossary_ar.json") else { return };
        let official: Vec<&str> =
            glossary["branches"].as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
        let ours: Vec<&str> = Branch::ALL.iter().map(|branch| branch.name_ar()).collect();
        assert_eq!(ours, official);
    }

    #[test]
    fn every_branch_brings_the_loads_of_the_table() {
        let Some(rules) = sources::domain("rules.json") else { return };
        for (place, branch) in Branch::ALL.iter().enumerate() {
            let listed = &rules["branch_activity_risks"][(place + 1).to_string()];
            let expected: Vec<String> =
                listed.as_array().unwrap().iter().map(|load| load.as_str().unwrap().to_lowercase()).collect();
            let ours: Vec<&str> = branch.usual_loads().iter().map(|load| load.code()).collect();
            assert_eq!(ours, expected, "{branch}");
        }
    }

    #[test]
    fn rests_and_modes_are_those_of_the_table() {
        let Some(rules) = sources::domain("rules.json") else { return };
        let rows = rules["post_donation"].as_array().unwrap();
        assert_eq!(rows.len(), PhysicalLoad::ALL.len());
        for row in rows {
            let load: PhysicalLoad = row["activity"].as_str().unwrap().to_lowercase().parse().unwrap();
            assert_eq!(load.name_ar(), row["ar"].as_str().unwrap());
            assert_eq!(load.mode().code(), row["mode"].as_str().unwrap().to_lowercase());
            for (short, hours) in row["hours"].as_object().unwrap() {
                let given = sources::donation(short);
                assert_eq!(
                    u64::from(load.rest_hours(given)),
                    hours.as_u64().unwrap(),
                    "{load} after {given}"
                );
            }
        }
    }

    #[test]
    fn a_rest_at_a_drive_is_the_longest_of_what_it_collects() {
        let collected = [DonationType::PlateletApheresis, DonationType::DoubleRedCells];
        assert_eq!(PhysicalLoad::HeavyLabour.longest_rest_hours(&collected), 48);
        assert_eq!(PhysicalLoad::HeavyLabour.longest_rest_hours(&collected[..1]), 12);
        assert_eq!(PhysicalLoad::HeavyLabour.longest_rest_hours(&[]), 0);
    }
}
