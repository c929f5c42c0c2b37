//! Saves a program and arrays, and reads them again.

use super::outcome::{Outcome, fault, shown};
use crate::generate::Case;
use crate::values::same;
use kiln::{Array, Program};

pub(super) fn saved(case: &Case) -> Outcome {
    let text = serde_json::to_string(&*case.program).expect("a program is text");
    let read: Program = match serde_json::from_str(&text) {
        Ok(read) => read,
        Err(error) => return fault("a saved program is refused", error.to_string()),
    };
    if read != *case.program || read.to_string() != case.program.to_string() {
        return fault("another program is read", read.to_string());
    }
    // As text, a large array takes many times its memory. So large arrays are left out.
    for x in case.inputs.iter().filter(|x| x.size() <= 1 << 22) {
        let text = serde_json::to_string(x).expect("an array is text");
        match serde_json::from_str::<Array>(&text) {
            Ok(read) if same(&read, x) && read.to_string() == x.to_string() => {}
            Ok(read) => return fault("another array is read", shown(&read)),
            Err(error) => return fault("a saved array is refused", error.to_string()),
        }
    }
    Outcome::Agrees
}
