//! Query strings and ids in paths, strictly: an unknown or repeated key is refused, an id that cannot be
//! one is simply not found.
//!
//! A raw `+` in a query is a space, so blood groups go as `o_neg … ab_pos`.

use std::{
    borrow::Cow,
    future::{Ready, ready},
    ops::Deref,
    str::FromStr,
};

use actix_web::{FromRequest, HttpRequest, dev::Payload};
use serde::de::DeserializeOwned;
use shiryan_kernel::{
    Code, Problem, Result,
    page::{DEFAULT_LIMIT, MAX_LIMIT},
};

use super::{json::Nothing, problem::Refusal, serde_fault};

/// The most parameters of a query.
const MOST_PARAMETERS: usize = 64;
/// The most fields of a form: a questionnaire has two for each question.
const MOST_FIELDS: usize = 256;

/// The parameters of a query. Their type carries `#[serde(deny_unknown_fields)]`.
#[derive(Debug)]
pub struct Query<T> {
    value: T,
    list: String,
}

impl<T> Query<T> {
    #[must_use]
    pub fn into_inner(self) -> T {
        self.value
    }

    /// Names this list with these filters, whatever the page: the purpose that a cursor is sealed for.
    #[must_use]
    pub fn list(&self) -> &str {
        &self.list
    }
}

impl<T> Deref for Query<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T: DeserializeOwned> FromRequest for Query<T> {
    type Error = Refusal;
    type Future = Ready<Result<Self, Refusal>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let parsed = parse(request.query_string())
            .map(|value| Self { value, list: list(request.path(), request.query_string()) });
        ready(parsed.map_err(Refusal))
    }
}

/// Parses a query string.
///
/// # Errors
/// `unknown_parameter` for a key that the type lacks or that comes twice, `missing_field`, `bad_text` for
/// broken UTF-8 and control characters, `invalid_value`, or the code that the type itself gave.
pub fn parse<T: DeserializeOwned>(query: &str) -> Result<T> {
    read(query, MOST_PARAMETERS, |_| false)
}

/// Parses the fields of a form, whose values may hold line breaks.
///
/// # Errors
/// As [`parse`].
pub fn parse_form<T: DeserializeOwned>(body: &str) -> Result<T> {
    read(body, MOST_FIELDS, |c| matches!(c, '\r' | '\n'))
}

fn read<T: DeserializeOwned>(query: &str, most: usize, may_stand: fn(char) -> bool) -> Result<T> {
    let mut seen: Vec<Cow<'_, str>> = Vec::new();
    for (key, value) in form_urlencoded::parse(query.as_bytes()) {
        if broken(&key, |_| false) {
            return Err(Problem::new(Code::BadText));
        }
        if broken(&value, may_stand) {
            return Err(serde_fault::problem(key.into_owned(), Code::BadText));
        }
        if seen.contains(&key) {
            return Err(serde_fault::problem(key.into_owned(), Code::UnknownParameter));
        }
        seen.push(key);
        if seen.len() > most {
            return Err(Problem::new(Code::UnknownParameter));
        }
    }
    let pairs = serde_urlencoded::Deserializer::new(form_urlencoded::parse(query.as_bytes()));
    serde_path_to_error::deserialize(pairs).map_err(|error| {
        let message = error.inner().to_string();
        let code = match serde_fault::code(&message) {
            Code::UnknownField => Code::UnknownParameter,
            Code::WrongType => Code::InvalidValue,
            other => other,
        };
        let mut field = serde_fault::field(error.path(), &message);
        if field.is_empty() && code == Code::UnknownParameter {
            field = message.split('`').nth(1).unwrap_or_default().to_owned();
        }
        serde_fault::problem(field, code)
    })
}

/// The decoder puts U+FFFD where the percent-encoded bytes were no UTF-8.
fn broken(text: &str, may_stand: fn(char) -> bool) -> bool {
    text.chars().any(|c| (c.is_control() && !may_stand(c)) || c == '\u{FFFD}')
}

fn list(path: &str, query: &str) -> String {
    let mut pairs: Vec<_> = form_urlencoded::parse(query.as_bytes())
        .filter(|(key, _)| key != "cursor" && key != "limit")
        .collect();
    pairs.sort();
    let filters = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
    format!("{path}?{filters}")
}

/// An operation that declares no query: any key is refused. Bodies refuse one by themselves.
#[derive(Debug, Clone, Copy)]
pub struct NoQuery;

impl FromRequest for NoQuery {
    type Error = Refusal;
    type Future = Ready<Result<Self, Refusal>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(refuse_query(request).map(|()| Self).map_err(Refusal))
    }
}

/// The parameters of a list that has no filters.
#[derive(Debug, serde::Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Paging {
    #[serde(default)]
    #[param(inline, required = false)]
    pub limit: Limit,
    pub cursor: Option<String>,
}

/// # Errors
/// `unknown_parameter` for the first key, as [`parse`].
pub(super) fn refuse_query(request: &HttpRequest) -> Result<()> {
    if request.query_string().is_empty() {
        Ok(())
    } else {
        parse::<Nothing>(request.query_string()).map(drop)
    }
}

/// How many items a page holds: 1 to 200, 50 unless told. A field of a query's type:
/// `#[serde(default)] limit: Limit`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(try_from = "i64")]
pub struct Limit(i64);

impl Limit {
    #[must_use]
    pub const fn get(self) -> i64 {
        self.0
    }
}

impl Default for Limit {
    fn default() -> Self {
        Self(DEFAULT_LIMIT)
    }
}

impl TryFrom<i64> for Limit {
    type Error = Problem;
    fn try_from(limit: i64) -> Result<Self> {
        if (1..=MAX_LIMIT).contains(&limit) { Ok(Self(limit)) } else { Err(Problem::new(Code::OutOfRange)) }
    }
}

impl utoipa::PartialSchema for Limit {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        utoipa::openapi::ObjectBuilder::new()
            .schema_type(utoipa::openapi::schema::Type::Integer)
            .minimum(Some(1))
            .maximum(Some(MAX_LIMIT))
            .default(Some(DEFAULT_LIMIT.into()))
            .into()
    }
}
impl utoipa::ToSchema for Limit {}

/// The `{id}` of a path. What cannot be an id is not there: 404, the same as an unknown one.
#[derive(Debug, Clone, Copy)]
pub struct PathId<T>(pub T);

impl<T: FromStr> FromRequest for PathId<T> {
    type Error = Refusal;
    type Future = Ready<Result<Self, Refusal>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let found = request.match_info().get("id").and_then(|text| text.parse().ok());
        ready(found.map(Self).ok_or_else(|| Code::NotFound.into()))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde::Deserialize;
    use shiryan_kernel::blood::BloodGroup;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Search {
        group: BloodGroup,
        #[serde(default)]
        limit: Limit,
        cursor: Option<String>,
        on: Option<chrono::NaiveDate>,
        open: Option<bool>,
    }

    #[test]
    fn what_fits_is_read() {
        let search: Search = parse("group=o_neg&limit=200&on=2026-03-01&open=true").unwrap();
        assert_eq!((search.group, search.limit, search.open), (BloodGroup::ONeg, Limit(200), Some(true)));
        assert!(search.cursor.is_none() && search.on.is_some());
        assert_eq!(parse::<Search>("group=o_neg").unwrap().limit, Limit(50));
    }

    #[test]
    fn each_fault_has_its_key_and_its_code() {
        for (query, code, field) in [
            ("", Code::MissingField, "group"),
            ("group=o_neg&colour=red", Code::UnknownParameter, "colour"),
            ("group=o_neg&group=o_pos", Code::UnknownParameter, "group"),
            ("group=o+", Code::InvalidValue, "group"),
            ("group=o_neg&limit=0", Code::OutOfRange, "limit"),
            ("group=o_neg&limit=201", Code::OutOfRange, "limit"),
            ("group=o_neg&limit=ten", Code::InvalidValue, "limit"),
            ("group=o_neg&limit=", Code::InvalidValue, "limit"),
            ("group=o_neg&limit=99999999999999999999", Code::InvalidValue, "limit"),
            ("group=o_neg&on=2026-13-01", Code::InvalidValue, "on"),
            ("group=o_neg&open=yes", Code::InvalidValue, "open"),
            ("group=o_neg&cursor=%FF", Code::BadText, "cursor"),
            ("group=o_neg&cursor=a%00", Code::BadText, "cursor"),
        ] {
            let problem = parse::<Search>(query).unwrap_err();
            assert_eq!(problem.code, code, "{query}");
            assert_eq!(problem.errors.first().map_or("", |error| error.field.as_str()), field, "{query}");
        }
    }

    #[test]
    fn a_list_is_the_same_on_every_page() {
        assert_eq!(list("/a", "b=2&a=1&cursor=x"), list("/a", "limit=7&a=1&b=2"));
        assert_ne!(list("/a", "a=1"), list("/a", "a=2"));
        assert_ne!(list("/a", "a=1%26b%3D2"), list("/a", "a=1&b=2"));
    }

    proptest! {
        #[test]
        fn any_query_is_read_or_refused(query in "\\PC{0,80}") {
            let _ = parse::<Search>(&query);
        }
    }
}
