//! A ridge regression that learns one day after the other and forgets slowly.
//!
//! Ordinary and rare days are kept in two sums that forget at different speeds, so that last year's Ramadan
//! is not drowned by a year of ordinary days. Instead of shrinking old sums each day, new days weigh more; a
//! solution scales both back.

#![expect(
    clippy::indexing_slicing,
    reason = "a Cholesky kernel: every index is below the size it was made with"
)]

use crate::columns::{Column, Row};
use crate::number::len;

/// Days after which an ordinary day counts half.
const HALF_LIFE: f64 = 1_000.0;
/// The same of a rare day: four years.
const RARE_HALF_LIFE: f64 = 1_461.0;
/// A column that is not believed yet.
const SHUT: f64 = 1e8;

/// Weighted sums of products.
#[derive(Debug, Clone)]
struct Sums {
    squares: Vec<f64>,
    products: Vec<f64>,
}

impl Sums {
    fn new(size: usize) -> Self {
        Self { squares: vec![0.0; size * size], products: vec![0.0; size] }
    }

    fn add(&mut self, row: &Row, weight: f64, response: f64) {
        let size = self.products.len();
        for (place, (at, value)) in row.cells.iter().enumerate() {
            self.products[*at] += weight * value * response;
            // Cells stand in the order of their columns, and the upper triangle is enough.
            for (other, beside) in row.cells.iter().skip(place) {
                self.squares[at * size + other] += weight * value * beside;
            }
        }
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Regression {
    /// What each column is believed to be, and how firmly.
    means: Vec<f64>,
    penalties: Vec<f64>,
    seasonal: Vec<bool>,
    ordinary: Sums,
    rare: Sums,
    days: usize,
}

impl Regression {
    pub(crate) fn new(columns: &[Column]) -> Self {
        Self {
            means: columns.iter().map(|column| column.mean).collect(),
            penalties: columns.iter().map(|column| column.spread.powi(-2)).collect(),
            seasonal: columns.iter().map(|column| column.season).collect(),
            ordinary: Sums::new(columns.len()),
            rare: Sums::new(columns.len()),
            days: 0,
        }
    }

    /// One day passes, whether or not it was seen.
    pub(crate) fn pass(&mut self) {
        self.days += 1;
    }

    /// Takes in a day: `weight` is one over the variance of its `response`.
    pub(crate) fn add(&mut self, row: &Row, weight: f64, response: f64) {
        let (sums, half_life) =
            if row.rare { (&mut self.rare, RARE_HALF_LIFE) } else { (&mut self.ordinary, HALF_LIFE) };
        sums.add(row, weight * (len(self.days) / half_life).exp2(), response);
    }

    /// The most likely effect of each column; the season's only when it is `believed`.
    pub(crate) fn solve(&self, believed: bool) -> Vec<f64> {
        let size = self.penalties.len();
        let now = |half_life: f64| (-len(self.days) / half_life).exp2();
        let (ordinary, rare) = (now(HALF_LIFE), now(RARE_HALF_LIFE));
        let both = |a: &[f64], b: &[f64]| -> Vec<f64> {
            a.iter().zip(b).map(|(a, b)| a * ordinary + b * rare).collect()
        };
        let mut matrix = both(&self.ordinary.squares, &self.rare.squares);
        let mut effects = both(&self.ordinary.products, &self.rare.products);
        for at in 0..size {
            let shut = self.seasonal[at] && !believed;
            let penalty = if shut { SHUT } else { self.penalties[at] };
            matrix[at * size + at] += penalty;
            effects[at] += penalty * self.means[at];
        }
        cholesky(&mut matrix, size);
        solve(&matrix, &mut effects);
        effects
    }
}

/// The upper triangle becomes its own root U, with UᵀU the matrix. The penalties keep it positive.
///
/// Rows are subtracted from rows, which a compiler turns into wide instructions; sums of products it may not.
fn cholesky(matrix: &mut [f64], size: usize) {
    for row in 0..size {
        let (upto, below) = matrix.split_at_mut((row + 1) * size);
        let own = &mut upto[row * size + row..];
        let pivot = own[0].max(f64::MIN_POSITIVE).sqrt();
        own.iter_mut().for_each(|value| *value /= pivot);
        for (at, other) in below.chunks_exact_mut(size).enumerate() {
            let factor = own[at + 1];
            if factor != 0.0 {
                let right = row + 1 + at;
                other[right..].iter_mut().zip(&own[at + 1..]).for_each(|(value, a)| *value -= factor * a);
            }
        }
    }
}

/// Solves UᵀU x = `right` in place.
fn solve(root: &[f64], right: &mut [f64]) {
    let size = right.len();
    for row in 0..size {
        let line = &root[row * size + row..(row + 1) * size];
        right[row] /= line[0];
        let known = right[row];
        right[row + 1..].iter_mut().zip(&line[1..]).for_each(|(value, a)| *value -= a * known);
    }
    for row in (0..size).rev() {
        let line = &root[row * size + row..(row + 1) * size];
        let sum: f64 = line[1..].iter().zip(&right[row + 1..]).map(|(a, b)| a * b).sum();
        right[row] = (right[row] - sum) / line[0];
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chance::Chance;
    use crate::columns::DayType;

    fn columns(spreads: &[f64]) -> Vec<Column> {
        spreads.iter().map(|spread| Column { mean: 0.0, spread: *spread, season: false }).collect()
    }

    fn row(cells: &[(usize, f64)], rare: bool) -> Row {
        Row { cells: cells.to_vec(), kind: DayType::Weekday, rare }
    }

    #[test]
    fn one_column_is_a_shrunk_mean() {
        let mut model = Regression::new(&columns(&[0.5]));
        (0..3).for_each(|_| model.add(&row(&[(0, 1.0)], false), 2.0, 1.0));
        // Precision 6 of the data against 4 of the prior.
        assert!((model.solve(true)[0] - 0.6).abs() < 1e-12);
        assert_eq!(Regression::new(&columns(&[0.5, 1.0])).solve(true), [0.0, 0.0]);
    }

    #[test]
    fn what_is_believed_stands_until_days_say_otherwise() {
        let mut model = Regression::new(&[Column { mean: -0.3, spread: 0.5, season: false }]);
        assert!((model.solve(true)[0] + 0.3).abs() < 1e-12);
        (0..3).for_each(|_| model.add(&row(&[(0, 1.0)], false), 2.0, 1.0));
        // Precision 6 of the data at 1 against 4 of the prior at −0.3.
        assert!((model.solve(true)[0] - 0.48).abs() < 1e-12);
    }

    #[test]
    fn effects_are_found_again() {
        let truth = [0.4, -0.2, 0.7, 0.1];
        let mut model = Regression::new(&columns(&[9.0; 4]));
        for day in 0..400 {
            let mut draws = Chance::new(1, 1).at(0, day);
            let cells: Vec<(usize, f64)> = (0..4).map(|at| (at, draws.normal())).collect();
            let response: f64 = cells.iter().map(|(at, value)| value * truth[*at]).sum();
            model.pass();
            model.add(&row(&cells, day % 9 == 0), 1.0, response);
        }
        for (found, true_effect) in model.solve(true).iter().zip(truth) {
            assert!((found - true_effect).abs() < 1e-3, "{found} {true_effect}");
        }
    }

    #[test]
    fn a_rare_day_is_remembered_longer() {
        let weight_left = |rare: bool| {
            let mut model = Regression::new(&columns(&[1.0]));
            model.add(&row(&[(0, 1.0)], rare), 1.0, 1.0);
            (0..1_461).for_each(|_| model.pass());
            let found = model.solve(true)[0];
            found / (1.0 - found)
        };
        assert!((weight_left(true) - 0.5).abs() < 1e-9);
        assert!((weight_left(false) - (-1.461_f64).exp2()).abs() < 1e-9);
    }

    #[test]
    fn a_season_not_believed_is_nought() {
        let mut model = Regression::new(&[Column { mean: 0.0, spread: 1.0, season: true }]);
        (0..9).for_each(|_| model.add(&row(&[(0, 1.0)], false), 5.0, 1.0));
        assert!(model.solve(false)[0] < 1e-6 && model.solve(true)[0] > 0.9);
    }
}
