//! The states that things pass through. Which step is allowed from which is each room's own rule.

word! {
    /// Where a donor stands in the register.
    pub enum DonorStatus {
        Active = "active",
        /// Not to be invited for a while, at the donor's own wish or by the unit.
        Paused = "paused",
        /// Unbookable until somebody has looked: a likely duplicate or an identity from elsewhere.
        Review = "review",
        Deceased = "deceased",
        /// Identity removed; the traceable facts of giving remain.
        Erased = "erased",
    }
}

word! {
    /// What came of calling a donor.
    pub enum CallOutcome {
        /// Wants to come: the place is booked beside it.
        WillCome = "will_come",
        /// Not now, ask again.
        Later = "later",
        NoAnswer = "no_answer",
        WrongNumber = "wrong_number",
        /// Not to be called again.
        NoMoreCalls = "no_more_calls",
    }
}

word! {
    /// Where a pair of records that may be one person stands.
    pub enum ReviewState {
        Open = "open",
        /// Two people.
        Different = "different",
        /// One person: the two are read as one.
        Merged = "merged",
    }
}

word! {
    /// By what two records may be one person.
    pub enum ReviewGround {
        NationalId = "national_id",
        ServiceNumber = "service_number",
        /// Phone, birth date and three parts of the name.
        Person = "person",
    }
}

word! {
    /// How somebody comes to give.
    pub enum DonorKind {
        Voluntary = "voluntary",
        /// For a patient of the own family or unit.
        Replacement = "replacement",
        /// Comes when an appeal goes out.
        CallUp = "call_up",
    }
}

word! {
    /// Where a bag stands. It is born in quarantine, and only `released` counts as stock.
    pub enum UnitStatus {
        Quarantine = "quarantine",
        Released = "released",
        /// Held for one request.
        Reserved = "reserved",
        Issued = "issued",
        Transfused = "transfused",
        Returned = "returned",
        Discarded = "discarded",
        Expired = "expired",
        /// Stopped for safety; reachable from every in-date state.
        Blocked = "blocked",
        /// On its way to another blood bank; it counts at neither.
        InTransit = "in_transit",
        /// Made into other units, which carry its number on.
        Divided = "divided",
        /// Given before its tests, by two physicians: no stock, and on no other path.
        EmergencyUntested = "emergency_untested",
    }
}

word! {
    /// Where a transfer of units between two blood banks stands.
    pub enum TransferState {
        UnderWay = "under_way",
        /// A box was received, and units of it are missing.
        Discrepancy = "discrepancy",
        /// Each unit arrived, or is known as lost.
        Closed = "closed",
    }
}

word! {
    /// How a unit's way to another blood bank ended.
    pub enum TransferEnd {
        Arrived = "arrived",
        Lost = "lost",
    }
}

word! {
    /// Where the count of a shelf stands.
    pub enum CountState {
        /// Units are missing, or labels were scanned that should not be there.
        Discrepancy = "discrepancy",
        /// The shelf is as it was counted.
        Closed = "closed",
    }
}

word! {
    /// What became of a unit that a count missed.
    pub enum MissEnd {
        Found = "found",
        Lost = "lost",
    }
}

word! {
    /// Why a bag came into a state.
    pub enum MoveReason {
        Collected = "collected",
        /// From another blood service.
        Delivered = "delivered",
        /// The laboratory let it go.
        Tested = "tested",
        /// Something about the donor: a finding, what he or she told, what the rules say. One word for all of it, so
        /// that no step of a bag tells which.
        DonorLinked = "donor_linked",
        GroupDiscrepancy = "group_discrepancy",
        HospitalReport = "hospital_report",
        /// Another service or a manufacturer calls it back.
        Recall = "recall",
        Damaged = "damaged",
        OutOfTemperature = "out_of_temperature",
        LowVolume = "low_volume",
        /// For a request, up to the patient.
        Used = "used",
        /// It is held for nobody any more.
        Freed = "freed",
        /// It came back from a hospital.
        NotUsed = "not_used",
        /// A physician looked into what had stopped it.
        Cleared = "cleared",
        DatePassed = "date_passed",
        /// To another blood bank.
        Sent = "sent",
        /// From another blood bank.
        Arrived = "arrived",
        /// It never arrived there.
        Lost = "lost",
        /// Made into other units, or made of another.
        Divided = "divided",
        /// Two physicians give it before its tests.
        Emergency = "emergency",
        /// Irradiated, filtered, or found free of something.
        Processed = "processed",
        /// What was said of its end was wrong.
        Corrected = "corrected",
        /// Told in words.
        Other = "other",
    }
}

word! {
    /// Where a hospital's request for units stands. How much of it was met is told by its counts.
    pub enum RequestState {
        Submitted = "submitted",
        /// A blood bank took it.
        Accepted = "accepted",
        /// Units are held for it.
        Reserved = "reserved",
        Issued = "issued",
        /// Every unit that was issued has arrived.
        Received = "received",
        /// What became of each unit is known.
        Closed = "closed",
        Refused = "refused",
        /// By the hospital, or with its pack.
        Cancelled = "cancelled",
    }
}

word! {
    /// Where a hospital's repeating request stands.
    pub enum StandingState {
        Active = "active",
        /// Nothing is asked for until it is resumed.
        Paused = "paused",
        /// By the hospital, or past its last day.
        Ended = "ended",
    }
}

word! {
    /// Where a massive-transfusion pack stands.
    pub enum PackState {
        Running = "running",
        /// No further round; what is issued and not used is to be returned.
        Stopped = "stopped",
    }
}

word! {
    /// Where a unit that is given before its tests stands.
    pub enum UntestedState {
        /// By the first physician.
        Asked = "asked",
        /// By the second physician.
        Authorised = "authorised",
        /// Bag and patient were compared by the first of two at the bed.
        Checked = "checked",
        /// Compared by the second one; the patient is to be followed up.
        Given = "given",
        FollowedUp = "followed_up",
        /// It was not given.
        Withdrawn = "withdrawn",
    }
}

word! {
    /// Where an emergency issue stands.
    pub enum EmergencyState {
        /// Units are held; a second person has to confirm.
        Open = "open",
        /// Nobody confirmed in time.
        Lapsed = "lapsed",
        /// Handed out; a third person has to look at it.
        Issued = "issued",
        Reviewed = "reviewed",
    }
}

word! {
    /// What a hospital reports of a unit that it used.
    pub enum ReportKind {
        Reaction = "reaction",
        SuspectedInfection = "suspected_infection",
    }
}

/// The most units of one request.
pub const MOST_UNITS_ASKED: i32 = 40;

word! {
    /// How soon a request must be met.
    pub enum Urgency {
        Emergency = "emergency",
        Urgent = "urgent",
        Routine = "routine",
        /// For a moment that is named.
        Planned = "planned",
    }
}

word! {
    /// Why a blood bank refuses a request.
    pub enum RefusalReason {
        NothingFits = "nothing_fits",
        /// Another group's samples, another quantity, or facts that are missing: ask anew.
        Incomplete = "incomplete",
        Duplicate = "duplicate",
        NotIndicated = "not_indicated",
        Other = "other",
    }
}

word! {
    /// How the hold on a unit ended.
    pub enum HoldEnd {
        Issued = "issued",
        /// The request was cancelled or refused, or the blood bank let the unit go.
        Freed = "freed",
        /// Nobody issued it in time.
        Lapsed = "lapsed",
        /// The unit was stopped, thrown away, or passed its date.
        UnitGone = "unit_gone",
    }
}

word! {
    /// Where a booking stands.
    pub enum AppointmentStatus {
        /// Made by somebody else; binds nobody until the donor accepts.
        Proposed = "proposed",
        Booked = "booked",
        Cancelled = "cancelled",
        Kept = "kept",
        NoShow = "no_show",
    }
}

word! {
    /// Where somebody on a drive's waiting list stands.
    pub enum WaitingState {
        Waiting = "waiting",
        /// A place came free and an appointment is proposed.
        Offered = "offered",
        Left = "left",
    }
}

word! {
    /// Where a drive stands.
    pub enum DriveStatus {
        Draft = "draft",
        /// Takes bookings.
        Open = "open",
        /// Takes no more bookings.
        Closed = "closed",
        Cancelled = "cancelled",
        Done = "done",
    }
}

word! {
    /// Where an activity of any branch stands.
    pub enum ActivityStatus {
        Proposed = "proposed",
        Approved = "approved",
        UnderWay = "under_way",
        /// It took place.
        Done = "done",
        Cancelled = "cancelled",
    }
}

word! {
    /// Where somebody who came to a drive stands.
    pub enum VisitState {
        CheckedIn = "checked_in",
        /// Screening found nothing against it.
        Fit = "fit",
        /// Agreed before the needle.
        Ready = "ready",
        /// The needle was in, whatever came of it.
        Donated = "donated",
        Deferred = "deferred",
        /// Went without giving; why stands nowhere.
        Left = "left",
    }
}

word! {
    /// What a donor does by a link of their own.
    pub enum LinkVerb {
        /// Says yes to a proposed appointment.
        Accept = "accept",
        /// Gives an appointment back.
        Cancel = "cancel",
        /// Takes a place in a drive.
        Book = "book",
        /// Tells the blood bank something after giving.
        Tell = "tell",
        /// The same of a visit, whatever came of it.
        Speak = "speak",
        /// Chooses another time of the same drive.
        Move = "move",
        /// Is not invited for a while.
        Pause = "pause",
        /// Wants no more messages.
        Stop = "stop",
        /// Looks at the own card; nothing happens by it.
        Card = "card",
        /// Reads what does good after a visit, whatever came of it; nothing happens by it.
        Aftercare = "aftercare",
    }
}

word! {
    /// What was drawn.
    pub enum Drawn {
        Complete = "complete",
        /// Too little for a unit that may be issued.
        LowVolume = "low_volume",
        /// Nothing that is of use.
        Failed = "failed",
    }
}

word! {
    /// Where a number stands that was handed out to a drive.
    pub enum DinState {
        HandedOut = "handed_out",
        Used = "used",
        Spoilt = "spoilt",
    }
}

word! {
    /// How a donor took it.
    pub enum ReactionKind {
        /// From feeling faint to losing consciousness.
        Vasovagal = "vasovagal",
        Haematoma = "haematoma",
        Nerve = "nerve",
        Citrate = "citrate",
        Allergic = "allergic",
        Other = "other",
    }
}

word! {
    pub enum ReactionGrade {
        Mild = "mild",
        Moderate = "moderate",
        Severe = "severe",
    }
}

word! {
    /// Why a unit is not there.
    pub enum AbsenceKind {
        Deployed = "deployed",
        /// Kept ready for something else.
        Alert = "alert",
        Leave = "leave",
    }
}

word! {
    /// What one activity is to another.
    pub enum LinkKind {
        /// Same day and place: each is host to the other.
        HostedWith = "hosted_with",
        InSupportOf = "in_support_of",
        Follows = "follows",
        /// They want the same people or the same day.
        CompetesWith = "competes_with",
    }
}

word! {
    /// What kind of facility holds blood.
    pub enum FacilityKind {
        Hospital = "hospital",
        BloodBank = "blood_bank",
    }
}

word! {
    /// Long work.
    pub enum JobKind {
        /// Whom another rule set would let give earlier or later.
        PreviewPolicy = "preview_policy",
        /// Units or facilities out of a file.
        ImportPlaces = "import_places",
        /// Whether the record of who did what is whole.
        VerifyRecord = "verify_record",
    }
}

word! {
    /// Where long work stands.
    pub enum JobState {
        Queued = "queued",
        Running = "running",
        Done = "done",
        Failed = "failed",
    }
}

word! {
    /// What needs two people.
    pub enum ApprovalKind {
        CorrectDeferral = "correct_deferral",
        WithdrawDeferral = "withdraw_deferral",
        CorrectGiving = "correct_giving",
        /// Two records are one person.
        MergeDonors = "merge_donors",
        /// They are not, after all.
        UndoMerge = "undo_merge",
        /// A register is to be taken out as a file.
        ExportRegister = "export_register",
        /// A rule set is to be put in force.
        ChangePolicy = "change_policy",
        /// The root key is to be changed.
        ChangeKeys = "change_keys",
    }
}

word! {
    /// Where a request for approval stands.
    pub enum ApprovalState {
        Open = "open",
        /// Carried out, in the transaction in which it was approved; or a leave for whoever asked.
        Approved = "approved",
        Refused = "refused",
        /// Nobody decided in time.
        Expired = "expired",
    }
}

impl DriveStatus {
    /// Whether nothing happens at the drive any more.
    #[must_use]
    pub const fn is_over(self) -> bool {
        matches!(self, Self::Cancelled | Self::Done)
    }
}

impl VisitState {
    /// Whether the visit is over.
    #[must_use]
    pub const fn is_ended(self) -> bool {
        matches!(self, Self::Donated | Self::Deferred | Self::Left)
    }
}

impl AbsenceKind {
    /// Whether the unit's people cannot be booked either; on leave they may come on their own.
    #[must_use]
    pub const fn holds_people(self) -> bool {
        matches!(self, Self::Deployed | Self::Alert)
    }
}

impl UnitStatus {
    /// Whether the bag counts as stock that can be promised.
    #[must_use]
    pub const fn is_usable(self) -> bool {
        matches!(self, Self::Released)
    }
}

impl AppointmentStatus {
    /// Whether the booking still takes a place.
    #[must_use]
    pub const fn is_live(self) -> bool {
        matches!(self, Self::Proposed | Self::Booked)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_released_bag_is_usable() {
        let usable: Vec<_> = UnitStatus::ALL.iter().filter(|status| status.is_usable()).collect();
        assert_eq!(usable, [&UnitStatus::Released]);
    }

    #[test]
    fn every_word_is_read_back() {
        for status in UnitStatus::ALL {
            assert_eq!(status.code().parse::<UnitStatus>().unwrap(), *status);
        }
        assert!("RELEASED".parse::<UnitStatus>().is_err());
        assert!("".parse::<DriveStatus>().is_err());
    }
}
