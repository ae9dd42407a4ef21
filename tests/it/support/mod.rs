//! What tests share: fresh databases of both kinds, rows in them, and waiting.

#[macro_use]
pub mod databases;
// The smallest world holds more than each test asks for.
#[allow(dead_code)]
pub mod app;
pub mod cluster;
pub mod device;
pub mod requests;
#[allow(dead_code)]
pub mod reserve;
pub mod rows;
#[allow(dead_code)]
pub mod shelf;
#[allow(dead_code)]
pub mod smtp;

use std::future::Future;
use std::sync::{Barrier, Condvar, Mutex};
use std::thread;
use std::time::Duration;

/// Runs a future to its end on this thread.
pub fn wait<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

/// Runs `f` on so many threads that start together.
pub fn at_once<T: Send>(count: usize, f: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let start = Barrier::new(count);
    thread::scope(|scope| {
        let threads: Vec<_> = (0..count)
            .map(|n| {
                let (start, f) = (&start, &f);
                scope.spawn(move || {
                    start.wait();
                    f(n)
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    })
}

/// A place where threads wait for each other, but never longer than a while: one that a single writer
/// keeps from coming cannot block the test.
#[derive(Debug, Default)]
pub struct Meeting {
    come: Mutex<usize>,
    changed: Condvar,
}

impl Meeting {
    /// Comes, and says whether `expected` had come in time.
    pub fn come(&self, expected: usize, patience: Duration) -> bool {
        let mut come = self.come.lock().unwrap();
        *come += 1;
        self.changed.notify_all();
        let (come, _) = self.changed.wait_timeout_while(come, patience, |come| *come < expected).unwrap();
        *come >= expected
    }
}
