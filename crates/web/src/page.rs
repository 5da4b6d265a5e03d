use std::fmt::Display;
use std::str::FromStr;

use axum::extract::FromRequestParts;
use http::Uri;
use http::request::Parts;
use serde::Serialize;
use serde::de::DeserializeOwned;
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::{ObjectBuilder, Type};
use utoipa::{IntoParams, ToSchema};

use crate::{NoParameters, Problem};

/// Rows of a page when the caller says nothing.
const PAGE_ROWS: u16 = 100;

/// Rows of the longest page.
pub const PAGE_ROWS_MAX: u16 = 500;

/// One page of a list; `next` is the cursor to send as `after` for the following one.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Page<T> {
    /// In a stable order.
    pub items: Vec<T>,
    /// Absent on the last page.
    pub next: Option<String>,
}

impl<T> Page<T> {
    /// The page of these rows, of which one more than `limit` was read to see whether another page follows.
    pub fn new<C: Display>(mut rows: Vec<T>, limit: i64, cursor: impl FnOnce(&T) -> C) -> Self {
        let limit = usize::try_from(limit).unwrap_or_default();
        let more = rows.len() > limit;
        rows.truncate(limit);
        let next = rows.last().filter(|_| more).map(|last| cursor(last).to_string());
        Self { items: rows, next }
    }

    /// Turns each row into what is shown of it.
    #[must_use]
    pub fn map<U>(self, show: impl FnMut(T) -> U) -> Page<U> {
        Page {
            items: self.items.into_iter().map(show).collect(),
            next: self.next,
        }
    }
}

/// Which page of a list is asked for: `?after=` the `next` of the page before, `&limit=` how many rows; `F` is what else chooses rows.
#[derive(Debug, Clone)]
pub struct PageQuery<C, F = NoParameters> {
    /// The last row of the page before; nothing on the first page.
    pub after: Option<C>,
    /// How many rows to read, 1 to [`PAGE_ROWS_MAX`].
    pub limit: i64,
    /// Which rows are listed at all.
    pub filter: F,
}

impl<C: FromStr, F: DeserializeOwned> PageQuery<C, F> {
    fn parse(uri: &Uri) -> Result<Self, Problem> {
        let axum::extract::Query(pairs) = axum::extract::Query::<Vec<(String, String)>>::try_from_uri(uri)?;
        let (mut after, mut limit, mut rest) = (None, PAGE_ROWS, Vec::new());
        for (name, value) in pairs {
            match name.as_str() {
                "after" => after = Some(value.parse().map_err(|_| not_a_cursor())?),
                "limit" => limit = rows(&value)?,
                _ => rest.push((name, value)),
            }
        }
        let rest = serde_urlencoded::to_string(rest).expect("pairs of texts are encoded");
        let rest = Uri::try_from(format!("/?{rest}")).expect("what is encoded is a query");
        let axum::extract::Query(filter) = axum::extract::Query::try_from_uri(&rest)?;
        Ok(Self {
            after,
            limit: limit.into(),
            filter,
        })
    }
}

fn not_a_cursor() -> Problem {
    Problem::bad_request("« after » n'est pas un « next » d'une page précédente.")
}

fn rows(value: &str) -> Result<u16, Problem> {
    let rows = value.parse().ok().filter(|rows| (1..=PAGE_ROWS_MAX).contains(rows));
    rows.ok_or_else(|| Problem::bad_request(format!("« limit » est un nombre de lignes, de 1 à {PAGE_ROWS_MAX}.")))
}

impl<S, C, F> FromRequestParts<S> for PageQuery<C, F>
where
    S: Send + Sync,
    C: FromStr + Send,
    F: DeserializeOwned + Send,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        Self::parse(&parts.uri)
    }
}

impl<C, F: IntoParams> IntoParams for PageQuery<C, F> {
    fn into_params(parameter_in: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let parameter = |name: &str, description: &str, schema: ObjectBuilder| {
            ParameterBuilder::new()
                .name(name)
                .parameter_in(ParameterIn::Query)
                .description(Some(description))
                .schema(Some(schema.build()))
                .build()
        };
        let text = ObjectBuilder::new().schema_type(Type::String);
        let rows = ObjectBuilder::new()
            .schema_type(Type::Integer)
            .minimum(Some(1))
            .maximum(Some(PAGE_ROWS_MAX));
        let mut parameters = vec![
            parameter("after", "The `next` of the page before", text),
            parameter("limit", "Rows; 100 when absent", rows),
        ];
        parameters.extend(F::into_params(parameter_in));
        parameters
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Things {
        large: Option<bool>,
    }

    fn read<F: DeserializeOwned>(query: &str) -> Result<PageQuery<u32, F>, Problem> {
        PageQuery::parse(&format!("/?{query}").parse().unwrap())
    }

    fn told<T>(read: Result<T, Problem>) -> String {
        let problem = read.err().expect("it is refused");
        problem.into_members()["detail"].as_str().expect("a detail").to_owned()
    }

    #[test]
    fn a_page_is_read_beside_what_chooses_its_rows() {
        let query = read::<Things>("large=true&after=7&limit=20").unwrap();
        assert_eq!(
            (query.after, query.limit, query.filter.large),
            (Some(7), 20, Some(true))
        );
        let query = read::<NoParameters>("").unwrap();
        assert_eq!((query.after, query.limit), (None, i64::from(PAGE_ROWS)));
    }

    #[test]
    fn what_cannot_be_read_is_told() {
        assert!(told(read::<NoParameters>("after=x")).contains("« after »"));
        for limit in ["0", "501", "-1", "all"] {
            let query = format!("limit={limit}");
            assert!(told(read::<NoParameters>(&query)).contains("de 1 à 500"), "{limit}");
        }
        assert!(told(read::<NoParameters>("before=3")).contains("before"));
        assert!(told(read::<Things>("large=perhaps")).contains("ne conviennent pas"));
    }

    #[test]
    fn a_page_that_another_follows_names_its_last_row() {
        let page = Page::new(vec![1, 2, 3], 2, |&last| last);
        assert_eq!((page.items, page.next.as_deref()), (vec![1, 2], Some("2")));
        assert_eq!(Page::new(vec![1, 2], 2, |&last| last).next, None);
    }
}
