//! Tells from SQL text whether running it commits something. Knows just enough of the syntax for that: comments, strings,
//! first words.

/// What the statements of one message do to transactions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effect {
    /// Nothing is committed by it.
    Nothing,
    /// It ends a transaction well, or changes something outside of one.
    Commits,
}

/// First words of statements that change nothing that a commit would keep.
const HARMLESS: [&str; 17] = [
    "select",
    "show",
    "set",
    "reset",
    "begin",
    "start",
    "savepoint",
    "release",
    "rollback",
    "abort",
    "explain",
    "values",
    "table",
    "fetch",
    "declare",
    "close",
    "listen",
];
/// Inside of a WITH these make it a change.
const CHANGING: [&str; 4] = ["insert", "update", "delete", "merge"];

/// What `sql` does when it is run with a transaction open (`in_transaction`) or not.
pub(crate) fn effect(sql: &str, in_transaction: bool) -> Effect {
    let mut open = in_transaction;
    let mut commits = false;
    for words in statements(sql) {
        let Some(first) = words.first().map(String::as_str) else { continue };
        let second = words.get(1).map(String::as_str);
        match (first, second) {
            ("begin" | "start", _) => open = true,
            ("commit" | "end", _) => {
                commits |= open;
                open = false;
            }
            ("prepare", Some("transaction")) => {
                commits |= open;
                open = false;
            }
            // back to a savepoint the transaction goes on
            ("rollback", Some("to")) => {}
            ("rollback", Some(_)) if words.iter().any(|word| word == "to") => {}
            ("rollback" | "abort", _) => open = false,
            ("with", _) => {
                commits |= !open && words.iter().any(|word| CHANGING.contains(&word.as_str()));
            }
            ("prepare" | "discard" | "deallocate", _) => {}
            (first, _) => commits |= !open && !HARMLESS.contains(&first),
        }
    }
    if commits { Effect::Commits } else { Effect::Nothing }
}

/// The words of each statement, in lower case, without what is quoted or a comment.
fn statements(sql: &str) -> Vec<Vec<String>> {
    let (mut statements, mut words) = (Vec::new(), Vec::new());
    let mut word = String::new();
    let bytes = sql.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        let rest = &sql[at..];
        let length = skipped(rest);
        let character = rest.chars().next().unwrap_or(' ');
        if length == 0 && (character.is_alphanumeric() || character == '_') {
            word.extend(character.to_lowercase());
            at += character.len_utf8();
            continue;
        }
        if !word.is_empty() {
            words.push(std::mem::take(&mut word));
        }
        if character == ';' {
            statements.push(std::mem::take(&mut words));
        }
        at += if length > 0 { length } else { character.len_utf8() };
    }
    if !word.is_empty() {
        words.push(word);
    }
    statements.push(words);
    statements
}

/// How many bytes of a comment or of something quoted `rest` begins with.
fn skipped(rest: &str) -> usize {
    if rest.starts_with("--") {
        return rest.find('\n').unwrap_or(rest.len());
    }
    if rest.starts_with("/*") {
        return block_comment(rest);
    }
    match rest.as_bytes().first() {
        Some(quote @ (b'\'' | b'"')) => {
            let end = rest.as_bytes().iter().skip(1).position(|byte| byte == quote);
            end.map_or(rest.len(), |end| end + 2)
        }
        Some(b'$') => dollar_quoted(rest),
        _ => 0,
    }
}

/// Comments of this kind nest.
fn block_comment(rest: &str) -> usize {
    let bytes = rest.as_bytes();
    let (mut depth, mut at) = (0, 0);
    while at < bytes.len() {
        match bytes.get(at..at + 2) {
            Some(b"/*") => (depth, at) = (depth + 1, at + 2),
            Some(b"*/") => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            break;
        }
    }
    // not in the middle of a character
    (at..=rest.len()).find(|at| rest.is_char_boundary(*at)).unwrap_or(rest.len())
}

fn dollar_quoted(rest: &str) -> usize {
    let Some(end) = rest[1..].find('$') else { return 0 };
    let tag = &rest[..end + 2];
    if !tag[1..tag.len() - 1].chars().all(|c| c.is_alphanumeric() || c == '_') {
        return 0;
    }
    rest[tag.len()..].find(tag).map_or(rest.len(), |end| end + 2 * tag.len())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn commits_are_recognised() {
        for (sql, in_transaction, commits) in [
            ("COMMIT", true, true),
            ("commit;", true, true),
            ("END", true, true),
            ("COMMIT", false, false),
            ("ROLLBACK", true, false),
            ("BEGIN", false, false),
            ("SELECT 1", false, false),
            ("CREATE SCHEMA x", false, true),
            ("CREATE SCHEMA x", true, false),
            ("/* a */ -- b\n drop schema x", false, true),
            ("/* nested /* comment */ */ select 1", false, false),
            ("BEGIN; CREATE SCHEMA x; COMMIT", false, true),
            ("BEGIN; CREATE SCHEMA x; ROLLBACK", false, false),
            ("SELECT 'x; COMMIT'; ", true, false),
            ("SELECT $a$ ; COMMIT $a$", true, false),
            ("ROLLBACK TO SAVEPOINT a; COMMIT", true, true),
            ("ROLLBACK; INSERT INTO t VALUES (1)", true, true),
            ("WITH a AS (SELECT 1) SELECT * FROM a", false, false),
            ("WITH a AS (DELETE FROM t RETURNING 1) SELECT * FROM a", false, true),
            ("SELECT \"delete\"", false, false),
            ("", false, false),
            ("SET search_path = x", false, false),
        ] {
            assert_eq!(effect(sql, in_transaction) == Effect::Commits, commits, "{sql}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read(sql in "\\PC{0,80}", open: bool) {
            let _ = effect(&sql, open);
        }

        #[test]
        fn any_sql_like_text_is_read(sql in "(commit|begin|;|'|\"|\\$|\\$a\\$|--|/\\*|\\*/|é|\n| |select){0,40}", open: bool) {
            let _ = effect(&sql, open);
        }
    }
}
