//! The audit's head leaves the machine: a line of the log, and one of a file where the operator names one.

use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

use shiryan_kernel::{Problem, Result};

use crate::audit::{self, Head};
use crate::db::off_loop;
use crate::http::House;

/// It leaves at least so often while lines come, and after so many.
const EVERY: Duration = Duration::from_secs(15 * 60);
const LINES: i64 = 1_000;

/// Up to which link the head has left, and when.
#[derive(Debug, Default)]
pub struct Left {
    seq: i64,
    at: Option<Instant>,
}

impl Left {
    /// Lets the head leave when it is due; the first does at once.
    ///
    /// # Errors
    /// When the chain cannot be read or the file not be written: then it is due still.
    pub async fn leave(&mut self, house: &House) -> Result<()> {
        let now = house.db.now();
        let Some(head) = house.db.read(move |conn| audit::head(conn, now)).await? else { return Ok(()) };
        let is_due = self.at.is_none_or(|at| at.elapsed() >= EVERY) || head.seq - self.seq >= LINES;
        if head.seq == self.seq || !is_due {
            return Ok(());
        }
        tracing::info!(seq = head.seq, hash = head.hash, "audit head");
        self.seq = head.seq;
        if let Some(file) = house.settings.audit_heads() {
            off_loop(move || append(&file, &head)).await.inspect_err(|_| self.seq = 0)?;
        }
        self.at = Some(Instant::now());
        Ok(())
    }
}

fn append(file: &Path, head: &Head) -> Result<()> {
    let said = |error: std::io::Error| Problem::internal(format!("{}: {error}", file.display()));
    let mut line = serde_json::to_string(head).map_err(Problem::internal)?;
    line.push('\n');
    let mut file = std::fs::OpenOptions::new().create(true).append(true).open(file).map_err(said)?;
    file.write_all(line.as_bytes()).and_then(|()| file.sync_all()).map_err(Problem::internal)
}
