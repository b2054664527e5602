//! D1 databases.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::Outside;
#[cfg(not(target_arch = "wasm32"))]
use super::d1_fake::Binding;
#[cfg(target_arch = "wasm32")]
use super::d1_workers::Binding;
use super::exact_numbers::check_numbers;
use crate::error::Failure;
use crate::value::json;

/// The code of what went wrong with D1.
pub(super) const CODE: &str = "D1";

/// A D1 database, which [`Env::d1`](super::Env::d1) returns: SQLite that all Workers of an account can share. What belongs to one world
/// alone is faster in its [`Storage`](crate::Storage). In tests, `TestWorld::d1` makes one, and a
/// closure answers.
///
/// The parameters are values that serde can write: a tuple or a list for `?1`, `?2`, …, or a single value for `?1`; `()` for none.
/// `None` is `NULL`. An integer beyond 2^53 - 1 is refused, because the runtime would change it: pass a text. A row becomes a struct by the names of its columns.
///
/// ```
/// use dormouse::testing::TestWorld;
/// use dormouse::{Ack, App, Data, Env, Failure};
///
/// #[derive(serde::Deserialize, serde::Serialize)]
/// struct Player { name: String, score: u32 }
///
/// async fn best(env: Env, Data(least): Data<u32>) -> Result<Ack<Vec<Player>>, Failure> {
///     let sql = "SELECT name, score FROM players WHERE score >= ?1 ORDER BY score DESC";
///     Ok(Ack(env.d1("DB")?.query(sql, least).await?))
/// }
///
/// let world = TestWorld::new(|| App::new().namespace("/", |ns| ns.on("best", best)));
/// world.d1("DB").on_query(|sql, params| {
///     assert!(sql.starts_with("SELECT") && params == [10]);
///     vec![serde_json::json!({ "name": "Anna", "score": 12 })]
/// });
/// let ack = world.connect("/").emit_with_ack("best", 10);
/// assert_eq!(ack.args().expect("an acknowledgement").to_json(), r#"[[{"name":"Anna","score":12}]]"#);
/// ```
///
/// # Errors
/// Those of all methods are [`OutsideError`](crate::error::OutsideError)s with the code `D1`: the database refused the statement, a parameter would lose digits, or the database failed. The rows that are read at once may have
/// 8,000,000 bytes of JSON.
#[derive(Clone, Debug)]
pub struct D1(Binding);

/// A statement of a [`D1::batch`].
#[derive(Clone, Debug)]
pub struct D1Statement {
    pub(super) sql: String,
    /// A list, as JSON.
    pub(super) params: Result<String, Failure>,
}

impl D1Statement {
    /// Returns a statement with its parameters.
    pub fn new(sql: impl Into<String>, params: impl Serialize) -> Self {
        Self { sql: sql.into(), params: list(&params) }
    }
}

impl D1 {
    pub(super) fn new(outside: &Outside, name: &str) -> Result<Self, Failure> {
        Binding::new(outside, name).map(Self)
    }

    /// Runs a statement, and returns its rows.
    ///
    /// # Errors
    /// See [`D1`]; or a row is not a `T`.
    pub async fn query<T: DeserializeOwned>(&self, sql: &str, params: impl Serialize) -> Result<Vec<T>, Failure> {
        let rows = self.0.query(sql, &list(&params)?).await?;
        Ok(json::from_str(&rows)?)
    }

    /// Runs a statement, and returns how many rows it has changed.
    ///
    /// # Errors
    /// See [`D1`].
    pub async fn execute(&self, sql: &str, params: impl Serialize) -> Result<u64, Failure> {
        self.0.execute(sql, &list(&params)?).await
    }

    /// Runs statements in one transaction: all of them, or none if one fails. Returns how many rows each has changed.
    ///
    /// # Errors
    /// See [`D1`].
    pub async fn batch(&self, statements: impl IntoIterator<Item = D1Statement>) -> Result<Vec<u64>, Failure> {
        self.0.batch(statements.into_iter().collect()).await
    }
}

/// Returns parameters as a list, as JSON.
fn list(params: &impl Serialize) -> Result<String, Failure> {
    // `()` and `None` are both `null`, and only `None` has a size.
    listed(serde_json::to_string(params)?, size_of_val(params) == 0)
}

fn listed(params: String, is_unit: bool) -> Result<String, Failure> {
    check_numbers(&params, CODE)?;
    Ok(match params.as_str() {
        "null" if is_unit => "[]".to_owned(),
        one if one.starts_with('[') => params,
        one => format!("[{one}]"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_a_list() {
        let of = |params: Result<String, Failure>| params.expect("JSON");
        assert_eq!(of(list(&())), "[]");
        assert_eq!(of(list(&"a")), r#"["a"]"#);
        assert_eq!(of(list(&None::<u32>)), "[null]");
        assert_eq!(of(list(&None::<()>)), "[null]");
        assert_eq!(of(list(&("a", 1, None::<u8>))), r#"["a",1,null]"#);
        assert_eq!(of(list(&[1, 2])), "[1,2]");
        assert_eq!(of(list(&[0_u8; 0])), "[]");
    }
}
