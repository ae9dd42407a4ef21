//! Putting right what a ledger says: one person asks, a physician who is somebody else approves, and the new
//! line is written with the approval. Nothing that was written is changed.

use chrono::NaiveDate;
use shiryan_kernel::blood::DonationType;
use shiryan_kernel::ids::{ApprovalId, DeferralId, DonorId, GivingId, MergeId};
use shiryan_kernel::problem::Faults;
use shiryan_kernel::status::{ApprovalKind, ApprovalState};
use shiryan_kernel::text::Note;
use shiryan_kernel::time::past_day;
use shiryan_kernel::{Code, Problem, Result};

use super::adopted::{self, PolicyOrder};
use super::enter::{DEFERRALS, find_deferral};
use super::export::ExportOrder;
use super::ledger::{DeferralLine, Event, StandingDeferral, standing_deferrals, standing_givings};
use super::merge;
use super::store::{self, GivingRow};
use super::{DeferralFact, NewGiving, Rulebook, check_deferral, rewrite_windows};
use crate::accounts::{self, Approval, Ask, Asked, Principal};
use crate::audit::{self, Line, Seen, Thing};
use crate::db::{Conn, Tx};
use crate::donors::{self, Known, Scope};
use crate::vault::Vault;

/// A donor's givings in the record of changes.
pub(crate) const GIVINGS: Thing = Thing { name: "givings", tables: &[("givings", "donor")] };

/// What a giving is said to have been.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GivingCorrection {
    pub on: NaiveDate,
    pub donation_type: DonationType,
    pub volume_ml: Option<u16>,
    pub red_cells_lost: bool,
    /// There was none.
    pub voided: bool,
}

/// What a request asks to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Proposal {
    /// The deferral as it stands, and as it shall stand.
    CorrectDeferral {
        now: StandingDeferral,
        then: DeferralFact,
    },
    WithdrawDeferral {
        now: StandingDeferral,
    },
    CorrectGiving {
        giving: GivingId,
        then: GivingCorrection,
    },
    /// A record is to be read as the survivor.
    MergeDonors {
        donor: DonorId,
        survivor: DonorId,
    },
    /// Each is to be read for itself again.
    UndoMerge {
        merge: MergeId,
        donor: DonorId,
        survivor: DonorId,
    },
    /// A register is to be taken out by whoever asks.
    ExportRegister(ExportOrder),
    /// A rule set is to be put in force.
    ChangePolicy(PolicyOrder),
    /// The root key is to be changed by whoever asks.
    ChangeKeys,
}

/// Asks that a deferral be replaced by what is said now; the whole of it, not the difference.
///
/// # Errors
/// `not_found` for one whose cause the caller may not learn, outside the scope too; `state_conflict` for
/// one that was withdrawn; as [`check_deferral`].
pub fn ask_correction(
    tx: &mut Tx,
    vault: &Vault,
    book: &Rulebook,
    by: &Principal,
    id: DeferralId,
    then: &DeferralFact,
    reason: &Note<500>,
) -> Result<Asked> {
    let mut faults = Faults::none();
    check_deferral(book, then, book.today(tx.now), "", &mut faults);
    faults.settle()?;
    let (known, now) = find_deferral(tx.conn, vault, book, by, id)?;
    not_withdrawn(&now)?;
    same_class(book, &now.fact, then)?;
    let request = write(&now, &store::write_says(Event::Corrected, then));
    let ask = Ask { kind: ApprovalKind::CorrectDeferral, subject: Some(known.id), request: &request, reason };
    accounts::ask(tx, vault, by, &known.key, &ask)
}

/// Asks that a deferral be withdrawn as wrong.
///
/// # Errors
/// As [`ask_correction`].
pub fn ask_withdrawal(
    tx: &mut Tx,
    vault: &Vault,
    book: &Rulebook,
    by: &Principal,
    id: DeferralId,
    reason: &Note<500>,
) -> Result<Asked> {
    let (known, now) = find_deferral(tx.conn, vault, book, by, id)?;
    not_withdrawn(&now)?;
    let request = write(&now, &store::write_says(Event::Withdrawn, &now.fact));
    let ask =
        Ask { kind: ApprovalKind::WithdrawDeferral, subject: Some(known.id), request: &request, reason };
    accounts::ask(tx, vault, by, &known.key, &ask)
}

/// Asks that a line of the ledger of givings be replaced, or marked as no giving at all.
///
/// # Errors
/// `not_found`, outside the scope too; `state_conflict` for a line that was replaced; `out_of_range` of a
/// day to come or before 1900.
pub fn ask_giving_correction(
    tx: &mut Tx,
    vault: &Vault,
    book: &Rulebook,
    by: &Principal,
    id: GivingId,
    then: &GivingCorrection,
    reason: &Note<500>,
) -> Result<Asked> {
    past_day(then.on, book.today(tx.now)).map_err(|problem| problem.on("given_on"))?;
    let donor = store::giver(tx.conn, id)?;
    let scope = Scope::of(tx.conn, by)?;
    donors::donor(tx.conn, &scope, donor)?;
    counts(tx.conn, donor, id)?;
    let known = donors::known(tx.conn, vault, donor)?;
    let request = write_giving(id, then);
    let ask = Ask { kind: ApprovalKind::CorrectGiving, subject: Some(donor), request: &request, reason };
    accounts::ask(tx, vault, by, &known.key, &ask)
}

/// What a request of this room asks, and why.
///
/// # Errors
/// `not_found`, of a donor who is outside the caller's scope by now, and of a cause that the caller may not learn,
/// too; `identity_damaged` when it was changed or moved; `state_conflict` of an erased donor.
pub fn proposal(
    conn: &mut Conn,
    vault: &Vault,
    book: &Rulebook,
    by: &Principal,
    approval: &Approval,
) -> Result<(Proposal, String)> {
    let Some(donor) = approval.subject else {
        return Ok((read_of_house(vault, approval)?, approval.reason(vault.house())?));
    };
    let scope = Scope::of(conn, by)?;
    donors::donor(conn, &scope, donor)?;
    let known = donors::known(conn, vault, donor)?;
    let proposal = read(conn, book, &known, approval)?.0;
    if let Proposal::CorrectDeferral { now, .. } | Proposal::WithdrawDeferral { now } = &proposal {
        // Whoever asked may have lost sight of it since.
        find_deferral(conn, vault, book, by, now.id)?;
    }
    Ok((proposal, approval.reason(&known.key)?))
}

/// Approves a request of this room and carries it out, or refuses it.
///
/// # Errors
/// As [`accounts::decide`]; `state_conflict` when the ledger has moved on since it was asked.
pub fn settle_approval(
    tx: &mut Tx,
    vault: &Vault,
    book: &Rulebook,
    by: &Principal,
    id: ApprovalId,
    verdict: ApprovalState,
) -> Result<Approval> {
    let approval = accounts::decide(tx, vault, by, id, verdict)?;
    if verdict == ApprovalState::Approved {
        carry_out(tx, vault, book, by, &approval)?;
    }
    Ok(approval)
}

fn carry_out(tx: &mut Tx, vault: &Vault, book: &Rulebook, by: &Principal, approval: &Approval) -> Result<()> {
    let Some(donor) = approval.subject else {
        return match read_of_house(vault, approval)? {
            Proposal::ChangePolicy(order) => adopted::adopt(tx, vault, by, approval.id, order),
            _ => Ok(()),
        };
    };
    let known = donors::known(tx.conn, vault, donor)?;
    let (proposal, seen) = read(tx.conn, book, &known, approval)?;
    let (now, event, says, action) = match proposal {
        Proposal::CorrectGiving { giving, then } => {
            counts(tx.conn, known.id, giving)?;
            let seen = audit::seen(tx.conn, vault, &GIVINGS, known.id.0)?;
            write_giving_line(tx, &known, approval, giving, &then)?;
            return carried_out(
                tx,
                vault,
                book,
                by,
                (approval, donor),
                (seen, "eligibility.giving_corrected"),
            );
        }
        Proposal::MergeDonors { donor, survivor } => {
            return merge::merge(tx, vault, book, by, approval.id, (donor, survivor));
        }
        Proposal::UndoMerge { merge, .. } => {
            return merge::undo(tx, vault, book, by, approval.id, merge);
        }
        Proposal::CorrectDeferral { now, then } => {
            (now, Event::Corrected, then, "eligibility.deferral_corrected")
        }
        Proposal::WithdrawDeferral { now } => {
            let says = now.fact.clone();
            (now, Event::Withdrawn, says, "eligibility.deferral_withdrawn")
        }
        Proposal::ExportRegister(_) | Proposal::ChangePolicy(_) | Proposal::ChangeKeys => return Ok(()),
    };
    if now.lines != seen {
        return Err(Problem::new(Code::StateConflict).with("state", "changed"));
    }
    let says = DeferralFact { recorded_on: book.today(tx.now), ..says };
    let line = DeferralLine { id: DeferralId(tx.id()), about: now.id, event, says };
    let seen = audit::seen(tx.conn, vault, &DEFERRALS, known.id.0)?;
    store::insert_deferral(tx, known.id, Some(by.user), &known.key, &line, Some(approval.id))?;
    carried_out(tx, vault, book, by, (approval, donor), (seen, action))
}

fn write_giving_line(
    tx: &mut Tx,
    known: &Known,
    approval: &Approval,
    wrong: GivingId,
    then: &GivingCorrection,
) -> Result<()> {
    let new = NewGiving {
        donor: known.id,
        on: then.on,
        donation_type: then.donation_type,
        volume_ml: then.volume_ml,
        red_cells_lost: then.red_cells_lost,
        source: store::giving_source(tx.conn, wrong)?,
    };
    let row = GivingRow {
        corrects: Some(wrong),
        voided: then.voided,
        approval: Some(approval.id),
        ..GivingRow::new(GivingId(tx.id()), &new, tx.now.naive_utc())
    };
    store::insert_givings(tx.conn, &[row])
}

fn carried_out(
    tx: &mut Tx,
    vault: &Vault,
    book: &Rulebook,
    by: &Principal,
    (approval, donor): (&Approval, DonorId),
    (seen, action): (Seen, &'static str),
) -> Result<()> {
    seen.record(tx, vault, Line::new(Some(by.user), action).on(donor).with("approval", approval.id))?;
    rewrite_windows(tx, vault, book, donor)
}

/// A deferral does not pass from one class of readers to another: its line would vanish for some, or appear, and
/// tell them that there is a sealed cause. It is withdrawn, and another is entered.
fn same_class(book: &Rulebook, now: &DeferralFact, then: &DeferralFact) -> Result<()> {
    let class = |fact: &DeferralFact| book.catalogue().get(&fact.code).map(|entry| entry.visibility);
    if class(now) == class(then) { Ok(()) } else { Err(Problem::field("code", Code::InvalidValue)) }
}

fn not_withdrawn(deferral: &StandingDeferral) -> Result<()> {
    match deferral.fact.withdrawn_on {
        None => Ok(()),
        Some(_) => Err(Problem::new(Code::StateConflict).with("state", "withdrawn")),
    }
}

/// # Errors
/// `state_conflict` for a line that counts no more.
fn counts(conn: &mut Conn, donor: DonorId, id: GivingId) -> Result<()> {
    let lines = store::giving_lines(conn, store::one(donor))?.take(donor);
    if standing_givings(lines, None).iter().any(|line| line.id == id) {
        Ok(())
    } else {
        Err(Problem::new(Code::StateConflict).with("state", "corrected"))
    }
}

/// Deferral, how many lines said so, and the line to be written.
fn write(now: &StandingDeferral, says: &str) -> String {
    format!("{}|{}|{says}", now.id, now.lines)
}

fn write_giving(id: GivingId, then: &GivingCorrection) -> String {
    let GivingCorrection { on, donation_type, volume_ml, red_cells_lost, voided } = then;
    format!("{id}|{on}|{donation_type}|{}|{red_cells_lost}|{voided}", volume_ml.unwrap_or(0))
}

/// What a request about the house says.
fn read_of_house(vault: &Vault, approval: &Approval) -> Result<Proposal> {
    let text = approval.request(vault.house())?;
    let read = match approval.kind {
        ApprovalKind::ExportRegister => serde_json::from_str(&text).map(Proposal::ExportRegister),
        ApprovalKind::ChangeKeys => Ok(Proposal::ChangeKeys),
        ApprovalKind::ChangePolicy => serde_json::from_str(&text).map(Proposal::ChangePolicy),
        _ => return Err(Problem::new(Code::IdentityDamaged)),
    };
    read.map_err(|_| Problem::new(Code::IdentityDamaged))
}

/// What a request says, beside what stands now; and how many lines it saw of its deferral.
fn read(conn: &mut Conn, book: &Rulebook, known: &Known, approval: &Approval) -> Result<(Proposal, usize)> {
    if matches!(approval.kind, ApprovalKind::MergeDonors | ApprovalKind::UndoMerge) {
        return Ok((merge::read(conn, known.id, &known.key, approval)?, 0));
    }
    let text = approval.request(&known.key)?;
    let damaged = || Problem::new(Code::IdentityDamaged);
    if approval.kind == ApprovalKind::CorrectGiving {
        let (giving, then) = read_giving(&text).ok_or_else(damaged)?;
        return Ok((Proposal::CorrectGiving { giving, then }, 0));
    }
    let mut parts = text.splitn(3, '|');
    let id: DeferralId = parts.next().and_then(|id| id.parse().ok()).ok_or_else(damaged)?;
    let seen: usize = parts.next().and_then(|seen| seen.parse().ok()).ok_or_else(damaged)?;
    let asked_on = book.today(approval.asked_at.and_utc());
    let (_, then) = parts.next().and_then(|says| store::read_says(says, asked_on)).ok_or_else(damaged)?;
    let all = standing_deferrals(&store::deferral_lines(conn, known.id, &known.key)?, None);
    let now = all.into_iter().find(|one| one.id == id).ok_or_else(damaged)?;
    let proposal = if approval.kind == ApprovalKind::WithdrawDeferral {
        Proposal::WithdrawDeferral { now }
    } else {
        Proposal::CorrectDeferral { now, then }
    };
    Ok((proposal, seen))
}

fn read_giving(text: &str) -> Option<(GivingId, GivingCorrection)> {
    let mut parts = text.split('|');
    let id = parts.next()?.parse().ok()?;
    let on = parts.next()?.parse().ok()?;
    let donation_type = parts.next()?.parse().ok()?;
    let volume: u16 = parts.next()?.parse().ok()?;
    let (red_cells_lost, voided) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
    let volume_ml = (volume > 0).then_some(volume);
    Some((id, GivingCorrection { on, donation_type, volume_ml, red_cells_lost, voided }))
}
