//! What donors and users are told by message, and what became of each message.

word! {
    /// What a message says.
    pub enum Template {
        /// An appointment cannot be kept as planned; why is not said.
        AppointmentOff = "appointment_off",
        /// An appointment, or the whole drive, was cancelled.
        AppointmentCancelled = "appointment_cancelled",
        /// It was proposed, and binds nobody until the donor accepts.
        AppointmentProposed = "appointment_proposed",
        /// The donor accepted it.
        AppointmentConfirmed = "appointment_confirmed",
        /// It moved to another time.
        AppointmentChanged = "appointment_changed",
        /// It is some days ahead.
        ReminderDays = "reminder_days",
        /// It is some hours ahead.
        ReminderHours = "reminder_hours",
        /// The donor came to a drive; what came of it is not said.
        ThankYou = "thank_you",
        /// What the donor gave helped somebody; whom and where is not said, nor ever that it did not.
        GiftUsed = "gift_used",
        /// The donor may give again.
        EligibleAgain = "eligible_again",
        /// The donor is asked to choose a time at a drive.
        Invitation = "invitation",
        /// To command: levels of the reserve changed; which is not said.
        LevelChanged = "level_changed",
        /// To a hospital: a request of theirs moved; which and where to is not said.
        RequestMoved = "request_moved",
        /// To a user: the own account was changed by somebody else.
        AccountChanged = "account_changed",
    }
}

word! {
    /// Where a message stands.
    pub enum MessageState {
        Queued = "queued",
        /// One process is sending it.
        Claimed = "claimed",
        /// The mail server took it.
        Sent = "sent",
        /// It will not be sent.
        Unsent = "unsent",
    }
}

word! {
    /// Why a message will not be sent.
    pub enum Unsent {
        /// This installation sends none.
        NoTransport = "no_transport",
        NoAddress = "no_address",
        /// The donor has not said yes to mail, or said no to being written to.
        NotWished = "not_wished",
        /// The donor is away.
        Paused = "paused",
        /// The donor died or was erased.
        Gone = "gone",
        /// It would have come after what it is about.
        TooLate = "too_late",
        /// The recipient's server will not take it.
        Refused = "refused",
        /// It was tried as often as it may be.
        Unreachable = "unreachable",
        /// The address does not open.
        Damaged = "damaged",
    }
}

word! {
    /// Whether somebody was told, as those who look after them see it.
    pub enum Told {
        /// A message waits to be sent.
        Queued = "queued",
        Sent = "sent",
        /// No message goes out: tell them in person.
        InPerson = "in_person",
        /// No message goes out, and nobody need tell them.
        NotSent = "not_sent",
    }
}

impl Template {
    /// Those that are about an appointment.
    pub const OF_APPOINTMENTS: [Self; 7] = [
        Self::AppointmentOff,
        Self::AppointmentCancelled,
        Self::AppointmentProposed,
        Self::AppointmentConfirmed,
        Self::AppointmentChanged,
        Self::ReminderDays,
        Self::ReminderHours,
    ];

    /// Whether somebody has to tell it when no message does.
    #[must_use]
    pub const fn must_be_told(self) -> bool {
        matches!(
            self,
            Self::AppointmentOff
                | Self::AppointmentCancelled
                | Self::AppointmentProposed
                | Self::AppointmentChanged
        )
    }
}

impl MessageState {
    /// What became of a message of this template.
    #[must_use]
    pub const fn told(self, template: Template) -> Told {
        match self {
            Self::Queued | Self::Claimed => Told::Queued,
            Self::Sent => Told::Sent,
            Self::Unsent if template.must_be_told() => Told::InPerson,
            Self::Unsent => Told::NotSent,
        }
    }
}
