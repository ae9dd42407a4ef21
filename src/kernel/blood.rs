//! Blood groups, what is given and what is made of it.

word! {
    /// ABO and RhD group as it goes over the wire.
    pub enum BloodGroup {
        ONeg = "o_neg",
        OPos = "o_pos",
        ANeg = "a_neg",
        APos = "a_pos",
        BNeg = "b_neg",
        BPos = "b_pos",
        AbNeg = "ab_neg",
        AbPos = "ab_pos",
    }
}

word! {
    /// What a donor gives.
    pub enum DonationType {
        WholeBlood = "whole_blood",
        DoubleRedCells = "double_red_cells",
        PlateletApheresis = "platelet_apheresis",
        PlasmaApheresis = "plasma_apheresis",
    }
}

word! {
    /// What a bag holds.
    pub enum Component {
        WholeBlood = "whole_blood",
        RedCells = "red_cells",
        Platelets = "platelets",
        Plasma = "plasma",
        Cryoprecipitate = "cryoprecipitate",
    }
}

word! {
    /// Sex as recorded for the rules of giving.
    pub enum Sex {
        Male = "male",
        Female = "female",
    }
}

word! {
    /// How well a donor's group is known.
    pub enum GroupEvidence {
        /// Nobody has said.
        Unknown = "unknown",
        /// Somebody said so: treated as unknown at the bedside.
        Declared = "declared",
        /// One laboratory typing.
        TypedOnce = "typed_once",
        /// Two independent typings that agree.
        Confirmed = "confirmed",
    }
}
