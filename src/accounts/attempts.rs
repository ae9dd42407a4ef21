//! How often somebody may try to sign in: budgets a minute for each name and each address, and a wait that grows with
//! each failure in a row. All of it is counted before any hashing, whether the name is known or not; nobody is shut out for
//! longer than a minute at a time. Each instance counts for itself.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use chrono::Duration;
use shiryan_kernel::time::Moment;
use shiryan_kernel::{Code, Problem, Result};

/// Sign-ins tried on one name in a minute.
const A_NAME: u32 = 10;
/// Sign-ins tried from one address in a minute: a barracks may share one.
const AN_ADDRESS: u32 = 60;
/// Failures in a row after which a name has to wait.
const FREE: u32 = 5;
/// The longest wait, in seconds.
const LONGEST: i64 = 60;
/// Failures are forgotten after so long.
const FORGOTTEN: Duration = Duration::minutes(15);
/// So many failures in a row are an alert.
const ALERT: u32 = 10;

/// How often within a minute something may be asked under one name; nobody is shut out for longer.
#[derive(Debug)]
pub struct Budget {
    per_minute: u32,
    asked: Mutex<HashMap<String, (Moment, u32)>>,
}

impl Budget {
    const MOST_NAMES: usize = 10_000;

    #[must_use]
    pub fn a_minute(per_minute: u32) -> Self {
        Self { per_minute, asked: Mutex::default() }
    }

    /// Counts one more under a name, before any work is done for it.
    ///
    /// # Errors
    /// `too_many_requests` past the budget of the minute that the first of them began.
    pub fn count(&self, name: &str, now: Moment) -> Result<()> {
        let minute = Duration::minutes(1);
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        if asked.len() >= Self::MOST_NAMES {
            asked.retain(|_, (since, _)| now - *since < minute);
        }
        let entry = asked.entry(name.to_owned()).or_insert((now, 0));
        if now - entry.0 >= minute {
            *entry = (now, 0);
        }
        entry.1 += 1;
        if entry.1 <= self.per_minute {
            return Ok(());
        }
        Err(wait((minute - (now - entry.0)).num_seconds().clamp(1, LONGEST)))
    }
}

fn wait(seconds: i64) -> Problem {
    Problem::new(Code::TooManyRequests).with("retry_after", seconds)
}

/// Failures in a row of one name.
#[derive(Debug, Clone, Copy)]
struct Failed {
    times: u32,
    last: Moment,
}

impl Failed {
    /// When the next try is heard.
    fn until(self) -> Moment {
        let over = self.times.saturating_sub(FREE).min(16);
        let seconds = if self.times < FREE { 0 } else { 1_i64.checked_shl(over).unwrap_or(LONGEST) };
        self.last + Duration::seconds(seconds.min(LONGEST))
    }
}

/// The tries of all names and addresses.
#[derive(Debug)]
pub struct Attempts {
    names: Budget,
    addresses: Budget,
    failed: Mutex<HashMap<String, Failed>>,
}

impl Default for Attempts {
    fn default() -> Self {
        Self {
            names: Budget::a_minute(A_NAME),
            addresses: Budget::a_minute(AN_ADDRESS),
            failed: Mutex::default(),
        }
    }
}

impl Attempts {
    /// Counts one more try.
    ///
    /// # Errors
    /// `too_many_requests`, with how long to wait.
    pub fn begin(&self, name: &str, from: Option<IpAddr>, now: Moment) -> Result<()> {
        if let Some(from) = from {
            self.addresses.count(&network(from), now)?;
        }
        self.names.count(name, now)?;
        let failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        match failed.get(name).map(|failed| failed.until()).filter(|until| *until > now) {
            Some(until) => Err(wait((until - now).num_seconds().clamp(1, LONGEST))),
            None => Ok(()),
        }
    }

    /// A wrong password or code; whether somebody should look at it.
    pub fn fail(&self, name: &str, now: Moment) -> bool {
        let mut failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        if failed.len() >= Budget::MOST_NAMES {
            failed.retain(|_, failed| now - failed.last < FORGOTTEN);
        }
        let entry = failed.entry(name.to_owned()).or_insert(Failed { times: 0, last: now });
        let before = if now - entry.last >= FORGOTTEN { 0 } else { entry.times };
        *entry = Failed { times: before.saturating_add(1), last: now };
        entry.times == ALERT
    }

    /// It was the right person.
    pub fn pass(&self, name: &str) {
        self.failed.lock().unwrap_or_else(PoisonError::into_inner).remove(name);
    }
}

/// What one holder has at least: a whole address of version 4, 64 bits of one of version 6.
fn network(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(four) => four.to_string(),
        IpAddr::V6(six) => {
            let [a, b, c, d, ..] = six.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Moment {
        Moment::UNIX_EPOCH + Duration::seconds(seconds)
    }

    #[test]
    fn each_failure_in_a_row_makes_the_next_try_wait_longer() {
        // Tries that are not heard count in the budget of the name too, which is another matter.
        let attempts = Attempts { names: Budget::a_minute(u32::MAX), ..Attempts::default() };
        let mut now = 0;
        let mut waits = Vec::new();
        for _ in 0..14 {
            while attempts.begin("somebody", None, at(now)).is_err() {
                now += 1;
            }
            waits.push(now);
            attempts.fail("somebody", at(now));
        }
        let pauses: Vec<i64> = waits.windows(2).map(|pair| pair[1] - pair[0]).collect();
        assert_eq!(pauses[..8], [0, 0, 0, 0, 1, 2, 4, 8]);
        assert!(pauses[8..].iter().all(|pause| (16..=120).contains(pause)), "{pauses:?}");
        attempts.begin("another", None, at(now)).unwrap();
        attempts.pass("somebody");
        attempts.begin("somebody", None, at(now + 61)).unwrap();
        assert!(!attempts.fail("somebody", at(now + 61)), "counted anew");
    }

    #[test]
    fn ten_failures_in_a_row_are_an_alert_once() {
        let attempts = Attempts::default();
        let alerts: Vec<bool> = (0..20).map(|n| attempts.fail("somebody", at(n))).collect();
        assert_eq!(alerts.iter().filter(|alert| **alert).count(), 1);
        assert!(alerts[9]);
    }

    #[test]
    fn an_address_has_a_budget_whatever_the_names() {
        let attempts = Attempts::default();
        let from = |text: &str| Some(text.parse().unwrap());
        for n in 0..AN_ADDRESS {
            attempts.begin(&format!("name{n}"), from("2001:db8::1"), at(0)).unwrap();
        }
        // The same network.
        assert!(attempts.begin("one-more", from("2001:db8::2"), at(0)).is_err());
        attempts.begin("one-more", from("2001:db8:1::2"), at(0)).unwrap();
        attempts.begin("one-more", from("2001:db8::1"), at(60)).unwrap();
        assert_eq!(network("::ffff:192.0.2.1".parse().unwrap()), "192.0.2.1");
    }
}
