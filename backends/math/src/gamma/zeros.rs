//! The values next to the zeros on the negative axis, where reflection cancels.

use super::LGAMMA;
use std::f64::consts::PI;

/// The zeros of lgamma next to the poles -2, -3, ..., -17: their distances below and above, each as a float
/// and the rest. There is none between -2 and -1. Below -17.5 no float comes near a zero.
#[rustfmt::skip]
const ZEROS: [[(f64, f64); 2]; 16] = [
    [(-0.45702473822080064, 1.843554041574456e-17), (0.0, 0.0)],
    [(-0.14358088834998006, 3.862806401714152e-18), (0.2523173532725874, -2.04688991691325e-17)],
    [(-0.03936183974053688, 3.2731379225891636e-18), (0.04470571514140207, 8.223977942582053e-19)],
    [(-0.008218168322593521, -5.582665915956405e-19), (0.008455359439952277, 8.231751957350036e-19)],
    [(-0.0013852944531550972, -2.6295731811446077e-20), (0.0013925199191243706, -7.090441230646531e-20)],
    [(-0.00019833340732475162, 1.1820573401560963e-20), (0.0001984921093623021, 6.263909978492175e-21)],
    [(-2.48002706819597e-05, 1.0083974251164085e-21), (2.4802904179335845e-05, 3.15397713595963e-22)],
    [(-2.7557148226503463e-06, -5.624459871432079e-23), (2.7557490225318057e-06, -6.500300408654724e-23)],
    [(-2.755730136466002e-07, -2.4472526783403563e-23), (2.7557337083353163e-07, 1.4502658434955713e-23)],
    [(-2.5052106852407546e-08, 1.2924868620853802e-24), (2.5052109918476226e-08, -6.807394864189793e-25)],
    [(-2.087675687777539e-09, -4.849684877236172e-26), (2.087675709796081e-09, -8.658839215884982e-26)],
    [(-1.6059043830108875e-10, 7.046449983196074e-27), (1.6059043843534355e-10, 6.465141936497467e-27)],
    [(-1.147074559737784e-11, 4.194056116105366e-28), (1.147074559808161e-11, -7.830340218001236e-28)],
    [(-7.647163731803788e-13, 4.886154187641447e-29), (7.647163731835846e-13, -3.8035184915187745e-29)],
    [(-4.779477332386745e-14, -1.811833433216651e-30), (4.779477332388026e-14, -9.319923331229129e-31)],
    [(-2.811457254345498e-15, -2.2878206410005478e-32), (2.8114572543455435e-15, -8.713180440266469e-32)],
];

/// [`Lgamma`](super::Lgamma) as its difference from the value 0 at the next zero.
///
/// For `x = e - m` it is `lgamma(2 + e)` less the logarithm of the factors `|e|, 1 + e, 1 - e, ..., m - e`.
/// The values of both terms at the zero are subtracted: the polynomial becomes a divided difference. The
/// factors become a product of ratios that differ from 1 in proportion to the distance from the zero.
pub(super) fn lgamma_beside_a_zero(x: f64) -> f64 {
    let m = -x.round();
    let e = x + m;
    let zeros = ZEROS.get((m - 2.0) as usize);
    let zero = zeros.map_or((0.0, 0.0), |pair| pair[usize::from(e > 0.0)]);
    let zero = Pair(zero.0, zero.1);
    // lgamma(2 + e) = e L(e), less its value at the zero and divided by the distance.
    let (mut at_zero, mut slope) = (0.0, 0.0);
    for c in LGAMMA.iter().rev() {
        slope = f64::mul_add(slope, e, at_zero);
        at_zero = f64::mul_add(at_zero, zero.0, *c);
    }
    slope = f64::mul_add(slope, e, at_zero);
    let factors = || (1..=m as usize).map(|k| whole(k).plus(zero.negative()));
    let distance = Pair::sum(e, -zero.0).plus(Pair(-zero.1, 0.0));
    if zero.0 == 0.0 {
        // Measured from the pole: the factors there are m!.
        let product = factors().fold(Pair(e.abs(), 0.0).times(Pair::sum(1.0, e)), |product, k| {
            product.times(k.plus(distance.negative()))
        });
        return f64::mul_add(e, slope, -log(product).0);
    }
    // A product less 1, times 1 + t.
    let less_one = |product: Pair, t: Pair| product.plus(t).plus(product.times(t));
    let start = less_one(distance.over(zero), distance.over(whole(1).plus(zero)));
    let product = factors().fold(start, |product, k| less_one(product, distance.over(k).negative()));
    let log = if product.0.abs() < 0.5 {
        log_1p(product)
    } else {
        log(product.plus(whole(1)))
    };
    f64::mul_add(distance.0, slope, -log.0)
}

/// [`digamma`](super::digamma) by reflection in pairs of floats, right to `2^-100`. At the floats nearest to
/// a zero the value is about `2^-53`.
pub(super) fn digamma_beside_a_zero(x: f64) -> f64 {
    let (sin, cos) = sin_cos_pi(super::from_nearest(x));
    let cotangent = PAIR_PI.times(cos).over(sin);
    let positive = digamma_of_pair(Pair::sum(1.0, -x));
    positive.plus(cotangent.negative()).0
}

/// The sum of two floats that do not overlap.
#[derive(Clone, Copy)]
struct Pair(f64, f64);

const PAIR_PI: Pair = Pair(PI, 1.2246467991473532e-16);
const PAIR_LN_2: Pair = Pair(std::f64::consts::LN_2, 2.3190468138462996e-17);

/// T. J. Dekker, "A floating-point technique for extending the available precision" (1971), with fused
/// multiply-add.
impl Pair {
    fn sum(a: f64, b: f64) -> Pair {
        let s = a + b;
        let bb = s - a;
        Pair(s, (a - (s - bb)) + (b - bb))
    }

    fn plus(self, other: Pair) -> Pair {
        let high = Pair::sum(self.0, other.0);
        let low = Pair::sum(self.1, other.1);
        let carried = Pair::sum(high.0, high.1 + low.0);
        Pair::sum(carried.0, carried.1 + low.1)
    }

    fn negative(self) -> Pair {
        Pair(-self.0, -self.1)
    }

    fn times(self, other: Pair) -> Pair {
        let p = self.0 * other.0;
        let low = f64::mul_add(self.0, other.0, -p);
        Pair::sum(
            p,
            f64::mul_add(self.0, other.1, f64::mul_add(self.1, other.0, low)),
        )
    }

    fn over(self, other: Pair) -> Pair {
        let q = self.0 / other.0;
        let rest = self.plus(other.times(Pair(-q, 0.0)));
        let r = rest.0 / other.0;
        let rest = rest.plus(other.times(Pair(-r, 0.0)));
        Pair::sum(q, r).plus(Pair(rest.0 / other.0, 0.0))
    }
}

fn whole(n: usize) -> Pair {
    Pair(n as f64, 0.0)
}

/// Sine and cosine of `pi f` by Taylor's series, up to `pi/4`.
fn sin_cos_pi(f: f64) -> (Pair, Pair) {
    let flip = f.abs() > 0.25;
    let g = if flip { 0.5 - f.abs() } else { f };
    let x = PAIR_PI.times(Pair(g, 0.0));
    let z = x.times(x).negative();
    let series = |first: usize| {
        // 1 + z/(n (n + 1)) (1 + ...).
        let steps = (first..first + 26).step_by(2).rev();
        steps.fold(whole(1), |sum, n| {
            sum.times(z).over(whole(n * (n + 1))).plus(whole(1))
        })
    };
    let (sin, cos) = (x.times(series(2)), series(1));
    match (flip, f < 0.0) {
        (true, true) => (cos.negative(), sin),
        (true, false) => (cos, sin),
        (false, _) => (sin, cos),
    }
}

/// Returns the logarithm of `1 + x` by the series of the inverse hyperbolic tangent, for `|x| < 1/2`.
fn log_1p(x: Pair) -> Pair {
    let s = x.over(x.plus(whole(2)));
    let z = s.times(s);
    let steps = (0..32).rev();
    let series = steps.fold(Pair(0.0, 0.0), |sum, k| {
        sum.times(z).plus(whole(1).over(whole(2 * k + 1)))
    });
    let half = s.times(series);
    half.plus(half)
}

fn log(x: Pair) -> Pair {
    let exponent = x.0.log2().round();
    let scale = (-exponent).exp2();
    let rest = Pair(x.0 * scale, x.1 * scale).plus(whole(1).negative());
    PAIR_LN_2.times(Pair(exponent, 0.0)).plus(log_1p(rest))
}

/// Bernoulli's numbers `B_2k / 2k` for k = 1, 2, ..., as quotients.
const BERNOULLI: [(f64, f64); 14] = [
    (1.0, 12.0),
    (-1.0, 120.0),
    (1.0, 252.0),
    (-1.0, 240.0),
    (1.0, 132.0),
    (-691.0, 32760.0),
    (1.0, 12.0),
    (-3617.0, 8160.0),
    (43867.0, 14364.0),
    (-174611.0, 6600.0),
    (77683.0, 276.0),
    (-236364091.0, 65520.0),
    (657931.0, 12.0),
    (-3392780147.0, 3480.0),
];

/// Digamma by Stirling's series from 24 on. The recurrence shifts smaller arguments there.
fn digamma_of_pair(mut x: Pair) -> Pair {
    let mut shift = Pair(0.0, 0.0);
    while x.0 < 24.0 {
        shift = shift.plus(whole(1).over(x));
        x = x.plus(whole(1));
    }
    let inverse = whole(1).over(x);
    let z = inverse.times(inverse);
    let series = BERNOULLI
        .iter()
        .rev()
        .fold(Pair(0.0, 0.0), |sum, &(over, under)| {
            sum.plus(Pair(over, 0.0).over(Pair(under, 0.0))).times(z)
        });
    let half = inverse.times(Pair(0.5, 0.0));
    let less = half.plus(series).plus(shift);
    log(x).plus(less.negative())
}
