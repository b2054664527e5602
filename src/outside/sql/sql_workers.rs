//! SQL in a Durable Object. A statement is one call out of wasm, with text each way; blobs go beside it.

use core::fmt;
use core::panic::AssertUnwindSafe;

use bytes::Bytes;
use js_sys::{Array, Uint8Array};
use serde::de::{Deserialize, Deserializer, Error, SeqAccess, Visitor};
use wasm_bindgen::prelude::*;

use super::{Cut, SqlResult, SqlValue, Statement};
use crate::limits::{MAX_SQL_INTEGER, MAX_STORAGE_RESULT_BYTES, SQL_VALUE_BYTES};
use crate::outside::Outside;
use crate::value::json_writer::{push_number, push_quoted};

#[wasm_bindgen(module = "/src/outside/sql.js")]
extern "C" {
    #[wasm_bindgen(js_name = runStatement)]
    fn run_statement(
        state: &JsValue,
        sql: &str,
        params: &str,
        blobs: &JsValue,
        max_rows: usize,
        max_bytes: usize,
        value_bytes: usize,
    ) -> JsValue;
    #[wasm_bindgen(js_name = inTransaction)]
    fn in_transaction(state: &JsValue, body: &mut dyn FnMut() -> bool) -> Option<String>;
}

pub(super) fn run(outside: &Outside, statement: &Statement<'_>) -> Result<SqlResult, String> {
    let Statement { sql, params, max_rows } = *statement;
    let (mut text, mut blobs) = ("[".to_owned(), JsValue::UNDEFINED);
    for (index, param) in params.iter().enumerate() {
        if index > 0 {
            text.push(',');
        }
        push_value(param, &mut text, &mut blobs);
    }
    text.push(']');
    let returned =
        run_statement(&outside.state, sql, &text, &blobs, max_rows, MAX_STORAGE_RESULT_BYTES, SQL_VALUE_BYTES);
    let (text, blobs) = match returned.as_string() {
        Some(text) => (text, Vec::new()),
        None => with_blobs(&Array::from(&returned)),
    };
    if let Some(problem) = text.strip_prefix('!') {
        return Err(problem.to_owned());
    }
    let Head(changes, written, cut, columns, values) =
        serde_json::from_str(&text).map_err(|error| error.to_string())?;
    let values = values.into_iter().map(|Written(value)| value.into_value(&blobs)).collect();
    let cut = match cut {
        0 => Cut::Not,
        1 => Cut::Rows,
        _ => Cut::Bytes,
    };
    Ok(SqlResult { columns, values, changes, written, cut })
}

pub(super) fn atomic(outside: &Outside, body: &mut dyn FnMut() -> bool) -> Result<(), String> {
    // It does not unwind. The whole wrapper is moved, for what is captured alone is not asserted.
    let mut body = AssertUnwindSafe(body);
    let mut call = move || {
        let AssertUnwindSafe(body) = &mut body;
        body()
    };
    in_transaction(&outside.state, &mut call).map_or(Ok(()), Err)
}

/// Writes a value as `sql.js` reads it: a number that JSON may not keep as its two halves, and a blob as its index.
fn push_value(value: &SqlValue, text: &mut String, blobs: &mut JsValue) {
    match value {
        SqlValue::Null => text.push_str("null"),
        SqlValue::Number(number) => {
            #[expect(clippy::cast_precision_loss, reason = "the limit is exact")]
            let is_exact = number.fract() == 0.0 && number.abs() <= MAX_SQL_INTEGER as f64;
            if is_exact {
                if *number < 0.0 {
                    text.push('-');
                }
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "it is an integer of at most 53 bits without a sign"
                )]
                let magnitude = number.abs() as u64;
                push_number(magnitude, text);
            } else {
                let bits = number.to_bits();
                text.push('[');
                push_number(bits >> 32, text);
                text.push(',');
                push_number(bits & u64::from(u32::MAX), text);
                text.push(']');
            }
        }
        SqlValue::Text(value) => push_quoted(value, text),
        SqlValue::Blob(bytes) => {
            if blobs.is_undefined() {
                *blobs = Array::new().into();
            }
            let all = Array::unchecked_from_js_ref(blobs);
            text.push('[');
            push_number(all.length().into(), text);
            text.push(']');
            all.push(&Uint8Array::from(&**bytes));
        }
    }
}

fn with_blobs(returned: &Array) -> (String, Vec<Bytes>) {
    let text = returned.get(0).as_string().unwrap_or_default();
    let blobs = (1..returned.length()).map(|index| Uint8Array::new(&returned.get(index)).to_vec().into());
    (text, blobs.collect())
}

/// What `sql.js` returns, as JSON.
#[derive(serde::Deserialize)]
struct Head(u32, u32, u8, Vec<String>, Vec<Written>);

/// A value as `sql.js` writes it.
struct Written(InJson);

enum InJson {
    Value(SqlValue),
    Blob(usize),
}

impl InJson {
    fn into_value(self, blobs: &[Bytes]) -> SqlValue {
        match self {
            Self::Value(value) => value,
            Self::Blob(index) => blobs.get(index).map_or(SqlValue::Null, |bytes| SqlValue::Blob(bytes.clone())),
        }
    }
}

impl<'de> Deserialize<'de> for Written {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(WrittenVisitor).map(Self)
    }
}

struct WrittenVisitor;

impl<'de> Visitor<'de> for WrittenVisitor {
    type Value = InJson;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value of SQLite")
    }

    fn visit_unit<E: Error>(self) -> Result<InJson, E> {
        Ok(InJson::Value(SqlValue::Null))
    }

    #[expect(clippy::cast_precision_loss, reason = "sql.js writes integers of at most 53 bits")]
    fn visit_u64<E: Error>(self, number: u64) -> Result<InJson, E> {
        Ok(InJson::Value(SqlValue::Number(number as f64)))
    }

    #[expect(clippy::cast_precision_loss, reason = "sql.js writes integers of at most 53 bits")]
    fn visit_i64<E: Error>(self, number: i64) -> Result<InJson, E> {
        Ok(InJson::Value(SqlValue::Number(number as f64)))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<InJson, E> {
        Ok(InJson::Value(SqlValue::Text(text.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<InJson, A::Error> {
        let first = seq.next_element::<u32>()?.unwrap_or_default();
        Ok(match seq.next_element::<u32>()? {
            Some(low) => InJson::Value(SqlValue::Number(f64::from_bits(u64::from(first) << 32 | u64::from(low)))),
            None => InJson::Blob(first as usize),
        })
    }
}
