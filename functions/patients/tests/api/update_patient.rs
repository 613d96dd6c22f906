use super::{add, address_of_new, app};
use serde_json::json;
use testkit::{Tenant, TestRequest};

#[tokio::test]
async fn null_clears_absent_keeps_and_every_change_leaves_its_trace() {
    let (app, tenant) = app().await;
    let body = json!({ "fullName": "A", "phone": "+5511987654321", "document": "1", "notes": "n" });
    let address = add(&app, &tenant, &body).await.header("location").unwrap().to_owned();
    let patch = json!({ "phone": null, "document": "2-b", "birthDate": "2000-01-01" });

    let edited = app
        .send(TestRequest::patch(&address, &patch).token(tenant.owner()).header("if-match", "\"1\""))
        .await;

    assert_eq!((edited.status, edited.header("etag")), (200, Some("\"2\"")), "{}", edited.text);
    let data = edited.data();
    assert_eq!((&data["phone"], &data["notes"], &data["version"]), (&json!(null), &json!("n"), &json!(2)));
    let row = app
        .database
        .rows("SELECT phone, document_key, birth_date, notes, version FROM patients.patients")
        .await;
    assert_eq!(row, [["NULL", "2B", "2000-01-01", "n", "2"].map(str::to_owned).to_vec()]);
    let history = "SELECT version, state->>'phone' FROM patients.patient_history ORDER BY version";
    assert_eq!(
        app.database.rows(history).await,
        [["1", "+5511987654321"].map(str::to_owned).to_vec(), ["2", "NULL"].map(str::to_owned).to_vec()]
    );
    let events = "SELECT kind, seq FROM kernel.outbox ORDER BY seq";
    assert_eq!(
        app.database.rows(events).await,
        [
            ["patient.created", "1"].map(str::to_owned).to_vec(),
            ["patient.updated", "2"].map(str::to_owned).to_vec()
        ]
    );
    assert_eq!(app.database.value("SELECT count(*) FROM kernel.audit_log").await, "2");
}

#[tokio::test]
async fn a_merge_patch_may_say_what_it_is_and_a_key_makes_it_repeatable() {
    let (app, tenant) = app().await;
    let address = address_of_new(&app, &tenant, "A").await;
    let request = TestRequest::patch(&address, &json!({ "fullName": "B" }))
        .token(tenant.owner())
        .header("content-type", "application/merge-patch+json")
        .header("if-match", "\"1\"")
        .key("edit");

    let first = app.send(request.clone()).await;
    let second = app.send(request).await;

    assert_eq!((first.status, second.status), (200, 200), "{}", second.text);
    assert_eq!((first.text, first.json["data"]["version"].clone()), (second.text.clone(), json!(2)));
    assert_eq!(second.header("idempotency-replayed"), Some("true"));
}

#[tokio::test]
async fn a_patch_that_says_what_is_there_changes_nothing() {
    let (app, tenant) = app().await;
    let body = json!({ "fullName": "A", "phone": "+5511987654321", "document": "1-b", "notes": "n" });
    let address = add(&app, &tenant, &body).await.header("location").unwrap().to_owned();
    let before = app.database.rows("SELECT p::text FROM patients.patients AS p").await;
    let patches = [
        body,
        json!({ "fullName": " A " }),
        json!({ "email": null, "birthDate": null }),
        json!({ "phone": "+5511987654321", "email": null }),
    ];
    for patch in patches {
        let request = TestRequest::patch(&address, &patch).token(tenant.owner()).header("if-match", "\"1\"");
        let same = app.send(request).await;
        assert_eq!((same.status, same.header("etag")), (200, Some("\"1\"")), "{patch} {}", same.text);
    }
    assert_eq!(app.database.rows("SELECT p::text FROM patients.patients AS p").await, before);
    for written in ["patients.patient_history", "kernel.outbox", "kernel.audit_log"] {
        assert_eq!(app.database.value(&format!("SELECT count(*) FROM {written}")).await, "1", "{written}");
    }
    let punctuated = json!({ "document": "1b" });
    let request = TestRequest::patch(&address, &punctuated).token(tenant.owner()).header("if-match", "\"1\"");
    assert_eq!(app.send(request).await.header("etag"), Some("\"2\""), "it is written in another way");
}

/// The cases of RFC 7396's appendix A, on a patient: `a` is the notes, `b` the document, `c` the phone. What a patient
/// cannot be, a list or an object in the place of a text, is refused, and so is a patch that is no object.
#[tokio::test]
async fn the_examples_of_rfc_7396_are_merged_as_it_says() {
    let (app, tenant) = app().await;
    let phone = "+5511987654321";
    for (before, patch, after) in [
        (json!({ "notes": "b" }), json!({ "notes": "c" }), Ok(json!({ "notes": "c" }))),
        (json!({ "notes": "b" }), json!({ "document": "c" }), Ok(json!({ "notes": "b", "document": "c" }))),
        (json!({ "notes": "b" }), json!({ "notes": null }), Ok(json!({}))),
        (json!({ "notes": "b", "document": "c" }), json!({ "notes": null }), Ok(json!({ "document": "c" }))),
        (json!({}), json!({ "notes": ["c"] }), Err("INVALID_TYPE")),
        (json!({ "notes": "c" }), json!({ "notes": ["b"] }), Err("INVALID_TYPE")),
        (json!({ "notes": "b" }), json!({ "notes": { "b": "d", "c": null } }), Err("INVALID_TYPE")),
        (json!({ "notes": "b" }), json!({ "notes": [1] }), Err("INVALID_TYPE")),
        (json!({ "notes": "b" }), json!(["c", "d"]), Err("INVALID_TYPE")),
        (json!({ "notes": "b" }), json!(["c"]), Err("INVALID_TYPE")),
        (json!({ "notes": "foo" }), json!(null), Err("INVALID_TYPE")),
        (json!({ "notes": "foo" }), json!("bar"), Err("INVALID_TYPE")),
        (json!({ "document": "e" }), json!({ "notes": "1" }), Ok(json!({ "document": "e", "notes": "1" }))),
        (json!({}), json!({ "notes": "b", "phone": null }), Ok(json!({ "notes": "b" }))),
        (json!({ "phone": phone }), json!({ "notes": { "bb": { "ccc": null } } }), Err("INVALID_TYPE")),
        (json!({ "phone": phone }), json!({ "phone": null, "notes": "a" }), Ok(json!({ "notes": "a" }))),
    ] {
        let mut body = before.clone();
        body["fullName"] = json!("A");
        let added = add(&app, &tenant, &body).await;
        let address = added.header("location").unwrap();
        let request = TestRequest::patch(address, &patch).token(tenant.owner()).header("if-match", "*");
        let edited = app.send(request.header("content-type", "application/merge-patch+json")).await;
        let kept = app.send(TestRequest::get(address).token(tenant.owner())).await;
        let expected = match after {
            Ok(after) => {
                assert_eq!(edited.status, 200, "{before} {patch} {}", edited.text);
                after
            }
            Err(code) => {
                assert_eq!(edited.refusal(), (400, code), "{before} {patch}");
                before.clone()
            }
        };
        for field in ["notes", "document", "phone"] {
            assert_eq!(kept.data()[field], expected[field], "{before} {patch}");
        }
        app.database.run("UPDATE patients.patients SET document = NULL, document_key = NULL").await;
    }
}

/// An edit of the name, on what that `If-Match` names.
fn rename(tenant: &Tenant, address: &str, tags: &str, name: &str) -> TestRequest {
    let patch = json!({ "fullName": name });
    TestRequest::patch(address, &patch).token(tenant.owner()).header("if-match", tags)
}

#[tokio::test]
async fn a_list_names_the_versions_that_may_be_edited_and_an_asterisk_whichever_is_there() {
    let (app, tenant) = app().await;
    let address = address_of_new(&app, &tenant, "A").await;
    for (number, tags) in
        ["\"1\"", "\"7\", \"2\"", "W/\"9\",\"3\"", "*", " \"x,y\" ,, \"5\" "].iter().enumerate()
    {
        let name = format!("B{number}");
        let edited = app.send(rename(&tenant, &address, tags, &name)).await;
        assert_eq!(edited.status, 200, "{tags} {}", edited.text);
        let row = app.database.rows("SELECT full_name, version FROM patients.patients").await;
        assert_eq!(row, [vec![name, (number + 2).to_string()]], "{tags}");
    }
    // Nothing to change is held to the same condition.
    let empty =
        |tags| TestRequest::patch(&address, &json!({})).token(tenant.owner()).header("if-match", tags);
    for (tags, status) in [("*", 200), ("\"1\", \"6\"", 200), ("\"1\", \"5\"", 412), ("W/\"6\"", 412)] {
        assert_eq!(app.send(empty(tags)).await.status, status, "{tags}");
    }
}

#[tokio::test]
async fn an_edit_changes_one_patient_and_no_other_of_the_same_version() {
    let (app, tenant) = app().await;
    let mut addresses = Vec::new();
    for name in ["Ana", "Bia", "Caio"] {
        let body = json!({ "fullName": name, "notes": format!("of {name}"), "document": name });
        addresses.push(add(&app, &tenant, &body).await.header("location").unwrap().to_owned());
    }
    let others =
        "SELECT t::text FROM patients.patients AS t WHERE full_name <> 'Bia Lima' ORDER BY full_name";
    let before = app.database.rows(&others.replace("Bia Lima", "Bia")).await;

    let patch = json!({ "fullName": "Bia Lima", "notes": null });
    let request = TestRequest::patch(&addresses[1], &patch).token(tenant.owner()).header("if-match", "\"1\"");
    assert_eq!(app.send(request).await.data()["fullName"], "Bia Lima");

    assert_eq!(app.database.rows(others).await, before);
    assert_eq!(before.len(), 2);
    for (address, name) in addresses.iter().zip(["Ana", "Bia Lima", "Caio"]) {
        let read = app.send(TestRequest::get(address).token(tenant.owner())).await;
        assert_eq!(read.data()["fullName"], name);
    }
    let edits = "SELECT count(*) FROM patients.patient_history WHERE version > 1";
    assert_eq!(app.database.value(edits).await, "1");
}

mod race {
    use super::*;

    #[tokio::test]
    async fn whoever_changes_nothing_is_stale_all_the_same_once_somebody_else_changed_something() {
        let (app, tenant) = app().await;
        let address = address_of_new(&app, &tenant, "A").await;
        let edit = |name: &str| {
            let patch = json!({ "fullName": name });
            TestRequest::patch(&address, &patch).token(tenant.owner()).header("if-match", "\"1\"")
        };
        let requests = (0..10).map(|number| edit(if number == 5 { "B" } else { "A" }));

        let answers = app.send_at_once(requests.collect()).await;

        for answer in &answers {
            match answer.status {
                200 => assert!(answer.header("etag") == Some("\"1\"") || answer.data()["fullName"] == "B"),
                _ => assert_eq!(answer.refusal(), (412, "VERSION_STALE")),
            }
        }
        assert_eq!(app.database.value("SELECT max(version) FROM patients.patient_history").await, "2");
        assert_eq!(app.send(edit("A")).await.refusal(), (412, "VERSION_STALE"));
    }

    #[tokio::test]
    async fn of_writers_on_one_version_one_wins_and_the_others_are_stale() {
        let (app, tenant) = app().await;
        let address = address_of_new(&app, &tenant, "A").await;
        let requests = (0..10).map(|number| {
            let patch = json!({ "fullName": format!("B{number}") });
            TestRequest::patch(&address, &patch).token(tenant.owner()).header("if-match", "\"1\"")
        });

        let answers = app.send_at_once(requests.collect()).await;

        let won: Vec<_> = answers.iter().filter(|answer| answer.status == 200).collect();
        assert_eq!(won.len(), 1);
        for stale in answers.iter().filter(|answer| answer.status != 200) {
            assert_eq!(stale.refusal(), (412, "VERSION_STALE"));
        }
        let row = app.database.rows("SELECT full_name, version FROM patients.patients").await;
        assert_eq!(row, [vec![won[0].data()["fullName"].as_str().unwrap().to_owned(), "2".to_owned()]]);
        assert_eq!(app.database.value("SELECT count(*) FROM patients.patient_history").await, "2");
    }

    #[tokio::test]
    async fn of_writers_on_either_of_two_versions_each_version_is_edited_once() {
        let (app, tenant) = app().await;
        let address = address_of_new(&app, &tenant, "A").await;
        let requests = (0..10).map(|number| rename(&tenant, &address, "\"1\", \"2\"", &format!("B{number}")));

        let answers = app.send_at_once(requests.collect()).await;

        let won = answers.iter().filter(|answer| answer.status == 200).count();
        let stale = answers.iter().filter(|answer| answer.status == 412).count();
        assert_eq!((won, stale), (2, 8));
        assert_eq!(app.database.value("SELECT max(version) FROM patients.patients").await, "3");
        assert_eq!(app.database.value("SELECT count(*) FROM patients.patient_history").await, "3");
    }
}

mod integrity {
    use super::*;

    #[tokio::test]
    async fn another_patients_document_is_refused_and_a_required_field_is_not_cleared() {
        let (app, tenant) = app().await;
        add(&app, &tenant, &json!({ "fullName": "A", "document": "1" })).await;
        let address = address_of_new(&app, &tenant, "B").await;
        let edit =
            |patch| TestRequest::patch(&address, &patch).token(tenant.owner()).header("if-match", "\"1\"");

        let duplicate = app.send(edit(json!({ "document": " 1." }))).await;
        let cleared = app.send(edit(json!({ "fullName": null }))).await;
        let unborn = app.send(edit(json!({ "birthDate": "2999-01-01", "phone": "1" }))).await;

        assert_eq!(duplicate.refusal(), (409, "DUPLICATE_PATIENT"));
        assert_eq!(
            (cleared.refusal(), cleared.details()),
            ((400, "INVALID_TYPE"), vec![("/fullName", "INVALID_TYPE")])
        );
        assert_eq!(unborn.details(), [("/birthDate", "BIRTH_DATE_IN_FUTURE"), ("/phone", "INVALID_PHONE")]);
        assert_eq!(app.database.value("SELECT max(version) FROM patients.patients").await, "1");
    }

    #[tokio::test]
    async fn another_clinics_patient_is_not_there_and_stays_as_it_was() {
        let (app, tenant) = app().await;
        let other = app.tenant().await;
        let address = address_of_new(&app, &other, "A").await;
        for patch in [json!({ "fullName": "B" }), json!({})] {
            let request =
                TestRequest::patch(&address, &patch).token(tenant.owner()).header("if-match", "\"1\"");
            assert_eq!(app.send(request).await.refusal(), (404, "PATIENT_NOT_FOUND"));
        }
        for tags in ["*", "W/\"1\"", "\"1\", \"2\""] {
            let refused = app.send(rename(&tenant, &address, tags, "B")).await;
            assert_eq!(refused.refusal(), (404, "PATIENT_NOT_FOUND"), "{tags}");
        }
        assert_eq!(app.database.value("SELECT full_name FROM patients.patients").await, "A");
    }
}

mod boundary {
    use super::*;

    #[tokio::test]
    async fn a_tag_is_compared_by_its_characters_and_is_part_of_what_a_key_was_used_for() {
        let (app, tenant) = app().await;
        let address = address_of_new(&app, &tenant, "A").await;
        let edit = |tag: &str| {
            TestRequest::patch(&address, &json!({ "notes": "n" }))
                .token(tenant.owner())
                .header("if-match", tag)
        };
        for other in ["\"01\"", "\"+1\"", "\"1 \""] {
            assert_eq!(app.send(edit(other)).await.refusal(), (412, "VERSION_STALE"), "{other}");
        }
        assert_eq!(app.send(edit("\"1\"").key("k")).await.status, 200);
        assert_eq!(app.send(edit("\"2\"").key("k")).await.refusal(), (422, "IDEMPOTENCY_KEY_REUSED"));
    }

    #[tokio::test]
    async fn how_a_request_is_spelled_makes_no_other_request() {
        let (app, tenant) = app().await;
        let address = address_of_new(&app, &tenant, "A").await;
        let (path, id) = address.rsplit_once('/').unwrap();
        let edit = |address: &str, body: &str| {
            TestRequest::patch(address, &json!({}))
                .text(body)
                .token(tenant.owner())
                .header("if-match", "\"1\"")
                .key("k")
        };
        let capitals = format!("{path}/{}", id.to_uppercase());
        let first = app.send(edit(&address, "{\"fullName\":\"B\",\"phone\":null}")).await;
        assert_eq!(first.status, 200, "{}", first.text);
        for (address, body) in [
            (&capitals, "{\"fullName\":\"B\",\"phone\":null}"),
            (&address, "{ \"phone\" : null, \"fullName\" : \" \\u0042\" }"),
        ] {
            let again = app.send(edit(address, body)).await;
            assert_eq!((again.status, again.header("idempotency-replayed")), (200, Some("true")), "{body}");
        }
        let listed = |tags| {
            let edit = TestRequest::patch(&address, &json!({ "fullName": "C" })).token(tenant.owner());
            edit.header("if-match", tags).key("list")
        };
        assert_eq!(app.send(listed("\"2\", \"1\"")).await.status, 200);
        let again = app.send(listed("\"1\",\"2\", \"1\"")).await;
        assert_eq!(again.header("idempotency-replayed"), Some("true"), "a list has no order");
        for other in ["{\"fullName\":\"B\"}", "{\"fullName\":\"B\",\"phone\":null,\"email\":null}"] {
            let refused = app.send(edit(&address, other)).await;
            assert_eq!(
                refused.refusal(),
                (422, "IDEMPOTENCY_KEY_REUSED"),
                "null clears, absent keeps: {other}"
            );
        }
    }

    #[tokio::test]
    async fn an_empty_patch_changes_nothing_but_still_needs_the_version() {
        let (app, tenant) = app().await;
        let address = address_of_new(&app, &tenant, "A").await;
        let empty = TestRequest::patch(&address, &json!({})).token(tenant.owner());

        let unsaid = app.send(empty.clone()).await;
        let outdated = app.send(empty.clone().header("if-match", "\"2\"")).await;
        let foreign_tag = app.send(empty.clone().header("if-match", "\"abc\"")).await;
        let malformed = app.send(empty.clone().header("if-match", "1")).await;
        let nothing = app.send(empty.header("if-match", "\"1\"")).await;

        assert_eq!(unsaid.refusal(), (428, "IF_MATCH_REQUIRED"));
        assert_eq!(outdated.refusal(), (412, "VERSION_STALE"));
        assert_eq!(foreign_tag.refusal(), (412, "VERSION_STALE"));
        assert_eq!(malformed.refusal(), (400, "IF_MATCH_INVALID"));
        assert_eq!((nothing.status, nothing.header("etag")), (200, Some("\"1\"")));
        assert_eq!(app.database.value("SELECT count(*) FROM patients.patient_history").await, "1");
        assert_eq!(app.database.value("SELECT count(*) FROM kernel.outbox").await, "1");
    }
    #[tokio::test]
    async fn a_weak_tag_matches_no_version_and_the_refusal_says_who_made_it_weak() {
        let (app, tenant) = app().await;
        let address = address_of_new(&app, &tenant, "A").await;
        for (tags, is_weak) in [("W/\"1\"", true), ("W/\"1\", \"2\"", true), ("\"2\", \"x\"", false)] {
            let refused = app.send(rename(&tenant, &address, tags, "B")).await;
            assert_eq!(refused.refusal(), (412, "VERSION_STALE"), "{tags}");
            let said = [&refused.json["detail"], &refused.json["error"]["message"]];
            assert!(
                said.iter().all(|text| text.as_str().unwrap().contains("proxy") == is_weak),
                "{tags} {said:?}"
            );
        }
        assert_eq!(app.database.value("SELECT full_name FROM patients.patients").await, "A");
    }

    #[tokio::test]
    async fn what_is_no_list_of_tags_is_refused_for_its_form() {
        let (app, tenant) = app().await;
        let address = address_of_new(&app, &tenant, "A").await;
        for tags in ["", " ", ",", "1", "\"1", "*, \"1\"", "\"1\" \"2\"", "w/\"1\"", "W/W/\"1\""] {
            let refused = app.send(rename(&tenant, &address, tags, "B")).await;
            assert_eq!(refused.refusal(), (400, "IF_MATCH_INVALID"), "{tags}");
            assert_eq!(refused.details(), [("/if-match", "IF_MATCH_INVALID")], "{tags}");
        }
    }

    #[tokio::test]
    async fn a_patch_of_another_type_is_told_which_types_there_are() {
        let (app, tenant) = app().await;
        let address = address_of_new(&app, &tenant, "A").await;
        for (name, value) in [("content-type", "application/json-patch+json"), ("content-encoding", "gzip")] {
            let refused = app.send(rename(&tenant, &address, "*", "B").header(name, value)).await;
            assert_eq!(refused.refusal(), (415, "UNSUPPORTED_MEDIA_TYPE"), "{name}");
            let taken = refused.header("accept-patch");
            assert_eq!(taken, Some("application/merge-patch+json, application/json"), "{name}");
        }
        let another = TestRequest::post("/api/v1/patients", &json!({})).token(tenant.owner());
        let refused = app.send(another.header("content-type", "text/plain")).await;
        assert_eq!((refused.status, refused.header("accept-patch")), (415, None));
    }
}
