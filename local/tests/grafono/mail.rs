//! Mail on one machine: a file a mail, a page that shows them, and the story of a sign-up from outside.

use crate::program::{Program, new_folder, remove_folder};
use crate::sign_up;
use grafono::mail::{MailFolder, Mails};
use http::Request;
use http_body_util::BodyExt as _;
use mail_parser::MessageParser;
use serde_json::{Value, json};
use shared::deadline::Deadline;
use shared::mail::{Attachment, Letter, MailGateway as _, Sender};
use shared::validation::Text;
use std::path::Path;
use std::time::Duration;
use uuid::Uuid;

const ID: Uuid = Uuid::from_u128(0x0189_0a5d_ac96_774b_bcce_b302_099a_8057);

fn letter() -> Letter {
    let text = |text: &str| Text::try_from(text).unwrap();
    Letter {
        id: ID,
        clinic: Uuid::nil(),
        address: text("ana@example.com"),
        name: Some(text("<b>Ana</b>")),
        subject: text("<script>alert(1)</script>"),
        html: "<script>alert(2)</script><p>Olá</p>".to_owned(),
        plain_text: "</pre><script>alert(3)</script>".to_owned(),
        attachments: vec![Attachment {
            name: text("<i>.html"),
            media_type: text("text/html"),
            content: b"<script>alert(4)</script>".to_vec(),
        }],
        requested_at: "2026-11-21T10:00:00Z".parse().unwrap(),
    }
}

async fn file(folder: &Path) -> MailFolder {
    let mails = MailFolder::new(folder.to_owned(), Sender::parse("no-reply@grafono.example").unwrap());
    mails.send(&letter(), Deadline::within(Duration::from_secs(10))).await.unwrap();
    mails
}

/// A page as a browser gets it: status, headers in one text, body.
async fn page(folder: &Path, path: &str, host: &str) -> (u16, String, String) {
    let head = Request::get(path).header("host", host).body(()).unwrap().into_parts().0;
    let answer = Mails::in_folder(folder.to_owned()).answer(&head).await.unwrap();
    let (head, body) = answer.into_parts();
    let headers = head.headers.iter().map(|(name, value)| format!("{name}: {}\n", value.to_str().unwrap()));
    let body = body.collect().await.unwrap().to_bytes();
    (head.status.as_u16(), headers.collect(), String::from_utf8(body.to_vec()).unwrap())
}

#[tokio::test]
async fn a_mail_sent_again_is_the_same_file() {
    let folder = new_folder();
    let mails = file(&folder).await;
    let path = folder.join(format!("{ID}.eml"));
    let first = std::fs::read(&path).unwrap();
    mails.send(&letter(), Deadline::within(Duration::from_secs(10))).await.unwrap();
    assert_eq!((std::fs::read(&path).unwrap(), std::fs::read_dir(&folder).unwrap().count()), (first, 1));
    remove_folder(folder);
}

#[tokio::test]
async fn the_pages_show_a_hostile_mail_and_let_it_do_nothing() {
    let folder = new_folder();
    file(&folder).await;
    let here = "127.0.0.1:3000";
    for path in ["/local/mail".to_owned(), format!("/local/mail/{ID}")] {
        let (status, headers, body) = page(&folder, &path, here).await;
        assert_eq!(status, 200, "{path}");
        assert!(!body.contains("<script") && !body.contains("<b>") && !body.contains("<i>"), "{body}");
        assert!(body.contains("&#60;script&#62;alert(1)"), "{body}");
        assert!(
            headers.contains("content-security-policy: default-src 'none'; frame-src 'self';"),
            "{headers}"
        );
        assert!(headers.contains("x-frame-options: DENY") && headers.contains("nosniff"), "{headers}");
    }
    let (_, headers, html) = page(&folder, &format!("/local/mail/{ID}/html"), here).await;
    assert_eq!(html.trim(), format!("<base target=\"_blank\">{}", letter().html));
    let sandbox =
        "content-security-policy: sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none';";
    assert!(headers.contains(sandbox), "{headers}");
    let (_, headers, content) = page(&folder, &format!("/local/mail/{ID}/attachments/0"), here).await;
    assert_eq!(content, "<script>alert(4)</script>");
    assert!(headers.contains("content-disposition: attachment\n"), "{headers}");
    assert!(headers.contains("content-type: application/octet-stream\n"), "{headers}");
    remove_folder(folder);
}

#[tokio::test]
async fn nothing_else_is_shown_and_nobody_else_is_answered() {
    let folder = new_folder();
    file(&folder.join("mail")).await;
    std::fs::write(folder.join("token.eml"), "secret").unwrap();
    let own = folder.join("mail");
    for path in ["/local/mail/../token", "/local/mail/..%2ftoken", "/local/mail/1", "/local/mail/a/b/c/d"] {
        assert_eq!(page(&own, path, "localhost").await.0, 404, "{path}");
    }
    for host in ["evil.example", "127.0.0.1.evil.example:3000", "", "[::1]:3000"] {
        assert_eq!(page(&own, "/local/mail", host).await.0, 404, "{host}");
    }
    assert_eq!(page(&own, "/local/mail", "localhost:3000").await.0, 200);
    for (method, status) in [("HEAD", 200), ("POST", 404)] {
        let head = Request::builder().method(method).uri("/local/mail").header("host", "localhost");
        let head = head.body(()).unwrap().into_parts().0;
        let answer = Mails::in_folder(own.clone()).answer(&head).await.unwrap();
        assert_eq!(answer.status().as_u16(), status, "{method}");
    }
    remove_folder(folder);
}

/// The mail to that address with a link to that page, once it is in the program's data folder.
fn mail_to(folder: &Path, address: &str, page: &str) -> String {
    let mut tries = 200;
    loop {
        let files = std::fs::read_dir(folder).into_iter().flatten().flatten();
        let mails = files.filter(|file| file.path().extension().is_some_and(|extension| extension == "eml"));
        let texts = mails.filter_map(|file| {
            let bytes = std::fs::read(file.path()).ok()?;
            let mail = MessageParser::default().parse(&bytes)?;
            let is_to = mail.to()?.first()?.address() == Some(address);
            let text = mail.body_text(0).unwrap().into_owned();
            (is_to && text.contains(&format!("{page}?token="))).then_some(text)
        });
        if let Some(text) = texts.last() {
            return text;
        }
        tries -= 1;
        assert!(tries > 0, "no mail to {address}");
        pause();
    }
}

#[expect(clippy::disallowed_methods, reason = "the test's own thread waits between two looks")]
fn pause() {
    std::thread::sleep(Duration::from_millis(50));
}

/// The address of a mail's link.
fn link_in(text: &str) -> &str {
    text.split_whitespace().find(|word| word.contains("token=")).unwrap()
}

#[test]
fn the_link_of_the_first_mail_leads_to_a_page_whose_button_confirms_the_address() {
    let data = new_folder();
    let program = Program::start_on(&data, &[]);
    let sign_up = sign_up("canary.ana@example.com").to_string();
    let made = program.curl(&["-d", &sign_up, "-H", "content-type: application/json"], "/api/v1/clinics");
    let bearer = format!("authorization: Bearer {}", made["data"]["accessToken"].as_str().unwrap());
    let me = || program.curl(&["-H", &bearer], "/api/v1/me")["data"]["emailVerified"].clone();
    let text = mail_to(&data.join("mail"), "canary.ana@example.com", "/verify-email");
    let link = link_in(&text);
    let id = std::fs::read_dir(data.join("mail")).unwrap().flatten().find_map(|file| {
        let is_it = std::fs::read_to_string(file.path()).unwrap().contains("canary.ana");
        is_it.then(|| file.path().file_stem().unwrap().to_str().unwrap().to_owned())
    });
    let shown = program.curl_text(&[], &format!("/local/mail/{}", id.unwrap()));
    assert!(
        shown.contains(&format!("<a href=\"{link}\" target=\"_blank\" rel=\"noreferrer\">{link}</a>")),
        "{shown}"
    );

    // Whoever looks through mails opens the link, and changes nothing by it.
    let (path, token) = (link.strip_prefix(&program.address).unwrap(), link.split_once("token=").unwrap().1);
    let page = program.curl_text(&["-i"], path);
    assert!(
        page.starts_with("HTTP/1.1 200") && page.contains("form-action 'self'; base-uri 'none'"),
        "{page}"
    );
    assert!(
        page.contains("<form method=\"post\" action=\"/verify-email\">") && !page.contains("<script"),
        "{page}"
    );
    assert!(page.contains(&format!("name=\"token\" value=\"{token}\"")), "{page}");
    assert_eq!(me(), Value::Bool(false));

    let form = format!("token={token}");
    let foreign =
        program.curl_text(&["-i", "-d", &form, "-H", "origin: http://evil.example"], "/verify-email");
    let renamed = program.curl_text(&["-i", "-d", &form, "-H", "host: evil.example"], "/verify-email");
    assert!(
        foreign.starts_with("HTTP/1.1 403") && renamed.starts_with("HTTP/1.1 404"),
        "{foreign} {renamed}"
    );
    assert_eq!(me(), Value::Bool(false));

    let own = format!("origin: {}", program.address);
    let confirmed = program.curl_text(&["-i", "-d", &form, "-H", &own], "/verify-email");
    assert!(confirmed.starts_with("HTTP/1.1 200") && confirmed.contains("is confirmed"), "{confirmed}");
    assert_eq!(me(), Value::Bool(true));
    drop(program.stop());
    remove_folder(data);
}

/// A form, as a browser sends it from a page of the program's.
fn send(program: &Program, fields: &[(&str, &str)], path: &str) -> String {
    let form = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    program.curl_text(&["-i", "-d", &form, "-H", &format!("origin: {}", program.address)], path)
}

#[test]
fn the_link_of_a_forgotten_password_leads_to_a_page_whose_form_changes_it() {
    let data = new_folder();
    let program = Program::start_on(&data, &[]);
    let (email, json) = ("canary.ana@example.com", "content-type: application/json");
    program.curl(&["-d", &sign_up(email).to_string(), "-H", json], "/api/v1/clinics");
    let (old, new) = ("a long and lonely road", "another lonely road & 100% ção+");
    let signs_in = |password: &str| {
        let body = json!({ "email": email, "password": password }).to_string();
        program.curl(&["-d", &body, "-H", json], "/api/v1/auth/login")["success"] == true
    };
    let forgotten = json!({ "email": email }).to_string();
    program.curl_text(&["-i", "-d", &forgotten, "-H", json], "/api/v1/auth/password-resets");
    let text = mail_to(&data.join("mail"), email, "/reset-password");
    let link = link_in(&text);
    let (path, token) = (link.strip_prefix(&program.address).unwrap(), link.split_once("token=").unwrap().1);

    // Opening the link changes nothing.
    let page = program.curl_text(&["-i"], path);
    let policy = "default-src 'none'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
    assert!(page.starts_with("HTTP/1.1 200") && page.contains(policy) && !page.contains("<script"), "{page}");
    for part in [
        "<form method=\"post\" action=\"/reset-password\">",
        &format!("name=\"token\" value=\"{token}\""),
        "<label for=\"password\">New password</label>",
        "id=\"password\" name=\"password\" type=\"password\" autocomplete=\"new-password\" minlength=\"8\"",
        "required aria-describedby=\"text\"",
    ] {
        assert!(page.contains(part), "{part}: {page}");
    }

    // Nor does a form of another site.
    let form = format!("token={token}&password=a+strangers+lonely+road");
    for (header, status) in [("origin: http://evil.example", "403"), ("host: evil.example", "404")] {
        let foreign = program.curl_text(&["-i", "-d", &form, "-H", header], "/reset-password");
        assert!(foreign.starts_with(&format!("HTTP/1.1 {status}")), "{foreign}");
    }

    // What is no password is refused, and can be chosen anew.
    for (password, says) in [("short", "8"), ("password1", "Common password"), (email, "Common password")] {
        let refused = send(&program, &[("token", token), ("password", password)], "/reset-password");
        assert!(refused.starts_with("HTTP/1.1 400") && refused.contains(says), "{refused}");
        assert!(refused.contains(token) && refused.contains("<label for=\"password\">"), "{refused}");
        assert!(!refused.contains(&format!("value=\"{password}\"")), "{refused}");
    }
    assert!(signs_in(old));

    let changed = send(&program, &[("token", token), ("password", new)], "/reset-password");
    assert!(changed.starts_with("HTTP/1.1 200") && changed.contains("Your password is changed"), "{changed}");
    assert!(!changed.contains("<form"), "{changed}");
    assert!(signs_in(new) && !signs_in(old));

    let again = send(&program, &[("token", token), ("password", old)], "/reset-password");
    assert!(again.starts_with("HTTP/1.1 410") && again.contains("Ask for another one"), "{again}");
    assert!(!again.contains("<form") && signs_in(new), "{again}");
    drop(program.stop());
    remove_folder(data);
}

#[test]
fn somebody_who_is_invited_is_in_by_the_page_of_the_link_and_out_when_demoted_or_disabled() {
    let data = new_folder();
    let program = Program::start_on(&data, &[]);
    let (email, password, json) =
        ("canary.bia@example.com", "a long and lonely road", "content-type: application/json");
    let sign_in = |email: &str, password: &str| {
        let body = json!({ "email": email, "password": password }).to_string();
        let answer = program.curl(&["-d", &body, "-H", json], "/api/v1/auth/login");
        format!("authorization: Bearer {}", answer["data"]["accessToken"].as_str().unwrap_or_default())
    };
    let owner = sign_in("demo@grafono.example", "demo-on-one-machine");
    let invited = json!({ "name": "Bia Lima", "email": email, "role": "admin" }).to_string();
    let invitation = program.curl(&["-d", &invited, "-H", json, "-H", &owner], "/api/v1/invitations");
    assert_eq!(invitation["data"]["email"], email, "{invitation}");

    let text = mail_to(&data.join("mail"), email, "/accept-invitation");
    let link = link_in(&text);
    let (path, token) = (link.strip_prefix(&program.address).unwrap(), link.split_once("token=").unwrap().1);
    let page = program.curl_text(&["-i"], path);
    assert!(
        page.starts_with("HTTP/1.1 200") && page.contains("<label for=\"password\">Password</label>"),
        "{page}"
    );
    let refused = send(&program, &[("token", token), ("password", email)], "/accept-invitation");
    assert!(refused.starts_with("HTTP/1.1 400") && refused.contains(token), "{refused}");
    let joined = send(&program, &[("token", token), ("password", password)], "/accept-invitation");
    assert!(joined.starts_with("HTTP/1.1 200") && joined.contains("You are a member"), "{joined}");
    assert!(!joined.contains("<form") && !joined.contains("Token"), "{joined}");

    let bia = sign_in(email, password);
    let users = || program.curl(&["-H", &bia], "/api/v1/users");
    let id = users()["data"][0]["id"].as_str().unwrap().to_owned();
    let demoted = json!({ "role": "clinician" }).to_string();
    let address = format!("/api/v1/users/{id}");
    let demote = ["-X", "PATCH", "-d", &demoted, "-H", json, "-H", &owner, "-H", "if-match: *"];
    assert_eq!(program.curl(&demote, &address)["data"]["role"], "clinician");
    assert_eq!(users()["error"]["code"], "ACCESS_CHANGED");
    drop(program.stop());
    remove_folder(data);
}

#[test]
fn a_link_that_is_not_good_says_why_and_shows_nothing_of_itself() {
    let program = Program::start(&[]);
    for address in ["/verify-email", "/reset-password", "/accept-invitation"] {
        let hostile = "\"><script>alert(1)</script>";
        let page =
            program.curl_text(&["-i"], &format!("{address}?token=%22%3E%3Cscript%3Ealert(1)%3C/script%3E"));
        assert!(page.starts_with("HTTP/1.1 200") && !page.contains("<script"), "{page}");
        for (token, status) in [(hostile, "404"), ("x", "404"), ("", "400"), (&"x".repeat(300), "400")] {
            let answer = send(&program, &[("token", token), ("password", "a long and lonely road")], address);
            assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{answer}");
            assert!(
                answer.contains("text/html") && !answer.contains("<script") && !answer.contains("<form"),
                "{answer}"
            );
        }
        let long = send(&program, &[("token", "x"), ("password", &"é".repeat(4096))], address);
        assert!(long.starts_with("HTTP/1.1 413"), "{long}");
        let none = program.curl_text(&["-i"], address);
        assert!(none.starts_with("HTTP/1.1 400") && !none.contains("<form"), "{none}");
        let put = program.curl_text(&["-i", "-X", "PUT"], address);
        assert!(put.starts_with("HTTP/1.1 405") && put.contains("allow: GET, HEAD, POST"), "{put}");
        let head = program.curl_text(&["-I"], &format!("{address}?token=x"));
        assert!(head.starts_with("HTTP/1.1 200"), "{head}");
    }
}

#[test]
fn who_signs_up_gets_a_mail_whose_token_confirms_the_address() {
    let data = new_folder();
    let program = Program::start_on(&data, &[]);
    let json = "content-type: application/json";
    let body = sign_up("canary.ana@example.com").to_string();
    let made = program.curl(&["-d", &body, "-H", json], "/api/v1/clinics");
    let bearer = format!("authorization: Bearer {}", made["data"]["accessToken"].as_str().unwrap());

    let text = mail_to(&data.join("mail"), "canary.ana@example.com", "/verify-email");
    assert!(program.curl_text(&[], "/local/mail").contains("canary.ana@example.com"));
    let link = link_in(&text);
    assert!(link.starts_with(&format!("{}/verify-email?token=", program.address)), "{link}");
    let token = json!({ "token": link.split_once("token=").unwrap().1 }).to_string();

    let me = || program.curl(&["-H", &bearer], "/api/v1/me")["data"]["emailVerified"].clone();
    assert_eq!(me(), Value::Bool(false));
    let verified = program.curl(&["-d", &token, "-H", json], "/api/v1/auth/verify-email");
    assert_eq!((&verified["success"], me()), (&Value::Bool(true), Value::Bool(true)), "{verified}");
    let (_, code) = program.stop();
    assert_eq!(code, Some(0));
    remove_folder(data);
}
