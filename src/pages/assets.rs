//! The style sheet, the JavaScript modules and the icon of the pages. The program contains them. Their paths have a hash of all of them, so
//! browsers can cache them forever, and modules can import each other by their names.

use std::sync::LazyLock;

use http::StatusCode;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, VARY};
use xxhash_rust::xxh3::Xxh3;

use super::sent::{fixed, text};
use crate::api::reply::Reply;

/// The path of all assets.
pub(super) const FOLDER: &str = "/explore/-/assets/";

const JAVASCRIPT: &str = "text/javascript; charset=utf-8";

struct Asset {
    name: &'static str,
    content_type: &'static str,
    content: &'static str,
}

macro_rules! asset {
    ($name:literal, $content_type:expr) => {
        Asset {
            name: $name,
            content_type: $content_type,
            content: include_str!(concat!("assets/", $name)),
        }
    };
}

const ASSETS: &[Asset] = &[
    asset!("base.css", "text/css; charset=utf-8"),
    asset!("icon.svg", "image/svg+xml"),
    asset!("main.js", JAVASCRIPT),
    asset!("client.js", JAVASCRIPT),
    asset!("copy.js", JAVASCRIPT),
    asset!("keyboard.js", JAVASCRIPT),
    asset!("navigate.js", JAVASCRIPT),
    asset!("upload.js", JAVASCRIPT),
];

/// The modules that `main.js` imports, so that a browser can load them at the same time.
pub(super) fn modules() -> impl Iterator<Item = &'static str> {
    let scripts = ASSETS
        .iter()
        .filter(|asset| asset.content_type == JAVASCRIPT);
    scripts
        .map(|asset| asset.name)
        .filter(|name| *name != "main.js")
}

/// The path of all assets, with the hash of what they contain.
pub(super) static BASE: LazyLock<String> = LazyLock::new(|| {
    let mut hash = Xxh3::new();
    for asset in ASSETS {
        hash.update(asset.name.as_bytes());
        hash.update(asset.content.as_bytes());
    }
    format!("{FOLDER}{:016x}/", hash.digest())
});

/// The asset at a path. Another hash is of another release, whose assets are not here.
pub(super) fn asset(path: &str) -> Reply {
    let name = path.strip_prefix(BASE.as_str());
    let found = name.and_then(|name| ASSETS.iter().find(|asset| asset.name == name));
    let Some(found) = found else {
        let gone = text(StatusCode::NOT_FOUND, "There is no such asset.\n");
        return gone.with(CACHE_CONTROL, fixed("no-store"));
    };
    Reply::full(StatusCode::OK, found.content)
        .with(CONTENT_TYPE, fixed(found.content_type))
        .with(CACHE_CONTROL, fixed("public, max-age=31536000, immutable"))
        .with(VARY, fixed("Accept-Encoding"))
}
