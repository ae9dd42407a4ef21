//! Square codes for cameras: QR, drawn by the server.

use askama::filters::HtmlSafe;
use fast_qr::QRBuilder;
use fast_qr::convert::svg::SvgBuilder;

/// A text as a QR code; nothing where it is too long for one.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Square(String);

impl Square {
    #[must_use]
    pub fn of(text: &str) -> Self {
        let drawn = QRBuilder::new(text).build();
        let svg = drawn.map(|code| SvgBuilder::default().to_str(&code)).unwrap_or_default();
        // Within a page a picture needs no namespace, and pages name no address.
        Self(svg.replace(" xmlns=\"http://www.w3.org/2000/svg\"", ""))
    }
}

impl std::fmt::Display for Square {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl HtmlSafe for Square {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_number_is_a_picture_and_what_is_too_long_is_none() {
        let drawn = Square::of("0123456789ABC").to_string();
        assert!(drawn.starts_with("<svg") && !drawn.contains("style=") && !drawn.contains("http"), "{drawn}");
        assert_ne!(drawn, Square::of("0123456789ABD").to_string());
        assert_eq!(Square::of(&"x".repeat(9_000)), Square::default());
    }
}
