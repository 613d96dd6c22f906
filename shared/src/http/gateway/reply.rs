//! Replies to the gateway, by the types of `lambda_http`.

use super::{Format, joined};
use crate::http::Response;
use http::HeaderMap;
use http::header::SET_COOKIE;
use lambda_http::Body;
use lambda_http::aws_lambda_events::apigw::{ApiGatewayProxyResponse, ApiGatewayV2httpResponse};
use serde::Serialize;

/// A reply in the format of its event.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum GatewayReply {
    /// Payload format 2.0.
    Http(ApiGatewayV2httpResponse),
    /// Payload format 1.0. A REST API takes base64 only with `*/*` among its binary media types.
    Rest(ApiGatewayProxyResponse),
}

impl GatewayReply {
    /// The response in that format. Headers and cookies that are not visible ASCII are left out.
    pub fn of(response: Response, format: Format) -> Self {
        let Response { status, headers, cookies, body } = response;
        let sent = headers.iter().filter(|(_, value)| value.to_str().is_ok());
        let headers: HeaderMap = sent.map(|(name, value)| (name.clone(), value.clone())).collect();
        let cookies = cookies.into_iter().filter(|cookie| cookie.to_str().is_ok());
        let status = i64::from(status.as_u16());
        let (body, is_base64) = match String::from_utf8(body) {
            Ok(text) => (Body::Text(text), false),
            Err(other) => (Body::Binary(other.into_bytes()), true),
        };
        match format {
            Format::Http => {
                let mut reply = ApiGatewayV2httpResponse::default();
                reply.status_code = status;
                // The type sends only the first value of a header.
                reply.headers = joined(headers);
                reply.cookies = cookies.filter_map(|cookie| Some(cookie.to_str().ok()?.to_owned())).collect();
                reply.body = Some(body);
                reply.is_base64_encoded = is_base64;
                Self::Http(reply)
            }
            Format::Rest => {
                let mut reply = ApiGatewayProxyResponse::default();
                reply.status_code = status;
                // A header in both members would be sent twice.
                reply.multi_value_headers = headers;
                for cookie in cookies {
                    reply.multi_value_headers.append(SET_COOKIE, cookie);
                }
                reply.body = Some(body);
                reply.is_base64_encoded = is_base64;
                Self::Rest(reply)
            }
        }
    }
}
