//! Settings without a process: their defaults and how they must fit together.

use std::time::Duration;

use flash::settings::{Anonymous, Database, ServeSettings, SettingsError};

#[test]
fn the_defaults_hold_together_and_are_those_of_the_documentation() {
    let settings = ServeSettings::default().check().unwrap();
    assert_eq!(settings.listen.to_string(), "localhost:3000");
    assert_eq!(settings.admin_listen.to_string(), "localhost:3001");
    assert_eq!(settings.database, Database::Sqlite("flash.db".into()));
    assert_eq!(settings.anonymous, Anonymous::ReadWrite);
    assert_eq!(settings.limits.max_body, 1 << 30);
    assert_eq!(settings.limits.max_record, 8 << 20);
    assert_eq!(settings.timeouts.header_timeout, Duration::from_secs(10));
}

#[test]
fn what_anyone_could_reach_needs_a_choice_and_takes_each() {
    for address in ["0.0.0.0:4000", "[::]:4000", "10.0.0.7:4000"] {
        let mut settings = ServeSettings::default();
        settings.public.listen = address.parse().unwrap();
        let error = settings.clone().check().unwrap_err();
        assert_eq!(
            error,
            SettingsError::AnonymousNotChosen(settings.public.listen)
        );
        for choice in [Anonymous::ReadWrite, Anonymous::Read, Anonymous::None] {
            settings.access.anonymous = Some(choice);
            assert_eq!(settings.clone().check().unwrap().anonymous, choice);
        }
    }
}

#[test]
fn settings_that_contradict_each_other_are_refused() {
    let refused = |change: fn(&mut ServeSettings)| {
        let mut settings = ServeSettings::default();
        change(&mut settings);
        settings.check().unwrap_err().to_string()
    };
    assert!(refused(|s| s.admin.admin_listen = s.public.listen).contains("--admin-listen"));
    assert!(
        refused(|s| s.limits.max_body = 1 << 20)
            .contains("--max-json-body is larger than --max-body")
    );
    assert!(
        refused(|s| s.limits.max_record = 1 << 31)
            .contains("--max-record is larger than --max-body")
    );
    assert!(refused(|s| s.limits.max_connections = 0).contains("--max-connections is 0"));
    assert!(refused(|s| s.store.store_readers = 0).contains("--store-readers is 0"));
    assert!(refused(|s| s.timeouts.idle_timeout = Duration::ZERO).contains("--idle-timeout is 0"));
}

#[test]
fn both_listeners_may_ask_for_any_port() {
    let mut settings = ServeSettings::default();
    settings.public.listen = "127.0.0.1:0".parse().unwrap();
    settings.admin.admin_listen = settings.public.listen;
    assert!(settings.check().is_ok());
}
