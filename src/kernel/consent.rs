//! What a donor may agree to, and how that became known.

word! {
    /// What is agreed to. Consent to a single donation is asked in private on its day and is none of these.
    pub enum ConsentKind {
        /// That the register keeps the person's data.
        Record = "record",
        /// To be invited and reminded.
        Contact = "contact",
        /// To be called for emergency collection, and to be tested for it beforehand.
        EmergencyPanel = "emergency_panel",
        /// That data without a name serve research.
        Research = "research",
    }
}

word! {
    /// How a consent, or its end, became known.
    pub enum ConsentWay {
        /// A signed paper, kept by the blood bank.
        Signed = "signed",
        /// Said in private to whoever records it.
        Spoken = "spoken",
        /// By telephone, letter or mail.
        Message = "message",
    }
}
