//! The own shelf of a hospital or a blood bank: what may be used there, how much should lie there, what to ask for.
//!
//! A hospital may use what was issued to it and has come in, and what it collected itself and was released; a blood bank may issue what is released. Nothing here asks for
//! anything by itself. A hospital confirms its shelf by the number of bags that it counted: another number than the
//! register's confirms nothing.

use std::collections::BTreeMap;

use chrono::{DateTime, Duration, Utc};
use serde::{Deserialize, Serialize};
use shiryan_kernel::blood::{BloodGroup, Component};
use shiryan_kernel::ids::{CountId, FacilityId};
use shiryan_kernel::role::Role;
use shiryan_kernel::status::{CountState, UnitStatus};
use shiryan_kernel::time::Zone;
use shiryan_kernel::{Code, Problem, Result};
use utoipa::ToSchema;

use super::count::COUNT;
use super::store::{counts, pars};
use super::{Count, counted_at, rules, soon};
use crate::accounts::Principal;
use crate::audit::{self, Line};
use crate::db::{Conn, Tx, feed};
use crate::vault::Vault;

/// What the own shelf holds and should hold of one component and group.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct OwnCell {
    pub component: Component,
    pub blood_group: BloodGroup,
    /// Units that may be used now.
    pub usable: i64,
    /// Of these, good until the third day from today at the latest.
    pub expiring: i64,
    /// How many days the usable units last at the pace of the last eight weeks, where a hospital used any in them.
    pub days: Option<f64>,
    /// How many should lie there; absent while nobody has said it.
    pub par: Option<i32>,
    /// What to ask for: the par less the usable units that do not expire soon, never below zero.
    pub order: i64,
}

/// The own shelf.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct OwnShelf {
    pub as_of: DateTime<Utc>,
    pub facility: FacilityId,
    /// When somebody last counted it and nothing was left open.
    pub counted_at: Option<DateTime<Utc>>,
    /// Cells that hold something or should.
    pub cells: Vec<OwnCell>,
    /// Units in quarantine, by component.
    pub quarantine: BTreeMap<Component, i64>,
}

/// How many of a component and group should lie on the own shelf.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Par {
    pub component: Component,
    pub blood_group: BloodGroup,
    /// Absent: nobody says how many.
    pub units: Option<i32>,
}

/// The states of what may be used: a hospital's bags were issued to it, or it collected them itself.
const fn usable(role: Role) -> &'static [UnitStatus] {
    if matches!(role, Role::Hospital) {
        &[UnitStatus::Issued, UnitStatus::Released]
    } else {
        &[UnitStatus::Released]
    }
}

/// The caller's own shelf.
///
/// # Errors
/// `forbidden` of a role without a facility.
pub fn own_shelf(conn: &mut Conn, by: &Principal, zone: Zone, now: DateTime<Utc>) -> Result<OwnShelf> {
    let own = by.own_facility()?;
    let on_shelf = (own, usable(by.role));
    let mut cells: BTreeMap<(Component, BloodGroup), OwnCell> = BTreeMap::new();
    let mut cell = |component, blood_group, change: &dyn Fn(&mut OwnCell)| {
        let empty =
            OwnCell { component, blood_group, usable: 0, expiring: 0, days: None, par: None, order: 0 };
        change(cells.entry((component, blood_group)).or_insert(empty));
    };
    for (component, group, units) in pars::good(conn, on_shelf, now, None)? {
        // Only a unit whose group is known leaves quarantine.
        if let Some(group) = group {
            cell(component, group, &|own| own.usable = units);
        }
    }
    for (component, group, units) in pars::good(conn, on_shelf, now, Some(soon(zone.date(now))))? {
        if let Some(group) = group {
            cell(component, group, &|own| own.expiring = units);
        }
    }
    if by.role == Role::Hospital {
        let since = now - Duration::days(rules::USE_DAYS);
        for (component, group, used) in pars::used_since(conn, own, since)? {
            if let Some(group) = group {
                cell(component, group, &|own| own.days = rules::days_of_use(own.usable, used));
            }
        }
    }
    for (component, group, units) in pars::pars(conn, own)? {
        cell(component, group, &|own| own.par = Some(units));
    }
    let mut quarantine = BTreeMap::new();
    for (component, _, units) in pars::good(conn, (own, &[UnitStatus::Quarantine]), now, None)? {
        *quarantine.entry(component).or_default() += units;
    }
    let mut cells: Vec<OwnCell> = cells.into_values().collect();
    for own in &mut cells {
        own.order = rules::to_order(own.par, own.usable, own.expiring);
    }
    let counted_at = counted_at(conn, &[own])?.remove(&own);
    Ok(OwnShelf { as_of: now, facility: own, counted_at, cells, quarantine })
}

/// How much should lie on a shelf, in the record of changes.
const PARS: audit::Thing = audit::Thing { name: "pars", tables: &[("pars", "facility")] };

/// Says how many should lie on the own shelf, or that nobody says so.
///
/// # Errors
/// `out_of_range`; `forbidden` of a role without a facility.
pub fn set_par(tx: &mut Tx, vault: &Vault, by: &Principal, par: Par) -> Result<Par> {
    let own = by.own_facility()?;
    let cell = (par.component, par.blood_group);
    let seen = audit::seen(tx.conn, vault, &PARS, own.0)?;
    match par.units {
        Some(units) if !(1..=rules::MOST_PAR).contains(&units) => {
            return Err(Problem::field("units", Code::OutOfRange).with("most", rules::MOST_PAR));
        }
        Some(units) => pars::set(tx, own, cell, units, by.user)?,
        None => pars::unset(tx, own, cell)?,
    }
    let line = Line::new(Some(by.user), "stock.par_set").on(own).with("component", par.component);
    seen.record(tx, vault, line.with("blood_group", par.blood_group).with("units", par.units))?;
    Ok(par)
}

/// A hospital says that it counted its shelf and found so many bags.
///
/// # Errors
/// `count_differs` (with `units`) when the register knows another number: then the shelf is not confirmed.
pub fn confirm(tx: &mut Tx, vault: &Vault, by: &Principal, units: i32) -> Result<Count> {
    let own = by.own_facility()?;
    let known: i64 = pars::good(tx.conn, (own, usable(by.role)), tx.now, None)?.iter().map(|own| own.2).sum();
    if i64::from(units) != known {
        return Err(Problem::new(Code::CountDiffers).with("units", known));
    }
    let id = CountId(tx.id());
    counts::insert(tx, id, own, CountState::Closed, units, by.user)?;
    audit::made(&COUNT, id.0).record(
        tx,
        vault,
        Line::new(Some(by.user), "stock.confirmed").on(id).with("units", units),
    )?;
    feed::append(tx, "stock_count", id.0, CountState::Closed.code())?;
    Ok(Count { id, state: CountState::Closed, scanned: units, at: tx.now, by: by.user })
}
