import Kernels

extension Tensor {
    /// `self · weightᵀ + bias`: [..., in] to [..., out], with `weight` [out, in] and `bias` [out].
    public func linear(weight: Parameter, bias: Parameter?) -> Tensor {
        let input = LinearInput(self, weight: weight, bias: bias)
        let y = Storage(input.rows * input.outputs)
        let weights = input.multiply(base, into: y.base, on: tape)
        return .result(input.outputShape, y, of: [self], parameters: input.parameters) { [slot] in
            let saved =
                input.trainsWeight ? valuesForBackward(input.activations(on: tape)) : nil
            return { dy, gradients in
                var products: [GEMM.Product] = []
                let x = saved?()
                if let x { input.addWeightGradient(x: x, dy: dy, to: &products) }
                gradients.accumulate(input.rows * input.inputs, to: slot) { sum, beta in
                    products.append(input.inputGradient(dy: dy, weights, into: sum, beta: beta))
                }
                GEMM.run(products)
                withExtendedLifetime(x) {}
                input.accumulateBias(dy: dy)
            }
        }
    }

    /// `gelu(self) · weightᵀ + bias`, the second half of a feed-forward block: [..., in] to [..., out].
    ///
    /// The activation lives only while it is in cache; the backward pass computes it again.
    public func geluLinear(weight: Parameter, bias: Parameter?) -> Tensor {
        let input = LinearInput(self, weight: weight, bias: bias)
        let y = Storage(input.rows * input.outputs)
        let weights = input.multiply(
            base, activation: VectorKernels.best.gelu_forward, into: y.base, on: tape)
        return .result(input.outputShape, y, of: [self], parameters: input.parameters) {
            [slot] in
            let isUsed = slot != nil || input.trainsWeight
            let saved = SavedActivation(storage, isUsed ? input.activations(on: tape) : .float32)
            return { dy, gradients in
                let activated = input.trainsWeight ? Storage(saved.count) : nil
                let dx = slot == nil ? nil : Storage(saved.count)
                if let dx {
                    GEMM.run(input.inputGradient(dy: dy, weights, into: dx.base, beta: 0))
                    geluBackward(dx, activated, saved, dx)
                } else if let activated {
                    geluForward(activated, saved.values)
                }
                if let activated {
                    var products: [GEMM.Product] = []
                    input.addWeightGradient(x: activated, dy: dy, to: &products)
                    GEMM.run(products)
                    withExtendedLifetime(activated) {}
                }
                input.accumulateBias(dy: dy)
                if let dx { gradients.add(dx, to: slot) }
            }
        }
    }
}

/// The sizes and parameters of a linear operation, and the gradients both forms share.
private struct LinearInput {
    let rows: Int
    let inputs: Int
    let outputs: Int
    let outputShape: Shape
    let weight: Parameter
    let bias: Parameter?
    /// The weight's in the forward pass.
    let precision: GEMM.Precision
    /// Whether the weight, and the bias, were trained in the forward pass; only then do they get gradients.
    let trainsWeight: Bool
    let trainsBias: Bool
    var parameters: [Parameter] { [weight] + (bias.map { [$0] } ?? []) }

    init(_ x: Tensor, weight: Parameter, bias: Parameter?) {
        precondition(
            x.shape.rank >= 1 && weight.shape.rank == 2 && x.shape[-1] == weight.shape[1],
            "linear: input \(x.shape) times the transpose of \(weight.name) \(weight.shape): the last dimensions differ"
        )
        precondition(
            bias.map { $0.shape == [weight.shape[0]] } ?? true,
            "linear: \(weight.name) \(weight.shape) needs a bias of [\(weight.shape[0])]")
        inputs = weight.shape[1]
        outputs = weight.shape[0]
        rows = x.shape.array.dropLast().reduce(1, *)
        outputShape = Shape(x.shape.array.dropLast() + [outputs])
        self.weight = weight
        self.bias = bias
        precision = weight.precision
        trainsWeight = !weight.isFrozen
        trainsBias = bias.map { !$0.isFrozen } ?? false
    }

    /// y = f(x) · Wᵀ + b, without a tape from the packed weight if there is one; gives the weights.
    func multiply(
        _ x: UnsafePointer<Float>, activation: GEMM.ElementFunction? = nil,
        into y: UnsafeMutablePointer<Float>, on tape: Tape?
    ) -> Storage {
        let (weights, biases) = (weight.value, bias?.value)
        if tape == nil, let packed = weight.packed {
            packed.multiply(x, rows: rows, bias: biases?.base, activation: activation, into: y)
        } else {
            GEMM.run(
                GEMM.Product(
                    x, .plain, weights.base, .transposed, into: y, m: rows, n: outputs, k: inputs,
                    beta: 0, bias: biases?.base, activation: activation, precision: precision))
        }
        withExtendedLifetime(biases) {}
        return weights
    }

    /// What is kept of x: as bfloat16 only what is rounded in any case. What another operation can compute again it computes
    /// from what that one keeps.
    func activations(on tape: Tape?) -> Tape.ActivationPrecision? {
        precision == .float32 ? .float32 : tape?.activations
    }

    /// dW += dyᵀ · x
    func addWeightGradient(x: Storage, dy: Storage, to products: inout [GEMM.Product]) {
        weight.accumulateGradient { sum, beta in
            products.append(
                GEMM.Product(
                    dy.base, .transposed, x.base, .plain, into: sum, m: outputs, n: inputs, k: rows,
                    beta: beta, precision: precision))
        }
    }

    /// dx += dy · W
    func inputGradient(
        dy: Storage, _ weights: Storage, into sum: UnsafeMutablePointer<Float>, beta: Float
    ) -> GEMM.Product {
        GEMM.Product(
            dy.base, .plain, weights.base, .plain, into: sum, m: rows, n: inputs, k: outputs,
            beta: beta, precision: precision)
    }

    /// db += the sum of dy's rows, if the bias is trained.
    func accumulateBias(dy: Storage) {
        if !trainsBias { return }
        bias?.accumulateGradient { sum, beta in
            if beta == 0 { sum.update(repeating: 0, count: outputs) }
            GEMM.parts(outputs, width: rows) { columns in
                VectorKernels.best.add_column_sums(
                    sum + columns.lowerBound, dy.base + columns.lowerBound, outputs, rows,
                    columns.count)
            }
        }
    }
}
