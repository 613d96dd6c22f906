//! Pages of a list (B8), newest first: the query, the place where a page begins, and the page made of rows.
//!
//! A list is named by the type of its items. A slice has a statement for the rows behind [`PageQuery::start`], one more
//! than the page has, and one that counts them; [`PageQuery::read`] makes the page. A list with filters has a query of its own, which
//! [leads](PageQuery::filtered) to its page; one of what belongs to a single thing [names it](PageQuery::within).

use crate::database::Statement;
use crate::failure::{Error, Failure, NoFailure};
use crate::http::filtered_cursor::{address, scope};
use crate::http::{Call, Cursor, CursorOf, Fields, FilteredCursor, Listed, PageMeta, Reply};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokio_postgres::types::Timestamp;
use uuid::Uuid;
use validator::Validate;

/// The number up to which rows are counted.
pub const COUNTED_AT_MOST: i64 = 10_001;

/// Which page.
#[derive(Debug, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(rename_all = "camelCase", deny_unknown_fields, bound = "T: Listed")]
#[schemars(bound = "T: Listed")]
pub struct PageQuery<T> {
    /// How many a page, 1–100; 20 unless given.
    #[validate(range(min = 1, max = 100))]
    #[schemars(example = 20, extend("default" = 20))]
    pub limit: Option<i64>,
    /// `meta.nextCursor` of the page before.
    pub cursor: Option<CursorOf<T>>,
    /// Whether to count them all, up to 10 001.
    #[schemars(extend("default" = false))]
    pub include_total: Option<bool>,
    /// The filters of the list, as the address of the next page has them.
    #[serde(skip)]
    filters: String,
    /// The thing to whose list the page belongs, if the list has its id in the address.
    #[serde(skip)]
    id: Option<Uuid>,
}

impl<T: Listed> Fields for PageQuery<T> {}

impl<T: Listed + Serialize + Send> PageQuery<T> {
    /// The page of a list with filters, written as [`FilteredCursor::of`] says; the query has checked that the cursor is theirs.
    pub fn filtered(
        limit: Option<i64>,
        cursor: Option<&FilteredCursor<T>>,
        include_total: Option<bool>,
        filters: String,
    ) -> Self {
        let cursor = cursor.and_then(|cursor| cursor.of(&filters));
        Self { limit, cursor, include_total, filters, id: None }
    }

    /// As [`PageQuery::filtered`], of the list of what belongs to the thing with that id; the query has checked its cursor by
    /// [`FilteredCursor::check_within`].
    pub fn within(
        id: Uuid,
        limit: Option<i64>,
        cursor: Option<&FilteredCursor<T>>,
        include_total: Option<bool>,
        filters: String,
    ) -> Self {
        let cursor = cursor.and_then(|cursor| cursor.within(Some(id), &filters));
        Self { limit, cursor, include_total, filters, id: Some(id) }
    }

    /// The most items of the page.
    fn limit(&self) -> u8 {
        self.limit.and_then(|limit| u8::try_from(limit).ok()).unwrap_or(20)
    }

    fn cursor(&self) -> Option<Cursor> {
        self.cursor.as_ref().map(CursorOf::cursor)
    }

    /// The time and id behind which the page begins; without a cursor the end of time.
    pub fn start(&self) -> (Timestamp<jiff::Timestamp>, Uuid) {
        match self.cursor() {
            Some(cursor) => (Timestamp::Value(cursor.at), cursor.id),
            None => (Timestamp::PosInfinity, Uuid::max()),
        }
    }

    /// The number of rows to read: one more than the page has, to know whether another page follows.
    pub fn rows(&self) -> i64 {
        i64::from(self.limit()) + 1
    }

    /// Reads these rows and, when the query says so, their number, in one round trip, and makes the page of them.
    ///
    /// # Errors
    /// A fault of reading.
    pub async fn read(
        &self,
        call: &Call<'_>,
        rows: Statement<T>,
        count: impl FnOnce() -> Statement<i64> + Send,
    ) -> Result<Reply<Vec<T>>, Error<NoFailure>> {
        let mut tx = call.read()?;
        let rows = tx.add(rows);
        let total = self.counts().then(|| tx.add(count()));
        let done = tx.commit::<NoFailure>().await?;
        let total = total.map(|handle| done.one(&handle)).transpose()?;
        Ok(self.reply(done.many(&rows)?, total))
    }

    /// As [`PageQuery::read`], of what belongs to one thing: `thing` gives a row if it is there, else it is `missing`.
    ///
    /// # Errors
    /// `missing`, and a fault of reading.
    pub async fn read_of<F: Failure>(
        &self,
        call: &Call<'_>,
        (thing, missing): (Statement<()>, F),
        rows: Statement<T>,
        count: impl FnOnce() -> Statement<i64> + Send,
    ) -> Result<Reply<Vec<T>>, Error<F>> {
        let mut tx = call.read()?;
        let thing = tx.add(thing);
        let rows = tx.add(rows);
        let total = self.counts().then(|| tx.add(count()));
        let done = tx.commit::<F>().await?;
        done.optional(&thing)?.ok_or(missing)?;
        let total = total.map(|handle| done.one(&handle)).transpose()?;
        Ok(self.reply(done.many(&rows)?, total))
    }

    /// Whether to count all items.
    fn counts(&self) -> bool {
        self.include_total.unwrap_or(false)
    }

    /// The page of these rows, with the address of the next page.
    fn reply(&self, rows: Vec<T>, total: Option<i64>) -> Reply<Vec<T>> {
        let (items, meta) = self.cut(rows, total);
        let next = meta.next_cursor.as_ref();
        let filters = if self.filters.is_empty() { String::new() } else { format!("&{}", self.filters) };
        let address = address::<T>(self.id);
        let next = next.map(|cursor| format!("{address}?limit={}{filters}&cursor={cursor}", meta.limit));
        Reply::ok(items).page(meta, next)
    }

    fn cut(&self, mut rows: Vec<T>, total: Option<i64>) -> (Vec<T>, PageMeta) {
        let (limit, page) = (self.limit(), self.cursor().map_or(1, |cursor| cursor.page));
        let has_more = rows.len() > usize::from(limit);
        rows.truncate(usize::from(limit));
        let next_cursor = rows.last().filter(|_| has_more).map(|last| {
            let (at, id) = last.place();
            Cursor { page: page.saturating_add(1), at, id }.encode(&scope::<T>(self.id, &self.filters))
        });
        let total_is_lower_bound = total.is_some_and(|total| total >= COUNTED_AT_MOST);
        (rows, PageMeta { page, limit, total, total_is_lower_bound, has_more, next_cursor })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::Answer as _;
    use jiff::Timestamp as Instant;

    #[derive(Serialize, JsonSchema)]
    struct Item(u128);

    impl Listed for Item {
        const LIST: &'static str = "/items";

        fn place(&self) -> (Instant, Uuid) {
            (Instant::UNIX_EPOCH, Uuid::from_u128(self.0))
        }
    }

    /// The first page of so many.
    fn of(limit: Option<i64>) -> PageQuery<Item> {
        PageQuery::filtered(limit, None, None, String::new())
    }

    /// The second page of a hundred, behind that place.
    fn far(at: Instant, id: u128) -> PageQuery<Item> {
        let cursor = Cursor { page: 2, at, id: Uuid::from_u128(id) };
        PageQuery { cursor: Some(CursorOf::of(cursor)), ..of(Some(100)) }
    }

    fn page(limit: i64, count: u128, total: Option<i64>) -> (Vec<Item>, PageMeta) {
        of(Some(limit)).cut((0..count).map(Item).collect(), total)
    }

    #[test]
    fn the_row_beyond_the_limit_says_that_more_follow_and_is_not_shown() {
        let (items, meta) = page(2, 3, None);
        assert_eq!((items.len(), meta.has_more), (2, true));
        let next = Cursor::decode(&meta.next_cursor.unwrap(), Item::LIST).unwrap();
        assert_eq!((next.page, next.id), (2, Uuid::from_u128(1)));
    }

    #[test]
    fn the_next_page_of_a_list_with_filters_has_the_same_ones() {
        let query = PageQuery::filtered(Some(1), None, None, "state=open&kind=x".to_owned());
        let response = query.reply(vec![Item(0), Item(1)], None).respond().unwrap();
        let link = response.headers["link"].to_str().unwrap();
        let cursor = link.strip_prefix("</items?limit=1&state=open&kind=x&cursor=").unwrap();
        let cursor = cursor.strip_suffix(">; rel=\"next\"").unwrap();
        assert!(Cursor::decode(cursor, "/items?state=open&kind=x").is_some());
        assert!(Cursor::decode(cursor, "/items").is_none());
    }

    #[test]
    fn the_next_page_of_what_belongs_to_one_thing_is_at_its_own_address() {
        #[derive(Serialize, JsonSchema)]
        struct Part;
        impl Listed for Part {
            const LIST: &'static str = "/a/{id}/parts";

            fn place(&self) -> (Instant, Uuid) {
                (Instant::UNIX_EPOCH, Uuid::nil())
            }
        }
        let id = Uuid::from_u128(7);
        let query = PageQuery::within(id, Some(1), None, None, "kind=x".to_owned());
        let response = query.reply(vec![Part, Part], None).respond().unwrap();
        let link = response.headers["link"].to_str().unwrap();
        let cursor = link.strip_prefix(&format!("</a/{id}/parts?limit=1&kind=x&cursor=")).unwrap();
        let cursor = cursor.strip_suffix(">; rel=\"next\"").unwrap();
        assert!(Cursor::decode(cursor, &format!("/a/{id}/parts?kind=x")).is_some());
    }

    #[test]
    fn the_last_page_leads_nowhere() {
        let (items, meta) = far(Instant::UNIX_EPOCH, 0).cut(vec![Item(1), Item(2)], Some(8));
        assert_eq!((items.len(), meta.page, meta.limit, meta.total), (2, 2, 100, Some(8)));
        assert_eq!((meta.has_more, meta.next_cursor), (false, None));
    }

    #[test]
    fn the_first_page_begins_at_the_end_of_time_and_a_later_one_behind_its_cursor() {
        let at = "2026-11-21T10:00:00Z".parse().unwrap();
        let (first, far) = (of(None), far(at, 7));
        assert_eq!(first.start(), (Timestamp::PosInfinity, Uuid::max()));
        assert_eq!(far.start(), (Timestamp::Value(at), Uuid::from_u128(7)));
        assert_eq!((first.rows(), far.rows(), first.counts()), (21, 101, false));
    }

    #[test]
    fn a_total_beyond_what_is_counted_is_a_lower_bound() {
        let is_lower_bound = |total| page(2, 0, Some(total)).1.total_is_lower_bound;
        assert_eq!([10_000, 10_001].map(is_lower_bound), [false, true]);
    }
}
