//! The house's pulse: whether writes go through and whether the clock runs evenly, for `/readyz` and for figures.

use std::time::Instant;

use chrono::Duration;
use diesel::dsl::max;
use diesel::prelude::*;
use shiryan_kernel::Result;
use shiryan_kernel::level::Level;
use shiryan_kernel::time::Moment;

use super::PULSE;
use crate::db::tables::{audit_lines, published_tables, reserve_levels};
use crate::db::{Db, Lane, meta};
use crate::http::House;
use crate::projections;

/// A clock that differs by more from an even one was set.
const JUMP: Duration = Duration::seconds(60);

/// Compares the wall's clock with one that nobody can set.
#[derive(Debug, Clone, Copy)]
pub struct Even {
    wall: Moment,
    steady: Instant,
}

impl Even {
    #[must_use]
    pub const fn begin(wall: Moment, steady: Instant) -> Self {
        Self { wall, steady }
    }

    /// How far the wall's clock was set since the last look, when it was.
    pub fn look(&mut self, wall: Moment, steady: Instant) -> Option<Duration> {
        let went = Duration::from_std(steady - self.steady).unwrap_or_default();
        let jump = wall - self.wall - went;
        *self = Self { wall, steady };
        (jump.abs() > JUMP).then_some(jump)
    }
}

/// Writes when it was, so that the next start and `doctor` know a clock that was set back; whether it was later before.
///
/// # Errors
/// As any write: then nothing can be written.
pub async fn beat(db: &Db) -> Result<bool> {
    db.write(Lane::System, |tx| {
        let before = meta::get(tx.conn, PULSE)?.and_then(|text| text.parse::<Moment>().ok());
        meta::put(tx.conn, PULSE, &tx.now.to_rfc3339())?;
        Ok(before.is_some_and(|before| before > tx.now + JUMP))
    })
    .await
}

/// Notes how the house stands, for whoever watches figures; none of them counts donors.
///
/// # Errors
/// As any read.
pub async fn figures(house: &House) -> Result<()> {
    metrics::describe_gauge!("shiryan_ready", "1 while /readyz says ready.");
    metrics::describe_gauge!(
        "shiryan_audit_unchained_lines",
        "Lines of the record that the chain does not hold yet."
    );
    metrics::describe_gauge!(
        "shiryan_reserve_cells",
        "Groups of components by the level at which they stand."
    );
    metrics::describe_gauge!("shiryan_published_age_seconds", "Age of the hospitals' table of donors.");
    metrics::describe_gauge!(
        "shiryan_db_connections",
        "Connections to the database, by whether they are in use."
    );
    metrics::describe_gauge!(
        "shiryan_roster_age_seconds",
        "Since the counts in memory last followed the feed."
    );
    metrics::describe_gauge!(
        "shiryan_projection_age_seconds",
        "Since the last projection was worked out here."
    );
    let (all, idle) = house.db.connections();
    metrics::gauge!("shiryan_db_connections", "state" => "in_use").set(f64::from(all.saturating_sub(idle)));
    metrics::gauge!("shiryan_db_connections", "state" => "idle").set(f64::from(idle));
    metrics::gauge!("shiryan_roster_age_seconds").set(house.roster.age().as_secs_f64());
    if let Some(age) = projections::age() {
        metrics::gauge!("shiryan_projection_age_seconds").set(age.as_secs_f64());
    }
    let now = house.db.now().naive_utc();
    let (unchained, levels, made) = house
        .db
        .read(|conn| {
            let loose = audit_lines::table.filter(diesel::dsl::not(audit_lines::chained));
            let levels: Vec<Level> = reserve_levels::table.select(reserve_levels::level).load(conn)?;
            let made: Option<chrono::NaiveDateTime> =
                published_tables::table.select(max(published_tables::made_at)).first(conn)?;
            Ok((loose.count().get_result::<i64>(conn)?, levels, made))
        })
        .await?;
    let figure = |count: usize| f64::from(u32::try_from(count).unwrap_or(u32::MAX));
    metrics::gauge!("shiryan_audit_unchained_lines").set(figure(usize::try_from(unchained).unwrap_or(0)));
    for level in Level::ALL {
        let count = levels.iter().filter(|one| *one == level).count();
        metrics::gauge!("shiryan_reserve_cells", "level" => level.code()).set(figure(count));
    }
    if let Some(made) = made {
        let age = u32::try_from((now - made).num_seconds()).unwrap_or(0);
        metrics::gauge!("shiryan_published_age_seconds").set(f64::from(age));
    }
    let ready = house.pulse.writes() && !house.pulse.is_leaving();
    metrics::gauge!("shiryan_ready").set(if ready { 1.0 } else { 0.0 });
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_clock_that_was_set_is_told_of() {
        let (wall, steady) = ("2026-11-24T10:00:00Z".parse::<Moment>().unwrap(), Instant::now());
        let mut even = Even::begin(wall, steady);
        let at = |wall_seconds, steady_seconds| {
            (wall + Duration::seconds(wall_seconds), steady + std::time::Duration::from_secs(steady_seconds))
        };
        let mut look = |wall_seconds, steady_seconds| {
            let (wall, steady) = at(wall_seconds, steady_seconds);
            even.look(wall, steady).map(|jump| jump.num_seconds())
        };
        assert_eq!(look(1, 1), None);
        assert_eq!(look(31, 2), None, "a small step of a time server");
        assert_eq!(look(3_632, 3), Some(3_600));
        assert_eq!(look(3_633, 4), None, "told once");
        assert_eq!(look(34, 5), Some(-3_600));
        // A machine that slept: both went on, or the steady one stood still.
        assert_eq!(look(34 + 7_200, 5 + 7_200), None);
    }
}
