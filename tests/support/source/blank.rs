//! Blanks comments, strings and characters in source text, and keeps its lines.
#![expect(clippy::string_slice, reason = "every position comes from a search in the same text")]

/// Replaces comments, strings and character literals by spaces.
pub(crate) fn blank(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let skipped = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if let Some(string) = rest.strip_prefix('"') {
            string_end(string) + 1
        } else if let Some(fence) = raw_fence(rest) {
            let close = format!("\"{}", &fence[1..]);
            let body = fence.len() + 1;
            rest[body..].find(&close).map_or(rest.len(), |end| body + end + close.len())
        } else if first == '\'' {
            character_end(rest)
        } else {
            0
        };
        if skipped == 0 {
            out.push(first);
            rest = &rest[first.len_utf8()..];
        } else {
            out.extend(rest[..skipped].chars().map(|c| if c == '\n' { '\n' } else { ' ' }));
            rest = &rest[skipped..];
        }
    }
    out
}

/// Returns the position after the closing quote of a string whose opening quote was removed.
fn string_end(string: &str) -> usize {
    let mut escaped = false;
    let close = string.find(|c| {
        let closes = c == '"' && !escaped;
        escaped = c == '\\' && !escaped;
        closes
    });
    close.map_or(string.len(), |at| at + 1)
}

/// Returns the `r##` of a raw string that begins here.
fn raw_fence(text: &str) -> Option<&str> {
    let hashes = text.strip_prefix('r')?.find(|c| c != '#')?;
    text[1 + hashes..].starts_with('"').then(|| &text[..=hashes])
}

/// Returns the end of a character literal that begins here, or 0 if it is a lifetime.
fn character_end(text: &str) -> usize {
    let mut chars = text.char_indices().skip(1);
    match chars.next() {
        Some((_, '\\')) => text[2..].find('\'').map_or(0, |at| if at == 0 { 4 } else { at + 3 }),
        Some(_) => chars.next().filter(|&(_, c)| c == '\'').map_or(0, |(at, _)| at + 1),
        None => 0,
    }
}
