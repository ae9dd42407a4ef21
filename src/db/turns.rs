//! Who writes next: each actor in turn, bulk work only when nobody else waits.

use std::collections::{HashMap, VecDeque};

use shiryan_kernel::{Code, Problem, Result};

/// How many writes may wait, all lanes together.
pub const MOST_WAITING: usize = 1_024;

/// Whose turn a write takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Lane {
    /// A signed-in user's.
    Actor(i64),
    /// The service's own small work.
    System,
    /// Imports and rebuilding, in slices of at most 20 ms.
    Bulk,
}

/// Waiting work, taken round by round: one from each lane.
#[derive(Debug)]
pub struct Turns<J> {
    waiting: HashMap<Lane, VecDeque<J>>,
    order: VecDeque<Lane>,
    bulk: VecDeque<J>,
    count: usize,
}

impl<J> Default for Turns<J> {
    fn default() -> Self {
        Self { waiting: HashMap::new(), order: VecDeque::new(), bulk: VecDeque::new(), count: 0 }
    }
}

impl<J> Turns<J> {
    /// # Errors
    /// `busy` when too many wait.
    pub fn put(&mut self, lane: Lane, job: J) -> Result<()> {
        if self.count >= MOST_WAITING {
            return Err(Problem::new(Code::Busy));
        }
        self.count += 1;
        if lane == Lane::Bulk {
            self.bulk.push_back(job);
            return Ok(());
        }
        let queue = self.waiting.entry(lane).or_default();
        if queue.is_empty() {
            self.order.push_back(lane);
        }
        queue.push_back(job);
        Ok(())
    }

    /// The next job; bulk work only when no other waits.
    pub fn take(&mut self) -> Option<J> {
        if let Some(lane) = self.order.pop_front() {
            let queue = self.waiting.get_mut(&lane)?;
            let job = queue.pop_front();
            if queue.is_empty() {
                self.waiting.remove(&lane);
            } else {
                self.order.push_back(lane);
            }
            self.count -= 1;
            return job;
        }
        let job = self.bulk.pop_front()?;
        self.count -= 1;
        Some(job)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_actor_in_turn_and_bulk_last() {
        let mut turns = Turns::default();
        turns.put(Lane::Bulk, "bulk").unwrap();
        for job in ["a1", "a2", "a3"] {
            turns.put(Lane::Actor(1), job).unwrap();
        }
        turns.put(Lane::Actor(2), "b1").unwrap();
        turns.put(Lane::System, "s1").unwrap();
        let order: Vec<_> = std::iter::from_fn(|| turns.take()).collect();
        assert_eq!(order, ["a1", "b1", "s1", "a2", "a3", "bulk"]);
    }

    #[test]
    fn past_the_bound_it_says_busy_and_recovers() {
        let mut turns = Turns::default();
        for n in 0..MOST_WAITING {
            turns.put(Lane::Actor(1), n).unwrap();
        }
        assert_eq!(turns.put(Lane::System, 0).unwrap_err().code, Code::Busy);
        assert_eq!(turns.take(), Some(0));
        assert!(turns.put(Lane::System, 0).is_ok());
    }
}
