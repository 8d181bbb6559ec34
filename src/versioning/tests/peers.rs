//! What users of other systems complained about; each test names the complaint.

use super::fixture::{ask, ask_nothing, check, json, page};

const V1: &str = "v1 application/vnd.flash.v1+json default";
const V2: &str = "v2 application/vnd.flash.v2+json accept";

/// ruby-grape/grape #1082: strict mode answered 200 to `application/xml`.
#[test]
fn a_type_that_is_not_served_is_not_acceptable() {
    check(
        &[
            ("application/xml", "406"),
            ("image/png", "406"),
            ("application/xml, text/plain", "406"),
        ],
        |ask| ask,
    );
}

/// ruby-grape/grape #1206: beside plain JSON, the version in a vendor type was not checked.
#[test]
fn plain_json_beside_a_vendor_type_hides_neither() {
    check(
        &[
            ("application/json;q=0.5, application/vnd.flash.v2+json", V2),
            ("application/vnd.flash.v2+json, application/json", V2),
            (
                "application/json, application/vnd.flash.v2+json",
                "v1 application/json default",
            ),
            (
                "application/vnd.flash.v9+json, application/json;q=0.1",
                "v1 application/json default",
            ),
        ],
        |ask| ask,
    );
}

/// dotnet/aspnet-api-versioning #575, kubernetes/kubernetes #50519 and PR #138582: an unsupported
/// first choice was an error, though the client had named a second.
#[test]
fn a_ladder_falls_to_the_first_rung_that_exists() {
    check(
        &[
            (
                "application/vnd.flash.v9+json, application/vnd.flash.v2+json;q=0.5",
                V2,
            ),
            (
                "application/vnd.flash.v9+json, application/vnd.flash.v8+json;q=0.9, application/vnd.flash.v2+json;q=0.5, application/vnd.flash.v1+json;q=0.1",
                V2,
            ),
            (
                "application/vnd.flash.v9+json, application/vnd.flash.v2+json",
                V2,
            ),
        ],
        |ask| ask,
    );
}

/// dotnet/aspnet-api-versioning #887: the `v=b3` of Chromium was read as a version.
#[test]
fn signed_exchange_v_b3_is_no_version() {
    let chromium = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8,\
                    application/signed-exchange;v=b3;q=0.7";
    assert_eq!(ask(chromium).of(json).outcome(), V1);
    assert_eq!(ask(chromium).of(page).outcome(), "v1 text/html default");
}

/// dotnet/aspnet-api-versioning #260, #169; encode/django-rest-framework #7181;
/// spring-projects/spring-framework
/// #36058: without a version the default was not applied, or the answer was a 500 or an empty 400.
#[test]
fn naming_no_version_is_never_an_error() {
    let naming_none = [
        "",
        "*/*",
        "application/*",
        "application/json",
        "application/vnd.flash+json",
        "text/csv",
    ];
    for accept in naming_none {
        assert!(ask(accept).negotiate().is_ok(), "Accept: {accept}");
    }
    assert_eq!(ask_nothing().outcome(), V1);
}

/// dotnet/aspnet-api-versioning #153, #645: nobody expects `Content-Type` to beat `Accept`.
#[test]
fn content_type_never_beats_accept_silently() {
    let request =
        ask("application/vnd.flash.v2+json").content_type("application/vnd.flash.v1+json");
    assert_eq!(request.outcome(), "400 v2 or v1");
}

/// dotnet/aspnet-api-versioning #485, swagger-api/swagger-ui #2413, springdoc/springdoc-openapi
/// #1673: consoles send plain JSON or `*/*`.
#[test]
fn a_console_is_told_which_version_it_got_and_why() {
    assert_eq!(
        ask("application/json, text/plain, */*").outcome(),
        "v1 application/json default"
    );
    assert_eq!(
        ask("*/*").pinned(2).outcome(),
        "v2 application/vnd.flash.v2+json pin"
    );
}

/// encode/django-rest-framework #7181: an empty `version=` passed the check.
#[test]
fn an_empty_version_is_not_a_version() {
    check(
        &[
            ("application/vnd.flash.v+json", "406"),
            ("application/vnd.flash.+json", "406"),
            (
                "application/vnd.flash.v2+json;version=",
                "400 version=@31 Parameter",
            ),
        ],
        |ask| ask,
    );
}

/// encode/django-rest-framework #2781, bwillis/versioncake #39; zmievsa/cadwyn PR #384: the answer
/// did not say the version that was used, or said the one that was asked for.
#[test]
fn the_media_type_says_the_version_that_is_served() {
    for (accept, served) in [
        ("", "application/vnd.flash.v1+json"),
        ("*/*", "application/vnd.flash.v1+json"),
        (
            "application/vnd.flash+json",
            "application/vnd.flash.v1+json",
        ),
        (
            "application/vnd.flash.v9+json, application/vnd.flash.v2+json;q=0.1",
            "application/vnd.flash.v2+json",
        ),
    ] {
        let choice = ask(accept).negotiate().unwrap();
        assert_eq!(choice.media_type().to_string(), served, "Accept: {accept}");
    }
}

/// zmievsa/cadwyn #149: a version stored per client, and a header to override it.
#[test]
fn a_pin_is_the_default_and_a_name_overrides_it() {
    assert_eq!(
        ask_nothing().pinned(3).outcome(),
        "v3 application/vnd.flash.v3+json pin"
    );
    assert_eq!(ask("application/vnd.flash.v2+json").pinned(3).outcome(), V2);
}

/// nestjs/nest PR #17705: an absent `Accept` behaved unlike `application/json`.
#[test]
fn an_absent_accept_gets_the_version_of_plain_json() {
    for request in [ask_nothing(), ask_nothing().pinned(2)] {
        let [absent, plain] = [request.clone(), request.accept("application/json")]
            .map(|ask| ask.negotiate().unwrap());
        assert_eq!(
            (absent.version, absent.source),
            (plain.version, plain.source)
        );
        assert_eq!(absent.format, plain.format);
    }
}

/// bploetz/versionist #86: `version=11` matched the route of v1; unknown versions fell to the
/// default silently.
#[test]
fn v11_is_not_v1_and_an_unknown_version_is_not_the_default() {
    check(
        &[
            (
                "application/vnd.flash.v11+json",
                "v11 application/vnd.flash.v11+json accept",
            ),
            ("application/vnd.flash.v12+json", "406"),
            ("application/vnd.flash.v111+json", "406"),
        ],
        |ask| ask,
    );
}

/// PostgREST/postgrest #3478: one capital letter was "unsupported".
#[test]
fn a_capital_letter_is_supported() {
    check(
        &[
            ("application/vnd.Flash.v2+JSON", V2),
            ("Application/vnd.flash.V2+json;Q=1", V2),
        ],
        |ask| ask,
    );
}

/// jshttp/negotiator #35, PR #112, PR #114; API Platform: an unknown parameter, before or after
/// `q`, made a range match nothing.
#[test]
fn an_unknown_parameter_does_not_unmatch_a_range() {
    check(
        &[
            ("application/vnd.flash.v2+json;charset=utf-8", V2),
            ("application/vnd.flash.v2+json;q=0.9;level=1", V2),
            ("*/*;charset=utf-8", V1),
            (
                "application/json;odata=verbose",
                "v1 application/json default",
            ),
        ],
        |ask| ask,
    );
}

/// The Kubernetes apiserver and axum-accept read only the first `Accept` line; stripity-stripe
/// #606: two lines joined by a proxy were an error.
#[test]
fn a_second_line_counts_whether_or_not_a_proxy_joined_it() {
    assert_eq!(
        ask("image/png")
            .accept("application/vnd.flash.v2+json")
            .outcome(),
        V2
    );
    assert_eq!(
        ask("image/png, application/vnd.flash.v2+json").outcome(),
        V2
    );
}

/// Grape, the Kubernetes apiserver: `q=0` did not exclude.
#[test]
fn q_0_excludes() {
    assert_eq!(ask("application/vnd.flash.v1+json;q=0").outcome(), "406");
    assert_eq!(
        ask("application/vnd.flash.v1+json;q=0, application/vnd.flash.v2+json;q=0.1").outcome(),
        V2
    );
}

/// Grape: `q` counted only as the first parameter, and a comma in a quoted string cut the range.
#[test]
fn q_counts_after_other_parameters_and_quoted_commas_cut_nothing() {
    let accept = "text/csv;header=\"a,b\";charset=utf-8;q=0.1, application/vnd.flash.v2+json;note=\"x, y\";q=0.2";
    assert_eq!(ask(accept).outcome(), V2);
}

/// Django REST framework ranks by specificity alone and Spring takes the first that is compatible:
/// `q` was ignored.
#[test]
fn q_outranks_specificity_and_order() {
    check(
        &[
            ("application/vnd.flash.v2+json;q=0.1, */*;q=0.2", V1),
            (
                "application/vnd.flash.v1+json;q=0.1, application/vnd.flash.v2+json;q=0.2",
                V2,
            ),
        ],
        |ask| ask,
    );
}

/// dotnet/aspnet-api-versioning: two versions of one rank were "ambiguous".
#[test]
fn two_versions_of_one_rank_are_taken_in_the_order_written() {
    assert_eq!(
        ask("application/vnd.flash.v2+json, application/vnd.flash.v1+json").outcome(),
        V2
    );
}

/// hapi-api-version: a list or a foreign vendor meant the default.
#[test]
fn a_foreign_vendor_is_not_the_default() {
    assert_eq!(ask("application/vnd.github.v2+json").outcome(), "406");
    assert_eq!(
        ask("application/vnd.github.v2+json, application/vnd.flash.v2+json").outcome(),
        V2
    );
}

/// headers-accept: one empty element voided the header.
#[test]
fn an_empty_element_voids_nothing() {
    assert_eq!(
        ask("image/png,,application/vnd.flash.v2+json,").outcome(),
        V2
    );
}

/// auth-framework: the vendor type was searched as a substring.
#[test]
fn a_vendor_type_inside_something_else_is_not_a_vendor_type() {
    check(
        &[
            ("image/png;x=\"application/vnd.flash.v2+json\"", "406"),
            ("application/xapplication-vnd.flash.v2+json", "406"),
            ("application/vnd.flash.v2+json-patch", "406"),
        ],
        |ask| ask,
    );
}
