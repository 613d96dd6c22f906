//! A document that is served as it was built: as it is or by gzip, whichever the caller prefers.

use super::etag;
use http::StatusCode;
use http::header::{CONTENT_ENCODING, ETAG, HeaderValue, VARY};
use shared::failure::Fault;
use shared::http::{Answer, Response};
use std::sync::LazyLock;

/// One form of a document. Each form has a version of its own, as a strong tag stands for the bytes that are sent
/// (RFC 9110 §8.8.1).
#[derive(Debug)]
pub(super) struct Form {
    bytes: Vec<u8>,
    etag: String,
    is_packed: bool,
}

impl Form {
    /// The bytes as they are.
    pub(super) fn plain(bytes: Vec<u8>) -> Self {
        Self { etag: etag::of(&bytes), bytes, is_packed: false }
    }

    /// Bytes that were packed by gzip.
    pub(super) fn packed(bytes: &[u8]) -> Self {
        Self { is_packed: true, ..Self::plain(bytes.to_vec()) }
    }
}

/// Both forms; each is made when it is asked for first.
#[derive(Debug)]
pub(super) struct Document {
    pub(super) content_type: &'static str,
    pub(super) plain: LazyLock<Form>,
    pub(super) packed: LazyLock<Form>,
}

/// The document in the form that the caller prefers.
#[derive(Debug, Clone, Copy)]
pub struct Chosen {
    document: &'static Document,
    form: &'static Form,
}

impl Document {
    /// The document for a caller who prefers gzip, or does not.
    pub(super) fn chosen(&'static self, prefers_gzip: bool) -> Chosen {
        Chosen { document: self, form: if prefers_gzip { &self.packed } else { &self.plain } }
    }
}

impl Answer for Chosen {
    fn respond(self) -> Result<Response, Fault> {
        let Self { document, form } = self;
        let mut response = Response::with_body(StatusCode::OK, document.content_type, form.bytes.clone());
        let tag =
            HeaderValue::try_from(form.etag.as_str()).map_err(|_| Fault::internal("an ETag is no header"))?;
        response.headers.insert(ETAG, tag);
        response.headers.insert(VARY, HeaderValue::from_static("Accept-Encoding"));
        if form.is_packed {
            response.headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
        Ok(response)
    }
}
