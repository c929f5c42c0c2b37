//! Shapes, gathers and scatters.

use super::common::*;
use kiln_program::{Axes, Op, OutOfBounds, Shape, Update};

fn axes(axes: &[usize]) -> Axes {
    axes.into()
}

/// `0, 1, ...` as `f32`.
fn count(shape: &[usize]) -> burn_backend::TensorData {
    a(
        (0..shape.iter().product())
            .map(|i: usize| i as f32)
            .collect::<Vec<_>>(),
        shape,
    )
}

#[test]
fn shapes() {
    let broadcast = |shape: &[usize], at: &[usize]| Op::Broadcast {
        shape: Shape::from(shape),
        axes: axes(at),
    };
    let slice = |start: &[usize], stop: &[usize], step: &[usize]| Op::Slice {
        start: axes(start),
        stop: axes(stop),
        step: axes(step),
    };
    let none = || a(Vec::<f32>::new(), [0, 3]);
    check(vec![
        row(Op::Reshape([3, 2].into()), vec![count(&[2, 3])], count(&[3, 2])),
        row(Op::Reshape(Shape::scalar()), vec![count(&[1, 1])], s(0.0f32)),
        row(Op::Reshape([1, 1].into()), vec![s(true)], a([true], [1, 1])),
        row(
            Op::Reshape([3, 0].into()),
            vec![none()],
            a(Vec::<f32>::new(), [3, 0]),
        ),
        row(
            Op::Transpose(axes(&[1, 0])),
            vec![a([1u8, 2, 3, 4, 5, 6], [2, 3])],
            a([1u8, 4, 2, 5, 3, 6], [3, 2]),
        ),
        row(Op::Transpose(axes(&[])), vec![s(4i64)], s(4i64)),
        row(
            Op::Transpose(axes(&[2, 0, 1])),
            vec![count(&[2, 1, 3])],
            a([0.0f32, 3.0, 1.0, 4.0, 2.0, 5.0], [3, 2, 1]),
        ),
        row(
            Op::Transpose(axes(&[1, 0])),
            vec![none()],
            a(Vec::<f32>::new(), [3, 0]),
        ),
        row(
            broadcast(&[2, 3], &[1]),
            vec![v([1i32, 2, 3])],
            a([1i32, 2, 3, 1, 2, 3], [2, 3]),
        ),
        row(
            broadcast(&[2, 3], &[0]),
            vec![v([true, false])],
            a([true, true, true, false, false, false], [2, 3]),
        ),
        row(broadcast(&[2, 2], &[]), vec![s(7u32)], a([7u32; 4], [2, 2])),
        row(
            broadcast(&[2, 3], &[0, 1]),
            vec![a([1.0f64, 2.0], [2, 1])],
            a([1.0, 1.0, 1.0, 2.0, 2.0, 2.0], [2, 3]),
        ),
        row(broadcast(&[], &[]), vec![s(1.0f32)], s(1.0f32)),
        row(
            broadcast(&[0, 2], &[1]),
            vec![v([1.0f32, 2.0])],
            a(Vec::<f32>::new(), [0, 2]),
        ),
        row(
            slice(&[1, 0], &[2, 3], &[1, 2]),
            vec![count(&[2, 3])],
            a([3.0f32, 5.0], [1, 2]),
        ),
        row(
            slice(&[1], &[7], &[3]),
            vec![v([0i8, 1, 2, 3, 4, 5, 6])],
            v([1i8, 4]),
        ),
        row(slice(&[], &[], &[]), vec![s(1u64)], s(1u64)),
        row(
            slice(&[2], &[2], &[1]),
            vec![v([true, false])],
            v(Vec::<bool>::new()),
        ),
        row(
            Op::Reverse(axes(&[1])),
            vec![count(&[2, 2])],
            a([1.0f32, 0.0, 3.0, 2.0], [2, 2]),
        ),
        row(
            Op::Reverse(axes(&[0, 1])),
            vec![a([1u16, 2, 3, 4], [2, 2])],
            a([4u16, 3, 2, 1], [2, 2]),
        ),
        row(Op::Reverse(axes(&[])), vec![s(3.0f32)], s(3.0f32)),
        row(
            Op::Concatenate { axis: 1 },
            vec![
                a([1i32, 2], [2, 1]),
                a([3i32, 4, 5, 6], [2, 2]),
                a(Vec::<i32>::new(), [2, 0]),
            ],
            a([1i32, 3, 4, 2, 5, 6], [2, 3]),
        ),
        row(
            Op::Concatenate { axis: 0 },
            vec![v([true]), v([false, true])],
            v([true, false, true]),
        ),
        row(Op::Concatenate { axis: 0 }, vec![v([1.5f64])], v([1.5f64])),
    ]);
}

fn gather(at: &[usize], batch: usize, mode: OutOfBounds) -> Op {
    Op::Gather {
        axes: axes(at),
        batch,
        mode,
    }
}

#[test]
fn gathers() {
    use OutOfBounds::{Clip, Fill};
    let x = || v([10.0f32, 11.0, 12.0]);
    let nan = f32::NAN;
    let m = || count(&[2, 3]);
    check(vec![
        row(
            gather(&[0], 0, Clip),
            vec![x(), v([2i32, 0, 0])],
            v([12.0f32, 10.0, 10.0]),
        ),
        row(
            gather(&[0], 0, Clip),
            vec![x(), v([5i64, -1])],
            v([12.0f32, 10.0]),
        ),
        row(
            gather(&[0], 0, Fill),
            vec![x(), v([5i64, -1, 1])],
            v([nan, nan, 11.0f32]),
        ),
        row(
            gather(&[0], 0, Clip),
            vec![x(), v([u64::MAX, 1])],
            v([12.0f32, 11.0]),
        ),
        row(
            gather(&[0], 0, Clip),
            vec![x(), v([u32::MAX, 1])],
            v([12.0f32, 11.0]),
        ),
        row(
            gather(&[0], 0, Clip),
            vec![x(), v([200u8, 1])],
            v([12.0f32, 11.0]),
        ),
        row(gather(&[0], 0, Fill), vec![x(), s(1i8)], s(11.0f32)),
        row(gather(&[0], 0, Fill), vec![x(), s(3i16)], s(nan)),
        row(
            gather(&[0], 0, Fill),
            vec![x(), a([1u16, 9], [2, 1])],
            a([11.0f32, nan], [2, 1]),
        ),
        row(
            gather(&[0], 0, Fill),
            vec![v([1i32, 2]), v([7i32, 1])],
            v([i32::MIN, 2]),
        ),
        row(
            gather(&[0], 0, Fill),
            vec![v([1u64, 2]), v([7i32, 1])],
            v([u64::MAX, 2]),
        ),
        row(
            gather(&[0], 0, Fill),
            vec![v([1u8, 2]), v([-7i32, 1])],
            v([255u8, 2]),
        ),
        row(
            gather(&[0], 0, Fill),
            vec![v([false, false]), v([7i32, 1])],
            v([true, false]),
        ),
        row(
            gather(&[0], 0, Clip),
            vec![v([false, true]), v([1i32, 1, 0])],
            v([true, true, false]),
        ),
        // Rows, columns and elements of a matrix.
        row(
            gather(&[0], 0, Clip),
            vec![m(), v([1i32, 0])],
            a([3.0f32, 4.0, 5.0, 0.0, 1.0, 2.0], [2, 3]),
        ),
        row(
            gather(&[1], 0, Clip),
            vec![m(), v([2i32, 0])],
            a([2.0f32, 5.0, 0.0, 3.0], [2, 2]),
        ),
        row(
            gather(&[1], 0, Fill),
            vec![m(), v([2i32, 3])],
            a([2.0f32, 5.0, nan, nan], [2, 2]),
        ),
        row(gather(&[1], 0, Clip), vec![m(), s(1i32)], v([1.0f32, 4.0])),
        row(
            gather(&[0, 1], 0, Clip),
            vec![m(), v([1i32, 0]), v([2i32, 9])],
            v([5.0f32, 2.0]),
        ),
        row(
            gather(&[0, 1], 0, Fill),
            vec![m(), v([1i32, 0]), v([2i32, 9])],
            v([5.0f32, nan]),
        ),
        // Axes that are not neighbours, and axes on both sides.
        row(
            gather(&[0, 2], 0, Clip),
            vec![count(&[2, 2, 3]), v([1i32, 0]), v([2i32, 1])],
            a([8.0f32, 11.0, 1.0, 4.0], [2, 2]),
        ),
        row(
            gather(&[1], 0, Clip),
            vec![count(&[2, 2, 2]), v([1i32])],
            a([2.0f32, 3.0, 6.0, 7.0], [1, 2, 2]),
        ),
        // Batches: along the last axis, and with an axis between.
        row(
            gather(&[1], 1, Clip),
            vec![m(), a([2i32, 0, 1, 1], [2, 2])],
            a([2.0f32, 0.0, 4.0, 4.0], [2, 2]),
        ),
        row(gather(&[1], 1, Fill), vec![m(), v([2i32, 3])], v([2.0f32, nan])),
        row(
            gather(&[2], 1, Clip),
            vec![count(&[2, 2, 3]), v([2i32, 0])],
            a([2.0f32, 5.0, 6.0, 9.0], [2, 2]),
        ),
        row(
            gather(&[1], 1, Clip),
            vec![count(&[2, 2, 2]), a([1i32, 0], [2, 1])],
            a([2.0f32, 3.0, 4.0, 5.0], [2, 1, 2]),
        ),
        // An empty array to read, and a read of no index.
        row(
            gather(&[0], 0, Clip),
            vec![v(Vec::<f32>::new()), v([0i32, 1])],
            v([nan, nan]),
        ),
        row(
            gather(&[0], 0, Fill),
            vec![x(), v(Vec::<i32>::new())],
            v(Vec::<f32>::new()),
        ),
        row(
            gather(&[0], 0, Clip),
            vec![a([5i64], [1]), v([0i32, 3])],
            v([5i64, 5]),
        ),
    ]);
}

#[test]
fn scatters() {
    use OutOfBounds::{Clip, Fill};
    let scatter = |kind, at: &[usize], batch, mode| Op::Scatter {
        kind,
        axes: axes(at),
        batch,
        mode,
    };
    let one = |kind| scatter(kind, &[0], 0, Fill);
    let x = || v([1.0f32, 2.0, 3.0]);
    let z = || a([0.0f32; 6], [2, 3]);
    check(vec![
        row(
            one(Update::Set),
            vec![x(), v([8.0f32, 9.0]), v([2i32, 0])],
            v([9.0f32, 2.0, 8.0]),
        ),
        row(
            one(Update::Set),
            vec![x(), v([8.0f32, 9.0]), v([1i32, 1])],
            v([1.0f32, 9.0, 3.0]),
        ),
        row(
            one(Update::Set),
            vec![x(), v([8.0f32, 9.0, 7.0]), v([3i64, -1, 0])],
            v([7.0f32, 2.0, 3.0]),
        ),
        row(
            scatter(Update::Set, &[0], 0, Clip),
            vec![x(), v([8.0f32]), v([7i32])],
            v([1.0f32, 2.0, 8.0]),
        ),
        row(
            one(Update::Add),
            vec![x(), v([8.0f32, 9.0, 1.0]), v([1u8, 1, 9])],
            v([1.0f32, 19.0, 3.0]),
        ),
        row(
            one(Update::Mul),
            vec![x(), v([8.0f32, 9.0]), v([1i32, 1])],
            v([1.0f32, 144.0, 3.0]),
        ),
        row(
            one(Update::Min),
            vec![x(), v([8.0f32, -9.0]), v([1u64, 0])],
            v([-9.0f32, 2.0, 3.0]),
        ),
        row(
            one(Update::Max),
            vec![x(), v([8.0f32, -9.0]), v([1u32, 0])],
            v([1.0f32, 8.0, 3.0]),
        ),
        row(
            one(Update::Max),
            vec![x(), v([f32::NAN]), v([1i32])],
            v([1.0f32, f32::NAN, 3.0]),
        )
        .on(HOST),
        row(
            one(Update::Set),
            vec![x(), s(5.0f32), s(1i32)],
            v([1.0f32, 5.0, 3.0]),
        ),
        row(
            one(Update::Add),
            vec![v([1i32, 2]), v([5i32, 6]), v([0i32, 0])],
            v([12i32, 2]),
        ),
        row(
            one(Update::Add),
            vec![v([200u8]), v([100u8]), v([0i32])],
            v([44u8]),
        )
        .wrapping(),
        row(
            one(Update::Add),
            vec![v([i32::MAX]), v([1i32]), v([0i32])],
            v([i32::MIN]),
        )
        .wrapping(),
        row(
            one(Update::Set),
            vec![v([1u64, 2]), v([u64::MAX]), v([1i32])],
            v([1u64, u64::MAX]),
        ),
        row(
            one(Update::Set),
            vec![v([true, true]), v([false]), v([1i32])],
            v([true, false]),
        ),
        row(
            one(Update::Add),
            vec![v([false, true]), v([true, false]), v([0i32, 1])],
            v([true, true]),
        ),
        row(
            one(Update::Mul),
            vec![v([false, true]), v([true, false]), v([0i32, 1])],
            v([false, false]),
        ),
        // Rows, columns, elements, batches.
        row(
            one(Update::Add),
            vec![z(), a([1.0f32, 2.0, 3.0], [1, 3]), v([1i32])],
            a([0.0f32, 0.0, 0.0, 1.0, 2.0, 3.0], [2, 3]),
        ),
        row(
            scatter(Update::Add, &[1], 0, Fill),
            vec![z(), a([1.0f32, 2.0, 3.0, 4.0], [2, 2]), v([2i32, 0])],
            a([3.0f32, 0.0, 1.0, 4.0, 0.0, 2.0], [2, 3]),
        ),
        row(
            scatter(Update::Set, &[0, 1], 0, Fill),
            vec![z(), v([1.0f32, 2.0, 3.0]), v([0i32, 1, 2]), v([2i32, 0, 0])],
            a([0.0f32, 0.0, 1.0, 2.0, 0.0, 0.0], [2, 3]),
        ),
        row(
            scatter(Update::Add, &[1], 1, Fill),
            vec![
                z(),
                a([1.0f32, 2.0, 3.0, 4.0], [2, 2]),
                a([0i32, 0, 2, 3], [2, 2]),
            ],
            a([3.0f32, 0.0, 0.0, 0.0, 0.0, 3.0], [2, 3]),
        ),
        row(
            scatter(Update::Add, &[0, 2], 0, Fill),
            vec![
                a([0.0f32; 8], [2, 2, 2]),
                a([1.0f32, 2.0], [1, 2]),
                v([1i32]),
                v([0i32]),
            ],
            a([0.0f32, 0.0, 0.0, 0.0, 1.0, 0.0, 2.0, 0.0], [2, 2, 2]),
        ),
        row(
            one(Update::Add),
            vec![x(), v(Vec::<f32>::new()), v(Vec::<i32>::new())],
            x(),
        ),
    ]);
}

/// More updates of one place than the iterations that Mesa's software drivers let a loop have: each update
/// counts, and the last one stays.
#[test]
fn many_updates_of_one_place() {
    let scatter = |kind| Op::Scatter {
        kind,
        axes: axes(&[0]),
        batch: 0,
        mode: OutOfBounds::Fill,
    };
    const N: usize = 100_000;
    let place = || v(vec![1i32; N]);
    let add = |x, ones, sum| row(scatter(Update::Add), vec![x, ones, place()], sum).on(RUNNING);
    check(vec![
        // Every partial sum is exact: below 2^24.
        add(v([7.0f32, 0.0]), v(vec![1.0f32; N]), v([7.0f32, N as f32])),
        add(v([7i32, 0]), v(vec![1i32; N]), v([7i32, N as i32])),
        row(
            scatter(Update::Set),
            vec![v([-7i32, -7]), v((0..N as i32).collect::<Vec<_>>()), place()],
            v([-7i32, N as i32 - 1]),
        )
        .on(RUNNING),
    ]);
}
