//! What a donor is asked before giving: a versioned list, each yes tied to a cause of the catalogue.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use serde::Deserialize;
use shiryan_kernel::blood::{DonationType, Sex};
use shiryan_kernel::problem::Faults;
use shiryan_kernel::{Code, Result};

use crate::eligibility::Catalogue;

/// The list that comes with the program.
const BUILT_IN: &str = include_str!("../../config/questionnaire.toml");

/// One question.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Question {
    pub code: String,
    pub ar: String,
    pub en: String,
    /// The cause that a yes begins.
    pub defers: String,
    /// Asked of these alone.
    pub sex: Option<Sex>,
    /// Asked before these alone.
    pub types: Option<Vec<DonationType>>,
}

/// The questions of one version.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Questionnaire {
    pub version: u32,
    pub effective_from: NaiveDate,
    pub source: String,
    #[serde(rename = "question")]
    pub questions: Vec<Question>,
}

/// An answer: yes or no, and with a yes the day from which its cause counts, where it is known.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Answered {
    /// Its code, as `GET /questionnaire` tells it.
    pub question: String,
    pub yes: bool,
    /// With a yes, the day from which it counts, where the donor knows it.
    pub base: Option<NaiveDate>,
}

impl Question {
    /// Whether it is asked; of somebody whose sex is unknown every question is.
    #[must_use]
    pub fn applies(&self, sex: Option<Sex>, given: DonationType) -> bool {
        let to_sex = self.sex.is_none_or(|only| sex.is_none_or(|sex| sex == only));
        to_sex && self.types.as_ref().is_none_or(|types| types.contains(&given))
    }
}

impl Questionnaire {
    /// The list that comes with the program.
    ///
    /// # Errors
    /// What is wrong in it.
    pub fn built_in(catalogue: &Catalogue) -> std::result::Result<Self, String> {
        Self::read(BUILT_IN, catalogue)
    }

    /// # Errors
    /// Names what is wrong: a code that comes twice, a cause that the catalogue lacks, a text that is missing.
    pub fn read(text: &str, catalogue: &Catalogue) -> std::result::Result<Self, String> {
        let said = |what: String| format!("questionnaire.toml: {what}");
        let list: Self = toml::from_str(text).map_err(|error| said(error.to_string()))?;
        let mut codes = BTreeSet::new();
        for question in &list.questions {
            if !codes.insert(question.code.as_str()) {
                return Err(said(format!("{}: the code comes twice", question.code)));
            }
            if catalogue.get(&question.defers).is_none() {
                return Err(said(format!(
                    "{}: {} is no cause of deferrals.toml",
                    question.code, question.defers
                )));
            }
            if question.ar.trim().is_empty() || question.en.trim().is_empty() {
                return Err(said(format!("{}: expected the question in both languages", question.code)));
            }
        }
        if list.questions.is_empty() { Err(said("expected questions".into())) } else { Ok(list) }
    }

    /// The questions to which somebody said yes, each with the day from which it counts.
    ///
    /// # Errors
    /// `invalid_value` of `questionnaire` for another version, of `answers` for a question that was not asked or comes
    /// twice, and of a day told with a no; `missing_field` of `answers` when one was not answered; `out_of_range` of a day
    /// to come.
    pub fn yes<'a>(
        &'a self,
        version: u32,
        (sex, given): (Option<Sex>, DonationType),
        answers: &[Answered],
        today: NaiveDate,
    ) -> Result<Vec<(&'a Question, Option<NaiveDate>)>> {
        let mut faults = Faults::none();
        if version != self.version {
            faults.add("questionnaire", Code::InvalidValue);
        }
        let asked: Vec<&Question> =
            self.questions.iter().filter(|question| question.applies(sex, given)).collect();
        let mut seen = BTreeSet::new();
        let mut yes = Vec::new();
        for (place, answer) in answers.iter().enumerate() {
            let field = format!("answers[{place}]");
            let Some(question) = asked.iter().find(|question| question.code == answer.question) else {
                faults.add(field, Code::InvalidValue);
                continue;
            };
            if !seen.insert(question.code.as_str()) || (!answer.yes && answer.base.is_some()) {
                faults.add(field, Code::InvalidValue);
            } else if answer.base.is_some_and(|base| base > today) {
                faults.add(field, Code::OutOfRange);
            } else if answer.yes {
                yes.push((*question, answer.base));
            }
        }
        if asked.iter().any(|question| !seen.contains(question.code.as_str())) {
            faults.add("answers", Code::MissingField);
        }
        faults.settle()?;
        Ok(yes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn built_in() -> Questionnaire {
        Questionnaire::built_in(&Catalogue::built_in().unwrap()).unwrap()
    }

    fn no(list: &Questionnaire, sex: Option<Sex>) -> Vec<Answered> {
        let asked = list.questions.iter().filter(|question| question.applies(sex, DonationType::WholeBlood));
        asked.map(|question| Answered { question: question.code.clone(), yes: false, base: None }).collect()
    }

    #[test]
    fn each_is_asked_of_those_whom_it_concerns() {
        let list = built_in();
        let asked = |code: &str, sex, given| {
            list.questions.iter().find(|question| question.code == code).unwrap().applies(sex, given)
        };
        for (sex, expected) in [(Some(Sex::Female), true), (Some(Sex::Male), false), (None, true)] {
            assert_eq!(asked("pregnant", sex, DonationType::WholeBlood), expected);
            assert!(asked("well", sex, DonationType::WholeBlood));
        }
        assert!(asked("aspirin", None, DonationType::PlateletApheresis));
        assert!(!asked("aspirin", None, DonationType::WholeBlood));
    }

    #[test]
    fn every_question_is_answered_once() {
        let (list, today) = (built_in(), "2026-12-01".parse().unwrap());
        let man = (Some(Sex::Male), DonationType::WholeBlood);
        let ask = |answers: &[Answered]| list.yes(1, man, answers, today);
        let all = no(&list, man.0);
        assert_eq!(ask(&all).unwrap(), []);
        let with = |change: &dyn Fn(&mut Vec<Answered>)| {
            let mut answers = all.clone();
            change(&mut answers);
            ask(&answers).map(|yes| yes.len()).map_err(|problem| {
                problem.errors.into_iter().map(|error| (error.field, error.code)).collect::<Vec<_>>()
            })
        };
        let day = |text: &str| text.parse::<NaiveDate>().ok();
        assert_eq!(with(&|all| all[0].yes = true), Ok(1));
        assert_eq!(with(&|all| all.truncate(3)), Err(vec![("answers".into(), Code::MissingField)]));
        assert_eq!(
            with(&|all| all[1] = all[0].clone()).unwrap_err()[0],
            ("answers[1]".into(), Code::InvalidValue)
        );
        assert_eq!(with(&|all| all[0].base = day("2026-11-01")).unwrap_err()[0].1, Code::InvalidValue);
        let ahead = with(&|all| (all[0].yes, all[0].base) = (true, day("2026-12-02")));
        assert_eq!(ahead.unwrap_err()[0], ("answers[0]".into(), Code::OutOfRange));
        let hers = Answered { question: "pregnant".into(), yes: false, base: None };
        assert_eq!(with(&|all| all.push(hers.clone())).unwrap_err()[0].1, Code::InvalidValue);
        assert!(list.yes(2, man, &all, today).is_err(), "another version was asked");
    }

    #[test]
    fn a_list_that_makes_no_sense_is_refused() {
        let catalogue = Catalogue::built_in().unwrap();
        let question = |code: &str, defers: &str, ar: &str| {
            format!("[[question]]\ncode = \"{code}\"\nar = \"{ar}\"\nen = \"x\"\ndefers = \"{defers}\"\n")
        };
        let head = "version = 1\neffective_from = \"2026-01-01\"\nsource = \"s\"\n";
        let read =
            |questions: &[String]| Questionnaire::read(&format!("{head}{}", questions.concat()), &catalogue);
        assert!(read(&[question("a", "TAT", "س")]).is_ok());
        assert!(read(&[question("a", "TAT", "س"), question("a", "TAT", "س")]).unwrap_err().contains("twice"));
        assert!(read(&[question("a", "NO-SUCH", "س")]).unwrap_err().contains("NO-SUCH"));
        assert!(read(&[question("a", "TAT", " ")]).unwrap_err().contains("both languages"));
    }
}
