//! The feed: what changed, in the order in which a follower may read it. Ids and kinds only.

use diesel::prelude::*;
use shiryan_kernel::Result;
use shiryan_schema::tables::feed;

use super::Tx;

/// Notes a change, in the transaction that makes it.
///
/// # Errors
/// As any write.
pub fn append(tx: &mut Tx, entity: &str, id: i64, kind: &str) -> Result<()> {
    diesel::insert_into(feed::table)
        .values((
            feed::entity.eq(entity),
            feed::entity_id.eq(id),
            feed::kind.eq(kind),
            feed::at.eq(tx.now.naive_utc()),
        ))
        .execute(tx.conn)?;
    Ok(())
}
