//! The names of Dormouse's own tables in SQL statements.

/// The tables of `cloudflare/database.js`.
const OWN_TABLES: [&str; 3] = ["stored", "spilled", "roster"];

/// Returns the first name in a statement that is one of Dormouse's own tables. Texts and comments are no names; neither is a column of
/// another table (`crop.stored`), or the keyword of a generated column (`AS (…) STORED`).
pub(super) fn named_own_table(sql: &str) -> Option<&str> {
    let mut rest = sql;
    let mut before = Before::Other;
    loop {
        let (token, tail) = next_token(rest)?;
        rest = tail;
        before = match token {
            Token::Name(name) => {
                let is_own = OWN_TABLES.iter().any(|own| own.eq_ignore_ascii_case(name));
                let is_column = before == Before::Dot(false);
                let is_keyword = before == Before::Parenthesis && name.eq_ignore_ascii_case("stored");
                if is_own && !is_column && !is_keyword {
                    return Some(name);
                }
                Before::Name(name.eq_ignore_ascii_case("main"))
            }
            // What follows the name of the database is a table.
            Token::Other('.') => Before::Dot(before == Before::Name(true)),
            Token::Other(')') => Before::Parenthesis,
            Token::Other(_) => Before::Other,
        };
    }
}

/// What is before a name.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Before {
    /// A name; whether it is that of the database.
    Name(bool),
    /// A dot; whether the name of the database is before it.
    Dot(bool),
    /// A `)`.
    Parenthesis,
    /// Anything else.
    Other,
}

enum Token<'a> {
    Name(&'a str),
    Other(char),
}

/// Returns the next token that is no space, comment or text, and what follows it.
fn next_token(mut sql: &str) -> Option<(Token<'_>, &str)> {
    loop {
        sql = sql.trim_start();
        if let Some(comment) = sql.strip_prefix("--") {
            sql = comment.split_once('\n')?.1;
        } else if let Some(comment) = sql.strip_prefix("/*") {
            sql = comment.split_once("*/")?.1;
        } else if let Some(text) = sql.strip_prefix('\'') {
            // Two quotes in a text are one: what follows the first is read as another text.
            sql = text.split_once('\'')?.1;
        } else {
            break;
        }
    }
    let first = sql.chars().next()?;
    let end = match first {
        '"' | '`' => Some(first),
        '[' => Some(']'),
        _ => None,
    };
    if let Some(end) = end {
        let (name, tail) = sql.get(first.len_utf8()..)?.split_once(end)?;
        return Some((Token::Name(name), tail));
    }
    let is_part = |c: char| c.is_alphanumeric() || c == '_' || c == '$';
    let length = sql.find(|c| !is_part(c)).unwrap_or(sql.len());
    if length > 0 {
        let (name, tail) = sql.split_at_checked(length)?;
        return Some((Token::Name(name), tail));
    }
    Some((Token::Other(first), sql.get(first.len_utf8()..)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_own_tables_are_found() {
        for sql in [
            "SELECT * FROM stored",
            "select * from STORED",
            "DELETE FROM \"roster\"",
            "DELETE FROM [spilled]",
            "DELETE FROM `stored`",
            "SELECT 1; DROP TABLE main.stored",
            "SELECT * FROM a, stored",
            "SELECT 'it''s', 1 FROM/**/stored",
            "SELECT -- 'a text\n * FROM stored",
            "CREATE TRIGGER t AFTER INSERT ON crop BEGIN DELETE FROM stored; END",
        ] {
            assert!(named_own_table(sql).is_some(), "{sql}");
        }
    }

    #[test]
    fn other_names_are_not() {
        for sql in [
            "SELECT * FROM purse",
            "SELECT 'stored', 'it''s stored' FROM purse -- stored\n /* stored */",
            "CREATE TABLE crop (a INTEGER, b INTEGER AS (a + 1) STORED)",
            "SELECT crop.stored FROM crop",
            "SELECT storeds, my_roster FROM crop",
            "SELECT 'unfinished",
            "/* unfinished stored",
            "",
        ] {
            assert_eq!(named_own_table(sql), None, "{sql}");
        }
    }
}
