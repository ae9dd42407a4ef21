//! Scores and forecasts as text: a table for people, CSV for whoever scores again.

use std::fmt::Write;

use shiryan_forecast::Method;
use shiryan_forecast::judge::{BINS, Judged, Score};

use super::Case;

/// The report of all series and of their mean.
pub(super) fn report(cases: &[Case]) -> Result<String, std::fmt::Error> {
    let mut text = String::new();
    for case in cases {
        let origins = &case.verdict.origins;
        let (Some(first), Some(last)) = (origins.first(), origins.last()) else { continue };
        writeln!(
            text,
            "{}: {} origins, {} to {}",
            case.name,
            origins.len(),
            case.day_name(*first),
            case.day_name(*last)
        )?;
        table(&mut text, &rows(std::slice::from_ref(case)))?;
        days(&mut text, case)?;
        writeln!(text)?;
    }
    if cases.len() > 1 {
        writeln!(text, "mean of {} series", cases.len())?;
        table(&mut text, &rows(cases))?;
        writeln!(text)?;
    }
    writeln!(
        text,
        "WAPE, bias and CRPS are of totals over the horizon, as shares of what came; coverage is of those totals."
    )?;
    writeln!(text, "MASE is of days: 1 is the error of \"as a week ago\" on the days known.")?;
    Ok(text)
}

/// A method at a horizon, averaged over series.
struct Row {
    method: Method,
    score: Score,
    /// Median seconds of a fit.
    seconds: f64,
}

fn rows(cases: &[Case]) -> Vec<Row> {
    let Some(first) = cases.first() else { return Vec::new() };
    let methods = first.verdict.methods.iter().map(|judged| judged.method);
    let mut rows = Vec::new();
    let of = |method: Method| -> Vec<&Judged> {
        cases
            .iter()
            .filter_map(|case| case.verdict.methods.iter().find(|judged| judged.method == method))
            .collect()
    };
    let mut horizons: Vec<usize> =
        first.verdict.methods.iter().flat_map(|judged| judged.scores.iter().map(|s| s.horizon)).collect();
    horizons.sort_unstable();
    horizons.dedup();
    for horizon in horizons {
        for method in methods.clone() {
            let judged = of(method);
            let scores: Vec<Score> = judged
                .iter()
                .filter_map(|judged| judged.scores.iter().find(|score| score.horizon == horizon).copied())
                .collect();
            // A mean over fewer series would not be comparable.
            if scores.len() == cases.len() {
                let medians: Vec<f64> = judged.iter().map(|judged| median(&judged.seconds)).collect();
                rows.push(Row { method, score: mean(&scores), seconds: average(&medians) });
            }
        }
    }
    rows
}

fn mean(scores: &[Score]) -> Score {
    let of = |value: fn(&Score) -> f64| average(&scores.iter().map(value).collect::<Vec<_>>());
    let all = |value: fn(&Score) -> Option<f64>| {
        scores.iter().map(value).collect::<Option<Vec<_>>>().map(|values| average(&values))
    };
    Score {
        horizon: scores.first().map_or(0, |score| score.horizon),
        origins: scores.iter().map(|score| score.origins).sum(),
        mase: of(|score| score.mase),
        wape: of(|score| score.wape),
        bias: of(|score| score.bias),
        crps: all(|score| score.crps),
        held_80: all(|score| score.held_80),
        held_95: all(|score| score.held_95),
    }
}

fn average(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / f64::from(u32::try_from(values.len()).unwrap_or(u32::MAX))
}

fn median(sorted: &[f64]) -> f64 {
    sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
}

fn table(text: &mut String, rows: &[Row]) -> std::fmt::Result {
    if rows.is_empty() {
        return writeln!(text, "  no horizon has ended; nothing to judge");
    }
    writeln!(
        text,
        "  {:>4} {:<15}{:>7}{:>8}{:>8}{:>8}{:>7}{:>7}{:>9}",
        "days", "method", "MASE", "WAPE", "bias", "CRPS", "80 %", "95 %", "ms a fit"
    )?;
    for Row { method, score, seconds } in rows {
        let shown = |value: Option<f64>, width: usize, digits: usize| {
            value.map_or_else(|| format!("{:>width$}", "-"), |value| format!("{value:>width$.digits$}"))
        };
        writeln!(
            text,
            "  {:>4} {:<15}{:>7.3}{:>8.4}{:>+8.4}{}{}{}{:>9.2}",
            score.horizon,
            method.code(),
            score.mase,
            score.wape,
            score.bias,
            shown(score.crps, 8, 4),
            shown(score.held_80, 7, 2),
            shown(score.held_95, 7, 2),
            seconds * 1e3
        )?;
    }
    Ok(())
}

fn days(text: &mut String, case: &Case) -> std::fmt::Result {
    let verdict = &case.verdict;
    for score in &verdict.days {
        writeln!(
            text,
            "  model, {} days: 80 % bands held {:.2}, 95 % bands {:.2} of {}",
            score.kind.code(),
            score.held_80,
            score.held_95,
            score.days
        )?;
    }
    if let Some(crps) = verdict.day_crps {
        writeln!(text, "  model, CRPS of days over the scale of MASE: {crps:.3}")?;
    }
    if let Some(change) = verdict.change {
        let side = if change.rising { "more" } else { "less" };
        writeln!(
            text,
            "  model: {side} came lately than was expected; an alarm rang {} weeks before the last origin",
            change.weeks
        )?;
    }
    let bins: Vec<String> = verdict.pit.iter().map(ToString::to_string).collect();
    writeln!(text, "  model, PIT of totals in tenths: {}", bins.join(" "))
}

/// `days` names rows of the model alone: a type of day with how often its bands held, and `all` with the CRPS of days over
/// the scale of MASE and where totals fell in the model's law, in tenths.
const HEADER: [&str; 12] = [
    "series", "method", "horizon", "origins", "mase", "wape", "bias", "crps", "held_80", "held_95", "fit_ms",
    "days",
];

/// The scores of each series and of their mean as CSV.
pub(super) fn scores(cases: &[Case]) -> Result<String, String> {
    let mut out = csv::Writer::from_writer(Vec::new());
    let pit = (1..=BINS).map(|bin| format!("pit_{bin}"));
    let header: Vec<String> = HEADER.into_iter().map(str::to_owned).chain(pit).collect();
    out.write_record(header).map_err(|error| error.to_string())?;
    let mut put = |head: Vec<String>, pit: Option<&[usize; BINS]>| {
        let bins = (0..BINS)
            .map(|bin| pit.and_then(|pit| pit.get(bin)).map(ToString::to_string).unwrap_or_default());
        out.write_record(head.into_iter().chain(bins)).map_err(|error| error.to_string())
    };
    let mut write = |name: &str, rows: Vec<Row>| -> Result<(), String> {
        for Row { method, score, seconds } in rows {
            let cell = |value: Option<f64>| value.map(|value| format!("{value:.6}")).unwrap_or_default();
            let record = vec![
                name.to_owned(),
                method.code().to_owned(),
                score.horizon.to_string(),
                score.origins.to_string(),
                cell(Some(score.mase)),
                cell(Some(score.wape)),
                cell(Some(score.bias)),
                cell(score.crps),
                cell(score.held_80),
                cell(score.held_95),
                format!("{:.3}", seconds * 1e3),
                String::new(),
            ];
            put(record, None)?;
        }
        Ok(())
    };
    for case in cases {
        write(&case.name, rows(std::slice::from_ref(case)))?;
    }
    if cases.len() > 1 {
        write("(mean)", rows(cases))?;
    }
    for case in cases {
        let of_model = |count: usize, held: Option<(f64, f64)>, crps: Option<f64>, days: &str| {
            let cell = |value: Option<f64>| value.map(|value| format!("{value:.6}")).unwrap_or_default();
            let none = String::new;
            let (held_80, held_95) = (cell(held.map(|held| held.0)), cell(held.map(|held| held.1)));
            let name = case.name.clone();
            let (model, days) = (Method::Model.code().to_owned(), days.to_owned());
            vec![
                name,
                model,
                none(),
                count.to_string(),
                none(),
                none(),
                none(),
                cell(crps),
                held_80,
                held_95,
                none(),
                days,
            ]
        };
        let verdict = &case.verdict;
        for score in &verdict.days {
            put(of_model(score.days, Some((score.held_80, score.held_95)), None, score.kind.code()), None)?;
        }
        let totals = verdict.pit.iter().sum();
        put(of_model(totals, None, verdict.day_crps, "all"), Some(&verdict.pit))?;
    }
    text_of(out)
}

/// Each forecast of the model: `series,origin,horizon,mean,p025,p10,p50,p90,p975` of the horizon's total.
pub(super) fn forecasts(cases: &[Case]) -> Result<String, String> {
    let mut out = csv::Writer::from_writer(Vec::new());
    let header = ["series", "origin", "horizon", "mean", "p025", "p10", "p50", "p90", "p975"];
    out.write_record(header).map_err(|error| error.to_string())?;
    for case in cases {
        for forecast in &case.verdict.forecasts {
            let q = forecast.quantiles;
            let mut record =
                vec![case.name.clone(), case.day_name(forecast.origin), forecast.horizon.to_string()];
            record.extend(
                [forecast.mean, q.p025, q.p10, q.p50, q.p90, q.p975].map(|value| format!("{value:.3}")),
            );
            out.write_record(record).map_err(|error| error.to_string())?;
        }
    }
    text_of(out)
}

fn text_of(out: csv::Writer<Vec<u8>>) -> Result<String, String> {
    let bytes = out.into_inner().map_err(|error| error.to_string())?;
    String::from_utf8(bytes).map_err(|error| error.to_string())
}
