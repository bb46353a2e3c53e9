//! The router's name for the tool of an operation: a prefix, and the operation's name in snake case.

/// The tool name of an operation.
pub(super) fn tool_name(operation: &str, omits_prefix: bool) -> String {
    let name = snake_case(operation);
    if omits_prefix {
        name
    } else {
        format!("{PREFIX}{name}")
    }
}

/// Snake case as the router writes it. A word begins where the kind of character changes. A run of capitals is one
/// word, but its last letter begins the next word if lower case follows. A number is a word. Spaces, hyphens and
/// dots separate words.
fn snake_case(name: &str) -> String {
    let kinds: Vec<(char, Kind)> = name.trim().chars().map(|c| (c, Kind::of(c))).collect();
    let mut snake = String::new();
    let mut before = None;
    for (index, (character, kind)) in kinds.iter().enumerate() {
        let next = kinds.get(index + 1).map(|(_, kind)| *kind);
        let begins_word = match (before, kind) {
            (Some(Kind::Upper), Kind::Upper) => next == Some(Kind::Lower),
            (Some(Kind::Upper), Kind::Lower) => false,
            (
                Some(Kind::Upper | Kind::Lower | Kind::Digit),
                Kind::Upper | Kind::Lower | Kind::Digit,
            ) => before != Some(*kind),
            (None | Some(Kind::Gap | Kind::Other), _) | (Some(_), Kind::Gap | Kind::Other) => false,
        };
        if begins_word {
            snake.push('_');
        }
        snake.push(if *kind == Kind::Gap {
            '_'
        } else {
            character.to_ascii_lowercase()
        });
        before = Some(*kind);
    }
    snake
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Upper,
    Lower,
    Digit,
    Gap,
    Other,
}

impl Kind {
    fn of(character: char) -> Self {
        match character {
            'A'..='Z' => Self::Upper,
            'a'..='z' => Self::Lower,
            '0'..='9' => Self::Digit,
            ' ' | '_' | '-' | '.' => Self::Gap,
            _ => Self::Other,
        }
    }
}

const PREFIX: &str = "execute_operation_";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tool_is_named_by_its_operation_in_snake_case() {
        for (operation, name) in [
            ("GetEmployeeStartDate", "get_employee_start_date"),
            ("getUser", "get_user"),
            ("users", "users"),
            ("JSONData", "json_data"),
            ("UserID", "user_id"),
            ("A", "a"),
            ("AB", "ab"),
            ("get_user", "get_user"),
            ("Get_User", "get_user"),
            ("user2", "user_2"),
            ("get2FACode", "get_2_fa_code"),
            ("V2Users", "v_2_users"),
            ("my-operation.v1", "my_operation_v_1"),
            ("_private", "_private"),
        ] {
            assert_eq!(tool_name(operation, true), name, "{operation}");
        }
        assert_eq!(tool_name("GetUser", false), "execute_operation_get_user");
    }
}
