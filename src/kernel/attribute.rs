//! What was done to a bag or is known of it beside its group, and what a patient needs of it.

use crate::blood::Component;
use crate::compat::Titre;
use crate::problem::Result;

word! {
    /// An attribute of a bag.
    pub enum Attribute {
        /// For patients at risk of graft-versus-host disease; it shortens the life of red cells.
        Irradiated = "irradiated",
        /// Leucocytes filtered out.
        Leucodepleted = "leucodepleted",
        /// The donor's antibodies to cytomegalovirus were not found.
        CmvNegative = "cmv_negative",
        /// For a child or a newborn: its volume makes it so, and nobody else is given it.
        Small = "small",
        /// Anti-A and anti-B of its own sample are both low.
        LowTitre = "low_titre",
    }
}

impl Attribute {
    const fn bit(self) -> i32 {
        match self {
            Self::Irradiated => 1,
            Self::Leucodepleted => 2,
            Self::CmvNegative => 4,
            Self::Small => 8,
            Self::LowTitre => 16,
        }
    }

    /// Whether a component can have it: what is frozen without cells is not irradiated, what has little plasma has no
    /// titre, and platelets and cryoprecipitate of one donation are small anyhow.
    #[must_use]
    pub const fn is_of(self, component: Component) -> bool {
        !matches!(
            (self, component),
            (Self::Irradiated, Component::Plasma | Component::Cryoprecipitate)
                | (Self::LowTitre, Component::RedCells | Component::Cryoprecipitate)
                | (Self::Small, Component::Platelets | Component::Cryoprecipitate)
        )
    }

    /// Whether somebody enters it; the volume alone tells what is small.
    #[must_use]
    pub const fn is_entered(self) -> bool {
        !matches!(self, Self::Small)
    }
}

/// Up to so many mL a unit is small: half of the least that an adult is given.
#[must_use]
pub const fn small_ml(component: Component) -> i32 {
    match component {
        Component::WholeBlood => 200,
        Component::RedCells => 120,
        Component::Plasma => 100,
        Component::Platelets | Component::Cryoprecipitate => 0,
    }
}

/// A set of attributes; in the database a bit for each.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, diesel_derive_newtype::DieselNewType,
)]
pub struct Attributes(i32);

impl Attributes {
    /// Those that a text names, with commas between.
    ///
    /// # Errors
    /// `invalid_value` of a word that is none.
    pub fn named(text: Option<&str>) -> Result<Self> {
        let words = text.into_iter().flat_map(|text| text.split(','));
        let list: Result<Vec<Attribute>> = words.map(str::parse).collect();
        Ok(Self::of(&list?))
    }

    #[must_use]
    pub fn of(list: &[Attribute]) -> Self {
        Self(list.iter().fold(0, |bits, attribute| bits | attribute.bit()))
    }

    /// In the order of the list.
    #[must_use]
    pub fn list(self) -> Vec<Attribute> {
        Attribute::ALL.iter().copied().filter(|attribute| self.has(*attribute)).collect()
    }

    #[must_use]
    pub const fn has(self, attribute: Attribute) -> bool {
        self.0 & attribute.bit() != 0
    }

    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether nothing that is needed is wanting, and what is small goes to whoever needs it small.
    #[must_use]
    pub const fn meet(self, needs: Self) -> bool {
        self.0 & needs.looked_at() == needs.0
    }

    /// The bits that decide whether these needs are met: those of the list, and that of small units.
    #[must_use]
    pub const fn looked_at(self) -> i32 {
        self.0 | Attribute::Small.bit()
    }

    /// The same of a unit of this volume.
    #[must_use]
    pub const fn sized(self, component: Component, volume_ml: i32) -> Self {
        let small = if volume_ml <= small_ml(component) { Attribute::Small.bit() } else { 0 };
        Self(self.0 & !Attribute::Small.bit() | small)
    }

    /// The titre as far as it is known.
    #[must_use]
    pub const fn titre(self) -> Titre {
        if self.has(Attribute::LowTitre) { Titre::Low } else { Titre::Unknown }
    }

    /// Those that a component can have.
    #[must_use]
    pub fn of_component(self, component: Component) -> Self {
        let list: Vec<Attribute> = self.list().into_iter().filter(|one| one.is_of(component)).collect();
        Self::of(&list)
    }

    #[must_use]
    pub const fn with(self, more: Self) -> Self {
        Self(self.0 | more.0)
    }

    /// As the database keeps them.
    #[must_use]
    pub const fn bits(self) -> i32 {
        self.0
    }
}

impl serde::Serialize for Attributes {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.list())
    }
}

impl<'de> serde::Deserialize<'de> for Attributes {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Vec::<Attribute>::deserialize(deserializer).map(|list| Self::of(&list))
    }
}

impl utoipa::PartialSchema for Attributes {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        utoipa::openapi::schema::ArrayBuilder::new()
            .items(<Attribute as utoipa::PartialSchema>::schema())
            .into()
    }
}
impl utoipa::ToSchema for Attributes {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_meets_what_it_holds_and_no_more() {
        use Attribute::{CmvNegative, Irradiated, Leucodepleted};
        let all: Vec<Vec<Attribute>> = (0..32_i32)
            .map(|bits| Attribute::ALL.iter().copied().filter(|one| bits & one.bit() != 0).collect())
            .collect();
        for has in &all {
            for needs in &all {
                let is_small = |list: &[Attribute]| list.contains(&Attribute::Small);
                let met = needs.iter().all(|one| has.contains(one)) && is_small(has) == is_small(needs);
                assert_eq!(Attributes::of(has).meet(Attributes::of(needs)), met, "{has:?} {needs:?}");
            }
            assert_eq!(Attributes::of(has).list(), *has);
            let said = serde_json::to_string(&Attributes::of(has)).unwrap();
            assert_eq!(serde_json::from_str::<Attributes>(&said).unwrap(), Attributes::of(has));
        }
        assert!(!Irradiated.is_of(Component::Plasma) && Irradiated.is_of(Component::Platelets));
        assert_eq!(
            Attributes::of(&[Irradiated]).sized(Component::RedCells, 120).list(),
            [Irradiated, Attribute::Small]
        );
        assert!(Attributes::default().sized(Component::RedCells, 121).is_empty());
        assert!(Attributes::default().sized(Component::Platelets, 40).is_empty());
        assert!(Attributes::of(&[Attribute::Small]).sized(Component::WholeBlood, 450).is_empty());
        assert_eq!(Attributes::of(&[Attribute::LowTitre]).titre(), Titre::Low);
        assert_eq!(Attributes::default().titre(), Titre::Unknown);
        assert!(Leucodepleted.is_of(Component::Plasma) && CmvNegative.is_of(Component::Cryoprecipitate));
    }
}
