//! What goes to AWS is signed as AWS asks (Signature Version 4). The emulator takes any signature; so what was sent is
//! signed once more by AWS's library for another language, and both must come to the same.

use shared::external::SecretsManager;
use std::collections::BTreeMap;
use testkit::{aws_signature, aws_variable};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// A request's headers, names in lower case, and its body.
async fn read(stream: &mut TcpStream) -> (BTreeMap<String, String>, String) {
    let mut bytes = Vec::new();
    loop {
        stream.read_buf(&mut bytes).await.unwrap();
        let text = String::from_utf8(bytes.clone()).unwrap();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let lines = head.lines().skip(1).filter_map(|line| line.split_once(": "));
        let headers: BTreeMap<String, String> =
            lines.map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned())).collect();
        if headers.get("content-length") == Some(&body.len().to_string()) {
            return (headers, body.to_owned());
        }
    }
}

#[tokio::test]
async fn a_call_to_aws_is_signed_as_its_own_library_signs_it() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    for token in [None, Some("a/session+token==")] {
        let variable = |key: &str| match key {
            "AWS_SESSION_TOKEN" => token.map(str::to_owned),
            key => aws_variable(key, &address),
        };
        let store = SecretsManager::open(&|key| variable(key)).unwrap();
        let (secret, (headers, body)) = tokio::join!(store.fetch("arn:canary é"), async {
            let (mut stream, _) = listener.accept().await.unwrap();
            let request = read(&mut stream).await;
            let reply = "HTTP/1.1 200 OK\r\ncontent-length: 23\r\n\r\n{\"SecretString\":\"text\"}";
            stream.write_all(reply.as_bytes()).await.unwrap();
            stream.shutdown().await.unwrap();
            request
        });

        assert_eq!(secret.unwrap().expose(), "text");
        assert_eq!(body, r#"{"SecretId":"arn:canary é"}"#);
        assert_eq!(headers["x-amz-target"], "secretsmanager.GetSecretValue");
        assert_eq!(headers.get("x-amz-security-token").map(String::as_str), token);
        let signed_by_us = headers["authorization"].split_once("Signature=").unwrap().1.to_owned();
        let credentials =
            (variable("AWS_ACCESS_KEY_ID").unwrap(), variable("AWS_SECRET_ACCESS_KEY").unwrap());
        let place = ("secretsmanager", "sa-east-1");
        let expected = tokio::task::spawn_blocking(move || {
            aws_signature(&headers, &body, (&credentials.0, &credentials.1), place)
        });
        assert_eq!(signed_by_us, expected.await.unwrap());
    }
}
