//! What goes to AWS is signed as AWS asks (Signature Version 4). The emulator takes any signature; so what was sent is
//! signed once more by AWS's library for another language, and both must come to the same.

use shared::external::SecretsManager;
use shared::outbox::RelayNudge;
use std::collections::BTreeMap;
use testkit::{aws_signature, aws_variable, open_part};
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

/// Where AWS seems to be, and the variables that lead there.
struct Place {
    listener: TcpListener,
    address: String,
    token: Option<&'static str>,
}

impl Place {
    async fn with_token(token: Option<&'static str>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        Self { listener, address, token }
    }

    fn variable(&self, key: &str) -> Option<String> {
        match key {
            "AWS_SESSION_TOKEN" => self.token.map(str::to_owned),
            "NUDGE_QUEUE_URL" => Some(format!("{}/queue-é", self.address)),
            key => aws_variable(key, &self.address),
        }
    }

    /// Takes one request and answers it so.
    async fn take(&self, body: &str) -> (BTreeMap<String, String>, String) {
        let (mut stream, _) = self.listener.accept().await.unwrap();
        let request = read(&mut stream).await;
        let reply = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len());
        stream.write_all(reply.as_bytes()).await.unwrap();
        stream.shutdown().await.unwrap();
        request
    }

    async fn assert_signed(
        &self,
        service: &'static str,
        (headers, body): (BTreeMap<String, String>, String),
    ) {
        assert_eq!(headers.get("x-amz-security-token").map(String::as_str), self.token);
        let signed_by_us =
            headers.get("authorization").unwrap().split_once("Signature=").unwrap().1.to_owned();
        let credentials =
            (self.variable("AWS_ACCESS_KEY_ID").unwrap(), self.variable("AWS_SECRET_ACCESS_KEY").unwrap());
        let expected = tokio::task::spawn_blocking(move || {
            aws_signature(&headers, &body, (&credentials.0, &credentials.1), (service, "sa-east-1"))
        });
        assert_eq!(signed_by_us, expected.await.unwrap());
    }
}

/// The variables of a function that nudges.
const KEYS: [&str; 6] = [
    "AWS_REGION",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_ENDPOINT_URL_SQS",
    "NUDGE_QUEUE_URL",
];

const TOKENS: [Option<&str>; 2] = [None, Some("a/session+token==")];

#[tokio::test]
async fn a_call_of_our_own_is_signed_as_awss_library_signs_it() {
    for token in TOKENS {
        let place = Place::with_token(token).await;
        let given = KEYS.iter().filter_map(|key| Some((*key, place.variable(key)?)));
        let given: Vec<_> = given.collect();
        let given: Vec<_> = given.iter().map(|(key, value)| (*key, value.as_str())).collect();
        let nudge = open_part::<RelayNudge>(&given).unwrap();
        let ((), (headers, body)) = tokio::join!(nudge.nudge(), place.take(r#"{"MessageId":"id"}"#));

        assert!(body.contains("/queue-é\""), "{body}");
        assert_eq!(headers["x-amz-target"], "AmazonSQS.SendMessage");
        place.assert_signed("sqs", (headers, body)).await;
    }
}

#[tokio::test]
async fn a_call_of_the_sdk_leaves_as_it_was_signed_and_its_reply_comes_back_whole() {
    for token in TOKENS {
        let place = Place::with_token(token).await;
        let store = SecretsManager::open(&|key| place.variable(key)).unwrap();
        let reply = r#"{"SecretString":"text é"}"#;
        let (secret, (headers, body)) = tokio::join!(store.fetch("arn:canary é"), place.take(reply));

        assert_eq!(secret.unwrap().expose(), "text é");
        assert_eq!(body, r#"{"SecretId":"arn:canary é"}"#);
        assert_eq!(headers["x-amz-target"], "secretsmanager.GetSecretValue");
        // The SDK's own client, which the test kit brings, would name itself here.
        assert!(!headers["user-agent"].contains("md/http"), "{}", headers["user-agent"]);
        place.assert_signed("secretsmanager", (headers, body)).await;
    }
}
