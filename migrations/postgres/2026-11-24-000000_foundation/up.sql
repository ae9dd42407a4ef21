-- The foundation. The same tables stand on both databases; types differ by one word each.
--
-- Where rows come in by the million, a closed list is a chain of OR: for IN with more than two words SQLite
-- fills a tree in each statement and looks into it for each row, a third of what such a row costs.

CREATE TABLE meta (
    key TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
);

-- places ---------------------------------------------------------------------------------------

CREATE TABLE units (
    id BIGINT PRIMARY KEY NOT NULL,
    code TEXT NOT NULL UNIQUE,
    name_ar TEXT NOT NULL,
    name_en TEXT NOT NULL,
    parent BIGINT REFERENCES units (id),
    governorate TEXT NOT NULL CHECK (governorate IN ('PS-JEN', 'PS-TBS', 'PS-TKM', 'PS-NBS', 'PS-QQA', 'PS-SLT', 'PS-RBH', 'PS-JRH',
        'PS-JEM', 'PS-BTH', 'PS-HBN', 'PS-NGZ', 'PS-GZA', 'PS-DEB', 'PS-KYS', 'PS-RFH')),
    created_at TIMESTAMP NOT NULL,
    CHECK (parent IS NULL OR parent <> id)
);

-- Every pair of a unit and one that stands above it, itself included (depth 0): a scope is one join.
CREATE TABLE unit_tree (
    ancestor BIGINT NOT NULL REFERENCES units (id),
    descendant BIGINT NOT NULL REFERENCES units (id),
    depth INTEGER NOT NULL CHECK (depth >= 0),
    PRIMARY KEY (ancestor, descendant)
);
CREATE INDEX unit_tree_by_descendant ON unit_tree (descendant);

CREATE TABLE facilities (
    id BIGINT PRIMARY KEY NOT NULL,
    code TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL CHECK (kind IN ('hospital', 'blood_bank')),
    name_ar TEXT NOT NULL,
    name_en TEXT NOT NULL,
    governorate TEXT NOT NULL CHECK (governorate IN ('PS-JEN', 'PS-TBS', 'PS-TKM', 'PS-NBS', 'PS-QQA', 'PS-SLT', 'PS-RBH', 'PS-JRH',
        'PS-JEM', 'PS-BTH', 'PS-HBN', 'PS-NGZ', 'PS-GZA', 'PS-DEB', 'PS-KYS', 'PS-RFH')),
    -- Degrees of WGS 84, where somebody entered them.
    latitude DOUBLE PRECISION CHECK (latitude BETWEEN -90 AND 90),
    longitude DOUBLE PRECISION CHECK (longitude BETWEEN -180 AND 180),
    created_at TIMESTAMP NOT NULL,
    CHECK ((latitude IS NULL) = (longitude IS NULL))
);

-- accounts -------------------------------------------------------------------------------------

CREATE TABLE users (
    id BIGINT PRIMARY KEY NOT NULL,
    username TEXT NOT NULL UNIQUE,
    role TEXT NOT NULL CHECK (role IN ('admin', 'command', 'medic', 'hospital', 'bank', 'physician')),
    password_hash TEXT NOT NULL,
    must_change BOOLEAN NOT NULL,
    facility BIGINT REFERENCES facilities (id),
    disabled BOOLEAN NOT NULL,
    language TEXT CHECK (language IN ('ar', 'en')),
    created_at TIMESTAMP NOT NULL,
    created_by BIGINT REFERENCES users (id),
    reset_at TIMESTAMP,
    reset_by BIGINT REFERENCES users (id),
    version BIGINT NOT NULL,
    CHECK ((role IN ('hospital', 'bank')) = (facility IS NOT NULL)),
    CHECK ((reset_at IS NULL) = (reset_by IS NULL))
);

CREATE TABLE user_units (
    user_id BIGINT NOT NULL REFERENCES users (id),
    unit_id BIGINT NOT NULL REFERENCES units (id),
    PRIMARY KEY (user_id, unit_id)
);

CREATE TABLE sessions (
    id BIGINT PRIMARY KEY NOT NULL,
    user_id BIGINT NOT NULL REFERENCES users (id),
    kind TEXT NOT NULL CHECK (kind IN ('api', 'browser')),
    csrf BYTEA,
    created_at TIMESTAMP NOT NULL,
    expires_at TIMESTAMP NOT NULL,
    revoked_at TIMESTAMP,
    CHECK ((kind = 'browser') = (csrf IS NOT NULL))
);
CREATE INDEX sessions_by_user ON sessions (user_id);
CREATE INDEX sessions_revoked ON sessions (revoked_at) WHERE revoked_at IS NOT NULL;

-- What a device shares with us, sealed; it counts once a code of it was entered. A code is good once: the step of the
-- last one is kept.
CREATE TABLE second_factors (
    user_id BIGINT PRIMARY KEY NOT NULL REFERENCES users (id),
    secret BYTEA NOT NULL,
    made_at TIMESTAMP NOT NULL,
    confirmed_at TIMESTAMP,
    last_step BIGINT NOT NULL
);

-- Where a user is written to, sealed.
CREATE TABLE user_addresses (
    user_id BIGINT PRIMARY KEY NOT NULL REFERENCES users (id),
    address BYTEA NOT NULL,
    set_at TIMESTAMP NOT NULL
);

-- Digests of random codes, each good once.
CREATE TABLE recovery_codes (
    user_id BIGINT NOT NULL REFERENCES users (id),
    digest BYTEA NOT NULL,
    used_at TIMESTAMP,
    PRIMARY KEY (user_id, digest)
);

-- Digests only: whoever reads the table cannot sign in with it.
CREATE TABLE session_tokens (
    digest BYTEA NOT NULL PRIMARY KEY,
    session_id BIGINT NOT NULL REFERENCES sessions (id),
    issued_at TIMESTAMP NOT NULL,
    used_at TIMESTAMP
);
CREATE INDEX session_tokens_by_session ON session_tokens (session_id);

-- What needs two people. The request is sealed, under the key of the donor whom it is about where it is
-- about one, else under the house key. One asks, another decides, and what was decided is carried out in the same
-- transaction; or it is a leave for whoever asked, for a while or for one use.
CREATE TABLE approvals (
    id BIGINT PRIMARY KEY NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('correct_deferral', 'withdraw_deferral', 'correct_giving', 'merge_donors', 'undo_merge', 'export_register', 'change_policy', 'change_keys')),
    subject BIGINT,
    request BYTEA NOT NULL,
    reason BYTEA NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('open', 'approved', 'refused', 'expired')),
    asked_by BIGINT NOT NULL REFERENCES users (id),
    asked_at TIMESTAMP NOT NULL,
    expires_at TIMESTAMP NOT NULL,
    decided_by BIGINT REFERENCES users (id),
    decided_at TIMESTAMP,
    used_at TIMESTAMP,
    CHECK ((subject IS NULL) = (kind IN ('export_register', 'change_policy', 'change_keys'))),
    CHECK (used_at IS NULL OR state = 'approved'),
    CHECK ((decided_by IS NULL) = (decided_at IS NULL) AND (decided_by IS NULL) = (state IN ('open', 'expired'))),
    CHECK (decided_by IS NULL OR decided_by <> asked_by),
    CHECK (expires_at > asked_at)
);
CREATE INDEX approvals_by_state ON approvals (state, id);

-- Rule sets by which is decided, as two people approved them. The last one names the code, and the first ones stood in the
-- settings when the database was made. The text is sealed under the house key.
CREATE TABLE adopted_policies (
    id BIGINT PRIMARY KEY NOT NULL,
    code TEXT NOT NULL,
    version INTEGER NOT NULL CHECK (version > 0),
    text BYTEA NOT NULL,
    adopted_at TIMESTAMP NOT NULL,
    approval BIGINT UNIQUE REFERENCES approvals (id)
);

-- Long work that somebody asked for. Whoever runs it holds a lease and renews it with the progress; when that
-- has run out another takes the work up again. Request and result are sealed under the house key.
CREATE TABLE jobs (
    id BIGINT PRIMARY KEY NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('preview_policy', 'import_places', 'verify_record')),
    state TEXT NOT NULL CHECK (state IN ('queued', 'running', 'done', 'failed')),
    request BYTEA NOT NULL,
    asked_by BIGINT NOT NULL REFERENCES users (id),
    asked_at TIMESTAMP NOT NULL,
    attempts INTEGER NOT NULL CHECK (attempts >= 0),
    leased_until TIMESTAMP,
    steps_done BIGINT NOT NULL CHECK (steps_done >= 0),
    steps BIGINT CHECK (steps >= 0),
    result BYTEA,
    finished_at TIMESTAMP,
    CHECK ((state = 'running') = (leased_until IS NOT NULL)),
    CHECK ((state IN ('done', 'failed')) = (finished_at IS NOT NULL)),
    CHECK ((state = 'done') = (result IS NOT NULL))
);
CREATE INDEX jobs_by_state ON jobs (state, id);

-- donors ---------------------------------------------------------------------------------------

CREATE TABLE donors (
    id BIGINT PRIMARY KEY NOT NULL,
    status TEXT NOT NULL CHECK (status = 'active' OR status = 'paused' OR status = 'review'
        OR status = 'deceased' OR status = 'erased'),
    sex TEXT CHECK (sex IN ('male', 'female')),
    birth_band INTEGER CHECK (birth_band % 5 = 0),
    blood_group TEXT CHECK (blood_group = 'o_neg' OR blood_group = 'o_pos' OR blood_group = 'a_neg'
        OR blood_group = 'a_pos' OR blood_group = 'b_neg' OR blood_group = 'b_pos'
        OR blood_group = 'ab_neg' OR blood_group = 'ab_pos'),
    group_evidence TEXT NOT NULL CHECK (group_evidence = 'unknown' OR group_evidence = 'declared'
        OR group_evidence = 'typed_once' OR group_evidence = 'confirmed'
        OR group_evidence = 'discrepant'),
    unit_id BIGINT REFERENCES units (id),
    governorate TEXT CHECK (governorate = 'PS-JEN' OR governorate = 'PS-TBS' OR governorate = 'PS-TKM'
        OR governorate = 'PS-NBS' OR governorate = 'PS-QQA' OR governorate = 'PS-SLT'
        OR governorate = 'PS-RBH' OR governorate = 'PS-JRH' OR governorate = 'PS-JEM'
        OR governorate = 'PS-BTH' OR governorate = 'PS-HBN' OR governorate = 'PS-NGZ'
        OR governorate = 'PS-GZA' OR governorate = 'PS-DEB' OR governorate = 'PS-KYS'
        OR governorate = 'PS-RFH'),
    weight_kg DOUBLE PRECISION CHECK (weight_kg > 0),
    height_cm DOUBLE PRECISION CHECK (height_cm > 0),
    screened BOOLEAN NOT NULL,
    declared_12_months INTEGER CHECK (declared_12_months >= 0),
    paused_until DATE,
    merged_into BIGINT REFERENCES donors (id),
    kind TEXT CHECK (kind = 'voluntary' OR kind = 'replacement' OR kind = 'call_up'),
    language TEXT CHECK (language IN ('ar', 'en')),
    -- How the donor may be reached; NULL where nobody asked. Quiet hours are civil and may pass midnight.
    may_call BOOLEAN,
    may_text BOOLEAN,
    may_email BOOLEAN,
    quiet_from TIME,
    quiet_until TIME,
    -- Empty once the donor was erased: the key is destroyed.
    donor_key BYTEA NOT NULL,
    key_version INTEGER NOT NULL,
    created_at TIMESTAMP NOT NULL,
    created_by BIGINT REFERENCES users (id),
    version BIGINT NOT NULL,
    CHECK ((blood_group IS NULL) = (group_evidence IN ('unknown', 'discrepant'))),
    CHECK ((status = 'erased') = (length(donor_key) = 0)),
    CHECK ((quiet_from IS NULL) = (quiet_until IS NULL) AND (quiet_from IS NULL OR quiet_from <> quiet_until))
);
CREATE INDEX donors_by_unit ON donors (unit_id, id);
CREATE INDEX donors_by_group ON donors (blood_group, governorate, id);

-- Each column is sealed under the donor's own key and bound to table, column, donor and key version.
CREATE TABLE donor_identities (
    donor BIGINT PRIMARY KEY NOT NULL REFERENCES donors (id),
    name BYTEA,
    latin_name BYTEA,
    national_id BYTEA,
    service_number BYTEA,
    phone BYTEA,
    email BYTEA,
    birth_date BYTEA,
    place BYTEA
);

-- Keyed tags for exact look-ups. One donor owns a national id or a service number: claim 0. A key that
-- several may have, or that waits for review, is claimed under the donor's own id. The primary key alone
-- guards this: every further index over tags would slow an import. Who erases a donor opens the keys first
-- and finds their tags by them.
CREATE TABLE donor_tags (
    field TEXT NOT NULL CHECK (field = 'nid' OR field = 'svc' OR field = 'tel' OR field = 'eml'),
    tag BYTEA NOT NULL,
    claim BIGINT NOT NULL,
    donor BIGINT NOT NULL REFERENCES donors (id),
    PRIMARY KEY (field, tag, claim),
    CHECK (claim = donor OR (claim = 0 AND field IN ('nid', 'svc')))
);

-- Pairs of records that may be one person: `donor` waits until somebody has looked at both.
CREATE TABLE reviews (
    id BIGINT PRIMARY KEY NOT NULL,
    donor BIGINT NOT NULL REFERENCES donors (id),
    other BIGINT NOT NULL REFERENCES donors (id),
    ground TEXT NOT NULL CHECK (ground IN ('national_id', 'service_number', 'person')),
    state TEXT NOT NULL CHECK (state IN ('open', 'different', 'merged')),
    found_at TIMESTAMP NOT NULL,
    settled_at TIMESTAMP,
    settled_by BIGINT REFERENCES users (id),
    UNIQUE (donor, other),
    CHECK (donor <> other),
    CHECK ((settled_at IS NULL) = (state = 'open') AND (settled_by IS NULL) = (state = 'open'))
);
CREATE INDEX reviews_by_state ON reviews (state, id);
CREATE INDEX reviews_by_other ON reviews (other);

-- A ledger: from one moment to another `donor` and `survivor` are one person. Facts stay where they were
-- recorded and are read over all records of the person. `donors.merged_into` repeats the live line.
CREATE TABLE donor_aliases (
    id BIGINT PRIMARY KEY NOT NULL,
    donor BIGINT NOT NULL REFERENCES donors (id),
    survivor BIGINT NOT NULL REFERENCES donors (id),
    approval BIGINT NOT NULL UNIQUE REFERENCES approvals (id),
    made_at TIMESTAMP NOT NULL,
    made_by BIGINT NOT NULL REFERENCES users (id),
    ended_at TIMESTAMP,
    ended_by BIGINT REFERENCES users (id),
    ended_approval BIGINT UNIQUE REFERENCES approvals (id),
    CHECK (donor <> survivor),
    CHECK ((ended_at IS NULL) = (ended_by IS NULL) AND (ended_at IS NULL) = (ended_approval IS NULL))
);
CREATE UNIQUE INDEX donor_aliases_one_live ON donor_aliases (donor) WHERE ended_at IS NULL;
CREATE INDEX donor_aliases_by_donor ON donor_aliases (donor);
CREATE INDEX donor_aliases_by_survivor ON donor_aliases (survivor);

-- How often a user did on a civil day what has a budget.
CREATE TABLE counted_days (
    user_id BIGINT NOT NULL REFERENCES users (id),
    what TEXT NOT NULL CHECK (what IN ('exact_look_up', 'identity', 'break_glass')),
    on_date DATE NOT NULL,
    count INTEGER NOT NULL CHECK (count > 0),
    PRIMARY KEY (user_id, what, on_date)
);

-- An identity that was opened beside scope and budget: for one donor and purpose, for a while, reviewed by another. The
-- texts are sealed under the donor's key.
CREATE TABLE broken_glass (
    id BIGINT PRIMARY KEY NOT NULL,
    broken_by BIGINT NOT NULL REFERENCES users (id),
    donor BIGINT NOT NULL REFERENCES donors (id),
    purpose TEXT NOT NULL CHECK (purpose IN ('check_in', 'contact', 'correction', 'counselling', 'review')),
    reason BYTEA NOT NULL,
    broken_at TIMESTAMP NOT NULL,
    holds_until TIMESTAMP NOT NULL,
    finding BYTEA,
    reviewed_by BIGINT REFERENCES users (id),
    reviewed_at TIMESTAMP,
    CHECK (holds_until > broken_at),
    CHECK ((reviewed_by IS NULL) = (reviewed_at IS NULL)),
    CHECK (reviewed_by IS NULL OR reviewed_by <> broken_by)
);
CREATE INDEX broken_glass_by_donor ON broken_glass (donor);

-- Who an erased donor was, sealed under the blood bank's own key; found by the donor's id alone.
CREATE TABLE trace_records (
    donor BIGINT PRIMARY KEY NOT NULL REFERENCES donors (id),
    person BYTEA NOT NULL,
    keep_until DATE NOT NULL,
    made_at TIMESTAMP NOT NULL
);
CREATE INDEX trace_records_by_end ON trace_records (keep_until);

-- A ledger of laboratory typings. One that the physician found wrong stays and counts no more. The sample's code
-- and the reason are sealed under the donor's key.
CREATE TABLE typings (
    id BIGINT PRIMARY KEY NOT NULL,
    donor BIGINT NOT NULL REFERENCES donors (id),
    blood_group TEXT NOT NULL CHECK (blood_group IN ('o_neg', 'o_pos', 'a_neg', 'a_pos', 'b_neg', 'b_pos', 'ab_neg', 'ab_pos')),
    sample BYTEA,
    typed_on DATE NOT NULL,
    recorded_at TIMESTAMP NOT NULL,
    recorded_by BIGINT NOT NULL REFERENCES users (id),
    wrong_at TIMESTAMP,
    wrong_by BIGINT REFERENCES users (id),
    wrong_reason BYTEA,
    CHECK ((wrong_at IS NULL) = (wrong_by IS NULL) AND (wrong_at IS NULL) = (wrong_reason IS NULL))
);
CREATE INDEX typings_by_donor ON typings (donor, id);

-- Ledgers of the laboratory: a line that corrects names the wrong one, which counts no more.
CREATE TABLE antigen_results (
    id BIGINT PRIMARY KEY NOT NULL,
    donor BIGINT NOT NULL REFERENCES donors (id),
    antigen TEXT NOT NULL CHECK (antigen IN ('rh2', 'rh3', 'rh4', 'rh5', 'kel1', 'kel2', 'fy1', 'fy2', 'jk1', 'jk2', 'mns1', 'mns2', 'mns3', 'mns4')),
    present BOOLEAN NOT NULL,
    typed_on DATE NOT NULL,
    corrects BIGINT UNIQUE REFERENCES antigen_results (id),
    recorded_at TIMESTAMP NOT NULL,
    recorded_by BIGINT NOT NULL REFERENCES users (id)
);
CREATE INDEX antigen_results_by_donor ON antigen_results (donor, id);

CREATE TABLE titres (
    id BIGINT PRIMARY KEY NOT NULL,
    donor BIGINT NOT NULL REFERENCES donors (id),
    anti_a INTEGER NOT NULL CHECK (anti_a >= 0),
    anti_b INTEGER NOT NULL CHECK (anti_b >= 0),
    method TEXT NOT NULL CHECK (method IN ('saline_tube', 'gel_card', 'microplate')),
    measured_on DATE NOT NULL,
    corrects BIGINT UNIQUE REFERENCES titres (id),
    recorded_at TIMESTAMP NOT NULL,
    recorded_by BIGINT NOT NULL REFERENCES users (id)
);
CREATE INDEX titres_by_donor ON titres (donor, measured_on);

-- A ledger: of each kind the line of the latest day holds.
CREATE TABLE consents (
    id BIGINT PRIMARY KEY NOT NULL,
    donor BIGINT NOT NULL REFERENCES donors (id),
    kind TEXT NOT NULL CHECK (kind IN ('record', 'contact', 'emergency_panel', 'research')),
    given BOOLEAN NOT NULL,
    said_on DATE NOT NULL,
    way TEXT NOT NULL CHECK (way IN ('signed', 'spoken', 'message')),
    recorded_at TIMESTAMP NOT NULL,
    recorded_by BIGINT NOT NULL REFERENCES users (id)
);
CREATE INDEX consents_by_donor ON consents (donor, said_on);

-- eligibility ----------------------------------------------------------------------------------

-- A ledger: a correction is a new line that names the one it replaces, by two people. A line that is `voided`
-- says that there was no giving.
CREATE TABLE givings (
    id BIGINT PRIMARY KEY NOT NULL,
    donor BIGINT NOT NULL REFERENCES donors (id),
    given_on DATE NOT NULL,
    donation_type TEXT NOT NULL CHECK (donation_type = 'whole_blood' OR donation_type = 'double_red_cells'
        OR donation_type = 'platelet_apheresis' OR donation_type = 'plasma_apheresis'),
    volume_ml INTEGER NOT NULL CHECK (volume_ml >= 0),
    red_cells_lost BOOLEAN NOT NULL,
    source TEXT NOT NULL CHECK (source IN ('donation', 'import')),
    corrects BIGINT REFERENCES givings (id),
    voided BOOLEAN NOT NULL,
    approval BIGINT REFERENCES approvals (id),
    recorded_at TIMESTAMP NOT NULL,
    CHECK ((corrects IS NULL) = (approval IS NULL)),
    CHECK (corrects IS NOT NULL OR NOT voided)
);
CREATE INDEX givings_by_donor ON givings (donor, given_on);
CREATE UNIQUE INDEX givings_by_corrected ON givings (corrects) WHERE corrects IS NOT NULL;
CREATE UNIQUE INDEX givings_by_approval ON givings (approval) WHERE approval IS NOT NULL;

-- A ledger: a line without `about` is a deferral; one with it says what became of that deferral, as its
-- `step`-th line: ids follow clocks, which differ between instances. What a line says (entered, ended, corrected
-- or withdrawn, the cause and its days) is sealed under the donor's key in cells of one length. What was put
-- right has the approval of two people.
CREATE TABLE deferrals (
    id BIGINT PRIMARY KEY NOT NULL,
    donor BIGINT NOT NULL REFERENCES donors (id),
    about BIGINT REFERENCES deferrals (id),
    step INTEGER NOT NULL,
    cause BYTEA NOT NULL,
    recorded_on DATE NOT NULL,
    recorded_at TIMESTAMP NOT NULL,
    recorded_by BIGINT REFERENCES users (id),
    approval BIGINT UNIQUE REFERENCES approvals (id),
    UNIQUE (about, step),
    CHECK ((about IS NULL) = (step = 0)),
    CHECK (approval IS NULL OR about IS NOT NULL)
);
CREATE INDEX deferrals_by_donor ON deferrals (donor);

-- The medical officer's leave: one giving despite a reason that needs a physician. Which reason, and why, is
-- sealed under the donor's key.
CREATE TABLE allowances (
    id BIGINT PRIMARY KEY NOT NULL,
    donor BIGINT NOT NULL REFERENCES donors (id),
    cause BYTEA NOT NULL,
    reason BYTEA NOT NULL,
    allowed_on DATE NOT NULL,
    recorded_at TIMESTAMP NOT NULL,
    recorded_by BIGINT NOT NULL REFERENCES users (id)
);
CREATE INDEX allowances_by_donor ON allowances (donor, id);

-- Decisions on which somebody acted: by which version of which rule set, and, sealed under the donor's key, the
-- outcome, its reasons and a digest of every fact that was decided on.
CREATE TABLE decisions (
    id BIGINT PRIMARY KEY NOT NULL,
    donor BIGINT NOT NULL REFERENCES donors (id),
    donation_type TEXT NOT NULL CHECK (donation_type IN ('whole_blood', 'double_red_cells', 'platelet_apheresis', 'plasma_apheresis')),
    decided_for DATE NOT NULL,
    rule_set TEXT NOT NULL,
    answer BYTEA NOT NULL,
    decided_at TIMESTAMP NOT NULL,
    decided_by BIGINT NOT NULL REFERENCES users (id)
);
CREATE INDEX decisions_by_donor ON decisions (donor, id);

-- When each donor may give what, at most two windows ahead; `until_on` NULL is open. Written with the
-- fact that changes it.
CREATE TABLE giving_windows (
    donor BIGINT NOT NULL REFERENCES donors (id),
    donation_type TEXT NOT NULL CHECK (donation_type = 'whole_blood' OR donation_type = 'double_red_cells'
        OR donation_type = 'platelet_apheresis' OR donation_type = 'plasma_apheresis'),
    place INTEGER NOT NULL CHECK (place IN (0, 1)),
    from_on DATE NOT NULL,
    until_on DATE,
    rule_set TEXT NOT NULL,
    PRIMARY KEY (donor, donation_type, place),
    CHECK (until_on IS NULL OR until_on >= from_on)
);

-- activities and drives ------------------------------------------------------------------------

CREATE TABLE activities (
    id BIGINT PRIMARY KEY NOT NULL,
    branch TEXT NOT NULL CHECK (branch IN ('construction', 'farmers', 'blood_donation', 'orphans',
        'elderly_disabled', 'families', 'volunteering', 'religious', 'band', 'ceremonies')),
    status TEXT NOT NULL CHECK (status IN ('proposed', 'approved', 'under_way', 'done', 'cancelled')),
    title BYTEA NOT NULL,
    place BYTEA,
    -- What the branch records, sealed as one.
    details BYTEA NOT NULL,
    governorate TEXT NOT NULL CHECK (governorate IN ('PS-JEN', 'PS-TBS', 'PS-TKM', 'PS-NBS', 'PS-QQA', 'PS-SLT', 'PS-RBH', 'PS-JRH',
        'PS-JEM', 'PS-BTH', 'PS-HBN', 'PS-NGZ', 'PS-GZA', 'PS-DEB', 'PS-KYS', 'PS-RFH')),
    starts_at TIMESTAMP NOT NULL,
    ends_at TIMESTAMP NOT NULL,
    unit_id BIGINT NOT NULL REFERENCES units (id),
    created_at TIMESTAMP NOT NULL,
    created_by BIGINT REFERENCES users (id),
    version BIGINT NOT NULL,
    CHECK (ends_at > starts_at)
);
CREATE INDEX activities_by_start ON activities (starts_at, id);
CREATE INDEX activities_by_unit ON activities (unit_id, starts_at);

-- Units that take part beside the one that organises.
CREATE TABLE activity_units (
    activity BIGINT NOT NULL REFERENCES activities (id),
    unit_id BIGINT NOT NULL REFERENCES units (id),
    PRIMARY KEY (activity, unit_id)
);
CREATE INDEX activity_units_by_unit ON activity_units (unit_id);

CREATE TABLE activity_loads (
    activity BIGINT NOT NULL REFERENCES activities (id),
    physical_load TEXT NOT NULL CHECK (physical_load IN ('hazard_height_machine', 'fly_crew', 'ops_control', 'parade_standing',
        'heavy_labour', 'fitness_test_march', 'vehicle_duty', 'diving_climbing', 'armed_alone')),
    PRIMARY KEY (activity, physical_load)
);

-- How two activities belong together: one row for a pair, told from the side of `low` when `from_low`.
CREATE TABLE activity_links (
    low BIGINT NOT NULL REFERENCES activities (id),
    high BIGINT NOT NULL REFERENCES activities (id),
    kind TEXT NOT NULL CHECK (kind IN ('hosted_with', 'in_support_of', 'follows', 'competes_with')),
    from_low BOOLEAN NOT NULL,
    made_at TIMESTAMP NOT NULL,
    made_by BIGINT NOT NULL REFERENCES users (id),
    PRIMARY KEY (low, high),
    CHECK (low < high)
);
CREATE INDEX activity_links_by_high ON activity_links (high);

-- First days of Hijri months as they were sighted; the last line of a month holds.
CREATE TABLE hijri_months (
    id BIGINT PRIMARY KEY NOT NULL,
    year INTEGER NOT NULL,
    month INTEGER NOT NULL CHECK (month BETWEEN 1 AND 12),
    first_on DATE NOT NULL,
    entered_at TIMESTAMP NOT NULL,
    entered_by BIGINT NOT NULL REFERENCES users (id)
);

-- Roads that are closed: all that lead out of a governorate, or those between two (`other`).
CREATE TABLE closures (
    id BIGINT PRIMARY KEY NOT NULL,
    governorate TEXT NOT NULL CHECK (governorate IN ('PS-JEN', 'PS-TBS', 'PS-TKM', 'PS-NBS', 'PS-QQA', 'PS-SLT', 'PS-RBH', 'PS-JRH',
        'PS-JEM', 'PS-BTH', 'PS-HBN', 'PS-NGZ', 'PS-GZA', 'PS-DEB', 'PS-KYS', 'PS-RFH')),
    other TEXT CHECK (other IN ('PS-JEN', 'PS-TBS', 'PS-TKM', 'PS-NBS', 'PS-QQA', 'PS-SLT', 'PS-RBH', 'PS-JRH',
        'PS-JEM', 'PS-BTH', 'PS-HBN', 'PS-NGZ', 'PS-GZA', 'PS-DEB', 'PS-KYS', 'PS-RFH')),
    from_at TIMESTAMP NOT NULL,
    until_at TIMESTAMP,
    entered_at TIMESTAMP NOT NULL,
    entered_by BIGINT NOT NULL REFERENCES users (id),
    ended_at TIMESTAMP,
    ended_by BIGINT REFERENCES users (id),
    CHECK (other IS NULL OR other > governorate),
    CHECK (until_at IS NULL OR until_at > from_at),
    CHECK ((ended_at IS NULL) = (ended_by IS NULL))
);
CREATE INDEX closures_by_from ON closures (from_at);

-- Calendars that somebody's own program reads by a secret address, kept as its digest.
CREATE TABLE calendar_feeds (
    id BIGINT PRIMARY KEY NOT NULL,
    user_id BIGINT NOT NULL REFERENCES users (id),
    unit_id BIGINT REFERENCES units (id),
    secret_hash BYTEA NOT NULL UNIQUE,
    made_at TIMESTAMP NOT NULL,
    ended_at TIMESTAMP
);
CREATE INDEX calendar_feeds_by_user ON calendar_feeds (user_id);

-- Civil days on which a unit, with all below it, is not there.
CREATE TABLE unit_absences (
    id BIGINT PRIMARY KEY NOT NULL,
    unit_id BIGINT NOT NULL REFERENCES units (id),
    kind TEXT NOT NULL CHECK (kind IN ('deployed', 'alert', 'leave')),
    from_on DATE NOT NULL,
    until_on DATE NOT NULL,
    entered_at TIMESTAMP NOT NULL,
    entered_by BIGINT NOT NULL REFERENCES users (id),
    withdrawn_at TIMESTAMP,
    CHECK (until_on >= from_on)
);
CREATE INDEX unit_absences_by_unit ON unit_absences (unit_id, until_on);

-- Who takes part in an activity. Why somebody should rest is not written down.
CREATE TABLE assignments (
    id BIGINT PRIMARY KEY NOT NULL,
    activity BIGINT NOT NULL REFERENCES activities (id),
    donor BIGINT NOT NULL REFERENCES donors (id),
    assigned_at TIMESTAMP NOT NULL,
    assigned_by BIGINT NOT NULL REFERENCES users (id),
    ended_at TIMESTAMP
);
CREATE UNIQUE INDEX assignments_one_standing ON assignments (activity, donor) WHERE ended_at IS NULL;
CREATE INDEX assignments_by_donor ON assignments (donor);

-- A drive is an activity of the blood-donation branch and shares its id.
CREATE TABLE drives (
    id BIGINT PRIMARY KEY NOT NULL REFERENCES activities (id),
    status TEXT NOT NULL CHECK (status IN ('draft', 'open', 'closed', 'cancelled', 'done')),
    facility BIGINT REFERENCES facilities (id),
    slot_minutes INTEGER NOT NULL CHECK (slot_minutes BETWEEN 5 AND 240),
    beds INTEGER NOT NULL CHECK (beds BETWEEN 1 AND 200),
    staff INTEGER CHECK (staff BETWEEN 1 AND 200),
    -- Of each slot's places, those kept for whoever comes unannounced.
    walk_ins INTEGER NOT NULL CHECK (walk_ins BETWEEN 0 AND 200),
    -- The share of those booked who come, by which more were let in; none where no more were.
    overbooked_by INTEGER CHECK (overbooked_by BETWEEN 1 AND 100),
    outdoor BOOLEAN NOT NULL,
    -- The last moment at which places are taken; the slot's own begin where there is none.
    book_until TIMESTAMP
);

-- Shapes of drives under a name; both are sealed.
CREATE TABLE blueprints (
    id BIGINT PRIMARY KEY NOT NULL,
    unit_id BIGINT NOT NULL REFERENCES units (id),
    name BYTEA NOT NULL,
    shape BYTEA NOT NULL,
    made_at TIMESTAMP NOT NULL,
    made_by BIGINT NOT NULL REFERENCES users (id),
    ended_at TIMESTAMP
);

-- What a drive collects.
CREATE TABLE drive_types (
    drive BIGINT NOT NULL REFERENCES drives (id),
    donation_type TEXT NOT NULL CHECK (donation_type = 'whole_blood' OR donation_type = 'double_red_cells'
        OR donation_type = 'platelet_apheresis' OR donation_type = 'plasma_apheresis'),
    PRIMARY KEY (drive, donation_type)
);

-- How many units of a group a drive is to bring.
CREATE TABLE drive_targets (
    drive BIGINT NOT NULL REFERENCES drives (id),
    blood_group TEXT NOT NULL CHECK (blood_group IN ('o_neg', 'o_pos', 'a_neg', 'a_pos', 'b_neg', 'b_pos', 'ab_neg', 'ab_pos')),
    units INTEGER NOT NULL CHECK (units BETWEEN 1 AND 10000),
    PRIMARY KEY (drive, blood_group)
);

-- How many of those booked in an hour of a drive give for the first time.
CREATE TABLE drive_hours (
    drive BIGINT NOT NULL REFERENCES drives (id),
    starts_at TIMESTAMP NOT NULL,
    first_timers INTEGER NOT NULL CHECK (first_timers >= 0),
    most_first_timers INTEGER NOT NULL,
    PRIMARY KEY (drive, starts_at),
    CHECK (first_timers <= most_first_timers)
);

CREATE TABLE slots (
    id BIGINT PRIMARY KEY NOT NULL,
    drive BIGINT NOT NULL REFERENCES drives (id),
    starts_at TIMESTAMP NOT NULL,
    capacity INTEGER NOT NULL CHECK (capacity >= 1),
    booked INTEGER NOT NULL CHECK (booked >= 0),
    for_women BOOLEAN NOT NULL,
    -- Places kept for whoever comes unannounced, and how many of them came.
    walk_ins INTEGER NOT NULL CHECK (walk_ins >= 0),
    walked_in INTEGER NOT NULL CHECK (walked_in >= 0),
    UNIQUE (drive, starts_at),
    CHECK (booked <= capacity),
    CHECK (walked_in <= walk_ins)
);

CREATE TABLE appointments (
    id BIGINT PRIMARY KEY NOT NULL,
    drive BIGINT NOT NULL REFERENCES drives (id),
    slot BIGINT NOT NULL REFERENCES slots (id),
    donor BIGINT NOT NULL REFERENCES donors (id),
    status TEXT NOT NULL CHECK (status IN ('proposed', 'booked', 'cancelled', 'kept', 'no_show')),
    donation_type TEXT NOT NULL CHECK (donation_type = 'whole_blood' OR donation_type = 'double_red_cells'
        OR donation_type = 'platelet_apheresis' OR donation_type = 'plasma_apheresis'),
    -- Counted among those of its hour who give for the first time.
    first_timer BOOLEAN NOT NULL,
    created_at TIMESTAMP NOT NULL,
    created_by BIGINT REFERENCES users (id),
    changed_at TIMESTAMP NOT NULL,
    -- Grows with each change, and goes on where an appointment is moved.
    version BIGINT NOT NULL,
    -- Of one that was moved: the first of its line, by which calendars know it.
    first_of_line BIGINT REFERENCES appointments (id)
);
CREATE UNIQUE INDEX appointments_one_live ON appointments (drive, donor)
    WHERE status IN ('proposed', 'booked', 'kept');
CREATE INDEX appointments_by_slot ON appointments (slot);
CREATE INDEX appointments_by_drive ON appointments (drive, status);
CREATE INDEX appointments_by_donor ON appointments (donor);

-- Who waits for a place, first come first; an offer is an appointment that is proposed.
CREATE TABLE waiting_list (
    id BIGINT PRIMARY KEY NOT NULL,
    drive BIGINT NOT NULL REFERENCES drives (id),
    donor BIGINT NOT NULL REFERENCES donors (id),
    donation_type TEXT NOT NULL CHECK (donation_type = 'whole_blood' OR donation_type = 'double_red_cells'
        OR donation_type = 'platelet_apheresis' OR donation_type = 'plasma_apheresis'),
    state TEXT NOT NULL CHECK (state IN ('waiting', 'offered', 'left')),
    appointment BIGINT REFERENCES appointments (id),
    joined_at TIMESTAMP NOT NULL,
    joined_by BIGINT NOT NULL REFERENCES users (id),
    CHECK ((state = 'offered') = (appointment IS NOT NULL))
);
CREATE UNIQUE INDEX waiting_list_one_each ON waiting_list (drive, donor) WHERE state = 'waiting';
CREATE INDEX waiting_list_by_donor ON waiting_list (donor);

-- messages ---------------------------------------------------------------------------------------

-- The outbox: what donors are to be told. Neither an address nor a name stands here.
CREATE TABLE messages (
    id BIGINT PRIMARY KEY NOT NULL,
    template TEXT NOT NULL CHECK (template IN ('appointment_off', 'appointment_cancelled', 'appointment_proposed',
        'appointment_confirmed', 'appointment_changed', 'reminder_days', 'reminder_hours', 'thank_you', 'gift_used',
        'eligible_again', 'invitation', 'level_changed', 'request_moved', 'account_changed')),
    -- Whom it is for: a donor, or a user.
    donor BIGINT REFERENCES donors (id),
    reader BIGINT REFERENCES users (id),
    -- What it is about: an appointment, of a thank-you the visit, of a gift that was used the donation, of a word that
    -- one may give again the last giving, of an invitation the invitation. What is for a user is about nothing but itself.
    subject BIGINT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('queued', 'claimed', 'sent', 'unsent')),
    reason TEXT CHECK (reason IN ('no_transport', 'no_address', 'not_wished', 'paused', 'gone', 'too_late', 'refused',
        'unreachable', 'damaged')),
    queued_at TIMESTAMP NOT NULL,
    due_at TIMESTAMP NOT NULL,
    useful_until TIMESTAMP NOT NULL,
    attempts INTEGER NOT NULL CHECK (attempts >= 0),
    claimed_until TIMESTAMP,
    last_error TEXT,
    ended_at TIMESTAMP,
    UNIQUE (template, subject),
    CHECK ((donor IS NULL) <> (reader IS NULL)),
    CHECK ((state = 'claimed') = (claimed_until IS NOT NULL)),
    CHECK ((state IN ('sent', 'unsent')) = (ended_at IS NOT NULL)),
    CHECK ((state = 'unsent') = (reason IS NOT NULL))
);
CREATE INDEX messages_by_state ON messages (state, due_at);
CREATE INDEX messages_by_donor ON messages (donor);
CREATE INDEX messages_by_reader ON messages (reader);

-- donations and stock --------------------------------------------------------------------------

CREATE TABLE donations (
    id BIGINT PRIMARY KEY NOT NULL,
    donor BIGINT NOT NULL REFERENCES donors (id),
    din TEXT NOT NULL UNIQUE,
    donation_type TEXT NOT NULL CHECK (donation_type IN ('whole_blood', 'double_red_cells', 'platelet_apheresis', 'plasma_apheresis')),
    volume_ml INTEGER NOT NULL CHECK (volume_ml > 0),
    collected_at TIMESTAMP NOT NULL,
    given_on DATE NOT NULL,
    facility BIGINT NOT NULL REFERENCES facilities (id),
    drive BIGINT REFERENCES drives (id),
    appointment BIGINT UNIQUE REFERENCES appointments (id),
    decision BIGINT REFERENCES decisions (id),
    -- How the donor came to give this time, where somebody said so.
    given_as TEXT CHECK (given_as IN ('voluntary', 'replacement', 'call_up')),
    recorded_at TIMESTAMP NOT NULL,
    recorded_by BIGINT REFERENCES users (id)
);
CREATE INDEX donations_by_donor ON donations (donor);
CREATE INDEX donations_by_day ON donations (given_on, facility);

-- donors' own links --------------------------------------------------------------------------------

-- One donor, one thing, one act, once: the address is kept as its digest.
CREATE TABLE links (
    id BIGINT PRIMARY KEY NOT NULL,
    donor BIGINT NOT NULL REFERENCES donors (id),
    verb TEXT NOT NULL CHECK (verb IN ('accept', 'cancel', 'book', 'tell', 'speak', 'move', 'pause', 'stop', 'card',
        'aftercare')),
    -- What it acts on: an appointment, a drive, a donation, a visit, the donor.
    subject BIGINT NOT NULL,
    secret_hash BYTEA NOT NULL UNIQUE,
    made_at TIMESTAMP NOT NULL,
    made_by BIGINT REFERENCES users (id),
    expires_at TIMESTAMP NOT NULL,
    used_at TIMESTAMP,
    -- The message that carries it.
    message BIGINT,
    UNIQUE (message, verb),
    CHECK (expires_at > made_at)
);
CREATE INDEX links_by_donor ON links (donor);
CREATE INDEX links_by_end ON links (expires_at);

-- Donors who were asked by message to come to a drive, each once.
CREATE TABLE invitations (
    id BIGINT PRIMARY KEY NOT NULL,
    drive BIGINT NOT NULL REFERENCES drives (id),
    donor BIGINT NOT NULL REFERENCES donors (id),
    made_at TIMESTAMP NOT NULL,
    made_by BIGINT NOT NULL REFERENCES users (id),
    -- Where the donor is to choose from some of the hours: from when, and until when.
    from_at TIMESTAMP,
    to_at TIMESTAMP,
    UNIQUE (drive, donor),
    CHECK ((from_at IS NULL) = (to_at IS NULL) AND (from_at IS NULL OR from_at < to_at))
);
CREATE INDEX invitations_by_donor ON invitations (donor);

-- What came of calling a donor: kept for whoever calls next, forgotten with the donor.
CREATE TABLE calls (
    id BIGINT PRIMARY KEY NOT NULL,
    donor BIGINT NOT NULL REFERENCES donors (id),
    made_at TIMESTAMP NOT NULL,
    made_by BIGINT NOT NULL REFERENCES users (id),
    outcome TEXT NOT NULL CHECK (outcome IN ('will_come', 'later', 'no_answer', 'wrong_number', 'no_more_calls'))
);
CREATE INDEX calls_by_donor ON calls (donor);

-- drive day --------------------------------------------------------------------------------------

-- What a drive needs before anybody is screened: a physician on call, a haemoglobin meter that was controlled.
CREATE TABLE preparations (
    id BIGINT PRIMARY KEY NOT NULL,
    drive BIGINT NOT NULL REFERENCES drives (id),
    physician BIGINT NOT NULL REFERENCES users (id),
    meter TEXT NOT NULL,
    passed BOOLEAN NOT NULL,
    prepared_at TIMESTAMP NOT NULL,
    prepared_by BIGINT NOT NULL REFERENCES users (id)
);
CREATE INDEX preparations_by_drive ON preparations (drive, id);

-- When the laboratory takes no more, and what the way there takes, in minutes.
CREATE TABLE laboratory_clocks (
    drive BIGINT PRIMARY KEY NOT NULL REFERENCES drives (id),
    cut_off_at TIMESTAMP NOT NULL,
    travel_minutes INTEGER NOT NULL CHECK (travel_minutes BETWEEN 0 AND 720),
    checkpoint_minutes INTEGER NOT NULL CHECK (checkpoint_minutes BETWEEN 0 AND 720),
    packing_minutes INTEGER NOT NULL CHECK (packing_minutes BETWEEN 0 AND 240),
    arrived_at TIMESTAMP
);

-- Numbers that were handed out to a drive; each is used or spoilt in the end.
CREATE TABLE drive_dins (
    din TEXT PRIMARY KEY NOT NULL,
    drive BIGINT NOT NULL REFERENCES drives (id),
    state TEXT NOT NULL CHECK (state IN ('handed_out', 'used', 'spoilt')),
    handed_at TIMESTAMP NOT NULL,
    handed_by BIGINT NOT NULL REFERENCES users (id)
);
CREATE INDEX drive_dins_by_drive ON drive_dins (drive, din);

-- Whoever came to a drive. What was answered and measured, and whether the blood shall be used, are sealed under the
-- donor's key; a refusal is `left` and stands nowhere else.
CREATE TABLE visits (
    id BIGINT PRIMARY KEY NOT NULL,
    drive BIGINT NOT NULL REFERENCES drives (id),
    donor BIGINT NOT NULL REFERENCES donors (id),
    appointment BIGINT UNIQUE REFERENCES appointments (id),
    donation_type TEXT NOT NULL CHECK (donation_type IN ('whole_blood', 'double_red_cells', 'platelet_apheresis', 'plasma_apheresis')),
    state TEXT NOT NULL CHECK (state IN ('checked_in', 'fit', 'ready', 'donated', 'deferred', 'left')),
    checked_in_at TIMESTAMP NOT NULL,
    checked_in_by BIGINT NOT NULL REFERENCES users (id),
    decision BIGINT NOT NULL REFERENCES decisions (id),
    bag_ml INTEGER CHECK (bag_ml > 0),
    screening BYTEA,
    screened_at TIMESTAMP,
    screened_by BIGINT REFERENCES users (id),
    consented_at TIMESTAMP,
    answer BYTEA,
    ended_at TIMESTAMP,
    departed_at TIMESTAMP,
    version BIGINT NOT NULL,
    CHECK ((consented_at IS NULL) = (answer IS NULL)),
    CHECK (state NOT IN ('ready', 'donated') OR consented_at IS NOT NULL),
    CHECK ((state IN ('donated', 'deferred', 'left')) = (ended_at IS NOT NULL))
);
CREATE UNIQUE INDEX visits_one_live ON visits (drive, donor) WHERE state <> 'left';
CREATE INDEX visits_by_donor ON visits (donor);

-- What was drawn. One that failed may have no donation; its number is used up all the same.
CREATE TABLE collections (
    visit BIGINT PRIMARY KEY NOT NULL REFERENCES visits (id),
    donation BIGINT UNIQUE REFERENCES donations (id),
    din TEXT NOT NULL UNIQUE,
    outcome TEXT NOT NULL CHECK (outcome IN ('complete', 'low_volume', 'failed')),
    bag_lot TEXT NOT NULL,
    bag_expires_on DATE NOT NULL,
    began_at TIMESTAMP NOT NULL,
    ended_at TIMESTAMP NOT NULL,
    volume_ml INTEGER NOT NULL CHECK (volume_ml >= 0),
    entered_at TIMESTAMP NOT NULL,
    entered_by BIGINT NOT NULL REFERENCES users (id),
    CHECK (ended_at >= began_at),
    CHECK (outcome = 'failed' OR donation IS NOT NULL)
);

-- How a donor took it, and the call of the next day.
CREATE TABLE reactions (
    id BIGINT PRIMARY KEY NOT NULL,
    visit BIGINT NOT NULL REFERENCES visits (id),
    kind TEXT NOT NULL CHECK (kind IN ('vasovagal', 'haematoma', 'nerve', 'citrate', 'allergic', 'other')),
    grade TEXT NOT NULL CHECK (grade IN ('mild', 'moderate', 'severe')),
    began_at TIMESTAMP NOT NULL,
    recorded_at TIMESTAMP NOT NULL,
    recorded_by BIGINT NOT NULL REFERENCES users (id),
    call_on DATE NOT NULL,
    called_at TIMESTAMP,
    called_by BIGINT REFERENCES users (id),
    CHECK ((called_at IS NULL) = (called_by IS NULL))
);
CREATE INDEX reactions_by_visit ON reactions (visit);

CREATE TABLE blood_units (
    id BIGINT PRIMARY KEY NOT NULL,
    donation BIGINT REFERENCES donations (id),
    din TEXT NOT NULL,
    component TEXT NOT NULL CHECK (component IN ('whole_blood', 'red_cells', 'platelets', 'plasma', 'cryoprecipitate')),
    division INTEGER NOT NULL CHECK (division >= 0),
    blood_group TEXT CHECK (blood_group IN ('o_neg', 'o_pos', 'a_neg', 'a_pos', 'b_neg', 'b_pos', 'ab_neg', 'ab_pos')),
    volume_ml INTEGER NOT NULL CHECK (volume_ml > 0),
    status TEXT NOT NULL CHECK (status IN ('quarantine', 'released', 'reserved', 'issued', 'transfused',
        'returned', 'discarded', 'expired', 'blocked', 'in_transit', 'divided', 'emergency_untested')),
    facility BIGINT NOT NULL REFERENCES facilities (id),
    collected_on DATE NOT NULL,
    expires_at TIMESTAMP NOT NULL,
    expires_on DATE NOT NULL,
    -- What whole blood and red cells are kept in, where it is known.
    additive TEXT CHECK (additive IN ('cpd', 'cpda_1', 'as_sagm')),
    -- A bit for each: irradiated, leucodepleted, free of CMV.
    attributes INTEGER NOT NULL DEFAULT 0 CHECK (attributes BETWEEN 0 AND 31),
    changed_at TIMESTAMP NOT NULL,
    version BIGINT NOT NULL,
    UNIQUE (din, component, division),
    CHECK (status = 'quarantine' OR status IN ('discarded', 'expired', 'blocked', 'in_transit', 'divided') OR blood_group IS NOT NULL)
);
CREATE INDEX blood_units_on_shelf ON blood_units (status, component, blood_group, expires_at);
CREATE INDEX blood_units_by_facility ON blood_units (facility, id);
CREATE INDEX blood_units_of_shelf ON blood_units (facility, status, component, blood_group, expires_at, attributes);

-- A ledger: each step of a bag, with who, when and why. The note is sealed under the house key.
CREATE TABLE unit_movements (
    id BIGINT PRIMARY KEY NOT NULL,
    blood_unit BIGINT NOT NULL REFERENCES blood_units (id),
    from_status TEXT CHECK (from_status IN ('quarantine', 'released', 'reserved', 'issued', 'transfused',
        'returned', 'discarded', 'expired', 'blocked', 'in_transit', 'divided', 'emergency_untested')),
    to_status TEXT NOT NULL CHECK (to_status IN ('quarantine', 'released', 'reserved', 'issued', 'transfused',
        'returned', 'discarded', 'expired', 'blocked', 'in_transit', 'divided', 'emergency_untested')),
    reason TEXT NOT NULL CHECK (reason IN ('collected', 'delivered', 'tested', 'donor_linked', 'group_discrepancy',
        'hospital_report', 'recall', 'damaged', 'out_of_temperature', 'low_volume',
        'used', 'freed', 'not_used', 'cleared', 'date_passed', 'sent', 'arrived', 'lost', 'divided', 'emergency', 'processed', 'corrected', 'other')),
    note BYTEA,
    facility BIGINT NOT NULL REFERENCES facilities (id),
    moved_at TIMESTAMP NOT NULL,
    moved_by BIGINT REFERENCES users (id),
    -- No way from quarantine, a stop or a passed date to a patient: src/stock/rules.rs.
    CHECK (coalesce(from_status, '') = to_status OR coalesce(from_status, '') || '>' || to_status IN (
        '>quarantine', 'quarantine>released', 'quarantine>in_transit', 'quarantine>divided',
        'quarantine>emergency_untested', 'quarantine>discarded', 'quarantine>expired', 'quarantine>blocked',
        'released>reserved', 'released>issued', 'released>in_transit', 'released>discarded', 'released>expired',
        'released>blocked', 'reserved>released', 'reserved>issued', 'reserved>discarded', 'reserved>expired',
        'reserved>blocked', 'issued>transfused', 'issued>returned', 'issued>discarded', 'issued>expired',
        'issued>blocked', 'returned>quarantine', 'returned>discarded', 'returned>expired', 'returned>blocked',
        'in_transit>quarantine', 'in_transit>released', 'in_transit>discarded', 'in_transit>expired',
        'in_transit>blocked', 'emergency_untested>quarantine', 'emergency_untested>transfused',
        'emergency_untested>discarded', 'emergency_untested>expired', 'emergency_untested>blocked',
        'blocked>quarantine', 'blocked>transfused', 'blocked>discarded', 'transfused>blocked', 'discarded>blocked', 'expired>transfused', 'expired>discarded'))
);
CREATE INDEX unit_movements_by_unit ON unit_movements (blood_unit, id);

-- Units on their way from one blood bank to another.
CREATE TABLE transfers (
    id BIGINT PRIMARY KEY NOT NULL,
    from_facility BIGINT NOT NULL REFERENCES facilities (id),
    to_facility BIGINT NOT NULL REFERENCES facilities (id),
    state TEXT NOT NULL CHECK (state IN ('under_way', 'discrepancy', 'closed')),
    made_at TIMESTAMP NOT NULL,
    made_by BIGINT NOT NULL REFERENCES users (id),
    received_by BIGINT REFERENCES users (id),
    changed_at TIMESTAMP NOT NULL,
    version BIGINT NOT NULL,
    CHECK (from_facility <> to_facility)
);
CREATE INDEX transfers_by_sender ON transfers (from_facility, id);
CREATE INDEX transfers_by_receiver ON transfers (to_facility, id);

-- A unit of a transfer, the state in which it left, and how its way ended. It is on one way at a time.
CREATE TABLE transfer_units (
    transfer BIGINT NOT NULL REFERENCES transfers (id),
    blood_unit BIGINT NOT NULL REFERENCES blood_units (id),
    left_as TEXT NOT NULL CHECK (left_as IN ('quarantine', 'released', 'reserved', 'issued', 'transfused',
        'returned', 'discarded', 'expired', 'blocked', 'in_transit', 'divided', 'emergency_untested')),
    outcome TEXT CHECK (outcome IN ('arrived', 'lost')),
    ended_at TIMESTAMP,
    ended_by BIGINT REFERENCES users (id),
    PRIMARY KEY (transfer, blood_unit),
    CHECK ((ended_at IS NULL) = (outcome IS NULL)),
    CHECK ('quarantine' = left_as OR 'released' = left_as)
);
CREATE UNIQUE INDEX transfer_units_one_way ON transfer_units (blood_unit) WHERE outcome IS NULL;

-- A blood bank's shelf, counted by its labels; closed once nothing of it is open.
CREATE TABLE stock_counts (
    id BIGINT PRIMARY KEY NOT NULL,
    facility BIGINT NOT NULL REFERENCES facilities (id),
    state TEXT NOT NULL CHECK (state IN ('discrepancy', 'closed')),
    scanned INTEGER NOT NULL CHECK (scanned >= 0),
    made_at TIMESTAMP NOT NULL,
    made_by BIGINT NOT NULL REFERENCES users (id)
);
CREATE INDEX stock_counts_by_facility ON stock_counts (facility, id);

-- How many units of a component and group a facility wants to have on its own shelf; no row, no wish.
CREATE TABLE pars (
    facility BIGINT NOT NULL REFERENCES facilities (id),
    component TEXT NOT NULL CHECK (component IN ('whole_blood', 'red_cells', 'platelets', 'plasma', 'cryoprecipitate')),
    blood_group TEXT NOT NULL CHECK (blood_group IN ('o_neg', 'o_pos', 'a_neg', 'a_pos', 'b_neg', 'b_pos', 'ab_neg', 'ab_pos')),
    units INTEGER NOT NULL CHECK (units BETWEEN 1 AND 10000),
    set_at TIMESTAMP NOT NULL,
    set_by BIGINT NOT NULL REFERENCES users (id),
    PRIMARY KEY (facility, component, blood_group)
);

-- A unit that should have been on the shelf and was not scanned.
CREATE TABLE count_misses (
    count BIGINT NOT NULL REFERENCES stock_counts (id),
    blood_unit BIGINT NOT NULL REFERENCES blood_units (id),
    outcome TEXT CHECK (outcome IN ('found', 'lost')),
    ended_at TIMESTAMP,
    ended_by BIGINT REFERENCES users (id),
    PRIMARY KEY (count, blood_unit),
    CHECK ((ended_at IS NULL) = (outcome IS NULL) AND (ended_by IS NULL) = (outcome IS NULL))
);

-- A label that was scanned where no unit of it should be: in a count, or in the box of a transfer. The note is sealed
-- under the house key.
CREATE TABLE stray_scans (
    id BIGINT PRIMARY KEY NOT NULL,
    facility BIGINT NOT NULL REFERENCES facilities (id),
    count BIGINT REFERENCES stock_counts (id),
    transfer BIGINT REFERENCES transfers (id),
    din TEXT NOT NULL,
    component TEXT NOT NULL CHECK (component IN ('whole_blood', 'red_cells', 'platelets', 'plasma', 'cryoprecipitate')),
    division INTEGER NOT NULL CHECK (division >= 0),
    scanned_at TIMESTAMP NOT NULL,
    scanned_by BIGINT NOT NULL REFERENCES users (id),
    note BYTEA,
    ended_at TIMESTAMP,
    ended_by BIGINT REFERENCES users (id),
    CHECK ((count IS NULL) <> (transfer IS NULL)),
    CHECK ((ended_at IS NULL) = (note IS NULL) AND (ended_by IS NULL) = (note IS NULL))
);
CREATE INDEX stray_scans_by_facility ON stray_scans (facility, id);
CREATE INDEX stray_scans_by_count ON stray_scans (count, id);
CREATE UNIQUE INDEX stray_scans_of_transfer ON stray_scans (transfer, din, component, division) WHERE transfer IS NOT NULL;

-- Results of each donation. A line is never changed: another one takes its place, by another person. What was found, in
-- which test and why it was corrected is sealed under the house key.
CREATE TABLE test_results (
    id BIGINT PRIMARY KEY NOT NULL,
    din TEXT NOT NULL,
    marker TEXT NOT NULL CHECK (marker IN ('hbsag', 'anti_hbc', 'hbv_nat', 'hcv', 'hcv_nat', 'hiv', 'hiv_nat', 'syphilis',
        'htlv')),
    run INTEGER NOT NULL CHECK (run > 0),
    corrects BIGINT UNIQUE REFERENCES test_results (id),
    says BYTEA NOT NULL,
    tested_on DATE NOT NULL,
    facility BIGINT NOT NULL REFERENCES facilities (id),
    entered_at TIMESTAMP NOT NULL,
    entered_by BIGINT NOT NULL REFERENCES users (id)
);
CREATE INDEX test_results_by_din ON test_results (din);
CREATE UNIQUE INDEX test_results_one_run ON test_results (din, marker, run) WHERE corrects IS NULL;

-- What a hospital asks for again and again, for one patient: on every so many days, or on these weekdays (a bit for each,
-- Sunday first). Each due day makes one request, `days_ahead` before; the next one is named here. Patient and notes are
-- sealed under the house key.
CREATE TABLE standing_orders (
    id BIGINT PRIMARY KEY NOT NULL,
    facility BIGINT NOT NULL REFERENCES facilities (id),
    patient BYTEA NOT NULL,
    patient_tag BYTEA NOT NULL,
    blood_group TEXT CHECK (blood_group IN ('o_neg', 'o_pos', 'a_neg', 'a_pos', 'b_neg', 'b_pos', 'ab_neg', 'ab_pos')),
    group_evidence TEXT NOT NULL CHECK (group_evidence IN ('unknown', 'declared', 'typed_once', 'confirmed', 'discrepant')),
    sex TEXT CHECK (sex IN ('male', 'female')),
    age_band TEXT CHECK (age_band IN ('under_18', 'from_18_to_50', 'over_50')),
    component TEXT NOT NULL CHECK (component IN ('whole_blood', 'red_cells', 'platelets', 'plasma', 'cryoprecipitate')),
    units INTEGER NOT NULL CHECK (units > 0),
    -- What a unit must have: a bit for each attribute.
    needs INTEGER NOT NULL DEFAULT 0 CHECK (needs BETWEEN 0 AND 31),
    notes BYTEA,
    every_days INTEGER CHECK (every_days > 0),
    weekdays INTEGER CHECK (weekdays BETWEEN 1 AND 127),
    -- Minutes from midnight, civil time.
    due_minute INTEGER NOT NULL CHECK (due_minute BETWEEN 0 AND 1439),
    first_on DATE NOT NULL,
    last_on DATE NOT NULL,
    days_ahead INTEGER NOT NULL CHECK (days_ahead BETWEEN 1 AND 14),
    state TEXT NOT NULL CHECK (state IN ('active', 'paused', 'ended')),
    next_due_on DATE,
    -- The day on which the next request is made.
    ask_on DATE,
    made_at TIMESTAMP NOT NULL,
    made_by BIGINT NOT NULL REFERENCES users (id),
    changed_at TIMESTAMP NOT NULL,
    version BIGINT NOT NULL,
    CHECK ((every_days IS NULL) <> (weekdays IS NULL)),
    CHECK (last_on >= first_on),
    CHECK ((state = 'active') = (next_due_on IS NOT NULL) AND (next_due_on IS NULL) = (ask_on IS NULL))
);
-- A patient has one order of a component that goes on.
CREATE UNIQUE INDEX standing_orders_one_live ON standing_orders (patient_tag, component) WHERE state <> 'ended';
CREATE INDEX standing_orders_by_facility ON standing_orders (facility, id);
CREATE INDEX standing_orders_due ON standing_orders (state, ask_on, id);

-- Massive transfusions: each round makes a request for every component of the pack.
CREATE TABLE packs (
    id BIGINT PRIMARY KEY NOT NULL,
    facility BIGINT NOT NULL REFERENCES facilities (id),
    state TEXT NOT NULL CHECK (state IN ('running', 'stopped')),
    rounds INTEGER NOT NULL CHECK (rounds > 0),
    started_at TIMESTAMP NOT NULL,
    started_by BIGINT NOT NULL REFERENCES users (id),
    stopped_at TIMESTAMP,
    stopped_by BIGINT REFERENCES users (id),
    CHECK ((state = 'stopped') = (stopped_at IS NOT NULL) AND (stopped_at IS NULL) = (stopped_by IS NULL))
);
CREATE INDEX packs_by_facility ON packs (facility, id);

-- What a hospital's blood bank asks for. Patient and notes are sealed under the house key.
CREATE TABLE blood_requests (
    id BIGINT PRIMARY KEY NOT NULL,
    facility BIGINT NOT NULL REFERENCES facilities (id),
    patient BYTEA NOT NULL,
    -- The same for one patient of one hospital: its requests are counted together.
    patient_tag BYTEA NOT NULL,
    blood_group TEXT CHECK (blood_group IN ('o_neg', 'o_pos', 'a_neg', 'a_pos', 'b_neg', 'b_pos', 'ab_neg', 'ab_pos')),
    group_evidence TEXT NOT NULL CHECK (group_evidence IN ('unknown', 'declared', 'typed_once', 'confirmed', 'discrepant')),
    sex TEXT CHECK (sex IN ('male', 'female')),
    age_band TEXT CHECK (age_band IN ('under_18', 'from_18_to_50', 'over_50')),
    component TEXT NOT NULL CHECK (component IN ('whole_blood', 'red_cells', 'platelets', 'plasma', 'cryoprecipitate')),
    units INTEGER NOT NULL CHECK (units > 0),
    -- What a unit must have: a bit for each attribute.
    needs INTEGER NOT NULL DEFAULT 0 CHECK (needs BETWEEN 0 AND 31),
    urgency TEXT NOT NULL CHECK (urgency IN ('emergency', 'urgent', 'routine', 'planned')),
    needed_at TIMESTAMP NOT NULL,
    notes BYTEA,
    state TEXT NOT NULL CHECK (state IN ('submitted', 'accepted', 'reserved', 'issued', 'received', 'closed', 'refused',
        'cancelled')),
    refusal TEXT CHECK (refusal IN ('nothing_fits', 'incomplete', 'duplicate', 'not_indicated', 'other')),
    bank BIGINT REFERENCES facilities (id),
    -- The request of which this one asks what was not issued.
    rest_of BIGINT UNIQUE REFERENCES blood_requests (id),
    -- The first line of what a hospital asked for at once for one patient.
    line_of BIGINT REFERENCES blood_requests (id),
    -- The order and the civil day for which it was made by itself.
    standing_order BIGINT REFERENCES standing_orders (id),
    due_on DATE,
    -- The pack and its round for which it was made.
    pack BIGINT REFERENCES packs (id),
    pack_round INTEGER,
    -- RhD-positive units for an RhD-negative patient: the physician who answers for it, and why.
    rhd_by BIGINT REFERENCES users (id),
    rhd_at TIMESTAMP,
    rhd_reason BYTEA,
    made_at TIMESTAMP NOT NULL,
    made_by BIGINT NOT NULL REFERENCES users (id),
    changed_at TIMESTAMP NOT NULL,
    version BIGINT NOT NULL,
    UNIQUE (standing_order, due_on),
    UNIQUE (pack, pack_round, component),
    CHECK ((standing_order IS NULL) = (due_on IS NULL)),
    CHECK ((pack IS NULL) = (pack_round IS NULL)),
    CHECK ((state = 'refused') = (refusal IS NOT NULL)),
    CHECK (bank IS NOT NULL OR state IN ('submitted', 'cancelled')),
    CHECK ((rhd_by IS NULL) = (rhd_at IS NULL) AND (rhd_by IS NULL) = (rhd_reason IS NULL)),
    CHECK (rhd_by IS NULL OR (group_evidence = 'confirmed' AND blood_group IN ('o_neg', 'a_neg', 'b_neg', 'ab_neg')
        AND component IN ('whole_blood', 'red_cells')
        AND (age_band = 'over_50' OR (sex = 'male' AND age_band = 'from_18_to_50'))))
);
CREATE INDEX blood_requests_by_facility ON blood_requests (facility, id);
CREATE INDEX blood_requests_by_patient ON blood_requests (patient_tag, id);
CREATE INDEX blood_requests_by_state ON blood_requests (state, id);

-- Units handed out in an emergency: one person of the blood bank asks, a second one confirms, a third one reviews.
-- Reason and finding are sealed under the house key.
CREATE TABLE emergency_issues (
    id BIGINT PRIMARY KEY NOT NULL,
    request BIGINT NOT NULL REFERENCES blood_requests (id),
    state TEXT NOT NULL CHECK (state IN ('open', 'lapsed', 'issued', 'reviewed')),
    -- Beyond the rule for a patient of unknown group: a physician alone confirms it.
    is_beyond_rule BOOLEAN NOT NULL,
    reason BYTEA NOT NULL,
    made_at TIMESTAMP NOT NULL,
    made_by BIGINT NOT NULL REFERENCES users (id),
    held_until TIMESTAMP NOT NULL,
    confirmed_at TIMESTAMP,
    confirmed_by BIGINT REFERENCES users (id),
    finding BYTEA,
    reviewed_at TIMESTAMP,
    reviewed_by BIGINT REFERENCES users (id),
    CHECK ((confirmed_at IS NULL) = (confirmed_by IS NULL) AND (confirmed_at IS NULL) = (state IN ('open', 'lapsed'))),
    CHECK ((reviewed_at IS NULL) = (reviewed_by IS NULL) AND (reviewed_at IS NULL) = (finding IS NULL)
        AND (reviewed_at IS NULL) = (state <> 'reviewed')),
    CHECK (confirmed_by <> made_by),
    CHECK (reviewed_by <> made_by AND reviewed_by <> confirmed_by)
);
CREATE INDEX emergency_issues_by_request ON emergency_issues (request, id);
CREATE INDEX emergency_issues_by_state ON emergency_issues (state, id);

-- A unit held for a request, and what became of it there. A unit is held for one request at a time.
CREATE TABLE reservations (
    id BIGINT PRIMARY KEY NOT NULL,
    request BIGINT NOT NULL REFERENCES blood_requests (id),
    blood_unit BIGINT NOT NULL REFERENCES blood_units (id),
    made_at TIMESTAMP NOT NULL,
    made_by BIGINT NOT NULL REFERENCES users (id),
    held_until TIMESTAMP NOT NULL,
    -- Held to be handed out in an emergency, once a second person has confirmed it.
    emergency BIGINT REFERENCES emergency_issues (id),
    ended_at TIMESTAMP,
    outcome TEXT CHECK (outcome IN ('issued', 'freed', 'lapsed', 'unit_gone')),
    arrived_at TIMESTAMP,
    -- When the hospital used it.
    used_at TIMESTAMP,
    -- What answers for what was warned of, sealed under the house key.
    reason BYTEA,
    CHECK ((ended_at IS NULL) = (outcome IS NULL)),
    CHECK (arrived_at IS NULL OR outcome = 'issued'),
    CHECK (used_at IS NULL OR arrived_at IS NOT NULL)
);
CREATE UNIQUE INDEX reservations_one_live ON reservations (blood_unit) WHERE ended_at IS NULL;
CREATE INDEX reservations_by_request ON reservations (request, id);
CREATE INDEX reservations_by_unit ON reservations (blood_unit, id);

-- Units that are given before their tests, to save a life: two physicians answer for it, two people compare bag and
-- patient at the bed, a physician follows the patient up. Reason, rapid tests and follow-up are sealed under the house key.
CREATE TABLE untested_issues (
    id BIGINT PRIMARY KEY NOT NULL,
    request BIGINT NOT NULL REFERENCES blood_requests (id),
    blood_unit BIGINT NOT NULL REFERENCES blood_units (id),
    bank BIGINT NOT NULL REFERENCES facilities (id),
    state TEXT NOT NULL CHECK (state IN ('asked', 'authorised', 'checked', 'given', 'followed_up', 'withdrawn')),
    reason BYTEA NOT NULL,
    rapid_tests BYTEA NOT NULL,
    asked_at TIMESTAMP NOT NULL,
    asked_by BIGINT NOT NULL REFERENCES users (id),
    authorised_at TIMESTAMP,
    authorised_by BIGINT REFERENCES users (id),
    checked_at TIMESTAMP,
    checked_by BIGINT REFERENCES users (id),
    given_at TIMESTAMP,
    given_by BIGINT REFERENCES users (id),
    follow_up BYTEA,
    followed_at TIMESTAMP,
    followed_by BIGINT REFERENCES users (id),
    CHECK ((authorised_at IS NULL) = (authorised_by IS NULL) AND (checked_at IS NULL) = (checked_by IS NULL)
        AND (given_at IS NULL) = (given_by IS NULL)),
    CHECK ((followed_at IS NULL) = (followed_by IS NULL) AND (followed_at IS NULL) = (follow_up IS NULL)
        AND (followed_at IS NULL) = (state <> 'followed_up')),
    CHECK (state NOT IN ('authorised', 'checked', 'given', 'followed_up') OR authorised_by IS NOT NULL),
    CHECK (state NOT IN ('checked', 'given', 'followed_up') OR checked_by IS NOT NULL),
    CHECK ((given_at IS NOT NULL) = (state IN ('given', 'followed_up'))),
    CHECK (authorised_by <> asked_by),
    CHECK (given_by <> checked_by)
);
CREATE UNIQUE INDEX untested_issues_one_live ON untested_issues (blood_unit) WHERE state <> 'withdrawn';
CREATE INDEX untested_issues_by_request ON untested_issues (request, id);
CREATE INDEX untested_issues_by_bank ON untested_issues (bank, id);

-- What a hospital reports of a unit that it used: a reaction, or an infection that may come from it. The note is sealed
-- under the house key.
CREATE TABLE hospital_reports (
    id BIGINT PRIMARY KEY NOT NULL,
    blood_unit BIGINT NOT NULL REFERENCES blood_units (id),
    facility BIGINT NOT NULL REFERENCES facilities (id),
    bank BIGINT NOT NULL REFERENCES facilities (id),
    kind TEXT NOT NULL CHECK (kind IN ('reaction', 'suspected_infection')),
    note BYTEA NOT NULL,
    made_at TIMESTAMP NOT NULL,
    made_by BIGINT NOT NULL REFERENCES users (id)
);
CREATE INDEX hospital_reports_by_bank ON hospital_reports (bank, id);

-- Declared incidents: of a whole sharing region, or of one governorate in it. The reason is sealed under the house key.
CREATE TABLE incidents (
    id BIGINT PRIMARY KEY NOT NULL,
    region TEXT NOT NULL CHECK (region IN ('west_bank_north', 'west_bank_centre', 'east_jerusalem', 'west_bank_south',
        'gaza_north', 'gaza_south')),
    governorate TEXT CHECK (governorate IN ('PS-JEN', 'PS-TBS', 'PS-TKM', 'PS-NBS', 'PS-QQA', 'PS-SLT', 'PS-RBH', 'PS-JRH',
        'PS-JEM', 'PS-BTH', 'PS-HBN', 'PS-NGZ', 'PS-GZA', 'PS-DEB', 'PS-KYS', 'PS-RFH')),
    from_at TIMESTAMP NOT NULL,
    until_at TIMESTAMP NOT NULL,
    reason BYTEA NOT NULL,
    declared_at TIMESTAMP NOT NULL,
    declared_by BIGINT NOT NULL REFERENCES users (id),
    ended_at TIMESTAMP,
    ended_by BIGINT REFERENCES users (id),
    CHECK (until_at > from_at),
    CHECK ((ended_at IS NULL) = (ended_by IS NULL))
);
CREATE INDEX incidents_by_region ON incidents (region, until_at);

-- What went in and out of the shelves of a governorate on a civil day.
CREATE TABLE daily_flows (
    governorate TEXT NOT NULL CHECK (governorate IN ('PS-JEN', 'PS-TBS', 'PS-TKM', 'PS-NBS', 'PS-QQA', 'PS-SLT', 'PS-RBH', 'PS-JRH',
        'PS-JEM', 'PS-BTH', 'PS-HBN', 'PS-NGZ', 'PS-GZA', 'PS-DEB', 'PS-KYS', 'PS-RFH')),
    component TEXT NOT NULL CHECK (component IN ('whole_blood', 'red_cells', 'platelets', 'plasma', 'cryoprecipitate')),
    blood_group TEXT NOT NULL CHECK (blood_group IN ('o_neg', 'o_pos', 'a_neg', 'a_pos', 'b_neg', 'b_pos', 'ab_neg', 'ab_pos')),
    flow_on DATE NOT NULL,
    received INTEGER NOT NULL CHECK (received >= 0),
    -- Of those, what drives brought.
    from_drives INTEGER NOT NULL,
    issued INTEGER NOT NULL CHECK (issued >= 0),
    expired INTEGER NOT NULL CHECK (expired >= 0),
    CHECK (from_drives BETWEEN 0 AND received),
    PRIMARY KEY (governorate, component, blood_group, flow_on)
);
CREATE INDEX daily_flows_by_day ON daily_flows (flow_on);

-- Daily series that somebody imported for planning: `day_no` is 1, 2, … where the file has no dates.
CREATE TABLE history_series (
    id BIGINT PRIMARY KEY NOT NULL,
    name TEXT NOT NULL UNIQUE,
    source TEXT NOT NULL,
    imported_at TIMESTAMP NOT NULL
);
CREATE TABLE history_days (
    series BIGINT NOT NULL REFERENCES history_series (id),
    day_no INTEGER NOT NULL,
    on_date DATE,
    weekday INTEGER CHECK (weekday BETWEEN 0 AND 6),
    amount DOUBLE PRECISION NOT NULL CHECK (amount >= 0),
    PRIMARY KEY (series, day_no)
);

-- What hospitals may know of donors: made once a day, never changed after.
CREATE TABLE published_tables (
    id BIGINT PRIMARY KEY NOT NULL,
    made_on DATE NOT NULL UNIQUE,
    made_at TIMESTAMP NOT NULL
);
CREATE TABLE published_cells (
    published BIGINT NOT NULL REFERENCES published_tables (id),
    blood_group TEXT NOT NULL CHECK (blood_group IN ('o_neg', 'o_pos', 'a_neg', 'a_pos', 'b_neg', 'b_pos', 'ab_neg', 'ab_pos')),
    area TEXT NOT NULL,
    donation_type TEXT NOT NULL CHECK (donation_type IN ('whole_blood', 'double_red_cells', 'platelet_apheresis', 'plasma_apheresis')),
    -- None while the area holds under 200 registered donors of the group.
    band TEXT CHECK (band IN ('under_20', '20_49', '50_99', '100_249', '250_499', '500_999', '1000_up')),
    -- Whether it stays until the next week.
    is_weekly BOOLEAN NOT NULL,
    PRIMARY KEY (published, blood_group, area, donation_type)
);

-- Where each group's donors are shown, as it stands for a quarter.
CREATE TABLE published_areas (
    quarter DATE NOT NULL,
    blood_group TEXT NOT NULL CHECK (blood_group IN ('o_neg', 'o_pos', 'a_neg', 'a_pos', 'b_neg', 'b_pos', 'ab_neg', 'ab_pos')),
    governorate TEXT NOT NULL CHECK (governorate IN ('PS-JEN', 'PS-TBS', 'PS-TKM', 'PS-NBS', 'PS-QQA', 'PS-SLT', 'PS-RBH', 'PS-JRH',
        'PS-JEM', 'PS-BTH', 'PS-HBN', 'PS-NGZ', 'PS-GZA', 'PS-DEB', 'PS-KYS', 'PS-RFH')),
    area TEXT NOT NULL,
    holds BOOLEAN NOT NULL,
    PRIMARY KEY (quarter, blood_group, governorate)
);

-- What might happen, kept under a name; name and events are sealed.
CREATE TABLE scenarios (
    id BIGINT PRIMARY KEY NOT NULL,
    name BYTEA NOT NULL,
    events BYTEA NOT NULL,
    made_at TIMESTAMP NOT NULL,
    made_by BIGINT NOT NULL REFERENCES users (id),
    ended_at TIMESTAMP
);

-- Where each cell of the reserve stands: what was seen of it last, until when it was last seen worse, and the level
-- that follows. `area` is a governorate, a region, or governorates of an island joined by '+'.
CREATE TABLE reserve_levels (
    area TEXT NOT NULL,
    component TEXT NOT NULL CHECK (component IN ('whole_blood', 'red_cells', 'platelets', 'plasma', 'cryoprecipitate')),
    blood_group TEXT NOT NULL CHECK (blood_group IN ('o_neg', 'o_pos', 'a_neg', 'a_pos', 'b_neg', 'b_pos', 'ab_neg', 'ab_pos')),
    seen TEXT NOT NULL CHECK (seen IN ('green', 'watch', 'amber', 'red', 'black', 'unknown')),
    seen_since TIMESTAMP NOT NULL,
    watch_until TIMESTAMP,
    amber_until TIMESTAMP,
    red_until TIMESTAMP,
    black_until TIMESTAMP,
    level TEXT NOT NULL CHECK (level IN ('green', 'watch', 'amber', 'red', 'black', 'unknown')),
    level_since TIMESTAMP NOT NULL,
    version BIGINT NOT NULL,
    PRIMARY KEY (area, component, blood_group)
);

-- Every change of a level, never corrected: each was so when it was seen.
CREATE TABLE level_changes (
    id BIGINT PRIMARY KEY NOT NULL,
    area TEXT NOT NULL,
    region TEXT NOT NULL CHECK (region IN ('west_bank_north', 'west_bank_centre', 'east_jerusalem', 'west_bank_south',
        'gaza_north', 'gaza_south')),
    component TEXT NOT NULL CHECK (component IN ('whole_blood', 'red_cells', 'platelets', 'plasma', 'cryoprecipitate')),
    blood_group TEXT NOT NULL CHECK (blood_group IN ('o_neg', 'o_pos', 'a_neg', 'a_pos', 'b_neg', 'b_pos', 'ab_neg', 'ab_pos')),
    level TEXT NOT NULL CHECK (level IN ('green', 'watch', 'amber', 'red', 'black', 'unknown')),
    was TEXT CHECK (was IN ('green', 'watch', 'amber', 'red', 'black', 'unknown')),
    usable_units INTEGER NOT NULL CHECK (usable_units >= 0),
    average_daily_demand DOUBLE PRECISION,
    days_of_cover DOUBLE PRECISION,
    changed_at TIMESTAMP NOT NULL,
    CHECK (was <> level)
);

-- record ---------------------------------------------------------------------------------------

-- Written with the fact, each with its own keyed digest; the sealer chains them after.
CREATE TABLE audit_lines (
    id BIGINT PRIMARY KEY NOT NULL,
    at TIMESTAMP NOT NULL,
    actor BIGINT,
    action TEXT NOT NULL,
    subject TEXT,
    detail TEXT NOT NULL,
    digest BYTEA NOT NULL,
    chained BOOLEAN NOT NULL
);
CREATE INDEX audit_lines_unchained ON audit_lines (id) WHERE NOT chained;
CREATE TABLE audit_chain (
    seq BIGINT NOT NULL PRIMARY KEY,
    line BIGINT NOT NULL UNIQUE REFERENCES audit_lines (id),
    hash BYTEA NOT NULL
);

-- What changed, in commit order; `through_id` closes a span of ids that were made together.
CREATE TABLE feed (
    xid XID8 NOT NULL DEFAULT pg_current_xact_id(),
    seq BIGSERIAL PRIMARY KEY,
    entity TEXT NOT NULL,
    entity_id BIGINT NOT NULL,
    through_id BIGINT CHECK (through_id >= entity_id),
    kind TEXT NOT NULL,
    at TIMESTAMP NOT NULL
);
CREATE INDEX feed_in_order ON feed (xid, seq);

-- An answer is kept as ids and codes, never as identity.
CREATE TABLE idempotency (
    principal BIGINT NOT NULL,
    route TEXT NOT NULL,
    key TEXT NOT NULL,
    fingerprint BYTEA NOT NULL,
    answer TEXT NOT NULL,
    made_at TIMESTAMP NOT NULL,
    PRIMARY KEY (principal, route, key)
);
CREATE INDEX idempotency_by_age ON idempotency (made_at);
