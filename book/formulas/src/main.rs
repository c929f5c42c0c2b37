//! A preprocessor for mdBook that sets formulas: LaTeX between dollar signs becomes MathML.
//!
//! A formula in a line of text stands between single dollar signs, a formula on a line of its own between
//! double ones. GitHub shows both, so the pages can be read there too. Blocks of code and code between
//! backquotes stay as they are.
//!
//! mdBook runs `kiln-formulas supports <renderer>`, and then `kiln-formulas` with `[context, book]` as JSON
//! on the standard input. The program writes the book back as JSON.

use pulldown_latex::config::DisplayMode;
use pulldown_latex::{Parser, RenderConfig, Storage, push_mathml};
use serde_json::Value;
use std::io::{self, Read};

fn main() -> Result<(), String> {
    let mut arguments = std::env::args().skip(1);
    if arguments.next().as_deref() == Some("supports") {
        return match arguments.next().as_deref() {
            Some("html") => Ok(()),
            renderer => Err(format!("MathML is for html, not for {renderer:?}")),
        };
    }
    let mut text = String::new();
    io::stdin()
        .read_to_string(&mut text)
        .map_err(|error| error.to_string())?;
    let input: Value = serde_json::from_str(&text).map_err(|error| error.to_string())?;
    let mut book = input.get(1).cloned().ok_or("no book on the standard input")?;
    set_chapters(&mut book)?;
    println!("{book}");
    Ok(())
}

/// Sets the formulas of every chapter in a part of the book.
fn set_chapters(part: &mut Value) -> Result<(), String> {
    match part {
        Value::Object(fields) => {
            let name = fields.get("name").map(Value::to_string).unwrap_or_default();
            for (key, value) in fields {
                match value {
                    Value::String(text) if key == "content" => {
                        *text = set_page(text).map_err(|error| format!("page {name}: {error}"))?;
                    }
                    _ => set_chapters(value)?,
                }
            }
            Ok(())
        }
        Value::Array(parts) => parts.iter_mut().try_for_each(set_chapters),
        _ => Ok(()),
    }
}

/// Sets the formulas of a page.
fn set_page(page: &str) -> Result<String, String> {
    let mut set = String::new();
    let mut in_block = false;
    for line in page.split_inclusive('\n') {
        let is_fence = line.starts_with("```");
        in_block = in_block != is_fence;
        if in_block || is_fence {
            set.push_str(line);
            continue;
        }
        let alone = line.trim_end().strip_prefix("$$");
        match alone.and_then(|rest| rest.strip_suffix("$$")) {
            Some(formula) => {
                let formula = mathml(formula, DisplayMode::Block)?;
                // A formula that is wider than the screen scrolls in its own element.
                set = format!("{set}<div class=\"formula\">{formula}</div>\n");
            }
            None => set_line(line, &mut set)?,
        }
    }
    Ok(set)
}

/// Writes a line of text with its formulas set.
fn set_line(line: &str, set: &mut String) -> Result<(), String> {
    for (i, text) in line.split('`').enumerate() {
        if i % 2 == 1 {
            *set = format!("{set}`{text}`");
            continue;
        }
        let parts: Vec<&str> = text.split('$').collect();
        if parts.len().is_multiple_of(2) {
            return Err(format!("a formula does not end: {line:?}"));
        }
        for (i, part) in parts.into_iter().enumerate() {
            match i % 2 {
                0 => set.push_str(part),
                _ => set.push_str(&mathml(part, DisplayMode::Inline)?),
            }
        }
    }
    Ok(())
}

/// Returns the MathML of a formula in LaTeX.
fn mathml(formula: &str, display_mode: DisplayMode) -> Result<String, String> {
    let storage = Storage::new();
    let events: Result<Vec<_>, _> = Parser::new(formula, &storage).collect();
    let events = events.map_err(|error| format!("{formula:?}: {error}"))?;
    let config = RenderConfig {
        display_mode,
        ..RenderConfig::default()
    };
    let mut set = String::new();
    push_mathml(&mut set, events.into_iter().map(Ok::<_, std::fmt::Error>), config)
        .map_err(|error| format!("{formula:?}: {error}"))?;
    // Characters that mean something in Markdown, also between tags.
    let named = [('|', "&#124;"), ('*', "&#42;"), ('_', "&#95;")];
    Ok(named
        .iter()
        .fold(set, |set, (mark, entity)| set.replace(*mark, entity)))
}

#[cfg(test)]
mod tests {
    use super::set_page;

    #[test]
    fn formulas_become_mathml() {
        let set = set_page("So $x^2$ is `$x$`.\n").unwrap();
        assert!(
            set.starts_with("So <math") && set.ends_with("</math> is `$x$`.\n"),
            "{set}"
        );
        assert!(set.contains("<msup><mi>x</mi><mn>2</mn></msup>"), "{set}");
        let set = set_page("$$ \\frac{a}{b} $$\n").unwrap();
        assert!(
            set.contains("display=\"block\"") && set.contains("<mfrac>"),
            "{set}"
        );
        let set = set_page("| $\\lvert x \\rvert$ |\n").unwrap();
        assert_eq!(set.matches('|').count(), 2, "{set}");
        let code = "```sh\n$ cargo run\n```\n";
        assert_eq!(set_page(code).unwrap(), code);
    }

    #[test]
    fn a_formula_that_is_wrong_is_an_error() {
        assert!(set_page("one $x\n").is_err());
        assert!(set_page("$\\frac{a}$\n").is_err());
        assert!(set_page("$\\nosuchthing$\n").is_err());
    }
}
