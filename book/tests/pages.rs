//! Every page shows what its program prints and draws today.

use kiln_book::Book;

fn book() -> Book {
    Book::open(env!("CARGO_BIN_EXE_kiln-book")).unwrap()
}

#[test]
fn pages_show_what_their_programs_print() {
    let book = &book();
    let pages: Vec<Vec<String>> = std::thread::scope(|scope| {
        let running: Vec<_> = book
            .names
            .iter()
            .map(|name| scope.spawn(move || book.stale(name).unwrap_or_else(|error| vec![error])))
            .collect();
        running.into_iter().map(|page| page.join().unwrap()).collect()
    });
    assert!(
        pages.iter().all(|stale| stale.is_empty()),
        "stale pages; if they should say what is printed now, run\n    cargo run --release -p kiln-book update\n{}",
        pages.concat().join("\n")
    );
}

#[test]
fn links_lead_somewhere() {
    let broken = book().broken_links().unwrap();
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}
