//! Instruction-set dispatch: one loop, compiled several times.
//!
//! A kernel is a plain Rust loop. It is compiled once for the baseline of the target and, on x86-64, again
//! for AVX2+FMA and for AVX-512. The first use asks the processor; later uses read one relaxed atomic. There
//! are no intrinsics: a version is fast because LLVM vectorises the loop for the features of the version. On
//! aarch64 NEON and fused multiply-add are the baseline, and there is one version.
//!
//! All versions return the same bits. Floating point is never reassociated or contracted, and a fused
//! multiply-add happens exactly where `mul_add` is written: the baseline calls libm for it, which is
//! slow and right.
//!
//! Code that runs under [`dispatch`] must be `#[inline(always)]` at every level: a function that is called
//! instead of inlined keeps the features of the baseline.

use std::sync::atomic::{AtomicU8, Ordering};

/// The instruction sets a loop is compiled for, slowest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Level {
    /// The features that the target guarantees: SSE2 on x86-64, NEON on aarch64.
    Baseline = 1,
    /// AVX2, FMA, BMI1 and BMI2 (x86-64-v3).
    Avx2 = 2,
    /// AVX-512 F, BW, DQ, VL and CD (x86-64-v4).
    Avx512 = 3,
}

/// 0 is "not asked yet", otherwise a [`Level`].
static LEVEL: AtomicU8 = AtomicU8::new(0);

/// Returns the version in use: the best one that the processor has, or a lesser one that the environment
/// variable `KILN_SIMD` (`baseline`, `avx2`, `avx512`) names. The variable is read once.
#[inline]
pub fn level() -> Level {
    match LEVEL.load(Ordering::Relaxed) {
        3 => Level::Avx512,
        2 => Level::Avx2,
        1 => Level::Baseline,
        _ => choose(),
    }
}

#[cold]
fn choose() -> Level {
    let best = *supported().last().unwrap_or(&Level::Baseline);
    let level = match std::env::var("KILN_SIMD").as_deref() {
        Ok("baseline") => Level::Baseline,
        Ok("avx2") => best.min(Level::Avx2),
        _ => best,
    };
    LEVEL.store(level as u8, Ordering::Relaxed);
    level
}

/// Returns the levels that this processor can run, slowest first; for tests that compare them.
pub fn supported() -> Vec<Level> {
    #[cfg_attr(
        not(target_arch = "x86_64"),
        allow(unused_mut, reason = "other targets have one level")
    )]
    let mut levels = vec![Level::Baseline];
    #[cfg(target_arch = "x86_64")]
    {
        if has_avx2() {
            levels.push(Level::Avx2);
            if has_avx512() {
                levels.push(Level::Avx512);
            }
        }
    }
    levels
}

#[cfg(target_arch = "x86_64")]
fn has_avx2() -> bool {
    is_x86_feature_detected!("avx2")
        && is_x86_feature_detected!("fma")
        && is_x86_feature_detected!("bmi1")
        && is_x86_feature_detected!("bmi2")
}

#[cfg(target_arch = "x86_64")]
fn has_avx512() -> bool {
    is_x86_feature_detected!("avx512f")
        && is_x86_feature_detected!("avx512bw")
        && is_x86_feature_detected!("avx512dq")
        && is_x86_feature_detected!("avx512vl")
        && is_x86_feature_detected!("avx512cd")
}

/// A loop to be compiled for every instruction set. The fields of the implementing type are the
/// arguments of the loop, and `run` must be `#[inline(always)]`.
pub trait Kernel {
    /// The type that the loop returns.
    type Out;
    /// Returns the loop.
    fn run(self) -> Self::Out;
}

/// Runs a kernel in the version in use (see [`level`]).
#[inline]
pub fn dispatch<K: Kernel>(kernel: K) -> K::Out {
    dispatch_at(level(), kernel)
}

/// Runs a kernel in a given version.
///
/// # Panics
///
/// If the processor does not have it.
#[inline]
pub fn run_at<K: Kernel>(level: Level, kernel: K) -> K::Out {
    assert!(supported().contains(&level), "this processor lacks {level:?}");
    dispatch_at(level, kernel)
}

/// `level` must be supported: it comes from [`level()`] or was checked by [`run_at`].
#[inline(always)]
fn dispatch_at<K: Kernel>(level: Level, kernel: K) -> K::Out {
    #[cfg(target_arch = "x86_64")]
    {
        #[target_feature(enable = "avx2,fma,bmi1,bmi2")]
        fn avx2<K: Kernel>(kernel: K) -> K::Out {
            kernel.run()
        }
        #[target_feature(enable = "avx2,fma,bmi1,bmi2,avx512f,avx512bw,avx512dq,avx512vl,avx512cd")]
        fn avx512<K: Kernel>(kernel: K) -> K::Out {
            kernel.run()
        }
        match level {
            Level::Baseline => kernel.run(),
            // SAFETY: `supported` lists Avx2 only after detecting avx2, fma, bmi1 and bmi2, the
            // features of `avx2`, and every level that reaches this function comes from its list.
            Level::Avx2 => unsafe { avx2(kernel) },
            // SAFETY: as above; Avx512 is listed only if the five avx512 features were detected on
            // top of those of Avx2.
            Level::Avx512 => unsafe { avx512(kernel) },
        }
    }
    #[cfg(not(target_arch = "x86_64"))]
    {
        let _ = level;
        kernel.run()
    }
}

/// Makes the elementwise drivers: `y[i] = f(x0[i], ...)`.
///
/// `f` is inlined into the loop if it is small or calls only `#[inline(always)]` functions by way of
/// a function item; every slice must have the length of the output.
macro_rules! map_driver {
    ($(#[$doc:meta])* $name:ident, $kernel:ident, $($x:ident: $t:ident),+) => {
        $(#[$doc])*
        ///
        /// # Panics
        ///
        /// If the slices differ in length.
        #[inline]
        pub fn $name<$($t: Copy,)+ U>($($x: &[$t],)+ out: &mut [U], f: impl Fn($($t),+) -> U) {
            dispatch($kernel { $($x,)+ out, f });
        }

        struct $kernel<'a, $($t,)+ U, F> {
            $($x: &'a [$t],)+
            out: &'a mut [U],
            f: F,
        }

        impl<$($t: Copy,)+ U, F: Fn($($t),+) -> U> Kernel for $kernel<'_, $($t,)+ U, F> {
            type Out = ();
            #[inline(always)]
            fn run(self) {
                let n = self.out.len();
                $(assert!(self.$x.len() == n, "slices differ in length");)+
                for i in 0..n {
                    self.out[i] = (self.f)($(self.$x[i]),+);
                }
            }
        }
    };
}

map_driver! {
    /// `out[i] = f(x[i])`.
    map1, Map1, x: T
}
map_driver! {
    /// `out[i] = f(x[i], y[i])`.
    map2, Map2, x: T1, y: T2
}
map_driver! {
    /// `out[i] = f(x[i], y[i], z[i])`.
    map3, Map3, x: T1, y: T2, z: T3
}
