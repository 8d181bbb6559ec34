//! What breaks a client fails, and the sentence says whom.

use serde_json::{Value, json};

use super::{at, complaints, list, object, parameter};

const DATASET: &str = "/components/schemas/Dataset";
const LIST: &str = "/paths/~1datasets/get";
const CREATE: &str = "/paths/~1datasets/post";
const ROWS: &str = "/paths/~1datasets~1{name}~1rows/get";
const ONE: &str = "/paths/~1datasets~1{name}/get";

/// The change of version 2 fails with a sentence that has all of `words`.
#[track_caller]
fn breaks(change: impl FnOnce(&mut Value), words: &[&str]) {
    let complaints = complaints("v2", change);
    let says = |sentence: &String| {
        sentence.starts_with("v2 ") && words.iter().all(|word| sentence.contains(word))
    };
    assert!(
        complaints.iter().any(says) && complaints.last().unwrap().contains("v2 is stable"),
        "{words:?} is not in\n{}",
        complaints.join("\n")
    );
}

/// Takes a field from a shape.
fn take(document: &mut Value, shape: &str, name: &str) -> Value {
    list(document, &format!("{shape}/required")).retain(|required| required != name);
    let properties = object(document, &format!("{shape}/properties"));
    properties.remove(name).unwrap()
}

#[test]
fn a_field_that_is_gone_or_renamed_breaks_who_reads_it() {
    breaks(
        |document| drop(take(document, DATASET, "row_count")),
        &[
            "GET /datasets/{name} 200 application/",
            "(also PATCH /datasets/{name}, POST /datasets/{name}/rows, PUT /datasets/{name}): the field `row_count` is gone: clients that read it break",
        ],
    );
    breaks(
        |document| drop(take(document, DATASET, "row_count")),
        &[
            "GET /datasets 200 application/",
            "(also POST /datasets): the field `data[].row_count` is gone",
        ],
    );
    breaks(
        |document| {
            let schema = take(document, DATASET, "sha256");
            object(document, &format!("{DATASET}/properties")).insert("digest".into(), schema);
        },
        &["the field `sha256` is gone, or is called `digest` now: clients that read it break"],
    );
    let v1 = complaints("v1", |document| {
        let rows = "/components/schemas/Error";
        take(document, rows, "error");
    });
    assert!(
        v1[0].starts_with("v1 ") && v1[0].contains("the field `error` is gone"),
        "{v1:?}"
    );
}

#[test]
fn a_field_that_may_be_otherwise_breaks_who_reads_it() {
    let property = |name: &str| format!("{DATASET}/properties/{name}");
    breaks(
        |document| at(document, &property("name"))["type"] = json!(["string", "null"]),
        &["the field `name` was string and may be null now: clients that read"],
    );
    breaks(
        |document| at(document, &property("row_count"))["type"] = "string".into(),
        &["the field `row_count` was integer and may be string now"],
    );
    breaks(
        |document| at(document, &property("row_count"))["type"] = "number".into(),
        &["the field `row_count` was integer and may be number now"],
    );
    breaks(
        |document| {
            list(document, &format!("{DATASET}/required")).retain(|name| name != "sha256");
        },
        &["the field `sha256` may be missing now: clients that rely on it break"],
    );
    breaks(
        |document| {
            let shape = "/components/schemas/ColumnType/enum";
            list(document, shape).push("duration".into());
        },
        &["the field `columns[].type` may be \"duration\" now"],
    );
    breaks(
        |document| drop(object(document, &property("sha256")).remove("pattern")),
        &["`pattern` of the field `sha256` was"],
    );
    breaks(
        |document| at(document, &property("revision"))["minimum"] = 0.into(),
        &["`minimum` of the field `revision` was 1 and is 0"],
    );
    breaks(
        |document| {
            let page = "/components/schemas/RowPage/properties/data";
            let any = format!("{page}/items/additionalProperties/type");
            list(document, &any).push("object".into());
        },
        &[
            "GET /datasets/{name}/rows 200",
            "the field `data[].*` was",
            "may be object now",
        ],
    );
}

#[test]
fn a_parameter_that_is_gone_or_required_or_takes_less_breaks_who_sends_it() {
    breaks(
        |document| {
            list(document, &format!("{LIST}/parameters")).retain(|one| one["name"] != "cursor");
        },
        &["GET /datasets query parameter `cursor`: it is gone: clients that send it break"],
    );
    breaks(
        |document| parameter(document, LIST, "limit")["required"] = true.into(),
        &["query parameter `limit`: it is required now: clients that leave it out break"],
    );
    breaks(
        |document| parameter(document, LIST, "limit")["schema"]["maximum"] = 500.into(),
        &["`limit`: `maximum` of the value was 1000 and is 500: clients that send what was taken"],
    );
    breaks(
        |document| parameter(document, LIST, "limit")["schema"]["default"] = 50.into(),
        &["`default` of the value was 100 and is 50: clients that leave it out"],
    );
    breaks(
        |document| parameter(document, LIST, "limit")["schema"]["multipleOf"] = 10.into(),
        &["`multipleOf` of the value was nothing and is 10"],
    );
    breaks(
        |document| list(parameter(document, ROWS, "format"), "/schema/enum").truncate(3),
        &["GET /datasets/{name}/rows query parameter `format`: the value is never \"parquet\" now"],
    );
    breaks(
        |document| {
            let new = json!({ "in": "header", "name": "X-Team", "required": true, "schema": {} });
            list(document, &format!("{LIST}/parameters")).push(new);
        },
        &["header parameter `x-team`: it is new and required: clients that do not know it break"],
    );
    breaks(
        |document| parameter(document, CREATE, "null")["explode"] = false.into(),
        &["`explode` is otherwise, which can't be judged"],
    );
}

#[test]
fn a_body_that_is_taken_no_longer_breaks_who_sends_it() {
    let content = format!("{CREATE}/requestBody/content");
    breaks(
        |document| drop(object(document, &content).remove("multipart/form-data")),
        &["POST /datasets request body multipart/form-data: the media type is taken no longer"],
    );
    let shape = "/components/schemas/CsvUpload";
    breaks(
        |document| {
            object(document, &format!("{shape}/properties")).insert("owner".into(), json!({}));
            list(document, &format!("{shape}/required")).push("owner".into());
        },
        &["the field `[].owner` is new and must be sent: clients that do not know it break"],
    );
    breaks(
        |document| drop(take(document, shape, "csv")),
        &["the field `[].csv` is gone: clients that send it break"],
    );
    breaks(
        |document| at(document, &format!("{shape}/properties/csv"))["type"] = "boolean".into(),
        &["the field `[].csv` was string and is boolean, so it is never string now"],
    );
    breaks(
        |document| {
            let wish = "/paths/~1client/patch/requestBody/content/application~1json/schema/oneOf";
            list(document, wish).pop();
        },
        &["PATCH /client request body", "fewer alternatives"],
    );
    breaks(
        |document| drop(object(document, CREATE).remove("requestBody")),
        &["POST /datasets request body: it is taken no longer"],
    );
}

#[test]
fn an_operation_that_is_gone_or_called_otherwise_breaks_who_calls_it() {
    breaks(
        |document| drop(object(document, "/paths/~1datasets~1{name}").remove("delete")),
        &["DELETE /datasets/{name}: the operation is gone: clients that call it break"],
    );
    breaks(
        |document| drop(object(document, "/paths").remove("/client")),
        &["GET /client (also PATCH /client): the operation is gone"],
    );
    breaks(
        |document| at(document, LIST)["operationId"] = "datasets".into(),
        &[
            "GET /datasets: the operation was called",
            "clients that are generated",
        ],
    );
}

#[test]
fn an_answer_with_another_status_or_header_or_media_type_breaks_who_waits_for_it() {
    let created = format!("{CREATE}/responses");
    let move_to = |document: &mut Value, from: &str, to: &str| {
        let responses = object(document, &created);
        let response = responses.remove(from).unwrap();
        responses.insert(to.into(), response);
    };
    breaks(
        |document| move_to(document, "201", "200"),
        &["POST /datasets 201: the status is gone: clients that wait for it break"],
    );
    breaks(
        |document| move_to(document, "201", "202"),
        &["POST /datasets 202: the status is new: clients that know only those before break"],
    );
    breaks(
        |document| {
            let responses = object(document, &created);
            let mut answer = responses["201"].clone();
            answer["x-only-with"] = "name".into();
            responses.insert("202".into(), answer);
        },
        &["POST /datasets 202: the status is new: clients that know only those before break"],
    );
    breaks(
        |document| move_to(document, "409", "423"),
        &["POST /datasets 409: the status is gone"],
    );
    breaks(
        |document| drop(object(document, &format!("{ONE}/responses/200/headers")).remove("ETag")),
        &["GET /datasets/{name} 200 header `ETag`: it is gone: clients that read it break"],
    );
    breaks(
        |document| {
            at(document, &format!("{ONE}/responses/200/headers/ETag"))["required"] = false.into();
        },
        &["header `ETag`: it may be missing now"],
    );
    breaks(
        |document| {
            let rows = "/paths/~1datasets~1{name}~1rows/get/responses/200/content";
            object(document, rows).remove("application/x-ndjson");
        },
        &["GET /datasets/{name}/rows 200 application/x-ndjson: the media type is gone"],
    );
}

#[test]
fn what_can_not_be_judged_breaks() {
    let shape = |keyword: &'static str, value: Value| {
        move |document: &mut Value| at(document, DATASET)[keyword] = value
    };
    breaks(
        shape("not", json!({ "required": ["hints"] })),
        &["`not` of the value is otherwise, which can't be judged: any client may break"],
    );
    breaks(
        shape("unevaluatedProperties", false.into()),
        &["`unevaluatedProperties`"],
    );
    breaks(shape("x-nobody-knows", 1.into()), &["`x-nobody-knows`"]);
    breaks(
        |document| at(document, LIST)["callbacks"] = json!({}),
        &["GET /datasets: `callbacks` is otherwise"],
    );
    breaks(
        |document| at(document, "/servers/0")["url"] = "/api".into(),
        &["the document: `servers` is otherwise"],
    );
    breaks(
        |document| list(document, "/security").retain(|one| *one != json!({})),
        &["the document security: {} is gone"],
    );
    breaks(
        |document| at(document, LIST)["security"] = json!([{ "key": [] }]),
        &["GET /datasets: `security` is otherwise"],
    );
    breaks(
        |document| at(document, "/components/securitySchemes/key")["scheme"] = "basic".into(),
        &["the document security scheme `key`: `scheme` is otherwise"],
    );
}
