//! Compares every page with the present output and figures of its program.

use kiln_book::Book;
use serde_json::Value;

fn book() -> Book {
    Book::open(env!("CARGO_BIN_EXE_kiln-book")).unwrap()
}

/// Runs one page after the other. Each page uses all cores, and some take gigabytes.
#[test]
fn pages_show_what_their_programs_print() {
    let book = book();
    let stale = book
        .names
        .iter()
        .map(|name| book.stale(name).unwrap_or_else(|error| vec![error]));
    let stale = stale.collect::<Vec<_>>().concat();
    assert!(
        stale.is_empty(),
        "stale pages; if they should say what is printed now, run\n    cargo run --release -p kiln-book update\n{}",
        stale.join("\n")
    );
}

#[test]
fn the_notebook_shows_what_its_cells_print() {
    let stale = book().stale_notebook().unwrap();
    assert_eq!(stale, None, "run cargo run --release -p kiln-book update");
}

#[test]
fn links_lead_somewhere() {
    let broken = book().broken_links().unwrap();
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

fn page(name: &str) -> String {
    std::fs::read_to_string(format!("{}/pages/lecture/{name}.md", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

/// Finds the output of JAX in the lecture on the page of its section, as `str` or as `repr` prints it.
#[test]
fn the_lecture_s_output_is_on_its_pages() {
    let text = include_str!("../../tests/reference/data/lecture.json");
    let reference: Value = serde_json::from_str(text).unwrap();
    // The lecture switches 64 bits on at some point. The table has some of its rows in both states, and rows
    // that are not in the lecture. Only these rows are quoted on the pages.
    let shown = |name: &str, x64: bool| match name {
        "a" | "sum" | "mean" | "dot" | "matmul" | "inv" | "eigh" => !x64,
        "ones_x64" | "linspace" | "at_set" | "unsorted" | "sorted" => x64,
        "key_1" | "normal_1" | "normal_1_key" | "normal_1_subkey" | "normal_1_key_5" => x64,
        "random_matrices_fold_in_0" | "random_matrices_fold_in_1" => x64,
        "f_of_ones" | "f_of_more_ones" | "captured_1" | "captured_42" | "grad" | "allclose" => x64,
        _ => false,
    };
    let mut found = 0;
    for row in reference["rows"].as_array().unwrap() {
        let text = |key: &str| row[key].as_str().unwrap();
        if !shown(text("name"), row["x64"].as_bool().unwrap()) {
            continue;
        }
        let page = page(match text("section") {
            "2.1" => "arrays",
            "2.2" => "random",
            "2.3" => "jit",
            "2.4" => "functional",
            "2.5" => "gradients",
            "2.6" => "vectorized",
            section => panic!("section {section}"),
        });
        // The pages show the parts of a decomposition one by one.
        let repr = text("repr")
            .trim_start_matches("EighResult(eigenvalues=")
            .trim_end_matches(')');
        let parts = repr.split(", eigenvectors=");
        let all = parts
            .clone()
            .all(|part| page.contains(part.trim_end_matches(')')));
        assert!(
            all || page.contains(text("str")),
            "{} is not on its page: {}",
            text("name"),
            text("repr")
        );
        found += 1;
    }
    assert_eq!(found, 25);
    let prices = reference["option_prices"].as_array().unwrap();
    let price = prices
        .iter()
        .find(|row| row["x64"] == true && row["args"]["paths"] == 10_000_000)
        .unwrap();
    assert!(page("exercise").contains(price["repr"].as_str().unwrap()));
}

/// Checks that the tables of timings exist, and that `benches/beside_jax/lecture.py` wrote them.
#[test]
fn timings_were_measured() {
    for name in ["jit", "vectorized", "exercise"] {
        let table = page(&format!("measured_{name}"));
        let rows: Vec<&str> = table.lines().filter(|line| line.ends_with("× |")).collect();
        assert!(
            rows.len() >= 2 && table.contains("benches/beside_jax/lecture.py"),
            "{name}: {table}"
        );
    }
}
