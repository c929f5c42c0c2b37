//! Timings of the ops that the CPU engine sends to Flex.
use burn_backend::TensorData;
use burn_flex::Flex;
use kiln_burn::{Route, Tensor, lower_with, threefry::threefry2x32};
use kiln_program::*;
use std::time::Instant;

fn words(n: usize) -> Vec<u32> {
    (0..n as u32).map(|i| threefry2x32([1, 2], [0, i])[0]).collect()
}
fn floats(shape: &[usize]) -> TensorData {
    let n = shape.iter().product();
    TensorData::new(
        words(n)
            .into_iter()
            .map(|w| w as f32 / 4e9 - 0.5)
            .collect::<Vec<f32>>(),
        shape.to_vec(),
    )
}
fn ints(n: usize, below: u32) -> TensorData {
    TensorData::new(
        words(n)
            .into_iter()
            .map(|w| (w % below) as i32)
            .collect::<Vec<i32>>(),
        vec![n],
    )
}
fn time(name: &str, route: Route, op: Op, x: Vec<TensorData>) {
    let device = Default::default();
    let types: Vec<ArrayType> = x
        .iter()
        .map(|d| {
            let t = Tensor::<Flex>::from_data(d.clone(), &device);
            ArrayType::new(t.dtype(), d.shape().to_vec())
        })
        .collect();
    let types: Vec<&ArrayType> = types.iter().collect();
    let x: Vec<Tensor<Flex>> = x.into_iter().map(|d| Tensor::from_data(d, &device)).collect();
    let mut best = f64::INFINITY;
    for _ in 0..7 {
        let inputs = x.clone();
        let t = Instant::now();
        let y = lower_with(route, &op, inputs, &types, &device);
        best = best.min(t.elapsed().as_secs_f64());
        drop(y);
    }
    println!("{name:40} {route:?}: {:8.3} ms", best * 1e3);
}
fn main() {
    let dot = |l: usize, r: usize| {
        Op::Dot(Dot {
            lhs_contract: [l].as_slice().into(),
            rhs_contract: [r].as_slice().into(),
            lhs_batch: [].as_slice().into(),
            rhs_batch: [].as_slice().into(),
        })
    };
    let m = 1_000_000;
    let gather = |mode| Op::Gather {
        axes: [0].as_slice().into(),
        batch: 0,
        mode,
    };
    let scatter = |kind| Op::Scatter {
        kind,
        axes: [0].as_slice().into(),
        batch: 0,
        mode: OutOfBounds::Fill,
    };
    let h = Route::Host;
    time(
        "matmul 1024 f32",
        h,
        dot(1, 0),
        vec![floats(&[1024, 1024]), floats(&[1024, 1024])],
    );
    time(
        "matmul 1024 f32, both transposed",
        h,
        dot(0, 1),
        vec![floats(&[1024, 1024]), floats(&[1024, 1024])],
    );
    time(
        "matvec 4096 f32",
        h,
        dot(1, 0),
        vec![floats(&[4096, 4096]), floats(&[4096])],
    );
    time(
        "vecmat 4096 f32",
        h,
        dot(0, 0),
        vec![floats(&[4096]), floats(&[4096, 4096])],
    );
    time(
        "dot 10^7 f32",
        h,
        dot(0, 0),
        vec![floats(&[10 * m]), floats(&[10 * m])],
    );
    time(
        "matmul 10^7 x 3 by 3 x 3",
        h,
        dot(1, 0),
        vec![floats(&[10 * m, 3]), floats(&[3, 3])],
    );
    for r in [Route::Host, Route::Device] {
        time(
            "gather 10^6 of 10^6 clip",
            r,
            gather(OutOfBounds::Clip),
            vec![floats(&[m]), ints(m, m as u32)],
        );
        time(
            "gather 10^6 of 10^6 fill",
            r,
            gather(OutOfBounds::Fill),
            vec![floats(&[m]), ints(m, m as u32)],
        );
        time(
            "gather 10^4 rows of 10^4 x 100",
            r,
            gather(OutOfBounds::Clip),
            vec![floats(&[10_000, 100]), ints(10_000, 10_000)],
        );
        time(
            "scatter add 10^6 into 10^6",
            r,
            scatter(Update::Add),
            vec![floats(&[m]), floats(&[m]), ints(m, m as u32)],
        );
        time(
            "scatter set 10^6 into 10^6",
            r,
            scatter(Update::Set),
            vec![floats(&[m]), floats(&[m]), ints(m, m as u32)],
        );
        time(
            "argmax 10^7",
            r,
            Op::ArgReduce {
                kind: ArgReduction::Max,
                axis: 0,
                dtype: DType::I32,
            },
            vec![floats(&[10 * m])],
        );
        time(
            "argmax 10^7 axis 0 of (10^4, 10^3)",
            r,
            Op::ArgReduce {
                kind: ArgReduction::Max,
                axis: 0,
                dtype: DType::I32,
            },
            vec![floats(&[10_000, 1000])],
        );
    }
    for r in [Route::Host, Route::Gradient] {
        time(
            "cumsum 10^7",
            r,
            Op::Cumulative {
                kind: Reduction::Sum,
                axis: 0,
                reverse: false,
            },
            vec![floats(&[10 * m])],
        );
        time(
            "cumsum 10^7, reverse",
            r,
            Op::Cumulative {
                kind: Reduction::Sum,
                axis: 0,
                reverse: true,
            },
            vec![floats(&[10 * m])],
        );
        time(
            "cumsum 10^7, axis 0 of (10^4, 10^3)",
            r,
            Op::Cumulative {
                kind: Reduction::Sum,
                axis: 0,
                reverse: false,
            },
            vec![floats(&[10_000, 1000])],
        );
        time("sort 10^6 f32", r, Op::Sort { axis: 0 }, vec![floats(&[m])]);
        time(
            "sort 10^6 f32 with i32",
            r,
            Op::Sort { axis: 0 },
            vec![floats(&[m]), ints(m, 7)],
        );
    }
    time(
        "sum 10^7",
        h,
        Op::Reduce {
            kind: Reduction::Sum,
            axes: [0].as_slice().into(),
        },
        vec![floats(&[10 * m])],
    );
    time(
        "max 10^7",
        h,
        Op::Reduce {
            kind: Reduction::Max,
            axes: [0].as_slice().into(),
        },
        vec![floats(&[10 * m])],
    );
    time(
        "concatenate 2 x 10^7",
        h,
        Op::Concatenate { axis: 0 },
        vec![floats(&[10 * m]), floats(&[10 * m])],
    );
    time(
        "random bits 10^6",
        h,
        Op::RandomBits { shape: [m].into() },
        vec![
            TensorData::new(vec![1u32, 2], vec![2]),
            TensorData::new(vec![0u32], Vec::<usize>::new()),
        ],
    );
    time(
        "solve 500 by 1",
        h,
        Op::Linalg(Linalg::Solve),
        vec![floats(&[500, 500]), floats(&[500, 1])],
    );
    time(
        "solve 10^5 of 3 by 1",
        h,
        Op::Linalg(Linalg::Solve),
        vec![floats(&[100_000, 3, 3]), floats(&[100_000, 3, 1])],
    );
    time("eigh 200", h, Op::Linalg(Linalg::Eigh), vec![floats(&[200, 200])]);
    time(
        "4 elements add",
        h,
        Op::Binary(Binary::Add),
        vec![floats(&[4]), floats(&[4])],
    );
}
