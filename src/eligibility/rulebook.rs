//! The rules of this installation: its rule sets, the catalogue of causes, and its civil day.

use std::path::Path;

use chrono::NaiveDate;
use shiryan_kernel::time::{Moment, Zone, plus_days};
use shiryan_kernel::{Code, Problem, Result};

use super::adopted::{Adopted, texts};
use super::{Catalogue, ContentError, Policies, RuleSet, RuleSetStamp};

/// What every decision of this installation reads.
#[derive(Debug, Clone)]
pub struct Rulebook {
    /// All that can be looked at.
    policies: Policies,
    /// All that is decided by, each from its own day.
    adopted: Policies,
    catalogue: Catalogue,
    code: String,
    /// What the settings name.
    wanted: String,
    /// Files that say something else than what was approved under their number.
    refused: Vec<RuleSetStamp>,
    zone: Zone,
}

impl Rulebook {
    /// The rule sets inside the program, or the `*.toml` files of a directory instead; `code` names the
    /// one in force.
    ///
    /// # Errors
    /// What is wrong, one line each, with file, line and key; a code that no file has.
    pub fn load(directory: Option<&Path>, code: &str, zone: Zone) -> Result<Self, String> {
        let policies = match directory {
            None => Policies::built_in().map_err(|wrong| said(&wrong))?,
            Some(directory) => {
                let texts = read_texts(directory)?;
                let files = texts.iter().map(|(name, text)| (name.as_str(), text.as_str()));
                Policies::from_texts(files).map_err(|wrong| said(&wrong))?
            }
        };
        if !policies.all().iter().any(|set| set.code == code) {
            let mut known: Vec<&str> = policies.all().iter().map(|set| set.code.as_str()).collect();
            known.dedup();
            return Err(format!(
                "eligibility.rule_set: {code:?} is unknown; expected one of: {}",
                known.join(", ")
            ));
        }
        let catalogue = Catalogue::built_in().map_err(|wrong| said(&wrong))?;
        let (adopted, code) = (policies.clone(), code.to_owned());
        Ok(Self { policies, adopted, catalogue, wanted: code.clone(), code, refused: Vec::new(), zone })
    }

    /// The same, deciding by what was put in force and by nothing else; files that were not stand beside it, to be tried.
    ///
    /// # Errors
    /// What is wrong in what was approved, or in what stands beside it.
    pub fn adopt(self, adopted: &[Adopted]) -> Result<Self, String> {
        let Some(last) = adopted.last() else { return Ok(self) };
        let of =
            |set: &RuleSet| adopted.iter().find(|one| (&one.code, one.version) == (&set.code, set.version));
        let sets = self.policies.all();
        let refused = sets.iter().filter(|set| of(set).is_some_and(|one| *one.text != *set.text));
        let stamp = |set: &RuleSet| RuleSetStamp { code: set.code.clone(), version: set.version };
        let refused: Vec<RuleSetStamp> = refused.map(stamp).collect();
        let approved = texts(adopted);
        let beside = sets.iter().filter(|set| of(set).is_none());
        let beside = beside.map(|set| (format!("{} {}", set.code, set.version), set.text.to_string()));
        let all: Vec<(String, String)> = approved.iter().cloned().chain(beside).collect();
        let read = |texts: &[(String, String)]| {
            let texts = texts.iter().map(|(name, text)| (name.as_str(), text.as_str()));
            Policies::from_texts(texts).map_err(|wrong| said(&wrong))
        };
        Ok(Self {
            policies: read(&all)?,
            adopted: read(&approved)?,
            code: last.code.clone(),
            refused,
            ..self
        })
    }

    /// What the settings name and nobody has approved yet, or files that differ from what was approved; nothing where the
    /// installation decides by what its files say.
    #[must_use]
    pub fn waiting(&self) -> Vec<RuleSetStamp> {
        let of_wanted = self.policies.all().iter().filter(|set| set.code == self.wanted);
        let waits = of_wanted.filter(|set| self.code != self.wanted || !self.is_adopted(set));
        let stamp = |set: &RuleSet| RuleSetStamp { code: set.code.clone(), version: set.version };
        waits.map(stamp).chain(self.refused.iter().cloned()).collect()
    }

    /// Files that are not read, since something else was approved under their number.
    #[must_use]
    pub fn refused(&self) -> &[RuleSetStamp] {
        &self.refused
    }

    /// Whether a version was put in force, by whatever code is decided now.
    #[must_use]
    pub fn is_adopted(&self, set: &RuleSet) -> bool {
        self.adopted.version(&set.code, set.version).is_some()
    }

    /// A version of a rule set of this installation, the newest one unless it is said.
    ///
    /// # Errors
    /// `not_found` for a code that no file has; `unknown_reference` of `version`.
    pub fn newest_or(&self, code: &str, version: Option<u32>) -> Result<&RuleSet> {
        let versions = || self.policies.all().iter().filter(|set| set.code == code);
        let newest = versions().map(|set| set.version).max().ok_or_else(|| Problem::new(Code::NotFound))?;
        let wanted = version.unwrap_or(newest);
        let set = versions().find(|set| set.version == wanted);
        set.ok_or_else(|| Problem::field("version", Code::UnknownReference))
    }

    /// The civil day at `now`.
    #[must_use]
    pub fn today(&self, now: Moment) -> NaiveDate {
        self.zone.date(now)
    }

    /// The moment at which a civil day is over.
    #[must_use]
    pub fn end_of(&self, day: NaiveDate) -> Moment {
        self.zone.start_of(plus_days(day, 1))
    }

    /// The rule set in force on a day.
    ///
    /// # Errors
    /// `internal` before the first version's first day.
    pub fn in_force(&self, day: NaiveDate) -> Result<&RuleSet> {
        self.adopted
            .in_force(&self.code, day)
            .ok_or_else(|| Problem::internal(format!("no version of {} is in force on {day}", self.code)))
    }

    /// The version of another rule set of this installation that is in force on a day.
    ///
    /// # Errors
    /// `unknown_reference` of `rule_set`.
    pub fn named(&self, code: &str, day: NaiveDate) -> Result<&RuleSet> {
        let unknown = || Problem::field("rule_set", Code::UnknownReference);
        self.policies.in_force(code, day).ok_or_else(unknown)
    }

    /// Every version of every rule set, by code and first day.
    #[must_use]
    pub fn rule_sets(&self) -> &[RuleSet] {
        self.policies.all()
    }

    /// The code of the rule set by which this installation decides.
    #[must_use]
    pub fn code(&self) -> &str {
        &self.code
    }

    /// One version of one rule set.
    ///
    /// # Errors
    /// `not_found`.
    pub fn version(&self, code: &str, version: u32) -> Result<&RuleSet> {
        self.policies.version(code, version).ok_or_else(|| Problem::new(Code::NotFound))
    }

    #[must_use]
    pub const fn catalogue(&self) -> &Catalogue {
        &self.catalogue
    }
}

fn said(wrong: &[ContentError]) -> String {
    wrong.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

fn read_texts(directory: &Path) -> Result<Vec<(String, String)>, String> {
    let unreadable = |path: &Path, error: std::io::Error| format!("{}: {error}", path.display());
    let mut texts = Vec::new();
    for entry in std::fs::read_dir(directory).map_err(|error| unreadable(directory, error))? {
        let path = entry.map_err(|error| unreadable(directory, error))?.path();
        if path.extension().is_some_and(|ending| ending == "toml") {
            let text = std::fs::read_to_string(&path).map_err(|error| unreadable(&path, error))?;
            texts.push((path.display().to_string(), text));
        }
    }
    texts.sort();
    Ok(texts)
}
