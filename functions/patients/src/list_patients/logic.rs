//! Cutting rows into a page.

use super::schema::{PatientItem, PatientList};
use shared::cursor::{COUNTED_AT_MOST, Cursor, CursorScope as _};
use shared::reply::PageMeta;

/// The page of the rows found, of which there is one more than `limit` when another page follows.
pub(super) fn page(
    mut rows: Vec<PatientItem>,
    limit: u8,
    number: u32,
    total: Option<i64>,
) -> (Vec<PatientItem>, PageMeta) {
    let has_more = rows.len() > usize::from(limit);
    rows.truncate(usize::from(limit));
    let next = rows.last().filter(|_| has_more).map(|last| {
        let page = number.saturating_add(1);
        Cursor { page, at: last.created_at, id: last.id }.encode(PatientList::SCOPE)
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
    Some(format!("{}?limit={}&cursor={cursor}", PatientList::SCOPE, meta.limit))
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::Timestamp;
    use shared::validation::Text;
    use uuid::Uuid;

    fn rows(count: u128) -> Vec<PatientItem> {
        let item = |number| PatientItem {
            id: Uuid::from_u128(number),
            full_name: Text::try_from("a name").unwrap(),
            birth_date: None,
            phone: None,
            email: None,
            version: 1,
            created_at: Timestamp::UNIX_EPOCH,
        };
        (0..count).map(item).collect()
    }

    #[test]
    fn the_row_beyond_the_limit_says_that_more_follow_and_is_not_shown() {
        let (shown, meta) = page(rows(3), 2, 1, None);
        assert_eq!((shown.len(), meta.has_more), (2, true));
        let next = Cursor::decode(&meta.next_cursor.unwrap(), PatientList::SCOPE).unwrap();
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
