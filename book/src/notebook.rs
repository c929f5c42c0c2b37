//! The program of a notebook: JSON whose cells of code are one program.

use serde_json::Value;

/// The file, seen from the folder of the book.
pub(crate) const PATH: &str = "../examples/notebook/lecture.ipynb";

/// The name of the notebook's program among those of the pages.
pub(crate) const NAME: &str = "lecture.ipynb";

/// Returns the program of each cell of code. As evcxr does, it calls `evcxr_display` of the last expression.
///
/// # Errors
/// Returns an error if the text is no notebook.
pub(crate) fn programs(text: &str) -> Result<Vec<String>, String> {
    let mut notebook = parsed(text)?;
    let cells = code_cells(&mut notebook)?;
    Ok(cells
        .iter()
        .map(|cell| program(&lines(&cell["source"])))
        .collect())
}

pub(crate) fn parsed(text: &str) -> Result<Value, String> {
    serde_json::from_str(text).map_err(|error| error.to_string())
}

pub(crate) fn code_cells(notebook: &mut Value) -> Result<Vec<&mut Value>, String> {
    let cells = notebook["cells"].as_array_mut().ok_or("no list of cells")?;
    Ok(cells
        .iter_mut()
        .filter(|cell| cell["cell_type"] == "code")
        .collect())
}

/// Returns a text that a notebook holds as a list of lines.
fn lines(text: &Value) -> String {
    let lines = text.as_array().into_iter().flatten();
    lines.filter_map(Value::as_str).collect()
}

/// Returns the program of a cell.
fn program(cell: &str) -> String {
    // A line that begins with a colon is a command to evcxr.
    let code = cell.split_inclusive('\n').filter(|line| !line.starts_with(':'));
    let code: String = code.collect();
    let code = code.trim_end();
    // No cell ends in a loop or a block: evcxr would show its value.
    if code.is_empty() || code.ends_with([';', '}']) {
        return format!("{code}\n");
    }
    // The last expression begins with the last line that has no indent, and that does not begin with a
    // closing bracket.
    let begins =
        |at: &usize| code[*at..].starts_with(|first: char| !first.is_whitespace() && !")]}".contains(first));
    let mut starts = code.match_indices('\n').map(|(at, _)| at + 1);
    let start = starts.rfind(begins).unwrap_or(0);
    format!("{}({}).evcxr_display();\n", &code[..start], &code[start..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_expression_of_a_cell_is_shown() {
        let shown = [
            (":dep kiln\n", "\n"),
            ("a", "(a).evcxr_display();\n"),
            (
                "let a = 1;\n\na.f(\n    2,\n)",
                "let a = 1;\n\n(a.f(\n    2,\n)).evcxr_display();\n",
            ),
            ("fn f() {\n    c\n}", "fn f() {\n    c\n}\n"),
            ("f();", "f();\n"),
        ];
        for (cell, wanted) in shown {
            assert_eq!(program(cell), wanted);
        }
    }
}
