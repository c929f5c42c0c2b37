//! The outputs of a notebook's cells of code.

use crate::notebook::{code_cells, parsed};
use serde::Serialize;
use serde_json::ser::PrettyFormatter;
use serde_json::{Serializer, Value, json};

/// Returns the notebook, as Jupyter writes it to a file. The outputs are made of the lines that each cell of
/// code printed.
///
/// # Errors
/// Returns an error if the text is no notebook.
pub(crate) fn with_outputs(text: &str, printed: &[String]) -> Result<String, String> {
    let mut notebook = parsed(text)?;
    for ((number, cell), printed) in (1..).zip(code_cells(&mut notebook)?).zip(printed) {
        cell["execution_count"] = json!(number);
        cell["outputs"] = outputs(printed, number)?;
    }
    let mut file = Vec::new();
    let mut serializer = Serializer::with_formatter(&mut file, PrettyFormatter::with_indent(b" "));
    notebook
        .serialize(&mut serializer)
        .map_err(|error| error.to_string())?;
    file.push(b'\n');
    String::from_utf8(file).map_err(|error| error.to_string())
}

/// Returns the outputs of a cell: the lines that it printed, and the forms of its value between the marks of
/// evcxr.
fn outputs(printed: &str, number: i32) -> Result<Value, String> {
    let listed = |text: &str| text.split_inclusive('\n').map(Value::from).collect::<Value>();
    let mut parts = printed.split("EVCXR_BEGIN_CONTENT ");
    let stream = parts.next().unwrap_or_default();
    let mut outputs = Vec::new();
    if !stream.is_empty() {
        outputs.push(json!({"name": "stdout", "output_type": "stream", "text": listed(stream)}));
    }
    let mut data = json!({});
    for part in parts {
        let content = part.strip_suffix("\nEVCXR_END_CONTENT\n");
        let (media_type, content) = content
            .and_then(|content| content.split_once('\n'))
            .ok_or_else(|| format!("a value is not the last that a cell prints: {part}"))?;
        data[media_type] = listed(content);
    }
    if data != json!({}) {
        outputs.push(json!({
            "data": data,
            "execution_count": number,
            "metadata": {},
            "output_type": "execute_result",
        }));
    }
    Ok(Value::from(outputs))
}
