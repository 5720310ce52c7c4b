import ExampleFiles
import Foundation
import Losses
import NeuralNetwork
import Settings

extension Recipe {
    /// Checks what does not depend on any file, and returns what a person should know about it.
    ///
    /// - Parameter isNew: Whether what would have no effect is refused: a run that began with it goes on.
    /// - Throws: `RunError`, `EvaluationError`, `OptimizerError` or `SamplerError` for what is missing, contradicts
    ///   itself or does not exist.
    public func checked(forNewRun isNew: Bool = true) throws -> [String] {
        func refuse(_ error: RecipeError) -> RunError { .recipe(error) }
        if model == nil { throw refuse(.missing(key: "model")) }
        if tasks.isEmpty { throw refuse(.missing(key: "train")) }
        if let task = tasks.first(where: { $0.data.isEmpty }) {
            throw refuse(.missing(key: key("data", of: task)))
        }
        if setup.prompt != nil, setup.promptText != nil {
            throw refuse(.both("prompt", "prompt_text"))
        }
        if let adapters {
            do throws(SettingError) {
                _ = try LoRAConfiguration(adapters.value, path: "adapters.")
            } catch { throw refuse(.setting(error)) }
            for (key, isGiven, reason) in [
                ("train_only", !setup.trainOnly.isEmpty, "adapters freeze the model's weights"),
                ("freeze", !setup.freeze.isEmpty, "adapters freeze the model's weights"),
                (
                    "add_tokens", setup.addTokens != nil,
                    "adapters belong to a model as it is in its file"
                ),
            ] where isGiven {
                throw refuse(.useless(key: key, reason: reason + "; leave it or the adapters out"))
            }
        }
        for (index, task) in tasks.enumerated() {
            if tasks[..<index].contains(where: { $0.name == task.name }) {
                throw refuse(.setting(.repeated(key: "tasks.\(task.name)")))
            }
            do throws(RecipeError) { try task.loss.checkLoss(path: key("loss", of: task)) } catch {
                throw refuse(error)
            }
            let loss: any TaskLoss.Type
            do { loss = try Losses.named(task.loss.name) } catch {
                throw RunError.loss(error, task: task.name)
            }
            do throws(RecipeError) { if isNew { try checkTeacher(of: task, loss) } } catch {
                throw refuse(error)
            }
            if let sampler = task.settings.sampler { _ = try BatchSamplers.named(sampler) }
        }
        for item in evaluations {
            _ = try Evaluations.named(item.kind.name)
            do throws(RecipeError) {
                try item.kind.checkEvaluation(path: "evaluate.\(item.name)")
            } catch { throw refuse(error) }
        }
        _ = try Optimizers.named(optimizer.name)
        do throws(RecipeError) { try optimizer.checkOptimizer(path: "optimizer") } catch {
            throw refuse(error)
        }
        if let order = setup.order { _ = try TaskOrders.named(order) }
        for split in EvaluationRecipe.Split.allCases {
            let best = evaluations.filter { $0.split == split && $0.choosesBest }
            if best.count > 1 {
                throw refuse(.both("\(best[0].name).chooses_best", "\(best[1].name).chooses_best"))
            }
        }
        do throws(RecipeError) { if isNew { try checkEffects() } } catch { throw refuse(error) }
        do throws(SettingError) { try training.validate() } catch { throw refuse(.setting(error)) }
        return try checkFiles()
    }

    private func checkTeacher(of task: TaskRecipe, _ loss: any TaskLoss.Type) throws(RecipeError) {
        let labels = loss.teacherLabels
        if task.settings.teacher != nil, labels == nil {
            throw .useless(
                key: key("teacher", of: task),
                reason: "the loss \(task.loss.name) cannot learn from one")
        }
        guard task.settings.teacherDimension != nil else { return }
        let dimension = key("teacher_dimension", of: task)
        if task.settings.teacher == nil {
            throw .useless(key: dimension, reason: "there is no teacher")
        }
        if labels?.areScores == true {
            throw .useless(
                key: dimension,
                reason: "the loss \(task.loss.name) learns from scores, not from embeddings")
        }
    }

    private func checkFiles() throws -> [String] {
        var notes: [String] = []
        let trained = tasks.flatMap(\.data)
        do throws(RecipeError) { try checkDataOptions() } catch { throw RunError.recipe(error) }
        for task in tasks { try checkTwice(task.data, key("data", of: task)) }
        for item in evaluations {
            try checkTwice(item.data, item.name)
            for source in item.data {
                let filters = source.options.filters ?? data.filters
                if filters == data.filters, trained.contains(where: { $0.path == source.path }) {
                    notes.append(
                        "\(item.name) is the training file itself: its figures say nothing about other sentences"
                    )
                }
            }
        }
        return notes
    }

    private func checkTwice(_ sources: [ExampleSource], _ role: String) throws {
        for (index, source) in sources.enumerated()
        where sources.prefix(index).contains(source) {
            throw RunError.recipe(
                .invalid(
                    key: role, found: "\(source.path) twice", expected: "each file once"))
        }
    }

    /// The keys whose values another recipe has otherwise.
    public func keys(changedIn other: Recipe) -> [String] {
        let (mine, theirs) = (value, other.value)
        return Self.keys.filter { mine[$0] != theirs[$0] }
    }
}

extension Recipe {
    /// Where a key of a task stands in the recipe; of the short form's task, the data are `train`.
    func key(_ name: String, of task: TaskRecipe) -> String {
        guard tasks.count == 1, task.name == TrainingTask.onlyName else {
            return "tasks.\(task.name).\(name)"
        }
        return name == "data" ? "train" : name
    }
}
