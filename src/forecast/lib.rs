//! Mathematics: what comes in, what goes out, and how long the blood lasts.
//!
//! Nothing here does I/O, asks for the time or knows a table. Days are arguments, chance is a pure
//! function of (seed, stream, path, day), and every result is the same on one thread or on many.
//! Refused here: transfers between sites. Which group may stand in for which, and in what order, is the caller's rule.

pub mod alarm; // the model has been off to one side for weeks
pub mod backtest; // rolling-origin evaluation: MASE, coverage, CRPS
pub mod band; // P5 to P95, from past errors or from simulated paths
pub mod baselines; // what the model has to beat
pub mod calendar; // the days that move counts
pub mod chance; // random numbers that do not depend on the order of the work
pub mod closed; // textbook closed forms that judge the simulators
pub mod columns; // what a day is told by: weekday, season, calendar
pub mod cover; // expected stock and days of cover
pub mod fefo; // a shelf of dated lots: receive, expire, issue the first to expire
mod history; // what the weekday model would have said on each past day
pub mod joint; // the same of groups that stand in for each other, by the rule of issue
pub mod judge; // methods side by side at rolling origins
pub mod model; // the count model: calendar regression, blended, with bands of totals
mod number; // counts to reals and back, the two ways the linter cannot see
pub mod paths; // simulated daily counts, by resampling past weeks
pub mod project; // stock ahead: on-hand bands, shortage, outdates, days of cover
mod regression; // ridge regression that learns day by day and forgets slowly
pub mod rows; // series out of the rows of a file, or every fault with its row
pub mod sample; // what may come, as weighted past errors put it
pub mod series; // daily counts with explicit gaps
pub mod smoothing; // exponential smoothing with a week
mod walk; // one pass that leaves at each past origin what would have been said there
pub mod weekday; // the weekday mean and its honest bands

#[cfg(test)]
mod optima;
#[cfg(test)]
mod real_series;

pub use alarm::Change;
pub use backtest::{Backtest, Report, backtest};
pub use band::Band;
pub use baselines::Method;
pub use calendar::{Calendar, CalendarFault, Counted, MarkFault, Occasion};
pub use chance::{Chance, Draws};
pub use columns::DayType;
pub use cover::{Cover, ExpectedShelf, days_of_cover};
pub use fefo::{DayRecord, Lot, Shelf};
pub use joint::{Group, JointPlan, JointProjection, Order, Sides, Step, project_jointly};
pub use judge::{Trial, Verdict, judge};
pub use model::{CountModel, Expected, Rests};
pub use paths::Paths;
pub use project::{Pending, Plan, ProjectFault, ProjectedDay, Projection, project};
pub use rows::{RowFault, SeriesFault, Table};
pub use sample::{Quantiles, Sample};
pub use series::{Axis, Series};
pub use weekday::{Basis, Forecast, ForecastDay, WeekdayModel};
