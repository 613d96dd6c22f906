//! The success of an endpoint, beside the data: status, headers, and links.
//!
//! The handler makes the answer and the declaration describes it; every test of an endpoint holds the one against the
//! other.

/// What personal data is answered with: no cache keeps it (RFC 9111 §5.2.2.5).
pub(super) const NO_STORE: &str = "no-store";

/// The form around the data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// The envelope, with nothing in `meta`.
    Enveloped,
    /// The envelope, with [`PageMeta`](crate::http::PageMeta) in `meta` and a `Link` to the next page.
    Page,
    /// No envelope: the data is the whole body.
    Bare,
    /// No body.
    Empty,
}

/// An address whose parameter is in an answer, as an `OpenAPI` link has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Link {
    /// A path template with one parameter; the link leads to the operations at and below it.
    pub template: &'static str,
    /// The JSON pointer of the parameter's value in the body.
    pub pointer: &'static str,
}

impl Link {
    /// Declares that the value at `pointer` fits `template`.
    pub const fn new(template: &'static str, pointer: &'static str) -> Self {
        Self { template, pointer }
    }
}

/// The success of an endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a question that an endpoint answers by yes or no")]
pub struct Success {
    /// The status.
    pub status: u16,
    /// Whether `Location` has the address of the new thing.
    pub has_location: bool,
    /// Whether `ETag` has the version; then `If-None-Match` gives 304 to a read (B9).
    pub has_etag: bool,
    /// Whether data that is too large for a reply is at the address in `Location` instead: 303.
    pub may_be_elsewhere: bool,
    /// Whether the outcome may not be known in time: then 202 with the thing as it stands, and its address.
    pub may_be_pending: bool,
    /// `Cache-Control` of the success; every other reply has `no-store`.
    pub cache_control: &'static str,
    /// The form around the data.
    pub form: Form,
    /// The addresses that the answer leads to.
    pub links: &'static [Link],
}

impl Success {
    /// 200 with data.
    pub const fn ok() -> Self {
        Self {
            status: 200,
            has_location: false,
            has_etag: false,
            may_be_elsewhere: false,
            may_be_pending: false,
            cache_control: NO_STORE,
            form: Form::Enveloped,
            links: &[],
        }
    }

    /// 201 with a new thing, and its address.
    pub const fn created() -> Self {
        Self { status: 201, has_location: true, ..Self::ok() }
    }

    /// 201 with a new thing that has no address of its own.
    pub const fn created_here() -> Self {
        Self { has_location: false, ..Self::created() }
    }

    /// 202 with queued work, and its address.
    pub const fn accepted() -> Self {
        Self { status: 202, ..Self::created() }
    }

    /// 202 without a body: what comes of it is told elsewhere.
    pub const fn accepted_here() -> Self {
        Self { status: 202, form: Form::Empty, ..Self::ok() }
    }

    /// 200 with one page of a list (B8).
    pub const fn page() -> Self {
        Self { form: Form::Page, ..Self::ok() }
    }

    /// 204 without a body.
    pub const fn no_content() -> Self {
        Self { status: 204, form: Form::Empty, ..Self::ok() }
    }

    /// 200 with the data as the whole body.
    pub const fn bare() -> Self {
        Self { form: Form::Bare, ..Self::ok() }
    }

    /// With the version as `ETag`.
    #[must_use]
    pub const fn etag(self) -> Self {
        Self { has_etag: true, ..self }
    }

    /// The same for everybody and kept by caches: what tells of nobody alone, and comes of no database.
    #[must_use]
    pub const fn cached(self, cache_control: &'static str) -> Self {
        Self { cache_control, ..self }
    }

    /// Or, for data that is too large for a reply, 303 with the address of a file with it.
    #[must_use]
    pub const fn or_elsewhere(self) -> Self {
        Self { may_be_elsewhere: true, ..self }
    }

    /// Or, where the outcome is not known in time, 202 with the thing as it stands, and its address.
    #[must_use]
    pub const fn or_pending(self) -> Self {
        Self { may_be_pending: true, ..self }
    }

    /// With the parameters of these addresses.
    #[must_use]
    pub const fn links_to(self, links: &'static [Link]) -> Self {
        Self { links, ..self }
    }
}
