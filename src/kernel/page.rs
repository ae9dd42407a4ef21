//! Pages of a list: `limit` (1 to 200, 50 unless told) and an opaque cursor.

/// The most that one page holds.
pub const MAX_LIMIT: i64 = 200;
/// What a page holds unless told otherwise.
pub const DEFAULT_LIMIT: i64 = 50;

/// One page of a list. `next` is `null` on the last.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
pub struct Page<T> {
    pub items: Vec<T>,
    pub next: Option<String>,
}
