//! D1 databases of tests: a closure answers.

use core::cell::RefCell;
use core::fmt;
use std::rc::Rc;

use serde_json::Value;

use super::Outside;
use super::binding_kind::D1;
use super::d1::{CODE, D1Statement};
use crate::error::{Failure, OutsideError};

/// What a test answers to a statement: rows, the number of changed rows, or an error.
#[derive(Debug)]
pub struct D1Answer(Result<(Vec<Value>, u64), OutsideError>);

impl From<Vec<Value>> for D1Answer {
    fn from(rows: Vec<Value>) -> Self {
        Self(Ok((rows, 0)))
    }
}

impl From<u64> for D1Answer {
    fn from(changed: u64) -> Self {
        Self(Ok((Vec::new(), changed)))
    }
}

impl<T: Into<Self>> From<Result<T, OutsideError>> for D1Answer {
    fn from(answer: Result<T, OutsideError>) -> Self {
        answer.map_or_else(|error| Self(Err(error)), Into::into)
    }
}

/// Answers statements.
#[derive(Default)]
pub(crate) struct D1Fake(RefCell<Option<Answers>>);

type Answers = Rc<dyn Fn(&str, &[Value]) -> D1Answer>;

impl D1Fake {
    pub(crate) fn set<A: Into<D1Answer>>(&self, answer: impl Fn(&str, &[Value]) -> A + 'static) {
        *self.0.borrow_mut() = Some(Rc::new(move |sql, params| answer(sql, params).into()));
    }

    fn answer(&self, sql: &str, params: &str) -> Result<(Vec<Value>, u64), Failure> {
        let Some(answers) = self.0.borrow().clone() else {
            let problem = format!("{sql}: nothing answers in this test; call on_query of what TestWorld::d1 returns");
            return Err(Failure::of_outside(CODE, problem));
        };
        let params: Vec<Value> = serde_json::from_str(params)?;
        Ok(answers(sql, &params).0?)
    }
}

impl fmt::Debug for D1Fake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("D1Fake")
    }
}

/// A D1 database.
#[derive(Clone, Debug)]
pub(super) struct Binding {
    outside: Outside,
    fake: Rc<D1Fake>,
}

impl Binding {
    pub(super) fn new(outside: &Outside, name: &str) -> Result<Self, Failure> {
        Ok(Self { outside: outside.clone(), fake: outside.bound(&D1, name)? })
    }

    pub(super) async fn query(&self, sql: &str, params: &str) -> Result<String, Failure> {
        self.outside.cross().await;
        Ok(serde_json::to_string(&self.fake.answer(sql, params)?.0)?)
    }

    pub(super) async fn execute(&self, sql: &str, params: &str) -> Result<u64, Failure> {
        self.outside.cross().await;
        Ok(self.fake.answer(sql, params)?.1)
    }

    pub(super) async fn batch(&self, statements: Vec<D1Statement>) -> Result<Vec<u64>, Failure> {
        self.outside.cross().await;
        statements.into_iter().map(|D1Statement { sql, params }| Ok(self.fake.answer(&sql, &params?)?.1)).collect()
    }
}
