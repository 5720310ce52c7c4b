import ExampleFiles
import NeuralNetwork
import Settings
import TestSupport
import Testing

@testable import Losses

/// Data and settings that do not go together are refused with a sentence that helps, before anything is trained.
@Suite struct RefusalTests {
    struct Refusal: CustomTestStringConvertible, @unchecked Sendable {
        let loss: String
        let settings: String
        let context: LossContext
        let sentence: String
        var testDescription: String { sentence }

        init(_ loss: String, settings: String = "{}", _ context: LossContext, _ sentence: String) {
            self.loss = loss
            self.settings = settings
            self.context = context
            self.sentence = sentence
        }
    }

    static let refusals: [Refusal] = [
        Refusal(
            "cosine", LossContext(dimension: 4, columns: 3),
            "the loss cosine needs rows of 2 texts, but these have 3"),
        Refusal(
            "batch_all_triplet", LossContext(dimension: 4, columns: 2, classNames: ["a", "b"]),
            "the loss batch_all_triplet needs rows of 1 text, but these have 2"),
        Refusal(
            "multiple_negatives_ranking", LossContext(dimension: 4, columns: 1),
            "the loss multiple_negatives_ranking needs rows of 2 or more texts, but these have 1"),
        Refusal(
            "multiple_negatives_ranking", settings: #"{"directions": ["doc_to_query"]}"#,
            LossContext(dimension: 4, columns: 2),
            "directions is doc_to_query; expected query_to_doc and perhaps others, each once"),
        Refusal(
            "softmax", LossContext(dimension: 4, columns: 2, classNames: ["yes"]),
            "the loss softmax needs labels of at least 2 classes, but all are 'yes'"),
        Refusal(
            "softmax", LossContext(dimension: 4, columns: 2),
            "the loss softmax needs labels of at least 2 classes, but these labels are no classes"),
        Refusal(
            "softmax", settings: #"{"class_weights": [1, 2, 3]}"#,
            LossContext(dimension: 4, columns: 2, classNames: ["no", "yes"]),
            "class_weights is a list of 3; expected a weight for each of the 2 classes: no, yes"),
        Refusal(
            "softmax", settings: #"{"class_weights": [0, 0]}"#,
            LossContext(dimension: 4, columns: 2, classNames: ["no", "yes"]),
            "class_weights is nothing but 0; expected one weight above 0 at least"),
        Refusal(
            "softmax",
            settings: #"{"concatenation_sent_rep": false, "concatenation_sent_difference": false}"#,
            LossContext(dimension: 4, columns: 2, classNames: ["no", "yes"]),
            "concatenation_sent_rep is false, as are the difference and the product; expected one of the three to be true: the classifier would see nothing"
        ),
        Refusal(
            "batch_hard_triplet", LossContext(dimension: 4, columns: 1, classNames: ["a"]),
            "the loss batch_hard_triplet needs labels of at least 2 classes, but all are 'a'"),
        Refusal(
            "angle", LossContext(dimension: 4, columns: 2, hasLabels: false),
            "the loss angle needs a score for each pair, or a column of negatives, but these pairs have no labels and no negatives"
        ),
        Refusal(
            "gist", LossContext(dimension: 4, columns: 2, labelWidth: 7),
            "the loss gist needs a guide's embeddings of the 2 texts of a row end to end as its label, but these labels have 7 numbers"
        ),
        Refusal(
            "gist", LossContext(dimension: 4, columns: 2),
            "the loss gist needs a guide's embeddings of the 2 texts of a row end to end as its label, but these labels have 1 number"
        ),
        Refusal(
            "mse", LossContext(dimension: 4, columns: 1, labelWidth: 6),
            "the loss mse needs a teacher's embedding of 4 numbers, but these labels have 6 numbers; projection_dim adds a layer to their length"
        ),
        Refusal(
            "embed_distill", LossContext(dimension: 4, columns: 2, labelWidth: 7),
            "the loss embed_distill needs a teacher's embedding of 4 numbers for all 2 texts of a row, or for each, but these labels have 7 numbers"
        ),
        Refusal(
            "embed_distill", settings: #"{"projection_dim": 5}"#,
            LossContext(dimension: 4, columns: 1, labelWidth: 4),
            "the loss embed_distill needs a teacher's embedding of 5 numbers, but these labels have 4 numbers"
        ),
        Refusal(
            "margin_mse", LossContext(dimension: 4, columns: 3, labelWidth: 3),
            "the loss margin_mse needs a teacher's margin, or its scores of the positive and the negative, as a label, but these labels have 3 numbers"
        ),
        Refusal(
            "margin_mse", LossContext(dimension: 4, columns: 5, labelWidth: 1),
            "the loss margin_mse needs a teacher's 3 margins, or its 4 scores of the positive and the negatives, as a label, but these labels have 1 number"
        ),
        Refusal(
            "distill_kl_div", LossContext(dimension: 4, columns: 3, labelWidth: 1),
            "the loss distill_kl_div needs a teacher's 2 scores of the positive and the negatives as a label, but these labels have 1 number"
        ),
    ]

    @Test(arguments: refusals) func unusableDataIsRefused(_ refusal: Refusal) throws {
        func make<L: TaskLoss>(_ type: L.Type) throws {
            let configuration = try L.Configuration(json: refusal.settings)
            #expect {
                try L(
                    configuration, refusal.context,
                    in: ParameterStore(source: .random(seed: 0)).root)
            } throws: {
                "\($0)" == refusal.sentence
            }
        }
        try make(Losses.named(refusal.loss))
        // With its parameters and by its name it is refused in the same words.
        #expect {
            try LossModule(
                named: refusal.loss, settings: refusal.settings, context: refusal.context)
        } throws: {
            "\($0)" == refusal.sentence
        }
    }

    @Test(arguments: ["contrastive", "online_contrastive", "contrastive_tension"])
    func binaryLabelsAreChecked(name: String) throws {
        let loss = try Losses.named(name)
        #expect(loss.problem(with: .scores([0, 1, 1])) == nil)
        let problem = loss.problem(with: .scores([0, 1, 0.5]))
        #expect(problem?.needs == "scores of 0 and 1")
        #expect(
            problem?.found
                == "one of 0.5; make each of them 0 or 1, or take cosine or cosent, losses of graded scores"
        )
    }
}
