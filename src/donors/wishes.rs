//! How a donor wishes to be reached: language, ways, and hours of quiet.

use chrono::NaiveTime;
use shiryan_kernel::{Code, Problem, Result};

use crate::texts::Lang;

/// What nobody has asked is absent: neither yes nor no.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Wishes {
    pub language: Option<Lang>,
    pub may_call: Option<bool>,
    /// Short messages to the phone.
    pub may_text: Option<bool>,
    pub may_email: Option<bool>,
    /// Civil time; the hours until `quiet_until` may pass midnight.
    pub quiet_from: Option<NaiveTime>,
    pub quiet_until: Option<NaiveTime>,
}

impl Wishes {
    /// # Errors
    /// `missing_field` of the end of quiet hours that the other lacks; `invalid_value` of two that are the
    /// same: it would mean never or always.
    pub fn check(&self) -> Result<()> {
        match (self.quiet_from, self.quiet_until) {
            (Some(_), None) => Err(Problem::field("quiet_until", Code::MissingField)),
            (None, Some(_)) => Err(Problem::field("quiet_from", Code::MissingField)),
            (Some(from), Some(until)) if from == until => {
                Err(Problem::field("quiet_until", Code::InvalidValue))
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quiet_hours_have_two_ends_that_differ() {
        let fault = |from: &str, until: &str| {
            let time = |text: &str| shiryan_kernel::time::clock_time(text).ok();
            let wishes = Wishes { quiet_from: time(from), quiet_until: time(until), ..Wishes::default() };
            wishes.check().err().map(|problem| (problem.errors[0].field.clone(), problem.errors[0].code))
        };
        assert_eq!(fault("", ""), None);
        assert_eq!(fault("22:00", "07:00"), None);
        assert_eq!(fault("22:00", ""), Some(("quiet_until".into(), Code::MissingField)));
        assert_eq!(fault("", "07:00"), Some(("quiet_from".into(), Code::MissingField)));
        assert_eq!(fault("07:00", "07:00"), Some(("quiet_until".into(), Code::InvalidValue)));
    }
}
