//! An answer that is not as it was recorded fails. The copy is changed and not the server, so what is there too much in the
//! copy is what the server has lost.

use serde_json::{Value, json};

use super::contract;
use crate::contracts::exchange::{Recorded, Step};
use crate::contracts::folder::Contract;
use crate::contracts::replay;

const THEME: &str = "datasets";
const STEP: &str = "a dataset as plain JSON";

/// What is said of the copy of an exchange in which one answer was changed so.
fn differences(change: impl FnOnce(&mut Recorded)) -> Vec<String> {
    let mut contract = contract("v2");
    let step = step(&mut contract);
    let before = step.response.clone();
    change(step.response.as_mut().unwrap());
    assert_ne!(before, step.response, "nothing was changed");
    replay::differences(&contract, THEME)
}

fn step(contract: &mut Contract) -> &mut Step {
    let steps = &mut contract.themes.get_mut(THEME).unwrap().steps;
    steps.iter_mut().find(|step| step.name == STEP).unwrap()
}

fn body(answer: &mut Recorded) -> &mut Value {
    answer.json.as_mut().unwrap()
}

#[track_caller]
fn breaks(change: impl FnOnce(&mut Recorded), says: &str) {
    let found = differences(change);
    let place = format!("v2 {THEME}, GET /datasets/people ({STEP}): ");
    assert_eq!(found, [format!("{place}{says}")]);
}

#[test]
fn an_answer_with_another_status_fails() {
    breaks(
        |answer| answer.status = 203,
        "the status was 203 and is 200: clients that wait for it break",
    );
}

#[test]
fn an_answer_that_lost_a_field_or_has_another_value_in_it_fails() {
    breaks(
        |answer| body(answer)["title"] = "People".into(),
        "the body.title is gone: clients that read it break",
    );
    breaks(
        |answer| body(answer)["columns"][0]["type"] = "string".into(),
        "the body.columns[0].type was \"string\" and is \"integer\": clients that read it break",
    );
    breaks(
        |answer| body(answer)["row_count"] = "3".into(),
        "the body.row_count was \"3\" and is 3: clients that read it break",
    );
    breaks(
        |answer| body(answer)["name"] = "$timestamp".into(),
        "the body.name was \"$timestamp\" and is \"people\": clients that read it break",
    );
    let found = differences(|answer| {
        let columns = body(answer)["columns"].as_array_mut().unwrap();
        columns.pop();
    });
    assert!(
        found.len() == 1 && found[0].contains("the body.columns was"),
        "{found:?}"
    );
    let found = differences(|answer| *answer.json.as_mut().unwrap() = json!(null));
    assert!(
        found.len() == 1 && found[0].contains("the body was null"),
        "{found:?}"
    );
}

#[test]
fn an_answer_that_lost_a_header_or_a_part_of_it_fails() {
    breaks(
        |answer| drop(answer.headers.insert("age".into(), "1".into())),
        "the header `age` is gone: clients that read it break",
    );
    breaks(
        |answer| {
            drop(
                answer
                    .headers
                    .insert("content-type".into(), "text/html".into()),
            );
        },
        "the header `content-type` was \"text/html\" and is \"application/json\": clients that read it break",
    );
    breaks(
        |answer| {
            drop(
                answer
                    .headers
                    .insert("vary".into(), "Accept, Cookie".into()),
            );
        },
        "`Cookie` of the header `vary` is gone: clients that read it break",
    );
}

#[test]
fn an_answer_with_a_field_or_a_header_more_passes() {
    let found = differences(|answer| {
        body(answer).as_object_mut().unwrap().remove("byte_count");
        let links = body(answer)["links"].as_object_mut().unwrap();
        links.remove("source");
        answer.headers.remove("vary");
    });
    assert_eq!(found, [""; 0]);
}

#[test]
fn a_step_without_an_answer_is_missed() {
    let mut contract = contract("v2");
    step(&mut contract).response = None;
    let found = replay::differences(&contract, THEME);
    assert!(
        found.len() == 1 && found[0].ends_with(replay::UNRECORDED),
        "{found:?}"
    );
}
