//! Twenty calls in Heston's model by the cosine method, with complex numbers as pairs of arrays.

use crate::programs::check;
use kiln::prelude::*;
use std::ops::{Add, Div, Mul, Sub};

/// Complex numbers.
#[derive(Clone)]
struct Complex {
    re: Array,
    im: Array,
}

impl Complex {
    fn exp(&self) -> Complex {
        let size = self.re.exp();
        Complex {
            re: &size * self.im.cos(),
            im: size * self.im.sin(),
        }
    }

    fn log(&self) -> Complex {
        Complex {
            re: self.re.hypot(&self.im).log(),
            im: self.im.arctan2(&self.re),
        }
    }

    fn sqrt(&self) -> Complex {
        let (size, angle) = (self.re.hypot(&self.im).sqrt(), self.im.arctan2(&self.re) / 2);
        Complex {
            re: &size * angle.cos(),
            im: size * angle.sin(),
        }
    }
}

impl Add for &Complex {
    type Output = Complex;

    fn add(self, other: &Complex) -> Complex {
        Complex {
            re: &self.re + &other.re,
            im: &self.im + &other.im,
        }
    }
}

impl Sub for &Complex {
    type Output = Complex;

    fn sub(self, other: &Complex) -> Complex {
        Complex {
            re: &self.re - &other.re,
            im: &self.im - &other.im,
        }
    }
}

impl Mul for &Complex {
    type Output = Complex;

    fn mul(self, other: &Complex) -> Complex {
        Complex {
            re: &self.re * &other.re - &self.im * &other.im,
            im: &self.re * &other.im + &self.im * &other.re,
        }
    }
}

impl Mul<&Complex> for f64 {
    type Output = Complex;

    fn mul(self, other: &Complex) -> Complex {
        Complex {
            re: self * &other.re,
            im: self * &other.im,
        }
    }
}

impl Div for &Complex {
    type Output = Complex;

    fn div(self, other: &Complex) -> Complex {
        let size = other.re.pow(2) + other.im.pow(2);
        Complex {
            re: (&self.re * &other.re + &self.im * &other.im) / &size,
            im: (&self.im * &other.re - &self.re * &other.im) / size,
        }
    }
}

/// Returns the characteristic function of the logarithm of the price after a year.
fn characteristic(u: &Array) -> Complex {
    let (r, kappa, theta, v, xi, rho) = (0.03, 1.5, 0.04, 0.04, 0.3_f64, -0.7);
    let one = Complex {
        re: np::ones_like(u),
        im: np::zeros_like(u),
    };
    let iu = Complex {
        re: np::zeros_like(u),
        im: u.clone(),
    };
    let beta = &(kappa * &one) - &(rho * xi * &iu);
    let square = Complex {
        re: u.pow(2),
        im: u.clone(),
    };
    let d = (&(&beta * &beta) + &(xi.powi(2) * &square)).sqrt();
    let (minus, plus) = (&beta - &d, &beta + &d);
    let (g, e) = (&minus / &plus, (-1.0 * &d).exp());
    let rest = &one - &(&g * &e);
    let log = (&rest / &(&one - &g)).log();
    let c = kappa * theta / xi.powi(2) * &(&minus - &(2.0 * &log));
    let slope = v / xi.powi(2) * &(&(&minus * &(&one - &e)) / &rest);
    (&(&c + &slope) + &(r * &iu)).exp()
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
        let turn = Complex {
            re: np::zeros_like(&u),
            im: &u * ((s / &strike).log() - a),
        }
        .exp();
        let discounted = &strike * (-r).exp();
        let put = &discounted * ((&characteristic(&u) * &turn).re * &weights).sum();
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
