//! Scalar functions that neither std nor Burn has.

// M. Giles, "Approximating the erfinv function" (2010), the coefficients as in XLA, highest power first; for f32 as bits.
const CENTRE_F32: [u32; 9] = [
    0x32F1_6588,
    0x34B8_4B36,
    0xB66C_7357,
    0xB693_5AC1,
    0x3965_32DB,
    0xBAA4_5408,
    0xBB88_E4EF,
    0x3E7C_8F63,
    0x3FC0_2E2F,
];
const TAIL_F32: [u32; 9] = [
    0xB951_F09B,
    0x38D3_B56B,
    0x3AB0_DC72,
    0xBB70_BDE7,
    0x3BBC_127B,
    0xBBF9_C5D7,
    0x3C1A_A57E,
    0x3F80_36DB,
    0x4035_4F7E,
];
const CENTRE_F64: [f64; 23] = [
    -3.64441206401782e-21,
    -1.6850591381820166e-19,
    1.28584807152564e-18,
    1.1157877678025181e-17,
    -1.333171662854621e-16,
    2.0972767875968562e-17,
    6.637638134358324e-15,
    -4.054566272975207e-14,
    -8.151934197605472e-14,
    2.6335093153082323e-12,
    -1.2975133253453532e-11,
    -5.415412054294628e-11,
    1.0512122733215323e-09,
    -4.112633980346984e-09,
    -2.9070369957882005e-08,
    4.2347877827932404e-07,
    -1.3654692000834679e-06,
    -1.3882523362786469e-05,
    0.00018673420803405714,
    -0.000740702534166267,
    -0.006033670871430149,
    0.24015818242558962,
    1.6536545626831027,
];
const MIDDLE_F64: [f64; 19] = [
    2.2137376921775787e-09,
    9.075656193888539e-08,
    -2.7517406297064545e-07,
    1.8239629214389228e-08,
    1.5027403968909828e-06,
    -4.013867526981546e-06,
    2.9234449089955446e-06,
    1.2475304481671779e-05,
    -4.7318229009055734e-05,
    6.828485145957318e-05,
    2.4031110387097894e-05,
    -0.0003550375203628475,
    0.0009532893797373805,
    -0.0016882755560235047,
    0.002491442096107851,
    -0.003751208507569241,
    0.005370914553590064,
    1.0052589676941592,
    3.0838856104922208,
];
const TAIL_F64: [f64; 17] = [
    -2.7109920616438573e-11,
    -2.555641816996525e-10,
    1.5076572693500548e-09,
    -3.789465440126737e-09,
    7.61570120807834e-09,
    -1.496002662714924e-08,
    2.914795345090108e-08,
    -6.771199775845234e-08,
    2.2900482228026655e-07,
    -9.9298272942317e-07,
    4.526062597223154e-06,
    -1.968177810553167e-05,
    7.599527703001776e-05,
    -0.00021503011930044477,
    -0.00013871931833623122,
    1.0103004648645344,
    4.849906401408584,
];

/// The inverse of erf: Giles' polynomial as XLA evaluates it, bit for bit.
pub(crate) fn erf_inv_f32(u: f32) -> f32 {
    if u.abs() == 1.0 {
        return u * f32::INFINITY;
    }
    let w = -log1p_f32(u * -u);
    let horner = |bits: &[u32], v: f32| {
        bits[1..]
            .iter()
            .fold(f32::from_bits(bits[0]), |p, &c| p.mul_add(v, f32::from_bits(c)))
    };
    u * if w < 5.0 {
        horner(&CENTRE_F32, w - 2.5)
    } else {
        horner(&TAIL_F32, w.sqrt() - 3.0)
    }
}

/// [`erf_inv_f32`] in double precision.
pub(crate) fn erf_inv_f64(u: f64) -> f64 {
    if u.abs() == 1.0 {
        return u * f64::INFINITY;
    }
    let w = -log1p_f64(u * -u);
    let horner = |c: &[f64], v: f64| c[1..].iter().fold(c[0], |p, &c| p.mul_add(v, c));
    u * if w < 6.25 {
        horner(&CENTRE_F64, w - 3.125)
    } else if w < 16.0 {
        horner(&MIDDLE_F64, w.sqrt() - 3.25)
    } else {
        horner(&TAIL_F64, w.sqrt() - 5.0)
    }
}

/// One polynomial of [`erf_inv_f64`] or [`erf_inv_f32`], for evaluation with array ops.
pub(crate) struct Piece {
    /// The least `w = -log(1 - u^2)` for which it is used.
    pub(crate) from: f64,
    /// True if its argument is the root of `w`.
    pub(crate) root: bool,
    /// What is subtracted from the argument.
    pub(crate) centre: f64,
    /// Highest power first.
    pub(crate) coefficients: Vec<f64>,
}

/// The polynomials for a precision, in the order of `w`.
pub(crate) fn erf_inv_pieces(double: bool) -> Vec<Piece> {
    let piece = |from, root, centre, coefficients| Piece {
        from,
        root,
        centre,
        coefficients,
    };
    let single = |bits: &[u32]| bits.iter().map(|&bits| f64::from(f32::from_bits(bits))).collect();
    if double {
        vec![
            piece(0.0, false, 3.125, CENTRE_F64.to_vec()),
            piece(6.25, true, 3.25, MIDDLE_F64.to_vec()),
            piece(16.0, true, 5.0, TAIL_F64.to_vec()),
        ]
    } else {
        vec![
            piece(0.0, false, 2.5, single(&CENTRE_F32)),
            piece(5.0, true, 3.0, single(&TAIL_F32)),
        ]
    }
}

/// log(1 + x) as XLA's CPU backend computes it in single precision, for `x` in (-1, 0].
fn log1p_f32(x: f32) -> f32 {
    if x.abs() < f32::from_bits(0x3ED4_13CD) {
        const P: [u32; 6] = [
            0x3EFF_40C5,
            0x40D2_84FA,
            0x41EF_4B9C,
            0x4273_CC76,
            0x4264_73AD,
            0x41A0_5101,
        ];
        const Q: [u32; 6] = [
            0x4171_01AD,
            0x42A6_185B,
            0x435D_C32D,
            0x439A_8CA3,
            0x4358_6D8A,
            0x4270_7982,
        ];
        let horner =
            |first: f32, rest: [u32; 6]| rest.iter().fold(first, |p, &c| p.mul_add(x, f32::from_bits(c)));
        let x2 = x * x;
        let t = (x * x2) * (horner(4.527e-05, P) / horner(1.0, Q));
        return x + x2.mul_add(-0.5, t);
    }
    log_f32(1.0 + x)
}

/// The logarithm as XLA's CPU backend (Cephes, Eigen) computes it in single precision, for positive finite `x`.
fn log_f32(x: f32) -> f32 {
    let c = f32::from_bits;
    if x <= 0.0 || x.is_nan() {
        return if x == 0.0 { f32::NEG_INFINITY } else { f32::NAN };
    }
    let bits = x.max(f32::MIN_POSITIVE).to_bits();
    let mut e = ((bits >> 23) as i32 - 127) as f32 + 1.0;
    let m = f32::from_bits(bits & 0x007F_FFFF | 0x3F00_0000);
    let r = if m < c(0x3F35_04F3) {
        e -= 1.0;
        (m - 1.0) + m
    } else {
        m - 1.0
    };
    let r2 = r * r;
    let r3 = r2 * r;
    let y = r
        .mul_add(c(0x3D90_21BB), c(0xBDEB_D1B8))
        .mul_add(r, c(0x3DEF_251A));
    let y1 = r
        .mul_add(c(0xBDFE_5D4F), c(0x3E11_E9BF))
        .mul_add(r, c(0xBE2A_AE50));
    let y2 = r
        .mul_add(c(0x3E4C_CEAC), c(0xBE7F_FFFC))
        .mul_add(r, c(0x3EAA_AAAA));
    let y = y.mul_add(r3, y1).mul_add(r3, y2);
    let z = y.mul_add(r3, e * c(0xB95E_8083));
    e.mul_add(c(0x3F31_8000), r2.mul_add(-0.5, r) + z)
}

/// As [`log1p_f32`], in double precision.
fn log1p_f64(x: f64) -> f64 {
    if x.abs() < std::f64::consts::SQRT_2 - 1.0 {
        const P: [f64; 7] = [
            4.52700008624452e-05,
            0.49854102823193375,
            6.578732594206104,
            29.911919328553072,
            60.94966798098779,
            57.11296359058554,
            20.039553499201283,
        ];
        const Q: [f64; 7] = [
            1.0,
            15.062909083469192,
            83.04756596796722,
            221.76239823732857,
            309.09872225312057,
            216.42788614495947,
            60.11866049760384,
        ];
        let horner = |c: [f64; 7]| c[1..].iter().fold(c[0], |p, &c| p.mul_add(x, c));
        let x2 = x * x;
        let t = (x * x2) * (horner(P) / horner(Q));
        return x + x2.mul_add(-0.5, t);
    }
    (1.0 + x).ln()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn erf_inv_inverts_erf() {
        for i in 1..2000 {
            let u = f64::from(i) / 2000.0;
            let back = libm::erf(erf_inv_f64(u));
            assert!((back - u).abs() < 4e-15, "erf(erf_inv({u})) = {back}");
            let back = libm::erf(f64::from(erf_inv_f32(u as f32)));
            assert!((back - u).abs() < 1e-6, "erf(erf_inv({u}f32)) = {back}");
        }
        assert_eq!(erf_inv_f32(1.0), f32::INFINITY);
        assert_eq!(erf_inv_f64(-1.0), f64::NEG_INFINITY);
        assert!(erf_inv_f32(1.5).is_nan() && erf_inv_f64(f64::NAN).is_nan());
        assert!(erf_inv_f32(-0.0).is_sign_negative());
    }
}
