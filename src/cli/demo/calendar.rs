//! What a day is to those who give and those who need blood: the shape of the demo's two years.
//!
//! Multipliers are the published effects on donations (an ordinary day of the same weekday is 1). Dates
//! are Umm al-Qura's; sighting may differ by a day, which a demo can bear.

use chrono::{Datelike, NaiveDate, Weekday};

/// First day of Ramadan, of Eid al-Fitr and of Eid al-Adha: year, month, day.
const YEARS: [[(i32, u32, u32); 3]; 8] = [
    [(2023, 3, 23), (2023, 4, 21), (2023, 6, 28)],
    [(2024, 3, 11), (2024, 4, 10), (2024, 6, 16)],
    [(2025, 3, 1), (2025, 3, 30), (2025, 6, 6)],
    [(2026, 2, 18), (2026, 3, 20), (2026, 5, 27)],
    [(2027, 2, 8), (2027, 3, 10), (2027, 5, 17)],
    [(2028, 1, 28), (2028, 2, 26), (2028, 5, 5)],
    [(2029, 1, 16), (2029, 2, 14), (2029, 4, 24)],
    [(2030, 1, 5), (2030, 2, 4), (2030, 4, 13)],
];

/// How much is given on a day, against an ordinary Sunday.
pub fn giving(day: NaiveDate) -> f64 {
    weekday_giving(day) * season_giving(day)
}

/// How much is needed on a day, against an ordinary Sunday: little but the weekend and elective surgery.
pub fn need(day: NaiveDate) -> f64 {
    let weekly = match day.weekday() {
        Weekday::Fri => 0.62,
        Weekday::Sat => 0.78,
        Weekday::Sun => 1.0,
        _ => 1.08,
    };
    weekly * if is_eid(day) { 0.9 } else { 1.0 }
}

fn weekday_giving(day: NaiveDate) -> f64 {
    match day.weekday() {
        Weekday::Fri => 0.15,
        Weekday::Sat => 0.45,
        Weekday::Sun => 1.0,
        Weekday::Mon => 1.1,
        Weekday::Tue => 1.15,
        Weekday::Wed => 1.1,
        Weekday::Thu => 0.95,
    }
}

fn season_giving(day: NaiveDate) -> f64 {
    let since = |start: NaiveDate| (day - start).num_days();
    for [ramadan, fitr, adha] in years() {
        let (fast, feast, sacrifice) = (since(ramadan), since(fitr), since(adha));
        let factor: f64 = match (fast, feast, sacrifice) {
            (_, 0, _) => 0.03,
            (_, 1, _) => 0.15,
            (_, 2..=3, _) => 0.78,
            (_, -2..=-1, _) => 0.64,
            (0, _, _) => 0.45,
            (1.., ..0, _) if day.weekday() == Weekday::Sat => 0.84,
            (1.., ..0, _) => 0.76,
            (-14..=-1, _, _) => 1.28,
            (_, _, 0) => 0.29,
            (_, _, 1..=2) => 0.72,
            _ => 1.0,
        };
        if (factor - 1.0).abs() > f64::EPSILON {
            return factor;
        }
    }
    1.0
}

fn is_eid(day: NaiveDate) -> bool {
    years().any(|[_, fitr, adha]| {
        (0..3).contains(&(day - fitr).num_days()) || (0..4).contains(&(day - adha).num_days())
    })
}

fn years() -> impl Iterator<Item = [NaiveDate; 3]> {
    YEARS.iter().map(|year| year.map(|(y, m, d)| NaiveDate::from_ymd_opt(y, m, d).unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ramadan_and_feasts_lower_what_is_given() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        // Sundays: an ordinary one, one in Ramadan; then the feasts themselves.
        assert!((giving(day("2026-01-11")) - 1.0).abs() < 1e-9);
        assert!((giving(day("2026-03-01")) - 0.76).abs() < 1e-9);
        assert!(giving(day("2026-03-20")) < 0.01);
        assert!(giving(day("2026-02-09")) > 1.3);
        assert!(need(day("2026-03-22")) < need(day("2026-03-29")));
    }
}
