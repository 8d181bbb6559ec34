//! Version 3: the size of a dataset is one thing, and there is no way back to the uploaded bytes.

mod changelog;
mod datasets;

use flash::api::contract::{Announced, ApiVersion, Operation};
use flash::api::v2;
use flash::versioning::Format;
use http::Method;

/// Version 3.
pub const VERSION: ApiVersion = ApiVersion {
    number: 3,
    semantic: (0, 0),
    lifecycle: Announced {
        preview: true,
        ..Announced::NOTHING
    },
    operations: OPERATIONS,
    removed: &[(Method::GET, "/datasets/{name}/source")],
    render_error: v2::VERSION.render_error,
    describe_error: v2::VERSION.describe_error,
    changelog: changelog::RELEASES,
};

const OPERATIONS: &[Operation] = &[Operation {
    name: "get_dataset",
    method: Method::GET,
    path: "/datasets/{name}",
    formats: &[Format::Json],
    handler: |call| Box::pin(datasets::get_dataset(call)),
    describe: datasets::describe_get_dataset,
}];
