//! What this module promises, each promise a test; whatever can be shown through `negotiate` is shown
//! there.

mod accept_grammar;
mod announced;
mod announcement;
mod catalogue;
mod content_type;
mod defaults;
mod fixture;
mod in_url;
mod lacking;
mod lifecycle;
mod malformed;
mod media_type;
mod mime;
mod peers;
mod ranking;
mod robustness;
mod suggestions;
mod version_parameter;
