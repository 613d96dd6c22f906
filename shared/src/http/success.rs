//! What an endpoint answers when it succeeds, beside the data: its status, its headers, and where it leads.
//!
//! The handler makes the answer and the declaration describes it; every test that asks an endpoint anything holds the
//! one against the other.

/// What is around the data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// The envelope, with nothing in `meta`.
    Enveloped,
    /// The envelope, with [`PageMeta`](crate::http::PageMeta) in `meta` and a `Link` to the next page.
    Page,
    /// Nothing: the data is the whole body.
    Bare,
}

/// An address that an answer has the parameter for, as an `OpenAPI` link has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Link {
    /// A path template with one parameter; what stands below it is led to, too.
    pub template: &'static str,
    /// The JSON pointer of its value in the body.
    pub pointer: &'static str,
}

impl Link {
    /// Declares that the value at `pointer` fits `template`.
    pub const fn new(template: &'static str, pointer: &'static str) -> Self {
        Self { template, pointer }
    }
}

/// What an endpoint answers when it succeeds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Success {
    /// The status.
    pub status: u16,
    /// Whether `Location` says where the thing made can be fetched.
    pub has_location: bool,
    /// Whether `ETag` says which version this is; then `If-None-Match` gives 304 to a read (B9).
    pub has_etag: bool,
    /// What is around the data.
    pub form: Form,
    /// Where the answer leads.
    pub links: &'static [Link],
}

impl Success {
    /// 200 with data.
    pub const fn ok() -> Self {
        Self { status: 200, has_location: false, has_etag: false, form: Form::Enveloped, links: &[] }
    }

    /// 201 with the thing made, and where it can be fetched.
    pub const fn created() -> Self {
        Self { status: 201, has_location: true, ..Self::ok() }
    }

    /// 201 with a thing that has no address of its own.
    pub const fn created_here() -> Self {
        Self { has_location: false, ..Self::created() }
    }

    /// 202 with work that was queued, and where to ask for it.
    pub const fn accepted() -> Self {
        Self { status: 202, ..Self::created() }
    }

    /// 200 with one page of a list (B8).
    pub const fn page() -> Self {
        Self { form: Form::Page, ..Self::ok() }
    }

    /// 204 with nothing.
    pub const fn no_content() -> Self {
        Self { status: 204, form: Form::Bare, ..Self::ok() }
    }

    /// 200 with a body that is the data alone.
    pub const fn bare() -> Self {
        Self { form: Form::Bare, ..Self::ok() }
    }

    /// With the version as `ETag`.
    #[must_use]
    pub const fn etag(self) -> Self {
        Self { has_etag: true, ..self }
    }

    /// With values for these addresses.
    #[must_use]
    pub const fn links_to(self, links: &'static [Link]) -> Self {
        Self { links, ..self }
    }
}
