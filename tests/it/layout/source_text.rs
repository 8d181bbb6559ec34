//! Rust source as text: without what is said in it, and with its imports taken out.

/// The code without comments, and with nothing in its strings and characters.
pub fn bare(text: &str) -> String {
    let mut bare = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(next) = rest.chars().next() {
        let length = match next {
            '/' if rest.starts_with("//") => rest.find('\n').unwrap_or(rest.len()),
            '/' if rest.starts_with("/*") => rest.find("*/").map_or(rest.len(), |end| end + 2),
            '"' => string(rest),
            'r' if !bare.ends_with(is_in_name) => raw_string(rest).unwrap_or(0),
            '\'' => character(rest).unwrap_or(0),
            _ => 0,
        };
        match length {
            0 => bare.push(next),
            _ => bare.push(' '),
        }
        rest = &rest[length.max(next.len_utf8())..];
    }
    bare
}

/// Bytes of the string that begins here.
fn string(text: &str) -> usize {
    let mut bytes = text.bytes().enumerate().skip(1);
    while let Some((at, byte)) = bytes.next() {
        match byte {
            b'\\' => drop(bytes.next()),
            b'"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// Bytes of the raw string that begins here, if it is one.
fn raw_string(text: &str) -> Option<usize> {
    let hashes = text[1..].bytes().take_while(|byte| *byte == b'#').count();
    text[1 + hashes..].starts_with('"').then_some(())?;
    let end = format!("\"{}", "#".repeat(hashes));
    let begin = 2 + hashes;
    Some(begin + text[begin..].find(&end)? + end.len())
}

/// Bytes of the character that begins here, unless it is a lifetime.
fn character(text: &str) -> Option<usize> {
    let mut characters = text.char_indices().skip(1);
    let (_, first) = characters.next()?;
    if first == '\\' {
        characters.next()?;
        return characters
            .find(|(_, one)| *one == '\'')
            .map(|(at, _)| at + 1);
    }
    let (at, closing) = characters.next()?;
    (closing == '\'').then_some(at + 1)
}

pub fn is_in_name(one: char) -> bool {
    one.is_alphanumeric() || one == '_'
}

/// The code without its unit tests, which may import what they like.
pub fn without_tests(code: &str) -> String {
    const MARK: &str = "#[cfg(test)]";
    let mut kept = String::new();
    let mut rest = code;
    while let Some(at) = rest.find(MARK) {
        kept += &rest[..at];
        rest = &rest[at + MARK.len()..];
        let end = rest.find([';', '{']).unwrap_or(rest.len());
        rest = match rest[end..].starts_with('{') {
            true => &rest[end + block(&rest[end..])..],
            false => &rest[end..],
        };
    }
    kept + rest
}

/// Bytes of the block that begins here.
fn block(code: &str) -> usize {
    let mut depth = 0_u32;
    for (at, byte) in code.bytes().enumerate() {
        match byte {
            b'{' => depth += 1,
            b'}' if depth == 1 => return at + 1,
            b'}' => depth -= 1,
            _ => {}
        }
    }
    code.len()
}

/// One name that a `use` brings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Import {
    /// The path as it is written, in parts; the last is `*` where all names are brought.
    pub path: Vec<String>,
    /// Under which name.
    pub name: String,
    /// Whether others can have it from here.
    pub public: bool,
}

/// What the code imports, and the code without that.
pub fn imports(code: &str) -> (Vec<Import>, String) {
    let (mut found, mut kept, mut rest) = (Vec::new(), String::new(), code);
    while let Some(at) = rest.find("use ") {
        let begins = !rest[..at].ends_with(is_in_name);
        let line = rest[..at].rsplit('\n').next().unwrap_or_default();
        let public = line.trim_start().starts_with("pub");
        kept += &rest[..at];
        rest = &rest[at + 4..];
        if begins {
            let end = rest.find(';').unwrap_or(rest.len());
            tree(&rest[..end], &[], public, &mut found);
            rest = &rest[end..];
        }
    }
    (found, kept + rest)
}

/// What the tree of a `use` brings, below that path.
fn tree(text: &str, above: &[String], public: bool, found: &mut Vec<Import>) {
    let text = text.trim();
    if let Some(at) = text.find('{') {
        let above = [above, &parts(&text[..at])].concat();
        let inside = text[at + 1..].trim_end().trim_end_matches('}');
        let inside = &text[at + 1..][..inside.len().max(block(&text[at..]) - 2)];
        for branch in branches(inside) {
            tree(branch, &above, public, found);
        }
        return;
    }
    let (path, alias) = match text.split_once(" as ") {
        Some((path, alias)) => (path, Some(alias.trim())),
        None => (text, None),
    };
    let mut path = [above, &parts(path)].concat();
    path.pop_if(|last| last == "self" && !above.is_empty());
    let Some(last) = path.last() else { return };
    found.push(Import {
        name: alias.unwrap_or(last).to_owned(),
        path,
        public,
    });
}

/// The branches of a tree, which commas part.
fn branches(text: &str) -> Vec<&str> {
    let (mut found, mut depth, mut begin) = (Vec::new(), 0_u32, 0);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'{' => depth += 1,
            b'}' => depth -= 1,
            b',' if depth == 0 => {
                found.push(&text[begin..at]);
                begin = at + 1;
            }
            _ => {}
        }
    }
    found.push(&text[begin..]);
    found.retain(|branch| !branch.trim().is_empty());
    found
}

fn parts(path: &str) -> Vec<String> {
    let parts = path.split("::").map(str::trim);
    parts
        .filter(|part| !part.is_empty())
        .map(str::to_owned)
        .collect()
}

/// The paths of two parts and more that are written in the code.
pub fn paths(code: &str) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    let mut rest = code;
    while let Some(at) = rest.find(is_in_name) {
        let end = |text: &str| text.find(|one| !is_in_name(one)).unwrap_or(text.len());
        let begins_path = !rest[..at].ends_with("::");
        rest = &rest[at..];
        let mut path = Vec::new();
        loop {
            let (name, after) = rest.split_at(end(rest));
            path.push(name.to_owned());
            rest = after;
            match rest.strip_prefix("::") {
                Some(more) if more.starts_with(is_in_name) => rest = more,
                _ => break,
            }
        }
        if path.len() > 1 && begins_path {
            found.push(path);
        }
    }
    found
}
