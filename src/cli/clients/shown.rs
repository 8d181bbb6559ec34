//! Clients as they are listed and shown.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::limit;
use crate::cli::json::{self, JsonSetting};
use crate::cli::{counted, say};
use crate::services::retirement;
use crate::store::{AdminStore, Client, KeyDates, Move, StoreError, Used};

/// Prints all clients.
pub(super) fn list(
    admin: &mut AdminStore,
    json: JsonSetting,
    now: Timestamp,
) -> Result<(), StoreError> {
    let (clients, mut keys) = (admin.list()?, admin.all_keys()?);
    let mut all = Vec::new();
    for client in &clients {
        let keys = keys.remove(&client.id).unwrap_or_default();
        match json.json {
            true => all.push(in_json(client, &keys)),
            false => say(&line(client, &keys, now)),
        }
    }
    if json.json {
        json::print(&json!({ "clients": all }));
    }
    Ok(())
}

fn line(client: &Client, keys: &[KeyDates], now: Timestamp) -> String {
    let mut line = format!("{}  {}", client.name, pin_of(client));
    if client.disabled_at.is_some() {
        line.push_str("  disabled");
    }
    if let Some(at) = last_expiry(keys) {
        let verb = if at <= now { "expired" } else { "expires" };
        line.push_str(&format!("  {verb} {at}"));
    }
    if let Some(contact) = &client.contact {
        line.push_str(&format!("  {contact}"));
    }
    line
}

/// When the last key expires. `None`: a key never does.
fn last_expiry(keys: &[KeyDates]) -> Option<Timestamp> {
    let all: Option<Vec<Timestamp>> = keys.iter().map(|key| key.expires_at).collect();
    all?.into_iter().max()
}

fn pin_of(client: &Client) -> String {
    match client.pin {
        Some(pin) => format!("v{pin}"),
        None => "not pinned yet".to_owned(),
    }
}

/// The members that a client has in lists.
fn in_json(client: &Client, keys: &[KeyDates]) -> Value {
    let key = |key: &KeyDates| json!({"created_at": key.created_at, "expires_at": key.expires_at});
    let extension = |one: &crate::store::Extension| json!({"version": named(one.version), "retires_at": one.retires_at});
    json!({
        "name": client.name,
        "pin": client.pin.map(named),
        "note": client.note,
        "contact": client.contact,
        "created_at": client.created_at,
        "first_contact_at": client.first_contact_at,
        "disabled_at": client.disabled_at,
        "rate_limit": client.rate_limit.map(limit::shown),
        "keys": keys.iter().map(key).collect::<Value>(),
        "extensions": client.extensions.iter().map(extension).collect::<Value>(),
    })
}

fn named(version: u32) -> String {
    format!("v{version}")
}

/// Prints one client with its pin's history and its requests.
pub(super) fn show(
    admin: &mut AdminStore,
    name: &str,
    json: JsonSetting,
    now: Timestamp,
) -> Result<(), StoreError> {
    let client = admin.find(name)?;
    let keys = admin.keys(&client)?;
    let moves = admin.moves(&client)?;
    let first_day = retirement::first_day(now);
    let used = admin.usage(Some(&client), first_day)?;
    let refused = admin.refusals(Some(&client), first_day)?;
    if json.json {
        let one = |one: &Move| json!({"at": one.at, "by": one.by, "from": one.from.map(named), "to": named(one.to)});
        let mut result = in_json(&client, &keys);
        result["moves"] = moves.iter().map(one).collect();
        result["since"] = json::date(first_day);
        result["usage"] = json::used(&used, "operation");
        result["refusals"] = json::used(&refused, "reason");
        json::print(&result);
        return Ok(());
    }
    say_client(&client, &keys, now);
    for one in moves {
        let from = one
            .from
            .map_or_else(String::new, |from| format!("v{from} -> "));
        say(&format!(
            "pinned         {} {from}v{} by {}",
            one.at, one.to, one.by
        ));
    }
    say_requests("used   ", &used);
    say_requests("refused", &refused);
    Ok(())
}

fn say_client(client: &Client, keys: &[KeyDates], now: Timestamp) {
    say(&format!("name           {}", client.name));
    say(&format!("pin            {}", pin_of(client)));
    if let Some(note) = &client.note {
        say(&format!("note           {note}"));
    }
    if let Some(contact) = &client.contact {
        say(&format!("contact        {contact}"));
    }
    say(&format!("keys           {}", keys.len()));
    for key in keys {
        let expires = match key.expires_at {
            None => "never expires".to_owned(),
            Some(at) if at <= now => format!("expired at {at}"),
            Some(at) => format!("expires at {at}"),
        };
        say(&format!(
            "key            made at {:.0}, {expires}",
            key.created_at
        ));
    }
    say(&format!("created        {}", client.created_at));
    if let Some(at) = client.first_contact_at {
        say(&format!("first contact  {at}"));
    }
    if let Some(at) = client.disabled_at {
        say(&format!("disabled       {at}"));
    }
    for one in &client.extensions {
        say(&format!(
            "extended       v{} until {}",
            one.version, one.retires_at
        ));
    }
    if let Some(limit) = client.rate_limit {
        say(&format!("rate limit     {}", limit::shown(limit)));
    }
}

fn say_requests(what: &str, requests: &[Used]) {
    for one in requests {
        say(&format!(
            "{what}        v{} {} {}, last {}",
            one.version,
            one.operation,
            counted(one.requests, "time"),
            one.last_at
        ));
    }
}
