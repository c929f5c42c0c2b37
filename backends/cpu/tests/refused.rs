//! A host that refuses executable memory runs loops by the interpreter. The test is a program of its own,
//! because the refusal is for the whole process.
#![cfg(target_os = "linux")]

use kiln_cpu::{Buffer, Executable};
use kiln_program::{ArrayType, Binary, Builder, DType, Op, Scan};
use std::sync::Arc;

#[test]
fn loops_run_without_executable_memory() {
    const PR_SET_MDWE: i32 = 65;
    const REFUSE_EXEC_GAIN: u64 = 1;
    // SAFETY: the call changes what later calls of `mmap` and `mprotect` of this process may do, and nothing
    // else.
    let refused = unsafe { libc::prctl(PR_SET_MDWE, REFUSE_EXEC_GAIN, 0_u64, 0_u64, 0_u64) } == 0;
    let of = ArrayType::new(DType::F64, []);
    let mut body = Builder::new();
    let x = body.input(of.clone());
    let y = body.push(Op::Binary(Binary::Mul), &[x, x]).unwrap()[0];
    let y = body.push(Op::Binary(Binary::Add), &[y, x]).unwrap()[0];
    let y = body.push(Op::Binary(Binary::Mul), &[y, x]).unwrap()[0];
    let scan = Scan {
        body: Arc::new(body.finish(&[y])),
        length: 3,
        consts: 0,
        carries: 1,
        reverse: false,
    };
    let mut b = Builder::new();
    let x = b.input(of);
    let y = b.push(Op::Scan(scan), &[x]).unwrap();
    let executable = Executable::compile(&b.finish(&y));
    // Linux has the call since version 6.3.
    assert!(!refused || executable.native_loops() == 0);
    let out = executable.run(vec![Buffer::from_vec(vec![0.5], [])]);
    let wanted = (0..3).fold(0.5_f64, |x, _| (x * x + x) * x);
    assert_eq!(out[0].as_slice::<f64>(), [wanted]);
}
