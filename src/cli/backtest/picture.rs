//! The totals of the longest horizon, each with its band, as an SVG of one panel per series; beside it how often bands of
//! days held, by type of day, and where totals fell in the model's law.

use std::fmt::Write;

use shiryan_forecast::judge::Forecasted;

use super::Case;

/// Of the totals, and of all.
const WIDTH: f64 = 900.0;
const WHOLE: f64 = 1_290.0;
const PANEL: f64 = 220.0;
/// Room for words left of, and above, each panel.
const MARGIN: (f64, f64) = (70.0, 30.0);

/// The whole picture; it loads nothing and needs no script.
pub(super) fn draw(cases: &[Case]) -> Result<String, std::fmt::Error> {
    let mut text = String::new();
    let height = PANEL * f64::from(u32::try_from(cases.len()).unwrap_or(1)) + 20.0;
    writeln!(
        text,
        r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WHOLE} {height}" font-family="sans-serif" font-size="12">"#
    )?;
    writeln!(text, r##"<rect width="100%" height="100%" fill="#fff"/>"##)?;
    for (at, case) in (0..).zip(cases) {
        let top = f64::from(at) * PANEL;
        panel(&mut text, case, top)?;
        held(&mut text, case, top)?;
        pit(&mut text, case, top)?;
    }
    writeln!(text, "</svg>")?;
    Ok(text)
}

fn panel(text: &mut String, case: &Case, top: f64) -> std::fmt::Result {
    let longest = case.verdict.forecasts.iter().map(|forecast| forecast.horizon).max().unwrap_or(0);
    let shown: Vec<&Forecasted> =
        case.verdict.forecasts.iter().filter(|forecast| forecast.horizon == longest).collect();
    let highest = shown.iter().map(|f| f.quantiles.p975.max(f.came.unwrap_or(0.0))).fold(1.0, f64::max);
    let count = f64::from(u32::try_from(shown.len().max(2)).unwrap_or(u32::MAX)) - 1.0;
    let x = |at: u32| MARGIN.0 + f64::from(at) / count * (WIDTH - MARGIN.0 - 20.0);
    let y = |value: f64| top + PANEL - (PANEL - MARGIN.1) * value / highest;
    writeln!(
        text,
        r#"<text x="{}" y="{}">{}: totals of {longest} days, by the day on which they begin; bands of 80 % and 95 %, dots are what came</text>"#,
        MARGIN.0,
        top + MARGIN.1 - 10.0,
        escaped(&case.name)
    )?;
    for part in [0.0, 0.5, 1.0] {
        let level = y(highest * part);
        writeln!(
            text,
            r##"<line x1="{}" x2="{}" y1="{level:.1}" y2="{level:.1}" stroke="#ddd"/><text x="{}" y="{:.1}" text-anchor="end" fill="#555">{:.0}</text>"##,
            MARGIN.0,
            WIDTH - 20.0,
            MARGIN.0 - 6.0,
            level + 4.0,
            highest * part
        )?;
    }
    band(text, &shown, x, y, |f| (f.quantiles.p025, f.quantiles.p975), "#cfe0f1")?;
    band(text, &shown, x, y, |f| (f.quantiles.p10, f.quantiles.p90), "#9cc0e4")?;
    let line: Vec<String> =
        (0..).zip(&shown).map(|(at, f)| format!("{:.1},{:.1}", x(at), y(f.mean))).collect();
    writeln!(text, r##"<polyline fill="none" stroke="#1f5a96" points="{}"/>"##, line.join(" "))?;
    for (at, forecast) in (0..).zip(&shown) {
        if let Some(came) = forecast.came {
            writeln!(text, r##"<circle cx="{:.1}" cy="{:.1}" r="2.5" fill="#b3261e"/>"##, x(at), y(came))?;
        }
    }
    for (at, forecast) in (0..).zip(&shown).filter(|(at, _)| at % 13 == 0) {
        let day = case.day_name(forecast.origin);
        writeln!(text, r##"<text x="{:.1}" y="{:.1}" fill="#555">{day}</text>"##, x(at), top + PANEL + 14.0)?;
    }
    Ok(())
}

/// Two bars a type of day: what the bands of 80 % and 95 % held, against lines where they should.
fn held(text: &mut String, case: &Case, top: f64) -> std::fmt::Result {
    let (left, width, floor) = (WIDTH + 40.0, 160.0, top + PANEL);
    let y = |share: f64| floor - (PANEL - MARGIN.1 - 14.0) * share;
    title(text, left, top, "days held")?;
    for share in [0.8, 0.95] {
        line(text, (left, left + width), y(share), &format!("{share}"))?;
    }
    let each = width / f64::from(u32::try_from(case.verdict.days.len().max(1)).unwrap_or(1));
    for (at, score) in (0_u32..).zip(&case.verdict.days) {
        let x = left + f64::from(at) * each;
        for (step, share, colour) in [(0.0, score.held_80, "#9cc0e4"), (0.4, score.held_95, "#cfe0f1")] {
            bar(text, (x + step * each, 0.35 * each), (y(share), floor), colour)?;
        }
        let word = score.kind.code();
        writeln!(
            text,
            r##"<text x="{x:.1}" y="{:.1}" font-size="9" fill="#555">{word}</text>"##,
            floor + 12.0
        )?;
    }
    Ok(())
}

/// How many totals fell into each tenth of the model's law; a true law fills them alike.
fn pit(text: &mut String, case: &Case, top: f64) -> std::fmt::Result {
    let (left, width, floor) = (WIDTH + 230.0, 140.0, top + PANEL);
    let bins = case.verdict.pit.map(|count| f64::from(u32::try_from(count).unwrap_or(u32::MAX)));
    let count = f64::from(u32::try_from(bins.len()).unwrap_or(1));
    let even = bins.iter().sum::<f64>() / count;
    let highest = bins.iter().copied().fold(2.0 * even.max(0.5), f64::max);
    let y = |value: f64| floor - (PANEL - MARGIN.1 - 14.0) * value / highest;
    title(text, left, top, "totals by tenth of the law")?;
    let each = width / count;
    for (at, value) in (0_u32..).zip(bins) {
        bar(text, (left + f64::from(at) * each, 0.85 * each), (y(value), floor), "#9cc0e4")?;
    }
    line(text, (left, left + width), y(even), "even")
}

fn title(text: &mut String, left: f64, top: f64, words: &str) -> std::fmt::Result {
    writeln!(text, r#"<text x="{left}" y="{}">{words}</text>"#, top + MARGIN.1 - 10.0)
}

fn bar(text: &mut String, (x, width): (f64, f64), (y, floor): (f64, f64), colour: &str) -> std::fmt::Result {
    let height = floor - y;
    writeln!(text, r#"<rect x="{x:.1}" y="{y:.1}" width="{width:.1}" height="{height:.1}" fill="{colour}"/>"#)
}

fn line(text: &mut String, (from, to): (f64, f64), y: f64, words: &str) -> std::fmt::Result {
    let at = y + 4.0;
    writeln!(
        text,
        r##"<line x1="{from}" x2="{to}" y1="{y:.1}" y2="{y:.1}" stroke="#b3261e"/><text x="{}" y="{at:.1}" text-anchor="end" fill="#555">{words}</text>"##,
        from - 4.0
    )
}

fn band(
    text: &mut String,
    shown: &[&Forecasted],
    x: impl Fn(u32) -> f64,
    y: impl Fn(f64) -> f64,
    ends: impl Fn(&Forecasted) -> (f64, f64),
    colour: &str,
) -> std::fmt::Result {
    let point = |at: u32, value: f64| format!("{:.1},{:.1}", x(at), y(value));
    let mut points: Vec<String> = (0..).zip(shown).map(|(at, f)| point(at, ends(f).1)).collect();
    let mut back: Vec<String> = (0..).zip(shown).map(|(at, f)| point(at, ends(f).0)).collect();
    back.reverse();
    points.append(&mut back);
    writeln!(text, r#"<polygon fill="{colour}" points="{}"/>"#, points.join(" "))
}

fn escaped(name: &str) -> String {
    name.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
