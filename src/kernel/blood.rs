//! Blood groups, what is given and what is made of it.
//!
//! A group that comes from outside is refused unless ABO and RhD are both said without doubt.

use crate::problem::{Code, Problem, Result};

word! {
    /// The ABO half of a group.
    pub enum Abo {
        O = "o",
        A = "a",
        B = "b",
        Ab = "ab",
    }
}

word! {
    /// ABO and RhD group as it goes over the wire.
    pub enum BloodGroup {
        ONeg = "o_neg",
        OPos = "o_pos",
        ANeg = "a_neg",
        APos = "a_pos",
        BNeg = "b_neg",
        BPos = "b_pos",
        AbNeg = "ab_neg",
        AbPos = "ab_pos",
    }
}

word! {
    /// What a donor gives.
    pub enum DonationType {
        WholeBlood = "whole_blood",
        DoubleRedCells = "double_red_cells",
        PlateletApheresis = "platelet_apheresis",
        PlasmaApheresis = "plasma_apheresis",
    }
}

word! {
    /// What a bag holds.
    pub enum Component {
        WholeBlood = "whole_blood",
        RedCells = "red_cells",
        Platelets = "platelets",
        Plasma = "plasma",
        Cryoprecipitate = "cryoprecipitate",
    }
}

word! {
    /// Sex as recorded for the rules of giving.
    pub enum Sex {
        Male = "male",
        Female = "female",
    }
}

word! {
    /// A patient's age as far as the RhD rule asks for it, in completed years.
    pub enum AgeBand {
        Under18 = "under_18",
        From18To50 = "from_18_to_50",
        Over50 = "over_50",
    }
}

impl AgeBand {
    /// An age of the band.
    #[must_use]
    pub const fn an_age(self) -> i32 {
        match self {
            Self::Under18 => 17,
            Self::From18To50 => 50,
            Self::Over50 => 51,
        }
    }
}

word! {
    /// How well a donor's group is known.
    pub enum GroupEvidence {
        /// Nobody has said.
        Unknown = "unknown",
        /// Somebody said so: treated as unknown at the bedside.
        Declared = "declared",
        /// One laboratory typing.
        TypedOnce = "typed_once",
        /// Two independent typings that agree.
        Confirmed = "confirmed",
        /// Typings disagree: no group until the physician has said which are wrong.
        Discrepant = "discrepant",
    }
}

impl GroupEvidence {
    /// How well a patient's group is known; a group of which nothing is said was declared.
    ///
    /// # Errors
    /// `invalid_value` where group and evidence contradict each other.
    pub const fn of(group: Option<BloodGroup>, said: Option<Self>) -> Result<Self> {
        match (group, said) {
            (None, None) => Ok(Self::Unknown),
            (Some(_), None) => Ok(Self::Declared),
            (None, Some(said @ (Self::Unknown | Self::Discrepant))) => Ok(said),
            (Some(_), Some(said @ (Self::Declared | Self::TypedOnce | Self::Confirmed))) => Ok(said),
            (None | Some(_), Some(_)) => Err(Problem::new(Code::InvalidValue)),
        }
    }
}

impl BloodGroup {
    /// The group of an ABO and an RhD type.
    #[must_use]
    pub const fn of(abo: Abo, rhd_positive: bool) -> Self {
        match (abo, rhd_positive) {
            (Abo::O, false) => Self::ONeg,
            (Abo::O, true) => Self::OPos,
            (Abo::A, false) => Self::ANeg,
            (Abo::A, true) => Self::APos,
            (Abo::B, false) => Self::BNeg,
            (Abo::B, true) => Self::BPos,
            (Abo::Ab, false) => Self::AbNeg,
            (Abo::Ab, true) => Self::AbPos,
        }
    }

    #[must_use]
    pub const fn abo(self) -> Abo {
        match self {
            Self::ONeg | Self::OPos => Abo::O,
            Self::ANeg | Self::APos => Abo::A,
            Self::BNeg | Self::BPos => Abo::B,
            Self::AbNeg | Self::AbPos => Abo::Ab,
        }
    }

    #[must_use]
    pub const fn rhd_positive(self) -> bool {
        matches!(self, Self::OPos | Self::APos | Self::BPos | Self::AbPos)
    }

    /// As people write it, with a true minus sign. Pages isolate it (`<bdi dir="ltr">`), since a plus
    /// sign changes sides in Arabic text.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::ONeg => "O−",
            Self::OPos => "O+",
            Self::ANeg => "A−",
            Self::APos => "A+",
            Self::BNeg => "B−",
            Self::BPos => "B+",
            Self::AbNeg => "AB−",
            Self::AbPos => "AB+",
        }
    }

    /// In Arabic words, where no sign can change sides.
    #[must_use]
    pub const fn label_ar(self) -> &'static str {
        match self {
            Self::ONeg => "O سالب",
            Self::OPos => "O موجب",
            Self::ANeg => "A سالب",
            Self::APos => "A موجب",
            Self::BNeg => "B سالب",
            Self::BPos => "B موجب",
            Self::AbNeg => "AB سالب",
            Self::AbPos => "AB موجب",
        }
    }

    /// Reads what registers write: the wire code, `O-`, `O−`, `o neg`, `AB Rh+`, `0+`, `O سالب`.
    ///
    /// # Errors
    /// `invalid_value` when either half is absent, when anything is left over, and for letters of
    /// another script that only look like A or B.
    pub fn from_import(text: &str) -> Result<Self> {
        let bad = || Problem::new(Code::InvalidValue);
        let plain: String = text
            .trim()
            .chars()
            .filter(|c| !matches!(c, ' ' | '_' | '\u{a0}' | '(' | ')' | '.'))
            .map(|c| match c {
                '\u{2010}'..='\u{2013}' | '\u{2212}' | '\u{fe63}' | '\u{ff0d}' => '-',
                '\u{ff0b}' => '+',
                other => other.to_ascii_lowercase(),
            })
            .collect();
        let (abo, rest) = [("ab", Abo::Ab), ("a", Abo::A), ("b", Abo::B), ("o", Abo::O), ("0", Abo::O)]
            .into_iter()
            .find_map(|(letters, abo)| plain.strip_prefix(letters).map(|rest| (abo, rest)))
            .ok_or_else(bad)?;
        let rest = rest.strip_prefix("rhd").or_else(|| rest.strip_prefix("rh")).unwrap_or(rest);
        let rhd_positive = match rest {
            "+" | "+ve" | "pos" | "positive" | "موجب" | "موجبة" | "ايجابي" | "إيجابي" => {
                true
            }
            "-" | "-ve" | "neg" | "negative" | "سالب" | "سالبة" | "سلبي" => false,
            _ => return Err(bad()),
        };
        Ok(Self::of(abo, rhd_positive))
    }

    /// The two-digit ISBT 128 codes of `=%ggre`: for the intended use "default", and for "emergency
    /// use only".
    #[must_use]
    pub const fn isbt_codes(self) -> [&'static str; 2] {
        match self {
            Self::ONeg => ["95", "92"],
            Self::OPos => ["51", "48"],
            Self::ANeg => ["06", "03"],
            Self::APos => ["62", "59"],
            Self::BNeg => ["17", "14"],
            Self::BPos => ["73", "70"],
            Self::AbNeg => ["28", "25"],
            Self::AbPos => ["84", "81"],
        }
    }

    /// The group of an ISBT 128 code of either intended use; none for every other code (autologous,
    /// directed and the like stand for no bag that may be issued freely).
    #[must_use]
    pub fn from_isbt(gg: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|group| group.isbt_codes().contains(&gg))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sources;

    #[test]
    fn halves_make_the_group_again() {
        for group in BloodGroup::ALL {
            assert_eq!(BloodGroup::of(group.abo(), group.rhd_positive()), *group);
        }
    }

    #[test]
    fn what_registers_write_is_read() {
        for (text, group) in [
            ("o_neg", BloodGroup::ONeg),
            ("O-", BloodGroup::ONeg),
            ("O−", BloodGroup::ONeg),
            ("O–", BloodGroup::ONeg),
            ("o neg", BloodGroup::ONeg),
            ("O سالب", BloodGroup::ONeg),
            ("0-", BloodGroup::ONeg),
            ("O+", BloodGroup::OPos),
            ("o_pos", BloodGroup::OPos),
            ("O موجب", BloodGroup::OPos),
            (" ab + ", BloodGroup::AbPos),
            ("AB Rh-", BloodGroup::AbNeg),
            ("A (+ve)", BloodGroup::APos),
            ("B RhD positive", BloodGroup::BPos),
            ("B＋", BloodGroup::BPos),
        ] {
            assert_eq!(BloodGroup::from_import(text).unwrap(), group, "{text}");
        }
        for group in BloodGroup::ALL {
            for text in [group.code(), group.label(), group.label_ar()] {
                assert_eq!(BloodGroup::from_import(text).unwrap(), *group, "{text}");
            }
        }
    }

    #[test]
    fn a_doubtful_group_is_refused() {
        // The fourth and fifth are the Cyrillic letters; a raw plus sign in a query arrives as a space.
        for text in
            ["", "A", "+", "А+", "В-", "O ", "AB+-", "A+B", "+A", "O+ ?", "C+", "A++", "A pos neg", "null"]
        {
            assert_eq!(BloodGroup::from_import(text).unwrap_err().code, Code::InvalidValue, "{text}");
        }
    }

    #[test]
    fn isbt_codes_are_those_of_the_vectors() {
        assert_eq!(BloodGroup::from_isbt("28"), Some(BloodGroup::AbNeg));
        assert_eq!(BloodGroup::from_isbt("00"), None);
        let Some(vectors) = sources::domain("vectors.json") else { return };
        for (name, codes) in vectors["abo_rh_gg_default_emergency"].as_object().unwrap() {
            let group = BloodGroup::from_import(name).unwrap();
            for (place, code) in codes.as_array().unwrap().iter().enumerate() {
                assert_eq!(group.isbt_codes()[place], code.as_str().unwrap());
                assert_eq!(BloodGroup::from_isbt(code.as_str().unwrap()), Some(group));
            }
        }
    }

    #[test]
    fn arabic_labels_are_those_of_the_glossary() {
        let Some(glossary) = sources::domain("glossary_ar.json") else { return };
        for (name, words) in glossary["groups"].as_object().unwrap() {
            assert_eq!(BloodGroup::from_import(name).unwrap().label_ar(), words.as_str().unwrap());
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "\\PC{0,12}") {
            let _ = BloodGroup::from_import(&text);
        }
    }
}
