//! The name that was probably meant.

/// The candidate that is nearest to `name`, if one is near enough to be meant.
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let name = name.to_lowercase();
    let candidates = candidates.into_iter();
    let near = candidates.filter_map(|candidate| Some((distance(&name, candidate)?, candidate)));
    near.min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// How far a candidate is from a name in lower case; `None` if that is too far.
fn distance(name: &str, candidate: &str) -> Option<usize> {
    /// Characters of a beginning that is taken for the whole.
    const BEGINNING: usize = 3;
    let candidate = candidate.to_lowercase();
    let distance = strsim::osa_distance(name, &candidate);
    let longest = name.chars().count().max(candidate.chars().count());
    let is_near = distance < longest && distance <= (longest * 2 / 5).max(1);
    let begins = name.len() >= BEGINNING && candidate.starts_with(name);
    (is_near || begins).then_some(distance)
}

/// What follows a name that isn't there: the one that was probably meant, and the command that lists all.
pub(super) fn instead(near: Option<&str>, command: &str) -> String {
    match near {
        Some(near) => format!("; did you mean {near}? `{command}` lists all"),
        None => format!("; `{command}` lists all"),
    }
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn what_was_meant_is_found_and_nothing_else() {
        let names = ["people", "sensors", "orders-2026", "zip"];
        for (name, meant) in [
            ("peple", Some("people")),
            ("poeple", Some("people")),
            ("People", Some("people")),
            ("orders", Some("orders-2026")),
            ("sensor", Some("sensors")),
            ("zap", Some("zip")),
            ("pe", None),
            ("clients", None),
            ("z", None),
            ("", None),
        ] {
            assert_eq!(nearest(name, names), meant, "{name}");
        }
        assert_eq!(nearest("a", ["b"]), None);
    }
}
