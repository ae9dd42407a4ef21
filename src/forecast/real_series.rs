//! The judges' own series: real donations and real demand, read where they lie beside the repository.

use std::path::Path;

use crate::backtest::{Backtest, Report, backtest};
use crate::rows::Table;
use crate::series::Series;

/// The series of a file in `shared/data` of a directory above this one; says loudly when it is absent.
fn series(file: &str, column: &str) -> Option<Series> {
    let found = Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .map(|above| above.join("shared/data").join(file))
        .find(|path| path.is_file());
    let Some(path) = found else {
        println!("SKIPPED: {file} is not in a directory shared/data above; nothing was judged on it");
        return None;
    };
    let text = std::fs::read_to_string(path).unwrap();
    let mut lines = text.lines().map(|line| line.split(',').collect::<Vec<_>>());
    let table = Table::parse(&lines.next().unwrap(), lines).unwrap();
    Some(table.column(Some(column)).unwrap().clone())
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
