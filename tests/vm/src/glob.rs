// SPDX-License-Identifier: GPL-2.0

//! Shell-like patterns for `--only`: `*` is any text, `?` any character, all else itself.

/// Whether the whole of `text` fits `pattern`; letter case does not count.
pub fn matches(pattern: &str, text: &str) -> bool {
    let pattern: Vec<char> = pattern.to_lowercase().chars().collect();
    let text: Vec<char> = text.to_lowercase().chars().collect();
    // `reach[i]`: the pattern read so far can end before text[i].
    let mut reach = vec![false; text.len() + 1];
    reach[0] = true;
    for &p in &pattern {
        let mut next = vec![false; text.len() + 1];
        for i in 0..=text.len() {
            next[i] = match p {
                '*' => reach[i] || (i > 0 && next[i - 1]),
                '?' => i > 0 && reach[i - 1],
                c => i > 0 && reach[i - 1] && text[i - 1] == c,
            };
        }
        reach = next;
    }
    reach[text.len()]
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn patterns_fit_whole_names() {
        for (pattern, text, fits) in [
            ("*", "", true),
            ("ga102*", "ga102: both drivers bind", true),
            ("GA102*", "ga102: both drivers bind", true),
            ("*bind", "ga102: both drivers bind", true),
            ("ga102", "ga102: bind", false),
            ("g?102", "gh102", true),
            ("g?102", "g102", false),
            ("*a*b*", "xxaxxbxx", true),
            ("*a*b*", "xxbxxa", false),
            ("", "x", false),
        ] {
            assert_eq!(matches(pattern, text), fits, "{pattern:?} on {text:?}");
        }
    }
}
