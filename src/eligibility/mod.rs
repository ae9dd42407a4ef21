//! Eligibility: who may give what, when, and why not.
//!
//! The main safety property of the service. Dated rule sets and the deferral catalogue come as
//! content files; [`decide`] turns a donor's facts into an explained decision; [`windows`] says the
//! days ahead on which that decision is yes; [`view`] cuts a decision to what a reader may learn.
//! Refuses to guess: an unknown base, an unknown code or a hole in a rule set never opens a door.
//!
//! It supports a decision; the medical officer makes it.

mod adopted;
mod again;
mod allow;
mod amend;
pub mod api;
mod bar;
mod catalogue;
mod content;
mod correct;
mod decided;
mod deferral;
mod enter;
mod erase;
mod export;
mod facts;
mod givings;
mod history;
mod impact;
mod import;
mod ledger;
mod merge;
mod merged;
pub mod pages;
mod person;
mod policies;
mod policy;
mod preview;
mod reason;
mod record;
mod registry;
mod rest;
mod review;
mod rulebook;
mod rules;
mod screening;
mod store;
mod view;
mod volume;

#[cfg(test)]
mod tests;

pub use adopted::{
    Adopted, PolicyOrder, adopted, ask_adoption, reseal as reseal_policies, settle as settle_policies,
};
pub use again::{about, tell_ready};
pub use allow::{GivenAllowance, allow, list_allowances};
pub use amend::amend;
pub use catalogue::{Applies, Catalogue, Entry, Kind, Scope, Term, Visibility};
pub use content::ContentError;
pub(crate) use correct::GIVINGS;
pub use correct::{
    GivingCorrection, Proposal, ask_correction, ask_giving_correction, ask_withdrawal, proposal,
    settle_approval,
};
pub use decided::{Answer, KeptDecision, facts_digest, keep_decision, list_decisions};
pub use enter::{end_deferral, enter_deferral, list_deferrals};
pub use erase::erase;
pub use export::{ExportOrder, ExportPurpose, Register, ask_export, export};
pub use facts::{Allowance, Declared, DeferralFact, DonorFacts, Giving};
pub use givings::{gave_here, list_givings};
pub use impact::{Change, Impact, Moved, Moves};
pub use import::{ImportOptions, import_deferrals, import_donations, import_donors};
pub use ledger::{GivingLine, StandingDeferral};
pub use merge::{ask_merge, ask_undo};
pub use policies::{BUILT_IN, DEFAULT_CODE, Policies};
pub use policy::{Cap, Evidence, Interval, Measure, RuleSet};
pub use preview::{PolicyPreview, PreviewResult, ask_preview, run_preview};
pub use reason::{Outcome, Reason, RuleCode, RuleSetStamp, Severity, text_id};
pub use record::{
    GivingSource, MOST_ML, NewDeferral, NewGiving, check_deferral, decide_for, defer, enrol, facts_of,
    record_giving, rewrite_all_windows, rewrite_windows,
};
pub use registry::{pause_self, resolve_group, stand, type_group};
pub use rest::{Assignability, Clash, Rest, Visit, assignability, heed};
pub use review::{differ, hold_alike};
pub use rulebook::Rulebook;
pub use rules::{Decision, WINDOWS_AHEAD, Window, decide, windows};
pub use screening::{Measured, screen, screened};
pub use view::{NOT_AVAILABLE, SeenOutcome, SeenReason, View, Viewer, view};
pub use volume::{Body, Fit, fit};
