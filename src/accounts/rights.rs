//! What each role may do. A right is a type, so that a handler's signature says what its caller may do
//! and nobody can forget to ask.

use std::marker::PhantomData;

use shiryan_kernel::role::Role::{self, Admin, Bank, Command, Hospital, Medic, Physician};
use shiryan_kernel::{Code, Problem, Result};

use super::Principal;

/// A right that a handler asks for.
pub trait Right: Send + Sync + 'static {
    /// The roles that hold it.
    const ROLES: &'static [Role];
}

macro_rules! rights {
    ($($(#[$doc:meta])* $name:ident: $($role:ident)+;)+) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy)]
        pub struct $name;
        impl Right for $name {
            const ROLES: &'static [Role] = &[$($role),+];
        }
    )+};
}

rights! {
    /// Anyone who is signed in.
    SignedIn: Admin Command Medic Hospital Bank Physician;
    /// Users and their roles.
    ManageUsers: Admin;
    /// The record of who did what: no detail of it, and nothing of medicine.
    ReadRecord: Admin;
    /// What became of messages: neither to whom nor about what.
    SeeMessages: Admin;
    /// Changes the root key, on the command line, once another person has approved it.
    ManageKeys: Admin;
    /// Units and facilities.
    ManagePlaces: Admin;
    /// Units: a medic sees those of the own scope.
    SeeUnits: Admin Command Medic Bank Physician;
    SeeFacilities: Admin Command Medic Hospital Bank Physician;
    /// Registers donors, amends their records, pauses them. Opens nothing.
    RegisterDonors: Admin Medic Bank;
    /// Donors without any sealed field. Command and hospitals never see one.
    SeeDonors: Admin Medic Bank Physician;
    /// Opens a donor's identity for a stated purpose; each opening is recorded.
    OpenIdentity: Medic Bank Physician;
    /// Sees where the glass was broken, and reviews what somebody else did.
    ReviewBrokenGlass: Physician;
    /// Takes the donors of the own scope, their deferrals and donations out as a file, identities opened: the causes that
    /// the role reads, no other. Each file is recorded with its rows before it is given out.
    ExportDonors: Medic Bank Physician;
    /// Erases a person for good; opens nothing.
    EraseDonors: Admin Physician;
    /// Opens who an erased donor was, for a look-back; each opening is recorded.
    OpenTraces: Physician;
    /// Records what a donor agreed to or took back.
    RecordConsents: Medic Bank Physician;
    /// Records what the laboratory typed and titred, and lists it: no identity.
    TypeGroups: Bank Physician;
    /// Says which of two typings that disagree are wrong.
    ResolveGroups: Physician;
    /// Who may be counted on for an emergency collection: requirements, no deferral.
    SeePanel: Bank Physician;
    /// Sees which records may be one person, lays them side by side and settles it: by saying that they differ, or
    /// by asking for a merge.
    ReviewDuplicates: Bank Physician;
    SeeEligibility: Medic Bank Physician;
    /// Enters deferrals; which of them one reads afterwards is decided cause by cause.
    RecordDeferrals: Medic Bank Physician;
    /// The rule sets of this installation: no fact about anybody.
    SeePolicies: Admin Medic Bank Physician;
    /// Asks that a rule set be put in force; a physician who is another person decides.
    AskPolicies: Admin Physician;
    /// Tries a rule set on every donor before it takes effect, and reads for whom it changes what.
    PreviewPolicies: Physician;
    /// Asks that a deferral or a giving be put right; somebody else decides.
    AskCorrections: Medic Bank Physician;
    /// Allows one giving despite a reason that needs a physician, and reads such leaves and the decisions on
    /// which somebody acted.
    MedicalOfficer: Physician;
    /// Sees requests that need two people: one's own, and those that the role may decide.
    SeeApprovals: Admin Medic Bank Physician;
    /// Decides on what somebody else asked; which kinds is the role's own.
    DecideApprovals: Admin Bank Physician;
    /// Asks what can be counted on: units that fit and donors in published bands.
    AskAvailability: Command Medic Hospital Bank Physician;
    SeeActivities: Admin Command Medic Bank Physician;
    PlanActivities: Admin Command Medic;
    /// Approves what a medic proposed.
    ApproveActivities: Admin Command;
    /// Days on which units are not there: a medic's own units.
    ManageAbsences: Admin Command Medic;
    /// Says when a Hijri month began by what was sighted.
    SightMonths: Admin Command;
    /// Says that roads are closed, and open again.
    CloseRoads: Command Bank;
    /// Days with all that is planned on them, each as one may see it, and a calendar of the same by a secret address.
    SeeCalendar: Admin Command Medic Bank Physician;
    /// Puts people of the own units on activities, and sees who is on them.
    AssignPeople: Medic;
    /// Asks whether a person may be given a duty now: yes or no, and nothing more.
    AskAssignability: Command;
    SeeDrives: Admin Command Medic Bank Physician;
    PlanDrives: Medic Bank;
    /// Books donors into drives, and cancels.
    Book: Medic Bank;
    /// Runs the day of a drive and records what was given.
    RecordDonations: Medic Bank;
    /// How many gave of their own accord, for a patient, and by an appeal: a blood bank its own donations. No donor.
    SeeDonationKinds: Bank Physician;
    /// What a donor was asked and answered, and what was measured; each reading is recorded.
    ReadScreenings: Physician;
    /// The questions that donors are asked: no fact about anybody.
    SeeQuestions: Medic Bank Physician;
    /// Takes in what a donor tells after giving.
    TakeInformation: Medic Bank Physician;
    /// What came of a drive: two figures, from twenty people on.
    SeeOutcomes: Command Medic Bank Physician;
    /// Blood units: a hospital sees its own shelf.
    SeeStock: Hospital Bank Physician;
    SeeStockSummary: Admin Command Hospital Bank Physician;
    /// Enters the laboratory's results of the own donations, and corrects somebody else's.
    EnterResults: Bank;
    /// Sees results, what waits for them, and which earlier donations a finding reaches.
    SeeResults: Bank Physician;
    /// Takes blood units out of quarantine.
    ReleaseUnits: Bank;
    /// A unit's every step, with why it was stopped or thrown away.
    TraceUnits: Bank Physician;
    /// Takes units that another blood service sent.
    ReceiveUnits: Bank;
    /// Stops a unit for safety.
    StopUnits: Bank Physician;
    /// Lifts such a stop after somebody else's.
    ClearUnits: Physician;
    /// Stops every unit of a donation or of a donor, wherever it is.
    RecallUnits: Bank Physician;
    /// Divides units in quarantine, makes components of whole blood, and records what was done to them.
    DivideUnits: Bank;
    DiscardUnits: Bank;
    /// Sends units of the own shelf to another blood bank of the region, takes in what is sent, says what never arrived.
    MoveUnits: Bank;
    /// Counts the own shelf, and says what became of what differs.
    CountStock: Bank;
    /// What lies on the own shelf, and how much should.
    KeepShelf: Hospital Bank;
    /// Says that the own shelf was counted: a blood bank scans its labels instead.
    ConfirmShelf: Hospital;
    /// Asks for units for the own hospital, once or again and again, takes them in and says what became of each.
    RequestUnits: Hospital;
    /// Stops a massive-transfusion pack: a hospital its own, a blood bank one of which it took a line.
    StopPacks: Hospital Bank;
    /// Requests with their units and the patient's pseudonym: a hospital its own alone, a blood bank those of its
    /// region.
    SeeRequests: Hospital Bank Physician;
    /// Answers by name for RhD-positive units for an RhD-negative patient.
    AuthoriseRhd: Physician;
    /// Declares an incident, and ends one: a blood bank in its own region.
    DeclareIncidents: Command Bank;
    SeeIncidents: Command Bank Physician;
    /// Holds units of the own shelf to be handed out in an emergency.
    AskEmergencyIssues: Bank;
    /// Sees emergency issues, confirms one as the second person, reviews one as the third: a blood bank its own.
    ConfirmEmergencyIssues: Bank Physician;
    /// Answers, as one of two physicians, for a unit that is given before its tests, and follows its patient up.
    AuthoriseUntested: Physician;
    /// Compares bag and patient at the bed, as one of two people.
    CheckUntested: Hospital;
    /// Units that are given before their tests: a hospital those of its requests without a word of the tests, a blood bank
    /// those of its shelf with what the tests amount to.
    SeeUntested: Hospital Bank Physician;
    /// Withdraws such a unit that was not given.
    WithdrawUntested: Bank Physician;
    /// Takes or refuses a request of the own region, holds units of the own shelf for it and issues them.
    ServeRequests: Bank;
    SeeReserve: Admin Command Bank Physician;
    SeeProjections: Admin Command Bank Physician;
    /// Keeps scenarios and ends them; whoever sees projections runs them.
    KeepScenarios: Command Bank;
}

/// A signed-in user who holds the right `R`.
#[derive(Debug, Clone)]
pub struct Actor<R: Right> {
    principal: Principal,
    right: PhantomData<R>,
}

impl<R: Right> Actor<R> {
    /// # Errors
    /// `forbidden` when the role does not hold the right.
    pub fn of(principal: Principal) -> Result<Self> {
        if R::ROLES.contains(&principal.role) {
            Ok(Self { principal, right: PhantomData })
        } else {
            Err(Problem::new(Code::Forbidden))
        }
    }
}

impl<R: Right> std::ops::Deref for Actor<R> {
    type Target = Principal;
    fn deref(&self) -> &Principal {
        &self.principal
    }
}
