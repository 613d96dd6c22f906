//! Cutting rows into a page.

use super::schema::EndpointList;
use crate::webhooks::WebhookEndpoint;
use shared::cursor::{COUNTED_AT_MOST, Cursor, CursorScope as _};
use shared::reply::PageMeta;

/// The page of the rows found, of which there is one more than `limit` when another page follows.
pub(super) fn page(
    mut rows: Vec<WebhookEndpoint>,
    limit: u8,
    number: u32,
    total: Option<i64>,
) -> (Vec<WebhookEndpoint>, PageMeta) {
    let has_more = rows.len() > usize::from(limit);
    rows.truncate(usize::from(limit));
    let next = rows.last().filter(|_| has_more).map(|last| {
        let page = number.saturating_add(1);
        Cursor { page, at: last.created_at, id: last.id }.encode(EndpointList::SCOPE)
    });
    let meta = PageMeta {
        page: number,
        limit,
        total,
        total_is_lower_bound: total.is_some_and(|total| total >= COUNTED_AT_MOST),
        has_more,
        next_cursor: next,
    };
    (rows, meta)
}

/// The address of the next page.
pub(super) fn next_address(meta: &PageMeta) -> Option<String> {
    let cursor = meta.next_cursor.as_ref()?;
    Some(format!("{}?limit={}&cursor={cursor}", EndpointList::SCOPE, meta.limit))
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::Timestamp;
    use uuid::Uuid;

    fn rows(count: u128) -> Vec<WebhookEndpoint> {
        let item = |number| WebhookEndpoint {
            id: Uuid::from_u128(number),
            url: "https://a.example/".to_owned(),
            kinds: Vec::new(),
            disabled_at: None,
            created_at: Timestamp::UNIX_EPOCH,
        };
        (0..count).map(item).collect()
    }

    #[test]
    fn the_row_beyond_the_limit_says_that_more_follow_and_is_not_shown() {
        let (shown, meta) = page(rows(3), 2, 1, None);
        assert_eq!((shown.len(), meta.has_more), (2, true));
        let next = Cursor::decode(&meta.next_cursor.unwrap(), EndpointList::SCOPE).unwrap();
        assert_eq!((next.page, next.id), (2, Uuid::from_u128(1)));
    }

    #[test]
    fn the_last_page_leads_nowhere() {
        let (shown, meta) = page(rows(2), 2, 4, Some(8));
        assert_eq!((shown.len(), meta.page, meta.total, next_address(&meta)), (2, 4, Some(8), None));
    }

    #[test]
    fn a_total_beyond_what_is_counted_is_a_lower_bound() {
        assert!(!page(rows(0), 2, 1, Some(10_000)).1.total_is_lower_bound);
        assert!(page(rows(0), 2, 1, Some(10_001)).1.total_is_lower_bound);
    }
}
