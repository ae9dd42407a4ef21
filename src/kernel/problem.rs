//! The one list of what can go wrong, each with a stable code.
//!
//! `http` gives each a status, `texts` its words in Arabic and English, `docs/problems.md` what the
//! person should do; a test walks the list and finds all three.

word! {
    /// A stable problem code; never renamed.
    pub enum Code {
        // the request's form
        MalformedJson = "malformed_json",
        UnknownField = "unknown_field",
        UnknownParameter = "unknown_parameter",
        MissingField = "missing_field",
        WrongType = "wrong_type",
        InvalidValue = "invalid_value",
        OutOfRange = "out_of_range",
        BadText = "bad_text",
        BodyTooLarge = "body_too_large",
        UnsupportedMediaType = "unsupported_media_type",
        InvalidRequest = "invalid_request",
        CursorInvalid = "cursor_invalid",
        IdempotencyKeyMissing = "idempotency_key_missing",
        IdempotencyKeyInvalid = "idempotency_key_invalid",
        IdempotencyKeyReused = "idempotency_key_reused",
        IdempotencyInProgress = "idempotency_in_progress",
        MethodNotAllowed = "method_not_allowed",
        NotFound = "not_found",
        IfMatchMissing = "if_match_missing",
        VersionStale = "version_stale",
        // who asks
        Unauthenticated = "unauthenticated",
        TokenInvalid = "token_invalid",
        TokenExpired = "token_expired",
        BadCredentials = "bad_credentials",
        PasswordChangeRequired = "password_change_required",
        SecondFactorMissing = "second_factor_missing",
        SecondFactorRequired = "second_factor_required",
        SecondFactorInvalid = "second_factor_invalid",
        RefreshInvalid = "refresh_invalid",
        RefreshReused = "refresh_reused",
        Forbidden = "forbidden",
        SecondPersonRequired = "second_person_required",
        CrossSiteRefused = "cross_site_refused",
        // the state of things
        StateConflict = "state_conflict",
        CountDiffers = "count_differs",
        CodeTaken = "code_taken",
        UnknownReference = "unknown_reference",
        DonorAlreadyRegistered = "donor_already_registered",
        DonorUnbookable = "donor_unbookable",
        NotEligible = "not_eligible",
        AlreadyBooked = "already_booked",
        SlotFull = "slot_full",
        SlotForWomen = "slot_for_women",
        FirstTimersFull = "first_timers_full",
        TypeNotCollected = "type_not_collected",
        DriveFull = "drive_full",
        DriveClosed = "drive_closed",
        UnitAbsent = "unit_absent",
        DutyConflict = "duty_conflict",
        DinInvalid = "din_invalid",
        DinUsed = "din_used",
        DinMismatch = "din_mismatch",
        NotPrepared = "not_prepared",
        NotBalanced = "not_balanced",
        GroupUnknown = "group_unknown",
        GroupDiscrepancy = "group_discrepancy",
        UnitExpired = "unit_expired",
        TestsMissing = "tests_missing",
        TestsReactive = "tests_reactive",
        UnitIncompatible = "unit_incompatible",
        RhdPolicyForbids = "rhd_policy_forbids",
        IdentityDamaged = "identity_damaged",
        // the field's own errors
        PasswordTooShort = "password_too_short",
        PasswordTooCommon = "password_too_common",
        NationalIdInvalid = "national_id_invalid",
        PhoneInvalid = "phone_invalid",
        EmailInvalid = "email_invalid",
        NameInvalid = "name_invalid",
        DateInvalid = "date_invalid",
        // the service itself
        Busy = "busy",
        NotReady = "not_ready",
        SearchWarming = "search_warming",
        TooManyRequests = "too_many_requests",
        Internal = "internal",
    }
}

/// One field that is wrong, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldError {
    /// Path of the field in the body, or the query's key.
    pub field: String,
    pub code: Code,
}

/// Why a thing was not done. Carries codes, never words and never identity.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code}")]
pub struct Problem {
    pub code: Code,
    pub errors: Vec<FieldError>,
    /// Figures and codes that explain, such as `on` = a date or `reason` = a reason's code.
    pub facts: Vec<(&'static str, String)>,
    /// For the log alone: never shown to a caller.
    pub cause: Option<String>,
}

/// What every use case returns.
pub type Result<T, E = Problem> = std::result::Result<T, E>;

impl Problem {
    #[must_use]
    pub const fn new(code: Code) -> Self {
        Self { code, errors: Vec::new(), facts: Vec::new(), cause: None }
    }

    /// One wrong field; the problem's own code is `invalid_request`.
    #[must_use]
    pub fn field(field: impl Into<String>, code: Code) -> Self {
        Self { errors: vec![FieldError { field: field.into(), code }], ..Self::new(Code::InvalidRequest) }
    }

    /// The same problem, said of a field.
    #[must_use]
    pub fn on(self, field: impl Into<String>) -> Self {
        Self::field(field, self.code)
    }

    /// With the field it is about, keeping the problem's own code.
    #[must_use]
    pub fn about(mut self, field: impl Into<String>, code: Code) -> Self {
        self.errors.push(FieldError { field: field.into(), code });
        self
    }

    #[must_use]
    pub fn with(mut self, name: &'static str, fact: impl ToString) -> Self {
        self.facts.push((name, fact.to_string()));
        self
    }

    /// Our own fault: the cause goes to the log, the caller sees `internal`.
    #[must_use]
    pub fn internal(cause: impl std::fmt::Display) -> Self {
        Self { cause: Some(cause.to_string()), ..Self::new(Code::Internal) }
    }
}

/// Gathers every wrong field of a request, so that they are told all at once.
#[derive(Debug, Default)]
pub struct Faults(Vec<FieldError>);

impl Faults {
    #[must_use]
    pub const fn none() -> Self {
        Self(Vec::new())
    }

    pub fn add(&mut self, field: impl Into<String>, code: Code) {
        self.0.push(FieldError { field: field.into(), code });
    }

    /// Keeps the value, or notes the fault of `field`.
    pub fn keep<T>(&mut self, field: &str, parsed: Result<T>) -> Option<T> {
        match parsed {
            Ok(value) => Some(value),
            Err(problem) => {
                self.add(field, problem.code);
                None
            }
        }
    }

    /// What was built of the kept values, once no field is at fault.
    ///
    /// # Errors
    /// `invalid_request` with every fault, if there is any.
    pub fn give<T>(self, built: Option<T>) -> Result<T> {
        self.settle()?;
        built.ok_or_else(|| Problem::internal("a value is missing and no fault was noted"))
    }

    /// # Errors
    /// `invalid_request` with every fault, if there is any.
    pub fn settle(self) -> Result<()> {
        if self.0.is_empty() {
            Ok(())
        } else {
            Err(Problem { errors: self.0, ..Problem::new(Code::InvalidRequest) })
        }
    }
}
