//! Shiryan: a blood-donation registry, drive scheduler and strategic-blood-reserve service.
//!
//! The map. A room imports only rooms that stand before it in this list; a test reads every path.
//!
//! - `vault` keys and sealing
//! - `texts` Arabic and English
//! - `sheets` files of rows, read strictly, refused rows written back
//! - `db` the two doors to the database
//! - `settings` every key of the configuration, from file and environment
//! - `mail` letters, and the ways in which they leave the house
//! - `audit` the append-only record and the sealer that chains it
//! - `places` governorates, units, facilities
//! - `accounts` users, roles, rights, sessions, tokens
//! - `jobs` long work that somebody asked for, with its progress
//! - `donors` the registry, with sealed identity
//! - `messages` the outbox: what donors are to be told, and who may be written to when
//! - `eligibility` who may give what, when, and why not
//! - `activities` the ten branches
//! - `drives` drives, slots, appointments
//! - `laboratory` results of each donation, and what they amount to
//! - `stock` blood units and which fit whom
//! - `donations` what was given, and the units made of it
//! - `duties` who takes part in what, and who is to rest after a drive
//! - `invitations` what donors do themselves by links of their own
//! - `agenda` all that is planned, day by day, and calendars by a secret address
//! - `roster` who may give and what lies on the shelves, counted in memory
//! - `projections` demand, supply and stock, weeks ahead
//! - `reserve` levels, days of cover, the hospitals' published table
//! - `requests` what a hospital's blood bank asks for, and the units it gets
//! - `http` server, problems, extractors, API description
//! - `web` pages
//! - `app` puts it together; `cli` one file per command

pub mod accounts;
pub mod activities;
pub mod agenda;
pub mod app;
pub mod audit;
pub mod cli;
pub mod db;
pub mod donations;
pub mod donors;
pub mod drives;
pub mod duties;
pub mod eligibility;
pub mod http;
pub mod invitations;
pub mod jobs;
pub mod laboratory;
pub mod mail;
pub mod messages;
pub mod places;
pub mod projections;
pub mod requests;
pub mod reserve;
pub mod roster;
pub mod settings;
pub mod sheets;
pub mod stock;
pub mod texts;
pub mod vault;
pub mod web;
