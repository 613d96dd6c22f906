//! Signatures of requests to AWS, as AWS's own library for Python (botocore) makes them.

use crate::python;
use serde_json::json;
use std::collections::BTreeMap;
use std::io::Write as _;
use std::process::{Command, Stdio};

/// The packages that bring botocore, which are the emulator's.
const PACKAGES: [&str; 3] = ["moto==5.2.5", "flask>=3,<4", "flask-cors>=6,<7"];

/// Prints the signature that the request should have.
const SCRIPT: &str = "
import json, sys
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
given = json.load(sys.stdin)
headers = given['headers']
signed = headers['authorization'].split('SignedHeaders=')[1].split(',')[0].split(';')
request = AWSRequest('POST', 'http://' + headers['host'] + '/', headers={name: headers[name] for name in signed},
                     data=given['body'].encode())
request.context['timestamp'] = headers['x-amz-date']
signer = SigV4Auth(Credentials(given['id'], given['key']), given['service'], given['region'])
print(signer.signature(signer.string_to_sign(request, signer.canonical_request(request)), request))
";

/// The signature that botocore makes for a request with these headers (names in lower case) and this body.
pub fn aws_signature(
    headers: &BTreeMap<String, String>,
    body: &str,
    credentials: (&str, &str),
    (service, region): (&str, &str),
) -> String {
    let folder = python::packages(&PACKAGES);
    let mut python = Command::new("python3");
    python.args(["-c", SCRIPT]).env("PYTHONPATH", &folder).current_dir(&folder);
    let mut python = python.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let given = json!({
        "headers": headers, "body": body, "id": credentials.0, "key": credentials.1, "service": service,
        "region": region,
    });
    python.stdin.take().unwrap().write_all(given.to_string().as_bytes()).unwrap();
    let output = python.wait_with_output().unwrap();
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}
