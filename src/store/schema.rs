//! The tables for diesel: one schema for all backends. The comments in the migrations explain the columns.
//!
//! The tables are older than some words of the glossary: a `run` is an upload segment, `chunks` are blocks, `chunk_data` their texts,
//! `stats` zone maps, `tail` a resumable digest, and `garbage` has the tombstones.

diesel::table! {
    datasets (id) {
        id -> BigInt,
        name -> Text,
        revision -> BigInt,
        created_at -> BigInt,
        updated_at -> BigInt,
        owner -> Nullable<BigInt>,
        last_schema -> Nullable<Binary>,
        schema_changes -> Nullable<Text>,
        description -> Nullable<BigInt>,
    }
}

diesel::table! {
    former_schemas (name) {
        name -> Text,
        last_schema -> Binary,
        since -> BigInt,
    }
}

diesel::table! {
    descriptions (dataset_id) {
        dataset_id -> BigInt,
        number -> BigInt,
        document -> Binary,
    }
}

diesel::table! {
    revisions (dataset_id, number) {
        dataset_id -> BigInt,
        number -> BigInt,
        run -> BigInt,
        row_count -> BigInt,
        byte_count -> BigInt,
        sha256 -> Binary,
        content_type -> Text,
        transcoded -> Bool,
        profile -> Binary,
        author -> Nullable<Text>,
        created_at -> BigInt,
        segments -> Nullable<Binary>,
        tail -> Nullable<Binary>,
        schema_major -> Nullable<BigInt>,
        schema_minor -> Nullable<BigInt>,
    }
}

diesel::table! {
    chunks (dataset_id, run, first_row, seq) {
        dataset_id -> BigInt,
        run -> BigInt,
        first_row -> BigInt,
        seq -> BigInt,
        row_count -> BigInt,
        first_byte -> BigInt,
        body_start -> BigInt,
        stats -> Binary,
        blooms -> Nullable<Binary>,
        summary -> Nullable<Binary>,
    }
}

diesel::table! {
    chunk_data (dataset_id, run, first_byte) {
        dataset_id -> BigInt,
        run -> BigInt,
        first_byte -> BigInt,
        byte_count -> BigInt,
        digest -> Binary,
        data -> Binary,
    }
}

diesel::table! {
    column_chunks (dataset_id, run, place, first_row) {
        dataset_id -> BigInt,
        run -> BigInt,
        place -> BigInt,
        first_row -> BigInt,
        row_count -> BigInt,
        stats -> Binary,
        digest -> Binary,
        data -> Binary,
    }
}

diesel::table! {
    sources (dataset_id, run, first_byte) {
        dataset_id -> BigInt,
        run -> BigInt,
        first_byte -> BigInt,
        byte_count -> BigInt,
        digest -> Binary,
        data -> Binary,
    }
}

diesel::table! {
    derived_files (dataset_id, revision, name) {
        dataset_id -> BigInt,
        revision -> BigInt,
        name -> Binary,
        run -> BigInt,
        byte_count -> BigInt,
        used_at -> BigInt,
    }
}

diesel::table! {
    uploads (dataset_id, run) {
        dataset_id -> BigInt,
        run -> BigInt,
        started_at -> BigInt,
        renewed_at -> BigInt,
    }
}

diesel::table! {
    garbage (dataset_id, run) {
        dataset_id -> BigInt,
        run -> BigInt,
        since -> BigInt,
    }
}

diesel::table! {
    secrets (name) {
        name -> Text,
        value -> Binary,
    }
}

diesel::table! {
    leases (dataset_id, run, holder) {
        dataset_id -> BigInt,
        run -> BigInt,
        holder -> BigInt,
        until -> BigInt,
    }
}

diesel::table! {
    idempotency_keys (scope, key) {
        scope -> Text,
        key -> Text,
        holder -> BigInt,
        renewed_at -> BigInt,
        fingerprint -> Nullable<Binary>,
        answer -> Nullable<Binary>,
    }
}

diesel::table! {
    clients (id) {
        id -> BigInt,
        name -> Text,
        created_at -> BigInt,
        disabled_at -> Nullable<BigInt>,
        first_contact_at -> Nullable<BigInt>,
        pin -> Nullable<BigInt>,
        note -> Nullable<Text>,
        contact -> Nullable<Text>,
    }
}

diesel::table! {
    client_keys (digest) {
        digest -> Binary,
        client_id -> BigInt,
        created_at -> BigInt,
        expires_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    client_moves (client_id, number) {
        client_id -> BigInt,
        number -> BigInt,
        moved_at -> BigInt,
        moved_by -> Text,
        from_version -> Nullable<BigInt>,
        to_version -> BigInt,
    }
}

diesel::table! {
    client_extensions (client_id, version) {
        client_id -> BigInt,
        version -> BigInt,
        retires_at -> BigInt,
    }
}

diesel::table! {
    client_limits (client_id) {
        client_id -> BigInt,
        requests -> BigInt,
        seconds -> BigInt,
    }
}

diesel::table! {
    readers (dataset_id, client_id, family, day) {
        dataset_id -> BigInt,
        client_id -> BigInt,
        family -> Text,
        day -> BigInt,
        requests -> BigInt,
        last_at -> BigInt,
    }
}

diesel::table! {
    reader_columns (dataset_id, client_id, family, name) {
        dataset_id -> BigInt,
        client_id -> BigInt,
        family -> Text,
        name -> Text,
        last_at -> BigInt,
    }
}

diesel::table! {
    usage (client_id, version, family, operation, day) {
        client_id -> BigInt,
        version -> BigInt,
        family -> Text,
        operation -> Text,
        day -> BigInt,
        requests -> BigInt,
        last_at -> BigInt,
    }
}

diesel::table! {
    refusals (client_id, version, family, reason, day) {
        client_id -> BigInt,
        version -> BigInt,
        family -> Text,
        reason -> Text,
        day -> BigInt,
        requests -> BigInt,
        last_at -> BigInt,
    }
}

diesel::table! {
    servers (holder) {
        holder -> BigInt,
        release -> Text,
        started_at -> BigInt,
        seen_at -> BigInt,
        stopped_at -> Nullable<BigInt>,
        announces -> Text,
    }
}

diesel::table! {
    sunsets (version) {
        version -> BigInt,
        retires_at -> BigInt,
        announced_at -> BigInt,
    }
}

diesel::table! {
    default_versions (version) {
        version -> BigInt,
        chosen_at -> Nullable<BigInt>,
        served_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    notices (event) {
        event -> Text,
        body -> Text,
        created_at -> BigInt,
        attempts -> BigInt,
        due_at -> Nullable<BigInt>,
        sent_at -> Nullable<BigInt>,
    }
}

diesel::allow_tables_to_appear_in_same_query!(
    datasets,
    former_schemas,
    descriptions,
    revisions,
    chunks,
    chunk_data,
    column_chunks,
    sources,
    derived_files,
    uploads,
    garbage,
    secrets,
    leases,
    idempotency_keys,
    clients,
    client_keys,
    client_moves,
    client_extensions,
    client_limits,
    readers,
    reader_columns,
    usage,
    refusals,
    servers,
    sunsets,
    default_versions,
    notices
);
