//! The judges' own series: real donations and real demand, read where they lie beside the repository.

use std::path::Path;

use crate::backtest::{Backtest, Report, backtest};
use crate::baselines::Method;
use crate::calendar::{Calendar, Counted};
use crate::judge::{Score, Trial, Verdict};
use crate::model::CountModel;
use crate::rows::Table;
use crate::series::Series;

/// The text of a file in `shared/data` of a directory above this one; says loudly when it is absent.
fn text(file: &str) -> Option<String> {
    let found = Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .map(|above| above.join("shared/data").join(file))
        .find(|path| path.is_file());
    let Some(path) = found else {
        println!("SKIPPED: {file} is not in a directory shared/data above; nothing was judged on it");
        return None;
    };
    Some(std::fs::read_to_string(path).unwrap())
}

fn table(file: &str) -> Option<Table> {
    let text = text(file)?;
    let mut lines = text.lines().map(|line| line.split(',').collect::<Vec<_>>());
    Some(Table::parse(&lines.next().unwrap(), lines).unwrap())
}

fn series(file: &str, column: &str) -> Option<Series> {
    Some(table(file)?.column(Some(column)).unwrap().clone())
}

fn calendar() -> Option<Calendar> {
    let text = text("my_calendar.csv")?;
    let mut lines = text.lines().map(|line| line.split(',').collect::<Vec<_>>());
    Some(Calendar::parse(&lines.next().unwrap(), lines).unwrap())
}

const HORIZONS: [usize; 4] = [7, 14, 28, 42];

/// The methods on a series that ends `left` days before its file does.
fn verdict(series: &Series, calendar: &Calendar, first: usize, left: usize, methods: &[Method]) -> Verdict {
    let known = series.until(series.len() - left);
    let trial = Trial { first, every: 14, horizons: HORIZONS.to_vec() };
    crate::judge::judge(&known, calendar, &trial, methods, &|| 0.0)
}

fn scores(verdict: &Verdict, method: Method) -> &[Score] {
    &verdict.methods.iter().find(|judged| judged.method == method).unwrap().scores
}

/// Five series, origins of 2023 and 2024; expected counts were chosen on earlier ones.
#[test]
fn the_model_keeps_its_promise_on_donations_of_a_country() {
    let (Some(table), Some(calendar)) = (table("my_national_abo_daily.csv"), calendar()) else { return };
    let first = 6_225; // 2023-01-17
    let verdicts: Vec<Verdict> = table
        .series
        .iter()
        .map(|(_, series)| verdict(series, &calendar, first, 0, &[Method::Model, Method::Ets7]))
        .collect();
    let mean = |method: Method, at: usize, of: fn(&Score) -> f64| {
        verdicts.iter().map(|verdict| of(&scores(verdict, method)[at])).sum::<f64>() / 5.0
    };
    let (mut all_80, mut all_95) = (0.0, 0.0);
    for (at, horizon) in HORIZONS.into_iter().enumerate() {
        let own = |of: fn(&Score) -> f64| mean(Method::Model, at, of);
        let (wape, mase, ets) = (own(|s| s.wape), own(|s| s.mase), mean(Method::Ets7, at, |s| s.mase));
        let (held_80, held_95) = (own(|s| s.held_80.unwrap()), own(|s| s.held_95.unwrap()));
        println!("{horizon}: WAPE {wape:.4}, MASE {:.3} of ETS, held {held_80:.3} {held_95:.3}", mase / ets);
        assert_eq!(scores(&verdicts[0], Method::Model)[at].origins, 49);
        let most = [0.080, 0.070, 0.053, 0.047][at];
        assert!(wape <= most, "{horizon} days: {wape}");
        assert!(mase <= 0.8 * ets, "{horizon} days: {mase} against {ets}");
        (all_80, all_95) = (all_80 + held_80 / 4.0, all_95 + held_95 / 4.0);
    }
    assert!((0.77..=0.83).contains(&all_80) && (0.93..=0.97).contains(&all_95), "{all_80} {all_95}");
}

/// Six hundred numbered days: nothing is known but weekdays.
#[test]
fn the_model_is_no_worse_than_the_best_on_platelets() {
    let Some(used) = series("us_platelets_used_daily.csv", "plt_used") else { return };
    for first in [150, 300] {
        let verdict = verdict(&used, &Calendar::default(), first, 0, Method::ALL);
        for at in [1, 2, 3] {
            let wape = |judged: &crate::judge::Judged| judged.scores[at].wape;
            let best = verdict.methods.iter().skip(1).map(wape).fold(f64::INFINITY, f64::min);
            assert!(wape(&verdict.methods[0]) <= best + 1e-9, "{} days: {best}", HORIZONS[at]);
        }
    }
}

fn judge(file: &str, column: &str, horizon: usize, first: usize) -> Option<Report> {
    let trial = Backtest { horizon, first, ..Backtest::default() };
    let report = backtest(&series(file, column)?, &trial).unwrap();
    println!("{column}, {horizon} days: {report:.3?}");
    Some(report)
}

#[test]
fn bands_and_errors_hold_on_real_series() {
    let donations =
        [("MY_all", 365), ("MY_ab", 365)].map(|(column, first)| ("my_national_abo_daily.csv", column, first));
    for (file, column, first) in
        donations.into_iter().chain([("us_platelets_used_daily.csv", "plt_used", 150)])
    {
        let Some(report) = judge(file, column, 28, first) else { continue };
        assert!(report.mase < report.mase_naive, "{column}: no better than a week ago");
        assert!((0.65..0.95).contains(&report.totals_covered), "{column}: {report:?}");
        assert!((0.65..0.95).contains(&report.path_totals_covered), "{column}: {report:?}");
        assert!((0.70..0.92).contains(&report.days_covered), "{column}: {report:?}");
    }
}

#[test]
fn other_horizons_hold_on_real_series() {
    for horizon in [7, 90] {
        for (file, column) in
            [("my_national_abo_daily.csv", "MY_all"), ("us_platelets_used_daily.csv", "plt_used")]
        {
            let Some(report) = judge(file, column, horizon, 300) else { continue };
            assert!(report.mase < report.mase_naive, "{column}: no better than a week ago");
            assert!((0.6..0.97).contains(&report.totals_covered), "{column}: {report:?}");
        }
    }
}

/// Nine regions as if they had been counted for 120 days: what is published of the fast and its feasts makes totals truer
/// than believing nothing.
#[test]
fn a_young_series_is_told_better_by_what_is_published() {
    let (Some(table), Some(calendar)) = (table("my_state_daily.csv"), calendar()) else { return };
    let wape = |counted: Counted| {
        let calendar = calendar.of_counts(counted);
        HORIZONS.map(|days| {
            let (mut off, mut all) = (0.0, 0.0);
            for (_, series) in &table.series {
                for origin in (400..series.len() - 42).step_by(84) {
                    let known = series.until(origin).last(120);
                    let came: Option<f64> = series.counts()[origin..origin + days].iter().copied().sum();
                    let Some(came) = came else { continue };
                    off += (came - CountModel::fit(&known, &calendar, 42).total(days).unwrap().mean).abs();
                    all += came;
                }
            }
            off / all
        })
    };
    let (given, nothing) = (wape(Counted::Given), wape(Counted::Anything));
    println!("WAPE of totals at {HORIZONS:?} days: {given:.4?} against {nothing:.4?}");
    for (given, nothing) in given.iter().zip(nothing) {
        assert!(*given < 0.97 * nothing, "{given} against {nothing}");
    }
}

/// Groups each by themselves, and as their shares of the last year of a total that is forecast whole.
#[test]
fn groups_by_themselves_are_no_worse_than_shares_of_a_total() {
    let (Some(table), Some(calendar)) = (table("my_national_abo_daily.csv"), calendar()) else { return };
    let named = |wanted: &str| table.series.iter().find(|(name, _)| name == wanted).unwrap().1.clone();
    let whole = named("MY_all");
    let groups: Vec<Series> = ["MY_a", "MY_b", "MY_ab", "MY_o"].map(named).into();
    let sum = |series: &Series, from: usize, days: usize| -> f64 {
        series.counts()[from..from + days].iter().copied().flatten().sum()
    };
    let mut off = [[0.0; 2]; 4];
    let mut all = [0.0; 4];
    for origin in (6_225..whole.len() - 42).step_by(14) {
        let model = |series: &Series| CountModel::fit(&series.until(origin), &calendar, 42);
        let total = model(&whole);
        for group in &groups {
            let own = model(group);
            let share = sum(group, origin - 365, 365) / sum(&whole, origin - 365, 365);
            for (at, days) in HORIZONS.into_iter().enumerate() {
                let came = sum(group, origin, days);
                let (own, split) = (own.total(days).unwrap().mean, share * total.total(days).unwrap().mean);
                off[at][0] += (came - own).abs();
                off[at][1] += (came - split).abs();
                all[at] += came;
            }
        }
    }
    for ((off, all), days) in off.iter().zip(all).zip(HORIZONS) {
        let [own, split] = off.map(|off| off / all);
        println!("{days}: WAPE by themselves {own:.4}, as shares of the total {split:.4}");
        assert!(own <= 1.02 * split, "{days} days: {own} against {split}");
    }
}
