import Communication
import Kernels
import Losses
import Support
import Tensors

/// What the processes of a run must have in common.
extension TrainingRun {
    /// Whether this process writes the run's files: the first one does.
    var writes: Bool { processes.map { $0.rank == 0 } ?? true }

    /// Refuses processes that are to make another run than the first, before they do anything together.
    func requireSameRecipe() throws {
        guard let processes else { return }
        processes.wait()
        try require(same: "version", Version.simile)
        let recipes = try processes.gather(recipe.json).map { try Recipe(json: $0) }
        for (other, recipe) in recipes.enumerated() {
            if let key = recipes[0].keys(changedIn: recipe).first {
                throw RunError.processesDiffer(
                    what: key, process: other, first: recipes[0].value[key]?.line ?? "",
                    found: recipe.value[key]?.line ?? "")
            }
        }
    }

    /// Refuses processes that would not compute the same as the first.
    func requireAgreement(_ prepared: Prepared) throws {
        guard let processes else { return }
        let trainer = prepared.trainer
        let data = trainer.tasks.map { "\($0.name) \($0.objective.data.digest)" }
        let heldOut = prepared.heldOut.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
        var products = trainer.model.products
        if GEMM.Engine.preferred == .library {
            // A library's sums depend on what it is, and on the number of threads.
            let library = (try? BLAS.shared.get()).map { $0.version ?? $0.library } ?? ""
            products += " of \(library) on \(ThreadPool.shared.count) threads"
        }
        let hash = try processes.together { "\(trainer.optimizer.parameters.valuesHash)" }
        try require(same: "data", data.joined(separator: ", "))
        try require(same: "held-out data", heldOut.joined(separator: ", "))
        try require(same: "step", "\(trainer.state.step)")
        try require(same: "weights", hash)
        try require(same: "matrix products", products)
    }

    private func require(same what: String, _ own: String) throws {
        if let other = processes?.difference(own) {
            throw RunError.processesDiffer(
                what: what, process: other.process, first: other.first, found: other.found)
        }
    }

    /// Gives all processes the first one's weights of a model and its losses, what they are multiplied in, and the step that
    /// they are of.
    func share(
        _ model: SentenceTransformer, _ losses: [String: LossModule], ofStep step: Int
    ) -> Int {
        guard let processes else { return step }
        var parameters = model.allParameters + (model.languageModelHead?.parameters ?? [])
        for (_, module) in losses.sorted(by: { $0.key < $1.key }) {
            parameters += Array(module.parameters)
        }
        for parameter in parameters { parameter.share(among: processes) }
        model.precision =
            GEMM.Precision(rawValue: processes.gather(model.precision.rawValue)[0]) ?? .float32
        return Int(processes.gather([UInt64(step)])[0][0])
    }
}

extension Parameter {
    fileprivate func share(among processes: any Communicator) {
        for part in parts {
            setValues(of: part) { values in
                values.withUnsafeMutableBufferPointer {
                    processes.broadcast(UnsafeMutableRawBufferPointer($0))
                }
            }
        }
    }
}

extension Sequence<Parameter> {
    /// A hash of all values, which is the same where they are the same to the last bit.
    package var valuesHash: UInt64 {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for parameter in self {
            for part in parameter.parts {
                parameter.withValues(of: part) { values in
                    for i in values.indices {
                        hash = (hash ^ UInt64(values[i].bitPattern)) &* 0x100_0000_01b3
                    }
                }
            }
        }
        return hash
    }
}

extension Trainer {
    /// Refuses to go on when processes have come to other weights than the first has, which no loss would show.
    ///
    /// - Throws: `TrainingError.processesDiffer`.
    func requireEqualWeights() throws(TrainingError) {
        guard let processes else { return }
        if let other = processes.difference("\(optimizer.parameters.valuesHash)") {
            throw .processesDiffer(process: other.process, step: state.step)
        }
    }
}
