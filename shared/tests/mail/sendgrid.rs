use super::{external, letter, send, sender, text};
use serde_json::{Value, json};
use shared::mail::{ADDRESS_INVALID, MAIL_REFUSED, MAIL_TOO_LARGE, ProviderId, SendGrid, Unsent};
use shared::validation::Secret;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// What the server was asked: heads and bodies.
type Asked = Arc<Mutex<Vec<(String, Value)>>>;

/// A server that answers each request with that status and header line, and keeps what it was asked.
async fn server(status: &'static str, header: &'static str) -> (String, Asked) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let asked = Asked::default();
    let keeping = Arc::clone(&asked);
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            let request = read(&mut client).await;
            keeping.lock().unwrap().push(request);
            let reply =
                format!("HTTP/1.1 {status}\r\n{header}content-length: 0\r\nconnection: close\r\n\r\n");
            let _ = client.write_all(reply.as_bytes()).await;
        }
    });
    (url, asked)
}

async fn read(client: &mut TcpStream) -> (String, Value) {
    let mut bytes = Vec::new();
    loop {
        let mut part = vec![0; 64 * 1024];
        let length = client.read(&mut part).await.unwrap();
        bytes.extend_from_slice(&part[..length]);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let whole = text
            .split_once("\r\n\r\n")
            .and_then(|(head, body)| Some((head.to_owned(), serde_json::from_str(body).ok()?)));
        if let Some(request) = whole {
            return request;
        }
        assert!(length > 0, "the request broke off: {text}");
    }
}

fn gateway(url: &str) -> SendGrid {
    SendGrid::open(url, &Secret::new("a key".to_owned()), sender(), external()).unwrap()
}

#[tokio::test]
async fn a_mail_is_one_call_with_everything_that_it_says() {
    let (url, asked) = server("202 Accepted", "x-message-id: given-id\r\n").await;

    let sent = send(&gateway(&url), &letter()).await;

    assert_eq!(sent, Ok(ProviderId("given-id".to_owned())));
    let asked = asked.lock().unwrap();
    let [(head, body)] = asked.as_slice() else { unreachable!("one call: {}", asked.len()) };
    assert!(head.starts_with("POST /v3/mail/send HTTP/1.1\r\n"), "{head}");
    let head = head.to_lowercase();
    assert!(
        head.contains("authorization: bearer a key\r\n") && head.contains("content-type: application/json")
    );
    let expected = json!({
        "personalizations": [{ "to": [{ "email": "ana@xn--exmple-qta.com", "name": "Ana \"Souza\"" }] }],
        "from": { "email": "no-reply@grafono.example", "name": "Grafono" },
        "subject": "Olá",
        "content": [{ "type": "text/plain", "value": "Olá" }, { "type": "text/html", "value": "<p>Olá</p>" }],
        "attachments": [{
            "content": "AAEC", "type": "application/pdf", "filename": "recibo.pdf", "disposition": "attachment",
        }],
        "headers": { "Message-ID": "<01890a5dac96774bbcceb302099a8057@grafono.example>" },
        "custom_args": { "clinic": "00000000-0000-0000-0000-000000000007", "mail": "01890a5d-ac96-774b-bcce-b302099a8057" },
    });
    assert_eq!(*body, expected);
}

#[tokio::test]
async fn what_is_wrong_with_the_mail_is_for_good_and_everything_else_may_pass() {
    for (status, expected) in [
        ("400 Bad Request", Some(MAIL_REFUSED)),
        ("413 Payload Too Large", Some(MAIL_TOO_LARGE)),
        ("401 Unauthorized", None),
        ("429 Too Many Requests", None),
        ("503 Service Unavailable", None),
        ("202 Accepted", None),
    ] {
        let (url, _) = server(status, "").await;
        match (send(&gateway(&url), &letter()).await, expected) {
            (Err(Unsent::Refused(code)), Some(expected)) => assert_eq!(code, expected),
            (Err(Unsent::Failed(_)), None) => {}
            (outcome, _) => unreachable!("{status}: {outcome:?}"),
        }
    }
}

#[tokio::test]
async fn an_address_that_is_none_never_gets_there() {
    let (url, asked) = server("202 Accepted", "x-message-id: given-id\r\n").await;
    let mut letter = letter();
    letter.address = text("nobody");
    assert_eq!(send(&gateway(&url), &letter).await, Err(Unsent::Refused(ADDRESS_INVALID)));
    assert!(asked.lock().unwrap().is_empty());
}
