//! Red-cell antigens beside ABO and RhD, and how antibodies are titred.

word! {
    /// An antigen by its ISBT system and number, since C and c differ by their case alone.
    pub enum Antigen {
        /// C
        Rh2 = "rh2",
        /// E
        Rh3 = "rh3",
        /// c
        Rh4 = "rh4",
        /// e
        Rh5 = "rh5",
        /// K
        Kel1 = "kel1",
        /// k
        Kel2 = "kel2",
        /// Fy(a)
        Fy1 = "fy1",
        /// Fy(b)
        Fy2 = "fy2",
        /// Jk(a)
        Jk1 = "jk1",
        /// Jk(b)
        Jk2 = "jk2",
        /// M
        Mns1 = "mns1",
        /// N
        Mns2 = "mns2",
        /// S
        Mns3 = "mns3",
        /// s
        Mns4 = "mns4",
    }
}

word! {
    /// What the results for one antigen amount to.
    pub enum AntigenState {
        Present = "present",
        Absent = "absent",
        /// Results disagree: as good as none until one is corrected.
        Discrepant = "discrepant",
    }
}

word! {
    /// How anti-A and anti-B of class IgM are titred.
    pub enum TitreMethod {
        SalineTube = "saline_tube",
        GelCard = "gel_card",
        Microplate = "microplate",
    }
}
