//! The rule sets at hand, and which of them is in force on a day.
//!
//! Files of one `code` are versions of one rule set: each is in force from its own day until the
//! next begins. Two versions that begin on one day, or a later day with a lower number, are refused.

use chrono::NaiveDate;

use super::content::{ContentError, Review};
use super::policy::RuleSet;

/// The files that come with the program.
pub const BUILT_IN: &[(&str, &str)] = &[
    ("default.toml", include_str!("../../config/policies/default.toml")),
    ("who_2012.toml", include_str!("../../config/policies/who_2012.toml")),
    ("edqm.toml", include_str!("../../config/policies/edqm.toml")),
    ("jpac_3_6.toml", include_str!("../../config/policies/jpac_3_6.toml")),
    ("lebanon_2015.toml", include_str!("../../config/policies/lebanon_2015.toml")),
    ("arc_us.toml", include_str!("../../config/policies/arc_us.toml")),
];

/// The rule set that is used unless settings name another.
pub const DEFAULT_CODE: &str = "default";

/// Every version of every rule set, by code and first day.
#[derive(Debug, Clone, PartialEq)]
pub struct Policies(Vec<RuleSet>);

impl Policies {
    /// The rule sets that come with the program.
    ///
    /// # Errors
    /// What is wrong in them; a test keeps them right.
    pub fn built_in() -> Result<Self, Vec<ContentError>> {
        Self::from_texts(BUILT_IN.iter().copied())
    }

    /// Rule sets from (file name, text), such as an operator's directory.
    ///
    /// # Errors
    /// Everything wrong in any of them.
    pub fn from_texts<'a>(
        files: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<Self, Vec<ContentError>> {
        let mut sets: Vec<(&str, RuleSet)> = Vec::new();
        let mut wrong = Vec::new();
        for (file, text) in files {
            match RuleSet::read(file, text) {
                Ok(set) => sets.push((file, set)),
                Err(found) => wrong.extend(found),
            }
        }
        sets.sort_by(|(_, one), (_, other)| {
            (&one.code, one.effective_from).cmp(&(&other.code, other.effective_from))
        });
        for ((_, one), (file, next)) in sets.iter().zip(sets.iter().skip(1)) {
            let mut review = Review::of(file);
            if one.code == next.code {
                let later = one.effective_from < next.effective_from;
                review.expect(later, "effective_from", "another version of this code begins on the same day");
                review.expect(one.version < next.version, "version", "must grow with effective_from");
            }
            wrong.extend(review.settle().err().unwrap_or_default());
        }
        if wrong.is_empty() { Ok(Self(sets.into_iter().map(|(_, set)| set).collect())) } else { Err(wrong) }
    }

    /// The version of `code` in force on `day`; none before its first.
    #[must_use]
    pub fn in_force(&self, code: &str, day: NaiveDate) -> Option<&RuleSet> {
        self.0.iter().rfind(|set| set.code == code && set.effective_from <= day)
    }

    /// One version by its number.
    #[must_use]
    pub fn version(&self, code: &str, version: u32) -> Option<&RuleSet> {
        self.0.iter().find(|set| set.code == code && set.version == version)
    }

    /// Every version, by code and first day.
    #[must_use]
    pub fn all(&self) -> &[RuleSet] {
        &self.0
    }
}
