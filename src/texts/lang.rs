//! Which of the two languages to speak.

use fluent_templates::{LanguageIdentifier, langid};

static AR: LanguageIdentifier = langid!("ar");
static EN: LanguageIdentifier = langid!("en");

shiryan_kernel::word! {
    /// A language that Shiryan speaks; Arabic unless told.
    #[derive(Default)]
    pub enum Lang {
        #[default]
        Ar = "ar",
        En = "en",
    }
}

impl Lang {
    /// The tag for `lang=` and `Content-Language`.
    #[must_use]
    pub const fn tag(self) -> &'static str {
        self.code()
    }

    /// The writing direction for `dir=`.
    #[must_use]
    pub const fn direction(self) -> &'static str {
        match self {
            Self::Ar => "rtl",
            Self::En => "ltr",
        }
    }

    /// The language that the switch on a page leads to.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::Ar => Self::En,
            Self::En => Self::Ar,
        }
    }

    /// Reads a tag such as `ar`, `AR-ps` or `en_GB`.
    #[must_use]
    pub fn parse(tag: &str) -> Option<Self> {
        let primary = tag.trim().split(['-', '_']).next().unwrap_or_default();
        Self::ALL.iter().copied().find(|lang| lang.tag().eq_ignore_ascii_case(primary))
    }

    /// The best of an `Accept-Language` header (RFC 9110, 12.5.4): highest `q` wins, the earlier of
    /// equals, `*` is Arabic, `q=0` refuses. `None` when nothing in it is spoken here.
    #[must_use]
    pub fn accepted(header: &str) -> Option<Self> {
        let mut best: Option<(u16, Self)> = None;
        let mut refused = [false; 2];
        let ranges = header.split(',').take(32).filter_map(range);
        let mut wildcard = None;
        for (tag, weight) in ranges {
            if tag == "*" {
                wildcard = wildcard.max(Some(weight));
                continue;
            }
            let Some(lang) = Self::parse(tag) else { continue };
            if weight == 0 {
                refused = match lang {
                    Self::Ar => [true, refused[1]],
                    Self::En => [refused[0], true],
                };
            } else if best.is_none_or(|(so_far, _)| weight > so_far) {
                best = Some((weight, lang));
            }
        }
        let any = match (wildcard, refused) {
            (None | Some(0), _) | (_, [true, true]) => None,
            (Some(weight), [true, false]) => Some((weight, Self::En)),
            (Some(weight), _) => Some((weight, Self::Ar)),
        };
        match (best, any) {
            (Some((named, lang)), Some((weight, _))) if named >= weight => Some(lang),
            (Some((_, lang)), None) => Some(lang),
            (_, any) => any.map(|(_, lang)| lang),
        }
    }

    pub(super) const fn id(self) -> &'static LanguageIdentifier {
        match self {
            Self::Ar => &AR,
            Self::En => &EN,
        }
    }
}

/// One range of the header with its weight in thousandths; a malformed weight drops the range.
fn range(text: &str) -> Option<(&str, u16)> {
    let mut parts = text.split(';');
    let tag = parts.next()?.trim();
    let weight = match parts.next() {
        None => 1_000,
        Some(parameter) => thousandths(parameter.trim().strip_prefix("q=")?)?,
    };
    (!tag.is_empty()).then_some((tag, weight))
}

/// `1`, `0.8`, `0.123` as thousandths.
fn thousandths(text: &str) -> Option<u16> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    if fraction.len() > 3 || !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let fraction: u16 = format!("{fraction:0<3}").parse().ok()?;
    match whole {
        "0" => Some(fraction),
        "1" if fraction == 0 => Some(1_000),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_heavier_range_wins() {
        for (header, expected) in [
            ("ar", Some(Lang::Ar)),
            ("en-GB,en;q=0.9", Some(Lang::En)),
            ("en;q=0.4, ar-PS;q=0.5", Some(Lang::Ar)),
            ("fr-FR, fr;q=0.9, en;q=0.8", Some(Lang::En)),
            ("en, ar", Some(Lang::En)),
            ("ar;q=0.5, en;q=0.5", Some(Lang::Ar)),
            ("*", Some(Lang::Ar)),
            ("en;q=0.2, *;q=0.8", Some(Lang::Ar)),
            ("*, ar;q=0", Some(Lang::En)),
            ("de", None),
            ("", None),
            ("en;q=0", None),
            ("en;q=2, ar;q=0.1", Some(Lang::Ar)),
            ("en;q=0.12345", None),
        ] {
            assert_eq!(Lang::accepted(header), expected, "{header}");
        }
    }

    proptest! {
        #[test]
        fn any_header_is_read(header in "\\PC{0,80}") {
            let _ = Lang::accepted(&header);
        }

        #[test]
        fn weights_never_fall_out_of_range(text in "[0-9.]{0,8}") {
            prop_assert!(thousandths(&text).is_none_or(|weight| weight <= 1_000));
        }
    }
}
