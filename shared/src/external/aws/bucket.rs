//! Amazon S3: the bucket that the file store is on AWS.

use super::{AwsConnector, Environment, is_failure, plain_code};
use crate::deadline::Deadline;
use crate::external::file_store::disposition;
use crate::external::{CallError, ExternalCall, ExternalCalls, FileKey, FileLink, Files, Outcome};
use crate::failure::Fault;
use crate::settings::{BadSettings, Variables};
use crate::validation::Text;
use aws_sdk_s3::Client;
use aws_sdk_s3::config::{Builder, RequestChecksumCalculation, ResponseChecksumValidation};
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::presigning::PresigningConfig;
use aws_sdk_s3::primitives::ByteStream;
use bytes::Bytes;
use futures_util::future::BoxFuture;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// The time that an attempt may take.
const TIMEOUT: Duration = Duration::from_secs(5);

/// A bucket of S3.
pub(crate) struct Bucket {
    client: Client,
    name: String,
    external: Arc<ExternalCalls>,
}

/// An answer of S3: what was asked for, or none when there is no such file; or a lasting refusal, which a repetition does
/// not change.
struct Answer<T>(Result<Option<T>, String>);

impl<T> Outcome for Answer<T> {
    fn is_failure(&self) -> bool {
        false
    }
}

impl Bucket {
    /// A client by the variables that Lambda sets. `AWS_ENDPOINT_URL_S3`, else `AWS_ENDPOINT_URL`, replaces S3's
    /// address. Nothing is sent yet.
    pub(crate) fn open(
        variable: &Variables<'_>,
        name: String,
        external: Arc<ExternalCalls>,
    ) -> Result<Self, BadSettings> {
        let aws = Environment::read(variable, "AWS_ENDPOINT_URL_S3")?;
        let elsewhere = aws.endpoint.is_some();
        let config = Builder::from(&aws.sdk(AwsConnector::over(external.http())))
            // An emulator's address has no place for the bucket's name.
            .force_path_style(elsewhere)
            .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
            .response_checksum_validation(ResponseChecksumValidation::WhenRequired);
        Ok(Self { client: Client::from_conf(config.build()), name, external })
    }

    /// Makes a call, at most twice: all of these may run twice.
    async fn call<T, F>(
        &self,
        operation: &'static str,
        deadline: Deadline,
        attempt: impl FnMut() -> F,
    ) -> Result<Option<T>, Fault>
    where
        F: Future<Output = Result<Answer<T>, String>> + Send,
    {
        let call = ExternalCall::new("s3", operation, TIMEOUT, deadline).repeatable(1);
        let called: Result<Answer<T>, CallError<String>> = self.external.call(call, attempt).await;
        let fault = |reason: String| Fault::internal(format!("the file store: {reason}"));
        let Answer(found) = called.map_err(|error| fault(error.to_string()))?;
        found.map_err(fault)
    }
}

/// From an error to the answer: that there is no such file is one.
fn refusal<T, E: ProvideErrorMetadata>(error: &SdkError<E>) -> Result<Answer<T>, String> {
    let Some(reply) = error.raw_response() else { return Err("no answer".to_owned()) };
    let (status, code) = (reply.status().as_u16(), error.code().and_then(plain_code));
    match code {
        // An empty file has no first bytes: S3 refuses the range.
        Some("NoSuchKey" | "NotFound" | "InvalidRange") => Ok(Answer(Ok(None))),
        code if is_failure(status, code) => Err(format!("status {status}")),
        code => Ok(Answer(Err(code.map_or_else(|| format!("status {status}"), str::to_owned)))),
    }
}

impl Files for Bucket {
    fn put<'a>(
        &'a self,
        key: FileKey,
        media_type: &'static str,
        content: Bytes,
        deadline: Deadline,
    ) -> BoxFuture<'a, Result<(), Fault>> {
        Box::pin(async move {
            // The SDK's futures are large: on the heap they are not copied about.
            let put = self.call("PutObject", deadline, || {
                let request = self.client.put_object().bucket(&self.name).key(key.to_string());
                let request = request.content_type(media_type).body(ByteStream::from(content.clone()));
                Box::pin(async move {
                    match request.send().await {
                        Ok(_) => Ok(Answer(Ok(Some(())))),
                        Err(error) => refusal(&error),
                    }
                })
            });
            put.await?.ok_or_else(|| Fault::internal("the file store has no such bucket"))
        })
    }

    fn head(
        &self,
        key: FileKey,
        most: usize,
        deadline: Deadline,
    ) -> BoxFuture<'_, Result<Option<Bytes>, Fault>> {
        Box::pin(async move {
            let last = most.max(1) - 1;
            let request = self.client.get_object().bucket(&self.name).key(key.to_string());
            let request = request.range(format!("bytes=0-{last}"));
            let got = self.call("GetObject", deadline, || {
                let request = request.clone();
                Box::pin(async move {
                    match request.send().await {
                        Ok(found) => {
                            let body = found.body.collect().await.map_err(|_| "a broken body".to_owned())?;
                            // A server may pass over the range.
                            let mut bytes = body.into_bytes();
                            bytes.truncate(most);
                            Ok(Answer(Ok(Some(bytes))))
                        }
                        Err(error) => refusal(&error),
                    }
                })
            });
            got.await
        })
    }

    fn delete(&self, key: FileKey, deadline: Deadline) -> BoxFuture<'_, Result<(), Fault>> {
        Box::pin(async move {
            let request = self.client.delete_object().bucket(&self.name).key(key.to_string());
            let deleted = self.call("DeleteObject", deadline, || {
                let request = request.clone();
                Box::pin(async move {
                    match request.send().await {
                        Ok(_) => Ok(Answer(Ok(Some(())))),
                        Err(error) => refusal(&error),
                    }
                })
            });
            deleted.await.map(drop)
        })
    }

    fn to_fetch<'a>(&'a self, link: &'a FileLink, name: &'a Text) -> BoxFuture<'a, Result<String, Fault>> {
        Box::pin(async move {
            let request = self.client.get_object().bucket(&self.name).key(link.key.to_string());
            let request = request.response_content_type(link.media_type);
            let request = request.response_content_disposition(disposition(name));
            let signed = request.presigned(signing(link)?).await;
            signed.map(|signed| signed.uri().to_owned()).map_err(|_| Fault::internal("a link was not signed"))
        })
    }

    fn to_bring<'a>(&'a self, link: &'a FileLink, size: u64) -> BoxFuture<'a, Result<String, Fault>> {
        Box::pin(async move {
            let size = i64::try_from(size).map_err(|_| Fault::internal("a file larger than any"))?;
            let request = self.client.put_object().bucket(&self.name).key(link.key.to_string());
            let request = request.content_type(link.media_type).content_length(size);
            let signed = request.presigned(signing(link)?).await;
            signed.map(|signed| signed.uri().to_owned()).map_err(|_| Fault::internal("a link was not signed"))
        })
    }
}

fn signing(link: &FileLink) -> Result<PresigningConfig, Fault> {
    if link.lifetime < Duration::from_secs(1) {
        return Err(Fault::internal("a link that is good for less than a second"));
    }
    let config =
        PresigningConfig::builder().start_time(SystemTime::from(link.from)).expires_in(link.lifetime);
    config.build().map_err(|_| Fault::internal("a link that is good for too long"))
}
