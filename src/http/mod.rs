//! The door to the network: server, middleware, extractors, problem+json, OpenAPI, health, metrics.
//!
//! Only this room knows status codes. It refuses bodies that are too large or not what they claim,
//! fields and query keys that nobody declared, cursors that it did not seal, and it never tells a
//! caller the cause of a fault of ours.

pub mod actor;
pub mod cursor;
pub mod file;
mod fresh;
pub mod guard;
pub mod health;
mod house;
pub mod idempotency;
pub mod json;
pub mod lang;
pub mod methods;
pub mod metrics;
pub mod openapi;
mod peer;
pub mod problem;
pub mod query;
pub mod rooms;
mod serde_fault;
pub mod server;
pub mod version;

pub use cursor::Cursors;
pub use fresh::Freshness;
pub use house::{FILES, House};
pub use idempotency::IdempotencyKey;
pub use json::{Body, Nothing};
pub use lang::Speak;
pub use peer::Peer;
pub use problem::{Answer, Refusal};
pub use query::{Limit, NoQuery, Paging, PathId, Query};
pub use version::{IfMatch, etag};

#[cfg(test)]
mod tests;
