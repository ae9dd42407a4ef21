//! Lines that say nothing of rows before and after, each for a reason. Every other line does ([`super::Seen`]).

/// Action and reason.
pub const BARE: [(&str, &str); 27] = [
    ("accounts.sign_in_failing", READ),
    ("audit.read", READ),
    ("backup.made", READ),
    ("deferrals.exported", READ),
    ("deferrals.import_began", MANY),
    ("deferrals.imported", MANY),
    ("donations.closed_out", ELSEWHERE),
    ("donations.exported", READ),
    ("donations.import_began", MANY),
    ("donations.imported", MANY),
    ("donations.information", ELSEWHERE),
    ("donations.issued_units_stopped", ELSEWHERE),
    ("donations.screening_read", READ),
    ("donors.exported", READ),
    ("donors.identity_opened", READ),
    ("donors.import_began", MANY),
    ("donors.imported", MANY),
    ("donors.look_ups_over_budget", READ),
    ("donors.looked_up", READ),
    ("donors.met_known", READ),
    ("donors.openings_spent", READ),
    ("donors.trace_opened", READ),
    ("duties.assignability_asked", READ),
    ("keys.change_begun", ANEW),
    ("keys.changed", ANEW),
    ("requests.recalled", ELSEWHERE),
    ("stock.donor_linked_stopped", ELSEWHERE),
];

const READ: &str = "nothing was changed but what is counted of the asking";
const ELSEWHERE: &str = "each thing that it changed has a line of its own in the same write";
const MANY: &str = "up to millions of rows in many writes: the line counts them";
const ANEW: &str = "every sealed cell is another one, and so is the key of the digests";

/// Whether an action may go without.
pub fn is_bare(action: &str) -> bool {
    BARE.iter().any(|(named, _)| *named == action)
}
