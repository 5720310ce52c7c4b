import ExampleFiles
import Losses
import Settings
import Tensors
import TestSupport
import Testing

/// Batches with nothing to compare with, as the last of an epoch may be: finite losses and gradients all the same.
@Suite struct SmallBatchTests {
    @Test(arguments: LossCase.all) func batchesOfOneAreFinite(_ test: LossCase) throws {
        try check(test.type, test) { $0.map { $0.slice(0..<1) } }
    }

    /// The negatives of a batch whose rows have none: a tensor of no rows.
    @Test(
        arguments: LossCase.all.filter {
            (try? $0.type.allowsMissingTexts) == true && $0.columnCount > 2
        }, [1, 2])
    func columnsOfNoRowsAreFinite(_ test: LossCase, rows: Int) throws {
        try check(test.type, test) { columns in
            columns.enumerated().map { $1.slice(0..<($0 < 2 ? rows : 0)) }
        }
    }

    /// Checks the loss of a part of the case's columns, with every name and switch that its settings may have.
    private func check<L: Loss>(
        _ type: L.Type, _ test: LossCase, _ part: ([Tensor]) -> [Tensor]
    ) throws {
        for var settings in variants(of: type) {
            // How a layer begins says nothing without one.
            if settings.contains(where: { $0.key == "projection_init" }) {
                settings.append(("projection_dim", "\(test.columns[0].shape[1])"))
            }
            let made = try test.make(type, settings)
            let tape = Tape()
            let columns = part(test.columns).map(tape.watch)
            let loss = made.loss(columns, labels: Array(made.labels.prefix(columns[0].shape[0])))
            #expect(loss.item().isFinite && loss.requiresGradient, "\(loss.item()), \(settings)")
            let gradients = tape.backward(from: loss)
            for column in columns {
                let isFinite = gradients[column]?.values.allSatisfy(\.isFinite) ?? true
                #expect(isFinite, "\(settings)")
            }
            for parameter in made.parameters {
                let isFinite = parameter.gradient?.values.allSatisfy(\.isFinite) ?? true
                #expect(isFinite, "\(parameter.name), \(settings)")
            }
        }
    }

    /// The defaults; each name and switch that a setting may be; and each of them with the longest lists and with
    /// numbers that make settings count that by default do not.
    private func variants<L: Loss>(of type: L.Type) -> [[(key: String, value: String)]] {
        var (single, most) = ([[(key: String, value: String)]](), [(key: String, value: String)]())
        for setting in L.Configuration.settings {
            let names = setting.expected.replacing("a list of ", with: "")
                .replacing(" or ", with: ", ").split(separator: ", ").map { "\"\($0)\"" }
            let values =
                setting.isSwitch
                ? ["true", "false"]
                : setting.isList ? ["[\(names.joined(separator: ", "))]"] : names
            for value in values where accepts([(setting.key, value)], type) {
                if setting.isList {
                    most.append((setting.key, value))
                } else {
                    single.append([(setting.key, value)])
                }
            }
        }
        most.append(("hardness_strength", "2"))
        return [[], most] + single + single.map { $0 + most }
    }

    private func accepts<L: Loss>(
        _ settings: [(key: String, value: String)], _ type: L.Type
    ) -> Bool {
        let members = settings.map { "\"\($0.key)\": \($0.value)" }
        return (try? L.Configuration(json: "{\(members.joined(separator: ", "))}")) != nil
    }

    /// Directions without competitors are left out, those with competitors counted.
    @Test func directionsWithoutCompetitorsAreLeftOut() throws {
        let directions = ["query_to_query", "doc_to_query", "doc_to_doc"]
        let test = try #require(
            LossCase.all.first {
                $0.name == MultipleNegativesRankingLoss.name && $0.columnCount == 3
            })
        func value(_ directions: [String], _ columns: [Tensor]) throws -> Float {
            let names = (["query_to_doc"] + directions).map { "\"\($0)\"" }
            let made = try test.make(
                MultipleNegativesRankingLoss.self,
                [
                    ("directions", "[\(names.joined(separator: ", "))]"),
                    ("partition_mode", "\"per_direction\""),
                ])
            return made.loss(columns, labels: []).item()
        }
        let one = test.columns.map { $0.slice(0..<1) }
        #expect(try value(directions, one) == value(["doc_to_query"], one))
        // Two negatives of one row are no row's own, and compete as matches of the positive.
        let ragged = [one[0], one[1], test.columns[2].slice(0..<2)]
        #expect(try value(directions, ragged) == value(["doc_to_query", "doc_to_doc"], ragged))
        #expect(try value(["doc_to_doc"], ragged) != value([], ragged))
    }
}
