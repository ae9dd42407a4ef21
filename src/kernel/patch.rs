//! What a merge-patch (RFC 7396) says of one field: absent is not null.

use serde::{Deserialize, Deserializer};

use crate::problem::{Code, Problem, Result};

/// A field of a form with `#[serde(default)]`: absent keeps what is there, `null` takes it away, a value takes
/// its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Patch<T> {
    #[default]
    Keep,
    Clear,
    Set(T),
}

impl<T> Patch<T> {
    /// Parses the value, if there is one.
    ///
    /// # Errors
    /// What `parse` returns.
    pub fn parse<U>(self, parse: impl FnOnce(T) -> Result<U>) -> Result<Patch<U>> {
        Ok(match self {
            Self::Keep => Patch::Keep,
            Self::Clear => Patch::Clear,
            Self::Set(value) => Patch::Set(parse(value)?),
        })
    }

    /// Of a field that can be changed but never taken away.
    ///
    /// # Errors
    /// `missing_field` for `null`.
    pub fn required(self) -> Result<Option<T>> {
        match self {
            Self::Keep => Ok(None),
            Self::Clear => Err(Problem::new(Code::MissingField)),
            Self::Set(value) => Ok(Some(value)),
        }
    }

    /// What stands after the patch, where `before` stood.
    #[must_use]
    pub fn over(self, before: Option<T>) -> Option<T> {
        match self {
            Self::Keep => before,
            Self::Clear => None,
            Self::Set(value) => Some(value),
        }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Patch<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Option::deserialize(deserializer)?.map_or(Self::Clear, Self::Set))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn absent_null_and_a_value_are_three_things() {
        assert_eq!(Patch::Keep.over(Some(1)), Some(1));
        assert_eq!(Patch::Clear.over(Some(1)), None);
        assert_eq!(Patch::Set(2).over(Some(1)), Some(2));
        assert_eq!(Patch::<u8>::default(), Patch::Keep);
        assert_eq!(Patch::<u8>::Clear.required().unwrap_err().code, Code::MissingField);
        assert_eq!(Patch::Set(1).required().unwrap(), Some(1));
        let refused = |_: u8| Err::<u8, _>(Problem::new(Code::OutOfRange));
        assert_eq!(Patch::Clear.parse(refused).unwrap(), Patch::Clear);
        assert_eq!(Patch::Set(1).parse(refused).unwrap_err().code, Code::OutOfRange);
    }
}
