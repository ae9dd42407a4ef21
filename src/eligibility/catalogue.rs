//! The catalogue of deferrals: each cause with its words, its base event, its days and its class.
//!
//! An unknown base never counts from the day of entry, and pregnancy is three codes of which the
//! first ends only by an event: entering it early frees nobody. Source of each cause in its `source`.

use std::collections::BTreeMap;

use serde::Deserialize;
use shiryan_kernel::blood::DonationType;

use super::content::{self, ContentError, Review};

shiryan_kernel::word! {
    /// Who learns a cause. Decided code by code, not by disease family.
    pub enum Visibility {
        /// The donor and the donor's own medic.
        Public = "public",
        /// Screening staff of the drive and the blood bank.
        Screening = "screening",
        /// The blood bank's physician alone.
        Sealed = "sealed",
    }
}

/// How a deferral ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// By its days, or by an event where it has none.
    Temporary,
    /// Not at all.
    Permanent,
    /// The medical officer allows one donation at a time, after its days where it has some.
    Physician,
}

/// A base event and the days from it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Term {
    pub base: String,
    pub days: u16,
}

/// Which donation types a cause touches.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum Applies {
    All(AllTypes),
    Only(Vec<DonationType>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AllTypes {
    All,
}

impl Applies {
    #[must_use]
    pub fn to(&self, donation_type: DonationType) -> bool {
        match self {
            Self::All(AllTypes::All) => true,
            Self::Only(types) => types.contains(&donation_type),
        }
    }
}

/// How far a deferral reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    #[default]
    Donor,
    /// Ends the check-in at hand; a new one the same day is allowed.
    Visit,
}

/// One cause.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    pub code: String,
    pub ar: String,
    pub en: String,
    pub kind: Kind,
    /// Civil days from the base; the day itself is allowed.
    pub days: Option<u16>,
    /// The event from which the days count.
    pub base: String,
    /// Several bases: the latest end counts.
    #[serde(default)]
    pub terms: Vec<Term>,
    pub applies: Applies,
    pub visibility: Visibility,
    pub source: String,
    #[serde(default)]
    pub scope: Scope,
    pub note: Option<String>,
    /// The code that begins on the day on which an event closes this one.
    pub then: Option<String>,
}

impl Entry {
    /// The days from each base, in the order of the bases that a deferral states.
    pub fn days_by_base(&self) -> impl Iterator<Item = u16> + '_ {
        self.days.into_iter().chain(self.terms.iter().map(|term| term.days))
    }

    /// How many bases a deferral of this cause states: none when only an event or a person ends it.
    #[must_use]
    pub fn bases(&self) -> usize {
        self.days_by_base().count()
    }

    /// Whether only an event ends it (pregnancy, breast-feeding, custody).
    #[must_use]
    pub fn ends_by_event(&self) -> bool {
        self.kind == Kind::Temporary && self.bases() == 0
    }
}

/// Every cause, by code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Catalogue(BTreeMap<String, Entry>);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    deferral: Vec<Entry>,
}

impl Catalogue {
    /// The catalogue that comes with the program.
    ///
    /// # Errors
    /// What is wrong in it; a test keeps it right.
    pub fn built_in() -> Result<Self, Vec<ContentError>> {
        Self::read("deferrals.toml", include_str!("../../config/deferrals.toml"))
    }

    /// Reads a catalogue.
    ///
    /// # Errors
    /// The first error of form, or all errors of content.
    pub fn read(file: &str, text: &str) -> Result<Self, Vec<ContentError>> {
        let parsed: File = content::read(file, text).map_err(|error| vec![error])?;
        let mut entries = BTreeMap::new();
        let mut review = Review::of(file);
        for entry in parsed.deferral {
            let code = entry.code.clone();
            review.expect(is_code(&code), code.clone(), "a code is capitals, digits and hyphens");
            for text in [&entry.ar, &entry.en, &entry.base, &entry.source] {
                review.expect(
                    !text.trim().is_empty(),
                    code.clone(),
                    "words, base and source must not be empty",
                );
            }
            let single = entry.days.is_none() || entry.terms.is_empty();
            review.expect(single, code.clone(), "either `days` or `terms`");
            review.expect(entry.terms.len() <= 2, code.clone(), "at most two terms");
            let endless = entry.kind != Kind::Permanent || entry.bases() == 0;
            review.expect(endless, code.clone(), "a permanent cause has no days");
            let follows = entry.then.is_none() || entry.ends_by_event();
            review.expect(follows, code.clone(), "`then` needs a cause that ends by an event");
            let new = entries.insert(code.clone(), entry).is_none();
            review.expect(new, code, "stands twice");
        }
        for (code, entry) in &entries {
            let known = entry.then.as_ref().is_none_or(|next| {
                entries.get(next).is_some_and(|next| next.kind == Kind::Temporary && next.days.is_some())
            });
            review.expect(known, code.clone(), "`then` names a temporary cause with days");
        }
        review.settle()?;
        Ok(Self(entries))
    }

    #[must_use]
    pub fn get(&self, code: &str) -> Option<&Entry> {
        self.0.get(code)
    }

    /// Every cause, by code.
    pub fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.0.values()
    }
}

fn is_code(text: &str) -> bool {
    (1..=40).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'-')
}
