import Communication
import Losses
import Support
import Tensors

/// What the processes of a run must have in common.
extension TrainingRun {
    /// Whether this process writes the run's files: the first one does.
    var writes: Bool { processes.map { $0.rank == 0 } ?? true }

    /// Runs `body`, which makes or finds a file in the run's folder, in the first process, and then in the others.
    func firstProcessFirst<Result>(_ body: @escaping () throws -> Result) throws -> Result {
        guard let processes else { return try body() }
        var result: Result?
        try processes.inFirst { result = try body() }
        return try result ?? body()
    }

    /// Runs `body`, which writes files, in the first process while the others wait.
    func inFirstProcess(_ body: @escaping () throws -> Void) throws {
        guard let processes else { return try body() }
        try processes.inFirst(body)
    }

    /// Refuses processes that would not compute the same as the first.
    func requireAgreement(_ trainer: Trainer) throws {
        guard let processes else { return }
        // Reading the data may have taken one much longer than another.
        processes.wait()
        let data = trainer.tasks.map { task in
            let table = task.objective.data
            var hash = FNV1a()
            // Rows here and there: other files mostly differ in all.
            for row in stride(from: 0, to: table.count, by: max(1, table.count / 1000)) {
                for text in table.texts(row) { for byte in (text ?? "").utf8 { hash.add(byte) } }
            }
            return "\(task.name) \(table.count) rows \(hash.value)"
        }
        let recipes = try processes.gather(recipe.json).map { try Recipe(json: $0) }
        for (other, recipe) in recipes.enumerated() {
            if let key = recipes[0].keys(changedIn: recipe).first {
                throw RunError.processesDiffer(
                    what: key, process: other, first: recipes[0].value[key]?.line ?? "",
                    found: recipe.value[key]?.line ?? "")
            }
        }
        let facts = [
            ("version", Version.simile),
            ("data", data.joined(separator: ", ")),
            ("step", "\(trainer.state.step)"),
            ("weights", "\(trainer.weightsHash)"),
            ("matrix products", trainer.model.products),
        ]
        for (name, own) in facts {
            let all = processes.gather(own)
            if let other = all.firstIndex(where: { $0 != all[0] }) {
                throw RunError.processesDiffer(
                    what: name, process: other, first: all[0], found: all[other])
            }
        }
    }

    /// Gives all processes the first one's weights of a model and its losses, and the step that they are of.
    func share(
        _ model: SentenceTransformer, _ losses: [String: LossModule], ofStep step: Int
    ) -> Int {
        guard let processes else { return step }
        var parameters = model.allParameters + (model.languageModelHead?.parameters ?? [])
        for (_, module) in losses.sorted(by: { $0.key < $1.key }) {
            parameters += Array(module.parameters)
        }
        for parameter in parameters { parameter.share(among: processes) }
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

extension Trainer {
    /// A hash of all weights, which is the same where they are the same to the last bit.
    var weightsHash: UInt64 {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for parameter in optimizer.parameters {
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

    /// Refuses to go on when processes have come to other weights than the first has, which no loss would show.
    ///
    /// - Throws: `TrainingError.processesDiffer`.
    func requireEqualWeights() throws(TrainingError) {
        guard let processes else { return }
        let all = processes.gather([weightsHash])
        if let other = all.firstIndex(where: { $0 != all[0] }) {
            throw .processesDiffer(process: other, step: state.step)
        }
    }
}
