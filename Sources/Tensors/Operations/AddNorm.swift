import Kernels

extension Tensor {
    /// LayerNorm over the last dimension: `(x − mean) / √(variance + epsilon) · weight + bias`.
    ///
    /// The variance is the biased one. Ba, Kiros and Hinton 2016, arXiv:1607.06450.
    public func layerNorm(weight: Parameter, bias: Parameter, epsilon: Float) -> Tensor {
        addNorm(residual: nil, weight: weight, bias: bias, epsilon: epsilon, dropout: 0)
    }

    /// `LayerNorm(dropout(self) + residual)`, the end of both blocks of a BERT layer: [..., n] to [..., n].
    ///
    /// Dropout applies to `self`, and only on a tape.
    public func addNorm(
        residual: Tensor?, weight: Parameter, bias: Parameter, epsilon: Float,
        dropout probability: Float
    ) -> Tensor {
        let width = shape[-1]
        precondition(
            weight.shape == [width] && bias.shape == [width]
                && residual.map { $0.shape == shape } ?? true,
            "addNorm: input \(shape), residual \(residual?.shape.description ?? "none"), weight \(weight.shape), bias \(bias.shape)"
        )
        let rows = width == 0 ? 0 : count / width
        let tape = self.tape ?? residual?.tape
        let dropout =
            tape.map { simile_dropout(key: $0.nextRandomKey(), probability: probability) } ?? .off
        let firstRow = dropout.threshold == 0 ? 0 : tape?.part?.firstRow(of: rows) ?? 0
        let (y, rstd) = (Storage(count), Storage(rows))
        let normalised = SavedActivation(count: count, tape?.activations)
        let (gamma, beta) = (weight.value, bias.value)
        let kernels = VectorKernels.best
        forEachBlock(of: rows) { [base] block in
            let first = block.lowerBound * width
            normalised.write(first..<block.upperBound * width) { normalised in
                kernels.add_norm_forward(
                    y.base + first, normalised, rstd.base + block.lowerBound, base + first,
                    residual.map { UnsafePointer($0.base + first) }, gamma.base, beta.base, epsilon,
                    dropout, firstRow + block.lowerBound, block.count, width)
            }
        }
        let recomputed = {
            let y = Storage(normalised.count)
            forEachBlock(of: rows) { block in
                let first = block.lowerBound * width
                normalised.read(first..<block.upperBound * width) { normalised in
                    kernels.scale_shift(
                        y.base + first, normalised, gamma.base, beta.base, block.count, width)
                }
            }
            return y
        }
        guard let residual else {
            return .result(
                shape, y, of: [self], parameters: [weight, bias], recomputed: recomputed
            ) {
                [slot] in
                { dy, gradients in
                    let dz = Storage(dy.count)
                    normBackward(dz, nil, dy, normalised, rstd, weight, bias, .off, 0, rows, width)
                    gradients.add(dz, to: slot)
                }
            }
        }
        return .result(
            shape, y, of: [self, residual], parameters: [weight, bias], recomputed: recomputed
        ) {
            [slot, other = residual.slot] in
            { dy, gradients in
                let dz = Storage(dy.count)
                let dx = dropout.threshold == 0 ? nil : Storage(dy.count)
                normBackward(
                    dz, dx, dy, normalised, rstd, weight, bias, dropout, firstRow, rows, width)
                gradients.add(dz, to: other)
                gradients.add(dx ?? dz, to: slot)
            }
        }
    }
}

/// Runs `body` for rows that are few enough to stay in a cache, on all threads.
private func forEachBlock(of rows: Int, _ body: (Range<Int>) -> Void) {
    ThreadPool.shared.ranges(rows, grain: 16) { range in
        for block in range.blocks(of: 16) { body(block) }
    }
}

/// The gradients of z and, after dropout, of x; adds to those of weight and bias.
private func normBackward(
    _ dz: Storage, _ dx: Storage?, _ dy: Storage, _ normalised: SavedActivation, _ rstd: Storage,
    _ weight: Parameter, _ bias: Parameter, _ dropout: simile_dropout, _ firstRow: Int, _ rows: Int,
    _ width: Int
) {
    // Blocks of a fixed size, whatever the number of threads, so that sums are always formed alike.
    let block = 64
    let blocks = (rows + block - 1) / block
    let partial = Storage.zeros(blocks * 2 * width)
    let gamma = weight.value
    let kernels = VectorKernels.best
    ThreadPool.shared.run(blocks) { task, _ in
        let row = task * block
        let first = row * width
        let sums = partial.base + task * 2 * width
        let count = min(block, rows - row)
        normalised.read(first..<first + count * width) { normalised in
            kernels.add_norm_backward(
                dz.base + first, dx.map { $0.base + first }, sums, sums + width, dy.base + first,
                normalised, rstd.base + row, gamma.base, dropout, firstRow + row, count, width)
        }
    }
    for (parameter, offset) in [(weight, 0), (bias, width)] {
        parameter.accumulateGradient { sum, beta in
            if beta == 0 { sum.update(repeating: 0, count: width) }
            kernels.add_column_sums(sum, partial.base + offset, 2 * width, blocks, width)
        }
    }
}
