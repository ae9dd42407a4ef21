//! Bar codes on printed pages: Code 128, drawn in millimetres so that a scanner reads it whatever printed it.

use std::fmt;

use askama::filters::HtmlSafe;
use barcoders::sym::code128::Code128;
use shiryan_kernel::{Problem, Result};

/// The width of a module in hundredths of a millimetre: ISBT 128 asks for 0.17 mm at least.
const MODULE: usize = 25;
/// The quiet zone on each side, in modules.
const QUIET: usize = 10;
/// The height of the bars, in millimetres: ISBT 128 asks for 10 at least.
const HEIGHT: usize = 12;

/// The bars of a text of printable ASCII; the text itself stands beside them on the page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bars {
    modules: usize,
    path: String,
}

impl Bars {
    /// # Errors
    /// `internal` of a text that Code 128 cannot hold.
    pub fn of(text: &str) -> Result<Self> {
        // U+0181 is how the encoder is told of character set B, which has all printable ASCII.
        let code = Code128::new(format!("\u{181}{text}"));
        let bits = code.map_err(|_| Problem::internal("a text that is no Code 128"))?.encode();
        let mut path = String::new();
        let mut at = QUIET;
        for run in bits.chunk_by(|a, b| a == b) {
            if run.first() == Some(&1) {
                path.push_str(&format!("M{at} 0h{}v{HEIGHT}h-{}z", run.len(), run.len()));
            }
            at += run.len();
        }
        Ok(Self { modules: at + QUIET, path })
    }
}

impl fmt::Display for Bars {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { modules, path } = self;
        let width = modules * MODULE;
        write!(
            f,
            "<svg class=\"bars\" width=\"{}.{:02}mm\" height=\"{HEIGHT}mm\" viewBox=\"0 0 {modules} {HEIGHT}\" \
             preserveAspectRatio=\"none\" aria-hidden=\"true\"><path d=\"{path}\"/></svg>",
            width / 100,
            width % 100,
        )
    }
}

impl HtmlSafe for Bars {}

#[cfg(test)]
mod tests {
    use super::*;

    /// Start of set B, "=" (29), the check (104 + 29) mod 103 = 30, the stop: widths of ISO/IEC 15417, table 1.
    const EQUALS: [&str; 4] = ["211214", "322211", "212123", "2331112"];

    fn widths(bars: &Bars) -> String {
        let mut widths = String::new();
        let mut end = QUIET;
        for bar in bars.path.split('M').skip(1) {
            let (at, rest) = bar.split_once(" 0h").unwrap();
            let at: usize = at.parse().unwrap();
            if !widths.is_empty() {
                widths.push_str(&(at - end).to_string());
            }
            let width: usize = rest.split_once('v').unwrap().0.parse().unwrap();
            widths.push_str(&width.to_string());
            end = at + width;
        }
        widths
    }

    #[test]
    fn the_bars_are_those_of_the_standard() {
        let one = Bars::of("=").unwrap();
        assert_eq!(widths(&one), EQUALS.concat());
        assert_eq!(one.modules, 3 * 11 + 13 + 2 * QUIET);
    }

    #[test]
    fn a_number_and_a_date_fit_a_label() {
        for text in ["=A99992600001768", "=%5100", "&>0263272359"] {
            let bars = Bars::of(text).unwrap();
            assert_eq!(bars.modules, (text.len() + 2) * 11 + 13 + 2 * QUIET);
            assert!(bars.modules * MODULE <= 8_000, "{text} is wider than 80 mm");
        }
        assert!(Bars::of("رقم").is_err());
    }

    #[test]
    fn every_bar_is_black_and_nothing_else_is_in_it() {
        let drawn = Bars::of("=%5100").unwrap().to_string();
        assert!(!drawn.contains("style") && !drawn.contains('%') && drawn.contains("mm\""));
    }
}
