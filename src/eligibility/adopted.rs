//! The rule sets by which is decided: the very texts that two people put in force, kept with the database. Files only propose.
//!
//! What the settings named when the database was first opened is the first of them, for then nobody is there to approve.
//! From then on one person asks and a physician who is another approves; it is in force from its own day, once the program has
//! been started again. A file that says something else under a number that was approved is not read.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use shiryan_kernel::ids::ApprovalId;
use shiryan_kernel::status::ApprovalKind;
use shiryan_kernel::text::Note;
use shiryan_kernel::{Code, Problem, Result};

use super::{Policies, RuleSet, Rulebook};
use crate::accounts::{self, Ask, Asked, Principal};
use crate::audit::{self, Line};
use crate::db::tables::adopted_policies;
use crate::db::{Conn, Db, Lane, Tx};
use crate::vault::{Place, Vault, hex, sha256};

/// A rule set as it was put in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Adopted {
    pub code: String,
    pub version: u32,
    pub text: String,
}

/// What a second person approves: this text, and no other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyOrder {
    pub code: String,
    pub version: u32,
    pub effective_from: NaiveDate,
    pub text: String,
}

impl PolicyOrder {
    /// By which a person knows a file again (`sha256sum`).
    #[must_use]
    pub fn digest(&self) -> String {
        hex(&sha256(self.text.as_bytes()))
    }
}

fn place(id: i64) -> Place {
    Place::of("adopted_policies", "text", id)
}

/// Every rule set that was put in force, in the order in which it was.
///
/// # Errors
/// `identity_damaged` when one was changed or moved.
pub fn adopted(conn: &mut Conn, vault: &Vault) -> Result<Vec<Adopted>> {
    let rows: Vec<(i64, String, i32, Vec<u8>)> = adopted_policies::table
        .order(adopted_policies::id)
        .select((
            adopted_policies::id,
            adopted_policies::code,
            adopted_policies::version,
            adopted_policies::text,
        ))
        .load(conn)?;
    rows.into_iter()
        .map(|(id, code, version, text)| {
            let version = u32::try_from(version).map_err(Problem::internal)?;
            let text = vault.house().open_text(place(id), &text)?;
            Ok(Adopted { code, version, text })
        })
        .collect()
}

/// A rule set in the record of changes.
const POLICY: audit::Thing = audit::Thing { name: "policy", tables: &[("adopted_policies", "id")] };

fn insert(tx: &mut Tx, vault: &Vault, one: &Adopted, approval: Option<ApprovalId>) -> Result<audit::Seen> {
    let id = tx.id();
    let row = (
        adopted_policies::id.eq(id),
        adopted_policies::code.eq(&one.code),
        adopted_policies::version.eq(i32::try_from(one.version).map_err(Problem::internal)?),
        adopted_policies::text.eq(vault.house().seal_text(place(id), &one.text)),
        adopted_policies::adopted_at.eq(tx.now.naive_utc()),
        adopted_policies::approval.eq(approval),
    );
    diesel::insert_into(adopted_policies::table).values(row).execute(tx.conn)?;
    Ok(audit::made(&POLICY, id))
}

/// The rulebook as this database has it. The first opening notes what `book` holds of its code, and puts it on record.
///
/// # Errors
/// As any write; `internal` with what is wrong in what was approved.
pub fn settle(db: &Db, vault: &Vault, book: Rulebook) -> Result<Rulebook> {
    let mut found = db.read_now(|conn| adopted(conn, vault))?;
    if found.is_empty() {
        let first: Vec<Adopted> =
            book.rule_sets().iter().filter(|set| set.code == book.code()).map(Adopted::of).collect();
        let (noted, keys) = (first.clone(), vault.clone());
        db.write_now(Lane::System, move |tx| {
            if !adopted(tx.conn, &keys)?.is_empty() {
                return Ok(());
            }
            for one in &noted {
                let line = Line::new(None, "policies.founded").on(&one.code).with("version", one.version);
                insert(tx, &keys, one, None)?.record(tx, &keys, line)?;
            }
            Ok(())
        })?;
        found = db.read_now(|conn| adopted(conn, vault))?;
    }
    book.adopt(&found).map_err(Problem::internal)
}

impl Adopted {
    fn of(set: &RuleSet) -> Self {
        Self { code: set.code.clone(), version: set.version, text: set.text.to_string() }
    }
}

/// The last word for each version.
pub(super) fn texts(adopted: &[Adopted]) -> Vec<(String, String)> {
    let named =
        adopted.iter().map(|one| (format!("approved {} {}", one.code, one.version), one.text.clone()));
    named.collect::<BTreeMap<_, _>>().into_iter().collect()
}

/// Asks that a version of a rule set of this installation be put in force; the newest one unless it is said.
///
/// # Errors
/// `not_found` for a code that no file has; `unknown_reference` of `version`; `state_conflict` for what is decided by already.
pub fn ask_adoption(
    tx: &mut Tx,
    vault: &Vault,
    book: &Rulebook,
    by: &Principal,
    (code, version): (&str, Option<u32>),
    reason: &Note<500>,
) -> Result<Asked> {
    let set = book.newest_or(code, version)?;
    let known = adopted(tx.conn, vault)?;
    let is_decided_by = known.last().is_some_and(|last| last.code == set.code)
        && known.iter().any(|one| (&one.code, one.version) == (&set.code, set.version));
    if is_decided_by {
        return Err(Problem::new(Code::StateConflict).with("state", "in_force"));
    }
    let Adopted { code, version, text } = Adopted::of(set);
    let order = PolicyOrder { code, version, effective_from: set.effective_from, text };
    let request = serde_json::to_string(&order).map_err(Problem::internal)?;
    let ask = Ask { kind: ApprovalKind::ChangePolicy, subject: None, request: &request, reason };
    accounts::ask(tx, vault, by, vault.house(), &ask)
}

/// Puts what was approved in force.
///
/// # Errors
/// `state_conflict` where something else was approved under its number since, or the two begin on one day.
pub(super) fn adopt(
    tx: &mut Tx,
    vault: &Vault,
    by: &Principal,
    approval: ApprovalId,
    order: PolicyOrder,
) -> Result<()> {
    let digest = order.digest();
    let PolicyOrder { code, version, text, .. } = order;
    let new = Adopted { code, version, text };
    let mut all = adopted(tx.conn, vault)?;
    let is_another =
        |one: &Adopted| (&one.code, one.version) == (&new.code, new.version) && one.text != new.text;
    let changed = || Problem::new(Code::StateConflict).with("state", "changed");
    if all.iter().any(is_another) {
        return Err(changed());
    }
    all.push(new.clone());
    let together = texts(&all);
    Policies::from_texts(together.iter().map(|(name, text)| (name.as_str(), text.as_str())))
        .map_err(|_| changed())?;
    let made = insert(tx, vault, &new, Some(approval))?;
    let line = Line::new(Some(by.user), "policies.adopted").on(&new.code).with("version", new.version);
    made.record(tx, vault, line.with("approval", approval).with("sha256", digest)).map(drop)
}

/// Seals the texts under another root; the last of them.
///
/// # Errors
/// As any write. What does not open stays.
pub fn reseal(tx: &mut Tx, old: &Vault, new: &Vault, after: i64, limit: i64) -> Result<Option<i64>> {
    let rows: Vec<(i64, Vec<u8>)> = adopted_policies::table
        .filter(adopted_policies::id.gt(after))
        .order(adopted_policies::id)
        .limit(limit)
        .select((adopted_policies::id, adopted_policies::text))
        .load(tx.conn)?;
    let mut last = None;
    for (id, sealed) in rows {
        diesel::update(adopted_policies::table.find(id))
            .set(adopted_policies::text.eq(new.reseal(old, place(id), &sealed)))
            .execute(tx.conn)?;
        last = Some(id);
    }
    Ok(last)
}
