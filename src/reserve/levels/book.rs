//! What levels mean here, from `levels.toml`: bands, how long a level lasts, who does what at each.

use std::path::Path;

use chrono::Duration;
use serde::Deserialize;
use shiryan_kernel::level::{Bands, Level};
use shiryan_kernel::role::Role;

use crate::reserve::living::Calling;
use crate::texts::Lang;

/// The levels that come with the program.
const BUILT_IN: &str = include_str!("../../../config/levels.toml");

/// Something that is done at a level.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Action {
    pub ar: String,
    pub en: String,
}

impl Action {
    #[must_use]
    pub fn in_language(&self, lang: Lang) -> &str {
        match lang {
            Lang::Ar => &self.ar,
            Lang::En => &self.en,
        }
    }
}

/// Who sees to a level, and what is done.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    #[serde(rename = "code")]
    pub level: Level,
    pub owner: Role,
    #[serde(rename = "action")]
    pub actions: Vec<Action>,
}

/// The levels of this house.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Levels {
    leave_after_days: i64,
    silent_after_hours: i64,
    #[serde(rename = "cover")]
    pub bands: Bands,
    pub calling: Calling,
    #[serde(rename = "level")]
    pub plans: Vec<Plan>,
}

impl Levels {
    /// The file's, or those that come with the program.
    ///
    /// # Errors
    /// Names the file and what is wrong in it.
    pub fn load(file: Option<&Path>) -> Result<Self, String> {
        match file {
            None => Self::read("levels.toml", BUILT_IN),
            Some(path) => {
                let name = path.display().to_string();
                let text = std::fs::read_to_string(path).map_err(|error| format!("{name}: {error}"))?;
                Self::read(&name, &text)
            }
        }
    }

    fn read(name: &str, text: &str) -> Result<Self, String> {
        let said = |what: &str| Err(format!("{name}: {what}"));
        let read: Self = toml::from_str(text).map_err(|error| format!("{name}: {error}"))?;
        if !(1..=14).contains(&read.leave_after_days) {
            return said("leave_after_days: expected 1 to 14");
        }
        if !(6..=168).contains(&read.silent_after_hours) {
            return said("silent_after_hours: expected 6 to 168");
        }
        if !read.bands.fall() {
            return said("cover: expected four numbers above nothing, each lower than the one before");
        }
        if let Some(fault) = read.calling.fault() {
            return said(fault);
        }
        let told: Vec<Level> = read.plans.iter().map(|plan| plan.level).collect();
        if told != Level::ALL {
            return said(
                "level: expected green, watch, amber, red, black and unknown, in this order, each once",
            );
        }
        let is_said = |action: &Action| !action.ar.trim().is_empty() && !action.en.trim().is_empty();
        if !read.plans.iter().all(|plan| !plan.actions.is_empty() && plan.actions.iter().all(is_said)) {
            return said("level.action: expected something to do at each level, in both languages");
        }
        Ok(read)
    }

    /// How long the reserve stands above a level before it is left.
    #[must_use]
    pub fn leave_after(&self) -> Duration {
        Duration::days(self.leave_after_days)
    }

    /// How long a site may be silent.
    #[must_use]
    pub fn silent_after(&self) -> Duration {
        Duration::hours(self.silent_after_hours)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn those_inside_are_the_authors() {
        let levels = Levels::load(None).unwrap();
        assert_eq!(levels.bands, Bands::default());
        assert_eq!((levels.leave_after(), levels.silent_after()), (Duration::days(2), Duration::hours(24)));
        assert_eq!(levels.plans[4].owner, Role::Command);
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (right, wrong, said) in [
            ("leave_after_days = 2", "leave_after_days = 0", "leave_after_days"),
            ("silent_after_hours = 24", "silent_after_hours = 5", "silent_after_hours"),
            ("default = [6.0, 3.0, 2.0, 1.0]", "default = [6.0, 3.0, 3.0, 1.0]", "cover"),
            ("default = [6.0, 3.0, 2.0, 1.0]", "default = [6.0, 3.0, 2.0, 0.0]", "cover"),
            ("others = [2.0, 18.0]", "others = [0.0, 18.0]", "calling.others"),
            ("beds = 4", "beds = 0", "calling.beds"),
            ("code = \"watch\"", "code = \"green\"", "level: expected"),
            ("owner = \"bank\"", "owner = \"nobody\"", "nobody"),
            ("Go on as planned, with the drives that are planned", " ", "both languages"),
            ("leave_after_days", "leave_soon = 1\nleave_after_days", "leave_soon"),
        ] {
            let text = BUILT_IN.replacen(right, wrong, 1);
            let problem = Levels::read("own.toml", &text).unwrap_err();
            assert!(problem.starts_with("own.toml: ") && problem.contains(said), "{problem}");
        }
    }
}
