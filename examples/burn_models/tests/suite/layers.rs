//! Compares every layer that can be imported with Burn: values, the gradient of the input, and a batch by
//! `vmap`. Also tests which layers are refused.

use burn_core as burn;
use burn_core::module::{Module, Param, RunningState};
use burn_core::tensor::ops::AttentionModuleOptions;
use burn_core::tensor::{Bool, Device, Distribution, Int, Tensor, TensorData, activation, module};
use burn_nn::attention::{
    MhaInput, MultiHeadAttention, MultiHeadAttentionConfig, generate_autoregressive_mask,
};
use burn_nn::conv::{Conv1dConfig, Conv2dConfig, Conv3dConfig, ConvTranspose2dConfig};
use burn_nn::gru::GruConfig;
use burn_nn::pool::{
    AdaptiveAvgPool2dConfig, AvgPool1dConfig, AvgPool2dConfig, MaxPool1dConfig, MaxPool2dConfig,
};
use burn_nn::transformer::{TransformerEncoderConfig, TransformerEncoderInput};
use burn_nn::{
    BatchNorm, BatchNormConfig, Dropout, DropoutConfig, Embedding, EmbeddingConfig, GroupNormConfig,
    InstanceNormConfig, LayerNormConfig, Linear, LinearConfig, PReluConfig, PaddingConfig1d, PaddingConfig2d,
    PositionalEncodingConfig, RmsNormConfig, SwiGluConfig,
};
use kiln::burn::{Arrays, Model, import, import_function};
use kiln::{Array, DType, grad, numpy as np, vmap, vmap_in_axes};

fn device() -> Device {
    Device::flex().autodiff()
}

/// Numbers between -1 and 1.
fn numbers(shape: &[usize]) -> Vec<f32> {
    let size: usize = shape.iter().product();
    (0..size)
        .map(|i| (((i * 37 + 11) % 101) as f32 - 50.0) / 50.5)
        .collect()
}

fn array(shape: &[usize]) -> Array {
    Array::new(numbers(shape), shape.to_vec())
}

/// Other numbers, which weight the outputs.
fn weights(shape: &[usize]) -> Vec<f32> {
    numbers(shape).into_iter().map(|x| (3.0 * x).cos()).collect()
}

fn tensor<const D: usize>(shape: [usize; D], device: &Device) -> Tensor<D> {
    Tensor::from_data(TensorData::new(numbers(&shape), shape.to_vec()), device)
}

fn floats<const D: usize>(x: Tensor<D>) -> Vec<f32> {
    x.into_data().iter::<f32>().collect()
}

/// Compares with an error of about `sqrt(300) 2^-24` of the size of the sums: both sides add a few hundred
/// products, each in its own order.
#[track_caller]
fn close(name: &str, kiln: &Array, burn: &[f32]) {
    let kiln = kiln.to_vec::<f32>();
    assert_eq!(kiln.len(), burn.len(), "{name}");
    let scale = burn.iter().fold(1e-3f32, |scale, x| scale.max(x.abs()));
    for (i, (x, y)) in kiln.iter().zip(burn).enumerate() {
        assert!((x - y).abs() <= 2e-5 * scale, "{name}[{i}]: {x} instead of {y}");
    }
}

/// Compares the forward pass of a module with Burn: values, the gradient of the input with weighted outputs,
/// and a `vmap` over three examples.
#[track_caller]
fn same<M: Module, const A: usize, const B: usize>(
    name: &str,
    module: M,
    forward: impl Fn(&M, Tensor<A>) -> Tensor<B>,
    shape: [usize; A],
) {
    // The device is an autodiff device, and the module runs as in validation.
    let module = module.freeze();
    let x = tensor(shape, &device()).require_grad();
    let y = forward(&module, x.clone());
    let weighing = TensorData::new(weights(&y.dims()), y.dims().to_vec());
    let weighing = Tensor::from_data(weighing, &device());
    let gradient = x
        .grad(&(y.clone() * weighing).sum().backward())
        .expect("the input is tracked");

    let model = import(&module, &forward, array(&shape)).unwrap_or_else(|error| panic!("{name}: {error}"));
    let output = model.call(array(&shape));
    assert_eq!(output.shape()[..], y.dims(), "{name}");
    close(name, &output, &floats(y));
    let weights = Array::new(weights(output.shape()), output.shape().to_vec());
    let derivative = grad(|x: Array| (model.call(x) * &weights).sum())(array(&shape));
    close(&format!("gradient of {name}"), &derivative, &floats(gradient));

    let batch = [&[3], &shape[..]].concat();
    let examples = array(&batch);
    let all = vmap(|x: Array| model.call(x))(examples.clone());
    for i in 0..3 {
        let one = model.call(examples.index(i)).to_vec::<f32>();
        close(&format!("vmap of {name}"), &all.index(i), &one);
    }
}

/// Does the same as [`same`] for a function without a module.
#[track_caller]
fn function<const A: usize, const B: usize>(
    name: &str,
    f: impl Fn(Tensor<A>) -> Tensor<B>,
    shape: [usize; A],
) {
    same(name, Vec::<Linear>::new(), |_, x| f(x), shape);
}

#[test]
fn linear() {
    let d = &device();
    same(
        "linear",
        LinearConfig::new(5, 3).init(d),
        |m, x: Tensor<2>| m.forward(x),
        [4, 5],
    );
    same(
        "linear of a vector",
        LinearConfig::new(5, 3).init(d),
        |m, x: Tensor<1>| m.forward(x),
        [5],
    );
    let plain = LinearConfig::new(5, 3).with_bias(false).init(d);
    same(
        "linear of a cube",
        plain,
        |m, x: Tensor<3>| m.forward(x),
        [2, 4, 5],
    );
    same(
        "swiglu",
        SwiGluConfig::new(5, 3).init(d),
        |m, x: Tensor<2>| m.forward(x),
        [4, 5],
    );
}

#[test]
fn convolutions() {
    let d = &device();
    let one = Conv1dConfig::new(4, 6, 3);
    same("conv1d", one.clone().init(d), |m, x| m.forward(x), [2, 4, 9]);
    let strided = one
        .clone()
        .with_stride(2)
        .with_dilation(2)
        .with_padding(PaddingConfig1d::Explicit(2, 1));
    same(
        "conv1d with strides",
        strided.init(d),
        |m, x| m.forward(x),
        [2, 4, 11],
    );
    same(
        "conv1d in groups",
        one.with_groups(2).init(d),
        |m, x| m.forward(x),
        [2, 4, 9],
    );
    let two = Conv2dConfig::new([4, 6], [3, 2]);
    same(
        "conv2d",
        two.clone().with_bias(false).init(d),
        |m, x| m.forward(x),
        [2, 4, 7, 6],
    );
    let padded = two.clone().with_padding(PaddingConfig2d::Same);
    same(
        "conv2d of the same size",
        padded.init(d),
        |m, x| m.forward(x),
        [2, 4, 5, 6],
    );
    let strided = two.with_stride([2, 3]).with_dilation([2, 1]).with_groups(2);
    same(
        "conv2d with strides in groups",
        strided.init(d),
        |m, x| m.forward(x),
        [2, 4, 9, 8],
    );
    let three = Conv3dConfig::new([2, 3], [2, 2, 2]);
    same("conv3d", three.init(d), |m, x| m.forward(x), [1, 2, 4, 3, 3]);
}

#[test]
fn pools() {
    let empty = || Vec::<Linear>::new();
    let max = MaxPool1dConfig::new(3)
        .with_stride(2)
        .with_padding(PaddingConfig1d::Explicit(1, 1))
        .init();
    same("max_pool1d", empty(), |_, x| max.forward(x), [2, 3, 9]);
    let max = MaxPool2dConfig::new([2, 3])
        .with_strides([2, 1])
        .with_dilation([2, 1])
        .init();
    same("max_pool2d", empty(), |_, x| max.forward(x), [2, 3, 7, 5]);
    let average = AvgPool1dConfig::new(3).with_stride(2).init();
    same("avg_pool1d", empty(), |_, x| average.forward(x), [2, 3, 9]);
    for count in [true, false] {
        let padding = PaddingConfig2d::Explicit(1, 1, 1, 1);
        let average = AvgPool2dConfig::new([3, 2])
            .with_padding(padding)
            .with_count_include_pad(count)
            .init();
        same("avg_pool2d", empty(), |_, x| average.forward(x), [2, 3, 7, 6]);
    }
    let global = AdaptiveAvgPool2dConfig::new([1, 2]).init();
    same(
        "adaptive_avg_pool2d",
        empty(),
        |_, x| global.forward(x),
        [2, 3, 5, 4],
    );
}

#[test]
fn normalisations() {
    let d = &device();
    let mut batch: BatchNorm = BatchNormConfig::new(3).init(d);
    batch.running_mean = RunningState::new(Tensor::from_data([0.1f32, -0.2, 0.3], d));
    batch.running_var = RunningState::new(Tensor::from_data([1.5f32, 0.5, 2.0], d));
    batch.gamma = Param::from_tensor(Tensor::from_data([0.5f32, 1.5, -1.0], d));
    same(
        "batch_norm",
        batch.clone(),
        |m, x: Tensor<4>| m.forward(x),
        [2, 3, 4, 5],
    );
    // Clones share the running statistics. The import did not change them.
    assert_eq!(floats(batch.running_mean.value()), [0.1, -0.2, 0.3]);
    same(
        "layer_norm",
        LayerNormConfig::new(5).init(d),
        |m, x: Tensor<3>| m.forward(x),
        [2, 3, 5],
    );
    same(
        "rms_norm",
        RmsNormConfig::new(5).init(d),
        |m, x: Tensor<3>| m.forward(x),
        [2, 3, 5],
    );
    same(
        "group_norm",
        GroupNormConfig::new(2, 4).init(d),
        |m, x: Tensor<3>| m.forward(x),
        [2, 4, 5],
    );
    same(
        "instance_norm",
        InstanceNormConfig::new(4).init(d),
        |m, x: Tensor<3>| m.forward(x),
        [2, 4, 5],
    );
}

type Row = (&'static str, fn(Tensor<2>) -> Tensor<2>);

#[test]
fn activations() {
    let rows: Vec<Row> = vec![
        ("relu", activation::relu),
        ("leaky_relu", |x| activation::leaky_relu(x, 0.1)),
        ("relu6", activation::relu6),
        ("gelu", activation::gelu),
        ("gelu_approximate", activation::gelu_approximate),
        ("softmax", |x| activation::softmax(x, 1)),
        ("softmax along the first axis", |x| activation::softmax(x, 0)),
        ("softmin", |x| activation::softmin(x, 1)),
        ("quiet_softmax", |x| activation::quiet_softmax(x, 1)),
        ("log_softmax", |x| activation::log_softmax(x, 1)),
        ("softplus", |x| activation::softplus(x, 1.5)),
        ("sigmoid", activation::sigmoid),
        ("hard_sigmoid", |x| activation::hard_sigmoid(x, 0.4, 0.5)),
        ("log_sigmoid", activation::log_sigmoid),
        ("silu", activation::silu),
        ("hard_swish", activation::hard_swish),
        ("mish", activation::mish),
        ("tanh", activation::tanh),
        ("elu", |x| activation::elu(x, 0.7)),
        ("selu", activation::selu),
        ("softsign", activation::softsign),
        ("glu", |x| activation::glu(x, 1)),
    ];
    for (name, f) in rows {
        // Burn's gradient of gelu is that of its approximation, and is right to three digits. So only the
        // values are compared.
        if name == "gelu" {
            let x = array(&[3, 4]);
            let model = import_function(f, x.clone()).expect("gelu is read");
            close(name, &model.call(x), &floats(f(tensor([3, 4], &device()))));
            continue;
        }
        function(name, f, [3, 4]);
    }
    same(
        "prelu",
        PReluConfig::new().init(&device()),
        |m, x: Tensor<2>| m.forward(x),
        [3, 4],
    );
}

#[test]
fn attention() {
    let d = &device();
    let heads: MultiHeadAttention = MultiHeadAttentionConfig::new(8, 2).init(d);
    let own = |m: &MultiHeadAttention, x: Tensor<3>| m.forward(MhaInput::self_attn(x)).context;
    same("multi-head attention", heads.clone(), own, [2, 5, 8]);
    let causal = |m: &MultiHeadAttention, x: Tensor<3>| {
        let mask = generate_autoregressive_mask(2, 5, &x.device());
        m.forward(MhaInput::self_attn(x).mask_attn(mask)).context
    };
    same("causal multi-head attention", heads, causal, [2, 5, 8]);
    for is_causal in [false, true] {
        for softcap in [None, Some(2.0)] {
            let dot = |x: Tensor<4>| {
                let options = AttentionModuleOptions {
                    scale: None,
                    softcap,
                    is_causal,
                };
                module::attention(x.clone(), x.clone() * 0.5, x, None, None, options)
            };
            function("scaled dot-product attention", dot, [1, 2, 5, 4]);
        }
    }
    let encoder = TransformerEncoderConfig::new(8, 16, 2, 2).init(d);
    let encode =
        |m: &_, x| burn_nn::transformer::TransformerEncoder::forward(m, TransformerEncoderInput::new(x));
    same("transformer encoder", encoder, encode, [2, 4, 8]);
    same(
        "positional encoding",
        PositionalEncodingConfig::new(8).init(d),
        |m, x| m.forward(x),
        [2, 4, 8],
    );
    same(
        "gru",
        GruConfig::new(3, 4, true).init(d),
        |m, x| m.forward(x, None),
        [2, 4, 3],
    );
}

#[test]
fn embeddings() {
    let embedding: Embedding = EmbeddingConfig::new(7, 3).init(&device());
    let words = vec![1, 0, 6, 1];
    let input = Tensor::<2, Int>::from_data(TensorData::new(words.clone(), vec![2, 2]), &device());
    let y = embedding.forward(input);
    let weights = tensor([2, 2, 3], &device());
    let gradient = embedding
        .weight
        .grad(&(y.clone() * weights).sum().backward())
        .expect("it is tracked");

    let words = Array::new(words, (2, 2));
    let model = import(&embedding, |m, x: Tensor<2, Int>| m.forward(x), words.clone()).expect("it is read");
    close("embedding", &model.call(words.clone()), &floats(y));
    let weights = array(&[2, 2, 3]);
    let loss = |parameters| (model.apply(&parameters, words.clone()) * &weights).sum();
    let mut derivative = grad(loss)(model.parameters());
    close(
        "gradient of embedding",
        &derivative.remove("weight").expect("its weight"),
        &floats(gradient),
    );
}

#[test]
fn several_inputs_and_outputs() {
    let both = |(x, mask): (Tensor<2>, Tensor<2, Bool>)| {
        let y = x.clone().mask_fill(mask, 0.0);
        (y.clone(), [x.clone(), y], x.sum_dim(0).squeeze_dim::<1>(0))
    };
    let mask = Array::new(vec![true, false, false, true], (2, 2));
    let model = import_function(both, (array(&[2, 2]), mask.clone())).expect("it is read");
    let (masked, [x, again], sum) = model.call((np::ones((2, 2)), mask));
    for masked in [masked, again] {
        assert_eq!(masked.to_vec::<f32>(), [0.0, 1.0, 1.0, 0.0]);
    }
    assert_eq!(
        (x.to_vec::<f32>(), sum.to_vec::<f32>()),
        (vec![1.0; 4], vec![2.0; 2])
    );
}

#[test]
fn the_dtype_stays() {
    let x = array(&[3]).astype(DType::F64);
    let model = import_function(|x: Tensor<1>| x.exp() * 0.1, x.clone()).expect("it is read");
    let got = model.call(x.clone());
    assert_eq!(got.dtype(), DType::F64);
    let expected = (x.exp() * 0.1).to_vec::<f64>();
    let errors = got
        .to_vec::<f64>()
        .into_iter()
        .zip(expected)
        .map(|(x, y)| (x - y).abs());
    assert!(errors.fold(0.0, f64::max) < 1e-15);
}

#[test]
fn what_has_no_form_as_equations_is_refused_by_name() {
    fn refused<I: Arrays, O: Arrays>(model: Result<Model<I, O>, kiln::burn::ImportError>) -> String {
        match model {
            Ok(model) => panic!("read as {}", model.program()),
            Err(error) => error.to_string(),
        }
    }
    let transposed = ConvTranspose2dConfig::new([2, 3], [2, 2]).init(&device());
    let error = refused(import(&transposed, |m, x| m.forward(x), array(&[1, 2, 3, 3])));
    assert!(error.contains("ConvTranspose2d"), "{error}");
    let noise = |x: Tensor<1>| x.random_like(Distribution::Default);
    let error = refused(import_function(noise, array(&[3])));
    assert!(error.contains("Random"), "{error}");
    let error = refused(import_function(|x: Tensor<2>| x.exp(), array(&[3])));
    assert!(error.contains("rank 2") && error.contains("f32[3]"), "{error}");
    let error = refused(import_function(|x: Tensor<1, Int>| x, array(&[3])));
    assert!(error.contains("integers"), "{error}");
    // Dropout does nothing in validation, so the program has no equations.
    let dropout: Dropout = DropoutConfig::new(0.5).init();
    let model = import(&dropout, |m, x: Tensor<1>| m.forward(x), array(&[3])).expect("it is read");
    assert_eq!(model.program().equations().len(), 0);
}

#[derive(Module, Debug)]
struct Perceptron {
    hidden: Linear,
    output: Linear,
    #[module(skip)]
    scale: f64,
}

impl Perceptron {
    fn forward<const D: usize>(&self, x: Tensor<D>) -> Tensor<D> {
        self.output.forward(self.hidden.forward(x).tanh()) * self.scale
    }
}

#[test]
fn gradients_of_each_example_are_those_of_a_loop_of_burns() {
    let device = device();
    let perceptron = Perceptron {
        hidden: LinearConfig::new(3, 5).init(&device),
        output: LinearConfig::new(5, 2).init(&device),
        scale: 0.5,
    };
    let x = array(&[6, 3]);
    let model = import(&perceptron, |m, x: Tensor<1>| m.forward(x), x.index(0)).expect("it is read");
    assert_eq!(
        model.parameters().into_keys().collect::<Vec<_>>(),
        ["hidden.bias", "hidden.weight", "output.bias", "output.weight"]
    );
    let loss = |(parameters, x): (_, Array)| model.apply(&parameters, x).square().sum();
    let (each, _) = vmap_in_axes(grad(loss), (None, 0))((model.parameters(), x.clone()));
    for i in 0..6 {
        let input: [f32; 3] = x.index(i).to_vec::<f32>().try_into().expect("three numbers");
        let loss = perceptron
            .forward(Tensor::<2>::from_data([input], &device))
            .powi_scalar(2)
            .sum();
        let gradients = loss.backward();
        let of = |tensor: &Tensor<2>| floats(tensor.grad(&gradients).expect("it is tracked"));
        close(
            "hidden.weight",
            &each["hidden.weight"].index(i),
            &of(&perceptron.hidden.weight.val()),
        );
        close(
            "output.weight",
            &each["output.weight"].index(i),
            &of(&perceptron.output.weight.val()),
        );
    }
    // The second derivative by the input. Burn does not have it for all of these layers.
    let value = |x: Array| model.call(x).square().sum();
    let hessian = kiln::hessian(value)(x.index(0));
    for (i, row) in (0..3).map(|i| (i, hessian.index(i).to_vec::<f32>())) {
        for (j, &entry) in row.iter().enumerate() {
            let h = 2f32.powi(-6);
            let slope = |by: f32| {
                let mut at = x.index(0).to_vec::<f32>();
                at[j] += by;
                grad(value)(Array::new(at, 3)).to_vec::<f32>()[i]
            };
            let difference = (slope(h) - slope(-h)) / (2.0 * h);
            // The bound holds the rounding of slopes of about 1, divided by h, and third derivatives of about
            // 1, times h^2.
            assert!(
                (entry - difference).abs() < 1e-3,
                "[{i}, {j}]: {entry} instead of {difference}"
            );
        }
    }
}
