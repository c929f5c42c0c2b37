//! Twenty calls in Heston's model by the cosine method, with complex numbers as pairs of arrays.

use crate::programs::check;
use kiln::prelude::*;
use std::borrow::Borrow;
use std::ops::{Add, Div, Mul, Sub};

/// Complex numbers.
struct Complex {
    re: Array,
    im: Array,
}

impl Complex {
    fn new(re: impl Into<Array>, im: impl Into<Array>) -> Complex {
        let (re, im) = (re.into(), im.into());
        Complex { re, im }
    }

    fn polar(size: Array, angle: &Array) -> Complex {
        Complex::new(&size * angle.cos(), size * angle.sin())
    }

    fn size(&self) -> Array {
        self.re.hypot(&self.im)
    }

    fn angle(&self) -> Array {
        self.im.arctan2(&self.re)
    }

    fn exp(&self) -> Complex {
        Complex::polar(self.re.exp(), &self.im)
    }

    fn log(&self) -> Complex {
        Complex::new(self.size().log(), self.angle())
    }

    fn sqrt(&self) -> Complex {
        Complex::polar(self.size().sqrt(), &(self.angle() / 2))
    }
}

/// Declares an operator of complex numbers and of references to them.
macro_rules! operator {
    ($trait:ident $name:ident: $a:ident, $b:ident => $re:expr, $im:expr) => {
        impl<B: Borrow<Complex>> $trait<B> for &Complex {
            type Output = Complex;

            fn $name(self, other: B) -> Complex {
                let ($a, $b) = (self, other.borrow());
                Complex::new($re, $im)
            }
        }

        impl<B: Borrow<Complex>> $trait<B> for Complex {
            type Output = Complex;

            fn $name(self, other: B) -> Complex {
                (&self).$name(other)
            }
        }
    };
}
operator!(Add add: a, b => &a.re + &b.re, &a.im + &b.im);
operator!(Sub sub: a, b => &a.re - &b.re, &a.im - &b.im);
operator!(Mul mul: a, b => &a.re * &b.re - &a.im * &b.im, &a.re * &b.im + &a.im * &b.re);
operator!(Div div: a, b =>
    (&a.re * &b.re + &a.im * &b.im) / (b.re.pow(2) + b.im.pow(2)),
    (&a.im * &b.re - &a.re * &b.im) / (b.re.pow(2) + b.im.pow(2)));

impl Mul<Complex> for f64 {
    type Output = Complex;

    fn mul(self, other: Complex) -> Complex {
        Complex::new(self * other.re, self * other.im)
    }
}

/// Returns the characteristic function of the logarithm of the price after a year.
fn characteristic(u: &Array) -> Complex {
    let (r, kappa, theta, v, xi, rho) = (0.03, 1.5, 0.04, 0.04, 0.3_f64, -0.7);
    let (one, iu) = (Complex::new(1, 0), Complex::new(0, u));
    let beta = Complex::new(kappa, -rho * xi * u);
    let d = (&beta * &beta + xi.powi(2) * Complex::new(u.pow(2), u)).sqrt();
    let (minus, plus) = (&beta - &d, &beta + &d);
    let (g, e) = (&minus / plus, (-1.0 * d).exp());
    let rest = &one - &g * &e;
    let log = (&rest / (&one - g)).log();
    let c = kappa * theta / xi.powi(2) * (&minus - 2.0 * log);
    let slope = v / xi.powi(2) * (minus * (one - e) / rest);
    (c + slope + r * iu).exp()
}

fn cosine_heston() -> Vec<Array> {
    let (s, r, n, a, b) = (100.0, 0.03_f64, 64, -3.0_f64, 3.0);
    let k = np::arange(n);
    let u = &k * np::PI / (b - a);
    let at_zero = -a * &u;
    let chi = (at_zero.cos() - a.exp() + &u * at_zero.sin()) / (1 + u.pow(2));
    let psi = np::where_(k.gt(0), at_zero.sin() / np::where_(k.gt(0), &u, 1), -a);
    let weights = (2.0 / (b - a) * (psi - chi)).at(0).multiply(0.5);
    let call = |strike: Array| {
        let turn = Complex::new(0, &u * ((s / &strike).log() - a)).exp();
        let discounted = &strike * (-r).exp();
        let put = &discounted * ((characteristic(&u) * turn).re * &weights).sum();
        put + s - discounted
    };
    vec![jit(vmap(call))(np::linspace(80, 120, 20))]
}

/// The sum has 64 terms of both signs, of at most 1, and each has about ten roundings: √640 = 25. It is
/// multiplied by the strike, 120, and the greatest price is 24.
#[test]
fn cosine_heston_is_jaxs() {
    check("cosine_heston", cosine_heston, || vec![25.0 * 120.0 / 24.0]);
}
