//! A small picture of one group's days ahead. Pure.
//!
//! All groups stand on one scale: units on hand as days of what is asked for on average. Days run from left to right in
//! both languages.

use std::fmt;

use askama::filters::HtmlSafe;

/// Units of the picture's own measure; it is stretched to its place.
const WIDE: f64 = 360.0;
const HIGH: f64 = 100.0;

/// The scale that the pictures of a page share.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scale {
    /// Days drawn.
    pub days: usize,
    /// Days of cover at the top.
    pub top: f64,
    /// Days of cover that are enough.
    pub target: f64,
    /// Under these days nothing is left to share.
    pub stop: f64,
}

impl Scale {
    /// As high as the highest of what is drawn, within twice and eight times the target.
    #[must_use]
    pub fn over(days: usize, target: f64, stop: f64, highest: f64) -> Self {
        Self { days, top: highest.clamp(target * 2.0, target * 8.0), target, stop }
    }

    fn x(self, day: usize) -> f64 {
        let last = u32::try_from(self.days.saturating_sub(1).max(1)).unwrap_or(u32::MAX);
        f64::from(u32::try_from(day).unwrap_or(u32::MAX)) / f64::from(last) * WIDE
    }

    fn y(self, cover: f64) -> f64 {
        HIGH - (cover / self.top * HIGH).clamp(0.0, HIGH)
    }
}

/// Days of demand on hand at the close of a day.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    pub p10: f64,
    pub p50: f64,
    pub p90: f64,
}

/// What is drawn of one group.
#[derive(Debug, Clone, PartialEq)]
pub struct Chart {
    pub scale: Scale,
    pub points: Vec<Point>,
    /// The middle with the drives that are not published yet.
    pub proposed: Vec<f64>,
    /// Days ahead of published drives, and of others.
    pub drives: (Vec<usize>, Vec<usize>),
    /// The first day of shortage.
    pub dire: Option<usize>,
}

impl Chart {
    fn line(&self, heights: impl Iterator<Item = f64>) -> String {
        let points = heights.enumerate().map(|(day, height)| self.point(day, height));
        points.collect::<Vec<_>>().join(" ")
    }

    fn point(&self, day: usize, height: f64) -> String {
        format!("{:.0},{:.0}", self.scale.x(day), self.scale.y(height))
    }

    fn band(&self) -> String {
        let above = self.points.iter().enumerate().map(|(day, point)| self.point(day, point.p90));
        let below = self.points.iter().enumerate().rev().map(|(day, point)| self.point(day, point.p10));
        above.chain(below).collect::<Vec<_>>().join(" ")
    }
}

impl fmt::Display for Chart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scale = self.scale;
        let level = |f: &mut fmt::Formatter<'_>, class: &str, cover: f64| {
            let y = scale.y(cover);
            write!(f, "<line class=\"{class}\" x2=\"360\" y1=\"{y:.1}\" y2=\"{y:.1}\"/>")
        };
        write!(
            f,
            "<svg class=\"chart\" viewBox=\"0 0 360 106\" width=\"100%\" height=\"106\" preserveAspectRatio=\"none\" \
             aria-hidden=\"true\"><polygon class=\"band\" points=\"{}\"/>",
            self.band()
        )?;
        level(f, "target", scale.target)?;
        level(f, "stop", scale.stop)?;
        if let Some(day) = self.dire {
            let x = scale.x(day);
            write!(f, "<line class=\"dire\" x1=\"{x:.1}\" x2=\"{x:.1}\" y2=\"100\"/>")?;
        }
        if !self.proposed.is_empty() {
            write!(f, "<polyline class=\"more\" points=\"{}\"/>", self.line(self.proposed.iter().copied()))?;
        }
        write!(
            f,
            "<polyline class=\"mid\" points=\"{}\"/>",
            self.line(self.points.iter().map(|own| own.p50))
        )?;
        for (class, days) in [("tick", &self.drives.0), ("tick open", &self.drives.1)] {
            for x in days.iter().map(|day| scale.x(*day)) {
                write!(f, "<line class=\"{class}\" x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"100\" y2=\"106\"/>")?;
            }
        }
        f.write_str("</svg>")
    }
}

impl HtmlSafe for Chart {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_drawn_stands_where_it_belongs() {
        let scale = Scale::over(3, 6.0, 1.0, 0.0);
        assert_eq!(scale.top, 12.0);
        assert_eq!(Scale::over(3, 6.0, 1.0, 999.0).top, 48.0);
        let point = |p10, p50, p90| Point { p10, p50, p90 };
        let chart = Chart {
            scale,
            points: vec![point(6.0, 9.0, 12.0), point(3.0, 6.0, 99.0), point(0.0, 0.0, 3.0)],
            proposed: Vec::new(),
            drives: (vec![1], Vec::new()),
            dire: Some(2),
        };
        let drawn = chart.to_string();
        assert!(drawn.contains("class=\"band\" points=\"0,0 180,0 360,75 360,100 180,75 0,50\""), "{drawn}");
        assert!(drawn.contains("class=\"mid\" points=\"0,25 180,50 360,100\""), "{drawn}");
        assert!(drawn.contains("class=\"dire\" x1=\"360.0\"") && !drawn.contains("class=\"more\""));
        assert!(drawn.contains("class=\"tick\" x1=\"180.0\"") && !drawn.contains("NaN"));
        assert!(!drawn.contains("style"));
    }
}
