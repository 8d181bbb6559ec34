use super::*;

/// Whether a text matches, by definition: the pattern's first element matches the beginning of the text in some way, and
/// the rest of the pattern matches the rest of the text.
fn matches_plainly(pattern: &str, text: &str, case: bool) -> bool {
    enum Element {
        Any,
        One,
        Is(char),
    }
    let mut elements = Vec::new();
    let mut characters = pattern.chars();
    while let Some(character) = characters.next() {
        match character {
            '*' | '%' => elements.push(Element::Any),
            '_' => elements.push(Element::One),
            other => {
                let literal = match other {
                    '\\' => characters.next().unwrap_or('\\'),
                    other => other,
                };
                match case {
                    true => elements.push(Element::Is(literal)),
                    false => elements.extend(fold(literal).map(Element::Is)),
                }
            }
        }
    }
    // Each character, and whether it belongs to the one before it.
    let text: Vec<(char, bool)> = match case {
        true => text.chars().map(|character| (character, false)).collect(),
        false => text
            .chars()
            .flat_map(|whole| fold(whole).enumerate().map(|(at, one)| (one, at > 0)))
            .collect(),
    };
    let ends_one = |end: usize| text.get(end).is_none_or(|(_, inside)| !inside);
    // For each number of characters whether the elements so far match that many.
    let mut matched = vec![false; text.len() + 1];
    matched[0] = true;
    for element in &elements {
        let mut next = vec![false; text.len() + 1];
        for length in 0..=text.len() {
            next[length] = match element {
                Element::Any => matched[..=length].contains(&true),
                Element::One => {
                    let begin = text[..length].iter().rposition(|(_, inside)| !inside);
                    ends_one(length) && begin.is_some_and(|begin| matched[begin])
                }
                Element::Is(wanted) => {
                    length > 0 && matched[length - 1] && text[length - 1].0 == *wanted
                }
            };
        }
        matched = next;
    }
    matched[text.len()]
}

/// Numbers that look random and are the same each time.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % bound as u64).unwrap()
    }

    fn text(&mut self, alphabet: &[&str], most: usize) -> String {
        let length = self.below(most + 1);
        let characters = (0..length).map(|_| alphabet[self.below(alphabet.len())]);
        characters.collect()
    }
}

#[test]
fn random_patterns_match_what_they_mean() {
    let mut numbers = Numbers(15);
    let mut matched = 0;
    for round in 0..60_000 {
        // Few different characters, so that much matches; some of several bytes, and some that fold to several.
        let (alphabet, wildcards): (&[&str], &[&str]) = match round % 3 {
            0 => (&["a", "b"], &["a", "b", "*", "_"]),
            1 => (
                &["a", "A", "é", "É", "ß", "s", "𝄞"],
                &["a", "É", "ß", "S", "𝄞", "_", "%"],
            ),
            _ => (
                &["a", "_", "*", "\\"],
                &["a", "\\*", "\\_", "\\\\", "_", "*", "\\"],
            ),
        };
        // Now and then with more places than a word has bits.
        let most = if round % 50 == 0 { 300 } else { 12 };
        let text = numbers.text(alphabet, most);
        let pattern = match numbers.below(3) {
            0 => numbers.text(wildcards, most),
            // What surely has much in common with the text.
            _ => {
                let changed = text.chars().map(|character| match numbers.below(8) {
                    0 => "_".to_owned(),
                    1 => "*".to_owned(),
                    2 => String::new(),
                    _ if "_*%\\".contains(character) => format!("\\{character}"),
                    _ => character.to_string(),
                });
                changed.collect()
            }
        };
        for case in [true, false] {
            let expected = matches_plainly(&pattern, &text, case);
            let found = Pattern::new(&pattern, !case).matches(&text, &Stop::default());
            assert_eq!(found, expected, "{pattern:?} {text:?} case: {case}");
            matched += usize::from(expected);
        }
    }
    assert!((20_000..100_000).contains(&matched), "{matched}");
}

#[test]
fn each_character_of_a_text_is_looked_at_once_whatever_the_pattern() {
    // The text would be looked at once for each character of it: 300,000 times 1,024 places.
    let text = "a".repeat(300_000);
    let pattern = format!("*{}b*", "a_".repeat(510));
    let pattern = Pattern::new(&pattern, false);
    let Part::Mixed(mixed) = &pattern.parts[1] else {
        panic!("it has places for any character");
    };
    assert_eq!(mixed.words, 16);
    for _ in 0..20 {
        assert!(!pattern.matches(&text, &Stop::default()));
    }
}

#[test]
fn a_part_of_all_ascii_characters_tells_the_others_from_them() {
    let all: String = (0..128_u8).map(char::from).collect();
    let escaped: String = all
        .chars()
        .flat_map(|character| ['\\', character])
        .collect();
    let pattern = Pattern::new(&format!("*{escaped}_*"), false);
    assert!(pattern.matches(&format!("x{all}é"), &Stop::default()));
    assert!(!pattern.matches(&format!("x{all}"), &Stop::default()));
    assert!(!pattern.matches(&format!("{}é{all}", &all[1..]), &Stop::default()));
}

#[test]
fn work_on_one_long_text_ends_when_it_is_to_stop() {
    let stop = Stop::default();
    stop.set();
    let text = format!("{}b", "a".repeat(1 << 20));
    for (pattern, folded) in [("*a_b*", false), ("*a_b*", true), ("*A*b", true)] {
        let pattern = Pattern::new(pattern, folded);
        assert!(pattern.matches(&text, &Stop::default()));
        // The end of the text was not reached.
        assert!(!pattern.matches(&text, &stop));
    }
}

#[test]
fn one_character_of_the_value_is_one_whatever_folding_makes_of_it() {
    let none = Stop::default();
    let mut found = 0;
    for (pattern, text) in [
        ("a_c", "aßc"),
        ("_", "İ"),
        ("*_c", "xßc"),
        ("*a_c*", "xxaßcxx"),
        ("_*_", "ßß"),
        ("a_*", "aß"),
        ("*_ß_*", "ŉßŉ"),
    ] {
        assert!(Pattern::new(pattern, false).matches(text, &none));
        assert!(
            Pattern::new(pattern, true).matches(text, &none),
            "{pattern} {text}"
        );
        found += 1;
    }
    assert_eq!(found, 7);
    for (pattern, text) in [
        ("__", "ß"),
        ("*__*", "ß"),
        ("*s_", "ß"),
        ("_s", "ß"),
        ("*_s*", "ß"),
    ] {
        assert!(
            !Pattern::new(pattern, true).matches(text, &none),
            "{pattern} {text}"
        );
    }
    let mut numbers = Numbers(77);
    for _ in 0..20_000 {
        let text = numbers.text(&["ß", "s", "İ", "i", "ŉ", "A"], 8);
        let pattern = numbers.text(&["ß", "s", "S", "İ", "_", "_", "*", "a"], 6);
        if Pattern::new(&pattern, false).matches(&text, &none) {
            assert!(
                Pattern::new(&pattern, true).matches(&text, &none),
                "{pattern} {text}"
            );
        }
    }
}
