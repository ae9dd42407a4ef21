//! The tables, as both migration sets make them (a test compares).

diesel::table! {
    meta (key) {
        key -> Text,
        value -> Text,
    }
}

diesel::table! {
    units (id) {
        id -> BigInt,
        code -> Text,
        name_ar -> Text,
        name_en -> Text,
        parent -> Nullable<BigInt>,
        governorate -> Text,
        created_at -> Timestamp,
    }
}

diesel::table! {
    unit_tree (ancestor, descendant) {
        ancestor -> BigInt,
        descendant -> BigInt,
        depth -> Integer,
    }
}

diesel::table! {
    facilities (id) {
        id -> BigInt,
        code -> Text,
        kind -> Text,
        name_ar -> Text,
        name_en -> Text,
        governorate -> Text,
        latitude -> Nullable<Double>,
        longitude -> Nullable<Double>,
        created_at -> Timestamp,
    }
}

diesel::table! {
    users (id) {
        id -> BigInt,
        username -> Text,
        role -> Text,
        password_hash -> Text,
        must_change -> Bool,
        facility -> Nullable<BigInt>,
        disabled -> Bool,
        language -> Nullable<Text>,
        created_at -> Timestamp,
        created_by -> Nullable<BigInt>,
        reset_at -> Nullable<Timestamp>,
        reset_by -> Nullable<BigInt>,
        version -> BigInt,
    }
}

diesel::table! {
    user_units (user_id, unit_id) {
        user_id -> BigInt,
        unit_id -> BigInt,
    }
}

diesel::table! {
    sessions (id) {
        id -> BigInt,
        user_id -> BigInt,
        kind -> Text,
        csrf -> Nullable<Binary>,
        created_at -> Timestamp,
        expires_at -> Timestamp,
        revoked_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    user_addresses (user_id) {
        user_id -> BigInt,
        address -> Binary,
        set_at -> Timestamp,
    }
}

diesel::table! {
    second_factors (user_id) {
        user_id -> BigInt,
        secret -> Binary,
        made_at -> Timestamp,
        confirmed_at -> Nullable<Timestamp>,
        last_step -> BigInt,
    }
}

diesel::table! {
    recovery_codes (user_id, digest) {
        user_id -> BigInt,
        digest -> Binary,
        used_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    session_tokens (digest) {
        digest -> Binary,
        session_id -> BigInt,
        issued_at -> Timestamp,
        used_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    approvals (id) {
        id -> BigInt,
        kind -> Text,
        subject -> Nullable<BigInt>,
        request -> Binary,
        reason -> Binary,
        state -> Text,
        asked_by -> BigInt,
        asked_at -> Timestamp,
        expires_at -> Timestamp,
        decided_by -> Nullable<BigInt>,
        decided_at -> Nullable<Timestamp>,
        used_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    adopted_policies (id) {
        id -> BigInt,
        code -> Text,
        version -> Integer,
        text -> Binary,
        adopted_at -> Timestamp,
        approval -> Nullable<BigInt>,
    }
}

diesel::table! {
    jobs (id) {
        id -> BigInt,
        kind -> Text,
        state -> Text,
        request -> Binary,
        asked_by -> BigInt,
        asked_at -> Timestamp,
        attempts -> Integer,
        leased_until -> Nullable<Timestamp>,
        steps_done -> BigInt,
        steps -> Nullable<BigInt>,
        result -> Nullable<Binary>,
        finished_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    donors (id) {
        id -> BigInt,
        status -> Text,
        sex -> Nullable<Text>,
        birth_band -> Nullable<Integer>,
        blood_group -> Nullable<Text>,
        group_evidence -> Text,
        unit_id -> Nullable<BigInt>,
        governorate -> Nullable<Text>,
        weight_kg -> Nullable<Double>,
        height_cm -> Nullable<Double>,
        screened -> Bool,
        declared_12_months -> Nullable<Integer>,
        paused_until -> Nullable<Date>,
        merged_into -> Nullable<BigInt>,
        kind -> Nullable<Text>,
        language -> Nullable<Text>,
        may_call -> Nullable<Bool>,
        may_text -> Nullable<Bool>,
        may_email -> Nullable<Bool>,
        quiet_from -> Nullable<Time>,
        quiet_until -> Nullable<Time>,
        donor_key -> Binary,
        key_version -> Integer,
        created_at -> Timestamp,
        created_by -> Nullable<BigInt>,
        version -> BigInt,
    }
}

diesel::table! {
    donor_identities (donor) {
        donor -> BigInt,
        name -> Nullable<Binary>,
        latin_name -> Nullable<Binary>,
        national_id -> Nullable<Binary>,
        service_number -> Nullable<Binary>,
        phone -> Nullable<Binary>,
        email -> Nullable<Binary>,
        birth_date -> Nullable<Binary>,
        place -> Nullable<Binary>,
    }
}

diesel::table! {
    donor_tags (field, tag, claim) {
        field -> Text,
        tag -> Binary,
        claim -> BigInt,
        donor -> BigInt,
    }
}

diesel::table! {
    donor_aliases (id) {
        id -> BigInt,
        donor -> BigInt,
        survivor -> BigInt,
        approval -> BigInt,
        made_at -> Timestamp,
        made_by -> BigInt,
        ended_at -> Nullable<Timestamp>,
        ended_by -> Nullable<BigInt>,
        ended_approval -> Nullable<BigInt>,
    }
}

diesel::table! {
    reviews (id) {
        id -> BigInt,
        donor -> BigInt,
        other -> BigInt,
        ground -> Text,
        state -> Text,
        found_at -> Timestamp,
        settled_at -> Nullable<Timestamp>,
        settled_by -> Nullable<BigInt>,
    }
}

diesel::table! {
    counted_days (user_id, what, on_date) {
        user_id -> BigInt,
        what -> Text,
        on_date -> Date,
        count -> Integer,
    }
}

diesel::table! {
    broken_glass (id) {
        id -> BigInt,
        broken_by -> BigInt,
        donor -> BigInt,
        purpose -> Text,
        reason -> Binary,
        broken_at -> Timestamp,
        holds_until -> Timestamp,
        finding -> Nullable<Binary>,
        reviewed_by -> Nullable<BigInt>,
        reviewed_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    trace_records (donor) {
        donor -> BigInt,
        person -> Binary,
        keep_until -> Date,
        made_at -> Timestamp,
    }
}

diesel::table! {
    typings (id) {
        id -> BigInt,
        donor -> BigInt,
        blood_group -> Text,
        sample -> Nullable<Binary>,
        typed_on -> Date,
        recorded_at -> Timestamp,
        recorded_by -> BigInt,
        wrong_at -> Nullable<Timestamp>,
        wrong_by -> Nullable<BigInt>,
        wrong_reason -> Nullable<Binary>,
    }
}

diesel::table! {
    antigen_results (id) {
        id -> BigInt,
        donor -> BigInt,
        antigen -> Text,
        present -> Bool,
        typed_on -> Date,
        corrects -> Nullable<BigInt>,
        recorded_at -> Timestamp,
        recorded_by -> BigInt,
    }
}

diesel::table! {
    titres (id) {
        id -> BigInt,
        donor -> BigInt,
        anti_a -> Integer,
        anti_b -> Integer,
        method -> Text,
        measured_on -> Date,
        corrects -> Nullable<BigInt>,
        recorded_at -> Timestamp,
        recorded_by -> BigInt,
    }
}

diesel::table! {
    consents (id) {
        id -> BigInt,
        donor -> BigInt,
        kind -> Text,
        given -> Bool,
        said_on -> Date,
        way -> Text,
        recorded_at -> Timestamp,
        recorded_by -> BigInt,
    }
}

diesel::table! {
    givings (id) {
        id -> BigInt,
        donor -> BigInt,
        given_on -> Date,
        donation_type -> Text,
        volume_ml -> Integer,
        red_cells_lost -> Bool,
        source -> Text,
        corrects -> Nullable<BigInt>,
        voided -> Bool,
        approval -> Nullable<BigInt>,
        recorded_at -> Timestamp,
    }
}

diesel::table! {
    deferrals (id) {
        id -> BigInt,
        donor -> BigInt,
        about -> Nullable<BigInt>,
        step -> Integer,
        cause -> Binary,
        recorded_on -> Date,
        recorded_at -> Timestamp,
        recorded_by -> Nullable<BigInt>,
        approval -> Nullable<BigInt>,
    }
}

diesel::table! {
    allowances (id) {
        id -> BigInt,
        donor -> BigInt,
        cause -> Binary,
        reason -> Binary,
        allowed_on -> Date,
        recorded_at -> Timestamp,
        recorded_by -> BigInt,
    }
}

diesel::table! {
    decisions (id) {
        id -> BigInt,
        donor -> BigInt,
        donation_type -> Text,
        decided_for -> Date,
        rule_set -> Text,
        answer -> Binary,
        decided_at -> Timestamp,
        decided_by -> BigInt,
    }
}

diesel::table! {
    giving_windows (donor, donation_type, place) {
        donor -> BigInt,
        donation_type -> Text,
        place -> Integer,
        from_on -> Date,
        until_on -> Nullable<Date>,
        rule_set -> Text,
    }
}

diesel::table! {
    activities (id) {
        id -> BigInt,
        branch -> Text,
        status -> Text,
        title -> Binary,
        place -> Nullable<Binary>,
        details -> Binary,
        governorate -> Text,
        starts_at -> Timestamp,
        ends_at -> Timestamp,
        unit_id -> BigInt,
        created_at -> Timestamp,
        created_by -> Nullable<BigInt>,
        version -> BigInt,
    }
}

diesel::table! {
    activity_units (activity, unit_id) {
        activity -> BigInt,
        unit_id -> BigInt,
    }
}

diesel::table! {
    activity_loads (activity, physical_load) {
        activity -> BigInt,
        physical_load -> Text,
    }
}

diesel::table! {
    activity_links (low, high) {
        low -> BigInt,
        high -> BigInt,
        kind -> Text,
        from_low -> Bool,
        made_at -> Timestamp,
        made_by -> BigInt,
    }
}

diesel::table! {
    hijri_months (id) {
        id -> BigInt,
        year -> Integer,
        month -> Integer,
        first_on -> Date,
        entered_at -> Timestamp,
        entered_by -> BigInt,
    }
}

diesel::table! {
    closures (id) {
        id -> BigInt,
        governorate -> Text,
        other -> Nullable<Text>,
        from_at -> Timestamp,
        until_at -> Nullable<Timestamp>,
        entered_at -> Timestamp,
        entered_by -> BigInt,
        ended_at -> Nullable<Timestamp>,
        ended_by -> Nullable<BigInt>,
    }
}

diesel::table! {
    calendar_feeds (id) {
        id -> BigInt,
        user_id -> BigInt,
        unit_id -> Nullable<BigInt>,
        secret_hash -> Binary,
        made_at -> Timestamp,
        ended_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    unit_absences (id) {
        id -> BigInt,
        unit_id -> BigInt,
        kind -> Text,
        from_on -> Date,
        until_on -> Date,
        entered_at -> Timestamp,
        entered_by -> BigInt,
        withdrawn_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    assignments (id) {
        id -> BigInt,
        activity -> BigInt,
        donor -> BigInt,
        assigned_at -> Timestamp,
        assigned_by -> BigInt,
        ended_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    drives (id) {
        id -> BigInt,
        status -> Text,
        facility -> Nullable<BigInt>,
        slot_minutes -> Integer,
        beds -> Integer,
        staff -> Nullable<Integer>,
        walk_ins -> Integer,
        overbooked_by -> Nullable<Integer>,
        outdoor -> Bool,
        book_until -> Nullable<Timestamp>,
    }
}

diesel::table! {
    blueprints (id) {
        id -> BigInt,
        unit_id -> BigInt,
        name -> Binary,
        shape -> Binary,
        made_at -> Timestamp,
        made_by -> BigInt,
        ended_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    drive_types (drive, donation_type) {
        drive -> BigInt,
        donation_type -> Text,
    }
}

diesel::table! {
    drive_targets (drive, blood_group) {
        drive -> BigInt,
        blood_group -> Text,
        units -> Integer,
    }
}

diesel::table! {
    drive_hours (drive, starts_at) {
        drive -> BigInt,
        starts_at -> Timestamp,
        first_timers -> Integer,
        most_first_timers -> Integer,
    }
}

diesel::table! {
    slots (id) {
        id -> BigInt,
        drive -> BigInt,
        starts_at -> Timestamp,
        capacity -> Integer,
        booked -> Integer,
        for_women -> Bool,
        walk_ins -> Integer,
        walked_in -> Integer,
    }
}

diesel::table! {
    waiting_list (id) {
        id -> BigInt,
        drive -> BigInt,
        donor -> BigInt,
        donation_type -> Text,
        state -> Text,
        appointment -> Nullable<BigInt>,
        joined_at -> Timestamp,
        joined_by -> BigInt,
    }
}

diesel::table! {
    appointments (id) {
        id -> BigInt,
        drive -> BigInt,
        slot -> BigInt,
        donor -> BigInt,
        status -> Text,
        donation_type -> Text,
        first_timer -> Bool,
        created_at -> Timestamp,
        created_by -> Nullable<BigInt>,
        changed_at -> Timestamp,
        version -> BigInt,
        first_of_line -> Nullable<BigInt>,
    }
}

diesel::table! {
    messages (id) {
        id -> BigInt,
        template -> Text,
        donor -> Nullable<BigInt>,
        reader -> Nullable<BigInt>,
        subject -> BigInt,
        state -> Text,
        reason -> Nullable<Text>,
        queued_at -> Timestamp,
        due_at -> Timestamp,
        useful_until -> Timestamp,
        attempts -> Integer,
        claimed_until -> Nullable<Timestamp>,
        last_error -> Nullable<Text>,
        ended_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    donations (id) {
        id -> BigInt,
        donor -> BigInt,
        din -> Text,
        donation_type -> Text,
        volume_ml -> Integer,
        collected_at -> Timestamp,
        given_on -> Date,
        facility -> BigInt,
        drive -> Nullable<BigInt>,
        appointment -> Nullable<BigInt>,
        decision -> Nullable<BigInt>,
        given_as -> Nullable<Text>,
        recorded_at -> Timestamp,
        recorded_by -> Nullable<BigInt>,
    }
}

diesel::table! {
    links (id) {
        id -> BigInt,
        donor -> BigInt,
        verb -> Text,
        subject -> BigInt,
        secret_hash -> Binary,
        made_at -> Timestamp,
        made_by -> Nullable<BigInt>,
        expires_at -> Timestamp,
        used_at -> Nullable<Timestamp>,
        message -> Nullable<BigInt>,
    }
}

diesel::table! {
    calls (id) {
        id -> BigInt,
        donor -> BigInt,
        made_at -> Timestamp,
        made_by -> BigInt,
        outcome -> Text,
    }
}

diesel::table! {
    invitations (id) {
        id -> BigInt,
        drive -> BigInt,
        donor -> BigInt,
        made_at -> Timestamp,
        made_by -> BigInt,
        from_at -> Nullable<Timestamp>,
        to_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    preparations (id) {
        id -> BigInt,
        drive -> BigInt,
        physician -> BigInt,
        meter -> Text,
        passed -> Bool,
        prepared_at -> Timestamp,
        prepared_by -> BigInt,
    }
}

diesel::table! {
    laboratory_clocks (drive) {
        drive -> BigInt,
        cut_off_at -> Timestamp,
        travel_minutes -> Integer,
        checkpoint_minutes -> Integer,
        packing_minutes -> Integer,
        arrived_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    drive_dins (din) {
        din -> Text,
        drive -> BigInt,
        state -> Text,
        handed_at -> Timestamp,
        handed_by -> BigInt,
    }
}

diesel::table! {
    visits (id) {
        id -> BigInt,
        drive -> BigInt,
        donor -> BigInt,
        appointment -> Nullable<BigInt>,
        donation_type -> Text,
        state -> Text,
        checked_in_at -> Timestamp,
        checked_in_by -> BigInt,
        decision -> BigInt,
        bag_ml -> Nullable<Integer>,
        screening -> Nullable<Binary>,
        screened_at -> Nullable<Timestamp>,
        screened_by -> Nullable<BigInt>,
        consented_at -> Nullable<Timestamp>,
        answer -> Nullable<Binary>,
        ended_at -> Nullable<Timestamp>,
        departed_at -> Nullable<Timestamp>,
        version -> BigInt,
    }
}

diesel::table! {
    collections (visit) {
        visit -> BigInt,
        donation -> Nullable<BigInt>,
        din -> Text,
        outcome -> Text,
        bag_lot -> Text,
        bag_expires_on -> Date,
        began_at -> Timestamp,
        ended_at -> Timestamp,
        volume_ml -> Integer,
        entered_at -> Timestamp,
        entered_by -> BigInt,
    }
}

diesel::table! {
    reactions (id) {
        id -> BigInt,
        visit -> BigInt,
        kind -> Text,
        grade -> Text,
        began_at -> Timestamp,
        recorded_at -> Timestamp,
        recorded_by -> BigInt,
        call_on -> Date,
        called_at -> Nullable<Timestamp>,
        called_by -> Nullable<BigInt>,
    }
}

diesel::table! {
    blood_units (id) {
        id -> BigInt,
        donation -> Nullable<BigInt>,
        din -> Text,
        component -> Text,
        division -> Integer,
        blood_group -> Nullable<Text>,
        volume_ml -> Integer,
        status -> Text,
        facility -> BigInt,
        collected_on -> Date,
        expires_at -> Timestamp,
        expires_on -> Date,
        additive -> Nullable<Text>,
        attributes -> Integer,
        changed_at -> Timestamp,
        version -> BigInt,
    }
}

diesel::table! {
    standing_orders (id) {
        id -> BigInt,
        facility -> BigInt,
        patient -> Binary,
        patient_tag -> Binary,
        blood_group -> Nullable<Text>,
        group_evidence -> Text,
        sex -> Nullable<Text>,
        age_band -> Nullable<Text>,
        component -> Text,
        units -> Integer,
        needs -> Integer,
        notes -> Nullable<Binary>,
        every_days -> Nullable<Integer>,
        weekdays -> Nullable<Integer>,
        due_minute -> Integer,
        first_on -> Date,
        last_on -> Date,
        days_ahead -> Integer,
        state -> Text,
        next_due_on -> Nullable<Date>,
        ask_on -> Nullable<Date>,
        made_at -> Timestamp,
        made_by -> BigInt,
        changed_at -> Timestamp,
        version -> BigInt,
    }
}

diesel::table! {
    packs (id) {
        id -> BigInt,
        facility -> BigInt,
        state -> Text,
        rounds -> Integer,
        started_at -> Timestamp,
        started_by -> BigInt,
        stopped_at -> Nullable<Timestamp>,
        stopped_by -> Nullable<BigInt>,
    }
}

diesel::table! {
    blood_requests (id) {
        id -> BigInt,
        facility -> BigInt,
        patient -> Binary,
        patient_tag -> Binary,
        blood_group -> Nullable<Text>,
        group_evidence -> Text,
        sex -> Nullable<Text>,
        age_band -> Nullable<Text>,
        component -> Text,
        units -> Integer,
        needs -> Integer,
        urgency -> Text,
        needed_at -> Timestamp,
        notes -> Nullable<Binary>,
        state -> Text,
        refusal -> Nullable<Text>,
        bank -> Nullable<BigInt>,
        rest_of -> Nullable<BigInt>,
        line_of -> Nullable<BigInt>,
        standing_order -> Nullable<BigInt>,
        due_on -> Nullable<Date>,
        pack -> Nullable<BigInt>,
        pack_round -> Nullable<Integer>,
        rhd_by -> Nullable<BigInt>,
        rhd_at -> Nullable<Timestamp>,
        rhd_reason -> Nullable<Binary>,
        made_at -> Timestamp,
        made_by -> BigInt,
        changed_at -> Timestamp,
        version -> BigInt,
    }
}

diesel::table! {
    untested_issues (id) {
        id -> BigInt,
        request -> BigInt,
        blood_unit -> BigInt,
        bank -> BigInt,
        state -> Text,
        reason -> Binary,
        rapid_tests -> Binary,
        asked_at -> Timestamp,
        asked_by -> BigInt,
        authorised_at -> Nullable<Timestamp>,
        authorised_by -> Nullable<BigInt>,
        checked_at -> Nullable<Timestamp>,
        checked_by -> Nullable<BigInt>,
        given_at -> Nullable<Timestamp>,
        given_by -> Nullable<BigInt>,
        follow_up -> Nullable<Binary>,
        followed_at -> Nullable<Timestamp>,
        followed_by -> Nullable<BigInt>,
    }
}

diesel::table! {
    hospital_reports (id) {
        id -> BigInt,
        blood_unit -> BigInt,
        facility -> BigInt,
        bank -> BigInt,
        kind -> Text,
        note -> Binary,
        made_at -> Timestamp,
        made_by -> BigInt,
    }
}

diesel::table! {
    stock_counts (id) {
        id -> BigInt,
        facility -> BigInt,
        state -> Text,
        scanned -> Integer,
        made_at -> Timestamp,
        made_by -> BigInt,
    }
}

diesel::table! {
    pars (facility, component, blood_group) {
        facility -> BigInt,
        component -> Text,
        blood_group -> Text,
        units -> Integer,
        set_at -> Timestamp,
        set_by -> BigInt,
    }
}

diesel::table! {
    count_misses (count, blood_unit) {
        count -> BigInt,
        blood_unit -> BigInt,
        outcome -> Nullable<Text>,
        ended_at -> Nullable<Timestamp>,
        ended_by -> Nullable<BigInt>,
    }
}

diesel::table! {
    test_results (id) {
        id -> BigInt,
        din -> Text,
        marker -> Text,
        run -> Integer,
        corrects -> Nullable<BigInt>,
        says -> Binary,
        tested_on -> Date,
        facility -> BigInt,
        entered_at -> Timestamp,
        entered_by -> BigInt,
    }
}

diesel::table! {
    stray_scans (id) {
        id -> BigInt,
        facility -> BigInt,
        count -> Nullable<BigInt>,
        transfer -> Nullable<BigInt>,
        din -> Text,
        component -> Text,
        division -> Integer,
        scanned_at -> Timestamp,
        scanned_by -> BigInt,
        note -> Nullable<Binary>,
        ended_at -> Nullable<Timestamp>,
        ended_by -> Nullable<BigInt>,
    }
}

diesel::table! {
    emergency_issues (id) {
        id -> BigInt,
        request -> BigInt,
        state -> Text,
        is_beyond_rule -> Bool,
        reason -> Binary,
        made_at -> Timestamp,
        made_by -> BigInt,
        held_until -> Timestamp,
        confirmed_at -> Nullable<Timestamp>,
        confirmed_by -> Nullable<BigInt>,
        finding -> Nullable<Binary>,
        reviewed_at -> Nullable<Timestamp>,
        reviewed_by -> Nullable<BigInt>,
    }
}

diesel::table! {
    incidents (id) {
        id -> BigInt,
        region -> Text,
        governorate -> Nullable<Text>,
        from_at -> Timestamp,
        until_at -> Timestamp,
        reason -> Binary,
        declared_at -> Timestamp,
        declared_by -> BigInt,
        ended_at -> Nullable<Timestamp>,
        ended_by -> Nullable<BigInt>,
    }
}

diesel::table! {
    transfers (id) {
        id -> BigInt,
        from_facility -> BigInt,
        to_facility -> BigInt,
        state -> Text,
        made_at -> Timestamp,
        made_by -> BigInt,
        received_by -> Nullable<BigInt>,
        changed_at -> Timestamp,
        version -> BigInt,
    }
}

diesel::table! {
    transfer_units (transfer, blood_unit) {
        transfer -> BigInt,
        blood_unit -> BigInt,
        left_as -> Text,
        outcome -> Nullable<Text>,
        ended_at -> Nullable<Timestamp>,
        ended_by -> Nullable<BigInt>,
    }
}

diesel::table! {
    reservations (id) {
        id -> BigInt,
        request -> BigInt,
        blood_unit -> BigInt,
        made_at -> Timestamp,
        made_by -> BigInt,
        held_until -> Timestamp,
        emergency -> Nullable<BigInt>,
        ended_at -> Nullable<Timestamp>,
        outcome -> Nullable<Text>,
        arrived_at -> Nullable<Timestamp>,
        used_at -> Nullable<Timestamp>,
        reason -> Nullable<Binary>,
    }
}

diesel::table! {
    unit_movements (id) {
        id -> BigInt,
        blood_unit -> BigInt,
        from_status -> Nullable<Text>,
        to_status -> Text,
        reason -> Text,
        note -> Nullable<Binary>,
        facility -> BigInt,
        moved_at -> Timestamp,
        moved_by -> Nullable<BigInt>,
    }
}

diesel::table! {
    daily_flows (governorate, component, blood_group, flow_on) {
        governorate -> Text,
        component -> Text,
        blood_group -> Text,
        flow_on -> Date,
        received -> Integer,
        from_drives -> Integer,
        issued -> Integer,
        expired -> Integer,
    }
}

diesel::table! {
    history_series (id) {
        id -> BigInt,
        name -> Text,
        source -> Text,
        imported_at -> Timestamp,
    }
}

diesel::table! {
    history_days (series, day_no) {
        series -> BigInt,
        day_no -> Integer,
        on_date -> Nullable<Date>,
        weekday -> Nullable<Integer>,
        amount -> Double,
    }
}

diesel::table! {
    published_tables (id) {
        id -> BigInt,
        made_on -> Date,
        made_at -> Timestamp,
    }
}

diesel::table! {
    published_cells (published, blood_group, area, donation_type) {
        published -> BigInt,
        blood_group -> Text,
        area -> Text,
        donation_type -> Text,
        band -> Nullable<Text>,
        is_weekly -> Bool,
    }
}

diesel::table! {
    published_areas (quarter, blood_group, governorate) {
        quarter -> Date,
        blood_group -> Text,
        governorate -> Text,
        area -> Text,
        holds -> Bool,
    }
}

diesel::table! {
    scenarios (id) {
        id -> BigInt,
        name -> Binary,
        events -> Binary,
        made_at -> Timestamp,
        made_by -> BigInt,
        ended_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    reserve_levels (area, component, blood_group) {
        area -> Text,
        component -> Text,
        blood_group -> Text,
        seen -> Text,
        seen_since -> Timestamp,
        watch_until -> Nullable<Timestamp>,
        amber_until -> Nullable<Timestamp>,
        red_until -> Nullable<Timestamp>,
        black_until -> Nullable<Timestamp>,
        level -> Text,
        level_since -> Timestamp,
        version -> BigInt,
    }
}

diesel::table! {
    level_changes (id) {
        id -> BigInt,
        area -> Text,
        region -> Text,
        component -> Text,
        blood_group -> Text,
        level -> Text,
        was -> Nullable<Text>,
        usable_units -> Integer,
        average_daily_demand -> Nullable<Double>,
        days_of_cover -> Nullable<Double>,
        changed_at -> Timestamp,
    }
}

diesel::table! {
    audit_lines (id) {
        id -> BigInt,
        at -> Timestamp,
        actor -> Nullable<BigInt>,
        action -> Text,
        subject -> Nullable<Text>,
        detail -> Text,
        digest -> Binary,
        chained -> Bool,
    }
}

diesel::table! {
    audit_chain (seq) {
        seq -> BigInt,
        line -> BigInt,
        hash -> Binary,
    }
}

diesel::table! {
    feed (seq) {
        seq -> BigInt,
        entity -> Text,
        entity_id -> BigInt,
        through_id -> Nullable<BigInt>,
        kind -> Text,
        at -> Timestamp,
    }
}

diesel::table! {
    idempotency (principal, route, key) {
        principal -> BigInt,
        route -> Text,
        key -> Text,
        fingerprint -> Binary,
        answer -> Text,
        made_at -> Timestamp,
    }
}

diesel::allow_tables_to_appear_in_same_query!(
    units,
    unit_tree,
    facilities,
    users,
    user_units,
    donors,
    donor_identities,
    donor_tags,
    givings,
    deferrals,
    giving_windows,
    activities,
    activity_units,
    activity_loads,
    activity_links,
    unit_absences,
    calendar_feeds,
    assignments,
    messages,
    drives,
    blueprints,
    drive_types,
    drive_targets,
    drive_hours,
    slots,
    appointments,
    waiting_list,
    donations,
    links,
    invitations,
    calls,
    preparations,
    laboratory_clocks,
    drive_dins,
    visits,
    collections,
    reactions,
    blood_units,
    standing_orders,
    packs,
    blood_requests,
    emergency_issues,
    untested_issues,
    reservations,
    transfers,
    transfer_units,
    count_misses,
);
diesel::allow_tables_to_appear_in_same_query!(sessions, session_tokens, users);
diesel::allow_tables_to_appear_in_same_query!(published_tables, published_cells);
diesel::allow_tables_to_appear_in_same_query!(audit_lines, audit_chain);
diesel::allow_tables_to_appear_in_same_query!(history_series, history_days);
diesel::allow_tables_to_appear_in_same_query!(users, user_addresses);
diesel::joinable!(user_addresses -> users (user_id));
diesel::joinable!(unit_tree -> units (descendant));
diesel::joinable!(donor_identities -> donors (donor));
diesel::joinable!(donor_tags -> donors (donor));
diesel::joinable!(giving_windows -> donors (donor));
diesel::joinable!(drives -> activities (id));
diesel::joinable!(assignments -> activities (activity));
diesel::joinable!(assignments -> donors (donor));
diesel::joinable!(slots -> drives (drive));
diesel::joinable!(appointments -> slots (slot));
diesel::joinable!(collections -> visits (visit));
diesel::joinable!(reactions -> visits (visit));
diesel::joinable!(blood_units -> facilities (facility));
diesel::joinable!(blood_requests -> facilities (facility));
diesel::joinable!(standing_orders -> facilities (facility));
diesel::joinable!(packs -> facilities (facility));
diesel::joinable!(blood_requests -> packs (pack));
diesel::joinable!(emergency_issues -> blood_requests (request));
diesel::joinable!(untested_issues -> blood_requests (request));
diesel::joinable!(reservations -> blood_requests (request));
diesel::joinable!(reservations -> blood_units (blood_unit));
diesel::joinable!(transfer_units -> transfers (transfer));
diesel::joinable!(transfer_units -> blood_units (blood_unit));
diesel::joinable!(count_misses -> blood_units (blood_unit));
diesel::joinable!(session_tokens -> sessions (session_id));
diesel::joinable!(sessions -> users (user_id));

diesel::allow_columns_to_appear_in_same_group_by_clause!(activities::unit_id, appointments::status);
diesel::allow_columns_to_appear_in_same_group_by_clause!(
    facilities::governorate,
    blood_units::collected_on,
    blood_units::blood_group,
    donors::blood_group,
);
