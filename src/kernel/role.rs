//! Who acts: the six roles. What each may do is decided in `accounts`; here are only the words.

word! {
    /// A user's role; one user has one.
    pub enum Role {
        /// Runs the installation: accounts, settings, reference data. Opens no identity by right of role.
        Admin = "admin",
        /// Sees reserves, projections and who can be assigned today; never a medical fact.
        Command = "command",
        /// Registers, screens and books donors of the own units.
        Medic = "medic",
        /// A hospital's blood bank: asks for units and receives them.
        Hospital = "hospital",
        /// The national blood bank: tests, releases, issues.
        Bank = "bank",
        /// Lifts what needs a physician, sees sealed causes, counsels.
        Physician = "physician",
    }
}
