//! What was done to a bag or is known of it beside its group, and what a patient needs of it.

use crate::blood::Component;

word! {
    /// An attribute of a bag.
    pub enum Attribute {
        /// For patients at risk of graft-versus-host disease; it shortens the life of red cells.
        Irradiated = "irradiated",
        /// Leucocytes filtered out.
        Leucodepleted = "leucodepleted",
        /// The donor's antibodies to cytomegalovirus were not found.
        CmvNegative = "cmv_negative",
    }
}

impl Attribute {
    const fn bit(self) -> i32 {
        match self {
            Self::Irradiated => 1,
            Self::Leucodepleted => 2,
            Self::CmvNegative => 4,
        }
    }

    /// Whether a component can have it: what is frozen without cells is not irradiated.
    #[must_use]
    pub const fn is_of(self, component: Component) -> bool {
        !matches!((self, component), (Self::Irradiated, Component::Plasma | Component::Cryoprecipitate))
    }
}

/// A set of attributes; in the database a bit for each.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, diesel_derive_newtype::DieselNewType,
)]
pub struct Attributes(i32);

impl Attributes {
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

    /// Whether nothing that is needed is wanting.
    #[must_use]
    pub const fn meet(self, needs: Self) -> bool {
        self.0 & needs.0 == needs.0
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
        let all: Vec<Vec<Attribute>> = (0..8_i32)
            .map(|bits| Attribute::ALL.iter().copied().filter(|one| bits & one.bit() != 0).collect())
            .collect();
        for has in &all {
            for needs in &all {
                let met = needs.iter().all(|one| has.contains(one));
                assert_eq!(Attributes::of(has).meet(Attributes::of(needs)), met, "{has:?} {needs:?}");
            }
            assert_eq!(Attributes::of(has).list(), *has);
            let said = serde_json::to_string(&Attributes::of(has)).unwrap();
            assert_eq!(serde_json::from_str::<Attributes>(&said).unwrap(), Attributes::of(has));
        }
        assert!(!Irradiated.is_of(Component::Plasma) && Irradiated.is_of(Component::Platelets));
        assert!(Leucodepleted.is_of(Component::Plasma) && CmvNegative.is_of(Component::Cryoprecipitate));
    }
}
