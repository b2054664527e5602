//! The transcripts' notation for what clients get.

use bytes::Bytes;
use dormouse::internal::Response;

/// Returns a response in the transcripts' notation: the status and the body.
pub(crate) fn show(answer: &Response) -> String {
    match answer {
        Response::Payload(body) => format!("200 {}", body.replace('\u{1e}', " \u{241e} ")),
        Response::Ok => "200 ok".to_owned(),
        Response::TooLong => "413".to_owned(),
        Response::Refused(refusal) => format!("{} {}", refusal.status(), refusal.to_json()),
    }
}

/// Returns bytes in the transcripts' notation.
pub(crate) fn hex(bytes: &Bytes) -> String {
    let is_one_byte = bytes.len() > 20 && bytes.iter().all(|byte| byte == &bytes[0]);
    let shown = if is_one_byte { &bytes[..1] } else { bytes };
    let digits = shown.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    let digits: String = digits.filter_map(|digit| char::from_digit(digit.into(), 16)).collect();
    if is_one_byte { format!("<({digits}*{})>", bytes.len()) } else { format!("<{digits}>") }
}
