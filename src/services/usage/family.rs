//! The kinds of user agents by which anonymous callers are counted.

/// Kinds of user agents. A user agent is of a kind if the header begins with its name.
const FAMILIES: &[&str] = &[
    "flash",
    "curl",
    "wget",
    "httpie",
    "python-requests",
    "python-httpx",
    "python-urllib",
    "aiohttp",
    "go-http-client",
    "java",
    "okhttp",
    "apache-httpclient",
    "axios",
    "node",
    "undici",
    "ruby",
    "faraday",
    "guzzlehttp",
    "reqwest",
    "ureq",
    "hyper",
    "dart",
    "postmanruntime",
    "insomnia",
    "mozilla",
];
/// All other user agents.
const OTHER: &str = "other";
/// Callers without the header.
const NONE: &str = "none";

/// All kinds.
pub(super) fn all() -> impl Iterator<Item = &'static str> {
    FAMILIES.iter().copied().chain([OTHER, NONE])
}

/// The kind of a user agent.
pub(in crate::services) fn family_of(user_agent: Option<&str>) -> &'static str {
    let Some(user_agent) = user_agent else {
        return NONE;
    };
    let begins = |family: &&&'static str| {
        user_agent
            .get(..family.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(family))
    };
    FAMILIES.iter().find(begins).copied().unwrap_or(OTHER)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn callers_without_a_key_are_told_apart_by_few_kinds_of_user_agents() {
        assert_eq!(family_of(Some("curl/8.5.0")), "curl");
        assert_eq!(family_of(Some("Mozilla/5.0 (X11)")), "mozilla");
        assert_eq!(family_of(Some("Go-http-client/2.0")), "go-http-client");
        assert_eq!(family_of(Some("something of one's own")), OTHER);
        assert_eq!(family_of(Some("ü")), OTHER);
        assert_eq!(family_of(None), NONE);
    }
}
