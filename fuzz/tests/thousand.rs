//! Checks a thousand random programs, the same at every run.

use clap::ValueEnum;
use kiln_fuzz::checks::Check;
use kiln_fuzz::find::kinds;
use kiln_fuzz::generate::OpKind;
use kiln_fuzz::generate::case;
use kiln_fuzz::{Counts, report};
use kiln_program::sister::lift;
use std::collections::BTreeSet;
use std::sync::Arc;

#[test]
fn a_thousand_programs_agree() {
    let mut counts = Counts::default();
    for seed in 0..1000 {
        if let Some((check, case, fault)) = counts.check(Check::value_variants(), seed).pop() {
            panic!("{}", report(check, &case, &fault, seed));
        }
    }
    println!("{counts}");
    // A check that compares nothing is no check. These numbers are nearly the counts when this test was
    // written.
    for (check, least) in [
        (Check::Jit, 1000),
        (Check::Vmap, 900),
        (Check::Modes, 200),
        (Check::Differences, 120),
        (Check::Threads, 4),
        (Check::Saved, 1000),
    ] {
        assert!(counts.agree(check) >= least, "{check:?}: {counts}");
    }
}

#[test]
fn they_hold_every_op() {
    let all: BTreeSet<OpKind> = OpKind::ALL.iter().copied().collect();
    let mut found = BTreeSet::new();
    for seed in 0..1000 {
        let program = Arc::new(case(seed).program);
        found.extend(kinds(&program));
        found.extend(kinds(&lift(&program).0));
    }
    assert_eq!(found, all);
}
