//! The suite: one binary, one file per feature, `support` for what they share.
//!
//! A test that touches the database is a plain function named in `both!`, which runs it once on SQLite
//! and once on PostgreSQL.

// A test that cannot go on should stop where it is.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

#[macro_use]
mod support;

mod accounts;
mod activities;
mod administrator;
mod agenda;
mod amending;
mod approvals;
mod arrows;
mod attributes;
mod audit;
mod availability;
mod backtest;
mod backup;
mod bench;
mod calls;
mod canaries;
mod cli;
mod command;
mod consents;
mod counts;
mod db;
mod deferrals;
mod digests;
mod divisions;
mod donations;
mod donors;
mod driveday;
mod driveday_pages;
mod drives;
mod duties;
mod emergency;
mod erasing;
mod everything;
mod exports;
mod failover;
mod fates;
mod faults;
mod fuzz;
mod glass;
mod guide;
mod imports;
mod infections;
mod invitations;
mod keys;
mod kills;
mod laboratory;
mod ledger;
mod levels;
mod living;
mod merges;
mod messages;
mod migrations;
mod operations;
mod ops;
mod ownshelf;
mod packs;
mod pages;
mod patients;
mod planning_pages;
mod policies;
mod print;
mod project;
mod projections;
mod recalls;
mod requests;
mod reserve;
mod reviews;
mod roster;
mod scanned;
mod scope;
mod search;
mod second;
mod standing;
mod stock;
mod tour;
mod transfers;
mod untested;
mod weeks;
